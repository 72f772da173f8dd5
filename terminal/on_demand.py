"""Jobs that have a task only while there is work: a thousand idle counters wait without any."""

from collections.abc import Awaitable, Callable

Job = Callable[[], Awaitable[None]]


class OnDemand:
    """``job`` returns when it has nothing left to do, with no ``await`` between looking and returning.

    A job that fails is run again by whoever ``begin`` gave it to: until it returns it counts as running.
    """

    __slots__ = ("_job", "_runs", "_start", "_wanted")

    def __init__(self, job: Job) -> None:
        self._job = job
        self._start: Callable[[Job], None] | None = None
        self._wanted = self._runs = False

    def begin(self, start: Callable[[Job], None]) -> None:
        """From now on ``start`` gets the job whenever there is work and no task; at once for what waits."""
        self._start = start
        if self._wanted:
            self.wake()

    def wake(self) -> None:
        self._wanted = True
        if self._start is not None and not self._runs:
            self._runs = True
            self._start(self._run)

    async def _run(self) -> None:
        await self._job()
        self._runs = False
