"""Who is cut off after every event and comes back hears all of them once, however late each is published (A3)."""

import asyncio
from collections.abc import Sequence
from random import Random
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest
from aiohttp import web

from terminal.counter.ports import Ticket
from terminal.payments.event import Actor, Event, NewEvent
from terminal.virtual_time import run
from terminal.web.callers import Caller
from terminal.web.edge import Edge
from terminal.web.events import read_events
from terminal.web.live.hub import HUB, Listener
from terminal.web.live.stream import _serve
from terminal.web.shapes.events import EventsQuery
from tests.unit.web.live.test_hub import OWNER, Paper, Rig, job

pytestmark = [pytest.mark.no_cover, pytest.mark.row(90)]
EVENTS = 40


class Late(Paper):
    """Durable at once, told to the program only after a while: those behind it may be told first."""

    def __init__(self, chance: Random) -> None:
        super().__init__()
        self._chance = chance

    async def append(self, events: Sequence[NewEvent], *, ticket: Ticket | None = None) -> tuple[Event, ...]:
        made = await super().append(events, ticket=ticket)
        await asyncio.sleep(self._chance.choice((0, 0, 0.1, 3)))
        return made


class Line:
    """Carries one event of a stream and breaks with whatever comes next."""

    def __init__(self) -> None:
        self.number = 0

    async def write(self, data: bytes) -> None:
        await asyncio.sleep(0)
        if self.number:
            raise ConnectionResetError
        if b"\ndata: " in data:
            self.number = int(msgspec.json.decode(data.partition(b"\ndata: ")[2])["number"])


class Shop(Rig):
    def __init__(self, seed: int) -> None:
        super().__init__()
        self.chance = Random(seed)
        self.paper = Late(self.chance)
        self.feed._journal = cast("Any", self.paper)
        limits = SimpleNamespace(socket_stuck_s=5.0, socket_queue=256, sockets_per_credential=10**6)
        edge = SimpleNamespace(service=SimpleNamespace(feed=self.feed), limits=limits, dead=lambda: False)
        self.edge = self.hub.edge = cast("Edge", edge)
        self.request = SimpleNamespace(app={HUB: self.hub})
        self.caller = Caller(OWNER, "p1", self.look, by_key=False)

    async def happens(self) -> None:
        """Appends run beside each other, in ones and twos."""
        async with asyncio.TaskGroup() as group:
            number = 0
            while number < EVENTS:
                count = min(self.chance.choice((1, 1, 2)), EVENTS - number)
                number += count
                new = [NewEvent("counter:1", "thing_done", "s", Actor("system", "x"), {}) for _ in range(count)]
                group.create_task(self.feed.append(new))
                await asyncio.sleep(self.chance.choice((0, 0, 0.05, 1)))

    async def polls(self) -> list[int]:
        found: list[int] = []
        after = 0
        while len(found) < EVENTS:
            form = EventsQuery(after=after, wait_s=20, limit=1)
            call = SimpleNamespace(
                require=lambda _: OWNER, known=self.caller, edge=self.edge, form=form, request=self.request
            )
            page = cast("Any", (await read_events(cast("Any", call))).view)
            assert page.newest <= max(self.feed.published, page.next), "no number is told that cannot be read"
            found += [each.number for each in page.events]
            after = page.next
        return found

    async def streams(self) -> list[int]:
        found: list[int] = []
        while len(found) < EVENTS:
            line, listener = Line(), Listener(self.caller, None, found[-1] if found else 0)
            self.hub.add(listener)
            try:
                await _serve(self.hub, cast("web.StreamResponse", line), listener)
            except ConnectionResetError:
                pass
            finally:
                self.hub.remove(listener)
            found += [line.number] if line.number else []
        return found


@pytest.mark.parametrize(
    ("seed", "listeners"), [(1, 1), (2, 1), (3, 10), (4, 100), pytest.param(5, 1000, marks=pytest.mark.slow)]
)
def test_a3_cut_at_every_event_nothing_is_lost_and_nothing_comes_twice(seed: int, listeners: int) -> None:
    async def story() -> None:
        shop = Shop(seed)
        async with job(shop.hub.follow()), asyncio.timeout(3600):
            ways = [shop.polls() if n % 2 else shop.streams() for n in range(listeners + 1)]
            found = await asyncio.gather(shop.happens(), *ways)
        assert found[1:] == [list(range(1, EVENTS + 1))] * (listeners + 1)

    run(story(), seed=seed)


def test_a3_who_waits_is_told_of_what_was_durable_before_the_hub_looked() -> None:
    """The job that wakes everybody begins again between a commit and its publishing."""

    async def story() -> None:
        shop = Shop(1)
        await shop.happen()
        listener = shop.listen()
        gate = asyncio.Event()

        async def slowly(events: Sequence[NewEvent], *, ticket: Ticket | None = None) -> tuple[Event, ...]:
            made = await Paper.append(shop.paper, events, ticket=ticket)
            await gate.wait()
            return made

        shop.paper.append = slowly  # type: ignore[method-assign]  # durable, and not told yet
        happens = asyncio.create_task(shop.happen())
        await asyncio.sleep(1)
        async with job(shop.hub.follow()):
            await asyncio.sleep(1)
            listener.news.clear()
            gate.set()
            await happens
            await asyncio.sleep(1)
            assert listener.news.is_set()

    run(story(), seed=1)
