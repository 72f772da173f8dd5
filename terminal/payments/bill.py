"""A provider's bill and a bank's statement as values: what was booked, line by line, whatever the file's format.

A reader yields ``BillLine``s in the file's order and one ``BillEnd`` last; a file whose own sums differ from
its lines, or that ends early, raises ``BillRefused`` before its end is told, and nothing of it may be believed.
Amounts are integers of the currency's smallest unit; fees in thousandths of it, because WeChat Pay prints them so.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Literal

from terminal.errors import InvalidRequest


class LineKind(StrEnum):
    PAYMENT = "payment"
    REFUND = "refund"
    FEE = "fee"
    PAYOUT = "payout"  # what the provider paid out to the shop's bank account
    OTHER = "other"  # told, never matched


class LineState(StrEnum):
    DONE = "done"
    PENDING = "pending"  # when the file was made; it is not told again
    FAILED = "failed"
    REVOKED = "revoked"  # by a reverse: of a PAYMENT, it is gone; of a REFUND, this line took a told payment back


@dataclass(frozen=True, slots=True)
class BillLine:
    """One line.

    Args:
        line: in the file, counted from 1; of XML the entry's number.
        at: ISO 8601 with offset, or a date alone where the file says no more.
        gross_minor: what the customer's order asked for; of a refund what goes back; never negative.
        settle_minor: what counts for the payout (WeChat Pay: settlement amount, after its own coupons).
        fee_milli: thousandths of a minor unit; positive is charged, negative given back.
        references: of a statement, everything that may carry our reference, the most trusted first.
        entry_id: a statement entry's identity, stable when the same entry is told in two files.
    """

    line: int
    kind: LineKind
    state: LineState
    at: str
    currency: str
    gross_minor: int
    settle_minor: int
    fee_milli: int = 0
    order_no: str = ""
    refund_no: str = ""
    provider_txn: str = ""
    provider_refund: str = ""
    merchant_id: str = ""
    references: tuple[str, ...] = ()
    entry_id: str = ""
    provisional: bool = False  # told intraday (camt.054): the day's statement confirms it
    text: str = ""


@dataclass(frozen=True, slots=True)
class BillEnd:
    """The file is whole and its sums hold.

    ``document``: the file's own identity, such as a statement's message id; empty where it has none.
    ``sequence``: a statement's number, by which a missing one is seen; 0: the format has none.
    """

    lines: int
    document: str = ""
    account: str = ""
    sequence: int = 0
    first_day: date | None = None
    last_day: date | None = None


BillReader = Iterator[BillLine | BillEnd]


class BillRefused(InvalidRequest):
    """The file cannot be believed; ``line`` says where, the slug why (``bill_…`` of the registry)."""


BillKind = Literal["trade", "funds"]
"""``trade``: every order and refund of a settlement day. ``funds``: what moved on the merchant's balance."""


@dataclass(frozen=True, slots=True)
class FetchedBill:
    """A bill as the provider gave it, its hash checked, unpacked. ``format`` names the reader."""

    path: Path
    format: str
    day: date
    kind: BillKind


@dataclass(frozen=True, slots=True)
class NoBill:
    """There is no file.

    ``empty``: the provider says that nothing happened on that day (proof, like a bill without lines).
    ``not_ready``: ask again later. ``not_offered``: this channel has no such bill. ``unclear``: anything else.
    """

    why: Literal["empty", "not_ready", "not_offered", "unclear"]
    text: str = ""
