"""Short jobs beside a connection: a thousand devices at rest have no task for what they may have to do."""

import asyncio
from collections.abc import Callable

from terminal.on_demand import Job
from terminal.peripherals.keeper import ended


class Errands:
    """Starts jobs (as ``OnDemand`` wants them) until ``end``, behind which none of them is left.

    Args:
        broke: told of the first that fails, device's failure or bug: the connection is over.
    """

    __slots__ = ("_broke", "_over", "_tasks")

    def __init__(self, broke: Callable[[BaseException], None]) -> None:
        self._broke = broke
        self._tasks: list[asyncio.Future[None]] = []
        self._over = False

    def start(self, _name: str, job: Job) -> None:
        if self._over:
            return
        task = asyncio.ensure_future(job())
        self._tasks.append(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Future[None]) -> None:
        self._tasks.remove(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._broke(error)

    async def end(self) -> None:
        self._over = True
        tasks = self._tasks.copy()
        for task in tasks:
            task.cancel()
        await ended(tasks)
