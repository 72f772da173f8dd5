"""One shared timer asks idle devices whether they are well: often where people work, seldom elsewhere.

A thousand counters at rest cost one timer, not a thousand: whatever is due goes in one turn of the loop.
"""

import asyncio
from collections.abc import Callable
from heapq import heappop, heappush
from typing import Final

from terminal.on_demand import Alarm

TICK_S: Final = 5.0  # between two rounds, and between two questions at a counter in use
SELDOM_S: Final = 60.0
RECENT_S: Final = 600.0  # a counter counts as in use for so long after its last sale, scan, slip or word


class Sweep:
    """The rounds of one counter. Get it from ``Sweeper.counter``.

    ``due`` returns when this counter is asked next; ``used`` says that something happens here.
    """

    __slots__ = ("_ask", "due_s", "planned_s", "used_s", "waiting")

    def __init__(self, ask: "Callable[[Sweep], None]") -> None:
        self.used_s: float | None = None
        self.due_s: float | None = None  # when it is asked next; None: the first round says
        self.planned_s: float | None = None  # where it stands in the sweeper's plan; None: nowhere
        self._ask = ask
        self.waiting: list[Callable[[], None]] = []

    def used(self) -> None:
        """Cheap: call it with every act."""
        self.used_s = asyncio.get_running_loop().time()
        if self.due_s is not None and self.used_s < self.due_s:
            self.due_s = self.used_s
            self._ask(self)

    async def due(self) -> None:
        await rest(self, Alarm())

    def enter(self, turn: Callable[[], None]) -> None:
        """``turn`` is called whenever this counter is asked, until it leaves."""
        self.waiting.append(turn)
        self._ask(self)

    def leave(self, turn: Callable[[], None]) -> None:
        if turn in self.waiting:
            self.waiting.remove(turn)

    def every_s(self, now_s: float) -> float:
        recent = self.used_s is not None and now_s - self.used_s <= RECENT_S
        return TICK_S if recent else SELDOM_S

    def go(self) -> None:
        """Everything that waits here is asked."""
        for turn in tuple(self.waiting):
            turn()


class Sweeper:
    """The timer behind all counters of a process. It runs only while a device waits for its turn.

    A round looks only at those whose turn it is: to look at a thousand costs as much as asking ten.
    """

    def __init__(self) -> None:
        self._sweeps: dict[str, Sweep] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._news: list[Sweep] = []  # not in the plan, or sooner due than it says
        self._plan: list[tuple[float, int, Sweep]] = []  # heap: due, order, whose; void unless ``planned_s`` is it
        self._order = 0
        self._spread = 0  # counters that were given their place in a minute

    def counter(self, name: str) -> Sweep:
        """The same rounds for every device of one counter."""
        if name not in self._sweeps:
            self._sweeps[name] = Sweep(self._wanted)
        return self._sweeps[name]

    def _wanted(self, sweep: Sweep) -> None:
        self._news.append(sweep)
        self._run()

    def _run(self) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(TICK_S, self._round)

    def _round(self) -> None:
        self._timer = None
        now_s = asyncio.get_running_loop().time()
        news, self._news = self._news, []
        for sweep in news:
            self._into_plan(sweep, sweep.due_s if sweep.due_s is not None else self._first_s(sweep, now_s))
        try:
            self._ask_due(now_s)
        finally:  # the loop hears of a device's turn that fails; the others' comes with the next round
            if self._news or any(sweep.waiting for _, _, sweep in self._plan):
                self._run()

    def _ask_due(self, now_s: float) -> None:
        while self._plan and self._plan[0][0] <= now_s + TICK_S / 2:
            due_s, _, sweep = heappop(self._plan)
            if sweep.planned_s != due_s:
                continue
            sweep.planned_s = None
            if sweep.waiting:
                self._into_plan(sweep, now_s + sweep.every_s(now_s))
                sweep.go()

    def _first_s(self, sweep: Sweep, now_s: float) -> float:
        """Those at rest are spread: not all in the same second of a minute."""
        if sweep.used_s is not None:
            return now_s
        self._spread += 1
        return now_s + (self._spread - 1) % int(SELDOM_S / TICK_S) * TICK_S

    def _into_plan(self, sweep: Sweep, due_s: float) -> None:
        sweep.due_s = due_s
        if sweep.planned_s != due_s:
            self._order += 1
            sweep.planned_s = due_s
            heappush(self._plan, (due_s, self._order, sweep))


async def rest(sweep: Sweep | None, alarm: Alarm) -> None:
    """Until the rounds come by or the alarm is set; ``sweep`` None: only the alarm ends it."""
    if alarm.is_set():
        return
    turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    alarm.sleeper = turn

    def wake() -> None:
        if not turn.done():
            turn.set_result(None)

    if sweep:
        sweep.enter(wake)
    try:
        await turn
    finally:
        alarm.sleeper = None
        if sweep:
            sweep.leave(wake)


async def never() -> None:
    """For devices that nobody asks."""
    await asyncio.Event().wait()
