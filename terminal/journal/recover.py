"""After a failed disk, or after a person put back an older copy: how a journal gets going again.

A handle whose commit or sync failed proves nothing, and a second sync may claim success having written nothing.
So the next process reads the disk again and goes on with a copy that it has verified from the first row.
"""

import logging
import os
from pathlib import Path
from typing import Final

import apsw

from terminal.counter.ports import Clock
from terminal.errors import JournalError
from terminal.journal.checkpoints import Checkpoint, Checkpoints, read_checkpoints
from terminal.journal.keys import JournalKeys
from terminal.journal.place import side
from terminal.journal.projection import empty, project_all
from terminal.journal.records import Chain, Row
from terminal.journal.schema import connect, harden, refuse_newer
from terminal.journal.verify import examine
from terminal.whole_file import sync_folder

log = logging.getLogger(__name__)

SUSPECT: Final = ".suspect"  # marker: the last process saw an I/O error
COPY: Final = ".copy"  # being written
VERIFIED: Final = ".verified"  # the copy is whole and checked: it only needs to take the name
_KEPT_MAX: Final = 1000


def mark_suspect(path: Path, why: str) -> None:
    """Best effort: the disk just failed. Without the marker the start still verifies what it reads."""
    try:
        descriptor = os.open(side(path, SUSPECT), os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            os.write(descriptor, why.encode() + b"\n")
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        log.error("could not leave a marker beside %s: %s", path, error)


def salvage(path: Path, keys: JournalKeys, checkpoints: Path) -> None:
    """If the marker is there, replace the database by a verified copy. Can be killed anywhere and run again.

    The damaged files are kept under another name; a person deletes them.

    Raises:
        JournalError("journal_salvage_failed"): the copy could not be made or is not sound: stay closed.
    """
    if not side(path, VERIFIED).exists():
        if not side(path, SUSPECT).exists():
            return
        _copy(path, keys, read_checkpoints(checkpoints, keys.signer.public_key()))
    kept = _free_name(path)
    for ending in ("-wal", "-shm", ""):
        if side(path, ending).exists():
            side(path, ending).rename(side(kept, ending))
    side(path, VERIFIED).rename(path)
    sync_folder(path.parent)
    side(path, SUSPECT).unlink(missing_ok=True)
    sync_folder(path.parent)
    log.warning("the journal goes on from a verified copy; the damaged one is %s", kept)


def _copy(path: Path, keys: JournalKeys, checkpoints: tuple[Checkpoint, ...]) -> None:
    copy = side(path, COPY)
    for ending in ("", "-wal", "-shm", "-journal"):
        side(copy, ending).unlink(missing_ok=True)
    try:
        damaged = connect(path)
        try:
            refuse_newer(damaged)
            damaged.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
            damaged.execute("VACUUM INTO ?", (str(copy),))
        finally:
            damaged.close()
        copy.chmod(0o600)
        fresh = connect(copy)
        try:
            _renew(fresh, keys, checkpoints)
        finally:
            fresh.close()
    except (apsw.Error, OSError) as error:
        raise JournalError("journal_salvage_failed", detail=str(error)) from error
    _sync(copy)
    copy.rename(side(path, VERIFIED))
    sync_folder(path.parent)


def _renew(copy: apsw.Connection, keys: JournalKeys, checkpoints: tuple[Checkpoint, ...]) -> None:
    """The log must be sound; the views are cheaper to make again than to trust."""
    report = examine(copy, keys, checkpoints, views=False)
    if not report.sound:
        raise JournalError("journal_salvage_failed", detail=f"{report.reason} at {report.first_bad}")
    with copy:
        rebuild(copy)


def rebuild(connection: apsw.Connection) -> None:
    """Make every view again from the log, inside the caller's transaction."""
    empty(connection)
    for _number in project_all(connection, connection):
        pass


def accept(path: Path, keys: JournalKeys, clock: Clock, *, checkpoints: Path | None = None) -> int:
    """A person says that this older copy is the journal now; returns its last number.

    Run with the service stopped. The whole chain must be sound; what is signed beyond it is given up on record.

    Raises:
        JournalError("journal_damaged"): not a sound prefix of what was signed.
    """
    file = checkpoints or side(path, ".checkpoints")
    connection = connect(path)
    try:
        harden(connection)
        chain = Chain(keys)
        last: int = connection.execute("SELECT coalesce(max(number), 0) FROM event").get
        known = read_checkpoints(file, keys.signer.public_key())
        report = examine(connection, keys, [each for each in known if each.number <= last])
        if not report.sound:
            raise JournalError("journal_damaged", number=report.first_bad, reason=report.reason)
        for values in connection.execute("SELECT * FROM event ORDER BY number"):
            chain.follow(Row(*values))
        database: str = connection.execute("SELECT value FROM fact WHERE name = 'database'").get
        Checkpoints(file, keys.signer).append(chain, database=database, wall_ms=clock.wall_ms(), kind="restored")
    finally:
        connection.close()
    return chain.number


def _free_name(path: Path) -> Path:
    for number in range(1, _KEPT_MAX):
        kept = side(path, f".damaged-{number}")
        if not any(side(kept, ending).exists() for ending in ("", "-wal", "-shm")):
            return kept
    raise JournalError("journal_salvage_failed", detail=f"{_KEPT_MAX} damaged copies are already kept")


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
