"""A till's own program at a virtual counter: ``terminal.client``, and what it does here it does at a shop."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import aclosing
from typing import Any, Final, TypeVar

from terminal.client import AsyncClient, Calls, Client, Event, Pieces
from terminal.simulation.api_door import URL, Ask, asked, in_time
from terminal.testing.office import Office
from terminal.testing.story import Story
from terminal.testing.turns import Turns

__tracebackhide__ = True  # a failed test shows its own line
BREATH_S: Final = 0.25
T = TypeVar("T")


class Line:
    """From a till to the counter's API on the counter's time; what is asked and answered stands in its story.

    Args:
        office: of the life that runs now; None while the service is down.
    """

    def __init__(self, turns: Turns, story: Story, office: Callable[[], Awaitable[Office | None]]) -> None:
        self.turns, self._story, self._office = turns, story, office

    async def carry(self, client: Calls, ask: Ask, limit_s: float) -> Pieces:
        """An answer to the till."""
        office, status = await self._office(), 0
        self._story.note("pos", f"{ask.method} {ask.path}", way="out")
        if office is not None:
            async with aclosing(in_time(office.door.pieces(ask), limit_s or client.timeout_s)) as pieces:
                async for piece in pieces:
                    status = status or piece[0]
                    yield piece
        self._story.note("pos", f"{status or 'no answer'} {ask.path}", way="in")

    async def key(self) -> str:
        """The key this life of the service made for the till; empty while it is down."""
        office = await self._office()
        return office.key if office else ""


class CounterClient(Client):
    """``terminal.client.Client`` of a virtual counter: blocks the test while the counter's time runs."""

    def __init__(self, line: Line, new_key: Callable[[], str], **more: Any) -> None:
        super().__init__(URL, "", new_key=new_key, **more)
        self._line = line

    def run(self, call: Coroutine[Any, Any, T]) -> T:
        """After the answer a breath of time passes, as it does at a counter: voice and paper have begun."""
        done = self._line.turns.run(call)
        self._line.turns.run(asyncio.sleep(BREATH_S))
        return done

    def follow(self, after: int) -> Iterator[Event]:
        """Every event after a number, for ever; virtual time runs until the next one."""
        events = self._follow(after)
        while True:
            yield self._line.turns.run(events.asend(None))

    async def _pieces(self, path: str, body: bytes = b"", key: str = "", limit_s: float = 0) -> Pieces:
        self.api_key = await self._line.key()
        async with aclosing(self._line.carry(self, asked(self, path, body, key), limit_s)) as pieces:
            async for piece in pieces:
                yield piece


class AsyncCounterClient(AsyncClient):
    """``terminal.client.AsyncClient`` likewise, for coroutines that ``counter.run`` runs."""

    def __init__(self, line: Line, new_key: Callable[[], str], **more: Any) -> None:
        super().__init__(URL, "", new_key=new_key, **more)
        self._line = line

    async def _pieces(self, path: str, body: bytes = b"", key: str = "", limit_s: float = 0) -> Pieces:
        self.api_key = await self._line.key()
        async with aclosing(self._line.carry(self, asked(self, path, body, key), limit_s)) as pieces:
            async for piece in pieces:
                yield piece
