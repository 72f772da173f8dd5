"""How a test that stands still lets a counter's time run: one act at a time, until it is done or its limit is."""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeVar

from terminal.errors import TerminalError
from terminal.help.registry import describe
from terminal.virtual_time import VirtualLoop

__tracebackhide__ = True  # a failed test shows its own line
T = TypeVar("T")
LOOK_S: Final = 0.02
LIMIT_S: Final = 3600.0


class NotInTime(AssertionError):
    """What was waited for did not happen, though so many virtual seconds passed."""


class Turns:
    """``failed``: errors of what went on by itself, where no line of the test could hear of them."""

    def __init__(self, loop: VirtualLoop) -> None:
        self.loop = loop
        self.failed: list[str] = []
        self._jobs: set[asyncio.Future[Any]] = set()

    def run(self, act: Coroutine[Any, Any, T], *, limit_s: float = LIMIT_S) -> T:
        """Run a coroutine on the counter's time, while bank, devices and service go on.

        Raises:
            NotInTime: it was not done within ``limit_s`` virtual seconds. TypeError: it is no coroutine.
        """
        if not asyncio.iscoroutine(act):
            raise TypeError(
                f"counter.run(…) takes a coroutine of your till, not {act!r}; time passes with clock.advance(6)"
            )

        async def limited() -> T:
            try:
                async with asyncio.timeout(limit_s) as limit:
                    return await act
            except TimeoutError:
                if limit.expired():
                    raise NotInTime(f"not done after {limit_s:g} virtual seconds") from None
                raise

        with alone(act):
            return self.loop.run_until_complete(limited())

    def begin(self, act: Coroutine[Any, Any, T]) -> "asyncio.Task[T]":
        """Start a coroutine that goes on whenever time runs; its result is ``.result()`` once ``.done()``."""
        task = self.loop.create_task(act)
        self._jobs.add(task)
        task.add_done_callback(self._jobs.discard)
        return task

    def until(self, holds: Callable[[], object], *, limit_s: float = 60.0) -> float:
        """Let time run until it holds; the virtual seconds it took. Raises NotInTime."""
        took_s = self.run(self.reach(holds, limit_s))
        if took_s < 0:
            raise NotInTime(f"not within {limit_s:g} virtual seconds")
        return took_s

    async def reach(self, holds: Callable[[], object], limit_s: float, *, look_s: float = LOOK_S) -> float:
        """To await: until it holds, or the limit. The virtual seconds it took; -1: it does not hold."""
        begun_s = self.loop.time()
        while not holds():
            took_s = self.loop.time() - begun_s
            if took_s >= limit_s:
                return -1
            await asyncio.sleep(min(max(look_s, took_s / 20), limit_s - took_s + 1e-6))
        return self.loop.time() - begun_s

    def aside(self, act: Coroutine[Any, Any, object]) -> None:
        """The same for what nobody asks for its result: an error of it is in ``failed``."""
        self.begin(act).add_done_callback(self._over)

    def _over(self, task: "asyncio.Task[object]") -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self.failed.append(repr(error))

    def drop(self) -> None:
        """What was begun is not gone on with."""
        for job in self._jobs:
            job.cancel()


@contextmanager
def alone(act: Coroutine[Any, Any, object] | None = None) -> Iterator[None]:
    """Raises RuntimeError: a test that awaits has a loop of its own, on which time is real."""
    running = None
    with contextlib.suppress(RuntimeError):
        running = asyncio.get_running_loop()
    if running is not None:
        if act is not None:
            act.close()
        raise RuntimeError(
            "the counter has a time of its own: write the test with `def`, not `async def`; "
            "coroutines of your till run with counter.run(…)"
        )
    try:
        yield
    except TerminalError as refused:  # its text is for programs; a failed test is read by a person
        said = describe(refused.slug, refused.facts)
        refused.add_note(f"{said.code}: {said.sentence} {said.fix}")
        raise
