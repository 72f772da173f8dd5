"""Lines of a sale as tills of other protocols write them: major units and quantities, by their digits. Pure.

Source of ``of_items``: nexo Retailer Protocol 3.0 in the JSON form of the Adyen Terminal API reference, SaleItem.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from terminal.errors import InvalidRequest
from terminal.payments.currencies import EXPONENTS
from terminal.payments.lines import LINES_MAX, NAME_MAX, ONE, TAX_MAX, SaleLine, check_sum
from terminal.payments.money import Money
from terminal.payments.typed import one_line

FIELDS: Final = ("name", "price", "quantity", "discount", "amount", "tax")
_NUMBER: Final = re.compile(r"-?[0-9]{1,12}(?:\.[0-9]{1,4})?")
_MILLI: Final = 3  # digits behind the point of a quantity


def of_request(told: object, currency: str) -> tuple[SaleLine, ...]:
    """``[{"name": "Tea", "price": "4.00", "quantity": 2, "discount": "0.50", "tax": "A"}]``; strict.

    ``price`` is that of one; ``amount`` what the line adds, where quantity times price is not whole.

    Raises:
        InvalidRequest: ``field_wrong`` with the field's path; as ``SaleLine.made``.
    """
    if not isinstance(told, list) or len(told) > LINES_MAX:
        raise InvalidRequest("field_wrong", field="lines")
    return tuple(_line(each, at, EXPONENTS[currency]) for at, each in enumerate(told))


def _line(told: object, at: int, digits: int) -> SaleLine:
    if (
        not isinstance(told, dict)
        or not isinstance(told.get("name"), str)
        or not isinstance(told.get("tax", ""), str)
    ):
        raise InvalidRequest("field_wrong", field=f"lines[{at}]")
    if unknown := [each for each in told if each not in FIELDS]:
        raise InvalidRequest("field_wrong", field=f"lines[{at}].{unknown[0][:40]}")

    def number(field: str, places: int, missing: int | None) -> int | None:
        if field not in told:
            return missing
        found = scaled(told[field], places)
        if found is None:
            raise InvalidRequest("field_wrong", field=f"lines[{at}].{field}")
        return found

    price = number("price", digits, None)
    if price is None:
        raise InvalidRequest("field_wrong", field=f"lines[{at}].price")
    return SaleLine.made(
        told["name"],
        price,
        quantity_milli=number("quantity", _MILLI, ONE) or 0,
        discount_minor=number("discount", digits, 0) or 0,
        amount_minor=number("amount", digits, None),
        tax=told.get("tax", ""),
        at=at,
    )


def scaled(value: object, places: int) -> int | None:
    """12.5 with two places is 1250; None: no number, or one with more digits. Text is read as written."""
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        value = Decimal(value)
    if type(value) is int:
        value = Decimal(value)
    if not isinstance(value, Decimal) or not value.is_finite() or abs(value.adjusted()) > 15:
        return None
    whole = Fraction(value) * 10**places  # Decimal's own arithmetic would round it to 28 digits
    return int(whole) if whole.denominator == 1 else None


def of_items(told: object, amount: Money) -> tuple[SaleLine, ...]:
    """A message's SaleItem list; none where it does not say exactly what ``amount`` is for.

    Tills of this protocol send items for loyalty, for a part of the sale, or before a tip: a payment is never
    refused for them, and lines that do not add up are on no receipt.
    """
    if not isinstance(told, list) or not 0 < len(told) <= LINES_MAX:
        return ()
    try:
        lines = tuple(_item(each, EXPONENTS[amount.currency]) for each in told)
        check_sum(lines, amount)
    except InvalidRequest:
        return ()
    return lines


def _item(told: object, digits: int) -> SaleLine:
    """Its ItemAmount is what it adds; quantity and price are told where they make that amount."""
    if not isinstance(told, Mapping):
        raise InvalidRequest("field_wrong", field="SaleItem")
    amount = scaled(told.get("ItemAmount"), digits)
    if amount is None:
        raise InvalidRequest("field_wrong", field="ItemAmount")
    names = (_text(told, each) for each in ("ProductLabel", "AdditionalProductInfo", "ProductCode", "EanUpc"))
    name, tax = next(filter(None, names), ""), _text(told, "TaxCode")[:TAX_MAX]
    price, quantity = scaled(told.get("UnitPrice"), digits), scaled(told.get("Quantity"), _MILLI)
    if price is not None and quantity is not None:
        try:
            return SaleLine.made(name, price, quantity_milli=quantity, amount_minor=amount, tax=tax)
        except InvalidRequest:
            pass  # a discount in it, or a weight in another unit: then its amount alone
    return SaleLine.made(name, amount, tax=tax)


def _text(told: Mapping[str, Any], field: str) -> str:
    found = told.get(field)
    return one_line(found)[:NAME_MAX] if isinstance(found, str) else ""
