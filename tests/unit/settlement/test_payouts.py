"""A wallet pays out the net of whole days of its bills: named where it does not, silent where nobody knows."""

from collections.abc import Sequence
from datetime import date

import pytest

from terminal.payments.bill import BillLine, LineKind, LineState
from terminal.settlement.differences import Fix, Kind
from terminal.settlement.reconcile import Report
from tests.unit.settlement.shop import DAY, HOUR_MS, Shop, begins_ms, tomorrow

NEXT = tomorrow(DAY)


def payout(minor: int, day: date = NEXT, entry: str = "P1") -> BillLine:
    at = f"{day.isoformat()}T10:30:00+08:00"
    return BillLine(1, LineKind.PAYOUT, LineState.DONE, at, "CNY", minor, minor, entry_id=entry)


def moved(line: BillLine) -> list[BillLine]:
    """A trade's lines on the balance: the amount, and its fee apart."""
    bare = BillLine(1, line.kind, LineState.DONE, line.at, "CNY", line.gross_minor, line.settle_minor)
    fee = line.fee_milli
    charged = BillLine(1, LineKind.FEE, LineState.DONE, line.at, "CNY", abs(fee) // 1000, abs(fee) // 1000, fee)
    return [bare, charged]


async def traded(shop: Shop, day: date, *minors: int) -> tuple[list[BillLine], int]:
    """A day whose bill is taken over, and its net in fen."""
    at_ms = begins_ms(day) + 9 * HOUR_MS
    lines = [shop.line(await shop.pay(minor, at_ms + n)) for n, minor in enumerate(minors)]
    await shop.take(lines, day)
    return lines, sum(each.settle_minor for each in lines) - sum(each.fee_milli for each in lines) // 1000


async def paid_out(shop: Shop, lines: Sequence[BillLine], day: date, *, kind: str = "statement") -> Report:
    return await shop.take(lines, day, kind=kind)  # type: ignore[arg-type]  # one of two words


def told(report: Report) -> list[tuple[Kind, str, int | None, int | None]]:
    return [(each.kind, each.key, each.here_minor, each.there_minor) for each in report.differences]


@pytest.mark.row(110)
@pytest.mark.parametrize("kind", ["statement", "funds"])
async def test_the_net_of_yesterday_is_what_is_paid_out(shop: Shop, kind: str) -> None:
    _, net = await traded(shop, DAY, 2850, 1200)
    assert net == 4050 - 17 - 7
    assert told(await paid_out(shop, [payout(net)], NEXT, kind=kind)) == []


@pytest.mark.row(110)
@pytest.mark.parametrize("kind", ["statement", "funds"])
async def test_i13_a_payout_that_is_no_net_of_whole_days_is_named_with_both_sums(shop: Shop, kind: str) -> None:
    _, net = await traded(shop, DAY, 2850, 1200)
    report = await paid_out(shop, [payout(net - 500)], NEXT, kind=kind)
    assert told(report) == [(Kind.PAYOUT, "P1", net, net - 500)]
    assert report.differences[0].suggested is Fix.ASK_BANK
    again = await paid_out(shop, [payout(net - 500)], NEXT, kind=kind)
    assert again.repeated


async def test_a_weekend_is_paid_out_together(shop: Shop) -> None:
    days = [tomorrow(DAY, n) for n in range(3)]
    nets = [(await traded(shop, day, 1000 * (n + 1)))[1] for n, day in enumerate(days)]
    assert told(await paid_out(shop, [payout(sum(nets), tomorrow(DAY, 3))], tomorrow(DAY, 3))) == []
    apart = payout(nets[0] + nets[2], tomorrow(DAY, 3), "P2")
    assert [each[0] for each in told(await paid_out(shop, [apart], tomorrow(DAY, 3)))] == [Kind.PAYOUT]


async def test_nothing_is_said_of_days_whose_bill_nobody_has(shop: Shop) -> None:
    assert told(await paid_out(shop, [payout(99_999)], NEXT)) == []


async def test_a_statements_payout_is_judged_by_its_own_day_and_not_by_the_statements_last(shop: Shop) -> None:
    _, net = await traded(shop, DAY, 2850)
    report = await paid_out(shop, [payout(net - 1_000)], tomorrow(DAY, 5))
    assert told(report) == [(Kind.PAYOUT, "P1", net, net - 1_000)]


@pytest.mark.row(110)
async def test_i13_a_balance_that_moved_otherwise_than_the_trades_is_named(shop: Shop) -> None:
    lines, net = await traded(shop, DAY, 2850, 1200)
    true = [each for line in lines for each in moved(line)]
    assert told(await paid_out(shop, true, DAY, kind="funds")) == []
    short = true[:-1]
    assert told(await paid_out(shop, short, DAY, kind="funds")) == [(Kind.PAYOUT, DAY.isoformat(), net, net + 7)]
