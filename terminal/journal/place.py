"""Where a journal may live: a plain file of ours on a local disk, by its own name."""

import os
import stat
from pathlib import Path
from typing import Final

from terminal.errors import JournalError

# File systems whose locks or syncs do not hold what SQLite needs ("How To Corrupt An SQLite Database File", 2.1).
_REMOTE: Final = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse.sshfs", "ceph", "afs"})
_MOUNTS: Final = Path("/proc/self/mounts")


def side(path: Path, ending: str) -> Path:
    """A file beside the database: ``side(path, "-wal")``, ``side(path, ".lock")``."""
    return path.with_name(path.name + ending)


def prepare(path: Path) -> None:
    """Make the private folder and, for a new journal, an empty file that only we can read.

    Called before SQLite opens the file: closing a descriptor later would drop its locks.

    Raises:
        JournalError("journal_place"): ``why`` is link, not_ours, not_a_file, remote, read_only or no_folder.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise JournalError("journal_place", path=str(path), why="no_folder", detail=str(error)) from error
    kind = file_system_of(path.parent.resolve())
    if kind in _REMOTE:
        raise JournalError("journal_place", path=str(path), why="remote", system=kind)
    try:
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(path, flags, 0o600)
    except PermissionError:
        raise JournalError("journal_place", path=str(path), why="read_only") from None
    except OSError as error:
        why = "link" if path.is_symlink() else "read_only"
        raise JournalError("journal_place", path=str(path), why=why) from error
    try:
        status = os.fstat(descriptor)
    finally:
        os.close(descriptor)
    for bad, why in (
        (not stat.S_ISREG(status.st_mode), "not_a_file"),
        (status.st_nlink > 1, "link"),
        (status.st_uid != os.geteuid(), "not_ours"),
    ):
        if bad:
            raise JournalError("journal_place", path=str(path), why=why)


def file_system_of(folder: Path, mounts: str | None = None) -> str:
    """The type of the file system ``folder`` is on, empty where the system does not say."""
    if mounts is None:
        mounts = _MOUNTS.read_text(errors="replace") if _MOUNTS.exists() else ""
    best, kind = "", ""
    for line in mounts.splitlines():
        fields = line.split(" ")
        if len(fields) < 3:
            continue
        point = fields[1].replace("\\040", " ")
        if folder.is_relative_to(point) and len(point) >= len(best):
            best, kind = point, fields[2]
    return kind
