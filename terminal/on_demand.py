"""Waiting that costs little: a thousand idle counters have no task without work, and no queue for one sleeper."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Generator
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
    """A task of ``work`` whose first step, up to where it has to wait, runs now and not in the loop's next turn.

    From Python 3.12 on asyncio's own (``Task(eager_start=True)``), but that what the first step raises is raised
    here. The first step is the caller's: it must enter no ``asyncio.timeout`` or group, which end their own task.
    """
    try:
        awaited = work.send(None)
    except StopIteration as ended:
        told: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        told.set_result(ended.value)
        return told
    return asyncio.get_running_loop().create_task(_Begun(work, awaited))


class _Begun(Coroutine[Any, Any, T]):
    """Work behind its first step: its task's first look gets what that step waits for, all else is the work's."""

    def __init__(self, work: Coroutine[Any, Any, T], awaited: Any) -> None:
        self._work, self._awaited = work, awaited
        self._seen = False

    def send(self, value: Any) -> Any:
        if self._seen:
            return self._work.send(value)
        self._seen = True
        return self._awaited

    def throw(self, *error: Any) -> Any:
        return self._work.throw(*error)

    def close(self) -> None:
        self._work.close()

    def __await__(self) -> Generator[Any, Any, T]:
        return self._work.__await__()
