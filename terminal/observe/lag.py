"""How late the event loop is: looked at while things happen, and seldom at night, when nobody waits for it."""

import asyncio
from collections.abc import Callable
from typing import Final

EVERY_S: Final = 1.0
AT_REST_S: Final = 10.0  # nothing was recorded since the last look: a thousand idle counters wake nobody


async def watch_lag(lagged: Callable[[float], None], newest: Callable[[], int]) -> None:
    """For ever.

    Args:
        lagged: is told each look's lateness in seconds.
        newest: number of the newest event; another one than at the last look means that people are here.
    """
    loop, seen = asyncio.get_running_loop(), newest()
    while True:
        was, seen = seen, newest()
        pause_s = AT_REST_S if seen == was else EVERY_S
        due_s = loop.time() + pause_s
        await asyncio.sleep(pause_s)
        lagged(max(loop.time() - due_s, 0.0))
