"""A file that is there whole or not at all, with the mode that was asked for, durable in its folder too."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from terminal.whole_file import Owner, beside, new_whole, take_place, write_aside, write_new, write_whole


@pytest.fixture(params=[0o077, 0o000], ids=["narrow", "open"])
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    mask: int = request.param
    before = os.umask(mask)
    yield mask
    os.umask(before)


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("mode", [0o600, 0o644])
def test_it_is_there_whole_with_its_mode_and_leaves_nothing_beside(tmp_path: Path, umask: int, mode: int) -> None:
    path = tmp_path / "key"
    beside(path).write_bytes(b"half of an earlier one")
    for data in (b"first", b"the second is longer"):
        write_whole(path, data, mode, Owner(os.geteuid(), os.getegid()))
        assert (path.read_bytes(), mode_of(path)) == (data, mode), umask
    assert [*tmp_path.iterdir()] == [path]


def test_a_new_one_is_never_written_over_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "key"
    write_new(path, b"mine", 0o600)
    with pytest.raises(FileExistsError):
        write_new(path, b"another", 0o600)
    planted = tmp_path / "planted"
    planted.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(FileExistsError):
        write_new(planted, b"another", 0o600)
    assert (path.read_bytes(), mode_of(path), path.stat().st_nlink) == (b"mine", 0o600, 1)
    assert {each.name for each in tmp_path.iterdir()} == {"key", "planted"}


def test_what_stands_there_stays_until_the_draft_takes_its_place(tmp_path: Path) -> None:
    path = tmp_path / "key"
    write_whole(path, b"old", 0o600)
    draft = write_aside(path, b"new", 0o600)
    assert (path.read_bytes(), draft.read_bytes(), mode_of(draft)) == (b"old", b"new", 0o600)
    take_place(draft, path)
    assert (path.read_bytes(), draft.exists()) == (b"new", False)


def test_a_link_that_somebody_planted_beside_is_not_followed(tmp_path: Path) -> None:
    path, other = tmp_path / "key", tmp_path / "other"
    other.write_bytes(b"theirs")
    beside(path).symlink_to(other)
    write_whole(path, b"mine", 0o600)
    assert (path.read_bytes(), other.read_bytes(), path.is_symlink()) == (b"mine", b"theirs", False)


def test_f4_what_is_written_piece_by_piece_has_its_name_only_when_it_is_whole(tmp_path: Path, umask: int) -> None:
    path = tmp_path / "book"
    with new_whole(path, 0o640) as file:
        file.write(b"one ")
        assert not path.exists(), umask
        file.write(b"two")
    assert (path.read_bytes(), mode_of(path)) == (b"one two", 0o640)
    with pytest.raises(FileExistsError), new_whole(path, 0o600):
        raise AssertionError("the name is taken: nothing is begun")
    assert [*tmp_path.iterdir()] == [path]
