"""The pages of reports over HTTP: who may see what, in three languages; hostile names; what bills settled."""

import re
import zipfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest

from terminal.help.catalogue import Catalogue
from terminal.help.languages import LANGUAGES
from terminal.payments.decide import OpenSale
from terminal.payments.event import Actor
from terminal.payments.money import Money
from terminal.payments.settled import SettledRow
from terminal.people.roles import Role
from terminal.settlement.differences import Difference, Kind
from terminal.settlement.record import Recorder
from terminal.web.app import Beside, make_app
from terminal.web.desks.reports import DESK, Desk, ReportParts
from terminal.web.listen import listen
from tests.flows.api_rig import CASHIER_PIN, OWNER_PIN, WATCHDOG_S, Client, Shop, open_shop
from tests.flows.test_api_whole_app import settings

OWNERS = ("/reports", "/reports/z", "/reports/differences", "/reports/fees", "/reports/month")
HOSTILE = '<script>alert("x")</script>'


class Pages:
    """A shop and its pages at an address of their own. ``desk`` is theirs."""

    def __init__(self, shop: Shop, url: str, desk: Desk) -> None:
        self.shop, self.url, self.desk = shop, url, desk

    def of(self, client: Client, language: str = "en") -> Client:
        """The same person, here."""
        kept = {name: value for name, value in client.headers.items() if name != "Origin"}
        return Client(self.url, self.shop.session, {**kept, "Accept": "text/html", "Accept-Language": language})

    async def get(self, client: Client, path: str, language: str = "en") -> tuple[int, str]:
        told = await self.of(client, language).get(self.url + path)
        return told.status, told.headers.get("Location", "") if told.status == 303 else str(told.body)

    async def read(self, client: Client, path: str, language: str = "en") -> str:
        status, body = await self.get(client, path, language)
        assert status == 200, (path, status, body)
        return body


@asynccontextmanager
async def pages(folder: Path) -> AsyncIterator[Pages]:
    async with open_shop(folder) as shop, AsyncExitStack() as stack:
        app = make_app(
            shop.service, shop.people, settings(folder), clock=shop.clock, entropy=shop.entropy,
            beside=Beside(reports=ReportParts(settled=shop.journal.settled)),
        )  # fmt: skip
        yield Pages(shop, await listen(stack, app, "127.0.0.1", 0), app[DESK])


@pytest.fixture
async def opened(tmp_path: Path) -> AsyncIterator[Pages]:
    async with pages(tmp_path) as made:
        yield made


def text_of(page: str) -> str:
    """What a person reads, without the script's words."""
    body = re.sub(r"<script.*?</script>|<dialog.*?</dialog>", "", page, flags=re.S)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body)).replace("\xa0", " ")


async def sold(shop: Shop, *amounts: int) -> list[str]:
    machine = await shop.machine()
    return [(await shop.paid(machine, each))["attempts"][0]["id"] for each in amounts]


@pytest.mark.row(113)
async def test_the_overview_has_today_week_and_month_with_plots_and_tables(opened: Pages) -> None:
    await sold(opened.shop, 2850, 150)
    owner = await opened.shop.owner()
    page = await opened.read(owner, "/reports")
    shown = text_of(page)
    for told in ("¥30.00", "¥15.00", "Payments: 2", "Today", "Last 7 days", "This month", "wechatpay"):
        assert told in shown, told
    plots = re.findall(r'<svg class="plot".*?</svg>', page, flags=re.S)
    assert len(plots) == 4, "by hour, wallet, cashier and day"
    assert all("<title" in each and "<desc" in each for each in plots)
    assert page.count("<table") >= len(plots), "each has its figures beside it"


@pytest.mark.row(124)
async def test_s30_owners_see_sums_and_a_till_is_asked_to_sign_in(opened: Pages) -> None:
    shop = opened.shop
    cashier, owner, till = await shop.cashier(), await shop.owner(), await shop.till("1")
    for path in OWNERS:
        assert (await opened.get(owner, path))[0] == 200, path
        status, where = await opened.get(till, path)
        asked = "/reports/today" if path == "/reports" else f"/sign-in?next={path}"
        assert (status, where) == (303, asked), path
        status, where = await opened.get(cashier, path)
        assert (status, where) == (303, "/reports/today") if path == "/reports" else status == 403, path
        assert (await opened.get(shop.browser(), path)) == (303, f"/sign-in?next={path}"), path
    bound = await shop.machine("reports", counters=("1",))
    assert (await opened.get(bound, "/reports/z"))[0] == 403, "the sums of all counters are not one counter's"


@pytest.mark.row(112)
async def test_today_at_a_glance_keeps_to_the_privacy_switch(opened: Pages) -> None:
    await sold(opened.shop, 2850, 150)
    till, owner = await opened.shop.till("1"), await opened.shop.owner()
    shown = text_of(await opened.read(till, "/reports/today"))
    assert "¥28.50" in shown
    assert "¥30.00" in shown
    assert "By cashier" not in shown, "who sold how much is the owner's to see"
    assert "¥30.00" not in text_of(await opened.read(await opened.shop.till("2"), "/reports/today"))
    opened.desk.parts = replace(opened.desk.parts, cashier_totals=False)
    hidden = text_of(await opened.read(till, "/reports/today"))
    assert "¥28.50" in hidden
    assert "¥30.00" not in hidden
    assert "The owner shows no sums here." in hidden
    assert "¥30.00" in text_of(await opened.read(owner, "/reports/today"))


@pytest.mark.row(107)
async def test_x_says_since_when_and_every_z_can_be_opened_with_its_seals(opened: Pages) -> None:
    await sold(opened.shop, 2850)
    owner = await opened.shop.owner()
    page = await opened.read(owner, "/reports/z")
    assert "¥28.50" in text_of(page)
    assert 'data-empty="no"' in page
    sealed = (await owner.post("/reports/z", {}, key="close-the-day-1")).body
    listed = await opened.read(owner, "/reports/z")
    assert 'href="/reports/z/1"' in listed
    assert 'data-empty="yes"' in listed
    shown = await opened.read(owner, "/reports/z/1")
    for head in sealed["heads"]:
        assert head["hash"] in shown
    assert "Owner" in text_of(shown), "who closed it"
    for wrong, status in (("2", 404), ("x", 422), ("9" * 5000, 422), ("٣", 422), ("-1", 422)):
        assert (await opened.get(owner, f"/reports/z/{wrong}"))[0] in {status, 400, 404}, wrong
    assert (await opened.get(owner, f"/reports/z?before={'9' * 5000}"))[0] == 200


@pytest.mark.row(34, 113)
async def test_paid_and_settled_are_two_words_with_date_and_batch(opened: Pages) -> None:
    first, _ = await sold(opened.shop, 2850, 150)
    recorder = Recorder(opened.shop.service.feed, opened.shop.clock, "s1")
    recorder.settle("wechatpay", SettledRow(first, "payment", "2026-11-21", "batch-7", 2850, 17_000))
    await recorder.flush("wechatpay")
    owner = await opened.shop.owner()
    shown = text_of(await opened.read(owner, "/reports"))
    for told in ("1 of them in a bill of the bank", "2026-11-21 batch-7", "¥0.17", "¥28.33"):
        assert told in shown, told
    sales = text_of(await opened.read(owner, "/sales"))
    assert sales.count("Settled on 2026-11-21 (batch-7)") == 1
    sale = opened.shop.service.feed.claimed("order", first)
    assert "Settled on 2026-11-21 (batch-7)" in text_of(await opened.read(owner, f"/sales/{sale}"))
    till = await opened.read(await opened.shop.till("1"), "/c/1/till")
    assert "batch-7" not in till, "a till stays quiet about it"


@pytest.mark.row(110, 115)
async def test_differences_are_in_words_with_both_sides_and_keys(opened: Pages) -> None:
    feed = opened.shop.service.feed
    [paid] = await sold(opened.shop, 2850)
    recorder = Recorder(feed, opened.shop.clock, "s1")
    facts: dict[str, str | int] = {"number": HOSTILE}
    recorder.found(
        Difference(Kind.MISSING_HERE, "wechatpay", HOSTILE, "2026-11-21", "CNY", None, 8800, facts=facts)
    )
    sale = feed.claimed("order", paid) or ""
    recorder.found(
        Difference(Kind.MISSING_THERE, "wechatpay", paid, "2026-11-21", "CNY", 2850, None, sale=sale, attempt=paid)
    )
    await recorder.flush("wechatpay")
    owner = await opened.shop.owner()
    page = await opened.read(owner, "/reports/differences")
    assert HOSTILE not in page
    assert HOSTILE.replace("<", "&lt;").replace(">", "&gt;").replace('"', "&#34;") in page
    assert page.count("data-press=") == 2, "each suggested fix has its digit"
    for told in ("¥88.00", "¥28.50", "Ask the bank again", f'href="/sales/{sale}"'):
        assert told in page, told
    assert "Differences with the bank are open" in await opened.read(owner, "/reports/month")


@pytest.mark.row(117)
async def test_fees_and_the_month_say_what_to_check(opened: Pages) -> None:
    await sold(opened.shop, 2850)
    owner = await opened.shop.owner()
    assert "0 / 1" in text_of(await opened.read(owner, "/reports/fees"))
    assert "No open differences with the bank" in text_of(await opened.read(owner, "/reports/month"))
    for wrong in ("of=2026-13", "of=x", "of=2999-01", "of=" + "9" * 3000):
        assert (await opened.get(owner, f"/reports/month?{wrong}"))[0] in {400, 422}, wrong
    assert (await opened.get(owner, "/reports/fees?first=2026-02-30"))[0] in {400, 422}
    assert (await opened.get(owner, "/reports/month?of=2020-02"))[0] == 200


@pytest.mark.row(114)
async def test_s63_s64_the_day_book_is_offered_as_a_workbook(opened: Pages) -> None:
    machine = await opened.shop.machine()
    await opened.shop.paid(machine, 2850, title="=1+1")
    owner = opened.of(await opened.shop.owner())
    async with opened.shop.session.get(f"{opened.url}/reports/daybook.xlsx", headers=owner.headers) as answer:
        assert answer.status == 200
        assert ".xlsx" in answer.headers["Content-Disposition"]
        book = zipfile.ZipFile(BytesIO(await answer.read()))
    sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "=1+1" in sheet
    assert "<f>" not in sheet, "what a till typed is no formula"
    assert (await opened.get(await opened.shop.till("1"), "/reports/daybook.xlsx"))[0] == 303


async def test_s27_a_cashier_s_hostile_name_is_text_in_pictures_and_tables(opened: Pages) -> None:
    shop = opened.shop
    owner = await shop.owner()
    who = shop.people.who("", await shop.people.sign_in(shop.owner_id, OWNER_PIN, device="here"))
    cashier = await shop.people.add_person(who, Role.CASHIER, HOSTILE[:40], CASHIER_PIN)
    await sold_by(shop, cashier)
    for path in ("/reports", "/reports/z", "/reports/month"):
        page = await opened.read(owner, path)
        assert HOSTILE not in page, path
        assert "&lt;script&gt;" in page, path


async def sold_by(shop: Shop, person: str) -> None:
    actor, asked = Actor("person", person), OpenSale("1", Money(500, "CNY"))
    sale = await shop.service.checkout.open_sale(asked, actor=actor)
    assert await shop.service.until(sale.id, lambda now: now.word == "waiting" and bool(now.attempts), WATCHDOG_S)
    attempt = shop.service.book.sale(sale.id).attempts[-1].id
    assert await shop.service.until(sale.id, lambda now: now.attempts[-1].state == "shown", WATCHDOG_S)
    shop.pay(attempt)
    await shop.until(sale.id, "paid")


@pytest.mark.row(137)
async def test_every_page_is_whole_in_every_language(opened: Pages) -> None:
    await sold(opened.shop, 2850)
    owner = await opened.shop.owner()
    await owner.post("/reports/z", {}, key="close-the-day-1")
    for language in LANGUAGES:
        words = Catalogue.load(language)
        for name, path in zip(("today", "z", "differences", "fees", "month"), OWNERS, strict=True):
            page = await opened.read(owner, path, language)
            assert f'lang="{language}"' in page
            assert words.text(f"reports.tab_{name}") in page, (language, path)
        assert words.text("reports.seals") in await opened.read(owner, "/reports/z/1", language)
        assert words.text("key.f8") in await opened.read(owner, "/reports/today", language)
