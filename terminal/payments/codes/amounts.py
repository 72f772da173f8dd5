"""Amounts in the text of a code: read exactly, never rounded, and written in one form."""

import re
from typing import Final

from terminal.payments.codes.flaws import BadCode, Flaw
from terminal.payments.codes.scheme import AmountForm
from terminal.payments.currencies import EXPONENTS
from terminal.payments.money import MINOR_MAX, Money

EMV_AMOUNT_MAX: Final = 13  # characters of tag 54
_AMOUNT: Final = re.compile(r"(0|[1-9][0-9]{0,11})(\.[0-9]{0,4})?")


def read_minor(text: str, currency: str) -> int:
    """Smallest units; 0 for what is no amount of this currency, or no money at all.

    "98", "98." and "98.7" are read; more decimals than the currency has are not.
    """
    match, exponent = _AMOUNT.fullmatch(text), EXPONENTS[currency]
    if match is None:
        return 0
    fraction = (match[2] or ".")[1:]
    if len(fraction) > exponent or (match[2] and not exponent):
        return 0
    minor = int(match[1] + fraction.ljust(exponent, "0"))
    return minor if minor <= MINOR_MAX else 0


def write_amount(money: Money, form: AmountForm) -> str:
    """Raises BadCode ``amount``: above the scheme's limit, or with cents where there are none."""
    text = money.plain()
    if money.currency in form.whole and money.exponent:
        text, _, cents = text.partition(".")
        if cents.strip("0"):
            raise BadCode(Flaw.AMOUNT, "amount")
    if not 0 < money.minor <= form.max_minor:
        raise BadCode(Flaw.AMOUNT, "amount")
    return form.prefix + text


def read_amount(text: str, currency: str, form: AmountForm, at: str) -> Money:
    """Raises BadCode ``amount``: not an amount as this scheme writes it."""
    digits = text.removeprefix(form.prefix)
    minor = read_minor(digits, currency)
    _, point, fraction = digits.partition(".")
    wrong = (
        not text.startswith(form.prefix)
        or not 0 < minor <= form.max_minor
        or (form.exact and currency not in form.whole and len(fraction) != EXPONENTS[currency])
        or (currency in form.whole and bool(point) and not (form.zeros and fraction and not fraction.strip("0")))
    )
    if wrong:
        raise BadCode(Flaw.AMOUNT, at)
    return Money(minor, currency)
