"""From a file to a chain that can be trusted: identity, heads, and every row since the last signed checkpoint."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import apsw

from terminal.counter.ports import Clock, Entropy
from terminal.errors import JournalError
from terminal.journal.checkpoints import Checkpoint, Checkpoints
from terminal.journal.failure import diagnose, refusal
from terminal.journal.keys import JournalKeys
from terminal.journal.lock import InstanceLock
from terminal.journal.place import prepare, side
from terminal.journal.records import BadRow, Chain, Head, Identity, Row
from terminal.journal.recover import mark_suspect, salvage
from terminal.journal.schema import altered, connect, harden, migrate

# A loose index scan: one step per stream, not one per row, so that the start does not grow with the log.
_STREAMS = """WITH RECURSIVE stream (name) AS (
    SELECT min(stream) FROM event
    UNION ALL SELECT (SELECT min(stream) FROM event WHERE stream > name) FROM stream WHERE name IS NOT NULL)
    SELECT name FROM stream WHERE name IS NOT NULL"""
_HEAD = "SELECT position, hash FROM event WHERE stream = ? ORDER BY position DESC LIMIT 1"
_BEFORE = "SELECT hash FROM event WHERE stream = ? AND position = ?"


@dataclass(frozen=True, slots=True)
class Ground:
    """A journal that passed every check of the start: locked, hardened, migrated, its chain's end known."""

    path: Path
    lock: InstanceLock
    connection: apsw.Connection  # the only one that writes
    reading: apsw.Connection
    chain: Chain
    checkpoints: Checkpoints
    database: str  # its id, in every checkpoint


def take(
    path: Path,
    signed: Path,
    identity: Identity,
    clock: Clock,
    entropy: Entropy,
    keys: JournalKeys,
    *,
    fault: Callable[[str], None],
    vfs: str = "",
) -> Ground:
    """Open or make the journal at ``path`` for this process alone.

    Raises:
        JournalError: ``journal_in_use``, ``journal_place``, ``journal_corrupt``, ``journal_pragma``,
            ``journal_newer``, ``journal_altered``, ``journal_other_shop``, ``journal_rolled_back``,
            ``checkpoints_missing``, ``checkpoints_damaged``, ``checkpoints_unusable``, ``journal_damaged``,
            ``journal_salvage_failed``, ``journal_locked``, ``disk_full``, ``journal_broken``.
    """
    prepare(path)
    lock = InstanceLock.take(side(path, ".lock"))
    connection: apsw.Connection | None = None
    try:
        salvage(path, keys, signed)
        connection = connect(path, vfs=vfs)
        harden(connection)
        migrate(connection, fault)
        if name := altered(connection):
            raise JournalError("journal_altered", name=name)
        database = introduce(connection, identity, entropy)
        checkpoints = Checkpoints(signed, keys.signer)
        chain = resume(connection, keys, database, checkpoints.last)
        if checkpoints.last is None:
            checkpoints.append(chain, database=database, wall_ms=clock.wall_ms(), kind="first")
        reading = connect(path, vfs=vfs, read_only=True)
    except BaseException as error:
        failure = _failure(path, error, connection)
        if connection:
            connection.close(True)
        lock.release()
        if failure:
            raise failure from error
        raise
    return Ground(path, lock, connection, reading, chain, checkpoints, database)


def _failure(path: Path, error: BaseException, connection: apsw.Connection | None) -> JournalError | None:
    """Name what SQLite or the system raised, and leave the marker if the disk itself failed."""
    if isinstance(error, apsw.BusyError):
        return JournalError("journal_locked")
    if isinstance(error, JournalError) and error.slug == "journal_broken":
        mark_suspect(path, error.slug)
    if not isinstance(error, apsw.Error | OSError):
        return None
    fatal = diagnose(error, connection.system_errno if connection else 0, "journal_broken")
    if fatal.damaged:
        mark_suspect(path, fatal.slug)
    return refusal(fatal)


def last_number(connection: apsw.Connection) -> int:
    number: int = connection.execute("SELECT coalesce(max(number), 0) FROM event").get
    return number


def introduce(connection: apsw.Connection, identity: Identity, entropy: Entropy) -> str:
    """Write who owns a new file, or compare; returns the database's own id.

    Raises:
        JournalError("journal_other_shop", what=…, found=…, wanted=…): merchant, store or ledger differ (F1, I25).
    """
    facts = {str(name): str(value) for name, value in connection.execute("SELECT name, value FROM fact")}
    wanted = {"merchant": identity.merchant, "store": identity.store, "ledger": str(identity.ledger)}
    if not facts:
        facts = {**wanted, "database": entropy.bytes(16).hex()}
        with connection:
            connection.executemany("INSERT INTO fact VALUES (?, ?)", facts.items())
    for name, value in wanted.items():
        if facts.get(name) != value:
            raise JournalError("journal_other_shop", what=name, found=facts.get(name, ""), wanted=value)
    if "database" not in facts:
        raise JournalError("journal_corrupt", detail="the database has no id")
    return facts["database"]


def resume(connection: apsw.Connection, keys: JournalKeys, database: str, checkpoint: Checkpoint | None) -> Chain:
    """The chain's end, every row after ``checkpoint`` verified.

    Raises:
        JournalError: ``journal_rolled_back`` (the checkpoint is from the file's future, or of another history),
            ``checkpoints_missing``, ``journal_damaged`` with the first bad row.
    """
    last = last_number(connection)
    if checkpoint is None:
        if last:
            raise JournalError("checkpoints_missing", events=last)
        return Chain(keys)
    if checkpoint.database != database:
        raise JournalError("journal_rolled_back", found=last, checkpoint=checkpoint.number, why="other_file")
    if checkpoint.number > last:
        raise JournalError("journal_rolled_back", found=last, checkpoint=checkpoint.number, why="shorter")
    rows = [
        Row(*values)
        for values in connection.execute(
            "SELECT * FROM event WHERE number > ? ORDER BY number", (checkpoint.number,)
        )
    ]
    chain = Chain(keys, checkpoint.number, bytes.fromhex(checkpoint.digest), _heads(connection, rows))
    if chain.root().hex() != checkpoint.root:
        raise JournalError("journal_rolled_back", found=last, checkpoint=checkpoint.number, why="other_history")
    try:
        for row in rows:
            chain.follow(row)
    except BadRow as bad:
        raise JournalError("journal_damaged", number=bad.number, reason=bad.reason) from bad
    return chain


def _heads(connection: apsw.Connection, later: list[Row]) -> dict[str, Head]:
    """Every stream's head as it was before the rows in ``later``."""
    first: dict[str, int] = {}
    for row in later:
        first.setdefault(row.stream, row.position)
    heads: dict[str, Head] = {}
    streams: list[tuple[str]] = connection.execute(_STREAMS).fetchall()  # type: ignore[assignment]  # a text column
    for (stream,) in streams:
        if stream not in first:
            position, value = connection.execute(_HEAD, (stream,)).get
            heads[stream] = Head(position, value)
        elif first[stream] > 1:
            found = connection.execute(_BEFORE, (stream, first[stream] - 1)).get
            heads[stream] = Head(first[stream] - 1, found or b"")
    return heads
