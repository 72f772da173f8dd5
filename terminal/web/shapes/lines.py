"""Lines of a sale as callers send and read them."""

from collections.abc import Iterable
from typing import Annotated, Final

import msgspec

from terminal.payments.lines import LINES_MAX, NAME_MAX, ONE, QUANTITY_MAX, TAX_MAX, SaleLine
from terminal.payments.money import MINOR_MAX
from terminal.payments.sale import Sale

_CONTROLS: Final = r"\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff"
_PLAIN: Final = {"pattern": f"^[^{_CONTROLS}]*$"}
_NAMED: Final = {"pattern": f"^[^{_CONTROLS}]*[^\\s{_CONTROLS}][^{_CONTROLS}]*$"}
Quantity = Annotated[
    int, msgspec.Meta(ge=1, le=QUANTITY_MAX, description="Thousandths: 1000 is one piece, 355 is 0.355 kg.")
]
Taken = Annotated[int, msgspec.Meta(ge=0, le=MINOR_MAX)]
Signed = Annotated[int, msgspec.Meta(ge=-MINOR_MAX, le=MINOR_MAX)]
SALE_BYTES: Final = 384 * 1024
"""Of a whole sale's body: LINES_MAX lines of NAME_MAX characters, each written as two escapes of six bytes."""


class NewLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One thing that is sold. ``unit_minor``: the price of one, below zero for what is taken off.

    ``amount_minor``: what the line adds, needed only where quantity times price less the discount is no whole
    number; then it is less than one smallest unit off. ``tax``: a short mark printed beside the amount.
    """

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=NAME_MAX, extra_json_schema=_NAMED)]
    unit_minor: Signed
    quantity_milli: Quantity = ONE
    discount_minor: Taken = 0
    amount_minor: Signed | None = None
    tax: Annotated[str, msgspec.Meta(max_length=TAX_MAX, extra_json_schema=_PLAIN)] = ""


Lines = Annotated[
    tuple[NewLine, ...],
    msgspec.Meta(max_length=LINES_MAX, description="What it is for, never needed; they add up to amount_minor."),
]


class LineView(msgspec.Struct, frozen=True):
    """A line of a sale; ``amount_minor`` of all of them add up to the sale's."""

    name: str
    quantity_milli: int
    unit_minor: int
    discount_minor: int
    amount_minor: int
    tax: str


def lines_of(found: Iterable[NewLine]) -> tuple[SaleLine, ...]:
    """Raises InvalidRequest as ``SaleLine.made``."""
    return tuple(
        SaleLine.made(
            each.name,
            each.unit_minor,
            quantity_milli=each.quantity_milli,
            discount_minor=each.discount_minor,
            amount_minor=each.amount_minor,
            tax=each.tax,
            at=at,
        )
        for at, each in enumerate(found)
    )


def line_views(sale: Sale) -> list[LineView]:
    return [LineView(**each.fields()) for each in sale.lines]
