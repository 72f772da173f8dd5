"""Live state over WebSocket: whole counters, events from any number, and who may listen how long (A3, S24)."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest

from terminal.payments.event import Actor, NewEvent
from terminal.web.callers import SESSION
from terminal.web.counters import view_of
from terminal.web.edge import EdgeLimits
from terminal.web.live.hub import AT_A_TIME, SIGNED_OUT, SLOW, start_of
from tests.flows.api_rig import WATCHDOG_S, Client, Shop, open_shop
from tests.flows.test_api_orphans import orphaned

Socket = aiohttp.ClientWebSocketResponse


@asynccontextmanager
async def listening(client: Client, query: str = "counter=1", **headers: str) -> AsyncIterator[Socket]:
    sent = {**client.headers, **{name.replace("_", "-"): value for name, value in headers.items()}}
    async with client.session.ws_connect(f"{client.url}/api/v1/live?{query}", headers=sent) as socket:
        yield socket


async def refused(client: Client, query: str = "counter=1", **headers: str) -> str:
    """The slug of a handshake that failed."""
    upgrade = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    return (await client.ask("GET", f"/live?{query}", headers={**upgrade, **headers})).slug


async def read(socket: Socket) -> dict[str, Any]:
    return dict(msgspec.json.decode(await asyncio.wait_for(socket.receive_str(), WATCHDOG_S)))


async def read_until(socket: Socket, kind: str) -> list[dict[str, Any]]:
    """Messages up to and with the first event of this kind."""
    told = []
    while True:
        told.append(await read(socket))
        if told[-1].get("event_type") == kind:
            return told


@pytest.mark.row(3)
async def test_a_page_sees_the_counter_whole_and_after_every_change(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        till = await shop.till()
        async with listening(till) as socket:
            first = await read(socket)
            assert first["type"] == "counter"
            assert (first["id"], first["sale"], first["screen"]["kind"]) == ("1", None, "idle")
            sale = await shop.paid(till)
            told = await read_until(socket, "sale_moved")
            counters = [each for each in told if each["type"] == "counter"]
            assert any(each["screen"]["kind"] == "code" for each in counters)
            while counters[-1]["screen"]["result"] != "paid":
                message = await read(socket)
                counters += [message] if message["type"] == "counter" else []
            assert counters[-1]["last"]["id"] == sale["id"]


@pytest.mark.row(3, 90)
async def test_a3_resuming_from_a_number_loses_nothing_and_repeats_nothing(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        pos = await shop.machine()
        async with listening(pos, "after=0") as socket:
            await shop.paid(pos)
            first = await read_until(socket, "sale_opened")
        last = first[-1]["number"]
        await shop.paid(pos)
        wanted = [each["number"] for each in (await pos.get(f"/events?after={last}&limit=256")).body["events"]]
        async with listening(pos, f"after={last}") as socket:
            numbers = [(await read(socket))["number"] for _ in wanted]
        assert numbers == wanted
        assert len({each["number"] for each in first} & set(wanted)) == 0


@pytest.mark.row(90)
async def test_a3_many_old_events_are_read_back_in_order(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        pos = await shop.machine()
        await many(shop, 1500)
        async with listening(pos, "after=0") as socket:
            told: list[int] = []
            while len(told) < 1500:
                message = await read(socket)
                told += [message["body"]["n"]] if message["event_type"] == "scan_refused" else []
        assert told == list(range(1500))


@pytest.mark.row(3, 90)
async def test_a3_an_event_that_is_durable_and_not_told_yet_is_still_to_come(tmp_path: Path) -> None:
    """Between the commit and the news of it, neither a view nor a new listener is past it."""
    async with open_shop(tmp_path) as shop:
        feed, lane = shop.service.feed, shop.service.lane("1")
        numbers: list[int] = []

        def durable(_events: object) -> None:
            assert feed.last_number() > feed.published, "durable, and nobody was told"
            numbers.extend((view_of(shop.edge, lane).event, start_of(feed, None)))

        event = NewEvent("counter:1", "scan_refused", "1", Actor("device", "1/scanner"), {"slug": "x"})
        [made] = await feed.append([event], durable)
        assert [[each.number for each in feed.after(at)] for at in numbers] == [[made.number]] * 2
        assert view_of(shop.edge, lane).event == made.number


async def many(shop: Shop, count: int, size: int = 10) -> None:
    for start in range(0, count, 50):
        await shop.service.feed.append([refused_scan(n, size) for n in range(start, min(start + 50, count))])


def refused_scan(n: int, size: int = 10) -> NewEvent:
    return NewEvent("counter:1", "scan_refused", "1", Actor("device", "1/scanner"), {"slug": "x" * size, "n": n})


@pytest.mark.row(90)
async def test_a3_who_reads_too_slowly_is_closed_with_the_number_to_resume_from(tmp_path: Path) -> None:
    limits = EdgeLimits(socket_queue=256, socket_stuck_s=WATCHDOG_S)  # the queue ends it, not the time
    async with open_shop(tmp_path, limits=limits) as shop:
        pos = await shop.machine()
        slow = await slow_listener(shop, pos, after=shop.service.feed.last_number())
        await many(shop, 1200, size=30_000)
        frames = await slow.everything()
        closing = frames[-1]
        assert int.from_bytes(closing[:2]) == SLOW
        resume = msgspec.json.decode(closing[2:])["resume"]
        seen = [msgspec.json.decode(each)["number"] for each in frames[:-1]]
        assert resume == seen[-1], "what was given is known exactly"
        async with listening(pos, f"after={resume}") as socket:
            assert (await read(socket))["number"] == resume + 1


class SlowListener:
    """A WebSocket client that reads nothing until asked, with a small window."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def everything(self) -> list[bytes]:
        """All frames to the closing one (RFC 6455, 5.2; servers do not mask)."""
        frames: list[bytes] = []
        while True:
            head = await asyncio.wait_for(self._reader.readexactly(2), WATCHDOG_S)
            size = head[1]
            if size == 126:
                size = int.from_bytes(await self._reader.readexactly(2))
            elif size == 127:
                size = int.from_bytes(await self._reader.readexactly(8))
            data = await self._reader.readexactly(size)
            if head[0] & 15 in {1, 8}:
                frames.append(data)
            if head[0] & 15 == 8:
                self._writer.close()
                return frames


async def slow_listener(shop: Shop, client: Client, *, after: int) -> SlowListener:
    host, _, port = shop.url.removeprefix("http://").rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port), limit=4096)
    head = [
        f"GET /api/v1/live?after={after} HTTP/1.1",
        f"Host: {host}:{port}",
        f"Authorization: {client.headers['Authorization']}",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ]
    writer.write("\r\n".join(head).encode() + b"\r\n\r\n")
    answer = await reader.readuntil(b"\r\n\r\n")
    assert b"101" in answer.splitlines()[0]
    return SlowListener(reader, writer)


async def test_a3_who_does_not_even_read_the_old_events_is_not_waited_for(tmp_path: Path) -> None:
    async with open_shop(tmp_path, limits=EdgeLimits(socket_stuck_s=0.3)) as shop:
        pos = await shop.machine()
        await many(shop, 600, size=30_000)
        stuck = await slow_listener(shop, pos, after=0)
        await shop.unheard()
        frames: list[bytes] = []
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            frames = await stuck.everything()
        assert len(frames) < 600


async def test_s24_a_page_of_another_site_cannot_listen_with_our_cookies(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        till = await shop.till()
        for origin in ("https://evil.example", "null"):
            assert await refused(till, Origin=origin) == "origin_not_allowed"
        del till.headers["Origin"]
        assert await refused(till) == "origin_not_allowed", "a browser always says where it comes from"
        assert await refused(shop.browser()) == "not_signed_in"
        pos = await shop.machine()
        assert await refused(pos, Host="evil.example") == "host_not_allowed"
        async with listening(pos) as socket:
            assert (await read(socket))["type"] == "counter", "a machine has no Origin"


async def test_s24_a_ticket_opens_once_and_within_thirty_seconds(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        till = await shop.till()
        bare = Client(shop.url, shop.session, {"Origin": shop.url})
        told = await till.post("/live/ticket")
        assert (told.status, told.body["valid_s"]) == (201, 30)
        async with listening(bare, f"counter=1&ticket={told.body['ticket']}") as socket:
            assert (await read(socket))["type"] == "counter"
        assert await refused(bare, f"counter=1&ticket={told.body['ticket']}") == "ticket_wrong"
        late = await till.post("/live/ticket")
        shop.clock.ahead_s += 31
        assert await refused(bare, f"counter=1&ticket={late.body['ticket']}") == "ticket_wrong"
        assert await refused(bare, "counter=1&ticket=ctl_guess") == "ticket_wrong"


async def test_s24_signing_out_ends_what_the_session_listened_to(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        owner = await shop.owner()
        ticket = (await owner.post("/live/ticket")).body["ticket"]
        bare = Client(shop.url, shop.session, {"Origin": shop.url})
        async with listening(owner) as first, listening(bare, f"counter=1&ticket={ticket}") as second:
            await read(first)
            await read(second)
            await owner.post("/sign-out")
            for socket in (first, second):
                closing = await asyncio.wait_for(socket.receive(), WATCHDOG_S)
                assert (closing.type, closing.data) == (aiohttp.WSMsgType.CLOSE, SIGNED_OUT)
                assert "resume" in str(closing.extra)


async def test_s24_a_session_that_ran_out_ends_its_sockets_too(tmp_path: Path) -> None:
    limits = EdgeLimits(socket_tick_s=0.01)
    async with open_shop(tmp_path, limits=limits) as shop:
        cashier = await shop.cashier()
        async with listening(cashier) as socket:
            await read(socket)
            shop.clock.ahead_s += 301
            while (closing := await asyncio.wait_for(socket.receive(), WATCHDOG_S)).type is aiohttp.WSMsgType.TEXT:
                pass
            assert closing.data == SIGNED_OUT


async def test_a3_one_credential_has_at_most_so_many_sockets(tmp_path: Path) -> None:
    async with open_shop(tmp_path, limits=EdgeLimits(sockets_per_credential=3)) as shop:
        pos = await shop.machine()
        async with listening(pos), listening(pos), listening(pos):
            assert await refused(pos) == "sockets_too_many"
            other = await shop.machine()
            async with listening(other) as socket:
                assert (await read(socket))["type"] == "counter"
        async with listening(pos) as socket:
            assert (await read(socket))["type"] == "counter", "closed ones count no more"


async def test_a3_giant_frames_and_chatter_are_not_listened_to(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        pos = await shop.machine()
        async with listening(pos) as socket:
            await socket.send_str("x" * (64 * 1024 + 1))
            closing = await last(socket)
            assert closing.data == aiohttp.WSCloseCode.MESSAGE_TOO_BIG
        async with listening(pos) as socket:
            for _ in range(100):
                await socket.send_str("hello?")
            assert (await last(socket)).data == aiohttp.WSCloseCode.POLICY_VIOLATION


async def last(socket: Socket) -> aiohttp.WSMessage:
    while (message := await asyncio.wait_for(socket.receive(), WATCHDOG_S)).type is aiohttp.WSMsgType.TEXT:
        pass
    return message


@pytest.mark.row(124)
async def test_i14_a_display_hears_its_screen_and_no_events(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        pos, display = await shop.machine(), await shop.display("1")
        assert await refused(display, "counter=2") == "counter_unknown"
        assert await refused(display, "after=0") == "not_allowed"
        async with listening(display, "counter=1&after=0") as socket:
            await shop.paid(pos)
            told = [await read(socket)]
            while told[-1]["screen"]["result"] != "paid":
                told.append(await read(socket))
        assert {each["type"] for each in told} == {"counter"}
        assert all(each["sale"] is None and each["last"] is None for each in told)


async def test_i14_a_key_of_one_counter_hears_only_that_one(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        everywhere, one = await shop.machine(), await shop.machine(counters=["1"])
        await shop.shown(everywhere, counter="2")
        assert await refused(one, "counter=2") == "counter_unknown"
        async with listening(one, "after=0") as socket:
            sale = await shop.shown(everywhere, counter="1")
            first = await read(socket)
        assert (first["counter"], first["subject"]) == ("1", sale["id"])


async def test_a_device_that_fails_silently_is_told_by_the_next_look(tmp_path: Path) -> None:
    async with open_shop(tmp_path, limits=EdgeLimits(socket_tick_s=0.01)) as shop:
        till = await shop.till()
        async with listening(till) as socket:
            assert (await read(socket))["health"]["printer"]["state"] == "ok"
            shop.printers["1"].unplugged = True
            assert (await read(socket))["health"]["printer"]["state"] == "fault"


@pytest.mark.row(45)
async def test_a_device_that_answers_every_look_is_never_shown_as_long_unseen(tmp_path: Path) -> None:
    async with open_shop(tmp_path, limits=EdgeLimits(socket_tick_s=0.01)) as shop:
        till = await shop.till()
        shop.printers["1"].seen_ns = shop.clock.mono_ns()
        async with listening(till) as socket:
            assert (await read(socket))["health"]["printer"]["age_s"] < 60
            shop.clock.ahead_s = 90
            shop.printers["1"].seen_ns = shop.clock.mono_ns()
            assert (await read(socket))["health"]["printer"]["age_s"] < 60  # else the page counts on: 91 s, 92 s


@pytest.mark.row(45)
async def test_a_till_that_opens_after_a_quiet_time_is_told_what_is_true_now(tmp_path: Path) -> None:
    async with open_shop(tmp_path, limits=EdgeLimits(socket_tick_s=100)) as shop:
        till = await shop.till()
        async with listening(till) as socket:
            assert (await read(socket))["health"]["printer"]["state"] == "ok"
        shop.printers["1"].unplugged = True
        async with listening(till) as socket:
            assert (await read(socket))["health"]["printer"]["state"] == "fault"


async def test_a_stopping_service_says_goodbye_with_the_number_to_resume_from(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        pos = await shop.machine()
        async with listening(pos) as socket:
            await read(socket)
            shop.hub.end_all()
            closing = await last(socket)
            assert closing.data == aiohttp.WSCloseCode.GOING_AWAY
            assert msgspec.json.decode(str(closing.extra))["resume"] == shop.service.feed.last_number()


async def test_an_idle_shop_with_a_session_cookie_is_no_key(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        stale = shop.browser(**{SESSION: "cts_forged"})
        assert await refused(stale) == "not_signed_in"


async def test_i1_every_till_is_told_at_once_of_money_without_a_sale_and_of_its_end(tmp_path: Path) -> None:
    """Such money has no counter, so no counter's own event tells of it."""
    async with open_shop(tmp_path) as shop:
        till, owner = await shop.till("2"), await shop.owner()
        async with listening(till, "counter=2") as socket:
            changes = (await read(socket))["orphans"]
            order = await orphaned(shop)
            assert (await heard_of(socket, changes + 1))["sale"] is None
            assert (await till.get("/orphans")).body["orphans"][0]["order_no"] == order
            await owner.post(f"/orphans/{order}", {"how": "seen", "note": "given back"})
            await heard_of(socket, changes + 2)


async def heard_of(socket: Socket, changes: int) -> dict[str, Any]:
    while (message := await read(socket)).get("orphans") != changes:
        assert message["type"] in {"counter", "event"}
    return message


@pytest.mark.row(90)
async def test_a3_many_that_keep_up_are_told_every_event_once_and_in_order(tmp_path: Path) -> None:
    """More than are told in one turn; some see a counter too, and one comes in the middle."""
    limits = EdgeLimits(sockets_per_credential=200, connections_per_address=200)
    async with open_shop(tmp_path, limits=limits) as shop, contextlib.AsyncExitStack() as stack:
        pos, changes = await shop.machine(), 20
        queries = ["after=0"] * AT_A_TIME + ["counter=1&after=0"] * 5
        sockets = [await stack.enter_async_context(listening(pos, each)) for each in queries]
        for done in range(changes):
            await shop.service.feed.append([refused_scan(done)])
            if done == changes // 2:
                sockets.append(await stack.enter_async_context(listening(pos, "after=0")))
        for socket in sockets:
            heard: list[int] = []
            while len(heard) < changes:
                message = await read(socket)
                heard += [message["body"]["n"]] if message.get("event_type") == "scan_refused" else []
            assert heard == list(range(changes))
