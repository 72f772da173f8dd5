"""What a failing disk means: its name, and whether the file behind it may be damaged."""

import errno
from typing import Final

import apsw

from terminal.errors import JournalError

_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class Fatal(Exception):
    """The handle cannot be used again. ``damaged`` asks the next start to work on a verified copy."""

    def __init__(self, slug: str, detail: str, *, damaged: bool = False) -> None:
        super().__init__(slug, detail)
        self.slug, self.detail, self.damaged = slug, detail, damaged


def diagnose(error: apsw.Error | OSError, system_errno: int, otherwise: str) -> Fatal:
    """Name a failure of the disk; ``otherwise`` where it has no name of its own."""
    number = error.errno if isinstance(error, OSError) else system_errno
    broken = isinstance(error, OSError | apsw.IOError)
    if isinstance(error, apsw.FullError) or (broken and number in _FULL):
        return Fatal("disk_full", str(error))
    if isinstance(error, apsw.CorruptError | apsw.NotADBError):
        return Fatal("journal_corrupt", str(error), damaged=True)
    return Fatal(otherwise, str(error), damaged=broken)


def refusal(fatal: Fatal) -> JournalError:
    return JournalError(fatal.slug, detail=fatal.detail)
