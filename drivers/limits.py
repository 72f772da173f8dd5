"""Limits of answers that nearly always come in time: one timer of the loop for all of them.

A timer each is made, sorted in, cancelled and sorted out again: a fifth of what a question at rest costs.
"""

import asyncio
from collections.abc import Callable
from weakref import WeakKeyDictionary

Late = Callable[[], None]


class Limits:
    """``late`` is called once when its time is over, unless ``end`` is called before."""

    def __init__(self) -> None:
        self._due_s: dict[Late, float] = {}
        self._timer: asyncio.TimerHandle | None = None

    def begin(self, late: Late, limit_s: float) -> None:
        loop = asyncio.get_running_loop()
        due_s = self._due_s[late] = loop.time() + limit_s
        if self._timer is None or due_s < self._timer.when():
            self._set(due_s)

    def end(self, late: Late) -> None:
        """Also when it was called already, or never began."""
        if self._due_s.pop(late, None) is not None and not self._due_s:
            self._stop()

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _set(self, due_s: float) -> None:
        self._stop()
        self._timer = asyncio.get_running_loop().call_at(due_s, self._ring)

    def _ring(self) -> None:
        self._timer = None
        now_s = asyncio.get_running_loop().time()
        over = [late for late, due_s in self._due_s.items() if due_s <= now_s]
        try:
            for late in over:
                if self._due_s.pop(late, None) is not None:
                    late()
        finally:  # the loop hears of one that fails; the others' turn comes at once
            if self._due_s:
                self._set(min(self._due_s.values()))


_OF: WeakKeyDictionary[asyncio.AbstractEventLoop, Limits] = WeakKeyDictionary()


def shared() -> Limits:
    """Those of the running loop."""
    return _OF.setdefault(asyncio.get_running_loop(), Limits())
