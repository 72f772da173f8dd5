"""Playlists of the roadshow: what is wrong with one is told in sentences before an audience is there."""

from pathlib import Path

import pytest

from terminal.help.languages import LANGUAGES
from terminal.lab.playlist import STORIES, PlaylistUnknown, named, read_playlist, shipped
from terminal.lab.scenarios import BadScenario

LIST = """
name = "mine"
stories = ["scan-the-shop", "own.toml"]
[title]
en = "Mine"
zh-CN = "我的"
pt-BR = "Meu"
"""


def wrong_with(folder: Path, text: str = LIST, story: str = "") -> str:
    """The complaint about a playlist beside a story of one's own, made from a shipped one."""
    (folder / "own.toml").write_text(story or (STORIES / "network-down.toml").read_text("utf-8"), "utf-8")
    (folder / "mine.toml").write_text(text, "utf-8")
    try:
        read_playlist(folder / "mine.toml")
    except BadScenario as bad:
        return str(bad)
    return ""


@pytest.mark.parametrize("name", shipped())
def test_what_is_shipped_has_a_sentence_in_each_language_for_every_story(name: str) -> None:
    told = named(name)
    assert told.name == name
    for story in told.stories:
        for sentence in (told.title, story.title, story.expect, *(x.tell for x in story.step if x.tell)):
            assert all(sentence.within(language) for language in LANGUAGES)
            assert len({sentence.within(language) for language in LANGUAGES}) == len(LANGUAGES)


def test_a_list_of_one_s_own_takes_shipped_stories_and_files_beside_it(tmp_path: Path) -> None:
    assert wrong_with(tmp_path) == ""
    assert [each.name for each in named(str(tmp_path / "mine.toml")).stories] == ["scan-the-shop", "network-down"]


@pytest.mark.parametrize(
    ("said", "changed", "complaint"),
    [
        ('"scan-the-shop"', '"scan-the-shoe"', "there is no story 'scan-the-shoe'; shipped are: scan-the-shop"),
        ('"own.toml"', '"../own.toml"', "there is no story '../own.toml'"),
        ('"own.toml"', '"/etc/passwd.toml"', "there is no story '/etc/passwd.toml'"),
        ('zh-CN = "我的"', "", "title: zh-CN is missing."),
        ('name = "mine"', 'name = "mine"\nspeed = 2', "'speed' is no part of a playlist."),
        ('stories = ["scan-the-shop", "own.toml"]', "", "'stories' is missing."),
        ('stories = ["scan-the-shop", "own.toml"]', "stories = []", "1 to 30 stories"),
        ('stories = ["scan-the-shop", "own.toml"]', "stories = 3", "Expected `array`"),
        ("[title]", "[title", "cannot be read as TOML"),
        ("[title]", f"speed = {'[' * 5000}", "cannot be read as TOML"),
        ("[title]", f"speed = {'1' * 5000}", "cannot be read as TOML"),
    ],
)
def test_a_wrong_list_is_told_in_words(tmp_path: Path, said: str, changed: str, complaint: str) -> None:
    assert complaint in wrong_with(tmp_path, LIST.replace(said, changed))


@pytest.mark.parametrize(
    ("said", "changed", "complaint"),
    [
        (
            'do = "bank_mute"',
            'do = "kill"',
            "step 1: 'kill' needs virtual time; before an audience there is none.",
        ),
        ('do = "bank_mute"', 'do = "wait"\nseconds = 900', "step 1: nobody watches for 900 s; 30 at most."),
        ("within_s = 180", "within_s = 3600", "step 5: nobody watches for 3600 s; 300 at most."),
        ('do = "bank_mute"', 'do = "break"\nfault = "kill-mid-sale"', "no fault of a device or the bank"),
        ("tell.pt-BR", "tell.pt", "tell: pt-BR is missing."),
        ('do = "bank_mute"', 'do = "see"\nverdict = "no"', "a verdict before any proof was checked"),
        ('do = "bank_mute"', 'do = "check_proof"', "'check_proof' needs 'proof'."),
        ('till = "not_paid"', 'verdict = "perhaps"', "a proof is answered with yes, late, used"),
    ],
)
def test_a_story_no_audience_can_be_shown_is_refused_with_its_step(
    tmp_path: Path, said: str, changed: str, complaint: str
) -> None:
    story = (STORIES / "network-down.toml").read_text("utf-8")
    assert said in story
    assert complaint in wrong_with(tmp_path, story=story.replace(said, changed, 1))


def test_a_story_without_sentences_is_none_for_an_audience(tmp_path: Path) -> None:
    lines = (STORIES / "network-down.toml").read_text("utf-8").splitlines()
    bare = "\n".join(line for line in lines if not line.startswith("tell."))
    assert "tells the audience too little" in wrong_with(tmp_path, story=bare)


def test_an_unknown_name_is_told_with_the_names_there_are(tmp_path: Path) -> None:
    with pytest.raises(PlaylistUnknown, match="'fare'; there are: fair"):
        named("fare")
    with pytest.raises(FileNotFoundError):
        named(str(tmp_path / "none.toml"))
