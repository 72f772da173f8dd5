"""Devices are opened and greeted a few at a time: a thousand at once leave holes in the memory that stay there.

Nobody waits long for that: who is slow no longer counts, so dead ports hold up nobody, and who is wanted for a
customer goes first.
"""

import asyncio
from typing import Final
from weakref import WeakKeyDictionary

AT_ONCE: Final = 32
SLOW_S: Final = 0.25  # a thousand dead ones hold up the last of them for eight seconds


class Queue:
    """Who is inside, and who waits, in order."""

    def __init__(self) -> None:
        self.inside = 0
        self.waiting: dict[Greeting, None] = {}

    def next(self) -> None:
        while self.waiting and self.inside < AT_ONCE:
            next(iter(self.waiting)).now()


_OF: WeakKeyDictionary[asyncio.AbstractEventLoop, Queue] = WeakKeyDictionary()


class Greeting:
    """One device's, from its opening on."""

    __slots__ = ("_called", "_queue", "_slow")

    def __init__(self) -> None:
        self._queue = _OF.setdefault(asyncio.get_running_loop(), Queue())
        self._called: asyncio.Future[None] | None = None
        self._slow: asyncio.TimerHandle | None = None  # while it counts

    async def begin(self, *, now: bool) -> None:
        """Wait until it is this one's turn. ``end`` it, whatever happened."""
        if now or self._queue.inside < AT_ONCE:
            self._enter()
            return
        self._called = asyncio.get_running_loop().create_future()
        self._queue.waiting[self] = None
        await self._called

    def now(self) -> None:
        """It waits no longer."""
        if self in self._queue.waiting:
            del self._queue.waiting[self]
            self._enter()
        if self._called is not None and not self._called.done():
            self._called.set_result(None)

    def end(self) -> None:
        """It is over, well or not, or takes too long to count; more than once does no harm."""
        self._queue.waiting.pop(self, None)
        if self._slow is not None:
            self._slow.cancel()
            self._slow = None
            self._queue.inside -= 1
            self._queue.next()

    def _enter(self) -> None:
        self._queue.inside += 1
        self._slow = asyncio.get_running_loop().call_later(SLOW_S, self.end)
