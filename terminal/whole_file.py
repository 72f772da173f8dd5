"""A file that is there whole or not at all, also after a power cut."""

import os
from pathlib import Path
from typing import NamedTuple


class Owner(NamedTuple):
    """Whose a file shall be, by number (chown(2))."""

    user: int
    group: int


def write_whole(path: Path, data: bytes, mode: int, owner: Owner | None = None) -> None:
    """Durable on return, and never half: written aside, synced, then given the name. Raises OSError."""
    aside = path.with_name(path.name + ".new")
    aside.unlink(missing_ok=True)
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
    with os.fdopen(descriptor, "wb") as file:
        if owner is not None:
            os.fchown(descriptor, *owner)
        file.write(data)
        file.flush()
        os.fsync(descriptor)
    take_place(aside, path)


def take_place(aside: Path, path: Path) -> None:
    """Give ``aside``, which is whole and synced, the name ``path``; durable on return. Raises OSError."""
    aside.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
