"""Waiting that costs little: a thousand idle counters have no task without work, and no queue for one sleeper."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")
Job = Callable[[], Awaitable[None]]
Start = Callable[[str, Job], None]


class OnDemand:
    """``job`` returns when it has nothing left to do, with no ``await`` between looking and returning.

    A job that fails is run again by whoever ``begin`` gave it to: until it returns it counts as running.
    """

    __slots__ = ("_job", "_name", "_runs", "_start", "_wanted")

    def __init__(self, job: Job) -> None:
        self._job = job
        self._name = ""
        self._start: Start | None = None
        self._wanted = self._runs = False

    def begin(self, start: Start, name: str) -> None:
        """From now on ``start`` gets the job by this name whenever there is work and no task; at once for what
        waits."""
        self._start, self._name = start, name
        if self._wanted:
            self.wake()

    def wake(self) -> None:
        self._wanted = True
        if self._start is not None and not self._runs:
            self._runs = True
            self._start(self._name, self._run)

    @property
    def idle(self) -> bool:
        """Work would be begun at once."""
        return self._start is not None and not self._runs

    async def _run(self) -> None:
        await self._job()
        self._runs = False


class Alarm:
    """An asyncio.Event for one sleeper, without a queue of them: that takes most of a kilobyte."""

    __slots__ = ("_set", "sleeper")

    def __init__(self) -> None:
        self._set = False
        self.sleeper: asyncio.Future[None] | None = None

    def is_set(self) -> bool:
        return self._set

    def set(self) -> None:
        self._set = True
        if self.sleeper is not None and not self.sleeper.done():
            self.sleeper.set_result(None)

    def clear(self) -> None:
        self._set = False

    async def wait(self) -> None:
        """Until it is set; at once when it is."""
        if self._set:
            return
        assert self.sleeper is None, "one sleeper"
        self.sleeper = asyncio.get_running_loop().create_future()
        try:
            await self.sleeper
        finally:
            self.sleeper = None


def begun(work: Coroutine[Any, Any, T]) -> asyncio.Future[T]:
    """``work`` whose first step, up to where it has to wait, runs now, and every other as soon as that is there.

    A task would need a turn of the loop more for each. What the first step raises is raised here. The work is seen
    through: who waits for it and is cancelled meanwhile hears so when it has ended. It has no task of its own, so
    it must enter no ``asyncio.timeout`` or group: these end the task that entered them.
    """
    told = _Begun(work)
    try:
        told.wait_for(work.send(None))
    except StopIteration as ended:
        told.set_result(ended.value)
    return told


class _Begun(asyncio.Future[T]):
    def __init__(self, work: Coroutine[Any, Any, T]) -> None:
        super().__init__()
        self._work = work

    def cancel(self, msg: Any | None = None) -> bool:  # noqa: ARG002  # asyncio's signature
        return False

    def wait_for(self, awaited: asyncio.Future[Any] | None) -> None:
        """What the work's step waits for: a future, or nothing but the loop's next turn."""
        if awaited is None:
            self.get_loop().call_soon(self._step, None)
        else:
            awaited._asyncio_future_blocking = False  # as a task tells a future that it was seen
            awaited.add_done_callback(self._step)

    def _step(self, _awaited: asyncio.Future[Any] | None) -> None:
        try:
            self.wait_for(self._work.send(None))
        except StopIteration as ended:
            self.set_result(ended.value)
        except BaseException as error:
            self.set_exception(error)
            if isinstance(error, KeyboardInterrupt | SystemExit):
                raise
