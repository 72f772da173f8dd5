"""The file a command on this machine reads its API key from, made so that nobody else can."""

import os
import stat
from pathlib import Path
from typing import Final

from terminal.errors import BadSettings
from terminal.whole_file import write_new

KEY_MAX: Final = 200


def write_key(path: Path, key: str) -> None:
    """A new file with mode 0600. Raises BadSettings("key_file_not_ours") when something is there already."""
    try:
        write_new(path, f"{key}\n".encode(), 0o600)
    except OSError as error:
        raise BadSettings("key_file_not_ours", path=str(path), why=error.strerror or "") from error


def read_key(path: Path) -> str | None:
    """The key, None when there is no file; what is no text is a key that nobody has.

    Raises BadSettings when others could read or have planted it, or it is no plain file, which might never end.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise BadSettings("key_file_not_ours", path=str(path), why=error.strerror or "") from error
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise BadSettings("key_file_not_ours", path=str(path), why="not a plain file")
        if status.st_uid != os.geteuid():
            raise BadSettings("key_file_not_ours", path=str(path), why="not a file of this user")
        if status.st_mode & 0o077:
            raise BadSettings("key_file_readable", path=str(path))
        return os.read(descriptor, KEY_MAX).decode("utf-8", "replace").strip()
    except OSError as error:
        raise BadSettings("key_file_not_ours", path=str(path), why=error.strerror or "") from error
    finally:
        os.close(descriptor)
