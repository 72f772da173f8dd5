"""Every task of the counter has an owner, a name and a limit to its failures (D11)."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from terminal.errors import JournalError

log = logging.getLogger(__name__)
FAILURES: Final = 5
PAUSE_S: Final = 1.0


class Tasks:
    """Runs named jobs inside one TaskGroup. A journal failure ends everything: fail closed (I20)."""

    def __init__(self) -> None:
        self._group: asyncio.TaskGroup | None = None
        self.broken: dict[str, str] = {}  # job -> last error, after too many failures

    def within(self, group: asyncio.TaskGroup) -> None:
        self._group = group

    def start(self, name: str, make: Callable[[], Awaitable[None]]) -> "asyncio.Task[None]":
        """``make`` is called again after a failure: it must look at the durable state afresh."""
        assert self._group is not None, "the service is not running"
        return self._group.create_task(self._keep(name, make), name=name)

    async def _keep(self, name: str, make: Callable[[], Awaitable[None]]) -> None:
        for failure in range(1, FAILURES + 1):
            try:
                await make()
            except JournalError:
                raise
            except Exception as error:
                log.exception("%s failed (%d of %d)", name, failure, FAILURES)
                self.broken[name] = type(error).__name__
                await asyncio.sleep(PAUSE_S * failure)
            else:
                self.broken.pop(name, None)
                return
