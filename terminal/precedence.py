"""Who goes first of all that is ready at one moment: a payment's proof, before sales that only begin.

asyncio serves in the order of arrival, so with eight customers a bank's word stands in line behind their codes,
slips and pictures, once for each of the few steps it takes. What runs in a context that is ``ahead`` is served
before the rest, AHEAD_MAX in a row; among themselves both stay in their order, and whatever such work starts is
ahead, too, unless it stands in ``line``. A loop that keeps what is ready in another way goes on as it does.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from contextvars import Context, ContextVar, copy_context
from typing import Any, Final, TypeVar

T = TypeVar("T")
AHEAD_MAX: Final = 4  # then one of the others: who floods the bank's listener must not stop the tills
_AHEAD: Final[ContextVar[bool]] = ContextVar("ahead", default=False)


class Ready:
    """In place of the deque in which a loop of asyncio keeps handles."""

    __slots__ = ("_first", "_others", "_row")

    def __init__(self) -> None:
        self._first: deque[Any] = deque()
        self._others: deque[Any] = deque()
        self._row = 0  # of the first ones since one of the others, while others waited

    def append(self, handle: Any) -> None:
        (self._first if handle._context.get(_AHEAD, False) else self._others).append(handle)

    def popleft(self) -> Any:
        if self._first and (self._row < AHEAD_MAX or not self._others):
            self._row = self._row + 1 if self._others else 0
            return self._first.popleft()
        self._row = 0
        return self._others.popleft()

    def __len__(self) -> int:
        return len(self._first) + len(self._others)

    def clear(self) -> None:
        self._first.clear()
        self._others.clear()


def install(loop: asyncio.AbstractEventLoop) -> None:
    """From now on this loop serves what is ahead first, if it is one of asyncio's own."""
    kept = getattr(loop, "_ready", None)
    if type(kept) is not deque:
        return
    ready = Ready()
    for handle in kept:
        ready.append(handle)
    loop._ready = ready  # type: ignore[attr-defined]  # of every loop of asyncio, from 3.11 to 3.14 at least


@contextmanager
def ahead() -> Iterator[None]:
    """What is begun inside goes first."""
    token = _AHEAD.set(True)
    try:
        yield
    finally:
        _AHEAD.reset(token)


async def stand_in_line() -> None:
    """From now on this task stands in line, behind everybody who is there already, and so does what it starts."""
    _AHEAD.set(False)
    await asyncio.sleep(0)


async def in_line(waited: Awaitable[T]) -> T:
    """Wait for it; who is ahead is called back in line, and then ahead again."""
    if not _AHEAD.get():
        return await waited
    token = _AHEAD.set(False)
    try:
        return await waited
    finally:
        _AHEAD.reset(token)


def line() -> Context:
    """This context, but in line: for what is started here and can wait."""
    context = copy_context()
    if context.get(_AHEAD, False):
        context.run(_AHEAD.set, False)
    return context


def first() -> Context:
    """An empty context that is ahead."""
    context = Context()
    context.run(_AHEAD.set, True)
    return context
