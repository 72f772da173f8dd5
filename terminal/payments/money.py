"""Exact amounts: integers of the smallest unit, no float and no rounding anywhere (I12)."""

import re
from dataclasses import dataclass
from typing import Final, Self

from terminal.errors import InvalidRequest
from terminal.payments.currencies import EXPONENTS

MINOR_MAX: Final = 999_999_999_999  # twelve digits: what an EMVCo amount and every provider can carry
_AMOUNT: Final = re.compile(r"([0-9]{1,12})(?:\.([0-9]{1,4}))?")


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An exact amount. ``minor`` counts the smallest unit: Money(1250, "THB") is 12.50 baht."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        assert self.currency in EXPONENTS, self.currency
        assert type(self.minor) is int, self.minor

    @classmethod
    def charge(cls, minor: object, currency: object) -> Self:
        """An amount somebody asks for: an int (not a bool) from 1 to MINOR_MAX in a known currency.

        Raises:
            InvalidRequest: ``amount_not_integer``, ``amount_not_positive``, ``amount_too_large``,
                ``currency_unknown``.
        """
        if not isinstance(currency, str) or currency not in EXPONENTS:
            raise InvalidRequest("currency_unknown", field="currency")
        if type(minor) is not int:
            raise InvalidRequest("amount_not_integer", field="amount_minor")
        if minor < 1:
            raise InvalidRequest("amount_not_positive", field="amount_minor")
        if minor > MINOR_MAX:
            raise InvalidRequest("amount_too_large", field="amount_minor")
        return cls(minor, currency)

    @classmethod
    def parse(cls, text: str, currency: str) -> Self:
        """Read "12.50". More decimals than the currency has is an error, never a rounding.

        Raises:
            InvalidRequest: ``currency_unknown``, ``amount_unreadable``, or as ``charge``.
        """
        exponent = EXPONENTS.get(currency)
        if exponent is None:
            raise InvalidRequest("currency_unknown", field="currency")
        match = _AMOUNT.fullmatch(text)
        if match is None or len(match[2] or "") > exponent:
            raise InvalidRequest("amount_unreadable", field="amount", digits=exponent)
        return cls.charge(int(match[1] + (match[2] or "").ljust(exponent, "0")), currency)

    @property
    def exponent(self) -> int:
        return EXPONENTS[self.currency]

    def plain(self) -> str:
        """Digits and a point, no grouping and no sign of the currency: "12.50", "500" for JPY, "-0.05"."""
        digits = str(abs(self.minor)).rjust(self.exponent + 1, "0")
        whole, part = (digits[: -self.exponent], digits[-self.exponent :]) if self.exponent else (digits, "")
        return ("-" if self.minor < 0 else "") + whole + ("." + part if part else "")

    def __add__(self, other: Self) -> Self:
        assert self.currency == other.currency, "adding two currencies is a bug in the caller"
        return type(self)(self.minor + other.minor, self.currency)

    def __sub__(self, other: Self) -> Self:
        assert self.currency == other.currency, "subtracting two currencies is a bug in the caller"
        return type(self)(self.minor - other.minor, self.currency)
