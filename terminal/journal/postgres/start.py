"""From a database and a view to a chain that can be trusted: the history seen before, every new row verified."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import asyncpg

from terminal.counter.ports import Entropy
from terminal.errors import JournalError
from terminal.journal.checkpoints import Checkpoint, Checkpoints
from terminal.journal.keys import JournalKeys
from terminal.journal.lock import InstanceLock
from terminal.journal.place import prepare, side
from terminal.journal.postgres import log as database
from terminal.journal.postgres.log import PAGE
from terminal.journal.postgres.place import LOST, Place, close
from terminal.journal.postgres.schema import introduce, migrate
from terminal.journal.postgres.view import View
from terminal.journal.records import Chain, Identity
from terminal.journal.start import resume

JOINED: Final = "joined"  # a fact of a view whose first checkpoint was signed


@dataclass(frozen=True, slots=True)
class Ground:
    """A journal that passed every check of the start; its counters are not taken yet."""

    lock: InstanceLock
    connection: asyncpg.Connection
    view: View
    chain: Chain
    checkpoints: Checkpoints
    database: str  # its id, in every checkpoint
    run: int  # the number of this start, in every row that it writes

    def let_go(self) -> None:
        self.connection.terminate()
        self.view.close()
        self.lock.release()


async def take(
    place: Place, path: Path, signed: Path, identity: Identity, entropy: Entropy, keys: JournalKeys
) -> Ground:
    """Reach the database, make its tables at the first time, and open this instance's view at ``path``.

    Raises:
        JournalError: as ``reach``, ``migrate``, ``introduce``, ``resume_view``; ``journal_in_use``,
            ``journal_place``, ``checkpoints_damaged``, ``checkpoints_unusable``.
    """
    prepare(path)
    lock = InstanceLock.take(side(path, ".lock"))
    connection: asyncpg.Connection | None = None
    view: View | None = None
    try:
        connection = await reach(place)
        await migrate(connection, place)
        name = await introduce(connection, identity, entropy)
        checkpoints = Checkpoints(signed, keys.signer)
        view = View(path)
        if checkpoints.last is None and view.last().number and not view.fact(JOINED):
            view.renew()  # we were killed while it saw the log for the first time
        chain = await resume_view(connection, view, keys, name, checkpoints.last)
        run = await database.new_run(connection)
    except BaseException as error:
        if connection is not None:
            connection.terminate()
        if view is not None:
            view.close()
        lock.release()
        if isinstance(error, LOST):
            raise JournalError("database_lost", place=place.told, detail=str(error)) from error
        raise
    return Ground(lock, connection, view, chain, checkpoints, name, run)


async def resume_view(
    connection: asyncpg.Connection, view: View, keys: JournalKeys, name: str, checkpoint: Checkpoint | None
) -> Chain:
    """The chain at the view's end, with every row after ``checkpoint`` verified; the caller follows the rest.

    Args:
        name: the database's id.

    Raises:
        JournalError: ``journal_rolled_back``, ``checkpoints_missing``, ``journal_damaged``, ``journal_broken``.
    """
    view.introduce(name)
    await _same_history(connection, view)
    if checkpoint is None:
        if view.last().number and view.fact(JOINED):
            raise JournalError("checkpoints_missing", events=view.last().number)
        return Chain(keys)
    while (at := view.last().number) < checkpoint.number:
        limit = min(PAGE, checkpoint.number - at)
        if not (rows := await database.rows_after(connection, at, limit=limit)):
            break  # then there is less than was signed, which the next line refuses
        personal = await database.personal_of(connection, rows)
        await asyncio.to_thread(view.follow, rows, personal)
    return await asyncio.to_thread(resume, view.connection, keys, name, checkpoint)


async def _same_history(connection: asyncpg.Connection, view: View) -> None:
    """A view is a witness: what it saw committed must still be there."""
    last = view.last()
    if not last.number:
        return
    there = await database.rows_after(connection, last.number - 1, limit=1)
    if not there:
        found = (await database.stand(connection, (), 0)).number
        raise JournalError("journal_rolled_back", found=found, checkpoint=last.number, why="shorter")
    if there[0].hash != last.hash:
        raise JournalError("journal_rolled_back", found=last.number, checkpoint=last.number, why="other_history")


async def is_new(place: Place) -> bool:
    """Whether no event was ever recorded there: only then keys may be made. Raises JournalError as ``reach``."""
    connection = await reach(place)
    try:
        if not await connection.fetchval("SELECT to_regclass($1) IS NOT NULL", f'"{place.schema}".log'):
            return True
        return (await database.stand(connection, (), 0)).number == 0
    finally:
        await close(connection)


async def reach(place: Place) -> asyncpg.Connection:
    """Raises JournalError: ``database_lost``, and as ``Place.connect``."""
    try:
        return await place.connect()
    except LOST as error:
        raise JournalError("database_lost", place=place.told, detail=str(error) or type(error).__name__) from error


def view_beside(folder: Path) -> Path:
    """Where an instance keeps its view: commands read it beside the service."""
    return folder / "journal.view.db"
