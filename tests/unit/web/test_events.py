"""Events waited for over plain HTTP: as soon as one is there, at the latest after the seconds asked for."""

import asyncio
from dataclasses import replace
from types import SimpleNamespace
from typing import cast

import pytest

from terminal.errors import NotAllowed
from terminal.people.roles import Principal
from terminal.virtual_time import run
from terminal.web.callers import Caller
from terminal.web.calls import Call
from terminal.web.events import read_events
from terminal.web.live.hub import HUB
from terminal.web.shapes.events import EventPage, EventsQuery
from tests.unit.web.live.test_hub import OWNER, Rig, job

SECOND = replace(OWNER, counters=frozenset({"2"}))


class Waiting(Rig):
    """Who asks for events, and when on the loop's clock they were answered."""

    async def ask(self, after: int = 0, wait_s: int = 20, who: Principal = OWNER) -> tuple[EventPage, float]:
        edge = SimpleNamespace(service=SimpleNamespace(feed=self.feed))
        call = SimpleNamespace(
            require=lambda action: who,
            known=Caller(OWNER, "p1", self.look, by_key=True),
            edge=edge,
            request=SimpleNamespace(app={HUB: self.hub}),
            form=EventsQuery(after=after, wait_s=wait_s),
        )
        loop = asyncio.get_running_loop()
        began = loop.time()
        answer = await read_events(cast("Call[EventsQuery]", call))
        assert isinstance(answer.view, EventPage)
        assert self.hub.count() == 0, "nobody who was answered is listened for"
        return answer.view, round(loop.time() - began, 3)


@pytest.mark.row(90)
def test_a_page_that_is_there_is_given_at_once() -> None:
    async def story() -> None:
        rig = Waiting()
        await rig.happen()
        page, took_s = await rig.ask()
        assert ([each.number for each in page.events], page.next, took_s) == ([1], 1, 0)
        page, took_s = await rig.ask(after=1, wait_s=0)
        assert (page.events, page.next, page.newest, took_s) == ([], 1, 1, 0)

    run(story(), seed=1)


@pytest.mark.row(90)
def test_one_that_waits_hears_the_next_event_and_an_empty_page_at_the_end_of_its_time() -> None:
    async def story() -> None:
        rig = Waiting()
        async with job(rig.hub.follow()):
            asking = asyncio.create_task(rig.ask())
            await asyncio.sleep(7)
            await rig.happen()
            page, took_s = await asking
            assert [each.number for each in page.events] == [1]
            assert 7 <= took_s < 8
            page, took_s = await rig.ask(after=1)
            assert (page.events, page.next) == ([], 1)
            assert took_s == 20

    run(story(), seed=1)


def test_what_is_not_for_these_eyes_ends_no_wait_but_is_passed_over() -> None:
    async def story() -> None:
        rig = Waiting()
        async with job(rig.hub.follow()):
            asking = asyncio.create_task(rig.ask(who=SECOND))
            await asyncio.sleep(3)
            await rig.happen()
            page, took_s = await asking
            assert (page.events, page.next, took_s) == ([], 1, 20)

    run(story(), seed=1)


def test_s24_a_wait_ends_with_its_credential_and_with_the_service() -> None:
    async def story() -> None:
        rig = Waiting()
        async with job(rig.hub.follow()):
            asking = asyncio.create_task(rig.ask())
            await asyncio.sleep(1)
            rig.hub.end_all()
            page, took_s = await asking
            assert (page.events, took_s) == ([], 1)
            asking = asyncio.create_task(rig.ask())
            await asyncio.sleep(1)
            rig.principal = None
            rig.hub.recheck()
            with pytest.raises(NotAllowed, match="not_signed_in"):
                await asking

    run(story(), seed=1)


def test_a_number_that_cannot_be_read_yet_is_waited_for_and_holds_nobody_up() -> None:
    class Ahead(Waiting):
        def __init__(self) -> None:
            super().__init__()
            self.paper.last_number = lambda: len(self.paper.events) + 1  # type: ignore[method-assign]  # committed, not published

    async def story() -> None:
        rig = Ahead()
        async with job(rig.hub.follow()):
            page, took_s = await rig.ask()
            assert (page.events, page.newest, took_s) == ([], 0, 20), "no number is told that cannot be read"

    run(story(), seed=1)
