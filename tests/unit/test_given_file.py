"""Files that a person names: what is none is refused, and nothing of it stays open."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from terminal.given_file import handed_file, handed_lines, plain_file, read_given, read_handed


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


def test_lines_come_as_they_are_written_and_the_first_is_there_before_the_last() -> None:
    path, end = piped(b"one\ntwo\nthr", ended=False)
    with handed_lines(path, 9, nobody_s=0) as lines:
        assert [next(lines), next(lines)] == [b"one\n", b"two\n"]
        os.write(end, b"ee\n\nlast")
        os.close(end)
        assert list(lines) == [b"three\n", b"\n", b"last"]
    os.close(int(path.name))


@pytest.mark.parametrize(("said", "first"), [(b"12\n345\n", [b"12\n"]), (b"12\n3456", [b"12\n"]), (b"1234", [])])
def test_bad_input_a_line_without_an_end_is_not_kept(said: bytes, first: list[bytes], tmp_path: Path) -> None:
    file, found = tmp_path / "named", list[bytes]()
    file.write_bytes(said)
    with handed_lines(file, 3) as lines, pytest.raises(OSError, match="no line in 3 bytes"):  # noqa: PT012  # bit by bit
        for each in lines:
            found.append(each)  # what came before it
    assert found == first


def test_bad_input_a_pipe_that_falls_silent_is_not_waited_for() -> None:
    path, end = piped(b"1\n2", ended=False)
    with handed_lines(path, 9, silent_s=0) as lines, pytest.raises(OSError, match="was silent for 0 s"):
        list(lines)
    os.close(end)
    os.close(int(path.name))


def test_what_is_opened_again_is_a_copy_of_the_pipe_and_gone_afterwards(tmp_path: Path) -> None:
    file = tmp_path / "named"
    file.write_bytes(b"1234567")
    with handed_file(file, 4) as same:
        assert same == file
    path, end = piped(b"123", b"4567")
    with handed_file(path, 5, nobody_s=0) as copy:
        assert (copy.read_bytes(), copy.read_bytes(), copy.name) == (b"12345", b"12345", path.name)
    os.close(end)
    assert not copy.parent.exists()


def test_a_plain_file_is_read_again_from_its_beginning(tmp_path: Path) -> None:
    file = tmp_path / "named"
    file.write_bytes(b"1234567")
    with plain_file(file) as opened:
        assert opened.read() == b"1234567"
        assert (opened.seek(0), opened.read(2)) == (0, b"12")
