"""One shared timer asks idle devices whether they are well: often where people work, seldom elsewhere.

A thousand counters at rest cost one timer, not a thousand: whatever is due goes in one turn of the loop.
"""

import asyncio
from collections.abc import Callable
from typing import Final

from terminal.on_demand import Alarm

TICK_S: Final = 5.0  # between two rounds, and between two questions at a counter in use
SELDOM_S: Final = 60.0
RECENT_S: Final = 600.0  # a counter counts as in use for so long after its last sale, scan, slip or word


class Sweep:
    """The rounds of one counter. Get it from ``Sweeper.counter``.

    ``due`` returns when this counter is asked next; ``used`` says that something happens here.
    """

    def __init__(self, ask: Callable[[], None]) -> None:
        self.used_s: float | None = None
        self.due_s: float | None = None  # when it is asked next; None: the first round says
        self._ask = ask
        self.waiting: list[Callable[[], None]] = []

    def used(self) -> None:
        """Cheap: call it with every act."""
        self.used_s = asyncio.get_running_loop().time()
        if self.due_s is not None:
            self.due_s = min(self.due_s, self.used_s)

    async def due(self) -> None:
        await rest(self, Alarm())

    def enter(self, turn: Callable[[], None]) -> None:
        """``turn`` is called once, when this counter is asked next, unless it leaves before."""
        self.waiting.append(turn)
        self._ask()

    def leave(self, turn: Callable[[], None]) -> None:
        if turn in self.waiting:
            self.waiting.remove(turn)

    def every_s(self, now_s: float) -> float:
        recent = self.used_s is not None and now_s - self.used_s <= RECENT_S
        return TICK_S if recent else SELDOM_S

    def go(self, now_s: float) -> None:
        """Everything that waits here is asked now."""
        self.due_s = now_s + self.every_s(now_s)
        waiting, self.waiting = self.waiting, []
        for turn in waiting:
            turn()


class Sweeper:
    """The timer behind all counters of a process. It runs only while a device waits for its turn."""

    def __init__(self) -> None:
        self._sweeps: dict[str, Sweep] = {}
        self._timer: asyncio.TimerHandle | None = None

    def counter(self, name: str) -> Sweep:
        """The same rounds for every device of one counter."""
        if name not in self._sweeps:
            self._sweeps[name] = Sweep(self._wanted)
        return self._sweeps[name]

    def _wanted(self) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(TICK_S, self._round)

    def _round(self) -> None:
        self._timer = None
        now_s = asyncio.get_running_loop().time()
        waiting = [sweep for sweep in self._sweeps.values() if sweep.waiting]
        for place, sweep in enumerate(waiting):
            if sweep.due_s is None:  # a first round spreads the rest: not all in the same second of a minute
                rounds = int(SELDOM_S / TICK_S)
                sweep.due_s = now_s if sweep.used_s is not None else now_s + (place % rounds) * TICK_S
            if sweep.due_s <= now_s + TICK_S / 2:
                sweep.go(now_s)
        if any(sweep.waiting for sweep in waiting):
            self._wanted()


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
