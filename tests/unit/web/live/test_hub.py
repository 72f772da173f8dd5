"""The hub's two jobs outlive their failures, and nobody keeps a socket that nothing feeds."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest
from aiohttp import WSCloseCode

from terminal.counter.feed import Feed
from terminal.counter.ports import Journal, Ticket
from terminal.errors import JournalError
from terminal.payments.event import Actor, Event, Ledger, NewEvent
from terminal.people.roles import Principal, Role
from terminal.virtual_time import run
from terminal.web.callers import Caller
from terminal.web.edge import Edge, EdgeLimits
from terminal.web.live.hub import SIGNED_OUT, Hub, Listener

OWNER = Principal("person", "p1", Role.OWNER)


class Paper:
    """A journal in memory that cannot be read while it is locked."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.locked = False

    def _check(self) -> None:
        if self.locked:
            raise JournalError("journal_locked")

    async def append(self, events: Sequence[NewEvent], *, ticket: Ticket | None = None) -> tuple[Event, ...]:
        number = len(self.events)
        made = tuple(
            Event(
                number + n, x.stream, n, x.type, 1, Ledger.TEST, "m", "s", "1", x.subject, "a:x", 0, 0, {}, b""
            )
            for n, x in enumerate(events, 1)
        )  # fmt: skip
        self.events += made
        return made

    def after(self, number: int, *, limit: int = 256) -> tuple[Event, ...]:
        self._check()
        return tuple(self.events[number : number + limit])

    def last_number(self) -> int:
        self._check()
        return len(self.events)


class Rig:
    def __init__(self) -> None:
        self.paper = Paper()
        self.feed = Feed(cast("Journal", self.paper))
        self.is_dead = False
        self.principal: Principal | None = OWNER
        self.lost = False
        edge = SimpleNamespace(
            service=SimpleNamespace(feed=self.feed), limits=EdgeLimits(), dead=lambda: self.is_dead
        )
        self.hub = Hub(cast("Edge", edge))

    def look(self) -> Principal | None:
        if self.lost:
            raise JournalError("journal_locked")
        return self.principal

    def listen(self) -> Listener:
        listener = Listener(Caller(OWNER, "p1", self.look, by_key=False), None, len(self.paper.events))
        self.hub.add(listener)
        return listener

    async def happen(self) -> None:
        await self.feed.append([NewEvent("counter:1", "thing_done", "s", Actor("system", "x"), {})])
        await asyncio.sleep(0.01)


@asynccontextmanager
async def job(work: Coroutine[Any, Any, None]) -> AsyncIterator["asyncio.Task[None]"]:
    task = asyncio.create_task(work)
    await asyncio.sleep(0)
    try:
        yield task
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


@pytest.mark.parametrize("dead", [False, True])
def test_s29_live_events_come_back_after_the_journal_could_not_be_read(
    dead: bool, caplog: pytest.LogCaptureFixture
) -> None:
    async def story() -> None:
        rig = Rig()
        rig.paper.locked, rig.is_dead = True, dead
        listener = rig.listen()
        async with job(rig.hub.follow()) as follow:
            await asyncio.sleep(30)
            assert listener.ended.is_set()
            code, why = listener.why
            assert code == WSCloseCode.TRY_AGAIN_LATER
            assert msgspec.json.decode(why) == {"resume": 0, "slug": "journal_locked"}
            rig.hub.remove(listener)
            rig.paper.locked = False
            await asyncio.sleep(2)
            again = rig.listen()
            await rig.happen()
            assert again.news.is_set()
            assert not again.ended.is_set()
            assert not follow.done()

    caplog.set_level(logging.INFO)
    run(story(), seed=1)
    [line] = [each.getMessage() for each in caplog.records if each.name == "terminal.web.live.hub"]
    assert ("the journal is dead" in line) is dead


def test_s29_who_came_while_nobody_followed_is_woken_when_following_begins() -> None:
    async def story() -> None:
        rig = Rig()
        rig.paper.locked = True
        async with job(rig.hub.follow()):
            await asyncio.sleep(0.5)
            rig.paper.locked = False
            listener = rig.listen()
            await rig.happen()
            assert not listener.news.is_set()
            await asyncio.sleep(2)
            assert listener.news.is_set()

    run(story(), seed=1)


def test_s24_a_credential_s_end_is_seen_also_after_a_look_round_that_failed() -> None:
    async def story() -> None:
        rig = Rig()
        rig.lost = True
        listener = rig.listen()
        async with job(rig.hub.tick()) as tick:
            await asyncio.sleep(20)
            assert listener.ended.is_set()
            rig.hub.remove(listener)
            rig.lost, again = False, rig.listen()
            await asyncio.sleep(20)
            assert not again.ended.is_set()
            rig.principal = None
            await asyncio.sleep(20)
            assert again.why[0] == SIGNED_OUT
            assert not tick.done()

    run(story(), seed=1)
