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
        self._waiting: _Waiting | None = None  # the newest; nearly always there is but one

    async def during(self, work: Awaitable[T]) -> T:
        """Raises CutShort when ``cut`` is called meanwhile."""
        task = asyncio.current_task()
        assert task is not None, "only tasks wait"
        mine = self._waiting = _Waiting(task, self._waiting)
        others = task.cancelling()
        try:
            return await work
        except BaseException as error:
            if mine.ended and task.uncancel() <= others and isinstance(error, asyncio.CancelledError):
                raise CutShort from None
            raise
        finally:
            self._forget(mine)

    def _forget(self, over: "_Waiting") -> None:
        if self._waiting is over:
            self._waiting = over.before
            return
        after = self._waiting
        while after is not None:
            if after.before is over:
                after.before = over.before
            after = after.before

    def cut(self) -> None:
        each = self._waiting
        while each is not None:
            if not each.ended:
                each.ended = True
                each.task.cancel()
            each = each.before


class _Waiting:
    __slots__ = ("before", "ended", "task")

    def __init__(self, task: "asyncio.Task[Any]", before: "_Waiting | None") -> None:
        self.task, self.before = task, before
        self.ended = False  # by us
