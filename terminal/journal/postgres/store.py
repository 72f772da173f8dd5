"""The journal in PostgreSQL: the log and its claims are the database's, reads come from this instance's own view.

Satisfies ``terminal.counter.ports.Journal`` as ``SqliteJournal`` does. Several instances may share one database;
each holds the counters it serves, and another one may stand by for them.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import asyncpg

from terminal.counter.ports import Clock, Entropy, Ticket
from terminal.errors import JournalError, Unavailable
from terminal.journal.beside import REST, ROWS, SIGNATURES, in_bites, in_thread
from terminal.journal.checkpoints import EVERY, Checkpoint, Kind, verified
from terminal.journal.committer import EVENTS_MAX, Drafter, Fault, Unit
from terminal.journal.failure import Fatal, refusal
from terminal.journal.keys import JournalKeys
from terminal.journal.place import side
from terminal.journal.postgres import log as database
from terminal.journal.postgres.hold import Hold, Pace
from terminal.journal.postgres.place import Place
from terminal.journal.postgres.sealing import Asked
from terminal.journal.postgres.start import JOINED, Ground, take
from terminal.journal.postgres.verify import verify_log
from terminal.journal.postgres.writer import Item, Job, Writer
from terminal.journal.reader import Upcasters
from terminal.journal.reads import Reads
from terminal.journal.records import Identity, Row, event_of
from terminal.journal.recover import mark_suspect
from terminal.journal.schema import connect
from terminal.journal.sqlite import CLOSE_S, QUEUE_MAX, no_fault
from terminal.journal.verify import Examination, Report
from terminal.payments.event import Event, NewEvent

log = logging.getLogger(__name__)
PACE: Final = Pace()


class PostgresJournal(Reads):
    """Made by ``open``; an async context manager that closes itself."""

    def __init__(
        self,
        place: Place,
        ground: Ground,
        drafter: Drafter,
        keys: JournalKeys,
        *,
        clock: Clock,
        queue_max: int,
        close_s: float,
        upcasters: Upcasters | None,
    ) -> None:
        super().__init__(ground.view.reading, keys, upcasters, self._unreadable)
        self._place, self._view, self._lock, self._checkpoints = (
            place,
            ground.view,
            ground.lock,
            ground.checkpoints,
        )
        self._drafter, self._name, self._clock = drafter, ground.database, clock
        self._queue_max, self._close_s = queue_max, close_s
        self._waiting = 0
        self._closed = self._released = False
        self._dead: JournalError | None = None
        self._failed = asyncio.Event()
        self._sign_at = self._signed() + EVERY
        self._life: asyncio.Task[None] | None = None
        self.on_foreign: Callable[[Sequence[Event]], None] = lambda _events: None
        """Hears another instance's events once they can be read here."""
        self._writer: Writer
        self._hold: Hold

    @classmethod
    async def open(
        cls,
        place: Place,
        view: Path,
        *,
        identity: Identity,
        clock: Clock,
        entropy: Entropy,
        keys: JournalKeys,
        counters: Sequence[str] = (),
        standby: bool = False,
        instance: str = "",
        pace: Pace = PACE,
        checkpoints: Path | None = None,
        fault: Fault = no_fault,
        queue_max: int = QUEUE_MAX,
        close_s: float = CLOSE_S,
        upcasters: Upcasters | None = None,
    ) -> Self:
        """Open or make the journal, and take the counters.

        Args:
            view: the SQLite file of this instance's view; the lock and the signed checkpoints stand beside it.
            counters: ids of those that this instance serves; nobody else can append to their streams meanwhile.
            standby: wait while another instance has one of them, instead of refusing.
            instance: our name, which others are told.
            fault: called at ``before_commit`` and ``after_commit``.

        Raises:
            JournalError: as ``Place.connect``, ``migrate``, ``introduce``, ``resume_view`` and ``Hold.take``.
        """
        signed = checkpoints or side(view, ".checkpoints")
        ground = await take(place, view, signed, identity, entropy, keys)
        journal = cls(
            place, ground, Drafter(identity, keys, clock, entropy), keys,
            clock=clock, queue_max=queue_max, close_s=close_s, upcasters=upcasters,
        )  # fmt: skip
        streams = [f"counter:{each}" for each in counters]
        journal._hold = Hold(place, streams, f"store:{identity.store}", instance, journal._news, pace)
        try:
            await journal._begin(ground, fault, standby)
        except BaseException:
            ground.let_go()
            raise
        return journal

    async def _begin(
        self,
        ground: Ground,
        fault: Fault,
        standby: bool,
    ) -> None:
        """Keep up with the others until the counters are ours, then see everything, then live."""
        self._writer = Writer(
            self._place, ground.view, ground.chain, self._hold, connection=ground.connection, run=ground.run,
            fault=fault, told=self._told, foreign=self._on_foreign, upkeep=self._upkeep,
        )  # fmt: skip
        try:
            await self._writer.keep_up()
            await self._hold.take(self._writer.keep_up if standby else None)
            await self._writer.begin()
            if self._checkpoints.last is None:
                await in_thread(lambda: self._sign("first"))
            if not self._view.fact(JOINED):
                self._view.remember(JOINED, "1")
        except BaseException:
            self._hold.abandon()
            self._writer.drop()
            raise
        self._life = asyncio.create_task(self._live(), name="journal")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    @property
    def dead(self) -> JournalError | None:
        """Why nothing can be appended any more; the process should end with an error and be started again."""
        return self._dead

    async def failure(self) -> JournalError:
        """As ``dead``, as soon as there is a reason: also while nobody appends."""
        await self._failed.wait()
        assert self._dead is not None
        return self._dead

    async def chores(self) -> None:
        """Returns once this instance is the one that does what is done once a shop, such as fetching bills."""
        await self._hold.has_chores.wait()

    @property
    def commits(self) -> int:
        """Groups recorded since the start."""
        return self._writer.commits

    # --- writing ---------------------------------------------------------------------------------------

    async def append(self, events: Sequence[NewEvent], *, ticket: Ticket | None = None) -> tuple[Event, ...]:
        """All or nothing, durable on return. A cancelled caller's events may stand all the same.

        Raises:
            Conflict("key_taken", kind=…, key=…, value=…): a claim is taken; only this append is refused.
            InvalidRequest("event_too_large"): nothing was started.
            Unavailable: ``journal_busy`` (too many wait), ``journal_behind`` (another instance wrote about the
                same thing at this moment), ``counter_elsewhere`` (not ours): nothing was recorded.
            JournalError: ``journal_stopped``: not recorded; ``commit_unknown``: perhaps; ``counter_lost``,
                ``database_lost``, ``disk_full``, ``journal_rolled_back``, ``journal_corrupt``, ``journal_broken``,
                ``journal_damaged``: not told, and dead from now on.
        """
        assert 0 < len(events) <= EVENTS_MAX, len(events)
        self._refuse_late()
        if self._waiting >= self._queue_max:
            raise Unavailable("journal_busy", waiting=self._waiting)
        drafts = tuple(map(self._drafter.draft, events))
        for draft in drafts:  # PostgreSQL's text holds every character but this one
            assert "\0" not in draft.row.subject, draft.row.type
            claims = draft.index.claims if draft.index else ()
            assert not any("\0" in text for claim in claims for text in claim), draft.row.type
        seen, mine = self._writer.shown, ticket or Ticket()
        done: tuple[Event, ...] = await self._put(lambda future: Asked(Unit(drafts, future, mine), seen))
        return done

    async def erase(self, subject: str) -> int:
        """Remove the clear personal data of a subject; returns how many values. The chain stays valid (PR9).

        Other instances take it out of their views when they hear of it, at the latest at their next start.
        """

        async def job(connection: asyncpg.Connection) -> int:
            gone = await database.erase(connection, self._place, subject)
            self._writer.news("erased")
            await self._writer.catch_up()
            await connection.execute("VACUUM personal")
            return gone

        gone: int = await self._job(job)
        return gone

    async def rebuild_views(self) -> None:
        """Make this instance's views again from the log. Nothing can be appended meanwhile."""

        async def job(_connection: asyncpg.Connection) -> None:
            await in_thread(self._view.rebuild)

        await self._job(job)

    async def checkpoint(self) -> Checkpoint:
        """Sign where the log stands now, as at day close. Raises JournalError("checkpoints_unusable")."""

        async def job(_connection: asyncpg.Connection) -> Checkpoint:
            return await in_thread(lambda: self._sign("asked"))

        signed: Checkpoint = await self._job(job)
        return signed

    async def verify_all(self, *, views: bool = True) -> Report:
        """Read the database and the view back in small bites; the caller stops money work on a bad report."""
        lines = verified(self._checkpoints.path, self._checkpoints.public)
        signed = [each async for each in in_bites(lines, SIGNATURES)]
        while True:
            try:
                report = await verify_log(self._place, self._keys, signed, rest=REST)
                break
            except JournalError as error:  # of a database that is gone the hold tells
                if error.slug != "database_lost":
                    raise
                await asyncio.sleep(REST)
        return await self._verify_view(self._keys, signed, views) if report.sound else report

    async def _verify_view(self, keys: JournalKeys, signed: Sequence[Checkpoint], views: bool) -> Report:
        connection = connect(self._view.path, read_only=True)
        try:
            examination = Examination(connection, keys, signed, views=views)
            await in_thread(examination.pages, connection.interrupt)
            if examination.report.sound:
                async for _step in in_bites(examination.steps(), ROWS):
                    pass
            return examination.report
        finally:
            connection.close()

    async def close(self) -> None:
        """Serve what waits, sign, and let the counters go.

        Raises:
            JournalError("journal_close_timeout"): the database hangs; the process just ends.
        """
        if self._released:
            return
        self._closed = True
        assert self._life is not None
        try:
            async with asyncio.timeout(self._close_s):
                if not self._dead and not self._life.done():
                    await self._writer.stop()
                if not self._dead and self._writer.chain.number != self._signed():
                    await in_thread(lambda: self._sign("close"))
        except TimeoutError:
            raise JournalError("journal_close_timeout", limit_s=round(self._close_s)) from None
        except JournalError as error:
            log.error("the journal closed without its last checkpoint: %s", error)
        await self._end_life()
        await self._hold.close()
        await self._writer.close()
        self._let_go()

    async def abandon(self) -> None:
        """Leave everything as a killed process would, for tests of one."""
        self._closed = True
        self._die(JournalError("commit_unknown", detail="abandoned"))
        await self._end_life()
        self._let_go()

    # --- inside ----------------------------------------------------------------------------------------

    async def _live(self) -> None:
        """The writer and the hold, until one of them fails; everybody who waits is told."""
        parts = [asyncio.create_task(self._writer.run()), asyncio.create_task(self._hold.run())]
        try:
            done, _ = await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
            for each in done:
                if (error := each.exception()) is not None:
                    if not isinstance(error, JournalError):
                        log.critical("the journal's writer crashed", exc_info=error)
                        error = JournalError("commit_unknown", detail=repr(error))
                    self._die(error)
        finally:
            for each in parts:
                each.cancel()
            await asyncio.gather(*parts, return_exceptions=True)

    async def _end_life(self) -> None:
        assert self._life is not None
        self._life.cancel()
        with suppress(asyncio.CancelledError):
            await self._life

    def _refuse_late(self) -> None:
        if self._dead:
            raise JournalError("journal_stopped", cause=self._dead.slug)
        if self._closed:
            raise JournalError("journal_closed")

    async def _job(self, run: Callable[[asyncpg.Connection], Awaitable[Any]]) -> Any:
        self._refuse_late()
        return await self._put(lambda future: Job(run, future))

    async def _put(self, item: Callable[[asyncio.Future[Any]], Item]) -> Any:
        future = asyncio.get_running_loop().create_future()
        self._waiting += 1
        self._writer.submit(item(future))
        return await future

    def _told(self, count: int) -> None:
        self._waiting -= count

    def _news(self, told: str) -> None:
        self._writer.news(told)

    def _on_foreign(self, rows: Sequence[Row]) -> None:
        self.on_foreign(tuple(map(event_of, rows)))

    def _signed(self) -> int:
        return self._checkpoints.last.number if self._checkpoints.last else 0

    def _sign(self, kind: Kind) -> Checkpoint:
        """On the writer's side: the chain stands still."""
        chain = self._writer.chain
        self._sign_at = chain.number + EVERY  # also when it fails: the next try, and its log line, is then
        return self._checkpoints.append(chain, database=self._name, wall_ms=self._clock.wall_ms(), kind=kind)

    async def _upkeep(self, idle: bool) -> None:
        number = self._writer.chain.number
        if number >= self._sign_at:
            try:
                await in_thread(lambda: self._sign("regular"))
            except JournalError as error:
                log.error("no checkpoint at event %d: %s", number, error)
        if idle and self._view.untidy:
            await in_thread(self._view.tidy)

    def _unreadable(self, fatal: Fatal) -> None:
        mark_suspect(self._view.path, fatal.slug)
        self._die(refusal(fatal))

    def _die(self, reason: JournalError) -> None:
        """From now on only refusals; the first reason stays."""
        if self._dead is None:
            log.error("journal stopped: %s", reason)
            self._dead = reason
            self._failed.set()
        self._writer.refuse_all(self._dead)
        self._hold.abandon()
        self._writer.drop()

    def _let_go(self) -> None:
        self._released = True
        self._view.close()
        self._lock.release()
