"""The file a command on this machine reads its API key from, made so that nobody else can."""

import os
from pathlib import Path

from terminal.errors import BadSettings
from terminal.whole_file import write_new


def write_key(path: Path, key: str) -> None:
    """A new file with mode 0600. Raises BadSettings("key_file_not_ours") when something is there already."""
    try:
        write_new(path, f"{key}\n".encode(), 0o600)
    except OSError as error:
        raise BadSettings("key_file_not_ours", path=str(path), why=error.strerror or "") from error


def read_key(path: Path) -> str | None:
    """The key, None when there is no file. Raises BadSettings when others could read or have planted it."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise BadSettings("key_file_not_ours", path=str(path), why=error.strerror or "") from error
    with os.fdopen(descriptor) as file:
        status = os.fstat(file.fileno())
        if status.st_uid != os.geteuid():
            raise BadSettings("key_file_not_ours", path=str(path), why="not a file of this user")
        if status.st_mode & 0o077:
            raise BadSettings("key_file_readable", path=str(path))
        return file.read(200).strip()
