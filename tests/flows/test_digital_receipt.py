"""The receipt on the customer's phone: an address beside "paid", never beside a code that could be paid."""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from contextvars import Context
from html import unescape
from pathlib import Path

import pytest
from aiohttp import web

from terminal.care.shop import ShopCare
from terminal.counter.ports import CodeScreen, PrintStopped, ResultScreen
from terminal.counter.receipt_links import HOUR_MS, ReceiptLinks
from terminal.counter.tax import TaxQuestion
from terminal.errors import NotFound
from terminal.help.catalogue import Catalogue
from terminal.help.languages import LANGUAGES
from terminal.payments.receipt import Code, Receipt, Row
from terminal.payments.tax_mark import TaxMark
from terminal.precedence import install
from terminal.tls.local_authority import ensure
from terminal.web.app import Beside, make_app, make_notices_app
from terminal.web.desks.care import CareParts
from terminal.web.listen import listen
from terminal.web.notices import LIMITS
from terminal.web.pages.guest import BURST, PER_S, Guests
from terminal.web.problems import Handler
from terminal.web.rates import Buckets
from tests.flows.api_rig import Client, Told, open_shop
from tests.flows.api_rig import Shop as HttpShop
from tests.flows.counter_devices import GlassOnCounter
from tests.flows.shop import CASHIER, Shop, story
from tests.flows.test_api_whole_app import settings
from tests.flows.test_lan import ask
from tests.flows.test_lan import shop as lan_shop

BASE = "https://192.168.1.20:7643"


def switch_on(links: ReceiptLinks, base: str = BASE) -> None:
    links.base, links.on_display = lambda: base, True


def links_shown(glass: GlassOnCounter) -> list[str]:
    return [screen.receipt for _, screen in glass.shows if isinstance(screen, ResultScreen)]


# --- the display -------------------------------------------------------------------------------------------


@pytest.mark.row(66)
@story()
async def test_i10_the_receipts_code_stands_beside_paid_alone_and_the_next_sale_takes_its_place_at_once(
    shop: Shop,
) -> None:
    switch_on(shop.service.receipt_links)
    sale = await shop.paid()
    glass = shop.counter.glass
    lit = glass.lit
    assert isinstance(lit, ResultScreen)
    assert (lit.result, lit.receipt) == ("paid", f"{BASE}/r/{shop.service.receipt_links.token(sale.id)}")
    await shop.wait(15)
    assert glass.lit == lit, "people have time to take out a phone"
    following = await shop.with_code(500)
    assert isinstance(glass.lit, CodeScreen), "and the next customer waits for nobody"
    await shop.cancel(following)
    await shop.until(lambda: "cancelled" in glass.words, 5)
    assert [each for each in links_shown(glass) if each] == [lit.receipt], "nothing else ever carries one"
    await shop.paid(700)
    await shop.wait(25)
    assert glass.words[-1] == "idle"


@pytest.mark.row(66)
@story()
async def test_a_shop_that_asked_for_nothing_shows_no_code_and_prints_every_slip(shop: Shop) -> None:
    sale = await shop.paid()
    await shop.until(lambda: len(shop.counter.printer.whole) == 1, 5)
    assert set(links_shown(shop.counter.glass)) == {""}
    assert codes_of(shop.counter.printer.whole[0].receipt) == [f"CT:S-{sale.id}"]


def codes_of(lines: Receipt) -> list[str]:
    return [line.text for line in lines if isinstance(line, Code)]


def slip_words(name: str) -> str:
    return Catalogue.load("en").text(f"receipt.{name}")


@pytest.mark.row(66)
@story()
async def test_i9_where_paper_is_for_who_asks_only_a_display_that_shows_the_code_replaces_it(shop: Shop) -> None:
    links, printer = shop.service.receipt_links, shop.counter.printer
    switch_on(links)
    links.on_request = True
    await shop.paid()
    await shop.until(lambda: len(printer.whole) == 1, 5)

    shop.counter.glass.shows_receipts = True
    sale = await shop.paid()
    await shop.until(lambda: shop.events("effect_done")[-1].body["outcome"] == "on_phone", 5)
    assert len(printer.whole) == 1
    await shop.service.aftercare.reprint(sale.id, actor=CASHIER)
    await shop.until(lambda: len(printer.whole) == 2, 5)
    assert printer.whole[1].copy == 0, "the first paper of a sale is its original"
    await shop.refund(sale)
    await shop.until(lambda: len(printer.whole) == 3, 30)
    assert shop.outcomes()["receipt"] == "confirmed", "money that goes back is always on paper"


def paper_for_who_asks(shop: Shop) -> None:
    switch_on(shop.service.receipt_links)
    shop.service.receipt_links.on_request = shop.counter.glass.shows_receipts = True


class SlowTax:
    """A tax device that holds slips up: between "paid" and a slip's turn much may happen."""

    async def register(self, _question: TaxQuestion) -> TaxMark:
        await asyncio.sleep(3)
        return TaxMark("T1")


@pytest.mark.row(66)
@story()
async def test_i9_a_slip_whose_code_the_next_customer_took_off_the_display_comes_on_paper(shop: Shop) -> None:
    paper_for_who_asks(shop)
    shop.service.tax.device = SlowTax()
    await shop.paid()
    await shop.with_code(500)
    await shop.until(lambda: "receipt" in shop.outcomes(), 10)
    assert (shop.outcomes()["receipt"], len(shop.counter.printer.whole)) == ("confirmed", 1)


@pytest.mark.row(66)
@pytest.mark.parametrize("trouble", ["silent", "refuses late", "draws none in time"])
@story()
async def test_i9_a_slip_comes_on_paper_where_no_display_has_proved_the_code_in_time(
    shop: Shop, trouble: str
) -> None:
    paper_for_who_asks(shop)
    sale, glass = await shop.with_code(), shop.counter.glass
    glass.hangs = trouble == "silent"
    glass.takes_s, glass.refuses = (3.0, True) if trouble == "refuses late" else (glass.takes_s, False)
    glass.draws_s = 1e6 if trouble == "draws none in time" else 0.0
    shop.pay(sale)
    await shop.until(lambda: bool(shop.events("print_started")), 15)
    await shop.until(lambda: "receipt" in shop.outcomes(), 5)
    assert (shop.outcomes()["receipt"], len(shop.counter.printer.whole)) == ("confirmed", 1)


@pytest.mark.row(66)
@story()
async def test_i9_a_slip_waits_for_a_display_that_is_slow_to_prove_its_code(shop: Shop) -> None:
    paper_for_who_asks(shop)
    sale, glass = await shop.with_code(), shop.counter.glass
    glass.takes_s = glass.draws_s = 1.0
    shop.pay(sale)
    await shop.until(lambda: glass.words[-1] == "paid", 10)
    assert "receipt" not in shop.outcomes(), "it takes the screen, and draws the code a second later"
    await shop.until(lambda: "receipt" in shop.outcomes(), 5)
    assert (shop.outcomes()["receipt"], shop.counter.printer.whole) == ("on_phone", [])


@pytest.mark.row(63, 66)
@story()
async def test_i9_a_slip_that_a_person_wants_on_paper_comes_though_its_code_stands_on_the_display(
    shop: Shop,
) -> None:
    paper_for_who_asks(shop)
    sale, glass, printer = await shop.with_code(), shop.counter.glass, shop.counter.printer
    glass.takes_s, printer.stops = 7.0, [PrintStopped("printer_no_answer", touched=True, definite=False)]
    shop.pay(sale)
    await shop.until(lambda: bool(shop.lane().paper.listed), 20)
    await shop.until(lambda: bool(links_shown(glass)[-1:]), 10)
    [asked] = shop.lane().paper.listed
    await shop.service.aftercare.decide_slip("1", asked, print_it=True, actor=CASHIER)
    await shop.until(lambda: "receipt" in shop.outcomes(), 10)
    assert (shop.outcomes()["receipt"], [each.copy for each in printer.whole]) == ("confirmed", [1])


@pytest.mark.row(66)
@story()
async def test_i9_a_slip_that_was_owed_when_the_power_went_is_not_on_a_phone_that_saw_no_code(shop: Shop) -> None:
    paper_for_who_asks(shop)
    shop.service.tax.device = SlowTax()
    await shop.paid()
    assert "receipt" not in shop.outcomes()
    await shop.world.crash()
    begun = asyncio.ensure_future(shop.world.start())
    await asyncio.sleep(0)
    paper_for_who_asks(shop)
    await begun
    await shop.until(lambda: "receipt" in shop.outcomes(), 10)
    assert (shop.outcomes()["receipt"], len(shop.counter.printer.whole)) == ("confirmed", 1)


# --- the phone ---------------------------------------------------------------------------------------------


class Phone:
    """A customer's: no cookie, no key."""

    def __init__(self, shop: HttpShop, url: str) -> None:
        self.shop, self.url = shop, url
        self._client = Client(url, shop.session, {"Accept": "text/html"})

    async def opens(self, token: str, language: str = "en") -> Told:
        return await self._client.ask("GET", f"{self.url}/r/{token}", headers={"Accept-Language": language})

    async def presses(self, token: str, body: bytes, origin: str = "") -> Told:
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Origin": origin or self.url}
        return await self._client.ask("POST", f"{self.url}/r/{token}", headers=headers, data=body)


@asynccontextmanager
async def phones(folder: Path, *, asks: bool = False) -> AsyncIterator[tuple[HttpShop, Phone, Phone]]:
    """A shop, a phone at its own door, and one that comes through the public address."""
    async with open_shop(folder) as shop, AsyncExitStack() as stack:
        switch_on(shop.service.receipt_links)
        beside = Beside(care=CareParts(ShopCare(), on_receipt=asks))
        parts = {"clock": shop.clock, "entropy": shop.entropy}
        app = make_app(shop.service, shop.people, settings(folder), beside=beside, **parts)  # type: ignore[arg-type]  # by name
        near = await listen(stack, app, "127.0.0.1", 0)
        guests = Guests(shop.service, "UTC", asks)
        far = await listen(stack, make_notices_app(shop.service, guests=guests), "127.0.0.1", 0)
        yield shop, Phone(shop, near), Phone(shop, far)


@pytest.mark.row(66)
async def test_a_phone_opens_the_receipt_by_both_doors_with_nothing_that_paper_lacks(tmp_path: Path) -> None:
    async with phones(tmp_path) as (shop, near, far):
        till = await shop.till()
        sale = await shop.paid(till)
        token = shop.service.receipt_links.token(sale["id"])
        paper = str((await till.get(f"/sales/{sale['id']}/receipt?format=text")).body)
        for language in LANGUAGES:
            told = await near.opens(token, language)
            assert (told.status, dict(told.cookies)) == (200, {})
            html = unescape(str(told.body))
            assert f'<html lang="{language}"' in html
            said = [each for each in re.split(r"\s{2,}|\n", paper) if each.strip(" -")]
            assert [each for each in said if each.strip() not in html and "CT:S-" not in each] == []
            assert "<script" not in html
            assert "<form" not in html, "nobody asked what customers think"
            assert set(re.findall(r'(?:src|href)="([^"]+)', html)) == set()
        assert (told.headers["Cache-Control"], told.headers["X-Frame-Options"]) == ("no-store", "DENY")
        assert unescape(str((await far.opens(token, language)).body)) == html


@pytest.mark.row(66)
async def test_s31_no_other_address_opens_anything_and_a_right_one_only_for_its_time(tmp_path: Path) -> None:
    async with phones(tmp_path) as (shop, near, far):
        till = await shop.till()
        sale = await shop.paid(till)
        links = shop.service.receipt_links
        token = links.token(sale["id"])
        open_now = (await till.post("/sales", {"counter": "1", "amount_minor": 100})).body["id"]
        wrong = (token[:-1] + ("A" if token[-1] != "A" else "B"), token[:26], sale["id"] + "A" * 16, "x", "é" * 42)
        for each in (*wrong, links.token(open_now), links.token("0" * 26)):
            for phone in (near, far):
                told = await phone.opens(each)
                assert (told.status, "A-100" in str(told.body)) == (404, True), each
                assert "Tea" not in str(told.body), "not even whose shop it is"
        assert (await near.opens(token)).status == 200
        shop.clock.ahead_s = 73 * 3600
        told = await far.opens(token, "pt-BR")
        assert (told.status, "A-101" in str(told.body)) == (404, True)
        shop.clock.ahead_s = 0
        shop.service.receipt_links.base = lambda: ""
        assert (await near.opens(token)).status == 404, "switched off is off for every address"


@pytest.mark.row(66)
async def test_s38_who_asks_again_and_again_waits(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop, AsyncExitStack() as stack:
        switch_on(shop.service.receipt_links)
        guests = Guests(shop.service, "UTC")
        guests.buckets = Buckets(Still(), per_s=PER_S, burst=BURST)
        url = await listen(stack, make_notices_app(shop.service, guests=guests), "127.0.0.1", 0)
        phone = Phone(shop, url)
        answers = [(await phone.opens("x")).status for _ in range(BURST + 2)]
        assert answers == [404] * BURST + [429] * 2
        sale = await shop.paid(await shop.till())
        token = shop.service.receipt_links.token(sale["id"])
        answers = [(await phone.opens(token)).status for _ in range(BURST + 1)]
        assert answers == [200] * BURST + [429], (
            "who guesses keeps nobody from a receipt, though all come by one server"
        )


class Still:
    """A clock that stands: nothing runs out of the bucket."""

    def wall_ms(self) -> int:
        return 0

    def mono_ns(self) -> int:
        return 0


@pytest.mark.row(66)
async def test_a_customers_own_phone_needs_no_pairing_for_its_receipt_and_gets_no_further(tmp_path: Path) -> None:
    async with lan_shop(tmp_path) as door:
        links = door.now.service.receipt_links
        assert links.base() == "", "the settings asked for nothing"
        status, text, _ = await ask(door, "GET", "/r/" + links.token("0" * 26))
        assert (status, "A-100" in text) == (404, True)
        assert (await ask(door, "GET", "/sales"))[0] == 303


@pytest.mark.row(66)
@pytest.mark.parametrize(
    ("method", "path", "goes_first"),
    [
        ("GET", "/r/{token}", False),
        ("POST", "/r/{token}", False),
        ("GET", "/r/guessed", False),
        ("GET", "/", False),
        ("POST", "/notify/nobody", True),
    ],
)
async def test_a_phone_that_comes_by_the_banks_way_stands_in_line_with_the_tills(
    tmp_path: Path, method: str, path: str, goes_first: bool
) -> None:
    install(asyncio.get_running_loop())
    order: list[str] = []

    @web.middleware
    async def beside_a_till(request: web.Request, handler: Handler) -> web.StreamResponse:
        asyncio.get_running_loop().call_soon(order.append, "till", context=Context())
        answer = await handler(request)
        order.append("answer")
        return answer

    async with open_shop(tmp_path) as shop, AsyncExitStack() as stack:
        switch_on(shop.service.receipt_links)
        sale = await shop.paid(await shop.till())
        app = make_notices_app(shop.service, guests=Guests(shop.service, "UTC", rating=True))
        app.middlewares.insert(0, beside_a_till)
        authority, server = ensure(tmp_path / "tls", shop.clock)
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(server)
        url = await listen(stack, app, "127.0.0.1", 0, tls, LIMITS, first=True)
        trust = ssl.create_default_context(cafile=str(authority))
        address = url + path.format(token=shop.service.receipt_links.token(sale["id"]))
        async with shop.session.request(
            method, address, data=b"answer=good" if method == "POST" else None, ssl=trust
        ):
            assert order == (["answer", "till"] if goes_first else ["till", "answer"])


# --- two buttons -------------------------------------------------------------------------------------------


async def test_the_slips_code_leads_to_two_buttons_and_the_first_answer_stays(tmp_path: Path) -> None:
    async with phones(tmp_path, asks=True) as (shop, near, far):
        links, slips = shop.service.receipt_links, shop.service.parts.slips
        links.on_display = False
        slips.asks = lambda sale: ("receipt.rate", links.of(sale))
        till, owner = await shop.till(), await shop.owner()
        sale = await shop.paid(till)
        receipt = (await till.get(f"/sales/{sale['id']}/receipt?format=json")).body["lines"]
        token = links.token(sale["id"])
        assert ["code", f"{BASE}/r/{token}"] in receipt
        assert (await till.get("/counters/1")).body["screen"]["receipt"] == "", (
            "paper only: the display keeps still"
        )
        for language in LANGUAGES:
            html = unescape(str((await near.opens(token, language)).body))
            assert [
                html.count(f">{Catalogue.load(language).text(f'care.rate_{each}')}<") for each in ("good", "bad")
            ] == [1, 1]
            assert (BASE in html, slip_words("rate") in html) == (False, False), "no code that leads to this page"
        for body in (b"answer=fine", b"answer=good&answer=bad", b"", b"answer=good" * 20, b'{"answer":"good"}'):
            assert (await far.presses(token, body)).status in {413, 422, 400}, body
        assert (await near.presses(token, b"answer=bad", origin="https://evil.example")).status == 403
        for phone, body in ((far, b"answer=good"), (near, b"answer=bad")):
            told = await phone.presses(token, body)
            assert (told.status, Catalogue.load("en").text("care.rate_thanks") in unescape(str(told.body))) == (
                200,
                True,
            )
        report = (await owner.get("/feedback/report")).body
        assert (report["good"], report["bad"]) == (1, 0)


async def test_where_nobody_asks_a_pressed_button_says_nothing(tmp_path: Path) -> None:
    async with phones(tmp_path) as (shop, near, _far):
        sale = await shop.paid(await shop.till())
        told = await near.presses(shop.service.receipt_links.token(sale["id"]), b"answer=good")
        assert told.status == 404


@story()
async def test_a_survey_of_the_shops_own_is_a_code_on_payments_and_on_no_other_slip(shop: Shop) -> None:
    shop.service.parts.slips.asks = lambda _sale: ("receipt.survey", "https://bank.example/survey")
    sale = await shop.paid()
    await shop.refund(sale)
    printer = shop.counter.printer
    await shop.until(lambda: len(printer.whole) == 2, 30)
    assert [len(codes_of(slip.receipt)) for slip in printer.whole] == [2, 1]
    words = [line.left for line in printer.whole[0].receipt if isinstance(line, Row)]
    assert Catalogue.load("en").text("receipt.survey") in words
    assert words[-1] == Catalogue.load("en").text("receipt.test"), "the mark of a test stays the last word"


# --- the seal ----------------------------------------------------------------------------------------------


def test_s24_an_address_is_short_sealed_and_of_one_shop_alone() -> None:
    ours, theirs = ReceiptLinks(b"ours", Still()), ReceiptLinks(b"theirs", Still())
    sale_id = "01J8ZQ4Y7N3M5K2B6C9D0E1F2G"
    token = ours.token(sale_id)
    assert re.fullmatch(r"[0-9A-Z]{42}", token), "letters that a code packs densely"
    assert ours.sale_id(token) == sale_id
    for wrong in (
        theirs.token(sale_id),
        token.lower(),
        token + "A",
        "",
        "01J8ZQ4Y7N3M5K2B6C9D0E1F2H" + token[26:],
    ):
        with pytest.raises(NotFound):
            ours.sale_id(wrong)
    assert ours.life_ms == 72 * HOUR_MS
