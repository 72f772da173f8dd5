"""An instance's own view: the log's rows and the tables beside them in a SQLite file, for reads without a wait.

It is a copy that can be thrown away: losing its last commits in a power cut costs a catch-up, nothing else. So it
does not wait for its disk. What it holds is never written to the database.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import apsw

from terminal.errors import Conflict, JournalError
from terminal.journal.failure import diagnose, refusal
from terminal.journal.place import prepare, side
from terminal.journal.postgres.log import Erasure, Personal
from terminal.journal.projection import Index, Views, claims_of, parse
from terminal.journal.records import Row, decode
from terminal.journal.recover import SUSPECT, mark_suspect, rebuild
from terminal.journal.schema import BUSY_MS, altered, connect, migrate

_INSERT: Final = f"INSERT INTO event VALUES ({', '.join('?' * len(Row._fields))})"  # noqa: S608  # only marks
_PAGES: Final = 2000  # of the write-ahead log: then it is moved into the file
_ERASED: Final = "erased"  # the fact that says how many erasures were followed
_PRAGMAS: Final = {
    "journal_mode": "wal",
    "synchronous": 1,  # whole after a power cut, though not complete
    "busy_timeout": BUSY_MS,
    "wal_autocheckpoint": 0,
    "recursive_triggers": 1,
    "secure_delete": 1,
    "trusted_schema": 0,
    "temp_store": 2,
}


class View:
    """Two connections to one file: ``connection`` writes, ``reading`` is for the loop. Not for two threads."""

    def __init__(self, path: Path, *, vfs: str = "") -> None:
        """Open or make it; one that failed or cannot be read is made anew.

        Raises:
            JournalError: ``journal_place``, ``disk_full``, ``journal_broken``.
        """
        self.path, self._pages = path, 0
        prepare(path)
        if side(path, SUSPECT).exists():
            discard(path)
        try:
            self._open(vfs)
        except (JournalError, apsw.Error):
            discard(path)
            self._open(vfs)

    def _open(self, vfs: str) -> None:
        prepare(self.path)
        self.connection = connect(self.path, vfs=vfs)
        try:
            for name, value in _PRAGMAS.items():
                self.connection.execute(f"PRAGMA {name} = {value}")
            migrate(self.connection, lambda _point: None)
            if name := altered(self.connection):
                raise JournalError("journal_altered", name=name)
            self.reading = connect(self.path, vfs=vfs, read_only=True)
        except BaseException:
            self.connection.close(True)
            raise
        self.connection.set_wal_hook(self._count_pages)

    def fact(self, name: str) -> str:
        found: str | None = self.connection.execute("SELECT value FROM fact WHERE name = ?", (name,)).get
        return found or ""

    def introduce(self, database: str) -> None:
        """Whose view it is. Raises JournalError("journal_rolled_back") for another database than it followed."""
        if not self.fact("database"):
            self.remember("database", database)
        if self.fact("database") != database:
            raise JournalError("journal_rolled_back", found=0, checkpoint=self.last().number, why="other_database")

    def remember(self, name: str, value: str) -> None:
        sql = "INSERT INTO fact VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value"
        self.connection.execute(sql, (name, value))

    def renew(self) -> None:
        """Forget everything."""
        self.close()
        discard(self.path)
        self._open("")

    def rebuild(self) -> None:
        """Make the tables beside the log again. Raises JournalError as ``follow``."""
        try:
            with self.connection:
                rebuild(self.connection)
        except (apsw.Error, OSError) as error:
            raise self._failed(error) from error

    def last(self) -> Row:
        """The newest row, or one of zeros."""
        found = self.connection.execute("SELECT * FROM event ORDER BY number DESC LIMIT 1").fetchall()
        return Row._make(found[0]) if found else Row(0, "", 0, "", 0, "", "", "", "", "", "", 0, 0, "", "", b"")

    def taken(self, kind: str, key: str) -> str | None:
        """What a key was claimed for."""
        sql = "SELECT value FROM claim WHERE kind = ? AND key = ?"
        found: str | None = self.connection.execute(sql, (kind, key)).get
        return found

    def follow(
        self, rows: Sequence[Row], personal: Sequence[Personal], indexes: Sequence[Index | None] | None = None
    ) -> None:
        """Take over what the database has committed; whole or not at all.

        Raises:
            JournalError: the disk failed, or the rows contradict the view, which is made anew at the next start.
        """
        if indexes is None:
            indexes = [parse(decode(row.body), row.counter) for row in rows]
        try:
            with self.connection:
                self.connection.executemany(_INSERT, rows)
                views = Views(self.connection)
                for row, index in zip(rows, indexes, strict=True):
                    if index:
                        views.claim(claims_of(row.number, index))
                        views.gather(row.number, row, index)
                views.write()
                if personal:
                    self.connection.executemany("INSERT OR REPLACE INTO personal VALUES (?, ?, ?, ?, ?)", personal)
        except Conflict as error:
            mark_suspect(self.path, "claim")
            raise JournalError("journal_corrupt", detail=str(error)) from error
        except (apsw.Error, OSError) as error:
            raise self._failed(error) from error

    def erased(self) -> int:
        return int(self.fact(_ERASED) or 0)

    def erase(self, erasures: Sequence[Erasure]) -> None:
        """Follow what was erased in the database. Raises JournalError as ``follow``."""
        try:
            with self.connection:
                sql = "DELETE FROM personal WHERE subject = ? AND number <= ?"
                self.connection.executemany(sql, [each[1:] for each in erasures])
                self.remember(_ERASED, str(erasures[-1][0]))
            self.tidy(apsw.SQLITE_CHECKPOINT_TRUNCATE)  # else the clear value stays in the log file
        except (apsw.Error, OSError) as error:
            raise self._failed(error) from error

    @property
    def untidy(self) -> bool:
        return self._pages >= _PAGES

    def tidy(self, mode: int = apsw.SQLITE_CHECKPOINT_PASSIVE) -> None:
        """Move the write-ahead log into the file; waits for the disk, so run it in a thread."""
        try:
            self.connection.wal_checkpoint(mode=mode)
            self._pages = 0
        except apsw.BusyError:
            pass  # a reader is in the way; the log waits, nothing is lost
        except (apsw.Error, OSError) as error:
            raise self._failed(error) from error

    def close(self) -> None:
        self.reading.close()
        self.connection.close(True)

    def _count_pages(self, _connection: apsw.Connection, _name: str, pages: int) -> int:
        self._pages = pages
        return apsw.SQLITE_OK

    def _failed(self, error: apsw.Error | OSError) -> JournalError:
        mark_suspect(self.path, type(error).__name__)
        return refusal(diagnose(error, self.connection.system_errno, "journal_broken"))


def discard(path: Path) -> None:
    """Throw the view away: the next start makes it again from the database."""
    for ending in ("", "-wal", "-shm", SUSPECT):
        side(path, ending).unlink(missing_ok=True)
