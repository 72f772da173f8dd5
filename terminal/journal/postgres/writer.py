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
from terminal.journal.beside import in_thread
from terminal.journal.committer import Fault
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
PAUSE_S: Final = 0.05
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
        *,
        connection: asyncpg.Connection,
        run: int,
        fault: Fault,
        told: Callable[[int], None],
        foreign: Callable[[Sequence[Row]], None],
        upkeep: Callable[[bool], Awaitable[None]],
    ) -> None:
        self._place, self._view, self.chain, self._hold = place, view, chain, hold
        self._fault, self._told, self._tell_foreign, self._upkeep = fault, told, foreign, upkeep
        self._connection: asyncpg.Connection | None = connection
        self._run = run
        self._sealer = Sealer(chain, view, hold)
        self._fence = 0
        self.shown = chain.number  # what reads here can see
        self._begun = False
        self._queue: deque[Item] = deque()
        self._doing: list[Item] = []  # taken from the queue and not answered yet
        self._erasures = True  # whether there may be some
        self._doubt = False  # whether what is being recorded may stand already
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
        if told.isdigit() and int(told) <= self.chain.number:
            return
        self._erasures = self._erasures or not told.isdigit()
        self._news = True
        self._wake.set()

    def refuse_all(self, reason: JournalError) -> None:
        """Who was in the group of an unknown commit hears so, who waited that nothing was done."""
        late = JournalError("journal_stopped", cause=reason.slug)
        mine = JournalError("commit_unknown", cause=reason.slug) if self._doubt else reason
        self._answer([(each, mine) for each in self._doing])
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
        """Before the hold is ours: as far as the log is now. Raises JournalError."""
        await self._held_to_the_end(self.catch_up)

    async def begin(self) -> None:
        """The hold is ours: everything that was recorded before is seen before anything is decided."""
        await self.keep_up()
        self._fence, self._begun = max(self._fence, self._hold.fence), True

    async def run(self) -> None:
        """Raises JournalError: nothing can be appended any more."""
        try:
            while self._ended is None or self._queue:
                await self._wake.wait()
                self._wake.clear()
                while self._queue or self._news:
                    if self._news:
                        self._news = False
                        await self._held_to_the_end(self.catch_up)
                    await self._turn()
        finally:
            if self._ended is not None and not self._ended.done():
                self._ended.set_result(None)

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
            for each, outcome in zip(asked, sealed.outcomes, strict=True):
                if not isinstance(outcome, Exception):
                    each.unit.begins()
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
            if isinstance(item, Asked):
                item.unit.ended(value if isinstance(value, Exception) else None)
            if item.future.done():
                continue  # the caller was cancelled; the entry stands all the same
            if isinstance(value, BaseException):
                item.future.set_exception(value)
            else:
                item.future.set_result(value)

    async def _off(self, rows: int, work: Callable[[], T]) -> T:
        """Much work leaves the loop, little is done before a thread would have begun."""
        return work() if rows <= _INLINE else await in_thread(work)

    # --- recording -------------------------------------------------------------------------------------

    async def _record(self, batch: Batch) -> bool:
        """True when it stands in the log, False when it surely does not and never will.

        Raises:
            JournalError: ``database_lost``, in doubt (``refuse_all``) or not; ``counter_lost``,
                ``journal_rolled_back``, and the database's own failures.
        """
        deadline_s = asyncio.get_running_loop().time() + RETRY_S
        tries, self._doubt = 0, False
        while True:
            try:
                connection = await self._connected()
                if self._doubt and (found := await self._found(connection, batch)) is not None:
                    self._doubt = False
                    return found
                self._fault("before_commit")
                self._doubt = True
                if await database.append(connection, self._place, batch, self._fence, self._run):
                    self._fault("after_commit")
                    self._doubt = False
                    return True
                moved = await self._moved(connection, batch)
                self._doubt = False
                return moved
            except _AGAIN as error:
                self._doubt, tries = False, tries + 1
                if tries > TRIES:
                    raise _failure(error) from error
            except LOST as error:
                self.drop()
                if asyncio.get_running_loop().time() > deadline_s:
                    raise self._lost(error) from error
                await asyncio.sleep(PAUSE_S)
            except asyncpg.PostgresError as error:
                self._doubt = False  # the server answered: nothing of this statement stands
                raise _failure(error) from error

    async def _found(self, connection: asyncpg.Connection, batch: Batch) -> bool | None:
        """Whether these rows stand in the log; None while their place is free, so that they may be sent again."""
        run = await database.run_of(connection, batch.number + 1)
        return None if run is None else run == self._run

    async def _moved(self, connection: asyncpg.Connection, batch: Batch) -> bool:
        """The log stood elsewhere: by another instance, by a change of hands, or by our own earlier sending."""
        now = await database.stand(connection, self._hold.streams, self._hold.fence)
        if now.held != len(self._hold.streams):
            raise JournalError("counter_lost", why="taken over")
        if now.number < batch.number:
            raise JournalError("journal_rolled_back", found=now.number, checkpoint=batch.number, why="shorter")
        self._fence = now.fence
        return bool(await self._found(connection, batch))

    async def _connected(self) -> asyncpg.Connection:
        if self._connection is None or self._connection.is_closed():
            self._connection = await self._place.connect()
        return self._connection

    async def _held_to_the_end(self, work: Callable[[], Awaitable[T]]) -> T:
        """Do what may be done twice, again after a lost connection, for RETRY_S. Raises JournalError."""
        deadline_s = asyncio.get_running_loop().time() + RETRY_S
        while True:
            try:
                return await work()
            except LOST as error:
                self.drop()
                if asyncio.get_running_loop().time() > deadline_s:
                    raise self._lost(error) from error
                await asyncio.sleep(PAUSE_S)
            except asyncpg.PostgresError as error:
                raise _failure(error) from error

    def _lost(self, error: BaseException) -> JournalError:
        return JournalError("database_lost", place=self._place.told, detail=str(error) or type(error).__name__)

    # --- following -------------------------------------------------------------------------------------

    async def catch_up(self) -> None:
        """Verify and show what other instances wrote. Raises JournalError("journal_damaged"), LOST."""
        connection = await self._connected()
        while rows := await database.rows_after(connection, self.chain.number):
            personal = await database.personal_of(connection, rows)
            await self._off(len(rows), lambda: self._follow(rows, personal))  # noqa: B023  # awaited at once
            self.shown = rows[-1].number
            self._sealer.saw(rows)
            if self._begun and any(row.stream in self._hold.streams for row in rows):
                raise JournalError("counter_lost", why="another instance wrote for it")
            if self._begun:
                self._tell_foreign(rows)
            await self._upkeep(False)
            if len(rows) < PAGE:
                break
        if self._erasures:
            await self._erase(connection)

    async def _erase(self, connection: asyncpg.Connection) -> None:
        if gone := await database.erasures_after(connection, self._view.erased()):
            await in_thread(lambda: self._view.erase(gone))
        self._erasures = False

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


def _failure(error: asyncpg.PostgresError) -> JournalError:
    if isinstance(error, asyncpg.DiskFullError | asyncpg.OutOfMemoryError):
        return JournalError("disk_full", detail=str(error))
    if isinstance(error, asyncpg.IntegrityConstraintViolationError | asyncpg.DataCorruptedError):
        return JournalError(
            "journal_corrupt", detail=str(error)
        )  # somebody wrote beside us, around the log's one row
    return JournalError("journal_broken", detail=f"{type(error).__name__}: {error}")
