"""Exact amounts: the whole currency table, text in and out without loss, and everything refused (I12)."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.errors import InvalidRequest
from terminal.payments.currencies import EXPONENTS
from terminal.payments.money import MINOR_MAX, Money

GOLDEN = Path(__file__).parents[2] / "golden" / "iso4217.json"
currencies = st.sampled_from(sorted(EXPONENTS))


@pytest.mark.row(138)
def test_the_table_is_iso_4217_whole() -> None:
    published = json.loads(GOLDEN.read_text())
    expected = {code: int(digits) for digits, codes in published.items() for code in codes}
    assert expected == EXPONENTS
    assert set(EXPONENTS.values()) == {0, 2, 3, 4}


@pytest.mark.row(138)
@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("500", "JPY", 500),
        ("28.50", "CNY", 2850),
        ("28.5", "CNY", 2850),
        ("28", "CNY", 2800),
        ("0.01", "CNY", 1),
        ("1.234", "KWD", 1234),
        ("0.001", "KWD", 1),
        ("1.0001", "CLF", 10001),
        ("007.50", "EUR", 750),
        ("9999999999.99", "USD", MINOR_MAX),
        ("999999999999", "JPY", MINOR_MAX),
    ],
)
def test_text_is_read_exactly(text: str, currency: str, minor: int) -> None:
    assert Money.parse(text, currency) == Money(minor, currency)


@pytest.mark.row(138)
@pytest.mark.parametrize(
    ("money", "text"),
    [
        (Money(500, "JPY"), "500"),
        (Money(0, "JPY"), "0"),
        (Money(5, "CNY"), "0.05"),
        (Money(-5, "CNY"), "-0.05"),
        (Money(-1250, "THB"), "-12.50"),
        (Money(1, "KWD"), "0.001"),
        (Money(10000, "UYW"), "1.0000"),
    ],
)
def test_plain_text_has_all_the_currencys_digits(money: Money, text: str) -> None:
    assert money.plain() == text


@given(minor=st.integers(1, MINOR_MAX), currency=currencies)
def test_i12_plain_and_parse_are_each_others_inverse(minor: int, currency: str) -> None:
    money = Money(minor, currency)
    assert Money.parse(money.plain(), currency) == money
    assert len(money.plain().partition(".")[2]) == money.exponent


@given(a=st.integers(-MINOR_MAX, MINOR_MAX), b=st.integers(-MINOR_MAX, MINOR_MAX), currency=currencies)
def test_i12_sums_and_differences_are_exact(a: int, b: int, currency: str) -> None:
    one, other = Money(a, currency), Money(b, currency)
    assert (one + other).minor == a + b
    assert one + other - other == one


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("0", "amount_not_positive"),
        ("0.00", "amount_not_positive"),
        ("-1", "amount_unreadable"),
        ("+1", "amount_unreadable"),
        ("1e2", "amount_unreadable"),
        ("1,50", "amount_unreadable"),
        ("1 000", "amount_unreadable"),
        (" 1", "amount_unreadable"),
        ("1\n", "amount_unreadable"),
        ("", "amount_unreadable"),
        (".5", "amount_unreadable"),
        ("5.", "amount_unreadable"),
        ("0.001", "amount_unreadable"),
        ("1.230", "amount_unreadable"),
        ("0x10", "amount_unreadable"),
        ("1_000", "amount_unreadable"),
        ("NaN", "amount_unreadable"),
        ("١٢", "amount_unreadable"),
        ("１２", "amount_unreadable"),
        ("1000000000000000", "amount_unreadable"),
        ("10000000000.00", "amount_too_large"),
        ("999999999999.99", "amount_too_large"),
    ],
)
def test_i12_text_that_is_no_amount_is_refused_never_rounded(text: str, slug: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        Money.parse(text, "CNY")
    assert refused.value.slug == slug


def test_a_whole_currency_has_no_point() -> None:
    with pytest.raises(InvalidRequest, match=r"amount_unreadable \(field=amount, digits=0\)"):
        Money.parse("5.0", "JPY")


@pytest.mark.parametrize(
    ("minor", "slug"),
    [
        (0, "amount_not_positive"),
        (-1, "amount_not_positive"),
        (True, "amount_not_integer"),
        (1.0, "amount_not_integer"),
        (float("nan"), "amount_not_integer"),
        ("10", "amount_not_integer"),
        (None, "amount_not_integer"),
        (10**15, "amount_too_large"),
        (MINOR_MAX + 1, "amount_too_large"),
    ],
)
def test_i12_a_charge_is_a_positive_integer_within_limits(minor: object, slug: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        Money.charge(minor, "CNY")
    assert refused.value.slug == slug


@pytest.mark.parametrize("currency", ["XXX", "XAU", "cny", "", "RMB", None, 156, ["CNY"]])
def test_only_known_currencies(currency: Any) -> None:
    with pytest.raises(InvalidRequest, match="currency_unknown"):
        Money.charge(1, currency)
    if isinstance(currency, str):
        with pytest.raises(InvalidRequest, match="currency_unknown"):
            Money.parse("1", currency)


def test_a_charge_at_both_limits() -> None:
    assert Money.charge(1, "CNY").minor == 1
    assert Money.charge(MINOR_MAX, "CNY").minor == MINOR_MAX


@pytest.mark.parametrize(("minor", "currency"), [(1.5, "CNY"), (True, "CNY"), (1, "XXX")])
def test_i12_a_money_that_is_none_cannot_be_made(minor: Any, currency: str) -> None:
    with pytest.raises(AssertionError):
        Money(minor, currency)


def test_two_currencies_are_never_added() -> None:
    with pytest.raises(AssertionError, match="bug in the caller"):
        Money(1, "CNY") + Money(1, "JPY")
    with pytest.raises(AssertionError, match="bug in the caller"):
        Money(1, "CNY") - Money(1, "JPY")
