"""Ending what tasks wait for from outside, without a task of its own to be cancelled."""

import asyncio
from collections.abc import Awaitable
from typing import Any, TypeVar

T = TypeVar("T")


class CutShort(Exception):
    """What was waited for is over: somebody called ``cut``."""


class Cut:
    """Ends what tasks wait for, and only that: as ``asyncio.timeout`` does, without a task of its own."""

    __slots__ = ("_waiting",)

    def __init__(self) -> None:
        self._waiting: dict[asyncio.Task[Any], bool] | None = None  # task -> ended by us; once somebody waited

    async def during(self, work: Awaitable[T]) -> T:
        """Raises CutShort when ``cut`` is called meanwhile."""
        task = asyncio.current_task()
        assert task is not None, "only tasks wait"
        others = task.cancelling()
        if self._waiting is None:
            self._waiting = {}
        self._waiting[task] = False
        try:
            return await work
        except BaseException as error:
            if self._waiting[task] and task.uncancel() <= others and isinstance(error, asyncio.CancelledError):
                raise CutShort from None
            raise
        finally:
            del self._waiting[task]

    def cut(self) -> None:
        waiting = self._waiting or {}
        for task, ended in waiting.items():
            if not ended:
                waiting[task] = True
                task.cancel()
