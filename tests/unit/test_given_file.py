"""Files that a person names: what is none is refused, and nothing of it stays open."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from terminal.given_file import read_given, read_handed


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


def piped(*said: bytes, ended: bool = True) -> tuple[Path, int]:
    """What ``<(…)`` of a shell is to a command, and the end that is written to."""
    out, into = os.pipe()
    for each in said:
        os.write(into, each)
    if ended:
        os.close(into)
    return Path(f"/proc/self/fd/{out}"), out if ended else into


def test_what_comes_through_a_pipe_is_as_good_as_a_file(tmp_path: Path) -> None:
    file = tmp_path / "named"
    file.write_bytes(b"1234567")
    assert (read_handed(file, 4), read_handed(file, 9)) == (b"1234", b"1234567")
    for said, most, told in (([b"12", b"34"], 9, b"1234"), ([b"123456"], 4, b"1234")):
        path, end = piped(*said)
        assert read_handed(path, most, nobody_s=0) == told
        os.close(end)


def test_a_pipe_whose_writer_comes_or_writes_later_is_waited_for(tmp_path: Path) -> None:
    file = tmp_path / "named"
    os.mkfifo(file)
    with ThreadPoolExecutor(1) as writer:
        done = writer.submit(file.write_bytes, b"1234" * 50_000)
        assert read_handed(file, 1 << 20, nobody_s=60) == b"1234" * 50_000
        assert done.result() == 200_000
        done = writer.submit(file.write_bytes, b"")
        assert read_handed(file, 9, nobody_s=60) == b""
        done.result()


def test_bad_input_a_pipe_that_nobody_writes_to_or_ends_is_not_waited_for(tmp_path: Path) -> None:
    file = tmp_path / "named"
    os.mkfifo(file)
    with pytest.raises(OSError, match="nobody writes to"):
        read_handed(file, 9, nobody_s=0)
    path, end = piped(b"12", ended=False)
    with pytest.raises(OSError, match="without an end"):
        read_handed(path, 9, pipe_s=0)
    os.close(end)
    os.close(int(path.name))


@pytest.mark.parametrize("what", [Path.mkdir, lambda file: file.symlink_to("/dev/zero"), nothing])
def test_bad_input_a_command_is_handed_no_folder_and_no_device(
    what: Callable[[Path], object], tmp_path: Path
) -> None:
    what(tmp_path / "named")
    with pytest.raises(OSError, match="named"):
        read_handed(tmp_path / "named", 9)
