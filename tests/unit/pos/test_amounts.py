"""Amounts as a browser or a file writes them in JSON: exact, or refused."""

import pytest

from terminal.errors import InvalidRequest
from terminal.pos.amounts import amount_of
from terminal.strict_json import parse_exact


def amount(text: str, currency: str = "CNY") -> int:
    return amount_of(parse_exact(text.encode(), limit=99), currency).minor


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("28.5", "CNY", 2850),
        ("28.50", "CNY", 2850),
        ("28.500", "CNY", 2850),
        ("12", "CNY", 1200),
        ("1e2", "CNY", 10000),
        ("56.300000000000004", "CNY", 5630),  # 5630 * 0.01 in a browser
        ("0.30000000000000004", "CNY", 30),
        ("1.1", "KWD", 1100),
        ("500", "JPY", 500),
        ("500.0", "JPY", 500),
        ("9999999999.99", "CNY", 999_999_999_999),
    ],
)
def test_an_amount_is_what_the_browser_meant(text: str, currency: str, minor: int) -> None:
    assert amount(text, currency) == minor


@pytest.mark.parametrize(
    ("text", "currency", "slug"),
    [
        ("28.505", "CNY", "amount_unreadable"),
        ("28.5000001", "CNY", "amount_unreadable"),
        ("0.001", "CNY", "amount_unreadable"),
        ("0.5", "JPY", "amount_unreadable"),
        ("0", "CNY", "amount_not_positive"),
        ("-3.50", "CNY", "amount_not_positive"),
        ("1e15", "CNY", "amount_too_large"),
        ("99999999999.99", "CNY", "amount_too_large"),
        ("1e-300", "CNY", "amount_unreadable"),
        ('"28.50"', "CNY", "amount_unreadable"),
        ("true", "CNY", "amount_unreadable"),
        ("null", "CNY", "amount_unreadable"),
    ],
)
def test_any_other_amount_is_refused_never_rounded(text: str, currency: str, slug: str) -> None:
    with pytest.raises(InvalidRequest) as no:
        amount(text, currency)
    assert no.value.slug == slug
