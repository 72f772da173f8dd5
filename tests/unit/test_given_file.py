"""Files that a person names: what is none is refused, and nothing of it stays open."""

import os
from pathlib import Path

import pytest

from terminal.given_file import read_given


def nothing(_file: Path) -> None:
    """Not there."""


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo, nothing, lambda file: file.write_bytes(b"12345")])
def test_bad_input_what_is_refused_is_closed_again(make: object, tmp_path: Path) -> None:
    """A list of products is looked at all day: a folder in its place took one descriptor each time."""
    file = tmp_path / "named"
    assert callable(make)
    make(file)
    with pytest.raises(OSError, match="named") as refused:
        read_given(file, 4)
    assert refused.value.strerror
    held = [os.path.realpath(each) for each in Path("/proc/self/fd").iterdir()]
    assert str(file.resolve()) not in held


def test_a_file_of_just_the_limit_is_read_whole(tmp_path: Path) -> None:
    file = tmp_path / "named"
    file.write_bytes(b"1234")
    assert read_given(file, 4) == b"1234"
