"""Transfers that name no order of ours, a poster's among them: which sale they may be for. A person says so.

By equal amount and currency within a time, best first. Nothing is taken by itself; whatever is equal is shown.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from terminal.errors import Conflict
from terminal.payments.decide import start_attempt
from terminal.payments.fact import Claim, Fact, Facts
from terminal.payments.fees import FeeRule
from terminal.payments.money import Money
from terminal.payments.sale import Attempt, Sale

BEFORE: Final = timedelta(days=5)  # a transfer on a Friday evening is booked on a Tuesday
AFTER: Final = timedelta(minutes=10)  # a till's clock may be late, and people pay before the till is told
ZONES: Final = (timedelta(hours=14), timedelta(hours=12))  # a date alone is a day somewhere on earth
ENTRY: Final = "entry"  # one credit counts once, for ever; whoever reads statements looks here too


@dataclass(frozen=True, slots=True)
class Transfer:
    """A credit of a statement. ``at``: ISO 8601 with offset, or a date alone, as the bank wrote it."""

    channel: str
    entry: str
    amount: Money
    at: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sale that waits for ``amount``; ``mark`` as the sale has it."""

    sale: str
    no: int
    counter: str
    amount: Money
    opened_ms: int
    mark: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """``sales``: best first. ``clash``: another sale, or another transfer, would fit as well."""

    transfer: Transfer
    sales: tuple[Candidate, ...]
    clash: bool


def candidate(sale: Sale, channel_of: dict[str, str], channel: str) -> Candidate | None:
    """The sale, if this channel's transfer could pay it: nothing of it is under way at another one.

    Args:
        channel_of: of an attempt's provider, the settings' name.
    """
    share = _open_share(sale)
    if share is None or sale.ended or sale.cancel_why:
        return None
    live = [each for each in sale.attempts if each.live]
    if any(channel_of.get(each.provider) != channel or each.share != share for each in live):
        return None
    amount = Money(sale.shares[share], sale.amount.currency)
    return Candidate(sale.id, sale.no, sale.counter, amount, sale.opened_ms, sale.mark)


def propose(transfers: Iterable[Transfer], candidates: Sequence[Candidate]) -> list[Proposal]:
    """Of each transfer that has any, the sales it may be for."""
    found = [(each, _fitting(each, candidates)) for each in transfers]
    wanted = Counter(sale.sale for _, sales in found for sale in sales)
    return [
        Proposal(transfer, sales, len(sales) > 1 or any(wanted[each.sale] > 1 for each in sales))
        for transfer, sales in found
        if sales
    ]


def _fitting(transfer: Transfer, candidates: Sequence[Candidate]) -> tuple[Candidate, ...]:
    window = _when(transfer.at)
    if window is None:
        return ()
    first_ms, last_ms = window
    from_ms, to_ms = first_ms - BEFORE // timedelta(milliseconds=1), last_ms + AFTER // timedelta(milliseconds=1)

    def far(each: Candidate) -> tuple[int, str]:
        return max(first_ms - each.opened_ms, each.opened_ms - last_ms, 0), each.sale

    fits = [x for x in candidates if x.amount == transfer.amount and from_ms <= x.opened_ms <= to_ms]
    return tuple(sorted(fits, key=far))


def _when(at: str) -> tuple[int, int] | None:
    """The first and last millisecond it may have been, UTC; None: the bank's text says no time."""
    try:
        told = datetime.fromisoformat(at)
    except ValueError:
        return None
    if told.tzinfo is not None:
        return _ms(told), _ms(told)
    early, late = told.replace(tzinfo=UTC), told.replace(tzinfo=UTC)
    if len(at) <= len("2026-01-31"):
        late += timedelta(days=1)
    return _ms(early - ZONES[0]), _ms(late + ZONES[1])


def _ms(at: datetime) -> int:
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def match(
    sale: Sale,
    transfer: Transfer,
    *,
    attempt: str,
    at_ms: int,
    told: Callable[[str], str],
    fee: FeeRule | None = None,
    claims: tuple[Claim, ...] = (),
) -> Facts:
    """A person said that this transfer pays this sale. The proof itself is heard afterwards, like any other.

    Args:
        attempt: a new order number, for a sale that has nothing under way.
        told: the credit as statements keep it for an order number, so that a query finds it after a power cut.

    Raises:
        Conflict: ``credit_no_match``: meanwhile it is paid, ended, or something else of it is under way.
    """
    share = _open_share(sale)
    live = next((each for each in sale.attempts if each.live), None)
    if share is None or sale.ended or sale.cancel_why or not _fits(sale, share, live, transfer):
        raise Conflict("credit_no_match", sale=sale.id)
    begun: Facts = ()
    if live is None:
        begun = start_attempt(
            replace(sale, mark=""),
            attempt=attempt,
            provider=transfer.channel,
            direction="push",
            share=share,
            at_ms=at_ms,
            expires_ms=at_ms,
            fee=fee,
        )
    order_no = live.id if live else attempt
    body = {
        "attempt": order_no,
        "channel": transfer.channel,
        "entry": transfer.entry,
        "amount_minor": transfer.amount.minor,
        "currency": transfer.amount.currency,
        "credited": transfer.at,
        "at_ms": at_ms,
    }
    taken = (
        (ENTRY, f"{transfer.channel}/{transfer.entry}", order_no),
        ("credit", f"{transfer.channel}/{order_no}", told(order_no)),
    )
    return (*begun, Fact("credit_matched", body, claims=(*taken, *claims)))


def _fits(sale: Sale, share: int, live: Attempt | None, transfer: Transfer) -> bool:
    amount = Money(sale.shares[share], sale.amount.currency)
    return amount == transfer.amount and (live is None or live.share == share)


def _open_share(sale: Sale) -> int | None:
    return next((share for share in range(len(sale.shares)) if not sale.share_paid(share)), None)
