"""A journal moves from its file into PostgreSQL: the same events, the same hashes, and both ends compared.

It can be killed anywhere and run again: what is there is compared, and the rest follows. The file keeps its
content under another name, so that no service goes on with it by mistake.
"""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import apsw
import asyncpg

from terminal.errors import JournalError
from terminal.journal.checkpoints import Checkpoint, read_checkpoints
from terminal.journal.keys import JournalKeys
from terminal.journal.lock import InstanceLock
from terminal.journal.place import side
from terminal.journal.postgres import log as database
from terminal.journal.postgres.log import PAGE, Batch
from terminal.journal.postgres.place import LOST, Place, close
from terminal.journal.postgres.schema import COPYING, compare, facts_of, migrate, owner
from terminal.journal.postgres.start import reach
from terminal.journal.postgres.verify import LogExamination
from terminal.journal.projection import parse
from terminal.journal.records import Chain, Identity, Row, decode
from terminal.journal.schema import connect, refuse_newer
from terminal.journal.verify import Examination
from terminal.whole_file import sync_folder

MOVED: Final = ".moved"
_ROWS: Final = "SELECT * FROM event WHERE number > ? ORDER BY number LIMIT ?"
_CLEAR: Final = "SELECT number, name, subject, key_id, hidden FROM personal WHERE number BETWEEN ? AND ?"


@dataclass(frozen=True, slots=True)
class Moved:
    events: int
    kept: Path  # the file, under its new name


async def move(
    path: Path,
    checkpoints: Path,
    place: Place,
    identity: Identity,
    keys: JournalKeys,
    *,
    step: Callable[[int, int], None] = lambda _done, _of: None,
) -> Moved:
    """Copy the journal at ``path`` into an empty schema, verify it there, and put the file aside.

    Args:
        step: told how many of how many events are there, after each page.

    Raises:
        JournalError: ``journal_in_use`` (stop the service first), ``journal_damaged``, ``journal_not_empty``,
            ``journal_other_shop``, ``database_lost`` (run it again), and as ``reach`` and ``migrate``.
    """
    with ExitStack() as stack:
        lock = InstanceLock.take(side(path, ".lock"))
        stack.callback(lock.release)
        source = connect(path, read_only=True)
        stack.callback(source.close)
        refuse_newer(source)
        signed = read_checkpoints(checkpoints, keys.signer.public_key())
        facts = {str(name): str(value) for name, value in source.execute("SELECT name, value FROM fact")}
        compare(facts, owner(identity))
        chain = _sound(source, keys, signed)
        connection = await reach(place)
        try:
            await migrate(connection, place)
            await _prepare(connection, facts, chain.number)
            await _copy(source, connection, place, chain.number, step)
            await _same(connection, place, keys, signed, chain)
            await connection.execute("DELETE FROM fact WHERE name = $1", COPYING)
        except LOST as error:
            raise JournalError("database_lost", place=place.told, detail=str(error)) from error
        finally:
            await close(connection)
        source.close()
        return Moved(chain.number, _put_aside(path))


def _sound(source: apsw.Connection, keys: JournalKeys, signed: tuple[Checkpoint, ...]) -> Chain:
    examination = Examination(source, keys, signed, views=True)
    examination.pages()
    if examination.report.sound:
        for _step in examination.steps():
            pass
    report = examination.report
    if not report.sound:
        raise JournalError("journal_damaged", number=report.first_bad, reason=report.reason)
    return examination.chain


async def _prepare(connection: asyncpg.Connection, facts: dict[str, str], last: int) -> None:
    """An empty target, or one with this very journal, begun or whole. Raises JournalError("journal_not_empty")."""
    async with connection.transaction():
        await connection.execute("SELECT 1 FROM log FOR UPDATE")
        there = await facts_of(connection)
        events = (await database.stand(connection, (), 0)).number
        mine = there.get("database") == facts["database"] and (COPYING in there or events == last)
        if (there or events) and not mine:
            raise JournalError("journal_not_empty", events=events)
        if not there:
            rows = [*facts.items(), (COPYING, "from a file")]
            await connection.executemany("INSERT INTO fact VALUES ($1, $2)", rows)


async def _copy(
    source: apsw.Connection,
    connection: asyncpg.Connection,
    place: Place,
    last: int,
    step: Callable[[int, int], None],
) -> None:
    run = await database.new_run(connection)
    while (now := await database.stand(connection, (), 0)).number < last:
        rows = tuple(Row._make(values) for values in source.execute(_ROWS, (now.number, PAGE)))
        claims = []
        for row in rows:
            index = parse(decode(row.body), row.counter)
            claims += [(*claim, row.number) for claim in index.claims] if index else []
        clear = source.execute(_CLEAR, (rows[0].number, rows[-1].number)).fetchall()
        batch = Batch(now.number, rows, tuple(claims), tuple(tuple(each) for each in clear))  # type: ignore[misc]  # of the table's types
        await database.append(connection, place, batch, now.fence, run)
        step(rows[-1].number, last)


async def _same(
    connection: asyncpg.Connection, place: Place, keys: JournalKeys, signed: tuple[Checkpoint, ...], chain: Chain
) -> None:
    """Read everything back. Raises JournalError("journal_damaged")."""
    there = LogExamination(connection, place, keys, signed)
    async for _page in there.steps():
        pass
    if not there.report.sound:
        raise JournalError("journal_damaged", number=there.report.first_bad, reason=there.report.reason)
    if (there.chain.number, there.chain.digest, there.chain.root()) != (chain.number, chain.digest, chain.root()):
        raise JournalError("journal_damaged", number=there.chain.number, reason="not the same")


def _put_aside(path: Path) -> Path:
    kept = side(path, MOVED)
    for ending in ("-wal", "-shm", ""):
        if side(path, ending).exists():
            side(path, ending).rename(side(kept, ending))
    sync_folder(path.parent)
    return kept
