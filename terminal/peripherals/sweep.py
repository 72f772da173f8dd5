"""One shared timer asks idle devices whether they are well: often where people work, seldom elsewhere.

A thousand counters at rest cost one timer, not a thousand: whatever is due goes in one turn of the loop.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final

from terminal.on_demand import Alarm

TICK_S: Final = 5.0  # between two rounds, and between two questions at a counter in use
SELDOM_S: Final = 60.0
ROUNDS: Final = int(SELDOM_S / TICK_S)  # in which everybody at rest is asked once
RECENT_S: Final = 600.0  # a counter counts as in use for so long after its last sale, scan, slip or word


class Sweep:
    """The rounds of one counter. Get it from ``Sweeper.counter``.

    ``due`` returns when this counter is asked next; ``used`` says that something happens here.
    """

    __slots__ = ("_sweeper", "due_s", "planned_s", "used_s", "waiting")

    def __init__(self, sweeper: "Sweeper") -> None:
        self.used_s: float | None = None
        self.due_s: float | None = None  # when it is asked next; None: the first round says
        self.planned_s: float | None = None  # where it stands in the sweeper's plan; None: nowhere
        self._sweeper = sweeper
        self.waiting: list[Callable[[], None]] = []

    def used(self) -> None:
        """Cheap: call it with every act."""
        self.used_s = asyncio.get_running_loop().time()
        if self.due_s is not None and self.used_s < self.due_s:
            self.due_s = self.used_s
            self._sweeper.wanted(self)

    async def due(self) -> None:
        await rest(self, Alarm())

    def enter(self, turn: Callable[[], None]) -> None:
        """``turn`` is called whenever this counter is asked, until it leaves."""
        self.waiting.append(turn)
        self._sweeper.wanted(self)

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
        self._plan: dict[float, deque[Sweep]] = {}  # by when they are due; void unless ``planned_s`` is that
        self._spread = 0  # where in a minute the next one at rest is placed

    def counter(self, name: str) -> Sweep:
        """The same rounds for every device of one counter."""
        if name not in self._sweeps:
            self._sweeps[name] = Sweep(self)
        return self._sweeps[name]

    def wanted(self, sweep: Sweep) -> None:
        """It is to be asked, or sooner than planned."""
        self._news.append(sweep)
        self._run()

    def _run(self) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(TICK_S, self._round)

    def _round(self) -> None:
        self._timer = None
        now_s = asyncio.get_running_loop().time()
        self._place(now_s)
        try:
            self._ask_due(now_s)
        finally:  # the loop hears of a device's turn that fails; the others' comes with the next round
            if self._news or any(sweep.waiting for turn in self._plan.values() for sweep in turn):
                self._run()

    def _place(self, now_s: float) -> None:
        """Those at rest are spread over a minute, not all in the same second of it.

        Who came together is asked together: their objects lie side by side, and a round that finds every one of
        its own in another place waits for the machine's memory a fifth of its time.
        """
        news, self._news = dict.fromkeys(self._news), []
        resting = [sweep for sweep in news if sweep.due_s is None and sweep.used_s is None]
        rounds = min(ROUNDS, len(resting))
        for at, sweep in enumerate(resting):
            turn = (self._spread + at * rounds // len(resting)) % ROUNDS
            self._into_plan(sweep, now_s + turn * TICK_S)
        self._spread += rounds
        for sweep in news:
            self._into_plan(sweep, now_s if sweep.due_s is None else sweep.due_s)

    def _ask_due(self, now_s: float) -> None:
        for due_s in sorted(due_s for due_s in self._plan if due_s <= now_s + TICK_S / 2):
            turn = self._plan[due_s]
            while turn:
                sweep = turn.popleft()
                if sweep.planned_s != due_s:
                    continue
                sweep.planned_s = None
                if sweep.waiting:
                    self._into_plan(sweep, now_s + sweep.every_s(now_s))
                    sweep.go()
            del self._plan[due_s]

    def _into_plan(self, sweep: Sweep, due_s: float) -> None:
        sweep.due_s = due_s
        if sweep.planned_s != due_s:
            sweep.planned_s = due_s
            self._plan.setdefault(due_s, deque()).append(sweep)


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
