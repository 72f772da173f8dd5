"""Long work beside the sales: in bites on the loop, or in a thread that is seen to its end."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Final, TypeVar

T = TypeVar("T")
REST: Final = 4  # times as long as a bite took, until the next one
SIGNATURES: Final = 8  # of signed checkpoints in a bite
ROWS: Final = 64
END_S: Final = 5.0  # the most a cancelled caller waits for its thread: a disk that hangs ends with the process


async def in_bites(steps: Iterator[T], size: int) -> AsyncIterator[T]:
    """So many steps, then a rest: sales come first."""
    loop = asyncio.get_running_loop()
    begun_s = loop.time()
    for done, step in enumerate(steps):
        if done % size == 0:
            await asyncio.sleep((loop.time() - begun_s) * REST)
            begun_s = loop.time()
        yield step


def _as_it_is() -> None:
    """It cannot be hurried."""


async def in_thread(work: Callable[[], T], hurry: Callable[[], None] = _as_it_is) -> T:
    """Like ``asyncio.to_thread``, but a cancelled caller still waits until the thread is done.

    What the thread works on, a connection say, may be closed as soon as this returns or raises.

    Args:
        hurry: makes the work end early; called when nobody wants its result any more.
    """
    future = asyncio.get_running_loop().run_in_executor(None, work)
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError:
        hurry()
        await asyncio.wait({future}, timeout=END_S)
        if future.done() and not future.cancelled():
            future.exception()  # looked at: whoever is being ended has nobody to tell
        raise
