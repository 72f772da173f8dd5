"""Expected fees against charged ones, by channel and by the price that held when the sale was made."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pytest

from terminal.payments.event import Ledger
from terminal.payments.fees import FeeRule
from terminal.payments.settled import Settlement
from terminal.settlement.business_day import ShopTime
from terminal.settlement.fees import AT_ONCE, FeeSums, NothingSettled, alert_line, fees_of_days
from tests.unit.settlement.books import DAY, Books

SHOP = ShopTime.of("Asia/Shanghai")
DAY_1 = date(2026, 11, 21)
OLD, NEW = FeeRule("old", 3800), FeeRule("new", 3000)


@dataclass
class Bills:
    """What bills said, by attempt or refund; ``asked``: how many at once."""

    found: dict[str, Settlement] = field(default_factory=dict)
    asked: list[int] = field(default_factory=list)

    def settle(self, subject: str, minor: int, fee_milli: int, day: str = "2026-11-21") -> None:
        self.found[subject] = Settlement(subject, "payment", "wechatpay", day, "b1", minor, fee_milli, 1)

    def settlements(self, subjects: Sequence[str]) -> Mapping[str, Settlement]:
        self.asked.append(len(subjects))
        return {each: self.found[each] for each in subjects if each in self.found}


def sell(books: Books, sale: str, minor: int, rule: FeeRule | None = NEW) -> None:
    books.open(sale, minor)
    price: dict[str, Any] = {"fee_rule": rule.fields()} if rule else {}
    books.put(
        sale, "attempt_started", attempt=f"{sale}-a", share=0, provider="wechatpay", direction="push",
        amount_minor=minor, currency="CNY", state="ordering", at_ms=0, expires_ms=0,
        **price,
    )  # fmt: skip
    books.move(sale, f"{sale}-a", "paid", proof=True)
    books.sale_to(sale, "paid")


async def told(
    books: Books, bills: Bills | None = None, rules: Mapping[str, FeeRule] | None = None
) -> list[FeeSums]:
    settled = bills or NothingSettled()
    return await fees_of_days(books, SHOP, DAY_1, DAY_1, ledger=Ledger.LIVE, settled=settled, rules=rules)


@pytest.mark.row(117)
async def test_a_fee_above_the_agreed_one_is_an_alert_with_both_rates() -> None:
    books, bills = Books(), Bills()
    for n in range(3):
        sell(books, f"s{n}", 100_000)
        bills.settle(f"s{n}-a", 100_000, 380_000)
    [line] = await told(books, bills)
    assert (line.n, line.settled_n, line.expected_milli, line.charged_milli) == (3, 3, 900_000, 1_140_000)
    assert line.alert
    assert alert_line(line) == {"channel": "wechatpay", "charged": "0.38 %", "agreed": "0.30 %", "lines": 3}


@pytest.mark.row(117)
async def test_rounding_is_no_alert_and_what_is_not_settled_is_only_counted() -> None:
    books, bills = Books(), Bills()
    sell(books, "s1", 100)
    sell(books, "s2", 999)
    bills.settle("s1-a", 100, 1_000)
    [line] = await told(books, bills)
    assert (line.n, line.moved_minor, line.settled_n, line.settle_minor, line.alert) == (2, 1099, 1, 100, False)


@pytest.mark.row(116)
async def test_each_sale_is_judged_by_the_price_it_was_made_under() -> None:
    books, bills = Books(), Bills()
    sell(books, "s1", 100_000, OLD)
    sell(books, "s2", 100_000, NEW)
    sell(books, "s3", 100_000, None)
    for sale, fee in (("s1", 380_000), ("s2", 300_000), ("s3", 300_000)):
        bills.settle(f"{sale}-a", 100_000, fee)
    lines = await told(books, bills)
    assert [(each.agreed, each.alert, each.n) for each in lines] == [
        ("", False, 1),
        ("0.30 %", False, 1),
        ("0.38 %", False, 1),
    ]
    priced = await told(books, bills, {"wechatpay": OLD})  # sales of before there were prices
    assert [(each.rule and each.rule.id, each.wrong_n) for each in priced] == [("new", 0), ("old", 1)]


@pytest.mark.row(117)
async def test_a_fee_holiday_is_a_line_of_its_own_by_the_day_of_the_bill() -> None:
    rule = FeeRule("spring", 3000, free_until=DAY_1)
    books, bills = Books(), Bills()
    for sale in ("s1", "s2"):
        sell(books, sale, 100_000, rule)
    bills.settle("s1-a", 100_000, 0)
    bills.settle("s2-a", 100_000, 300_000, day="2026-11-22")
    lines = await told(books, bills)
    assert [(each.holiday, each.agreed, each.alert) for each in lines] == [
        (False, "0.30 %", False),
        (True, "0.00 %", False),
    ]
    bills.settle("s1-a", 100_000, 300_000)
    assert [each.alert for each in await told(books, bills)] == [False, True]


@pytest.mark.parametrize("fee_milli", [-300_000, 0])
async def test_a_refund_may_bring_its_fee_back_or_not(fee_milli: int) -> None:
    books, bills = Books(), Bills()
    sell(books, "s1", 100_000)
    books.refund("s1", "s1-a", 100_000)
    bills.settle("s1-a", 100_000, 300_000)
    bills.settle("s1-a-r", 100_000, fee_milli)
    [line] = await told(books, bills)
    assert (line.n, line.moved_minor, line.settle_minor, line.alert) == (2, 0, 0, False)
    bills.settle("s1-a-r", 100_000, 300_000)
    assert [each.wrong_n for each in await told(books, bills)] == [1]


@pytest.mark.row(117)
async def test_a_refund_after_the_fee_holiday_brings_back_the_fee_its_payment_had() -> None:
    rule = FeeRule("spring", 3000, free_until=DAY_1)
    books, bills = Books(), Bills()
    sell(books, "s1", 100_000, rule)
    bills.settle("s1-a", 100_000, 0)
    books.refund("s1", "s1-a", 100_000)
    bills.found["s1-a-r"] = Settlement("s1-a-r", "refund", "wechatpay", "2026-11-22", "b2", 100_000, -300_000, 1)
    [line] = await told(books, bills)
    assert (line.holiday, line.wrong_n, line.alert) == (True, 1, True), "a fee nobody took is not brought back"


async def test_late_money_that_is_attached_is_one_payment() -> None:
    books, bills = Books(), Bills()
    sell(books, "s1", 100_000)
    books.exception("s1", "s1-a", "excess", 100_000)  # the same money moves to another line
    [line] = await told(books, bills)
    assert (line.n, line.moved_minor) == (1, 100_000)


async def test_other_days_stay_out_and_questions_are_bounded() -> None:
    books, bills = Books(), Bills()
    for n in range(AT_ONCE + 10):
        sell(books, f"s{n}", 100)
    books.clock.now_ms += DAY
    sell(books, "tomorrow", 100)
    [line] = await told(books, bills)
    assert line.n == AT_ONCE + 10
    assert bills.asked == [AT_ONCE, 10]
