"""What happens when nobody does anything: an open sale ends, a long doubt frees the counter."""

import asyncio
from collections.abc import Callable

from terminal.counter.book import SYSTEM, Book, here
from terminal.counter.tasks import Tasks
from terminal.payments.decide import expire, park
from terminal.payments.fact import Facts
from terminal.payments.profile import Timings
from terminal.payments.sale import Attempt, Sale, SaleState


class Watches:
    """``timings``: of an attempt's channel; ``idle_s``: so long an open sale waits for somebody to go on."""

    def __init__(self, book: Book, tasks: Tasks, timings: Callable[[Attempt], Timings], *, idle_s: float) -> None:
        self._book, self._tasks, self._timings, self._idle_s = book, tasks, timings, idle_s
        self.doubted_since: dict[str, int] = {}  # sale -> when its doubt was first seen, until it is over
        self._doubts: dict[str, int] = {}  # sale -> when its present doubt began, monotonic ns

    def doubt_s(self, sale_id: str) -> int:
        """Whole seconds this process has seen the sale's doubt, also while it is parked; 0 when there is none."""
        now_ns = self._book.clock.mono_ns()
        return (now_ns - self.doubted_since.get(sale_id, now_ns)) // 1_000_000_000

    def changed(self, before: Sale | None, after: Sale) -> None:
        if before is None or before.live_attempt is not None:
            self.watch_idle(after)
        self._watch_doubt(after)
        if after.state is SaleState.CHECKING:
            self.doubted_since.setdefault(after.id, self._book.clock.mono_ns())
        else:
            self.doubted_since.pop(after.id, None)

    def watch_idle(self, sale: Sale) -> None:
        """An open sale that nobody goes on with ends after a while."""
        if not sale.ended and sale.live_attempt is None:
            self._tasks.start(f"idle {sale.id}", lambda: self._end_idle(sale.id, len(sale.attempts)))

    async def _end_idle(self, sale_id: str, attempts: int) -> None:
        await asyncio.sleep(self._idle_s)

        def decide(sale: Sale | None) -> Facts:
            moved_on = len(here(sale).attempts) != attempts
            return () if moved_on else expire(here(sale), at_ms=self._book.clock.wall_ms())

        await self._book.commit(sale_id, decide, SYSTEM)

    def _watch_doubt(self, sale: Sale) -> None:
        if sale.state is not SaleState.CHECKING or sale.parked:
            self._doubts.pop(sale.id, None)
        elif sale.id not in self._doubts:
            begun = self._doubts[sale.id] = self._book.clock.mono_ns()
            self._tasks.start(f"doubt {sale.id}", lambda: self._free(sale, begun))

    async def _free(self, sale: Sale, begun: int) -> None:
        await asyncio.sleep(self._timings(sale.attempts[-1]).free_counter_after_s)

        def decide(now: Sale | None) -> Facts:
            same = self._doubts.get(sale.id) == begun
            return park(here(now), at_ms=self._book.clock.wall_ms()) if same else ()

        await self._book.commit(sale.id, decide, SYSTEM)
