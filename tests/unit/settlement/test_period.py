"""Some days in a row: one pass, each day by itself, read on as the journal grows; what bills settled of them."""

from collections.abc import Mapping, Sequence
from datetime import date

import pytest

from terminal.payments.event import Ledger
from terminal.payments.settled import Settlement
from terminal.settlement.business_day import ShopTime
from terminal.settlement.period import AT_ONCE, Batch, Period, batches_of
from terminal.settlement.totals import Line, Totals
from tests.unit.settlement.books import DAY, NOON, Books

SHOP = ShopTime.of("Asia/Shanghai", "04:00")
TODAY = date(2026, 11, 21)
YESTERDAY = date(2026, 11, 20)


class Bills:
    """What bills said, by number; counts the largest question."""

    def __init__(self, *told: Settlement) -> None:
        self.told, self.most = {each.subject: each for each in told}, 0

    def settlements(self, subjects: Sequence[str], /) -> Mapping[str, Settlement]:
        self.most = max(self.most, len(subjects))
        return {each: self.told[each] for each in subjects if each in self.told}


def two_days() -> tuple[Books, Period]:
    books = Books()
    books.clock.now_ms = NOON - DAY
    books.paid("s1", 2850)
    books.clock.now_ms = NOON
    books.paid("s2", 150)
    books.refund("s1", "s1-a", 850)
    return books, Period(books, SHOP, YESTERDAY, TODAY, ledger=Ledger.LIVE)


def held(found: Totals) -> int:
    return found.held_minor("CNY")


@pytest.mark.row(113)
async def test_each_day_stands_alone_and_together_they_are_the_journal() -> None:
    _, period = two_days()
    await period.read()
    assert held(period.totals(YESTERDAY, YESTERDAY)) == 2850
    today = period.totals(TODAY, TODAY)
    assert (today.line(Line.PAID, "CNY").minor, today.line(Line.REFUNDED, "CNY").minor) == (150, 850)
    assert held(period.totals(YESTERDAY, TODAY)) == 2850 + 150 - 850


async def test_a_second_look_reads_only_what_is_new() -> None:
    books, period = two_days()
    await period.read()
    before = books.read
    await period.read()
    assert books.read - before < 2 * len(books.log), "only where the days begin is looked for again"
    books.paid("s3", 99)
    await period.read()
    assert held(period.totals(TODAY, TODAY)) == 150 - 850 + 99


async def test_money_of_the_days_beside_and_of_another_ledger_is_left_out() -> None:
    books, _ = two_days()
    alone = Period(books, SHOP, TODAY, TODAY, ledger=Ledger.LIVE)
    await alone.read()
    assert held(alone.totals(YESTERDAY, TODAY)) == 150 - 850
    training = Period(books, SHOP, YESTERDAY, TODAY, ledger=Ledger.TEST)
    await training.read()
    assert training.totals(YESTERDAY, TODAY).empty


@pytest.mark.row(34, 113)
async def test_what_bills_settled_is_summed_by_day_and_batch_with_refunds_taken_off() -> None:
    _, period = two_days()
    await period.read()
    bills = Bills(
        Settlement("s1-a", "payment", "wechatpay", "2026-11-20", "b1", 2850, 17_100, 1),
        Settlement("s2-a", "payment", "wechatpay", "2026-11-21", "b2", 150, 900, 2),
        Settlement("s1-a-r", "refund", "wechatpay", "2026-11-21", "b2", 850, -5_100, 3),
    )
    assert period.batches(YESTERDAY, TODAY, bills) == [
        Batch("2026-11-21", "b2", "wechatpay", "CNY", 2, 150 - 850, 900 - 5_100),
        Batch("2026-11-20", "b1", "wechatpay", "CNY", 1, 2850, 17_100),
    ]
    [first] = period.batches(YESTERDAY, YESTERDAY, bills)
    assert (first.n, first.fee_minor) == (1, 17)


def test_bills_are_asked_some_hundred_at_a_time() -> None:
    bills = Bills()
    assert batches_of({f"a{each}": "CNY" for each in range(3 * AT_ONCE + 1)}, bills) == []
    assert bills.most == AT_ONCE
