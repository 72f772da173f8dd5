"""The nexo door over HTTPS as the settings open it: who gets in, what a bad body gets, sealed messages (A1-A3)."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest

from terminal.errors import BadSettings
from terminal.payments.sale import Sale
from terminal.pos.desk import Desk
from terminal.pos.desk import till as till_of
from terminal.pos.nexo import Nexo
from terminal.pos.nexo_counter import CounterSide
from terminal.pos.nexo_messages import BYTES_MAX
from terminal.pos.nexo_server import WORKING_MAX, NexoDoor, make_app
from terminal.pos.peers import Peers
from terminal.settings import Loaded, NexoTable, State
from terminal.web.listen import listen
from terminal.wiring.door_checks import check_door
from tests.flows.api_rig import WATCHDOG_S, Shop, open_shop
from tests.flows.door_http import loaded, open_at
from tests.strangers.nexo_till import Rejected, Seal, Till, result

pytestmark = pytest.mark.row(91)
PASSPHRASE = "mysupersecretpassphrase"
SECRETS = {"doors-front": {"passphrase": PASSPHRASE}}


class Door:
    def __init__(self, shop: Shop, url: str, folder: Path, authority: str = "tls") -> None:
        self.shop, self.url = shop, url
        trusted = ssl.create_default_context(cafile=folder / authority / "authority.pem")
        self.trusted = trusted

    async def post(self, data: bytes, **headers: str) -> tuple[int, bytes]:
        sent = {"Content-Type": "application/json", **{k.replace("_", "-"): v for k, v in headers.items()}}
        async with self.shop.session.post(self.url, data=data, headers=sent, ssl=self.trusted) as told:
            return told.status, await told.read()

    async def send(self, data: bytes) -> bytes:
        status, body = await self.post(data)
        assert status == 200, body
        return body

    async def shown(self) -> Sale:
        service = self.shop.service
        async with asyncio.timeout(WATCHDOG_S):
            while True:
                if (live := service.lane("1").current) and service.book.sale(live).attempts[-1].state == "shown":
                    return service.book.sale(live)
                await asyncio.sleep(0.005)

    async def paid(self, till: Till, service_id: str = "") -> Any:
        asked = asyncio.ensure_future(till.pay(28.5, service_id=service_id))
        self.shop.pay((await self.shown()).attempts[-1].id)
        return await asked


@asynccontextmanager
async def opened(folder: Path, **more: Any) -> AsyncIterator[Door]:
    table = NexoTable(kind="nexo", counter="1", port=0, **more)
    async with open_shop(folder) as shop, AsyncExitStack() as stack:
        made = loaded(folder, SECRETS, front=table)
        made = replace(made, settings=msgspec.structs.replace(made.settings, state=State(folder=str(folder))))
        where = await open_at(stack, shop, made)
        named = "tls/door-front" if more.get("names") else "tls"
        yield Door(shop, where["front"], made.state, named)


async def test_a_whole_session_over_https_with_the_shops_own_certificate(tmp_path: Path) -> None:
    async with opened(tmp_path, names=("counter.shop",)) as door:
        till = Till(door.send)
        assert door.url.startswith("https://127.0.0.1:")
        assert door.url.endswith("/nexo/")
        paid = await door.paid(till, "0000000001")
        assert result(paid) == "Success"
        asked = asyncio.ensure_future(till.pay(1.0, service_id="0000000002"))
        await door.shown()
        assert result(await till.pay(2.0)) == "Busy"
        await till.abort("0000000002")
        assert result(await asked) == "Aborted"
        assert result(await till.status("0000000001")) == "Success"
        back = await till.reverse(paid["POIData"]["POITransactionID"]["TransactionID"])
        assert result(back) == "NotAllowed"  # [shop] pos_refund_minor is 0 here
        with pytest.raises(aiohttp.ClientError):
            await door.shop.session.post(door.url, data=b"{}")  # a certificate that nobody vouched for
        await bad_bodies(door)


async def bad_bodies(door: Door) -> None:
    till = Till(door.send)
    for body in (
        b"",
        b"\xff",
        b"[" * 50,
        b"{}",
        b'{"SaleToPOIRequest":1}',
        b'{"SaleToPOIRequest":{},"SaleToPOIRequest":{}}',
    ):
        with pytest.raises(Rejected):
            till.read(await door.send(body), {})
    assert (await door.post(b"{}", Origin="https://evil.example"))[0] == 403
    assert (await door.post(b"{}", Content_Type="text/plain"))[0] == 415
    assert (await door.post(b" " * (BYTES_MAX + 1)))[0] == 413
    status, _ = await door.post(b"x", Content_Type="application/json; charset=utf-8")
    assert status == 200
    async with door.shop.session.get(door.url, ssl=door.trusted) as told:
        assert told.status == 405


async def test_sealed_messages_alone_are_read_and_each_of_them_once(tmp_path: Path) -> None:
    async with opened(tmp_path, sealed=True, key_id="till-key") as door:
        seal = Seal(door.send, PASSPHRASE, "till-key")
        till = Till(seal)
        paid = await door.paid(till, "0000000001")
        assert result(paid) == "Success"
        assert result(await till.status("0000000001")) == "Success"
        clear = Till(door.send)
        raw = json.dumps({"SaleToPOIRequest": {"MessageHeader": clear.header("Login", "1"), "LoginRequest": {}}})
        other = clear.header("Login", "2")
        twice = seal.wrap(raw.encode(), bytes(range(16)))
        assert b"LoginResponse" in seal.unwrap(await door.send(twice))
        forged = json.loads(seal.wrap(raw.encode()))
        forged["SaleToPOIRequest"]["MessageHeader"] = other
        stranger = Seal(door.send, "another passphrase", "till-key").wrap(raw.encode())
        for data in (raw.encode(), twice, stranger, json.dumps(forged).encode()):
            told = json.loads(seal.unwrap(await door.send(data)))
            assert "sealed" in told["SaleToPOIRequest"]["EventNotification"]["EventDetails"]


async def test_a_full_disk_leaves_it_open_whether_something_was_begun(tmp_path: Path) -> None:
    async with opened(tmp_path) as door:
        till = Till(door.send)
        door.shop.disk.full = True
        assert result(await till.pay(28.5, service_id="1")) == "InProgress"
        assert result(await till.status("1")) == "NotFound"


async def test_a_sealed_message_to_a_door_without_a_passphrase_is_rejected(tmp_path: Path) -> None:
    async with opened(tmp_path) as door:
        till = Till(door.send)
        raw = json.dumps({"SaleToPOIRequest": {"MessageHeader": till.header("Login", "1"), "LoginRequest": {}}})
        with pytest.raises(Rejected):
            till.read(await door.send(Seal(door.send, PASSPHRASE, "k").wrap(raw.encode())), {})


@pytest.mark.parametrize(("peers", "status"), [((), b"408"), (("10.9.8.7",), b"403")])
async def test_a3_a_slow_body_and_a_stranger_are_sent_away(
    tmp_path: Path, peers: tuple[str, ...], status: bytes
) -> None:
    async with open_shop(tmp_path) as shop, AsyncExitStack() as stack:
        desk = Desk(shop.service, shop.people, till_of("front", "1"), "1")
        nexo = Nexo(desk, shop.clock, CounterSide(desk, shop.clock, lambda now_ms: now_ms))
        door = NexoDoor(nexo, shop.clock, shop.entropy, Peers(peers), body_s=0.01)
        url = await listen(stack, make_app(door), "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
        lines = ["POST /nexo/ HTTP/1.1", "Host: x", "Connection: close", "Content-Type: application/json"]
        writer.write("\r\n".join([*lines, "Content-Length: 9", "", "{"]).encode())
        async with asyncio.timeout(WATCHDOG_S):
            assert (await reader.readline()).split()[1] == status
            writer.write(b"        ")  # the rest: the server need not wait for it
            while await reader.readline():
                pass
        writer.close()


async def test_i21_no_more_slow_bodies_are_kept_than_messages_are_answered_at_once(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop, AsyncExitStack() as stack:
        desk = Desk(shop.service, shop.people, till_of("front", "1"), "1")
        nexo = Nexo(desk, shop.clock, CounterSide(desk, shop.clock, lambda now_ms: now_ms))
        door = NexoDoor(nexo, shop.clock, shop.entropy, Peers(()), body_s=WATCHDOG_S)
        url = await listen(stack, make_app(door), "127.0.0.1", 0)
        lines = ["POST /nexo/ HTTP/1.1", "Host: x", "Content-Type: application/json", "Content-Length: 9", "", "{"]
        links = [
            await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2])) for _ in range(WORKING_MAX + 1)
        ]
        for _, writer in links:
            writer.write("\r\n".join(lines).encode())
        answers = [asyncio.create_task(reader.readline()) for reader, _ in links]
        told, kept = await asyncio.wait(answers, timeout=WATCHDOG_S, return_when=asyncio.FIRST_COMPLETED)
        assert [each.result().split()[1] for each in told] == [b"503"]
        for answer, (_, writer) in zip(answers, links, strict=True):
            answer.cancel()
            writer.close()
        await asyncio.wait(kept)
        async with asyncio.timeout(WATCHDOG_S):
            while True:
                if not door.working:
                    break
                await asyncio.sleep(0.005)


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"peers": ("till",)}, "peers"),
        ({"sealed": True}, "passphrase"),
    ],
)
async def test_settings_that_cannot_be_used_say_why(tmp_path: Path, more: dict[str, Any], why: str) -> None:
    async with open_shop(tmp_path) as shop, AsyncExitStack() as stack:
        table = NexoTable(kind="nexo", counter="1", port=0, **more)
        made = loaded(tmp_path, {"doors-front": {"passphrase": "short"}}, front=table)
        for use in (open_at(stack, shop, made), _checked(made)):
            with pytest.raises(BadSettings, match=why):
                await use


async def _checked(made: Loaded) -> None:
    """As ``countertop config check`` does."""
    check_door(made, "front")
