"""Products scanned while no sale is open: for the till behind a door that asks for them, while it asks."""

import asyncio
import math
from typing import Final

WAITING_MAX: Final = 16  # older ones go: nobody wants a scan of an hour ago
NEVER: Final = -math.inf
WANTED_S: Final = 10.0  # a till that asked so long ago has gone


class Products:
    __slots__ = ("_asked_s", "_queue")

    def __init__(self) -> None:
        self._queue: asyncio.Queue[str] | None = None  # three kilobytes, once a till asks or a product is scanned
        self._asked_s = NEVER

    @property
    def wanted(self) -> bool:
        return asyncio.get_running_loop().time() - self._asked_s < WANTED_S

    def offer(self, ean: str) -> None:
        if self._queue is None:
            self._queue = asyncio.Queue()
        while self._queue.qsize() >= WAITING_MAX:
            self._queue.get_nowait()
        self._queue.put_nowait(ean)

    async def take(self, limit_s: float) -> str | None:
        """The next one, None when nobody scanned a product within ``limit_s``."""
        # a till that comes back does not want what was scanned while it was away
        if self._queue is None or not self.wanted:
            self._queue = asyncio.Queue()
        now_s = asyncio.get_running_loop().time
        self._asked_s = now_s() + limit_s
        try:
            async with asyncio.timeout(limit_s):
                return await self._queue.get()
        except TimeoutError:
            return None
        finally:
            self._asked_s = now_s()
