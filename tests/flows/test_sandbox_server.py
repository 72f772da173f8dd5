"""The sandbox as a stranger meets it: over loopback, with real keys, real notifications, and over a restart."""

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from PIL import Image, ImageDraw

from terminal.sandbox.pages import qr_svg
from terminal.sandbox.payment_codes import price
from terminal.sandbox.server import Sandbox, start_sandbox
from terminal.system import SystemClock, SystemEntropy
from tests.flows.page_letters import brings_its_letters
from tests.flows.sandbox_rig import RsaTill, running_sandbox
from tests.qr_seen import texts_in

WATCHDOG_S = 60


class Merchant:
    """A notify_url that remembers."""

    def __init__(self) -> None:
        self.posts: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue()
        self.url = ""

    async def start(self) -> web.AppRunner:
        app = web.Application()
        app.router.add_post("/notify", self._take)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}/notify"
        return runner

    async def _take(self, request: web.Request) -> web.Response:
        await self.posts.put((request.headers["Wechatpay-Serial"], await request.read()))
        return web.Response(status=204)


@pytest.fixture(scope="module")
def made_keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One state folder for this file: keys are made once, orders have names of their own."""
    return tmp_path_factory.mktemp("sandbox") / "state"


@pytest.fixture
async def sandbox(made_keys: Path) -> AsyncIterator[Sandbox]:
    async with running_sandbox(made_keys) as running:
        yield running


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as opened:
        yield opened


@pytest.fixture
async def merchant() -> AsyncIterator[Merchant]:
    made = Merchant()
    runner = await made.start()
    yield made
    await runner.cleanup()


class Heard(logging.Handler):
    """The sandbox's first warning."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.event, self.text = asyncio.Event(), ""

    def emit(self, record: logging.LogRecord) -> None:
        self.text = self.text or record.getMessage()
        self.event.set()


@pytest.fixture
def heard() -> Iterator[Heard]:
    handler, log = Heard(), logging.getLogger("terminal.sandbox.server")
    log.addHandler(handler)
    yield handler
    log.removeHandler(handler)


def lab(sandbox: Sandbox) -> dict[str, str]:
    return {"Authorization": f"Bearer {sandbox.admin_token}"}


async def test_a_restart_continues_with_what_was_owed(
    tmp_path: Path, session: aiohttp.ClientSession, merchant: Merchant
) -> None:
    async with running_sandbox(tmp_path / "state") as sandbox:
        till = RsaTill(sandbox, session)
        await till.native("RESTART-1", notify_url=merchant.url)
        sandbox.bank.customer_pays("RESTART-1", SystemClock().wall_ms(), delay_ms=600)
        token, serial = sandbox.admin_token, sandbox.bank.keys.public.serial
    async with running_sandbox(tmp_path / "state") as sandbox, asyncio.timeout(WATCHDOG_S):
        assert (sandbox.admin_token, sandbox.bank.keys.public.serial) == (token, serial)
        _, body = await merchant.posts.get()
        assert b"TRANSACTION.SUCCESS" in body
        assert await RsaTill(sandbox, session).state("RESTART-1") == "SUCCESS"
        assert sandbox.bank.captures() == {"RESTART-1": [2850]}


async def test_the_laboratory_scans_pays_and_counts(
    sandbox: Sandbox, session: aiohttp.ClientSession, merchant: Merchant
) -> None:
    till = RsaTill(sandbox, session)
    url = await till.native("LAB-000001", notify_url=merchant.url)
    async with session.post(f"{sandbox.url}/admin/scan", json={"code_url": url}, headers=lab(sandbox)) as answer:
        view = await answer.json()
    assert (view["shop"], view["amount"], view["test"]) == ("TEST Shop 测试商店", 2850, True)
    async with session.post(
        f"{sandbox.url}/admin/pay", json={"order_no": "LAB-000001"}, headers=lab(sandbox)
    ) as answer:
        assert (await answer.json())["result"] == "paid"
    async with asyncio.timeout(WATCHDOG_S):
        await merchant.posts.get()
    async with session.post(
        f"{sandbox.url}/admin/pay", json={"order_no": "LAB-000001"}, headers=lab(sandbox)
    ) as answer:
        assert (answer.status, await answer.json()) == (409, {"error": "paid"})
    told = {}
    for name in ("orders", "captures", "ledger", "calls", "notifications", "faults", "phone"):
        async with session.get(f"{sandbox.url}/admin/{name}", headers=lab(sandbox)) as answer:
            told[name] = await answer.json()
            assert told[name]["test"] is True
    assert told["captures"]["captures"]["1900000001"]["LAB-000001"] == [2850]
    assert any(order["out_trade_no"] == "LAB-000001" for order in told["orders"]["orders"])
    assert {"slug": "no-funds", "stage": "customer", "params": {}}.items() <= next(
        row for row in told["faults"]["faults"] if row["slug"] == "no-funds"
    ).items()


@pytest.mark.parametrize("how", ["silent", "cut"])
async def test_b1_an_answer_can_be_lost_on_the_wire_after_the_debit(
    sandbox: Sandbox, session: aiohttp.ClientSession, how: str
) -> None:
    till = RsaTill(sandbox, session)
    fault = {"slug": "answer-lost-after-debit", "count": 1, "params": {"how": how}}
    async with session.post(f"{sandbox.url}/admin/faults", json=fault, headers=lab(sandbox)) as answer:
        assert (await answer.json())["active"]["slug"] == "answer-lost-after-debit"
    async with session.post(f"{sandbox.url}/admin/code", json={}, headers=lab(sandbox)) as answer:
        code = (await answer.json())["auth_code"]
    number = f"LOST-{how}"
    with pytest.raises(TimeoutError if how == "silent" else aiohttp.ServerDisconnectedError):
        async with asyncio.timeout(0.3 if how == "silent" else WATCHDOG_S):
            await till.codepay(number, code)
    assert await till.state(number) == "SUCCESS"


@pytest.mark.parametrize("path", ["/wallet", "/admin/ledger", "/v3/certificates", "/nothing"])
@pytest.mark.parametrize("host", ["evil.test", "127.0.0.1", "127.0.0.1:1", "localhost.evil.test:80"])
async def test_s21_another_host_name_is_refused_before_routing(
    sandbox: Sandbox, session: aiohttp.ClientSession, path: str, host: str
) -> None:
    async with session.get(sandbox.url + path, headers=lab(sandbox) | {"Host": host}) as answer:
        assert answer.status == 421


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/admin/ledger"),
        ("POST", "/admin/pay"),
        ("POST", "/admin/faults"),
        ("DELETE", "/admin/faults"),
        ("GET", "/wallet/state"),
        ("POST", "/wallet/act"),
    ],
)
@pytest.mark.parametrize("token", ["", "Bearer ", "Bearer 00"])
async def test_s20_every_door_but_the_page_wants_its_token(
    sandbox: Sandbox, session: aiohttp.ClientSession, method: str, path: str, token: str
) -> None:
    headers = {"Authorization": token, "X-Wallet-Token": token}
    async with session.request(method, sandbox.url + path, headers=headers) as answer:
        assert answer.status == 401


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/admin/faults", b'{"slug":"no-such-fault"}'),
        ("/admin/faults", b'{"slug":"rate-429","extra":1}'),
        ("/admin/act", b'{"order_no":"x","act":"steal"}'),
        ("/admin/code", b'{"behaviour":"rich"}'),
        ("/admin/scan", b"{"),
    ],
)
async def test_a_bad_laboratory_call_says_why(
    sandbox: Sandbox, session: aiohttp.ClientSession, path: str, body: bytes
) -> None:
    headers = lab(sandbox) | {"Content-Type": "application/json"}
    async with session.post(sandbox.url + path, data=body, headers=headers) as answer:
        assert answer.status == 400
        assert (await answer.json())["error"]


async def test_s25_the_wallet_page_runs_only_its_own_script(
    sandbox: Sandbox, session: aiohttp.ClientSession
) -> None:
    async with session.get(f"{sandbox.url}/wallet") as answer:
        text, policy = await answer.text(), answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "TEST" in text
    assert re.findall(r"<script[^>]*>(.*?)</script>", text, re.DOTALL) == [""]
    assert not re.search(r"\son[a-z]+=|style=|https?://", text)
    for name in ("wallet.js", "wallet.css"):
        async with session.get(f"{sandbox.url}/wallet/static/{name}") as answer:
            assert answer.status == 200
    async with session.get(f"{sandbox.url}/wallet/static/..%2fserver.py") as answer:
        assert answer.status == 404


@pytest.mark.row(137)
async def test_the_wallet_page_brings_letters_that_the_machine_may_lack(
    sandbox: Sandbox, session: aiohttp.ClientSession
) -> None:
    await brings_its_letters(session, f"{sandbox.url}/wallet")


async def test_s60_a_shops_text_is_text_on_the_phone(
    sandbox: Sandbox, session: aiohttp.ClientSession, merchant: Merchant
) -> None:
    shop = sandbox.bank.keys.merchants["1900000001"].shop
    await RsaTill(sandbox, session).native("XSS-000001", notify_url=merchant.url)
    order = sandbox.bank.ledger.find("1900000001", "XSS-000001", SystemClock().wall_ms())
    assert order is not None
    order.code_urls[-1].url = '"><img src=x>'
    async with session.get(f"{sandbox.url}/wallet") as answer:
        text = await answer.text()
    assert shop in text
    assert "<img src=x>" not in text


async def test_a_shown_payment_code_is_a_picture_a_scanner_reads(
    sandbox: Sandbox, session: aiohttp.ClientSession
) -> None:
    async with session.post(f"{sandbox.url}/admin/code", json={}, headers=lab(sandbox)) as answer:
        code = (await answer.json())["auth_code"]
    async with session.get(f"{sandbox.url}/wallet/code/{code}.svg") as answer:
        assert answer.content_type == "image/svg+xml"
        picture = await answer.read()
    async with session.get(f"{sandbox.url}/wallet/code/100000000000000000.svg") as answer:
        assert answer.status == 404
    assert picture == qr_svg(code)
    canvas = Image.new("L", (600, 600), 255)
    draw = ImageDraw.Draw(canvas)
    for left, top, right, bottom in re.findall(r"M([\d.]+),([\d.]+)H([\d.]+)V([\d.]+)", picture.decode()):
        box = [float(value) * 10 for value in (left, top, right, bottom)]
        draw.rectangle((box[0], box[1], box[2] - 1, box[3] - 1), fill=0)
    assert texts_in(canvas) == [code]


async def test_it_listens_on_loopback_only_and_says_when_the_port_is_taken(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    clock, entropy = SystemClock(), SystemEntropy()
    with pytest.raises(ValueError, match="loopback"):
        await start_sandbox(tmp_path / "a", clock=clock, entropy=entropy, host="0.0.0.0", port=0)
    port = int(sandbox.url.rpartition(":")[2])
    with pytest.raises(OSError, match="address already in use"):
        await start_sandbox(tmp_path / "b", clock=clock, entropy=entropy, port=port)


async def test_notifications_go_to_loopback_only(
    sandbox: Sandbox, session: aiohttp.ClientSession, heard: Heard
) -> None:
    await RsaTill(sandbox, session).native("FAR-000001", notify_url="https://shop.example/notify")
    async with session.post(
        f"{sandbox.url}/admin/pay", json={"order_no": "FAR-000001"}, headers=lab(sandbox)
    ) as answer:
        assert answer.status == 200
    async with asyncio.timeout(WATCHDOG_S):
        await heard.event.wait()
    assert "https://shop.example/notify is not on loopback" in heard.text


def test_i12_money_is_shown_in_its_own_currency_without_floats() -> None:
    shown = [price(minor, "CNY") for minor in (0, 5, 1250, 999_999_999_999)]
    assert shown == ["¥ 0.00", "¥ 0.05", "¥ 12.50", "¥ 9999999999.99"]
    assert [price(1250, each) for each in ("EUR", "INR", "VND", "CHF")] == [
        "€ 12.50",
        "₹ 12.50",
        "₫ 1250",
        "CHF 12.50",
    ]
    assert price(-5, "BRL") == "−R$ 0.05"


async def test_the_phone_does_everything_a_customer_can(
    sandbox: Sandbox, session: aiohttp.ClientSession, merchant: Merchant
) -> None:
    async with session.get(f"{sandbox.url}/wallet") as answer:
        token = re.findall(r'name="wallet-token" content="([0-9a-f]+)"', await answer.text())[0]

    async def phone(path: str, **body: object) -> dict[str, Any]:
        headers = {"X-Wallet-Token": token}
        method = "POST" if body else "GET"
        async with session.request(
            method, f"{sandbox.url}/wallet/{path}", json=body or None, headers=headers
        ) as answer:
            told: dict[str, Any] = await answer.json()
            return told

    till = RsaTill(sandbox, session)
    scanned = await till.native("PHONE-0001", notify_url=merchant.url)
    assert (await phone("scan", code_url=f" {scanned}\n"))["why_not"] == ""
    assert (await phone("act", act="refuse", order_no="PHONE-0001"))["result"] == "refused"
    assert (await phone("act", act="late", order_no="PHONE-0001"))["result"] == "later"
    assert (await phone("act", act="pay", order_no="PHONE-0001"))["result"] == "paid"
    await till.native("PHONE-0002", notify_url=merchant.url)
    listed = (await phone("state"))["open"]
    assert [order["order_no"] for order in listed][:1] == ["PHONE-0002"]
    assert (await phone("scan", code_url=listed[0]["code_url"]))["order_no"] == "PHONE-0002"
    assert (await phone("act", act="password", order_no="PHONE-0002", delay_ms=1))["result"] == "later"
    assert await till.state("PHONE-0002") in ("NOTPAY", "SUCCESS")
    for number, act, end in (("PHONE-0003", "confirm", "SUCCESS"), ("PHONE-0004", "refuse", "PAYERROR")):
        shown = await phone("code", behaviour="password")
        assert (await till.codepay(number, shown["auth_code"]))["code"] == "USERPAYING"
        assert [order["order_no"] for order in (await phone("state"))["waiting"]] == [number]
        await phone("act", act=act, order_no=number)
        assert await till.state(number) == end
    shown = await phone("code", behaviour="no-funds")
    assert (await till.codepay("PHONE-0005", shown["auth_code"]))["code"] == "NOT_ENOUGH"
