"""Every task of the counter has an owner and a name, and comes back after a failure, ever more slowly (D11)."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from terminal.errors import JournalError
from terminal.precedence import line

log = logging.getLogger(__name__)
PAUSES_S: Final = (1.0, 2.0, 5.0, 15.0)  # after one failure, two, …; the last for all further ones
WELL_S: Final = 60.0  # a job that ran this long begins again with the first pause


class Tasks:
    """Runs named jobs inside one TaskGroup. A journal failure ends everything: fail closed (I20)."""

    def __init__(self) -> None:
        self._group: asyncio.TaskGroup | None = None
        self.broken: dict[str, str] = {}  # job that failed -> its last error, until it ends well

    def within(self, group: asyncio.TaskGroup) -> None:
        self._group = group

    def close(self) -> None:
        """The service ends: what would have to start now is taken up by the next start, from the journal."""
        self._group = None

    def start(self, name: str, make: Callable[[], Awaitable[None]]) -> None:
        """``make`` is called again after a failure: it must look at the durable state afresh.

        It is never given up: it may be following money (I4).
        """
        if self._group is None:
            log.info("%s is left for the next start", name)
            return
        own = line()  # a bank's word that started it goes on by itself
        self._group.create_task(self._keep(name, make), name=name, context=own)

    async def _keep(self, name: str, make: Callable[[], Awaitable[None]]) -> None:
        loop, failures = asyncio.get_running_loop(), 0
        while True:
            begun_s = loop.time()
            try:
                await make()
            except Exception as error:
                if _of_journal(error):
                    raise
                failures = 1 if loop.time() - begun_s >= WELL_S else failures + 1
                _no_longer_cancelled()
                log.exception("%s failed (%d times in a row)", name, failures)
                self.broken[name] = type(error).__name__
                await asyncio.sleep(PAUSES_S[min(failures, len(PAUSES_S)) - 1])
                if self._group is None:
                    return  # it failed while it was being ended, which is forgotten then: nobody ends it again
            else:
                self.broken.pop(name, None)
                return


def _no_longer_cancelled() -> None:
    """Before Python 3.13 a TaskGroup whose child failed leaves the task marked as cancelled.

    On Debian 12's own Python (3.11.2) every later timeout would then end the task in silence instead of raising
    TimeoutError: an attempt that nobody follows any more (D11). A task that is really ended is told by ``close``.
    """
    task = asyncio.current_task()
    while task is not None and task.cancelling():
        task.uncancel()


def _of_journal(error: Exception) -> bool:
    if isinstance(error, ExceptionGroup):
        return error.subgroup(JournalError) is not None
    return isinstance(error, JournalError)
