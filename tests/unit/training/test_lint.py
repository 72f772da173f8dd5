"""The linter of lessons: the product's own are clean, and each kind of error is a sentence."""

import os
from pathlib import Path

import pytest

from terminal.training.lesson import ACTS, FOLDER, LANGUAGES, NO_LESSONS, RULES, shared
from terminal.training.lint import complaints

FILES = sorted(each for each in FOLDER.glob("*.toml") if each.name not in NO_LESSONS)
GOOD = (FOLDER / "take-money.toml").read_text("utf-8")


@pytest.mark.parametrize("file", FILES, ids=lambda each: each.stem)
def test_the_products_own_lessons_have_nothing_wrong(file: Path) -> None:
    assert complaints(file) == ()


def test_every_word_is_there_in_three_languages() -> None:
    words = shared()
    assert set(words.findings) == set(RULES)
    assert set(words.acts) == set(ACTS)
    for table in (words.findings, words.acts, words.modules, words.page):
        assert all(set(texts) == set(LANGUAGES) and all(texts.values()) for texts in table.values())


@pytest.mark.parametrize("what", ["pipe", "zeros", "folder"])
def test_bad_input_what_never_ends_is_not_read(what: str, tmp_path: Path) -> None:
    file = tmp_path / "take-money.toml"
    {"pipe": os.mkfifo, "zeros": lambda at: at.symlink_to("/dev/zero"), "folder": Path.mkdir}[what](file)
    with pytest.raises(OSError, match=r"not a plain file|Is a directory"):
        complaints(file)


def test_bad_input_a_file_too_long_for_a_lesson_is_told(tmp_path: Path) -> None:
    file = tmp_path / "take-money.toml"
    with file.open("wb") as there:
        there.truncate(1 << 30)
    assert complaints(file) == ("a lesson has at most 65536 bytes.",)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('id = "take-money"', 'id = "other"', "id is 'other'"),
        ("limit_s = 90", "limit_s = 181", "nobody waits longer than 180 s"),
        ('done = ["paid"]', 'done = ["happy"]', "nothing is called 'happy'"),
        ('done = ["paid"]', 'done = ["hung_up"]', "no button of this lesson"),
        ('wrong = ["keep"]', "", "what a wrong trainee does"),
        ('right = ["hand_over"]', "", "is a lecture"),
        ('do = "pays"', 'do = "break", fault = "gremlin"', "no fault of the bank is called 'gremlin'"),
        ("after_s = 4", "after_s = 400", "comes after the step's end"),
        ('title.en = "', 'title.fr = "', "en is missing"),
        ("par_s = 40", "par_s = 999", "all steps together last"),
        ('module = "basics"', 'module = "advanced"', "Invalid enum value"),
        ("[[steps]]", "[[steps]", "not TOML"),
        ('rules = ["handed_over_unpaid"', 'rules = ["rude"', "Invalid enum value"),
    ],
)
def test_each_error_is_a_sentence(old: str, new: str, says: str, tmp_path: Path) -> None:
    assert old in GOOD
    file = tmp_path / "take-money.toml"
    file.write_text(GOOD.replace(old, new), "utf-8")
    found = complaints(file)
    assert any(says in each for each in found), found
    assert all(each.endswith(".") for each in found)
