"""The database's shape and settings: numbered forward-only migrations, pragmas that are read back."""

import logging
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Final

import apsw

from terminal.errors import JournalError

log = logging.getLogger(__name__)

BUSY_MS: Final = 2000
SOUND_SQLITE: Final = (3, 51, 3)  # earlier ones have the WAL-reset bug (release notes of 3.51.3)

# What a writing connection must answer after it was set. 2 is FULL: one fsync of the log per commit.
PRAGMAS: Final[dict[str, str | int]] = {
    "journal_mode": "wal",
    "synchronous": 2,
    "busy_timeout": BUSY_MS,
    "wal_autocheckpoint": 0,  # the writer thread checkpoints when nobody waits
    "journal_size_limit": 64 * 1024 * 1024,
    "recursive_triggers": 1,  # else INSERT OR REPLACE deletes without the delete trigger
    "secure_delete": 1,  # erased personal data leaves the file
    "trusted_schema": 0,
    "cell_size_check": 1,
    "temp_store": 2,  # memory: a full /tmp must not stop money
}

_FIRST_VIEWS: Final = (
    """CREATE TABLE claim (
        kind TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, number INTEGER NOT NULL,
        PRIMARY KEY (kind, key)) STRICT, WITHOUT ROWID""",
    """CREATE TABLE owed (
        id TEXT NOT NULL PRIMARY KEY, kind TEXT NOT NULL, counter TEXT NOT NULL, subject TEXT NOT NULL,
        number INTEGER NOT NULL, place INTEGER NOT NULL, owed_ms INTEGER NOT NULL, body TEXT NOT NULL
        ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE summary (
        subject TEXT NOT NULL PRIMARY KEY, kind TEXT NOT NULL, counter TEXT NOT NULL, final INTEGER NOT NULL,
        first_number INTEGER NOT NULL, last_number INTEGER NOT NULL,
        first_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL, words TEXT NOT NULL, body TEXT NOT NULL
        ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX summary_unfinished ON summary (first_number) WHERE final = 0",
    "CREATE INDEX summary_kind ON summary (kind, first_number)",
    "CREATE INDEX summary_counter ON summary (kind, counter, first_number)",
    """CREATE TABLE word (
        kind TEXT NOT NULL, word TEXT NOT NULL, subject TEXT NOT NULL,
        PRIMARY KEY (kind, word, subject)) STRICT, WITHOUT ROWID""",
)
_SETTLEMENT: Final = (
    """CREATE TABLE settlement (
        subject TEXT NOT NULL PRIMARY KEY, kind TEXT NOT NULL, channel TEXT NOT NULL, day TEXT NOT NULL,
        batch TEXT NOT NULL, settle_minor INTEGER NOT NULL, fee_milli INTEGER NOT NULL, number INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX settlement_day ON settlement (day, channel)",
)
VIEWS: Final = (*_FIRST_VIEWS, *_SETTLEMENT)
VIEW_TABLES: Final = ("claim", "owed", "summary", "word", "settlement")

_FIRST: Final = (
    """CREATE TABLE fact (name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID""",
    """CREATE TABLE event (
        number INTEGER PRIMARY KEY, stream TEXT NOT NULL, position INTEGER NOT NULL, type TEXT NOT NULL,
        version INTEGER NOT NULL, ledger TEXT NOT NULL, merchant TEXT NOT NULL, store TEXT NOT NULL,
        counter TEXT NOT NULL, subject TEXT NOT NULL, actor TEXT NOT NULL, wall_ms INTEGER NOT NULL,
        mono_ns INTEGER NOT NULL, body TEXT NOT NULL, key_id TEXT NOT NULL, hash BLOB NOT NULL,
        UNIQUE (stream, position)) STRICT""",
    "CREATE INDEX event_subject ON event (subject, number)",
    """CREATE TRIGGER event_gapless BEFORE INSERT ON event
        WHEN NEW.number <> 1 + (SELECT coalesce(max(number), 0) FROM event)
          OR NEW.position <> 1 + (SELECT coalesce(max(position), 0) FROM event WHERE stream = NEW.stream)
        BEGIN SELECT RAISE(ABORT, 'events are numbered without gaps'); END""",
    """CREATE TRIGGER event_no_update BEFORE UPDATE ON event
        BEGIN SELECT RAISE(ABORT, 'events are never changed'); END""",
    """CREATE TRIGGER event_no_delete BEFORE DELETE ON event
        BEGIN SELECT RAISE(ABORT, 'events are never deleted'); END""",
    """CREATE TABLE personal (
        number INTEGER NOT NULL, name TEXT NOT NULL, subject TEXT NOT NULL, key_id TEXT NOT NULL,
        hidden BLOB NOT NULL, PRIMARY KEY (number, name)) STRICT, WITHOUT ROWID""",
    "CREATE INDEX personal_subject ON personal (subject)",
    *_FIRST_VIEWS,
)
_SECOND: Final = (
    *_SETTLEMENT,
    # refunds are few among millions of events, and a bill asks for those of one day
    "CREATE INDEX event_refund ON event (wall_ms) WHERE type = 'refund_moved'",
)

MIGRATIONS: Final[tuple[tuple[str, ...], ...]] = (_FIRST, _SECOND)
"""Number n is the n-th entry. A released one is never edited: the next one changes what it made."""


def connect(path: Path, *, vfs: str = "", read_only: bool = False) -> apsw.Connection:
    """Raises JournalError: ``journal_corrupt``, ``journal_locked``, ``journal_broken``, ``journal_place``."""
    flags = apsw.SQLITE_OPEN_READONLY if read_only else apsw.SQLITE_OPEN_READWRITE
    try:
        connection = apsw.Connection(str(path), flags=flags, vfs=vfs or None)
        connection.set_busy_timeout(BUSY_MS)
        connection.execute("SELECT count(*) FROM sqlite_schema").get  # noqa: B018  # reads the header now
    except (apsw.NotADBError, apsw.CorruptError) as error:
        raise JournalError("journal_corrupt", detail=str(error)) from error
    except apsw.BusyError as error:
        raise JournalError("journal_locked") from error
    except apsw.IOError as error:
        raise JournalError("journal_broken", detail=str(error)) from error
    except apsw.Error as error:
        raise JournalError("journal_place", path=str(path), why="unusable", detail=str(error)) from error
    if read_only:
        connection.execute("PRAGMA query_only = 1")
        connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
    return connection


def harden(connection: apsw.Connection) -> None:
    """Set every pragma, then ask for it. Raises JournalError("journal_pragma") for another answer."""
    for name, wanted in PRAGMAS.items():
        connection.execute(f"PRAGMA {name} = {wanted}")
        if (got := connection.execute(f"PRAGMA {name}").get) != wanted:
            raise JournalError("journal_pragma", name=name, wanted=wanted, got=str(got))
    if mapped := connection.execute("PRAGMA mmap_size").get:
        raise JournalError("journal_pragma", name="mmap_size", wanted=0, got=str(mapped))
    if (version := library_version()) < SOUND_SQLITE:
        log.warning("SQLite %s is older than 3.51.3 and can damage a journal under load: upgrade apsw", version)


def library_version() -> tuple[int, ...]:
    """Of the SQLite that is linked in, to be held against ``SOUND_SQLITE``."""
    return tuple(map(int, apsw.sqlite_lib_version().split(".")))


def version_of(connection: apsw.Connection) -> int:
    """The number of the last migration applied, 0 for an empty file."""
    found: int = connection.execute("PRAGMA user_version").get
    return found


def refuse_newer(connection: apsw.Connection) -> None:
    """Raises JournalError("journal_newer"): a later program wrote this, and only it knows what rows mean."""
    found = version_of(connection)
    if found > len(MIGRATIONS):
        raise JournalError("journal_newer", found=found, known=len(MIGRATIONS))


def migrate(connection: apsw.Connection, fault: Callable[[str], None]) -> None:
    """Apply what is missing, each number in one transaction with its mark: old version or new, never half (D3)."""
    refuse_newer(connection)
    for number in range(version_of(connection) + 1, len(MIGRATIONS) + 1):
        fault("before_migration")
        with connection:
            for statement in MIGRATIONS[number - 1]:
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {number}")
        fault("after_migration")


@cache
def _wanted_shape() -> frozenset[tuple[str, ...]]:
    fresh = apsw.Connection(":memory:")
    try:
        migrate(fresh, lambda _point: None)
        return _shape(fresh)
    finally:
        fresh.close()


def _shape(connection: apsw.Connection) -> frozenset[tuple[str, ...]]:
    rows = connection.execute("SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_schema")
    return frozenset(tuple(map(str, row)) for row in rows)


def altered(connection: apsw.Connection) -> str:
    """The name of a table, index or trigger that is not as the migrations made it; empty when all are."""
    return min((row[1] for row in _shape(connection) ^ _wanted_shape()), default="")
