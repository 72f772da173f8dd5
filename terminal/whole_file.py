"""A file that is there whole or not at all, also after a power cut."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

_NO_LINKS: Final = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EACCES})  # a USB stick


class Owner(NamedTuple):
    """Whose a file shall be, by number (chown(2))."""

    user: int
    group: int


def write_whole(path: Path, data: bytes, mode: int, owner: Owner | None = None) -> None:
    """Durable on return, and never half: written aside, synced, then given the name. Raises OSError.

    ``mode`` is what it gets, whatever the umask (umask(2)) would make of it.
    """
    take_place(write_aside(path, data, mode, owner), path)


def write_new(path: Path, data: bytes, mode: int, owner: Owner | None = None) -> None:
    """As ``write_whole``, and never over what is there. Raises OSError; FileExistsError: something is."""
    aside = write_aside(path, data, mode, owner)
    try:
        path.hardlink_to(aside)  # unlike a rename it never replaces a file
    finally:
        aside.unlink()
    sync_folder(path.parent)


@contextmanager
def new_whole(path: Path, mode: int) -> Iterator[BinaryIO]:
    """As ``write_new``, for what is written piece by piece: durable under its name once the block ends (F4).

    Raises:
        FileExistsError: the name is taken, also by a link that leads nowhere; nothing is written. OSError.
    """
    if os.path.lexists(path):
        raise FileExistsError(errno.EEXIST, "exists already", str(path))
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, mode)
            yield file
            file.flush()
            os.fsync(descriptor)
        _name(part, path)
        sync_folder(path.parent)
    finally:
        part.unlink(missing_ok=True)


def _name(part: Path, path: Path) -> None:
    """A link never takes a name over; where a file system has none, the name is looked at once more."""
    try:
        os.link(part, path, follow_symlinks=False)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        if os.path.lexists(path):
            raise FileExistsError(errno.EEXIST, "exists already", str(path)) from None
        part.rename(path)


def write_aside(path: Path, data: bytes, mode: int, owner: Owner | None = None) -> Path:
    """The same bytes whole and synced beside ``path``, for who looks at them before they count. Raises OSError."""
    aside = beside(path)
    aside.unlink(missing_ok=True)
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        if owner is not None:
            os.fchown(descriptor, *owner)
        os.fchmod(descriptor, mode)  # after the owner: chown(2) takes bits away
        file.write(data)
        file.flush()
        os.fsync(descriptor)
    return aside


def beside(path: Path) -> Path:
    return path.with_name(path.name + ".new")


def take_place(aside: Path, path: Path) -> None:
    """Give ``aside``, which is whole and synced, the name ``path``; durable on return. Raises OSError."""
    aside.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make new names in ``folder`` durable. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
