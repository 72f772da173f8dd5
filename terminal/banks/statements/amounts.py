"""Amounts as banks write them, read exactly: digits, one decimal sign, never a float."""

import re
from typing import Final

from terminal.payments.bill import BillRefused
from terminal.payments.currencies import EXPONENTS
from terminal.payments.money import MINOR_MAX

_DIGITS: Final = re.compile(r"([0-9]{1,15})(?:\.([0-9]{0,5}))?")  # ISO 20022: 18 digits, 5 of them a fraction


def minor(text: str, currency: str, *, line: int, column: str) -> int:
    """Smallest units of "1949.75", "20." or "0.01"; further decimals must be zeros.

    Raises:
        BillRefused: ``bill_line_unreadable`` with line and column.
    """
    match, exponent = _DIGITS.fullmatch(text), EXPONENTS.get(currency)
    fraction = (match[2] or "").rstrip("0") if match else ""
    if match is None or exponent is None or len(fraction) > exponent:
        raise BillRefused("bill_line_unreadable", line=line, column=column)
    amount = int(match[1] + fraction.ljust(exponent, "0"))
    if amount > MINOR_MAX:
        raise BillRefused("bill_line_unreadable", line=line, column=column)
    return amount


def told(amount: int, currency: str) -> str:
    """For a person: "-12.50 EUR"; a balance may be below zero and above what one payment may be."""
    exponent = EXPONENTS[currency]
    digits = str(abs(amount)).rjust(exponent + 1, "0")
    text = f"{digits[:-exponent]}.{digits[-exponent:]}" if exponent else digits
    return f"{'-' if amount < 0 else ''}{text} {currency}"
