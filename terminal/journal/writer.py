"""Who waits and who writes: one engine in a thread of its own, or inline on the loop for simulations.

Everything queued while a commit runs shares the next one. Results are told only after that commit's fsync.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Thread
from typing import Any, Final, Protocol

from terminal.errors import JournalError
from terminal.journal.committer import Committer, Locked, Unit
from terminal.journal.failure import Fatal, refusal
from terminal.precedence import first

log = logging.getLogger(__name__)

GROUP_MAX: Final = 256  # appends that share one commit; more wait for the next


@dataclass(frozen=True, slots=True)
class Job:
    """Upkeep that must run on the writing connection, in its turn between groups."""

    run: Callable[[Committer], Any]
    future: asyncio.Future[Any]


Item = Unit | Job
Result = tuple[asyncio.Future[Any], Any]  # the value, or the exception


class Engine:
    """Serves items in order. After the first Fatal it only refuses: the handle proves nothing any more."""

    def __init__(
        self, committer: Committer, *, upkeep: Callable[[bool], None], on_fatal: Callable[[Fatal], None]
    ) -> None:
        self._committer, self._upkeep, self._on_fatal = committer, upkeep, on_fatal
        self.fatal: Fatal | None = None
        self.crash: BaseException | None = None

    def serve(self, items: Sequence[Item]) -> list[Result]:
        """One answer per item. A crash (a bug, a fault point) is kept in ``crash`` for the owner to raise."""
        results: list[Result] = []
        try:
            self._serve(items, results)
        except BaseException as crash:  # noqa: BLE001  # the owner raises it once everybody waiting was told
            self.die(Fatal("commit_unknown", repr(crash)))
            self.crash = crash
        return results + self._refused(items[len(results) :])

    def rest(self, *, idle: bool) -> None:
        """After the results were told: checkpoints. Never raises; a failure ends the engine."""
        if self.fatal is None:
            try:
                self._upkeep(idle)
            except Fatal as fatal:
                self.die(fatal)

    def _serve(self, items: Sequence[Item], results: list[Result]) -> None:
        group: list[Unit] = []
        for item in items:
            if isinstance(item, Unit):
                group.append(item)
                continue
            results += self._group(group)
            group = []
            results.append((item.future, self._job(item)))
        results += self._group(group)

    def _group(self, units: list[Unit]) -> list[Result]:
        if not units or self.fatal:
            return self._refused(units)
        try:
            outcomes = self._committer.commit(units)
        except Locked:
            outcomes = [JournalError("journal_locked") for _ in units]
            for unit in units:
                unit.ended(JournalError("journal_locked"))
        except Fatal as fatal:
            self.die(fatal)
            return [(unit.future, refusal(fatal)) for unit in units]
        return [(unit.future, outcome) for unit, outcome in zip(units, outcomes, strict=True)]

    def _job(self, job: Job) -> Any:
        if self.fatal:
            return self.refusal()
        try:
            return job.run(self._committer)
        except Locked:
            return JournalError("journal_locked")
        except Fatal as fatal:
            self.die(fatal)
            return refusal(fatal)
        except JournalError as error:
            return error

    def _refused(self, items: Sequence[Item]) -> list[Result]:
        return [(item.future, self.refusal()) for item in items]

    def refusal(self) -> JournalError:
        """For who comes too late: their entry is surely not recorded."""
        return JournalError("journal_stopped", cause=self.fatal.slug if self.fatal else "crash")

    def die(self, fatal: Fatal) -> None:
        """From now on only refusals; the first reason stays."""
        if self.fatal:
            return
        log.error("journal stopped: %s (%s)", fatal.slug, fatal.detail)
        self.fatal = fatal
        self._on_fatal(fatal)


class Writer(Protocol):
    def submit(self, item: Item) -> None: ...

    async def stop(self) -> None:
        """Serve what is queued, then end."""
        ...


def _tell(results: Sequence[Result], told: Callable[[int], None]) -> None:
    told(len(results))
    for future, value in results:
        if future.done():
            continue  # the caller was cancelled; the entry stands all the same
        if isinstance(value, BaseException):
            future.set_exception(value)
        else:
            future.set_result(value)


class InlineWriter:
    """Commits in the turn of the loop after the append: no thread, same order in every run."""

    def __init__(self, engine: Engine, told: Callable[[int], None]) -> None:
        self._engine, self._told = engine, told
        self._queue: deque[Item] = deque()

    def submit(self, item: Item) -> None:
        if not self._queue:
            item.future.get_loop().call_soon(self._flush)
        self._queue.append(item)

    async def stop(self) -> None:
        self._flush()

    def _flush(self) -> None:
        while self._queue:
            items = [self._queue.popleft() for _ in range(min(GROUP_MAX, len(self._queue)))]
            _tell(self._engine.serve(items), self._told)
            if self._engine.crash:
                raise self._engine.crash
            self._engine.rest(idle=not self._queue)


class ThreadWriter:
    """The loop never waits for the disk. The thread is a daemon: a hung disk must not stop the process's end."""

    def __init__(self, engine: Engine, told: Callable[[int], None]) -> None:
        self._engine, self._told = engine, told
        self._queue: SimpleQueue[Item | asyncio.Future[None]] = SimpleQueue()
        self._thread = Thread(target=self._run, name="journal", daemon=True)
        self._thread.start()

    def submit(self, item: Item) -> None:
        self._queue.put(item)

    async def stop(self) -> None:
        ended = asyncio.get_running_loop().create_future()
        self._queue.put(ended)
        await ended
        self._thread.join()

    def _run(self) -> None:
        while True:
            items, ended = self._take()
            if items:
                results = self._engine.serve(items)
                _call(items[0].future, _tell, results, self._told)
                self._engine.rest(idle=self._queue.empty())
            if self._engine.crash:
                log.critical("journal thread crashed", exc_info=self._engine.crash)
                self._engine.crash = None  # told once; the engine is dead and goes on refusing
            if ended:
                _call(ended, _tell, [(ended, None)], lambda _count: None)
                return

    def _take(self) -> tuple[list[Item], asyncio.Future[None] | None]:
        items: list[Item] = []
        while not items or (len(items) < GROUP_MAX and not self._queue.empty()):
            item = self._queue.get()
            if isinstance(item, asyncio.Future):
                return items, item
            items.append(item)
        return items, None


def _call(future: asyncio.Future[Any], function: Callable[..., None], *values: Any) -> None:
    with suppress(RuntimeError):  # the loop is closed: nobody waits any more
        future.get_loop().call_soon_threadsafe(function, *values, context=first())
