"""Waiting that costs little: a thousand idle counters have no task without work, and no queue for one sleeper."""

import asyncio
from collections.abc import Awaitable, Callable

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
