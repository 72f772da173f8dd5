"""Bills against the journal: equal days are equal, every planted difference is found, none is invented."""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from terminal.chance import Chance
from terminal.payments.attempt import Signal
from terminal.payments.bill import BillEnd, BillLine, BillRefused, LineState
from terminal.payments.fees import FeeRule
from terminal.payments.refund import RefundSignal
from terminal.settlement.differences import Fix, Kind, Note
from terminal.settlement.ports import BillHead
from terminal.settlement.reconcile import Report
from terminal.settlement.record import open_differences
from tests.unit.settlement.shop import DAY, HOUR_MS, RULE, Shop, begins_ms, bill, tomorrow

NEXT = tomorrow(DAY)
NOON = begins_ms(DAY) + 12 * HOUR_MS


def told(report: Report) -> list[tuple[Kind, str]]:
    return sorted((each.kind, each.key) for each in report.differences)


@pytest.mark.row(34, 110)
async def test_a_day_that_is_equal_is_settled_and_nothing_differs(shop: Shop) -> None:
    orders = await shop.day(DAY, 20, seed=1)
    report = await shop.take([shop.line(each) for each in orders])
    assert (report.matched, report.settled, report.found, report.kinds) == (20, 20, 0, {})
    settled = shop.journal.settled.settlement(orders[3])
    assert settled is not None
    assert (settled.day, settled.batch, settled.channel) == ("2026-11-20", "wechatpay/2026-11-20", "wechatpay")
    assert settled.fee_milli == shop.line(orders[3]).fee_milli


Plant = Callable[[Shop, list[BillLine], int], Awaitable[tuple[Kind, str]]]


async def missing_here(shop: Shop, lines: list[BillLine], at: int) -> tuple[Kind, str]:
    lines.insert(at, replace(lines[at], order_no=f"X{at}", provider_txn=f"elsewhere-{at}"))
    return Kind.MISSING_HERE, f"X{at}"


async def missing_there(shop: Shop, lines: list[BillLine], at: int) -> tuple[Kind, str]:
    return Kind.MISSING_THERE, lines.pop(at).order_no


async def short(shop: Shop, lines: list[BillLine], at: int) -> tuple[Kind, str]:
    lines[at] = replace(lines[at], gross_minor=lines[at].gross_minor - 1)
    return Kind.SHORT, lines[at].order_no


async def over(shop: Shop, lines: list[BillLine], at: int) -> tuple[Kind, str]:
    lines[at] = replace(lines[at], gross_minor=lines[at].gross_minor + 100)
    return Kind.OVER, lines[at].order_no


async def revoked(shop: Shop, lines: list[BillLine], at: int) -> tuple[Kind, str]:
    lines[at] = replace(lines[at], state=LineState.REVOKED)
    return Kind.STATUS, lines[at].order_no


async def duplicate(shop: Shop, lines: list[BillLine], at: int) -> tuple[Kind, str]:
    lines.append(lines[at])
    return Kind.DUPLICATE, f"{lines[at].order_no}/{lines[at].provider_txn}"


async def captured_twice(shop: Shop, lines: list[BillLine], at: int) -> tuple[Kind, str]:
    lines.append(replace(lines[at], provider_txn="42009"))
    return Kind.DUPLICATE, f"{lines[at].order_no}/42009"


async def late(shop: Shop, lines: list[BillLine], at: int) -> tuple[Kind, str]:
    order = await shop.pay(700, NOON, end=Signal.CLOSE_OK)
    lines.insert(at, shop.line(order))
    return Kind.LATE, order


async def foreign(shop: Shop, lines: list[BillLine], at: int) -> tuple[Kind, str]:
    lines[at] = replace(lines[at], merchant_id="1999999999")
    return Kind.WRONG_ACCOUNT, lines[at].order_no


async def dollars(shop: Shop, lines: list[BillLine], at: int) -> tuple[Kind, str]:
    lines[at] = replace(lines[at], currency="USD")
    return Kind.WRONG_CURRENCY, lines[at].order_no


async def refund_short(shop: Shop, lines: list[BillLine], at: int) -> tuple[Kind, str]:
    order = await shop.pay(900, NOON)
    number = await shop.refund(order, 500, NOON + HOUR_MS)
    lines += [shop.line(order), shop.line(number, gross_minor=400)]
    return Kind.SHORT, number


async def refund_unknown(shop: Shop, lines: list[BillLine], at: int) -> tuple[Kind, str]:
    order = await shop.pay(900, NOON)
    number = await shop.refund(order, 500, NOON + HOUR_MS)
    lines += [shop.line(order), shop.line(number), shop.line(number, refund_no="R-portal", provider_refund="9")]
    return Kind.MISSING_HERE, "R-portal"


PLANTS: tuple[Plant, ...] = (
    *(missing_here, missing_there, short, over, revoked, duplicate, captured_twice, late, foreign, dollars),
    *(refund_short, refund_unknown),
)


@pytest.mark.row(110)
@pytest.mark.parametrize("seed", range(6))
async def test_i13_every_planted_difference_is_found_and_none_is_invented(shop: Shop, seed: int) -> None:
    chance = Chance(f"planted {seed}")
    orders = await shop.day(DAY, 24, seed)
    lines: list[BillLine] = [shop.line(each) for each in orders]
    planted: list[tuple[Kind, str]] = []
    plants = list(PLANTS)
    chance.shuffle(plants)
    for plant in plants[: 4 + chance.below(5)] if seed else PLANTS:
        free = [n for n, line in enumerate(lines) if line.order_no in orders and _untouched(line, planted)]
        planted.append(await plant(shop, lines, free[chance.below(len(free))]))
    first = await shop.take(lines)
    second = await shop.take([shop.line(each) for each in await shop.day(NEXT, 3, seed)], NEXT)
    expected = sorted((*planted, *_left_behind(planted)))
    assert sorted(told(first) + told(second)) == expected
    assert sorted((each.body["about"], each.body["key"]) for each in open_differences(shop.feed)) == expected
    again = await shop.take(lines)
    assert again.repeated
    assert again.found == first.found


def _untouched(line: BillLine, planted: list[tuple[Kind, str]]) -> bool:
    return all(line.order_no not in key for _kind, key in planted)


def _left_behind(planted: list[tuple[Kind, str]]) -> list[tuple[Kind, str]]:
    """What is not believed of a payment of ours is missing, once the next bill lacks it too."""
    unbelieved = {Kind.WRONG_ACCOUNT, Kind.WRONG_CURRENCY, Kind.STATUS}
    return [(Kind.MISSING_THERE, key) for kind, key in planted if kind in unbelieved]


@pytest.mark.row(110)
async def test_the_same_file_again_changes_nothing_and_a_corrected_one_only_what_is_new(shop: Shop) -> None:
    lines = [shop.line(each) for each in await shop.day(DAY, 6, seed=2)]
    whole, lines[2] = lines[2], replace(lines[2], gross_minor=1)
    await shop.take(lines)
    before = shop.feed.last_number()
    assert (await shop.take(lines)).repeated
    assert shop.feed.last_number() == before
    lines[2] = whole
    report = await shop.take(lines)
    assert (report.matched, report.settled, report.new) == (6, 0, 0)
    assert shop.feed.last_number() == before + 1  # that it was taken over


@pytest.mark.row(110)
async def test_b12_a_broken_file_changes_nothing(shop: Shop) -> None:
    lines = [shop.line(each) for each in await shop.day(DAY, 300, seed=3)]
    before = shop.feed.last_number()

    def broken() -> Iterator[BillLine | BillEnd]:
        yield from lines
        raise BillRefused("bill_sums_differ", line=1, column="x", told="1", counted="2")

    for reader, slug in ((broken(), "bill_sums_differ"), (iter(lines), "bill_cut_short")):
        with pytest.raises(BillRefused, match=slug):
            await shop.reconciler.run(BillHead(shop.channel, "trade", "00", DAY), reader)
    stranger = [replace(each, merchant_id="1999999999") for each in lines]
    with pytest.raises(BillRefused, match="bill_other_account"):
        await shop.take(stranger)
    assert shop.feed.last_number() == before
    assert (await shop.take(lines)).settled == 300


@pytest.mark.row(109, 110)
async def test_around_the_providers_midnight_one_day_either_way_is_no_difference(shop: Shop) -> None:
    orders = await shop.day(DAY, 3, seed=4)
    late_night = await shop.pay(2850, begins_ms(NEXT) - 2_000)
    first = await shop.take([shop.line(each) for each in orders])
    assert (first.found, first.notes) == (0, {Note.CARRIED: 1})
    second = await shop.take([shop.line(late_night)], NEXT)
    assert (second.found, second.notes) == (0, {Note.CUTOFF: 1})
    assert shop.asked.orders == []


@pytest.mark.row(110, 111)
async def test_paid_here_and_in_neither_bill_is_asked_again_and_ends_when_a_later_bill_has_it(shop: Shop) -> None:
    orders = await shop.day(DAY, 3, seed=5)
    shop.asked.word = "paid"
    assert (await shop.take([shop.line(each) for each in orders[1:]])).found == 0
    report = await shop.take([], NEXT)
    assert told(report) == [(Kind.MISSING_THERE, orders[0])]
    assert report.differences[0].facts["asked"] == "paid"
    assert shop.asked.orders == [orders[0]]
    later = await shop.take([shop.line(orders[0])], tomorrow(NEXT))
    assert (later.found, later.ended) == (0, 1)
    assert open_differences(shop.feed) == []


@pytest.mark.row(111)
async def test_i13_a_doubt_ends_by_the_bill_and_is_marked_as_healed(shop: Shop) -> None:
    order = await shop.pay(2850, NOON, end=None)
    report = await shop.take([shop.line(order)])
    assert (report.found, report.notes, report.settled) == (0, {Note.HEALED: 1}, 1)
    sale = shop.sale(order)
    assert sale.state == "paid"
    evidence = [each.body["evidence"] for each in shop.feed.of_subject(sale.id) if "evidence" in each.body]
    assert [each["source"] for each in evidence] == ["bill"]


@pytest.mark.row(111)
async def test_money_after_a_close_is_before_a_person_with_its_fix(shop: Shop) -> None:
    order = await shop.pay(2850, NOON, end=Signal.CLOSE_OK)
    report = await shop.take([shop.line(order)])
    assert [(each.kind, each.suggested) for each in report.differences] == [(Kind.LATE, Fix.ATTACH)]
    assert [each.kind for each in shop.sale(order).exceptions] == ["paid_late"]


@pytest.mark.row(110)
async def test_a_second_capture_is_an_excess_of_its_sale(shop: Shop) -> None:
    order = await shop.pay(2850, NOON)
    report = await shop.take([shop.line(order), shop.line(order, provider_txn="second")])
    assert [(each.kind, each.suggested) for each in report.differences] == [(Kind.DUPLICATE, Fix.REFUND)]
    assert [each.kind for each in shop.sale(order).exceptions] == ["excess"]


@pytest.mark.row(110)
async def test_a_payment_in_two_files_counts_once(shop: Shop) -> None:
    order = await shop.pay(2850, NOON)
    await shop.take([shop.line(order)])
    report = await shop.take([shop.line(order)], NEXT, salt="another file")
    assert [(each.kind, each.suggested) for each in report.differences] == [(Kind.DUPLICATE, Fix.ACCEPT)]
    assert report.differences[0].facts["first"] == "2026-11-20"


@pytest.mark.row(110)
async def test_refunds_of_another_day_are_linked_and_pending_ones_carried(shop: Shop) -> None:
    first, second = await shop.pay(900, NOON), await shop.pay(800, NOON)
    await shop.take([shop.line(first), shop.line(second)])
    done = await shop.refund(first, 400, NOON + 24 * HOUR_MS)
    waits = await shop.refund(second, 800, NOON + 25 * HOUR_MS, end=None)
    report = await shop.take([shop.line(done), shop.line(waits, state=LineState.PENDING)], NEXT)
    assert (report.found, report.settled) == (0, 1)
    assert report.notes == {Note.REFUND_OTHER_DAY: 1, Note.REFUND_PENDING: 2}  # the line, and the journal's own
    third = await shop.take([shop.line(waits)], tomorrow(NEXT))
    assert third.notes[Note.HEALED] == 1
    assert shop.sale(second).refunds[0].state == "refunded"


@pytest.mark.row(110)
async def test_a_refund_that_failed_here_and_went_out_there_is_a_difference(shop: Shop) -> None:
    order = await shop.pay(900, NOON)
    failed = await shop.refund(order, 400, NOON + HOUR_MS, end=RefundSignal.FAILED)
    report = await shop.take([shop.line(order), shop.line(failed)])
    assert told(report) == [(Kind.STATUS, failed)]
    assert [each.kind for each in shop.sale(order).exceptions] == ["contradicted"]


@pytest.mark.row(115, 117)
async def test_a_wrong_rate_is_one_difference_with_both_rates_whatever_the_number_of_lines(shop: Shop) -> None:
    orders = [await shop.pay(10_000, NOON + n) for n in range(30)]
    report = await shop.take([shop.line(each, fee_milli=76_000) for each in orders])
    assert (report.matched, report.kinds) == (30, {Kind.FEE: 1})
    fee = report.differences[0]
    assert (fee.facts["charged"], fee.facts["agreed"], fee.facts["lines"]) == ("0.76 %", "0.60 %", 30)
    assert (fee.here_minor, fee.there_minor) == (1_800, 2_280)


@pytest.mark.row(117)
async def test_a_fee_within_rounding_is_none_and_one_in_a_holiday_is(shop: Shop) -> None:
    free = FeeRule("new", 6_000, free_until=DAY)
    shop.channel = replace(shop.channel, rule=free)
    order, other = await shop.pay(10_000, NOON), await shop.pay(10_000, NOON)
    report = await shop.take([shop.line(order, fee_milli=380), shop.line(other, fee_milli=60_000)])
    assert report.kinds == {Kind.FEE: 1}
    assert (report.differences[0].facts["agreed"], report.differences[0].facts["lines"]) == ("0.00 %", 1)


@pytest.mark.row(116, 117)
async def test_a_fee_is_judged_by_the_price_the_sale_was_made_at(shop: Shop) -> None:
    old = FeeRule("old", 3_000)
    before, now = await shop.pay(10_000, NOON, fee=old), await shop.pay(10_000, NOON, fee=RULE)
    report = await shop.take([shop.line(before, fee_milli=60_000), shop.line(now)])
    assert [(each.facts["number"], each.facts["agreed"]) for each in report.differences] == [("old", "0.30 %")]


@pytest.mark.row(110)
async def test_a_line_that_lost_our_number_is_found_by_the_providers(shop: Shop) -> None:
    order = await shop.pay(2850, NOON)
    report = await shop.take([shop.line(order, order_no="")])
    assert (report.found, report.settled) == (0, 1)
    assert shop.journal.settled.settlement(order) is not None


@pytest.mark.row(110)
async def test_a_statement_finds_our_number_in_any_reference_and_a_hint_of_the_day_settles_nothing(
    shop: Shop,
) -> None:
    order, doubt = await shop.pay(2850, NOON), await shop.pay(100, NOON, end=None)
    line = shop.line(order, order_no="", provider_txn="", references=("NOTPROVIDED", order), at="2026-11-21")
    hint = shop.line(doubt, provisional=True, order_no="", references=(doubt,), provider_txn="")
    report = await shop.take([hint, line], NEXT, kind="statement")
    assert (report.found, report.settled, report.notes) == (0, 1, {Note.HEALED: 1, Note.CUTOFF: 1})
    settled = shop.journal.settled.settlement(order)
    assert settled is not None
    assert settled.day == "2026-11-21"
    assert shop.journal.settled.settlement(doubt) is None
    assert shop.sale(doubt).state == "paid"


async def test_b12_a_journal_that_was_lost_is_not_filled_line_by_line(shop: Shop) -> None:
    order = await shop.pay(2850, NOON)
    lines = [shop.line(order, order_no=f"X{n}", provider_txn="") for n in range(1_005)]
    report = await shop.take([shop.line(order), *lines])
    assert (report.found, report.new) == (1_005, 1_001)
    newest = open_differences(shop.feed)[0].body
    assert (newest["facts"]["more"], newest["about"]) == (5, Kind.MISSING_HERE)


async def test_a_bill_without_an_end_day_of_its_own_uses_the_one_it_was_fetched_for(shop: Shop) -> None:
    order = await shop.pay(2850, NOON)
    lines = list(bill([shop.line(order)], DAY + timedelta(days=9)))
    report = await shop.reconciler.run(BillHead(shop.channel, "trade", "aa", DAY), iter(lines))
    assert report.day == DAY.isoformat()
