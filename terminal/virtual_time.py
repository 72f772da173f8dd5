"""An event loop on which time is a number: waiting costs nothing, and a seed decides every order.

The whole service runs on it unmodified. It differs from the standard selector loop in this: nothing ready
means that the clock moves to the next timer; no timer either means Deadlock; the ready queue is turned by a
seeded draw before each round, so that each seed explores another order; executors run inline; tasks hash by
number, because asyncio keeps them in sets and addresses differ from run to run.
"""

import asyncio
import inspect
import selectors
from asyncio.selector_events import BaseSelectorEventLoop
from collections import deque
from collections.abc import Callable, Coroutine
from contextlib import nullcontext
from contextvars import Context, copy_context
from heapq import heapify, heappop, heappush
from math import ceil
from typing import Any, Final, Never, TypeVar, TypeVarTuple

from terminal.chance import Chance
from terminal.guard import no_outside
from terminal.ulid import Ulids

T = TypeVar("T")
Ts = TypeVarTuple("Ts")
START_WALL_MS: Final = 1_767_225_600_000  # 2026-01-01T00:00:00Z
ROUNDS_MAX: Final = 200_000  # rounds without a step of time: some code spins
DEAD_MIN: Final = 64  # cancelled timers are swept out when they are more than this and more than half
_RESOLUTION_S: Final = 1e-6  # timers this close run together; absorbs float rounding up to 30 virtual years


class Deadlock(Exception):
    """Nothing can ever run again, or time stands still; the message names who waits where."""


class _Selector(selectors.BaseSelector):
    """Instead of waiting for descriptors it moves the loop's time. Knows no descriptors at all."""

    def __init__(self) -> None:
        self.loop: VirtualLoop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self.loop.turn(timeout)
        return []

    def register(self, fileobj: object, events: int, data: object = None) -> Never:  # noqa: ARG002  # the selector API
        raise RuntimeError("a virtual-time loop has no sockets, pipes or ports: use the wire in memory")

    def unregister(self, fileobj: object) -> Never:
        raise KeyError(fileobj)

    def get_key(self, fileobj: object) -> Never:
        raise KeyError(fileobj)

    def get_map(self) -> dict[Any, selectors.SelectorKey]:
        return {}


_new: Final[Callable[[type], Any]] = object.__new__


class _Call(asyncio.Handle):
    """Filled by ``call_soon``: a sale passes a few hundred of them, and a virtual loop has no debug mode."""

    __slots__ = ()


class _Timer(asyncio.TimerHandle):
    """The same with its time. Timers are ordered by the loop's heap, never compared with each other."""

    __slots__ = ()

    def __init__(self, when: float, callback: Any, args: Any, loop: Any, context: Context | None) -> None:
        self._when = when
        self._scheduled = True
        self._context = copy_context() if context is None else context  # an empty one is false
        self._loop = loop
        self._callback = callback
        self._args = args
        self._cancelled = False
        self._repr = None
        self._source_traceback = None


class _NumberedTask(asyncio.Task[T]):
    """A task that hashes by its number in the loop: sets of tasks iterate alike in every run."""

    def __init__(self, number: int, coroutine: Coroutine[Any, Any, T], **rest: Any) -> None:
        self._number = number  # first: asyncio hashes the task while it constructs it
        super().__init__(coroutine, **rest)

    def __hash__(self) -> int:
        return self._number


class VirtualLoop(BaseSelectorEventLoop):
    """Starts at second 0. ``rounds`` counts turns of the loop, ``tasks`` how many were started."""

    _ready: deque[Any]  # handles, whose own fields no stub names
    _closed: bool
    _stopping: bool

    def __init__(self, seed: int | str) -> None:
        selector = _Selector()
        selector.loop = self
        self._now_ns, self._now_s = 0, 0.0
        self._still = 0
        self._chance = Chance(seed).split("loop")
        self._drawn = 0  # 64 bits of chance, of which each round uses up some
        self._timers: list[tuple[float, int, Any]] = []  # when, number: equal times run in their order
        self._dead = 0  # cancelled ones among them
        self.rounds = self.tasks = self.timers = 0
        super().__init__(selector)
        self._clock_resolution = _RESOLUTION_S

    def time(self) -> float:
        return self._now_s

    def time_ns(self) -> int:
        return self._now_ns

    def skip(self, seconds: float) -> None:
        """The machine slept: time passes, no timer ran meanwhile; all that are over run in the next round."""
        assert seconds >= 0, seconds
        self._pass(round(seconds * 1e9))

    def _pass(self, ns: int) -> None:
        self._now_ns += ns
        self._now_s = self._now_ns / 1e9

    def turn(self, timeout: float | None) -> None:
        """One round begins (called by the selector): nothing ready moves time, several ready are turned."""
        self.rounds += 1
        self._still += 1
        if timeout is None:
            raise Deadlock("nothing can ever run again; waiting: " + self._waiting())
        if timeout > 0:
            self._pass(ceil(timeout * 1e9))  # never nothing: a wait of less than a nanosecond also ends
            self._still = 0
        elif self._still > ROUNDS_MAX:
            raise Deadlock(f"time stands still since {ROUNDS_MAX} rounds; alive: " + self._waiting())
        ready = self._ready
        if len(ready) > 1:
            drawn = self._drawn or self._chance.next64()
            self._drawn = drawn >> 16
            ready.rotate((drawn & 0xFFFF) * len(ready) >> 16)

    # --- what the standard loop does, without descriptors, threads and measuring --------------------------

    def call_soon(
        self, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.Handle:
        if self._closed:
            raise RuntimeError("Event loop is closed")
        handle: Any = _new(_Call)  # and not by its constructor: a call in each of a few hundred
        handle._context = copy_context() if context is None else context  # an empty one is false
        handle._loop = self
        handle._callback = callback
        handle._args = args
        handle._cancelled = False
        handle._repr = None
        handle._source_traceback = None
        self._ready.append(handle)
        made: asyncio.Handle = handle
        return made

    def create_task(
        self, coroutine: Any, *, name: object = None, context: Context | None = None
    ) -> "asyncio.Task[Any]":
        if self._closed:
            raise RuntimeError("Event loop is closed")
        self.tasks = number = self.tasks + 1
        called = f"task-{number}" if name is None else name
        return _NumberedTask(number, coroutine, loop=self, name=called, context=context)

    def call_later(
        self, delay: float, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.TimerHandle:
        return self.call_at(self._now_s + delay, callback, *args, context=context)

    def call_at(
        self, when: float, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.TimerHandle:
        if self._closed:
            raise RuntimeError("Event loop is closed")
        timer = _Timer(when, callback, args, self, context)
        self.timers += 1
        heappush(self._timers, (when, self.timers, timer))
        return timer

    def _timer_handle_cancelled(self, handle: Any) -> None:
        """Called by the handle: most timers are limits that were not reached."""
        if not handle._scheduled:
            return
        self._dead += 1
        if self._dead > DEAD_MIN and self._dead * 2 > len(self._timers):
            self._timers = [each for each in self._timers if not each[2]._cancelled and each[2] is not handle]
            heapify(self._timers)
            self._dead = 0

    def _run_once(self) -> None:
        timers, ready = self._timers, self._ready
        while timers and timers[0][2]._cancelled:
            heappop(timers)
            self._dead -= 1
        timeout = None
        if ready or self._stopping:
            timeout = 0.0
        elif timers:
            timeout = max(timers[0][0] - self._now_s, 0.0)
        self.turn(timeout)
        end = self._now_s + _RESOLUTION_S
        while timers and timers[0][0] < end:
            timer = heappop(timers)[2]
            if timer._cancelled:
                self._dead -= 1
            else:
                timer._scheduled = False
                ready.append(timer)
        for _ in range(len(ready)):
            handle = ready.popleft()
            if handle._cancelled:
                continue
            try:
                handle._context.run(handle._callback, *handle._args)
            except (SystemExit, KeyboardInterrupt):
                raise
            except BaseException as error:  # noqa: BLE001  # as asyncio does: the loop's handler hears of it
                self.call_exception_handler(
                    {"message": f"Exception in callback {handle!r}", "exception": error, "handle": handle}
                )

    def close(self) -> None:
        super().close()
        self._timers.clear()

    def run_in_executor(  # type: ignore[override]  # the standard stub's type variables are private to it
        self, _executor: object, func: Callable[..., T], *args: Any
    ) -> "asyncio.Future[T]":
        """Run ``func`` on this thread in a later round: others may come first, as with real threads."""
        future: asyncio.Future[T] = self.create_future()

        def work() -> None:
            if future.cancelled():
                return
            try:
                future.set_result(func(*args))
            except Exception as error:  # noqa: BLE001  # an executor hands every error to the one who waits
                future.set_exception(error)

        self.call_soon(work)
        return future

    def _make_self_pipe(self) -> None:
        """No other thread wakes this loop."""

    def _close_self_pipe(self) -> None: ...

    def _write_to_self(self) -> None: ...

    def _waiting(self) -> str:
        tasks = sorted(asyncio.all_tasks(self), key=hash)
        return "; ".join(_where(task) for task in tasks[:20]) or "no task"


def _where(task: "asyncio.Task[Any]") -> str:
    """The innermost line a task waits at, through the coroutines it awaits."""
    place = "its start"
    inner: object = task.get_coro()
    while inspect.iscoroutine(inner) and inner.cr_frame is not None:
        code = inner.cr_frame.f_code
        place = f"{code.co_filename.rpartition('/')[2]}:{inner.cr_frame.f_lineno} {code.co_qualname}"
        inner = inner.cr_await
    return f"{task.get_name()} at {place}"


def run(main: Coroutine[Any, Any, T], *, seed: int | str, guard: bool = True) -> T:
    """Run ``main`` on a fresh virtual loop, then cancel and await whatever it left behind.

    Args:
        guard: refuse the product real time, chance, sockets and threads meanwhile (``terminal.guard``).

    Raises:
        Deadlock: nothing could ever run again.
        OutsideWorld: product code went around a port.
    """
    with (
        no_outside() if guard else nullcontext(),
        asyncio.Runner(loop_factory=lambda: VirtualLoop(seed)) as runner,
    ):
        return runner.run(main)


class VirtualClock:
    """The clock port on a virtual loop. The wall may jump; the monotonic side never does."""

    def __init__(self, loop: VirtualLoop | None = None, *, start_wall_ms: int = START_WALL_MS) -> None:
        running = loop or asyncio.get_running_loop()
        assert isinstance(running, VirtualLoop), "a virtual clock needs the virtual loop"
        self._loop = running
        self._wall_zero_ms = start_wall_ms - running.time_ns() // 1_000_000

    def wall_ms(self) -> int:
        return self._wall_zero_ms + self._loop.time_ns() // 1_000_000

    def mono_ns(self) -> int:
        return self._loop.time_ns()

    def jump_wall(self, ms: int) -> None:
        """Somebody set the clock, by ``ms`` forwards or (negative) backwards (D8)."""
        self._wall_zero_ms += ms


class VirtualEntropy:
    """The entropy port from a seed. Different names give independent streams."""

    def __init__(self, seed: int | str, name: str = "entropy") -> None:
        self._chance = Chance(seed).split(name)

    def bytes(self, count: int) -> bytes:
        return self._chance.bytes(count)


class VirtualIds(Ulids):
    """The ids port from a clock and a seed."""

    def __init__(self, clock: VirtualClock, seed: int | str) -> None:
        super().__init__(clock, VirtualEntropy(seed, "ids"))
