"""What a channel may charge: a rule fixed when the sale is made, so that a bill is judged by its day's price.

Fees are thousandths of the currency's smallest unit, as in a bill's lines; positive is charged.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Self

from terminal.errors import InvalidRequest

PPM: Final = 1_000_000
MILLI: Final = 1_000
TOLERANCE_MILLI: Final = MILLI  # a bill may round each row in its own way: one smallest unit either side


@dataclass(frozen=True, slots=True)
class FeeRule:
    """One price agreed with one channel.

    Args:
        id: stable name of this price, such as ``wechatpay-2026``; stored with every sale made under it.
        rate_ppm: parts per million of the settled amount; 0.60 % is 6000.
        min_minor: the least fee of one payment, smallest unit; 0: none.
        free_up_to_minor: payments up to this settled amount cost nothing (QRIS micro merchants); 0: none do.
        free_until: the last day of a fee holiday, in the channel's settlement days; None: there is none.
    """

    id: str
    rate_ppm: int
    min_minor: int = 0
    free_up_to_minor: int = 0
    free_until: date | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.rate_ppm <= PPM or self.min_minor < 0 or self.free_up_to_minor < 0:
            raise InvalidRequest("fee_rule_unusable", rule=self.id)

    def expected_fee(self, settle_minor: int, day: date | None = None) -> int:
        """Thousandths of the smallest unit to be charged, rounded half up to a whole unit.

        Args:
            settle_minor: what counts for the payout; negative for a refund, whose fee comes back.
            day: the settlement day of the payment; without it a fee holiday is not looked at.
        """
        size = abs(settle_minor)
        if self.holiday(day) or size <= self.free_up_to_minor:
            return 0
        fee_minor = max((size * self.rate_ppm * 2 + PPM) // (2 * PPM), self.min_minor if size else 0)
        return (fee_minor if settle_minor >= 0 else -fee_minor) * MILLI

    def holiday(self, day: date | None) -> bool:
        return day is not None and self.free_until is not None and day <= self.free_until

    def fields(self) -> dict[str, Any]:
        """For an event's body (``fee_rule``) and for JSON."""
        return {
            "id": self.id,
            "rate_ppm": self.rate_ppm,
            "min_minor": self.min_minor,
            "free_up_to_minor": self.free_up_to_minor,
            "free_until": self.free_until.isoformat() if self.free_until else "",
        }

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any]) -> Self:
        """Read what ``fields`` wrote.

        Raises:
            InvalidRequest: ``fee_rule_unusable``.
        """
        try:
            until = fields.get("free_until") or ""
            return cls(
                id=str(fields["id"]),
                rate_ppm=int(fields["rate_ppm"]),
                min_minor=int(fields.get("min_minor", 0)),
                free_up_to_minor=int(fields.get("free_up_to_minor", 0)),
                free_until=date.fromisoformat(until) if until else None,
            )
        except (KeyError, TypeError, ValueError):
            raise InvalidRequest("fee_rule_unusable", rule=str(fields.get("id", ""))) from None


def whole_units(milli: int) -> int:
    """Thousandths of the smallest unit to whole ones, half up: for what people read, never to judge by."""
    return (2 * milli + MILLI) // (2 * MILLI)


def fee_differs(charged_milli: int, expected_milli: int) -> bool:
    """More than rounding lies between what was charged and what was agreed."""
    return abs(charged_milli - expected_milli) > TOLERANCE_MILLI


def rate_text(fee_milli: int, settle_minor: int) -> str:
    """The rate that was really taken, for people: ``0.38 %``; empty where nothing was settled."""
    if not settle_minor:
        return ""
    hundredths = (abs(fee_milli) * 20_000 // abs(settle_minor) + MILLI) // (2 * MILLI)
    return f"{hundredths // 100}.{hundredths % 100:02} %"


def ppm_text(rate_ppm: int) -> str:
    """An agreed rate for people: 3000 is ``0.30 %``; more digits only where the rate has them."""
    whole, part = divmod(rate_ppm, 10_000)
    digits = f"{part:04}".rstrip("0").ljust(2, "0")
    return f"{whole}.{digits} %"
