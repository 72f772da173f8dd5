"""A day with faults planted in the bills of two wallets: found, named, ended by one key; the sums stay equal."""

from collections.abc import Iterable
from datetime import date, timedelta

import msgspec
import pytest

from terminal.banks.profile_file import load_profile
from terminal.bills.desk import BillDesk
from terminal.bills.readers import guess_format, open_bill
from terminal.help.catalogue import Catalogue
from terminal.payments.bill import BillLine, LineKind, LineState
from terminal.payments.event import Actor
from terminal.payments.fees import FeeRule
from terminal.payments.sale import Sale, SaleState
from terminal.settlement.business_day import ShopTime
from terminal.settlement.differences import Difference, Fix, Kind
from terminal.settlement.fixing import Differences, Listed
from terminal.settlement.words import day_line, sentence
from terminal.settlement.z_report import Reports
from tests.flows.shop import Shop, story

BOTH = ("wechatpay", "alipay")
FIRST = date(2026, 1, 1)  # where virtual time begins: eight in the morning, Beijing
NEXT = FIRST + timedelta(days=1)
OWNER = Actor("person", "owner")
ENGLISH = Catalogue.load("en")
PRICED = msgspec.structs.replace(load_profile("wechatpay"), fee=FeeRule("list", 6_000))
AMOUNTS = (1200, 1301, 1402, 1503, 1604, 1705)
# what a bill takes back is not settled by it either; and the balance did not move as such a bill says
FOUND = [Kind.MISSING_THERE, Kind.MISSING_THERE, Kind.STATUS, Kind.DUPLICATE, Kind.MISSING_HERE, Kind.PAYOUT]
PLANTS = ("bill-row-missing", "bill-fee-wrong", "bill-status-differs", "bill-duplicate-row")


async def scanned(shop: Shop, minor: int, wallet: str) -> Sale:
    sale = await shop.open(minor)
    await shop.scan(shop.customer_code(wallet=wallet))
    await shop.until(lambda: shop.sale(sale).state is SaleState.PAID, 10)
    await shop.wait(6)
    return shop.sale(sale)


async def a_day(shop: Shop, wallet: str) -> dict[str, str]:
    """Six sales, part of the last one given back; what is planted in whose row, by order number."""
    sales = [await scanned(shop, minor, wallet) for minor in AMOUNTS]
    await shop.refund(sales[-1], 300)
    await shop.wait(30)
    orders = [shop.attempt(each).id for each in sales]
    return dict(zip(PLANTS, orders, strict=False))


async def morning(shop: Shop, day: date) -> None:
    at_ms = ((day - date(1970, 1, 1)).days + 1) * 86_400_000 + round(2.5 * 3_600_000)  # half past ten, Beijing
    await shop.wait((at_ms - shop.world.clock.wall_ms()) / 1000)


def found_minor(differences: Iterable[Difference]) -> int:
    """What the listed differences add to the journal's side, each order once: the bill has so much more."""
    told = list(differences)
    twisted = {each.attempt for each in told if each.kind is Kind.STATUS}
    more = 0
    for each in told:
        there, here = each.there_minor or 0, each.here_minor or 0
        match each.kind:
            case Kind.MISSING_HERE | Kind.DUPLICATE:
                more += there
            case Kind.STATUS:
                more -= there
            case Kind.MISSING_THERE if each.attempt not in twisted:
                more -= here
    return more


def billed_minor(lines: Iterable[BillLine]) -> int:
    """Payments less what went back, as the bill itself says: a payment that was taken back is none."""
    net = 0
    for line in lines:
        if line.state not in {LineState.DONE, LineState.REVOKED}:
            continue
        if line.kind is LineKind.PAYMENT and line.state is LineState.DONE:
            net += line.gross_minor
        elif line.kind is LineKind.REFUND:
            net -= line.gross_minor
    return net


def lines_of(shop: Shop, wallet: str) -> list[BillLine]:
    """The kept bill, by its real reader."""
    (path,) = (shop.world.folder / "bills").glob(f"{wallet}-trade-{FIRST.isoformat()}-*")
    return [each for each in open_bill(path, guess_format(path)) if isinstance(each, BillLine)]


def people_of(shop: Shop, desk: BillDesk) -> Differences:
    service, views = shop.service, shop.world.journal.settled
    clock, store = shop.world.clock, service.house.store
    return Differences(service.feed, views, clock, store, desk.reconciler.evidence, service.aftercare)


async def end_all(shop: Shop, people: Differences) -> list[tuple[str, str]]:
    """A person presses the suggested key, and accepts what is left after it."""
    told = []
    for each in people.open():
        done = await people.fix(each.id, each.choices[0], actor=OWNER, reason="seen")
        if done.open:
            done = await people.fix(each.id, Fix.ACCEPT, actor=OWNER, reason="the bank was asked")
        told.append((each.difference.kind.value, done.how))
    return sorted(told)


def at(found: list[Listed], kind: Kind, order: str) -> Listed:
    return next(each for each in found if (each.difference.kind, each.difference.attempt) == (kind, order))


@pytest.mark.row(34, 110, 111, 115, 117)
@story(channels=BOTH)
async def test_i13_planted_differences_are_found_named_and_ended_and_z_is_journal_is_bill(shop: Shop) -> None:
    shop.world.profile = PRICED
    await shop.restart()
    planted = {wallet: await a_day(shop, wallet) for wallet in BOTH}
    house = shop.service.house
    reports = Reports(
        shop.service.feed, shop.world.clock, ShopTime.of("Asia/Shanghai", "00:00"), store=house.store,
        ledger=house.ledger,
    )  # fmt: skip
    z = await reports.seal(actor=OWNER)
    held = {each.channel: each.held_minor for each in z.totals.channels("CNY")}
    assert held == {wallet: sum(AMOUNTS) - 300 for wallet in BOTH}
    await morning(shop, NEXT)
    desk = BillDesk(shop.service, shop.world.journal.settled, shop.world.folder / "bills")
    for wallet, orders in planted.items():
        for slug, order in orders.items():
            shop.fault(slug, {"order_no": order})
        shop.fault("bill-row-extra", {"order_no": f"STRANGE-{wallet}"})
        for day in (FIRST, NEXT):
            await desk.fetch_now(wallet, day)

    people = people_of(shop, desk)
    found = people.open()
    for wallet, orders in planted.items():
        mine = [each.difference for each in found if each.difference.channel == wallet]
        fees = [Kind.FEE] if wallet == "wechatpay" else []  # the other one agreed on no price
        assert sorted(each.kind for each in mine) == sorted([*FOUND, *fees]), wallet
        assert at(found, Kind.MISSING_THERE, orders["bill-row-missing"]).choices[0] is Fix.QUERY
        assert at(found, Kind.DUPLICATE, orders["bill-duplicate-row"]).choices[0] is Fix.ACCEPT
        assert held[wallet] + found_minor(mine) == billed_minor(lines_of(shop, wallet)), wallet
    named = [sentence(each.difference, ENGLISH) for each in found]
    assert any("STRANGE-alipay" in each and "¥1.00" in each for each in named)
    assert any("instead of the agreed 0.60 %" in each for each in named)
    told = people.summary(FIRST.isoformat())
    assert told.found == told.open == len([each for each in found if each.difference.day == FIRST.isoformat()])
    assert "lines twice" in day_line(told, ENGLISH)

    before = {shop.sale(each).id: shop.sale(each).state for each in map(shop.service.book.sale, sale_ids(shop))}
    ended = await end_all(shop, people)
    assert (len(ended), people.open()) == (len(found), [])
    assert {how for kind, how in ended if kind == "missing_there"} <= {"query", "accept"}
    assert before == {each: shop.service.book.sale(each).state for each in before}, (
        "no money moved by reading a bill"
    )
    handled = shop.events("difference_handled")
    assert {each.actor for each in handled} == {"person:owner"}
    for wallet in BOTH:  # the same bills once more, now without faults: nothing new is invented
        await desk.fetch_now(wallet, FIRST)
    assert [each for each in people.open() if each.difference.kind is not Kind.PAYOUT] == []


def sale_ids(shop: Shop) -> list[str]:
    return [row.subject for row in shop.service.feed.list("sale", limit=100)]
