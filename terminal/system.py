"""The real clock, chance and ids: the only file of the product that asks the machine for them."""

import os
import time

from terminal.ulid import Ulids


class SystemClock:
    """UTC and monotonic time of this machine; the monotonic one is what asyncio's timers use."""

    def wall_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def mono_ns(self) -> int:
        return time.monotonic_ns()


class SystemEntropy:
    """The kernel's random numbers, good for keys."""

    def bytes(self, count: int) -> bytes:
        return os.urandom(count)


class SystemIds(Ulids):
    """ULIDs from the real clock and the kernel's chance."""

    def __init__(self) -> None:
        super().__init__(SystemClock(), SystemEntropy())
