"""A day of every kind of sale on virtual time: Z, more sales, Z again; together they are the journal."""

import asyncio

import pytest

from terminal.counter.ports import PrintStopped
from terminal.counter.report_paper import WAITING_MAX, effect
from terminal.payments.event import Actor
from terminal.payments.receipt import Row
from terminal.settlement.business_day import ShopTime
from terminal.settlement.daybook import DayBook
from terminal.settlement.stretch import Stretch
from terminal.settlement.totals import Line, Sum
from terminal.settlement.z_report import Report, Reports
from tests.flows.shop import DAY_S, Shop, refused, story

OWNER = Actor("person", "owner")
ZONE = ShopTime.of("America/New_York", "04:00")


def desk(shop: Shop) -> Reports:
    house = shop.service.house
    feed, clock = shop.service.feed, shop.service.parts.clock
    return Reports(feed, clock, ZONE, store=house.store, ledger=house.ledger)


def told(report: Report, *lines: Line) -> list[Sum]:
    return [report.totals.line(line, "CNY") for line in lines]


@pytest.mark.row(107, 108)
@story()
async def test_zs_over_sales_refunds_cancels_and_doubts_are_the_journal(shop: Shop) -> None:
    kept = await shop.paid(1000)
    back = await shop.paid(500)
    refund = await shop.refund(back, 200)
    await shop.until(lambda: shop.sale(back).refund(refund.id).state == "refunded", 10)
    await shop.cancel(await shop.with_code(300))
    await shop.until(lambda: shop.lane().current is None, 30)
    waiting = await shop.with_code(700)
    first = await desk(shop).seal(actor=OWNER)
    assert told(first, Line.PAID, Line.REFUNDED) == [Sum(2, 1500), Sum(1, 200)]
    assert first.totals.sales("cancelled", "CNY") == Sum(1, 300)
    assert [each.id for each in first.open] == [waiting.id]
    assert (await refused(desk(shop).seal(actor=OWNER))).slug == "z_empty"

    shop.pay(waiting)
    await shop.until(lambda: shop.sale(waiting).state == "paid", 10)
    await shop.restart()
    rest = await shop.refund(kept)
    await shop.until(lambda: shop.sale(kept).refund(rest.id).state == "refunded", 10)
    second = await desk(shop).seal(actor=OWNER)
    assert told(second, Line.PAID, Line.REFUNDED) == [Sum(1, 700), Sum(1, 1000)]
    assert (second.n, second.first, second.open) == (2, first.last + 1, ())

    held = first.totals.held_minor("CNY") + second.totals.held_minor("CNY")
    assert held == shop.kept_minor == 1000
    whole = Stretch(shop.service.feed.of_subject, ZONE, first=1, ledger=first.ledger)
    await whole.read(shop.service.feed, second.last)
    assert first.totals.plus(second.totals) == whole.totals()
    book = DayBook(shop.service.feed, ZONE, ledger=first.ledger)
    rows = [row for page in book.of_numbers(1, second.last) for row in page]
    assert sum(row.amount_minor for row in rows) == held
    assert {row.z for row in rows} == {1, 2}


@pytest.mark.row(109)
@story()
async def test_a_day_that_nobody_closed_is_closed_the_next_morning(shop: Shop) -> None:
    await shop.paid(1000)
    yesterday = desk(shop).today()
    await shop.wait(DAY_S)
    await shop.paid(50)
    reports = desk(shop)
    assert await reports.unsealed() == (yesterday,)
    assert (await refused(reports.seal(actor=OWNER))).slug == "z_day_first"
    assert told(await reports.seal(yesterday, actor=OWNER), Line.PAID) == [Sum(1, 1000)]
    assert told(await reports.seal(actor=OWNER), Line.PAID) == [Sum(1, 50)]


@pytest.mark.row(107)
@story()
async def test_d11_a_z_owed_on_paper_is_printed_after_a_power_cut_and_never_twice(shop: Shop) -> None:
    await shop.paid(1000)
    lines = (Row("Z REPORT no. 1"),)
    await desk(shop).seal(actor=OWNER, owes=lambda _report: [effect("z:paper", "1", lines)])
    await shop.restart()  # before anybody printed it
    await shop.until(lambda: bool(shop.events("report_printed")), 30)
    assert shop.counter.printer.whole[-1].receipt == lines
    await shop.restart()
    await shop.wait(5)
    assert len(shop.events("report_printed")) == 1
    shop.counter.printer.hangs = True
    await shop.service.report_paper.ask("1", "x:s", lines, actor=OWNER)
    await shop.until(lambda: len(shop.events("report_print_started")) == 2, 10)
    shop.counter.printer.hangs = False
    await shop.restart()  # in the middle of it: a person prints it again
    await shop.until(lambda: len(shop.events("report_printed")) == 2, 30)
    assert shop.events("report_printed")[-1].body["outcome"] == "may_have_printed"
    assert len(shop.events("report_print_started")) == 2


@pytest.mark.row(107)
@story()
async def test_p1_p2_a_report_that_breaks_off_each_time_comes_in_three_copies_and_no_more(shop: Shop) -> None:
    shop.counter.printer.stops = [PrintStopped("printer_cover_open", touched=True, definite=True)] * 1000
    await shop.service.report_paper.ask("1", "x:s", (Row("X REPORT"),), actor=OWNER)
    await shop.wait(590)
    assert [slip.copy for slip in shop.counter.printer.begun] == [0, 1, 2, 3]
    assert [each.body["outcome"] for each in shop.events("report_printed")] == ["broke_off"]


@story()
async def test_i21_no_more_reports_wait_for_a_printer_than_there_is_room_for_however_they_are_asked(
    shop: Shop,
) -> None:
    shop.counter.printer.paper.clear()
    paper, lines = shop.service.report_paper, (Row("Z REPORT no. 1"),)
    wishes = (paper.ask("1", f"z:{number}", lines, actor=OWNER) for number in range(3 * WAITING_MAX))
    told = await asyncio.gather(*wishes, return_exceptions=True)
    assert [str(each) for each in told if each is not None] == ["report_prints_wait (counter=1)"] * 2 * WAITING_MAX
    shop.counter.printer.paper.set()
    await shop.until(lambda: len(shop.events("report_printed")) == WAITING_MAX, 60)
    await paper.ask("1", "z:last", lines, actor=OWNER)
    await shop.until(lambda: len(shop.counter.printer.whole) == WAITING_MAX + 1, 10)
