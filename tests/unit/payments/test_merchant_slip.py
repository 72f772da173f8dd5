"""The shop's own copy: due, discount, refunds and fee add up to what it receives, to the smallest unit."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.help.catalogue import Catalogue
from terminal.help.languages import LANGUAGES
from terminal.payments.attempt import Signal
from terminal.payments.fees import FeeRule
from terminal.payments.merchant_slip import merchant_slip, takings
from terminal.payments.money import Money
from terminal.payments.receipt import Row
from terminal.payments.refund import RefundSignal
from terminal.payments.sale import Sale
from terminal.payments.settled import Settlement
from terminal.payments.slip import Shop
from tests.unit.payments.journey import Journey
from tests.unit.payments.test_slip import paid

PRICE = FeeRule("2026", 6000)
SHOP = Shop("Corner Tea", (), "S1", "c1")


def priced(sale: Sale, rule: FeeRule | None = PRICE) -> Sale:
    return replace(sale, attempts=tuple(replace(each, fee=rule) for each in sale.attempts))


def in_bill(subject: str, minor: int, fee_milli: int) -> Settlement:
    return Settlement(subject, "payment", "wallet", "2026-11-21", "b7", minor, fee_milli, 9)


def slip(sale: Sale, words: Catalogue, settled: dict[str, Settlement] | None = None) -> list[Row]:
    lines = merchant_slip(
        sale,
        takings(sale, settled or {}),
        shop=SHOP,
        words={name: words.text(name) for name in words.names()},
        money=words.money,
        when="2026-01-02 03:04:05",
        mark="test",
        methods=lambda each: each.wallet,
    )
    return [line for line in lines if isinstance(line, Row)]


@pytest.mark.row(65)
def test_a_wallets_discount_costs_the_shop_nothing_and_the_fee_is_expected_until_a_bill_has_it() -> None:
    sale = priced(paid(payer_minor=2350).sale)
    [expected] = takings(sale, {})
    assert (expected.due.minor, expected.discount.minor, expected.customer_paid.minor) == (2850, 500, 2350)
    assert (expected.fee, expected.rate, expected.settled_on) == (Money(17, "CNY"), "0.60 %", "")
    assert expected.receives == Money(2833, "CNY")
    [charged] = takings(sale, {"A1": in_bill("A1", 2850, 11_000)})
    assert (charged.fee, charged.receives, charged.settled_on) == (
        Money(11, "CNY"),
        Money(2839, "CNY"),
        "2026-11-21",
    )


@pytest.mark.row(65)
def test_a_price_nobody_knows_is_said_to_be_unknown_and_no_sum_is_made_of_it() -> None:
    [taken] = takings(priced(paid().sale, None), {})
    assert (taken.fee, taken.receives, taken.rate) == (None, None, "")
    words = Catalogue.load("en")
    lines = slip(priced(paid().sale, None), words)
    assert words.text("receipt.fee_unknown") in [row.right for row in lines]
    assert words.text("receipt.receives") not in [row.left for row in lines]


@pytest.mark.row(65)
@given(
    minor=st.integers(1, 10**9),
    back=st.integers(0, 10**9),
    ppm=st.integers(0, 100_000),
    returned=st.booleans(),
    billed=st.none() | st.integers(0, 10**8),
)
def test_i14_what_the_shop_receives_is_due_less_refunds_and_fee_to_the_smallest_unit(
    minor: int, back: int, ppm: int, returned: bool, billed: int | None
) -> None:
    journey = Journey(minor=minor)
    journey.shown()
    journey.hear(Signal.SUCCESS)
    if back := min(back, minor):
        journey.refund(back, RefundSignal.REFUNDED)
    sale = priced(journey.sale, FeeRule("r", ppm))
    settled = {} if billed is None else {"A1": in_bill("A1", minor, billed)}
    [taken] = takings(sale, settled, lambda _channel: returned)
    assert taken.fee is not None
    assert taken.receives == Money(minor - back - taken.fee.minor, "CNY")
    milli = FeeRule("r", ppm).expected_fee(minor) if billed is None else billed
    milli -= FeeRule("r", ppm).expected_fee(back) if returned else 0
    assert abs(taken.fee.minor * 1000 - milli) <= 500


@pytest.mark.row(65)
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_slip_says_whose_it_is_and_every_word_is_in_the_catalogue(language: str) -> None:
    words = Catalogue.load(language)
    journey = paid(payer_minor=2350)
    journey.refund(850, RefundSignal.REFUNDED)
    rows = slip(priced(journey.sale), words, {"A1": in_bill("A1", 2850, 17_000)})
    left = [row.left for row in rows]
    assert (left[0], left[-1]) == (words.text("receipt.test"), words.text("receipt.test"))
    assert words.text("receipt.merchant_title") in left
    assert words.text("receipt.merchant_keep") in left
    assert words.text("receipt.title") not in left, "nobody takes it for a receipt"
    told = {row.left: row.right for row in rows if row.right}
    assert told[words.text("receipt.receives")] == words.money(Money(2850 - 850 - 12, "CNY"))
    assert told[f"{words.text('receipt.fee')} (0.60 %)"] == words.money(Money(-12, "CNY"))
