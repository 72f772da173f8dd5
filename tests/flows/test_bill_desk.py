"""The next morning: the job fetches the bills of a shop's days from both wallets, and everything is settled."""

from datetime import date, timedelta

import msgspec
import pytest

from terminal.banks.profile_file import load_profile
from terminal.bills.desk import BillDesk
from terminal.payments.fees import FeeRule
from terminal.payments.sale import Sale, SaleState
from terminal.settlement.record import open_differences
from tests.flows.shop import DAY_S, Shop, story

BOTH = ("wechatpay", "alipay")
HOUR_S = 3600.0
FIRST = date(2026, 1, 1)  # where virtual time begins: eight in the morning, Beijing
NEXT = FIRST + timedelta(days=1)


def started(shop: Shop, keep_days: int = 400) -> BillDesk:
    desk = BillDesk(shop.service, shop.world.journal.settled, shop.world.folder / "bills", keep_days=keep_days)
    desk.start()
    return desk


async def scanned(shop: Shop, minor: int, wallet: str) -> Sale:
    sale = await shop.open(minor)
    await shop.scan(shop.customer_code(wallet=wallet))
    await shop.until(lambda: shop.sale(sale).state is SaleState.PAID, 10)
    await shop.wait(6)  # the result leaves the glass
    return shop.sale(sale)


async def a_day(shop: Shop) -> list[Sale]:
    """Both wallets both ways, one payment partly given back."""
    sales = [await shop.paid(2850), await scanned(shop, 1200, "alipay"), await scanned(shop, 990, "wechatpay")]
    await shop.refund(sales[1], 300)
    await shop.wait(30)
    return sales


def files(shop: Shop) -> list[str]:
    return sorted(each.name[:-22] for each in (shop.world.folder / "bills").iterdir())


def imported(shop: Shop) -> list[tuple[str, str, str]]:
    told = [each.body for each in shop.events("bill_imported")]
    return [(each["channel"], each["kind"], each["day"]) for each in told]


def differences(shop: Shop) -> list[tuple[str, str]]:
    return [(each.body["about"], each.body["key"]) for each in open_differences(shop.service.feed)]


def settled_days(shop: Shop, sales: list[Sale]) -> list[str]:
    found = [shop.world.journal.settled.settlement(shop.attempt(sale).id) for sale in sales]
    return [each.day if each else "" for each in found]


def morning_s(shop: Shop, day: date, hour: float = 10.1) -> float:
    """Seconds until this hour of the day after ``day``, in Beijing."""
    at_ms = ((day - date(1970, 1, 1)).days + 1) * 86_400_000 + round((hour - 8) * 3_600_000)
    return (at_ms - shop.world.clock.wall_ms()) / 1000


@pytest.mark.row(34, 110, 111)
@story(channels=BOTH)
async def test_two_days_at_two_wallets_are_settled_with_date_and_fee_and_nothing_is_invented(shop: Shop) -> None:
    started(shop)
    first = await a_day(shop)
    await shop.wait(morning_s(shop, FIRST, 9.9))
    assert imported(shop) == [], "a day's bill is there from ten on"
    await shop.wait(0.2 * HOUR_S)
    second = await a_day(shop)
    assert settled_days(shop, [*first, *second]) == [FIRST.isoformat()] * 3 + [""] * 3, "paid is not settled"
    await shop.wait(morning_s(shop, NEXT))
    assert settled_days(shop, second) == [NEXT.isoformat()] * 3
    fees = [shop.world.journal.settled.settlement(shop.attempt(each).id) for each in first]
    assert [(each.settle_minor, each.fee_milli) for each in fees if each] == [
        (2850, 17_000),
        (1200, 7_000),
        (990, 6_000),
    ]
    refund = shop.world.journal.settled.settlement(shop.sale(first[1]).refunds[0].id)
    assert refund is not None
    assert (refund.kind, refund.settle_minor, refund.channel) == ("refund", 300, "alipay")
    wanted = {
        (name, kind, day.isoformat()) for name in BOTH for kind in ("trade", "funds") for day in (FIRST, NEXT)
    }
    assert sorted(imported(shop)) == sorted(wanted), "each bill once"
    assert differences(shop) == []
    assert files(shop) == sorted("-".join(each) for each in wanted)


@pytest.mark.row(110, 111)
@pytest.mark.parametrize("wallet", BOTH)
@pytest.mark.parametrize(
    "slug", ["bill-not-ready", "bill-hash-wrong", "bill-truncated", "bill-download-expired", "bad-signature"]
)
@story(channels=BOTH)
async def test_b12_a_bill_that_cannot_be_had_or_believed_is_asked_for_again(
    shop: Shop, slug: str, wallet: str
) -> None:
    sales = [await scanned(shop, 1200, wallet)]
    await shop.wait(morning_s(shop, FIRST, 9.9))
    both = slug in {"bill-not-ready", "bad-signature"}  # the others need a bill, and the other wallet has none
    shop.fault(slug, {"call": "bill"} if slug == "bad-signature" else {}, count=4 if both else 2)
    desk = started(shop)
    await shop.wait(morning_s(shop, FIRST, 10.05))
    assert settled_days(shop, sales) == [""]
    assert differences(shop) == []
    assert not list((shop.world.folder / "bills").glob(f"{wallet}*trade*")), "nothing of it is kept"
    await shop.wait(HOUR_S)
    assert settled_days(shop, sales) == [FIRST.isoformat()]
    assert differences(shop) == []
    assert len(imported(shop)) == 4
    assert await desk.heal(), "nothing is left to ask for"


PLANTED = {
    "bill-row-missing": ["missing_there"],
    "bill-row-extra": ["missing_here"],
    "bill-status-differs": ["missing_there", "status"],  # what is not believed is not settled by it
    "bill-duplicate-row": ["duplicate"],
    "bill-fee-wrong": ["fee"],
}
PRICED = msgspec.structs.replace(load_profile("wechatpay"), fee=FeeRule("list", 6_000))


@pytest.mark.row(110)
@pytest.mark.parametrize("slug", PLANTED)
@story(channels=("wechatpay",))
async def test_i13_what_is_planted_in_a_bill_is_found_by_the_job(shop: Shop, slug: str) -> None:
    shop.world.profile = PRICED
    await shop.restart()
    await shop.paid()
    await shop.wait(morning_s(shop, FIRST, 9.9))
    shop.fault(slug)
    started(shop)
    await shop.wait(morning_s(shop, NEXT))
    await shop.wait(DAY_S)  # the day after decides about what is missing
    assert sorted(kind for kind, _ in differences(shop)) == sorted([*PLANTED[slug], "payout"]), (
        "and the balance did not move so"
    )


@pytest.mark.row(111)
@story(channels=("wechatpay",))
async def test_a_bill_that_stays_away_for_three_days_is_on_the_till(shop: Shop) -> None:
    await shop.paid()
    shop.fault("bill-not-ready", count=10_000)
    started(shop)
    await shop.wait(3 * DAY_S)
    assert not shop.service.alerts.waiting()
    await shop.wait(1.5 * DAY_S)
    assert [(each.channel, each.slug) for each in shop.service.alerts.waiting()] == [("wechatpay", "bill_missing")]
    shop.world.bank.faults.clear("bill-not-ready")
    await shop.wait(2 * HOUR_S)
    assert differences(shop) == []
    assert {day for _, _, day in imported(shop)} >= {FIRST.isoformat(), NEXT.isoformat()}


@pytest.mark.row(111)
@story(channels=("wechatpay",))
async def test_before_a_z_the_bills_are_pulled_and_a_killed_job_goes_on_where_it_stood(shop: Shop) -> None:
    sale = await shop.paid()
    await shop.wait(morning_s(shop, FIRST, 11))
    assert imported(shop) == []
    desk = started(shop)
    assert await desk.heal()
    assert settled_days(shop, [sale]) == [FIRST.isoformat()]
    await shop.restart()
    again = started(shop)
    assert await again.heal()
    assert len(imported(shop)) == 2


@pytest.mark.row(34, 111)
@story(channels=("wechatpay",))
async def test_a_person_imports_the_portals_file_and_fetches_a_day_again(shop: Shop) -> None:
    sale = await shop.paid()
    await shop.wait(morning_s(shop, FIRST, 11))
    desk = BillDesk(shop.service, shop.world.journal.settled, shop.world.folder / "bills", keep_days=2)
    fetched = await desk.fetch_now("wechatpay", FIRST)
    assert [(each.kind, each.settled) for each in fetched.reports] == [("trade", 1), ("funds", 0)]
    [bill] = (shop.world.folder / "bills").glob("*trade*")
    portal = shop.world.folder / "portal.csv"
    portal.write_bytes(bill.read_bytes())
    report = await desk.import_file(portal, "", "wechatpay")
    assert report.repeated
    assert portal.exists()
    await shop.wait(4 * DAY_S)
    started(shop, keep_days=2)
    await shop.wait(60)
    assert not any(FIRST.isoformat() in each for each in files(shop)), "old files go"
    assert settled_days(shop, [sale]) == [FIRST.isoformat()], "what they said stays"


@story(channels=("wechatpay",))
async def test_f4_pr7_what_a_killed_process_left_half_written_goes_at_the_start(shop: Shop) -> None:
    """It names customers' payments, and nobody would ever look for it again."""
    folder = shop.world.folder / "bills"
    folder.mkdir()
    left = ("wechatpay-m-trade-2025-12-01.csv.part", "alipay-a-trade-2025-12-01.zip.unpacked")
    copied = "wechatpay-trade-2025-12-01-0123456789abcdef.part"
    for name in (*left, copied, "mine.part"):
        (folder / name).write_text("half a customer")
    started(shop)
    assert [each.name for each in folder.iterdir()] == ["mine.part"], "files of other names are nobody's to drop"


@pytest.mark.row(110)
@story(channels=BOTH)
async def test_i13_what_we_took_back_ourselves_is_no_difference(shop: Shop) -> None:
    """A reverse is a line of its own in both bills: WeChat Pay's says REVOKED, Alipay's is like a refund."""
    for wallet in BOTH:
        sale = await scanned(shop, 1200, wallet)
        await shop.refund(sale)
        await shop.wait(30)
        assert shop.sale(sale).refunds[0].way == "void"
        assert shop.attempt(sale).id in shop.world.bank.returned()
    started(shop)
    await shop.wait(morning_s(shop, NEXT, 10.5))
    assert len(imported(shop)) == 8
    assert differences(shop) == []
    trades = [each.body for each in shop.events("bill_imported") if each.body["kind"] == "trade"]
    told = [each["notes"] for each in trades if each["day"] == FIRST.isoformat()]
    assert told == [{"revoked": 2}] * 2, "the payment and the line that takes it back"
