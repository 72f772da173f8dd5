"""What a sale is for, line by line: optional, exact, and never more than words beside the amount. Pure.

A sale asks for its amount; its lines only say what for. They add up to it exactly or they are refused: whoever
rounds a total sends what that makes as a line of its own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

from terminal.errors import InvalidRequest
from terminal.payments.money import MINOR_MAX, Money
from terminal.payments.typed import TYPED_MAX, is_one_line

LINES_MAX: Final = 200
NAME_MAX: Final = TYPED_MAX
TAX_MAX: Final = 8
ONE: Final = 1000  # quantities count in thousandths: 1000 is one piece, 355 is 0.355 kg
QUANTITY_MAX: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class SaleLine:
    """Amounts in the sale's currency.

    Args:
        unit_minor: the price of one; below zero for what is taken off, such as a deposit given back or rounding.
        discount_minor: taken off this line.
        amount_minor: what it adds to the sale.
        tax: the till's own short mark of a tax rate, printed beside the amount.
    """

    name: str
    quantity_milli: int
    unit_minor: int
    discount_minor: int
    amount_minor: int
    tax: str = ""

    @classmethod
    def made(
        cls,
        name: str,
        unit_minor: int,
        *,
        quantity_milli: int = ONE,
        discount_minor: int = 0,
        amount_minor: int | None = None,
        tax: str = "",
        at: int = 0,
    ) -> Self:
        """A line as a till hands it in, checked.

        Args:
            amount_minor: None where quantity times price is a whole number. Of 0.355 kg at 12.99 the till says
                what it asks: any amount less than one smallest unit off is taken, nothing is rounded here.
            at: its place, from 0, for the error.

        Raises:
            InvalidRequest: ``field_wrong`` with the field's path, ``line_amount_wrong``.
        """
        name, tax = name.strip(), tax.strip()
        gross_milli = quantity_milli * unit_minor
        for field, holds in (
            ("name", bool(name) and is_one_line(name, NAME_MAX)),
            ("quantity_milli", 1 <= quantity_milli <= QUANTITY_MAX),
            ("unit_minor", abs(unit_minor) <= MINOR_MAX),
            ("discount_minor", 0 <= discount_minor * ONE <= max(gross_milli, 0)),
            ("tax", is_one_line(tax, TAX_MAX)),
        ):
            if not holds:
                raise InvalidRequest("field_wrong", field=f"lines[{at}].{field}")
        exact_milli = gross_milli - discount_minor * ONE
        if amount_minor is None and exact_milli % ONE == 0:
            amount_minor = exact_milli // ONE
        if amount_minor is None or abs(amount_minor * ONE - exact_milli) >= ONE:
            raise InvalidRequest("line_amount_wrong", n=at + 1)
        if abs(amount_minor) > MINOR_MAX:
            raise InvalidRequest("field_wrong", field=f"lines[{at}].unit_minor")
        return cls(name, quantity_milli, unit_minor, discount_minor, amount_minor, tax)

    @classmethod
    def from_fields(cls, found: Mapping[str, Any]) -> Self:
        """As it stands in an event."""
        return cls(
            found["name"],
            found["quantity_milli"],
            found["unit_minor"],
            found["discount_minor"],
            found["amount_minor"],
            found["tax"],
        )

    def fields(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "quantity_milli": self.quantity_milli,
            "unit_minor": self.unit_minor,
            "discount_minor": self.discount_minor,
            "amount_minor": self.amount_minor,
            "tax": self.tax,
        }

    @property
    def gross_minor(self) -> int:
        """Before its discount."""
        return self.amount_minor + self.discount_minor

    @property
    def quantity(self) -> str:
        """The quantity in digits, as short as it can be: 2, 0.355."""
        whole, part = divmod(self.quantity_milli, ONE)
        return f"{whole}.{part:03}".rstrip("0").rstrip(".")


@dataclass(frozen=True, slots=True)
class Entered:
    """Goods are being entered at the till: the newest line, and the sum so far. Nothing is asked for yet.

    ``amount``: the line's; below zero for what is taken off.
    """

    name: str
    amount: Money
    total: Money


def check_sum(lines: Sequence[SaleLine], amount: Money) -> None:
    """Raises InvalidRequest: ``field_wrong`` for too many, ``lines_do_not_add_up`` with both sums."""
    if len(lines) > LINES_MAX:
        raise InvalidRequest("field_wrong", field="lines")
    total = Money(sum(each.amount_minor for each in lines), amount.currency)
    if lines and total != amount:
        raise InvalidRequest("lines_do_not_add_up", lines=total.plain(), amount=amount.plain())
