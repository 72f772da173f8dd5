"""A lesson's video: the linter tells what is wrong with it, and nothing outside the lessons' folder is played."""

import os
from pathlib import Path

import pytest

from terminal.training.lesson import FOLDER, decode, lesson
from terminal.training.lint import complaints
from terminal.training.video import unfit, video_of

MP4 = b"\x00\x00\x00\x18ftypmp42" + bytes(64)
WEBM = b"\x1a\x45\xdf\xa3" + bytes(64)
GOOD = (FOLDER / "take-money.toml").read_text("utf-8")


def with_video(folder: Path, name: str) -> tuple[str, ...]:
    """What the linter says of a lesson that names it."""
    file = folder / "take-money.toml"
    file.write_text(GOOD.replace("par_s = 40", f'par_s = 40\nvideo = "{name}"'), "utf-8")
    return complaints(file)


def test_a_video_beside_the_lesson_or_in_a_folder_below_is_sound(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    for name, data in (("a.mp4", MP4), ("b.webm", WEBM), ("deep/c.mp4", MP4)):
        (tmp_path / name).write_bytes(data)
        assert with_video(tmp_path, name) == ()


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("../secret.mp4", "no file below the lessons' folder"),
        ("/etc/passwd.mp4", "no file below the lessons' folder"),
        ("deep/../../secret.mp4", "no file below the lessons' folder"),
        (".hidden.mp4", "no file below the lessons' folder"),
        ("link.mp4", "there is no file 'link.mp4' below"),
        ("gone.mp4", "there is no file 'gone.mp4' below"),
        ("notes.txt", "must be one of .mp4, .webm"),
        ("page.mp4", "holds no MP4 video"),
        ("webm.mp4", "holds no MP4 video"),
    ],
)
def test_what_is_no_video_or_lies_elsewhere_is_a_sentence(tmp_path: Path, name: str, says: str) -> None:
    folder = tmp_path / "lessons"
    folder.mkdir()
    (tmp_path / "secret.mp4").write_bytes(MP4)
    (folder / "link.mp4").symlink_to(tmp_path / "secret.mp4")
    (folder / "notes.txt").write_bytes(MP4)
    (folder / "page.mp4").write_bytes(b"<html><script>alert(1)</script>")
    (folder / "webm.mp4").write_bytes(WEBM)
    found = with_video(folder, name)
    assert any(says in each for each in found), found
    assert all(each.endswith(".") for each in found)
    named = decode(GOOD.replace("par_s = 40", f'par_s = 40\nvideo = "{name}"'))
    assert video_of(named, folder) is None


def test_without_a_name_a_file_called_like_the_lesson_in_the_shop_s_own_folder_is_played(tmp_path: Path) -> None:
    asked = lesson("take-money")
    assert video_of(asked, tmp_path / "none") is None
    (tmp_path / "take-money.webm").write_bytes(WEBM)
    assert video_of(asked, tmp_path) == (tmp_path / "take-money.webm").resolve()
    assert video_of(lesson("refund"), tmp_path) is None


def test_a_file_that_is_too_large_is_told_without_reading_it(tmp_path: Path) -> None:
    with (tmp_path / "huge.mp4").open("wb") as file:
        file.write(MP4)
        file.truncate(1 << 30)  # a hole: it takes no room
    assert list(unfit(tmp_path, "huge.mp4")) == ["video: 'huge.mp4' is larger than 512 MiB."]


def test_a_film_that_the_service_may_not_read_is_none_and_no_lesson_is_lost_with_it(tmp_path: Path) -> None:
    (tmp_path / "take-money.mp4").write_bytes(MP4)
    (tmp_path / "take-money.mp4").chmod(0o000)
    asked, was = lesson("take-money"), os.geteuid()
    if was == 0:
        os.seteuid(65534)  # root may read everything
    try:
        assert video_of(asked, tmp_path) is None
        assert [each for each in unfit(tmp_path, "take-money.mp4") if "cannot be read" in each]
    finally:
        os.seteuid(was)
