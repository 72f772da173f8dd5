"""Bills on disk: in ``state/bills`` under channel, kind, day and hash, until they are old enough to go."""

import asyncio
import hashlib
import re
import shutil
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from terminal.payments.bill import BillRefused

CHUNK: Final = 1024 * 1024
FILE_MAX: Final = 256 * 1024 * 1024  # the limit of a fetched bill
HASH_SHOWN: Final = 16  # of its 64 digits; all of them are in the journal
_HALF: Final = re.compile(r".+-[0-9]{4}-[0-9]{2}-[0-9]{2}[0-9A-Za-z_.\-]*\.(part|unpacked)")
_KEPT: Final = re.compile(r".+-([0-9]{4}-[0-9]{2}-[0-9]{2})-[0-9a-f]{16}\.bill")


@dataclass(frozen=True, slots=True)
class BillFiles:
    """``days``: how long a file is kept after the day it tells of; what it said stays in the journal."""

    folder: Path
    days: int

    def made(self) -> Path:
        """The folder, readable by nobody else: bills name customers' payments."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return self.folder

    async def keep(self, path: Path, channel: str, kind: str, day: date, sha256: str, *, copy: bool) -> Path:
        """``copy``: the file is somebody else's and stays where it is."""
        kept = self.made() / f"{channel}-{kind}-{day.isoformat()}-{sha256[:HASH_SHOWN]}.bill"
        await asyncio.to_thread(_copied if copy else _moved, path, kept)
        return kept

    def drop(self, path: Path) -> None:
        """A fetched file that nobody needs."""
        path.unlink(missing_ok=True)

    def tidy_halves(self) -> None:
        """Drop what a killed process was writing: before anything is fetched, else it is somebody's work."""
        if self.folder.is_dir():
            for each in self.folder.iterdir():
                if _HALF.fullmatch(each.name):
                    each.unlink(missing_ok=True)

    def tidy(self, today: date) -> int:
        """Drop what is older than ``days``; returns how many. Files of other names are nobody's to drop."""
        if not self.folder.is_dir():
            return 0
        until, gone = today - timedelta(days=self.days), 0
        for each in self.folder.iterdir():
            named = _KEPT.fullmatch(each.name)
            if named and date.fromisoformat(named[1]) < until:
                each.unlink(missing_ok=True)
                gone += 1
        return gone


def _moved(path: Path, kept: Path) -> None:
    path.replace(kept)


def _copied(path: Path, kept: Path) -> None:
    draft = kept.with_suffix(".part")
    shutil.copyfile(path, draft)
    draft.chmod(0o600)
    draft.replace(kept)


async def digest_of(path: Path) -> str:
    """SHA-256 of a file. Raises BillRefused: ``bill_unreadable``, ``bill_too_large``."""
    return await asyncio.to_thread(_digest, path)


def _digest(path: Path) -> str:
    found = hashlib.sha256()
    try:
        if path.stat().st_size > FILE_MAX:
            raise BillRefused("bill_too_large", limit=FILE_MAX)
        with path.open("rb") as file:
            while chunk := file.read(CHUNK):
                found.update(chunk)
    except OSError as error:
        raise BillRefused("bill_unreadable", file=path.name, why=error.strerror or "unknown") from error
    return found.hexdigest()
