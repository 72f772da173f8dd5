"""X and Z on paper: the printer's bytes read back, on both widths and in every language."""

import asyncio
from datetime import date
from io import BytesIO

import pytest
from PIL import Image

from drivers.printer.profile import load
from terminal.counter.ports import Slip
from terminal.help.catalogue import Catalogue
from terminal.help.wording import CatalogueWording
from terminal.lab.paper_picture import receipt_png
from terminal.payments.anchor import read_anchor
from terminal.payments.event import Actor, Ledger
from terminal.payments.receipt import Code, Receipt, Row
from terminal.payments.slip import Shop
from terminal.peripherals.painters import PAPER_FONTS, Painter
from terminal.peripherals.printer import SlipPrinter, printable
from terminal.settlement.business_day import ShopTime
from terminal.settlement.paper import Say, report_slip
from terminal.settlement.z_report import Report, Reports
from terminal.simulation.devices import SimulatedCounter
from tests.devices.peripheral_rig import play, running, well
from tests.qr_seen import texts_in
from tests.unit.settlement.books import Books

SHOP = Shop("Tea 茶", ("12 Example Road",), "s1")
NAMES = {"person:owner": "Bo", "person:mei": "Mei", "person:bo": "Bo"}


def say(language: str) -> Say:
    wording = CatalogueWording("Asia/Shanghai")
    return Say(
        words=wording.words(language),
        money=lambda amount: wording.money(amount, language),
        when=lambda ms: wording.when(ms, language),
        method=lambda name: {"wechatpay": "WeChat Pay", "alipay": "Alipay 支付宝"}[name],
        name=lambda actor: NAMES.get(actor, actor),
    )


async def a_day(ledger: Ledger = Ledger.LIVE, *, seal: bool = True) -> Report:
    books = Books(ledger=ledger)
    books.paid("s1", 123_450)
    books.paid("s2", 700, provider="alipay", actor="person:bo")
    books.refund("s1", "s1-a", 23_450)
    books.open("s3", 900)
    books.start("s3", "a", 900)
    books.move("s3", "a", "unknown")
    reports = Reports(books, books.clock, ShopTime.of("Asia/Shanghai", "04:00"), store="s1", ledger=ledger)
    return await (reports.seal(actor=Actor("person", "owner")) if seal else reports.x())


async def printed(receipt: Receipt, profile: str) -> list[str]:
    counter = SimulatedCounter(printer_profile=profile)
    printer = counter.devices().printer
    assert isinstance(printer, SlipPrinter)
    async with running(printer.run):
        await well(printer.health)
        await printer.print(Slip("z1", receipt, 0))
        await asyncio.sleep(5)
    assert counter.printer.head.not_understood == []
    return list(counter.paper[0] if counter.paper else counter.hanging)


@pytest.mark.row(107)
@pytest.mark.parametrize("profile", ["generic-80", "generic-58"])
@pytest.mark.parametrize("language", ["en", "zh-CN", "pt-BR"])
def test_a_z_on_paper_says_every_sum_beside_its_name(language: str, profile: str) -> None:
    async def story() -> None:
        report = await a_day()
        lines = [line for line in await printed(report_slip(report, SHOP, say(language)), profile) if line.strip()]
        words = Catalogue.load(language)
        paper = "\n".join(lines)
        columns = 48 if profile == "generic-80" else 32
        assert max(map(len, lines)) <= columns
        assert words.text("report.z_title", n=1) in paper
        for key in ("taken", "refunded", "held", "cashiers", "sales_opened"):
            assert words.text(f"report.{key}") in paper, key
        for amount in ("1,234.50", "1,241.50", "234.50", "1,007.00", "9.00"):
            shown = amount if language != "pt-BR" else amount.translate(str.maketrans(",.", ".,"))
            assert any(line.endswith(shown) for line in lines), (shown, paper)
        assert "WeChat Pay" in paper
        seal = report.heads["counter:1"].hash
        assert all(seal[at : at + 16] in paper for at in range(0, 64, 16))
        assert report.anchor.groups in paper
        assert any(line.endswith(report.anchor.place) for line in lines)
        assert "Mei" in paper

    play(story())


@pytest.mark.row(107)
def test_an_x_says_that_nothing_is_sealed_and_shows_no_seal() -> None:
    async def story() -> None:
        report = await a_day(seal=False)
        rows = [line.left for line in report_slip(report, SHOP, say("en")) if isinstance(line, Row)]
        assert "X REPORT" in rows
        assert "Not sealed" in rows
        assert report.day == date(2026, 11, 21)
        assert not any(line.startswith("Seal") for line in rows)
        assert not any(isinstance(line, Code) for line in report_slip(report, SHOP, say("en")))

    play(story())


@pytest.mark.row(127)
@pytest.mark.parametrize("profile", ["generic-80", "generic-58"])
def test_s52_the_anchor_is_read_from_the_paper_by_a_camera_and_by_eye(profile: str) -> None:
    async def story() -> None:
        report = await a_day()
        slip = printable(report_slip(report, SHOP, say("en")), load(profile), Painter(*PAPER_FONTS))
        paper = receipt_png(slip.data, width_dots=slip.width_dots, charset=slip.charset, native_qr=slip.native_qr)
        [code] = texts_in(Image.open(BytesIO(paper)))
        typed = " ".join([report.anchor.place, report.anchor.groups.lower()])
        assert read_anchor(code) == read_anchor(typed) == report.anchor

    play(story())


def test_i25_a_test_report_says_so_first_and_last() -> None:
    async def story() -> None:
        slip = report_slip(await a_day(Ledger.TEST), SHOP, say("en"))
        assert [line.left for line in (slip[0], slip[-1]) if isinstance(line, Row)] == [
            "TEST – no money moves"
        ] * 2
        assert report_slip(await a_day(), SHOP, say("en"))[0] != slip[0]

    play(story())
