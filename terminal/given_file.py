"""A file that somebody named, read to its end: never one without an end, never more than it may have."""

import errno
import os
import select
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

NOBODY_S: Final = 0.5  # a shell starts both ends of a pipe at the same moment
PIPE_S: Final = 60.0  # behind it somebody may be asked for a pass phrase
_PIECE: Final = 64 * 1024


def read_given(path: Path, limit: int) -> bytes:
    """All of a plain file of at most ``limit`` bytes.

    Raises:
        OSError: as ``plain_file``, or it is longer.
    """
    with plain_file(path) as file:
        data = file.read(limit + 1)
    if len(data) > limit:
        raise OSError(errno.EFBIG, f"longer than {limit} bytes", str(path))
    return data


@contextmanager
def plain_file(path: Path) -> Iterator[BinaryIO]:
    """A plain file, to be read piece by piece, and again from its beginning.

    A pipe or device is not waited for: it may never end, and opening it may wait for somebody who writes.

    Raises:
        OSError: it cannot be read, or is no plain file; ``strerror`` says which.
    """
    with _opened(path) as (descriptor, mode):
        if not stat.S_ISREG(mode):
            raise OSError(errno.EINVAL, "not a plain file", str(path))
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            yield file


def read_handed(path: Path, most: int, *, nobody_s: float = NOBODY_S, pipe_s: float = PIPE_S) -> bytes:
    """The first ``most`` bytes of what a command was handed: of a plain file, or all that comes through a pipe.

    So ``<(…)`` of a shell is as good as a file. It waits, so nothing that must go on may call it.

    Raises:
        OSError: it cannot be read, is neither, nobody writes within ``nobody_s`` seconds, or the pipe is not at
            its end within ``pipe_s``; ``strerror`` says which.
    """
    with _opened(path) as (descriptor, mode):
        return b"".join(_up_to(_pieces(descriptor, mode, path, _Patience(nobody_s, pipe_s)), most))


@contextmanager
def handed_file(path: Path, most: int, *, nobody_s: float = NOBODY_S, silent_s: float = PIPE_S) -> Iterator[Path]:
    """What a command was handed, for who opens it more than once: a plain file itself, of a pipe a copy.

    The copy has its first ``most`` bytes and is gone with the block.

    Raises:
        OSError: as ``handed_lines``, or there is no room for the copy.
    """
    with _opened(path) as (descriptor, mode):
        pieces = _pieces(descriptor, mode, path, _Patience(nobody_s, silent_s, each=True))
        if stat.S_ISREG(mode):
            yield path
            return
        with tempfile.TemporaryDirectory(prefix="countertop-") as folder:
            copy = Path(folder) / path.name
            with copy.open("xb") as file:
                file.writelines(_up_to(pieces, most))
            yield copy


@contextmanager
def handed_lines(
    path: Path, most: int, *, nobody_s: float = NOBODY_S, silent_s: float = PIPE_S
) -> Iterator[Iterator[bytes]]:
    """The lines of what a command was handed, as they come; none is longer than ``most`` bytes, its end included.

    Raises:
        OSError: here or with a later line: it cannot be read, is neither a plain file nor a pipe, nobody writes
            within ``nobody_s`` seconds, the pipe is silent for ``silent_s``, or a line is longer.
    """
    with _opened(path) as (descriptor, mode):
        yield _lines(_pieces(descriptor, mode, path, _Patience(nobody_s, silent_s, each=True)), most, path)


class _Patience(NamedTuple):
    """Seconds: until somebody writes; until a pipe's end, or with ``each`` until the next of what comes."""

    nobody_s: float
    pipe_s: float
    each: bool = False


def _pieces(descriptor: int, mode: int, path: Path, patience: _Patience) -> Iterator[bytes]:
    if stat.S_ISREG(mode):
        return iter(lambda: os.read(descriptor, _PIECE), b"")
    if stat.S_ISFIFO(mode):
        return _through(descriptor, path, patience)
    raise OSError(errno.EINVAL, "neither a plain file nor a pipe", str(path))


@contextmanager
def _opened(path: Path) -> Iterator[tuple[int, int]]:
    """Its descriptor and mode, and no waiting for who writes into a pipe (open(2), O_NONBLOCK)."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:  # os.fdopen refuses a folder, and leaves it open
        mode = os.fstat(descriptor).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        yield descriptor, mode
    finally:
        os.close(descriptor)


def _through(descriptor: int, path: Path, patience: _Patience) -> Iterator[bytes]:
    begun, coming, some = time.monotonic(), select.poll(), False
    coming.register(descriptor, select.POLLIN)
    while True:
        piece = _piece(descriptor)
        if some and piece == b"":
            return
        if piece:
            some = True
            yield piece
            if patience.each:
                begun = time.monotonic()  # what its reader did meanwhile is not the writer's time
        nobody = not some and piece == b""
        left_s = begun + (patience.nobody_s if nobody else patience.pipe_s) - time.monotonic()
        if left_s <= 0:
            silent = f"that was silent for {patience.pipe_s:g} s"
            without = silent if patience.each else f"without an end within {patience.pipe_s:g} s"
            why = "that nobody writes to" if nobody else without
            raise OSError(errno.ETIMEDOUT, f"a pipe {why}", str(path))
        if not piece and (told := coming.poll(left_s * 1000)) and not told[0][1] & select.POLLIN:
            return  # its last writer left and had written nothing (poll(2), POLLHUP)


def _piece(descriptor: int) -> bytes | None:
    """Empty: nobody has the pipe open for writing; None: somebody has, and nothing came yet (pipe(7))."""
    try:
        return os.read(descriptor, _PIECE)
    except BlockingIOError:
        return None


def _up_to(pieces: Iterator[bytes], most: int) -> Iterator[bytes]:
    """Nothing is waited for once ``most`` bytes are there."""
    while most > 0 and (piece := next(pieces, b"")):
        yield piece[:most]
        most -= len(piece)


def _lines(pieces: Iterator[bytes], most: int, path: Path) -> Iterator[bytes]:
    held = b""
    for piece in pieces:
        *whole, held = (held + piece).split(b"\n")
        for each in whole:
            yield _within(each + b"\n", most, path)
        _within(held, most, path)
    if held:
        yield held


def _within(line: bytes, most: int, path: Path) -> bytes:
    if len(line) > most:
        raise OSError(errno.EFBIG, f"no line in {most} bytes", str(path))
    return line
