"""A file that somebody named, read to its end: never one without an end, never more than it may have."""

import errno
import os
import select
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

NOBODY_S: Final = 0.5  # a shell starts both ends of a pipe at the same moment
PIPE_S: Final = 60.0  # behind it somebody may be asked for a pass phrase
_PIECE: Final = 64 * 1024


def read_given(path: Path, limit: int) -> bytes:
    """All of a plain file of at most ``limit`` bytes.

    A pipe or device is not waited for: it may never end, and opening it may wait for somebody who writes.

    Raises:
        OSError: it cannot be read, is no plain file, or is longer; ``strerror`` says which.
    """
    with _opened(path) as (descriptor, mode):
        if not stat.S_ISREG(mode):
            raise OSError(errno.EINVAL, "not a plain file", str(path))
        data = _first(descriptor, limit + 1)
    if len(data) > limit:
        raise OSError(errno.EFBIG, f"longer than {limit} bytes", str(path))
    return data


def read_handed(path: Path, most: int, *, nobody_s: float = NOBODY_S, pipe_s: float = PIPE_S) -> bytes:
    """The first ``most`` bytes of what a command was handed: of a plain file, or all that comes through a pipe.

    So ``<(…)`` of a shell is as good as a file. It waits, so nothing that must go on may call it.

    Raises:
        OSError: it cannot be read, is neither, nobody writes within ``nobody_s`` seconds, or the pipe is not at
            its end within ``pipe_s``; ``strerror`` says which.
    """
    with _opened(path) as (descriptor, mode):
        if stat.S_ISREG(mode):
            return _first(descriptor, most)
        if stat.S_ISFIFO(mode):
            return _through(descriptor, most, path, nobody_s, pipe_s)
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


def _first(descriptor: int, most: int) -> bytes:
    with os.fdopen(descriptor, "rb", closefd=False) as file:
        return file.read(most)


def _through(descriptor: int, most: int, path: Path, nobody_s: float, pipe_s: float) -> bytes:
    data, begun, coming = bytearray(), time.monotonic(), select.poll()
    coming.register(descriptor, select.POLLIN)
    while len(data) < most:
        piece = _piece(descriptor, min(_PIECE, most - len(data)))
        if data and piece == b"":
            break
        data += piece or b""
        nobody = not data and piece == b""
        left_s = begun + (nobody_s if nobody else pipe_s) - time.monotonic()
        if left_s <= 0:
            why = "a pipe that nobody writes to" if nobody else f"a pipe without an end within {pipe_s:g} s"
            raise OSError(errno.ETIMEDOUT, why, str(path))
        if not piece and (told := coming.poll(left_s * 1000)) and not told[0][1] & select.POLLIN:
            break  # its last writer left and had written nothing (poll(2), POLLHUP)
    return bytes(data)


def _piece(descriptor: int, most: int) -> bytes | None:
    """Empty: nobody has the pipe open for writing; None: somebody has, and nothing came yet (pipe(7))."""
    try:
        return os.read(descriptor, most)
    except BlockingIOError:
        return None
