"""An amount that a till writes as a JSON number of major units, read from its digits."""

from decimal import Decimal, InvalidOperation
from typing import Final

from terminal.errors import InvalidRequest
from terminal.payments.currencies import EXPONENTS
from terminal.payments.money import MINOR_MAX, Money

_NEAR: Final = Decimal("1e-15")  # of the value: what a binary fraction adds to 56.30, far from another amount


def amount_of(value: object, currency: str) -> Money:
    """A number of major units as a browser writes it. What a double adds to 56.30 is seen; 56.305 is refused.

    Raises:
        InvalidRequest: ``amount_unreadable``, ``amount_not_positive``, ``amount_too_large``.
    """
    digits = EXPONENTS[currency]
    if type(value) is int:
        value = Decimal(value)
    if not isinstance(value, Decimal) or not value.is_finite():
        raise InvalidRequest("amount_unreadable", field="amount", digits=digits)
    if abs(value) > MINOR_MAX:
        raise InvalidRequest("amount_too_large", field="amount")
    try:
        exact = value.quantize(Decimal(1).scaleb(-digits))
    except InvalidOperation:
        raise InvalidRequest("amount_unreadable", field="amount", digits=digits) from None
    if abs(value - exact) > abs(exact) * _NEAR:
        raise InvalidRequest("amount_unreadable", field="amount", digits=digits)
    return Money.charge(int(exact.scaleb(digits)), currency)
