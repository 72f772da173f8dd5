"""The journal in one SQLite file: one writing connection, group commit, WAL with a full sync.

Satisfies ``terminal.counter.ports.Journal``. A commit that raised may or may not be on the disk, so the store is
dead from then on and says so; a fresh process reads the disk and decides (``dead``, ``recover``).
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, TypeVar

import apsw

from terminal.counter.ports import Clock, Entropy, Ticket
from terminal.errors import JournalError, Unavailable
from terminal.journal.beside import ROWS, SIGNATURES, in_bites, in_thread
from terminal.journal.checkpoints import EVERY, Checkpoint, Kind, verified
from terminal.journal.committer import EVENTS_MAX, Committer, Drafter, Fault, Unit
from terminal.journal.failure import Fatal, refusal
from terminal.journal.keys import JournalKeys
from terminal.journal.place import side
from terminal.journal.reader import Upcasters
from terminal.journal.reads import Reads
from terminal.journal.records import Identity
from terminal.journal.recover import mark_suspect, rebuild
from terminal.journal.schema import connect
from terminal.journal.start import Ground, take
from terminal.journal.verify import Examination, Report
from terminal.journal.writer import Engine, InlineWriter, Item, Job, ThreadWriter, Writer
from terminal.payments.event import Event, NewEvent

log = logging.getLogger(__name__)
T = TypeVar("T")

QUEUE_MAX: Final = 4096  # appends that wait
WAL_PAGES: Final = 1000  # 4 MB: then the write-ahead log is moved into the database when nobody waits
WAL_PAGES_MAX: Final = 8000  # and here also when somebody does
CLOSE_S: Final = 4.0


def no_fault(_point: str) -> None:
    """Fault points do nothing in production."""


class SqliteJournal(Reads):
    """Made by ``open``; an async context manager that closes itself."""

    def __init__(
        self,
        ground: Ground,
        committer: Committer,
        drafter: Drafter,
        *,
        clock: Clock,
        inline: bool,
        queue_max: int,
        close_s: float,
        upcasters: Upcasters | None,
    ) -> None:
        self._ground, self._committer, self._drafter, self._clock = ground, committer, drafter, clock
        self._queue_max, self._close_s = queue_max, close_s
        self._waiting = 0  # appends and jobs that were not answered yet
        self._closed = self._released = False
        self._checkpoints = ground.checkpoints
        self._sign_at = self._signed() + EVERY
        self._engine = Engine(committer, upkeep=self._upkeep, on_fatal=self._on_fatal)
        super().__init__(ground.reading, committer.chain.keys, upcasters, self._engine.die)
        kind = InlineWriter if inline else ThreadWriter
        self._writer: Writer = kind(self._engine, self._told)

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        identity: Identity,
        clock: Clock,
        entropy: Entropy,
        keys: JournalKeys,
        checkpoints: Path | None = None,
        inline: bool = False,
        fault: Fault = no_fault,
        vfs: str = "",
        queue_max: int = QUEUE_MAX,
        close_s: float = CLOSE_S,
        upcasters: Upcasters | None = None,
    ) -> Self:
        """Open or make the journal; blocks for the start-up checks, whose work does not grow with the log.

        Args:
            checkpoints: file of the signed checkpoints, best on another medium; beside the database by default.
            inline: commit on the loop instead of in a thread, for simulations.
            fault: called at ``before_commit``, ``after_commit``, ``before_/after_wal_checkpoint``,
                ``before_/after_migration``.
            vfs: name of a registered SQLite VFS, for tests.

        Raises:
            JournalError: as ``terminal.journal.start.take``.
        """
        signed = checkpoints or side(path, ".checkpoints")
        ground = take(path, signed, identity, clock, entropy, keys, fault=fault, vfs=vfs)
        committer = Committer(ground.connection, ground.chain, fault)
        drafter = Drafter(identity, keys, clock, entropy)
        return cls(
            ground, committer, drafter,
            clock=clock, inline=inline, queue_max=queue_max, close_s=close_s, upcasters=upcasters,
        )  # fmt: skip

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    @property
    def dead(self) -> JournalError | None:
        """Why nothing can be appended any more; the process should end with an error and be started again."""
        return refusal(self._engine.fatal) if self._engine.fatal else None

    @property
    def commits(self) -> int:
        """Transactions committed since the start."""
        return self._committer.commits

    # --- writing ---------------------------------------------------------------------------------------

    async def append(self, events: Sequence[NewEvent], *, ticket: Ticket | None = None) -> tuple[Event, ...]:
        """All or nothing, durable on return. A cancelled caller's events may stand all the same.

        Raises:
            Conflict("key_taken", kind=…, key=…, value=…): a claim is taken; only this append is refused.
            InvalidRequest("event_too_large"): nothing was started.
            Unavailable("journal_busy"): too many wait; nothing was started.
            JournalError: ``journal_locked`` or ``journal_stopped``: not recorded; ``commit_unknown``: perhaps;
                ``disk_full``, ``journal_corrupt``, ``journal_broken``: not told, and dead from now on.
        """
        assert 0 < len(events) <= EVENTS_MAX, len(events)
        self._refuse_late()
        if self._waiting >= self._queue_max:
            raise Unavailable("journal_busy", waiting=self._waiting)
        drafts = tuple(map(self._drafter.draft, events))
        mine = ticket or Ticket()
        done: tuple[Event, ...] = await self._put(lambda future: Unit(drafts, future, mine))
        return done

    async def erase(self, subject: str) -> int:
        """Remove the clear personal data of a subject; returns how many values. The chain stays valid (PR9)."""

        def job(committer: Committer) -> int:
            def delete(connection: apsw.Connection) -> None:
                connection.execute("DELETE FROM personal WHERE subject = ?", (subject,))
                gone.append(connection.changes())

            gone: list[int] = []
            committer.run(delete)
            committer.tidy(apsw.SQLITE_CHECKPOINT_TRUNCATE)  # else the clear value stays in the log file
            return gone[0]

        return await self._job(job)

    async def rebuild_views(self) -> None:
        """Make the views again from the log. Nothing can be appended meanwhile: for commands and upgrades."""
        await self._job(lambda committer: committer.run(rebuild))

    async def checkpoint(self) -> Checkpoint:
        """Sign where the log stands now, as at day close. Raises JournalError("checkpoints_unusable")."""
        return await self._job(lambda _committer: self._sign("asked"))

    async def verify_all(self, *, views: bool = True) -> Report:
        """Read everything back in small bites between other work; the caller stops money work on a bad report."""
        lines = verified(self._checkpoints.path, self._checkpoints.public)
        signed = [each async for each in in_bites(lines, SIGNATURES)]
        connection = connect(self._ground.path, read_only=True)
        try:
            examination = Examination(connection, self._committer.chain.keys, signed, views=views)
            await in_thread(examination.pages, connection.interrupt)
            if examination.report.sound:
                async for _step in in_bites(examination.steps(), ROWS):
                    pass
            return examination.report
        finally:
            connection.close()

    async def close(self) -> None:
        """Serve what waits, sign, and let go.

        Raises:
            JournalError("journal_close_timeout"): the disk hangs; it may be tried again, or the process just ends.
        """
        if self._released:
            return
        self._closed = True
        try:
            async with asyncio.timeout(self._close_s):
                await self._put(lambda future: Job(self._last_things, future))
                await self._writer.stop()
        except TimeoutError:
            raise JournalError("journal_close_timeout", limit_s=round(self._close_s)) from None
        except JournalError as error:
            log.error("the journal closed without its last checkpoint: %s", error)
            await self._writer.stop()
        self._let_go()

    def abandon(self) -> None:
        """Inline only: leave the files as a killed process would, for simulations of one."""
        assert isinstance(self._writer, InlineWriter), "a thread cannot be abandoned in the middle"
        self._closed = True
        self._engine.fatal = self._engine.fatal or Fatal("commit_unknown", "abandoned")
        self._let_go()

    # --- inside ----------------------------------------------------------------------------------------

    def _refuse_late(self) -> None:
        if self._engine.fatal:
            raise self._engine.refusal()
        if self._closed:
            raise JournalError("journal_closed")

    async def _job(self, run: Callable[[Committer], T]) -> T:
        self._refuse_late()
        done: T = await self._put(lambda future: Job(run, future))
        return done

    async def _put(self, item: Callable[[asyncio.Future[Any]], Item]) -> Any:
        future = asyncio.get_running_loop().create_future()
        self._waiting += 1
        self._writer.submit(item(future))
        return await future

    def _told(self, count: int) -> None:
        self._waiting -= count

    def _signed(self) -> int:
        return self._checkpoints.last.number if self._checkpoints.last else 0

    def _sign(self, kind: Kind) -> Checkpoint:
        """On the writer's side: the chain stands still."""
        chain = self._committer.chain
        self._sign_at = chain.number + EVERY  # also when it fails: the next try, and its log line, is then
        return self._checkpoints.append(
            chain, database=self._ground.database, wall_ms=self._clock.wall_ms(), kind=kind
        )

    def _upkeep(self, idle: bool) -> None:
        if self._committer.chain.number >= self._sign_at:
            try:
                self._sign("regular")
            except JournalError as error:
                log.error("no checkpoint at event %d: %s", self._committer.chain.number, error)
        pages = self._committer.pages
        if pages >= WAL_PAGES_MAX or (idle and pages >= WAL_PAGES):
            self._committer.tidy()

    def _last_things(self, committer: Committer) -> None:
        if committer.chain.number != self._signed():
            self._sign("close")
        committer.tidy(apsw.SQLITE_CHECKPOINT_TRUNCATE)

    def _on_fatal(self, fatal: Fatal) -> None:
        if fatal.damaged:
            mark_suspect(self._ground.path, fatal.slug)

    def _let_go(self) -> None:
        """Reader first: the last connection to close would otherwise be one that cannot tidy up."""
        self._released = True
        self._reader.close()
        if self._engine.fatal:
            self._committer.connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
        self._committer.connection.close(True)
        self._ground.lock.release()
