"""The real clock, chance and ids: the only file of the product that asks the machine for them."""

import ctypes
import os
import time
from typing import Final

from terminal.ulid import Ulids

_MMAP_THRESHOLD: Final = -3  # <malloc.h>: M_MMAP_THRESHOLD
LARGE: Final = 1 << 18  # bytes


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


def return_large_buffers() -> None:
    """From now on what is freed of LARGE buffers is the machine's again at once.

    Else glibc keeps the room of the largest one it ever saw for the next: 19 MiB once anybody signed in by PIN,
    whose proof takes so much. Another C library has no such knob, and no such habit.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_MMAP_THRESHOLD, LARGE)
