"""One process per journal: an advisory lock on a side file, never on the database itself.

SQLite's own locks are POSIX locks of the process: closing any descriptor of the database would drop them.
"""

import fcntl
import os
from pathlib import Path
from typing import Self

from terminal.errors import JournalError


class InstanceLock:
    """Held from ``take`` to ``release``; the kernel releases it when the process dies."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @classmethod
    def take(cls, path: Path) -> Self:
        """Raises JournalError: ``journal_in_use`` (pid 0 when the holder did not say), ``journal_place``."""
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise JournalError("journal_place", path=str(path), why="lock", detail=str(error)) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(descriptor, 20, 0).strip()
            os.close(descriptor)
            raise JournalError("journal_in_use", pid=int(holder) if holder.isdigit() else 0) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, b"%d\n" % os.getpid(), 0)
        return cls(descriptor)

    def release(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
