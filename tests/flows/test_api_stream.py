"""Events as a stream of plain HTTP: in order, resumed by the client's own memory, bounded as a WebSocket (A3)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest

from terminal.payments.event import Actor, NewEvent
from terminal.web.edge import EdgeLimits
from terminal.web.live.hub import SIGNED_OUT, SLOW
from tests.flows.api_rig import WATCHDOG_S, Client, open_shop


class Stream:
    """Reads a stream as WHATWG HTML 9.2.6 says."""

    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self.answer = answer
        self.last = ""

    async def next(self) -> tuple[str, dict[str, Any]]:
        """The next message: its kind, and its data."""
        kind, data = "message", ""
        while True:
            line = (await asyncio.wait_for(self.answer.content.readline(), WATCHDOG_S)).decode()
            assert line, "the stream ended without a word"
            if line == "\n":
                if data:
                    return kind, msgspec.json.decode(data)
                kind = "message"
                continue
            name, _, value = line.rstrip("\n").partition(":")
            value = value.removeprefix(" ")
            kind = value if name == "event" else kind
            data = value if name == "data" else data
            self.last = value if name == "id" else self.last

    async def until(self, kind: str) -> list[int]:
        """Numbers of the events up to the first of this type."""
        found = []
        while True:
            _, event = await self.next()
            found.append(event["number"])
            if event["event_type"] == kind:
                return found


@asynccontextmanager
async def streaming(client: Client, query: str = "", **headers: str) -> AsyncIterator[Stream]:
    sent = {**client.headers, **{name.replace("_", "-"): value for name, value in headers.items()}}
    async with client.session.get(f"{client.url}/api/v1/events/stream{query}", headers=sent) as answer:
        assert answer.status == 200, await answer.text()
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        yield Stream(answer)


@pytest.mark.row(3, 90)
async def test_a3_a_stream_goes_on_where_the_client_left_and_repeats_nothing(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        pos = await shop.machine()
        async with streaming(pos, "?after=0") as stream:
            await shop.paid(pos)
            first = await stream.until("sale_opened")
            last = stream.last
        assert last == str(first[-1])
        sale = await shop.paid(pos, counter="2")
        async with streaming(pos, "?after=0", Last_Event_ID=last) as stream:
            found, paid = [], False
            while not paid:
                _, event = await stream.next()
                found.append(event["number"])
                paid = event["subject"] == sale["id"] and event["body"].get("to") == "paid"
        page = (await pos.get(f"/events?after={last}&limit=256")).body["events"]
        assert found == [each["number"] for each in page][: len(found)]


@pytest.mark.row(90)
async def test_i14_a_key_of_one_counter_hears_of_no_other_but_keeps_its_place(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        pos = await shop.machine(counters=("1",))
        async with streaming(pos, "?after=0") as stream:
            other = await shop.paid(await shop.machine(), counter="2")
            own = await shop.shown(pos)
            _, event = await stream.next()
            while event["subject"] != own["id"]:
                assert event["subject"] != other["id"]
                _, event = await stream.next()


async def test_a3_who_does_not_read_is_sent_away_with_the_number_to_resume_from(tmp_path: Path) -> None:
    async with open_shop(tmp_path, limits=EdgeLimits(socket_queue=4)) as shop:
        async with streaming(await shop.machine()) as stream:
            actor = Actor("system", "test")
            await shop.service.feed.append([NewEvent("counter:1", "sale_parked", "s", actor, {})])
            await stream.until("sale_parked")  # it is up to date: from here on it must keep up
            many = [NewEvent("counter:1", "sale_parked", "s", actor, {"n": n}) for n in range(64)]
            await shop.service.feed.append(many)
            kind, told = await stream.next()
            while kind != "end":
                kind, told = await stream.next()
            assert told["code"] == SLOW
            assert isinstance(told["resume"], int)
        await shop.unheard()


async def test_s24_a_key_that_is_revoked_hears_nothing_more(tmp_path: Path) -> None:
    async with open_shop(tmp_path, limits=EdgeLimits(socket_tick_s=0.05)) as shop:
        owner, pos = await shop.owner(), await shop.machine()
        async with streaming(pos) as stream:
            [key] = (await owner.get("/keys")).body["api_keys"]
            assert (await owner.post(f"/keys/{key['id']}/revoke")).status == 200
            kind, told = await stream.next()
            while kind != "end":
                kind, told = await stream.next()
            assert told["code"] == SIGNED_OUT


async def test_a3_strangers_displays_wrong_places_and_one_too_many_are_refused(tmp_path: Path) -> None:
    async with open_shop(tmp_path, limits=EdgeLimits(sockets_per_credential=1, socket_tick_s=0.05)) as shop:
        assert (await shop.client().get("/events/stream")).slug == "not_signed_in"
        assert (await (await shop.display()).get("/events/stream")).status == 403
        pos = await shop.machine()
        assert (await pos.get("/events/stream", Last_Event_ID="x")).slug == "field_wrong"
        async with streaming(pos):
            assert (await pos.get("/events/stream")).slug == "sockets_too_many"
        await shop.unheard()
        ticket = (await pos.post("/live/ticket")).body["ticket"]
        async with streaming(shop.client(), f"?ticket={ticket}&after=0") as stream:
            await shop.shown(pos)
            await stream.until("sale_opened")
        assert (await shop.client().get(f"/events/stream?ticket={ticket}")).slug == "ticket_wrong"
