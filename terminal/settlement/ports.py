"""What a reconciliation needs of the world beside the counter's own ports; satisfied by shape."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal, Protocol

from terminal.counter.ports import Journal
from terminal.payments.bill import BillKind, BillReader, FetchedBill, NoBill
from terminal.payments.event import Summary
from terminal.payments.evidence import Account
from terminal.payments.fees import FeeRule
from terminal.payments.notice import Notice, RefundNotice
from terminal.payments.payout import PayoutDays
from terminal.payments.settled import Settlement


class SettledViews(Protocol):
    """Many questions at once; each answer has at most a thousand rows."""

    def settlement(self, subject: str) -> Settlement | None: ...

    def settlements(self, subjects: Sequence[str]) -> Mapping[str, Settlement]: ...

    def settled_on(
        self, day: str, *, channel: str = "", after: str = "", limit: int = 256
    ) -> tuple[Settlement, ...]: ...

    def standings(self, kind: str, keys: Sequence[str]) -> Mapping[str, Summary]:
        """By key, the row of the subject that the key was claimed for."""
        ...

    def unsettled_sales(self, from_ms: int, until_ms: int, *, after: int = 0) -> tuple[Summary, ...]:
        """Sales begun in between whose newest attempt is not settled, oldest first."""
        ...

    def sales_with_refunds(self, from_ms: int, until_ms: int) -> tuple[str, ...]: ...


class SettledJournal(Journal, Protocol):
    """The journal with its views of what is settled."""

    @property
    def settled(self) -> SettledViews: ...


class Evidence(Protocol):
    """The engine: what a bill proves goes the way of every other evidence."""

    async def take(self, channel: str, notice: Notice | RefundNotice) -> None:
        """Durable on return; what does not match our record opens an exception and changes nothing."""
        ...

    async def ask(self, channel: str, order_no: str) -> str:
        """Ask the provider again about an order and hear the answer; its word (``Trade``), "" without one."""
        ...


class Bills(Protocol):
    """A channel that can be asked for its bills."""

    async def fetch_bill(self, day: date, kind: BillKind, folder: Path) -> FetchedBill | NoBill: ...


OpenBill = Callable[[Path, str], BillReader]
FeeReturned = Literal["yes", "no", "unknown"]


@dataclass(frozen=True, slots=True)
class BillChannel:
    """A channel as its bills are read.

    Args:
        aliases: what attempts of this channel may call it beside ``name``: its profile, in the first journals.
        offset_min: the provider's settlement day begins at midnight of UTC plus so many minutes.
        rule: its price where an attempt has none of its own; None: fees are not looked at.
        fee_returned: whether the fee comes back with a refund.
        payout: when its money should have come; None: nobody says, and nothing is missed.
    """

    name: str
    account: Account
    currencies: tuple[str, ...]
    offset_min: int = 0
    aliases: tuple[str, ...] = ()
    rule: FeeRule | None = None
    fee_returned: FeeReturned = "unknown"
    wallet: str = ""
    payout: PayoutDays | None = None

    def is_called(self, name: str) -> bool:
        return name == self.name or name in self.aliases


ImportKind = BillKind | Literal["statement"]


@dataclass(frozen=True, slots=True)
class BillHead:
    """What is known of a bill before its first line is read.

    ``day``: of the bill where who fetched it knows; a statement's lines have days of their own.
    """

    channel: BillChannel
    kind: ImportKind
    sha256: str
    day: date | None = None
    name: str = ""
