"""The hardware proxy over HTTP: who gets in, what a bad call gets, and Odoo's own module as its till (row 91)."""

import asyncio
import io
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from terminal.cli.doctor.doors import door_findings, of_till
from terminal.errors import BadSettings
from terminal.journal.reader import Reader
from terminal.payments.money import Money
from terminal.pos.desk import Desk, Request
from terminal.pos.desk import till as till_at
from terminal.pos.hw_proxy_app import Gate, make_hw_proxy
from terminal.pos.hw_proxy_till import HwProxy
from terminal.settings import HwProxyTable
from terminal.web.listen import listen
from terminal.wiring.door_checks import check_door
from tests.flows.api_rig import WATCHDOG_S, Shop, open_shop, raw
from tests.flows.client_players import NODE
from tests.flows.door_http import SECRET, loaded, open_at
from tests.strangers.environments import ROOT, python_of, run

ODOO = "https://odoo.example"
INFO = {"amount": 28.5, "currency_iso": "CNY", "currency_decimals": 2, "payment_id": "p1", "order_id": "ORDER1"}
PLAYER = ROOT / "tests" / "strangers" / "odoo_till.mjs"
MODULE = "odoo/addons/pos_payment_terminal/static/src/app/payment_terminal.esm.js"


def table(**more: Any) -> HwProxyTable:
    return HwProxyTable(kind="hw_proxy", counter="1", port=0, origins=(ODOO,), **more)


class Till:
    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session, self.url = session, url

    async def send(
        self, route: str, body: bytes | io.BytesIO, *, method: str = "POST", secret: str = SECRET, **headers: str
    ) -> tuple[int, str, dict[str, str]]:
        sent = {"Content-Type": "application/json", **{name.replace("_", "-"): v for name, v in headers.items()}}
        address = self.url.replace("…", secret) + f"/{route}"
        async with self._session.request(method, address, data=body, headers=sent) as told:
            return told.status, await told.text(), dict(told.headers)

    async def call(self, route: str, **params: Any) -> Any:
        body = json.dumps({"jsonrpc": "2.0", "method": "call", "params": params, "id": 7}).encode()
        status, text, _ = await self.send(route, body, Origin=ODOO)
        assert status == 200, text
        told = json.loads(text)
        assert (told["jsonrpc"], told["id"]) == ("2.0", 7)
        return told.get("result", told.get("error"))


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[tuple[Shop, Till]]:
    async with open_shop(folder) as shop, AsyncExitStack() as stack:
        where = await open_at(stack, shop, loaded(folder, front=table()))
        yield shop, Till(shop.session, where["front"])


@pytest.mark.row(91)
async def test_a_session_as_recorded_is_answered_as_recorded(tmp_path: Path) -> None:
    golden = json.loads((ROOT / "tests" / "golden" / "hw_proxy_session.json").read_text("utf-8"))
    async with opened(tmp_path) as (shop, till):
        kept: dict[str, str] = {}
        for step in golden["exchanges"]:
            if step.get("then") == "customer pays":
                await until(lambda: live(shop).attempts[-1].state == "shown")
                sale = live(shop)
                shop.pay(sale.attempts[0].id)
                await shop.until(sale.id, "paid")
                kept["CODE"] = shop.service.check_code(shop.service.book.sale(sale.id))
                continue
            body = json.dumps(step["body"]).encode() if "body" in step else b""
            status, text, _ = await till.send(step["route"], body, method=step["method"], Origin=ODOO)
            if sale_id := next(iter(shop.service.feed.list("sale")), None):
                kept["SALE"] = sale_id.subject
            wanted = step["answer"]
            for name, value in kept.items():
                wanted = json.loads(json.dumps(wanted).replace(f"<{name}>", value))
            got = text if isinstance(wanted, str) else json.loads(text)
            assert (status, got) == (200, wanted), step["route"]


def live(shop: Shop) -> Any:
    [row] = shop.service.feed.list("sale")
    return shop.service.book.sale(row.subject)


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(WATCHDOG_S):
        while not holds():  # noqa: ASYNC110  # a condition of the shop, not of the door
            await asyncio.sleep(0.01)


async def test_only_the_listed_site_with_the_secret_at_our_own_name_gets_in(tmp_path: Path) -> None:
    async with opened(tmp_path) as (shop, till):
        call = b'{"jsonrpc":"2.0","method":"call","params":{},"id":1}'
        told = await till.send("handshake", call, Origin=ODOO)
        assert told[0] == 200
        assert told[2]["Access-Control-Allow-Origin"] == ODOO
        assert "Access-Control-Allow-Credentials" not in told[2]
        for origin in ("https://evil.example", "null", "http://odoo.example", ODOO + ".evil.example", "*"):
            status, _, headers = await till.send("handshake", call, Origin=origin)
            assert status == 403, origin
            assert "Access-Control-Allow-Origin" not in headers
        for secret in ("x" * 23, SECRET[:-1], "%20"):
            assert (await till.send("handshake", call, secret=secret, Origin=ODOO))[0] == 404
        assert (await till.send("handshake", call, Host="evil.example"))[0] == 421
        assert (await till.send("handshake", call, Content_Type="text/plain"))[0] == 415
        preflight = await till.send(
            "handshake", b"", method="OPTIONS", Origin=ODOO, Access_Control_Request_Private_Network="true"
        )
        assert preflight[0] == 204
        assert preflight[2]["Access-Control-Allow-Headers"] == "Content-Type"
        assert preflight[2]["Access-Control-Allow-Private-Network"] == "true"
        assert (await till.send("handshake", b"", method="OPTIONS", Origin="https://evil.example"))[0] == 403
        assert (await till.send("hello", b"", method="GET"))[:2] == (200, "ping")
        assert (await till.send("hello", b"", method="DELETE"))[0] == 404, "says nothing of what is there"
        assert not shop.service.feed.list("sale")


async def test_bad_calls_get_the_standards_answers_and_begin_nothing(tmp_path: Path) -> None:
    async with opened(tmp_path) as (shop, till):
        for body, code in ((b"{", -32700), (b'{"method":"call"}', -32600), (b"[" * 5000, -32700)):
            status, text, _ = await till.send("payment_terminal_transaction_start", body, Origin=ODOO)
            assert (status, json.loads(text)["error"]["code"]) == (200, code)
        assert (await till.call("frobnicate"))["code"] == -32601
        assert (await till.send("handshake", io.BytesIO(b" " * 1_100_000)))[0] == 413
        for wrong in ({}, {**INFO, "amount": 28.505}, {**INFO, "amount": -1}, {**INFO, "currency_iso": "EUR"}):
            assert await till.call("payment_terminal_transaction_start", payment_info=wrong) is False
        assert "A-" in (await till.call("status_json"))["countertop"]["messages"][0]
        assert (await till.call("open_cashbox"))["data"]["name"] == "drawer_not_by_till"
        picture = {"action": "print_receipt", "receipt": "/9j/" * 100_000}
        for data, why in ((picture, "A-94"), ({"action": "cashbox"}, "A-95")):  # the till says: no printer
            assert await till.call("default_printer_action", data=data) is False
            assert why in (await till.call("status_json"))["countertop"]["messages"][0], "and why beside it"
        assert (await till.call("default_printer_action", data={"action": "x"}))["data"]["name"] == "field_wrong"
        assert (await till.call("print_xml_receipt", receipt="<no"))["data"]["name"] == "receipt_unreadable"
        assert await till.call("print_xml_receipt", receipt="<receipt><p>hello</p></receipt>") is True
        assert await till.call("display_show", text="Welcome\r\nto us") is True
        host = till.url.partition("://")[2].partition("/")[0]
        assert (await raw(f"http://{host}", b"GARBAGE\r\n\r\n"))[0] == 405
        assert not shop.service.feed.list("sale")


async def test_a1_a_line_cut_in_the_middle_of_a_sale_loses_and_doubles_nothing(tmp_path: Path) -> None:
    async with opened(tmp_path) as (shop, till):
        body = json.dumps({"jsonrpc": "2.0", "method": "call", "params": {"payment_info": INFO}, "id": 1})
        path = till.url.replace("…", SECRET).partition("://")[2]
        host, _, rest = path.partition("/")
        reader, writer = await asyncio.open_connection(*host.split(":"))
        head = f"POST /{rest}/payment_terminal_transaction_start HTTP/1.1\r\nHost: {host}\r\n"
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        writer.write((head + body).encode())
        await until(lambda: len(shop.service.feed.list("sale")) == 1)
        writer.transport.abort()  # its answer is lost
        again = await till.call("payment_terminal_transaction_start", payment_info=json.dumps(INFO))
        assert again["transaction_id"] == live(shop).id
        assert reader is not None
        await until(lambda: live(shop).attempts[-1].state == "shown")
        sale = live(shop)
        shop.pay(sale.attempts[0].id)
        await shop.until(sale.id, "paid")
        assert (await till.call("payment_terminal_transaction_start", payment_info=INFO))["success"] is True
        await until(lambda: shop.service.feed.claimed("told", f"{sale.id}:paid") is not None)


async def test_a_slow_body_and_a_flood_of_calls_are_turned_away(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop, AsyncExitStack() as stack:
        desk = Desk(shop.service, shop.people, till_at("front", "1"), "1")
        left = [3]

        def wait_s(_who: str) -> float:
            left[0] -= 1
            return 0.0 if left[0] >= 0 else 1.0

        gate = Gate(SECRET, {ODOO}, wait_s=wait_s)
        app = make_hw_proxy(HwProxy(desk, "front", "en", lambda: "1", lambda: (0,)), gate, body_s=1.0)
        url = await listen(stack, app, "127.0.0.1", 0)
        host = url.removeprefix("http://")
        head = f"POST /{SECRET}/hw_proxy/handshake HTTP/1.1\r\nHost: {host}\r\n"
        head += "Content-Type: application/json\r\nContent-Length: 50\r\n\r\n{"
        assert (await raw(url, head.encode()))[0] == 408
        till = Till(shop.session, f"{url}/…/hw_proxy")
        assert (await till.call("handshake"), await till.call("handshake")) == (True, True)
        assert (await till.send("hello", b"", method="GET"))[0] == 429


async def test_a_secret_is_needed_and_long(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop, AsyncExitStack() as stack:
        for secrets, slug in (
            ({"doors-back": {"path": SECRET}}, "config_secret_missing"),
            ({"doors-front": {"path": "short"}}, "config_value_wrong"),
        ):
            with pytest.raises(BadSettings) as no:
                check_door(loaded(tmp_path, secrets, front=table()), "front")
            with pytest.raises(BadSettings, match=slug):
                await open_at(stack, shop, loaded(tmp_path, secrets, front=table()))
            assert no.value.slug == slug
            assert str(no.value.facts["key"]).endswith("front.path")
        for more in ({"origins": ("https://odoo.example/pos",)}, {"peers": ("here",)}):
            wrong = HwProxyTable(kind="hw_proxy", counter="1", port=0, **more)  # type: ignore[arg-type]  # wrong on purpose
            with pytest.raises(BadSettings) as no:
                await open_at(stack, shop, loaded(tmp_path, front=wrong))
            assert no.value.slug == "config_value_wrong"


@pytest.mark.row(91)
@pytest.mark.xdist_group("strangers")
async def test_odoos_own_module_takes_a_payment_and_hears_a_refusal_and_a_cancel(tmp_path: Path) -> None:
    """Stranger: PyPI odoo-addon-pos-payment-terminal 18.0.1.0.0.4, its JavaScript unchanged."""
    python = await python_of("odoo-pos")
    [module] = python.parent.parent.glob(f"lib/python*/site-packages/{MODULE}")

    async def odoo(url: str, **asked: Any) -> dict[str, Any]:
        asked = {"amount": 28.5, "currency": "CNY", "decimals": 2, "order": "Order 00001-002-0003", **asked}
        return dict(json.loads(await run(str(NODE), str(PLAYER), str(module), url, json.dumps(asked))))

    async with opened(tmp_path) as (shop, till):
        url = till.url.replace("…", SECRET).removesuffix("/hw_proxy")
        paying = asyncio.create_task(odoo(url, uuid="line-1"))
        await until(lambda: bool(shop.service.feed.list("sale")) and live(shop).attempts[-1].state == "shown")
        sale = live(shop)
        shop.pay(sale.attempts[0].id)
        told = await paying
        assert (told["hello"], told["handshake"], told["results"]) == ("ping", True, [True])
        assert (told["statuses"], told["transaction"]) == (["waitingCard"], sale.id)
        assert sale.reference == "ORDER000010020003"
        refused = await odoo(url, uuid="line-2", currency="EUR")
        assert refused["results"] == [False]
        assert refused["dialogs"], "the cashier is told"
        cancelling = asyncio.create_task(odoo(url, uuid="line-3", amount=56.300000000000004))
        await until(lambda: len(shop.service.feed.list("sale")) == 2)
        newest = shop.service.feed.list("sale")[0].subject
        desk = Desk(shop.service, shop.people, till_at("front", "1"), "1")
        assert desk.sale(newest).amount.minor == 5630
        await desk.cancel(newest, "till")
        assert (await cancelling)["results"] == [False]


@pytest.mark.row(91)
async def test_the_doctor_tells_of_a_doors_settings_and_its_tills_last_word(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        desk = Desk(shop.service, shop.people, till_at("front", "1"), "1")

        def told() -> list[tuple[str, dict[str, str]]]:
            reader = Reader.at(shop.folder / "journal.db")
            try:
                return [(each.slug, each.facts) for each in of_till("front", table(), reader, "UTC")]
            finally:
                reader.close()

        assert [slug for slug, _ in told()] == ["door_unused"]
        sale = await desk.open_sale(Request(Money(2850, "CNY"), "k-1"))
        await shop.service.until(sale.id, lambda now: now.attempts[-1].state == "shown", WATCHDOG_S)
        shop.pay(shop.service.book.sale(sale.id).attempts[0].id)
        await shop.until(sale.id, "paid")
        assert [(slug, facts["amount"]) for slug, facts in told()] == [("door_used", "28.50")]
        await desk.untold(sale.id)
        assert [slug for slug, _ in told()] == ["door_used", "door_untold"]
        await desk.told(sale.id)
        assert [slug for slug, _ in told()] == ["door_used"]
    bare = loaded(tmp_path, {"other": {}}, front=table())
    assert [each.slug for each in door_findings(bare)] == ["door_wrong"]
    for each in door_findings(bare):
        assert "doors-front.path" in each.words("en")[0]
