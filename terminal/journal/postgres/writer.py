"""One task that appends in groups and follows what other instances wrote, in the order of the log.

Everything queued while the database commits shares the next statement. A connection that breaks during one leaves
an unknown commit: the rows are looked for on a new connection before anything else is done or told.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import asyncpg

from terminal.errors import JournalError, Unavailable
from terminal.journal.committer import Fault
from terminal.journal.failure import Fatal, refusal
from terminal.journal.postgres import log as database
from terminal.journal.postgres.hold import Hold
from terminal.journal.postgres.log import PAGE, Batch, Personal
from terminal.journal.postgres.place import LOST, Place, close
from terminal.journal.postgres.sealing import Asked, Sealer
from terminal.journal.postgres.view import View
from terminal.journal.records import BadRow, Chain, Row

log = logging.getLogger(__name__)
T = TypeVar("T")

GROUP_MAX: Final = 256  # appends that share one statement; more wait for the next
TRIES: Final = 50  # of one group among busy instances: each time it fails another one got on
RETRY_S: Final = 20.0  # how long a lost connection is tried again; the hold gives up earlier where it is alone
PAUSE_S: Final = 0.1
_INLINE: Final = 16  # rows that are sealed or followed on the loop; more go to a thread
_AGAIN: Final = (asyncpg.SerializationError, asyncpg.DeadlockDetectedError)  # 40001, 40P01: surely not recorded


@dataclass(frozen=True, slots=True)
class Job:
    """Upkeep in its turn between groups; may be run again after a lost connection."""

    run: Callable[[asyncpg.Connection], Awaitable[Any]]
    future: asyncio.Future[Any]


Item = Asked | Job


class Writer:
    """``run`` until it raises; ``submit`` from the same loop.

    Args:
        told: how many items were answered.
        foreign: hears of rows that another instance wrote, once they can be read here.
        upkeep: called after each turn, with whether nobody waits.
    """

    def __init__(
        self,
        place: Place,
        view: View,
        chain: Chain,
        hold: Hold,
        connection: asyncpg.Connection | None = None,
        *,
        fault: Fault,
        told: Callable[[int], None],
        foreign: Callable[[], None],
        upkeep: Callable[[bool], Awaitable[None]],
    ) -> None:
        self._place, self._view, self.chain, self._hold = place, view, chain, hold
        self._fault, self._told, self._tell_foreign, self._upkeep = fault, told, foreign, upkeep
        self._connection = connection
        self._sealer = Sealer(chain, view, hold)
        self._fence = 0
        self.shown = chain.number  # what reads here can see
        self._begun = False
        self._queue: deque[Item] = deque()
        self._doing: list[Item] = []  # taken from the queue and not answered yet
        self._wake = asyncio.Event()
        self._news = True
        self._ended: asyncio.Future[None] | None = None
        self.commits = 0

    # --- from outside ----------------------------------------------------------------------------------

    def submit(self, item: Item) -> None:
        self._queue.append(item)
        self._wake.set()

    def news(self, told: str = "") -> None:
        """``told``: the number another append ended with, our own ones included; anything else is worth a look."""
        if not (told.isdigit() and int(told) <= self.chain.number):
            self._news = True
            self._wake.set()

    def refuse_all(self, fatal: Fatal) -> None:
        """Who was in the group of an unknown commit hears so, who waited that nothing was done."""
        late = JournalError("journal_stopped", cause=fatal.slug)
        self._answer([(each, refusal(fatal)) for each in self._doing])
        self._answer([(each, late) for each in self._queue])
        self._doing = []
        self._queue.clear()

    async def stop(self) -> None:
        """Serve what is queued, then end."""
        self._ended = asyncio.get_running_loop().create_future()
        self._wake.set()
        await self._ended

    async def close(self) -> None:
        if self._connection is not None:
            connection, self._connection = self._connection, None
            await close(connection)

    def drop(self) -> None:
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None

    async def keep_up(self) -> None:
        """Before the hold is ours: as far as the log is now. Raises Fatal, JournalError."""
        await self._held_to_the_end(self.catch_up)

    async def begin(self) -> None:
        """The hold is ours: everything that was recorded before is seen before anything is decided."""
        await self.keep_up()
        self._fence, self._begun = max(self._fence, self._hold.fence), True

    async def run(self) -> None:
        """Raises Fatal, JournalError: nothing can be appended any more."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._queue or self._news:
                if self._news:
                    self._news = False
                    await self._held_to_the_end(self.catch_up)
                await self._turn()
            if self._ended is not None:
                self._ended.set_result(None)
                return

    # --- turns -----------------------------------------------------------------------------------------

    async def _turn(self) -> None:
        asked: list[Asked] = []
        while self._queue and len(asked) < GROUP_MAX and isinstance(self._queue[0], Asked):
            item = self._queue.popleft()
            assert isinstance(item, Asked)
            asked.append(item)
        self._doing = list(asked)
        if asked:
            await self._group(asked)
        elif self._queue:
            job = self._queue.popleft()
            assert isinstance(job, Job)
            self._doing = [job]
            await self._job(job)
        self._doing = []
        await self._upkeep(not self._queue)

    async def _job(self, job: Job) -> None:
        async def run() -> Any:
            return await job.run(await self._connected())

        try:
            self._answer([(job, await self._held_to_the_end(run))])
        except JournalError as error:
            if error.slug not in ("checkpoints_unusable",):
                raise
            self._answer([(job, error)])

    async def _group(self, asked: Sequence[Asked]) -> None:
        for _ in range(TRIES):
            sealed = await self._off(
                sum(len(each.unit.drafts) for each in asked), lambda: self._sealer.seal(asked)
            )
            if not sealed.batch.rows or await self._record(sealed.batch):
                break
            self._sealer.rewind(sealed)
            await self._held_to_the_end(self.catch_up)
        else:
            self._answer([(each, Unavailable("journal_busy", waiting=len(self._queue))) for each in asked])
            return
        if rows := sealed.batch.rows:
            self.commits += 1
            await self._off(len(rows), lambda: self._view.follow(rows, sealed.batch.personal, sealed.indexes))
            self.shown = rows[-1].number
        self._answer(list(zip(asked, sealed.outcomes, strict=True)))

    def _answer(self, results: Sequence[tuple[Item, Any]]) -> None:
        self._told(len(results))
        for item, value in results:
            if item.future.done():
                continue  # the caller was cancelled; the entry stands all the same
            if isinstance(value, BaseException):
                item.future.set_exception(value)
            else:
                item.future.set_result(value)

    async def _off(self, rows: int, work: Callable[[], T]) -> T:
        """Much work leaves the loop, little is done before a thread would have begun."""
        return work() if rows <= _INLINE else await asyncio.to_thread(work)

    # --- recording -------------------------------------------------------------------------------------

    async def _record(self, batch: Batch) -> bool:
        """True when it stands in the log, False when it surely does not and never will.

        Raises:
            Fatal: ``commit_unknown``, ``database_lost``; ``counter_lost``, ``journal_rolled_back`` and the disk's.
        """
        deadline_s = asyncio.get_running_loop().time() + RETRY_S
        doubt, tries = False, 0
        while True:
            try:
                connection = await self._connected()
                if doubt and (found := await self._found(connection, batch)) is not None:
                    return found
                self._fault("before_commit")
                doubt = True
                if await database.append(connection, self._place, batch, self._fence):
                    self._fault("after_commit")
                    return True
                return await self._moved(connection, batch)
            except _AGAIN as error:
                doubt, tries = False, tries + 1
                if tries > TRIES:
                    raise Fatal("journal_broken", str(error)) from error
            except LOST as error:
                self.drop()
                if asyncio.get_running_loop().time() > deadline_s:
                    raise Fatal("commit_unknown" if doubt else "database_lost", str(error)) from error
                await asyncio.sleep(PAUSE_S)
            except asyncpg.PostgresError as error:
                raise _fatal(error) from error

    async def _found(self, connection: asyncpg.Connection, batch: Batch) -> bool | None:
        """Whether these rows stand in the log; None while their place is free, so that they may be sent again."""
        there = await database.rows_after(connection, batch.number, limit=1)
        return there[0].hash == batch.rows[0].hash if there else None

    async def _moved(self, connection: asyncpg.Connection, batch: Batch) -> bool:
        """The log stood elsewhere: by another instance, by a change of hands, or by our own earlier sending."""
        now = await database.stand(connection, self._hold.streams, self._hold.fence)
        if now.held != len(self._hold.streams):
            raise Fatal("counter_lost", "taken over")
        if now.number < batch.number:
            raise Fatal("journal_rolled_back", f"{now.number} of {batch.number}")
        self._fence = now.fence
        return bool(await self._found(connection, batch))

    async def _connected(self) -> asyncpg.Connection:
        if self._connection is None or self._connection.is_closed():
            self._connection = await self._place.connect()
        return self._connection

    async def _held_to_the_end(self, work: Callable[[], Awaitable[T]]) -> T:
        """Do what may be done twice, again after a lost connection, for RETRY_S. Raises Fatal."""
        deadline_s = asyncio.get_running_loop().time() + RETRY_S
        while True:
            try:
                return await work()
            except LOST as error:
                self.drop()
                if asyncio.get_running_loop().time() > deadline_s:
                    raise Fatal("database_lost", str(error)) from error
                await asyncio.sleep(PAUSE_S)
            except asyncpg.PostgresError as error:
                raise _fatal(error) from error

    # --- following -------------------------------------------------------------------------------------

    async def catch_up(self) -> None:
        """Verify and show what other instances wrote. Raises JournalError("journal_damaged"), LOST."""
        connection = await self._connected()
        while rows := await database.rows_after(connection, self.chain.number):
            personal = await database.personal_of(connection, rows[0].number, rows[-1].number)
            await self._off(len(rows), lambda: self._follow(rows, personal))  # noqa: B023  # awaited at once
            self.shown = rows[-1].number
            self._sealer.saw(rows)
            if self._begun and any(row.stream in self._hold.streams for row in rows):
                raise Fatal("counter_lost", "another instance wrote for it")
            self._tell_foreign()
            await self._upkeep(False)
            if len(rows) < PAGE:
                break
        if gone := await database.erasures_after(connection, self._view.erased()):
            await asyncio.to_thread(self._view.erase, [subject for _, subject in gone], gone[-1][0])

    def _follow(self, rows: Sequence[Row], personal: Sequence[Personal]) -> None:
        follow(self.chain, rows)
        self._view.follow(rows, personal)


def follow(chain: Chain, rows: Sequence[Row]) -> None:
    """Raises JournalError("journal_damaged") for a row that does not fit its chain."""
    try:
        for row in rows:
            chain.follow(row)
    except BadRow as bad:
        raise JournalError("journal_damaged", number=bad.number, reason=bad.reason) from bad


def _fatal(error: asyncpg.PostgresError) -> Fatal:
    if isinstance(error, asyncpg.DiskFullError | asyncpg.OutOfMemoryError):
        return Fatal("disk_full", str(error))
    if isinstance(error, asyncpg.IntegrityConstraintViolationError | asyncpg.DataCorruptedError):
        return Fatal("journal_corrupt", str(error))  # somebody wrote beside us, around the log's one row
    return Fatal("journal_broken", f"{type(error).__name__}: {error}")
