"""The end of what a host began to send over a wire in memory."""

import asyncio
from collections.abc import Callable
from threading import Lock


class HeldBack:
    """What the host holds back of something it began: let go or taken back, whichever comes first.

    Let go from any thread; it travels in the loop's, like everything here.
    """

    def __init__(
        self, data: bytes, taken: Callable[[bytes], bool], travel: Callable[["HeldBack"], None], *, asks: bool
    ) -> None:
        self.data, self.asks = data, asks  # asks: nothing of it was begun, and what the device says takes it back
        self._taken, self._travel = taken, travel
        self._loop = asyncio.get_running_loop()
        self._lock = Lock()
        self._sent: bool | None = None  # None: neither let go nor taken back

    def __call__(self) -> bool:
        with self._lock:
            if self._sent is None:
                self._sent = self._taken(self.data) and self._hand_over()
            return self._sent

    def _hand_over(self) -> bool:
        try:
            self._loop.call_soon_threadsafe(self._travel, self)
        except RuntimeError:  # the loop is closed
            return False
        return True

    def was_let_go(self) -> bool:
        """If not, it is taken back."""
        with self._lock:
            self._sent = bool(self._sent)
            return self._sent
