"""A file that somebody named, read to its end: never one without an end, never more than it may have."""

import errno
import os
import stat
from pathlib import Path


def read_given(path: Path, limit: int) -> bytes:
    """All of a plain file of at most ``limit`` bytes.

    A pipe or device is not waited for: it may never end, and opening it may wait for somebody who writes.

    Raises:
        OSError: it cannot be read, is no plain file, or is longer; ``strerror`` says which.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:  # os.fdopen refuses a folder, and leaves it open
        mode = os.fstat(descriptor).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        if not stat.S_ISREG(mode):
            raise OSError(errno.EINVAL, "not a plain file", str(path))
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            data = file.read(limit + 1)
    finally:
        os.close(descriptor)
    if len(data) > limit:
        raise OSError(errno.EFBIG, f"longer than {limit} bytes", str(path))
    return data
