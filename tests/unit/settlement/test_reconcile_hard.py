"""Bills as they really come: parts taken back, a month in one file, people who are quicker than a file."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from terminal.payments.bill import BillEnd, BillLine, LineKind
from terminal.payments.fees import FeeRule
from terminal.settlement import absent
from terminal.settlement.differences import Fix, Kind, Note
from terminal.settlement.ports import BillHead
from terminal.settlement.reconcile import Report
from terminal.settlement.record import open_differences
from tests.unit.settlement.shop import DAY, HOUR_MS, Shop, begins_ms, tomorrow
from tests.unit.settlement.test_fixing import OWNER, desk

NEXT = tomorrow(DAY)
NOON = begins_ms(DAY) + 12 * HOUR_MS


def told(report: Report) -> list[tuple[Kind, str]]:
    return sorted((each.kind, each.key) for each in report.differences)


def reverse(shop: Shop, order: str, minor: int, number: str = "") -> BillLine:
    """Money that went back from the bank's own pages: without a number of ours."""
    line = shop.line(order, kind=LineKind.REFUND, gross_minor=minor, settle_minor=minor, fee_milli=0)
    return replace(line, provider_refund=number)


def month(lines: list[BillLine], days: int) -> Iterator[BillLine | BillEnd]:
    yield from (replace(line, line=number) for number, line in enumerate(lines, 1))
    yield BillEnd(len(lines), first_day=DAY, last_day=tomorrow(DAY, days - 1))


@pytest.mark.row(110)
async def test_i13_a_part_that_went_back_without_our_number_is_found(shop: Shop) -> None:
    order, whole = await shop.pay(10_000, NOON), await shop.pay(500, NOON)
    lines = [shop.line(order), reverse(shop, order, 6_000, "50001"), shop.line(whole), reverse(shop, whole, 500)]
    report = await shop.take(lines)
    assert told(report) == [(Kind.MISSING_HERE, f"{order}/50001"), (Kind.STATUS, whole)]
    part = report.differences[-1] if report.differences[-1].kind is Kind.MISSING_HERE else report.differences[0]
    assert (part.there_minor, part.sale, part.facts["what"]) == (6_000, shop.sale(order).id, "refund")
    people = desk(shop)
    await people.look_again()
    assert people.one(part.id).open, "the payment is settled, what went back is not explained"


async def test_two_parts_that_make_the_whole_take_it_back(shop: Shop) -> None:
    order = await shop.pay(10_000, NOON)
    lines = [shop.line(order), reverse(shop, order, 6_000, "1"), reverse(shop, order, 4_000, "2")]
    assert told(await shop.take(lines)) == [(Kind.STATUS, order)]


async def test_a_part_of_another_day_s_payment_is_found(shop: Shop) -> None:
    order = await shop.pay(10_000, NOON)
    await shop.take([shop.line(order)])
    report = await shop.take([reverse(shop, order, 2_500, "1")], NEXT)
    assert told(report) == [(Kind.MISSING_HERE, f"{order}/1")]


@pytest.mark.row(110)
async def test_i13_the_same_payment_by_our_number_and_by_the_banks_counts_once(shop: Shop) -> None:
    order = await shop.pay(2850, NOON)
    report = await shop.take([shop.line(order, order_no=""), shop.line(order)])
    assert (report.matched, report.settled, [each.kind for each in report.differences]) == (1, 1, [Kind.DUPLICATE])


async def test_lines_without_any_number_are_two_on_two_days(shop: Shop) -> None:
    order = await shop.pay(2850, NOON)
    bare = shop.line(order, order_no="", provider_txn="")
    await shop.take([bare])
    report = await shop.take([bare], NEXT, salt="another file")
    assert (report.kinds, report.new) == ({Kind.MISSING_HERE: 1, Kind.MISSING_THERE: 1}, 2)


async def test_b12_two_days_on_which_nothing_happened_may_have_the_same_file(shop: Shop) -> None:
    await shop.take([])
    report = await shop.take([], NEXT)
    assert (report.repeated, report.day) == (False, "2026-11-21")
    assert (await shop.take([], NEXT)).repeated
    assert shop.feed.claimed("bill_day", "wechatpay/trade/2026-11-21") is not None


@pytest.mark.row(110)
async def test_a_file_of_many_days_gives_each_line_its_own_and_leaves_every_day_to_be_asked_for(
    shop: Shop,
) -> None:
    first, second = await shop.pay(100, NOON), await shop.pay(200, NOON + 24 * HOUR_MS)
    at = "2026-11-21T12:00:00+08:00"
    await shop.take([shop.line(first)])
    head = BillHead(shop.channel, "trade", "month", name="month.csv")
    report = await shop.reconciler.run(head, month([shop.line(first), shop.line(second, at=at)], 3))
    assert (report.found, report.matched, report.settled) == (0, 2, 1)
    settled = shop.journal.settled.settlement(second)
    assert settled is not None
    assert (settled.day, settled.batch) == ("2026-11-21", "wechatpay/2026-11-20..2026-11-22")
    assert [shop.feed.claimed("bill_day", f"wechatpay/trade/2026-11-{day}") is None for day in (20, 21, 22)] == [
        False, True, True,
    ]  # fmt: skip
    later = await shop.take([shop.line(second, at=at)], tomorrow(DAY, 2))
    assert (later.found, later.matched) == (0, 1), "it stood in the month's file, not in another day's"
    twice = await shop.reconciler.run(
        replace(head, sha256="other"), month([shop.line(first), shop.line(first)], 2)
    )
    assert [each.kind for each in twice.differences] == [Kind.DUPLICATE]


@pytest.mark.row(110)
async def test_i13_a_file_of_many_days_calls_nothing_missing_that_the_next_days_own_bill_may_have(
    shop: Shop,
) -> None:
    first, second = await shop.pay(100, NOON), await shop.pay(200, NOON + 24 * HOUR_MS)
    await shop.take([shop.line(first)])
    await shop.take([], tomorrow(DAY))
    head = BillHead(shop.channel, "trade", "month", name="month.csv")
    report = await shop.reconciler.run(head, month([shop.line(first)], 3))
    assert report.found == 0
    later = await shop.take([shop.line(second, at="2026-11-22T00:00:03+08:00")], tomorrow(DAY, 2))
    assert (later.found, later.matched) == (0, 1)


@pytest.mark.row(110)
async def test_i13_money_that_came_days_after_its_sale_began_is_looked_for_in_the_bills_of_its_own_day(
    shop: Shop,
) -> None:
    order = await shop.pay(2850, NOON, end=None)
    await shop.take([])
    shop.clock.now_ms = begins_ms(tomorrow(DAY, 2)) + HOUR_MS
    await shop.paid_after_all(order)
    assert told(await shop.take([], NEXT)) == [], "paid today: yesterday's bill cannot have it"
    carried = await shop.take([], tomorrow(DAY, 2))
    assert (carried.found, carried.notes) == (0, {Note.CARRIED: 1})
    assert told(await shop.take([], tomorrow(DAY, 3))) == [(Kind.MISSING_THERE, order)]


@pytest.mark.parametrize("count", [3, 2_500])
def test_every_sale_with_refunds_is_looked_at_however_many_there_are(count: int) -> None:
    class Views:
        def sales_with_refunds(self, from_ms: int, until_ms: int) -> tuple[str, ...]:
            return tuple(f"S{at}" for at in range(0, count) if from_ms <= at * 4_000 < until_ms)[: absent.PAGE]

    assert len(absent._with_refunds(Views(), 0, 86_400_000)) == count  # type: ignore[arg-type]  # one of its questions


@pytest.mark.row(110)
async def test_i4_what_a_person_ended_while_the_bill_was_read_is_not_ended_again(shop: Shop) -> None:
    order = await shop.pay(2850, NOON)
    await shop.take([])
    await shop.take([], NEXT)
    [row] = open_differences(shop.feed)

    class Quick:
        def __init__(self) -> None:
            self.done = False

        async def __call__(self) -> None:
            if not self.done:
                self.done = True
                await desk(shop).fix(row.subject, Fix.ACCEPT, actor=OWNER, reason="the bank called")

    house = replace(shop.reconciler, pause=Quick())
    head = BillHead(shop.channel, "trade", "later", tomorrow(DAY, 2))
    lines = iter((shop.line(order), BillEnd(1, first_day=head.day, last_day=head.day)))
    await house.run(head, lines)
    told_of = [each.type for each in shop.feed.of_subject(row.subject)]
    assert told_of == ["difference_found", "difference_handled", "difference_ended"]
    assert desk(shop).one(row.subject).how == "accept"


@pytest.mark.row(110)
async def test_what_was_carried_is_open_again_when_that_bill_lacks_it_too(shop: Shop) -> None:
    order = await shop.pay(2850, NOON)
    await shop.take([])
    await shop.take([], NEXT)
    people = desk(shop)
    [found] = people.open()
    carried = await people.fix(found.id, Fix.CARRY, actor=OWNER)
    assert carried.until == "2026-11-23"
    await shop.take([], tomorrow(DAY, 2))
    assert people.one(found.id).state == "carried", "the bill it waits for is another"
    await shop.take([], tomorrow(DAY, 3))
    again = people.one(found.id)
    assert (again.state, again.until, again.open, again.choices[0]) == ("open", "", True, Fix.QUERY)
    assert [each.type for each in shop.feed.of_subject(found.id)][-1] == "difference_reopened"
    await shop.take([shop.line(order)], tomorrow(DAY, 4))
    assert people.one(found.id).how == "matched"


@pytest.mark.row(117)
async def test_a_fee_holiday_ends_by_the_banks_day_of_the_payment_and_its_refund_follows_it(shop: Shop) -> None:
    free = FeeRule("spring", 6_000, free_until=DAY)
    shop.channel = replace(shop.channel, rule=free)
    night, early = await shop.pay(10_000, begins_ms(NEXT) - 1_000), await shop.pay(10_000, NOON)
    back = await shop.refund(early, 10_000, begins_ms(NEXT) + HOUR_MS)
    charged = shop.line(
        night, fee_milli=60_000, at="2026-11-21T00:00:02+08:00"
    )  # the customer's thumb took its time
    await shop.take([shop.line(early, fee_milli=0)])
    report = await shop.take([charged, shop.line(back, fee_milli=0)], NEXT)
    assert report.kinds == {}
