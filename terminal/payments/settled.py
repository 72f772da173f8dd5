"""Paid is one thing, settled another: the provider's bill has it, of a certain day and at a certain fee."""

from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple

SettledKind = Literal["payment", "refund"]
ROWS_MAX: Final = 256  # of one event
_TYPES: Final = (str, str, str, str, int, int)


class SettledRow(NamedTuple):
    """One row of a ``settled`` event. ``subject``: an attempt's or a refund's id; ``day`` as ``2026-11-21``."""

    subject: str
    kind: SettledKind
    day: str
    batch: str
    settle_minor: int
    fee_milli: int

    @classmethod
    def of(cls, fields: Any) -> "SettledRow":
        """From an event's index; a wrong shape is a bug of who made the event."""
        assert isinstance(fields, list | tuple), fields
        assert tuple(map(type, fields)) == _TYPES, fields
        return cls(*fields)


@dataclass(frozen=True, slots=True)
class Settlement:
    """What the journal knows of a settled payment or refund.

    Args:
        day: of the provider's bill, in the provider's own days.
        batch: what was paid out together: one text a bill.
        settle_minor: what counts for the payout; of a refund what went back. Never negative.
        fee_milli: thousandths of a minor unit; positive is charged, negative given back.
        number: of the event that settled it, the first one: a second settling is ignored.
    """

    subject: str
    kind: SettledKind
    channel: str
    day: str
    batch: str
    settle_minor: int
    fee_milli: int
    number: int
