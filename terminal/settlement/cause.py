"""Does a difference still stand, and what could end it? From what the journal says now. Pure.

A difference whose cause went away ends by itself when it is seen again; a fix that cannot run is not offered.
"""

from typing import Final

from terminal.payments.sale import Attempt, OpenException, Sale
from terminal.payments.settled import Settlement
from terminal.settlement import local as known
from terminal.settlement.differences import FIXES, Difference, Fix, Kind
from terminal.settlement.local import Local, Standing

_MONEY_CAME: Final = frozenset({Kind.LATE, Kind.DUPLICATE})
_GONE_THERE: Final = frozenset({"revoked", "failed", "pending"})


def over(difference: Difference, sale: Sale | None, settled: Settlement | None) -> bool:
    """``sale``: of the difference, where it has one; ``settled``: what a bill said of its number since."""
    kind = difference.kind
    if kind in {Kind.MISSING_HERE, Kind.MISSING_THERE}:
        return settled is not None and settled.channel == difference.channel
    if sale is None or not difference.attempt:
        return False
    if kind is Kind.STATUS:
        local = known.refund(sale, difference.attempt) or known.payment(sale, difference.attempt)
        return local is not None and _agree(str(difference.facts.get("there", "")), local)
    if kind is Kind.LATE or (kind is Kind.DUPLICATE and difference.suggested is Fix.REFUND):
        return _taken_care_of(difference, sale)
    return False


def _agree(there: str, local: Local) -> bool:
    """What the bill said of it is what the journal says by now."""
    if there in _GONE_THERE:
        return local.standing in {Standing.UNPAID, Standing.VOIDED}
    return local.standing is Standing.PAID or (local.returned and local.standing is not Standing.VOIDED)


def _taken_care_of(difference: Difference, sale: Sale) -> bool:
    """Attached, refunded or taken note of in the sale itself: its exceptions are closed, each by somebody."""
    told = [each for each in sale.exceptions if each.attempt == difference.attempt]
    about = [each for each in told if each.kind in {"paid_late", "excess"}]
    return bool(about) and all(each.closed for each in about)


def attachable(difference: Difference, sale: Sale) -> OpenException | None:
    """The late money that could pay its sale."""
    attempt = _attempt(difference, sale)
    if attempt is None or sale.live_attempt or sale.share_paid(attempt.share):
        return None
    if not attempt.captured or sale.refundable_minor(attempt) < attempt.amount.minor:
        return None
    ours = (each for each in sale.exceptions if each.attempt == attempt.id and each.kind == "paid_late")
    return next((each for each in ours if not each.closed), None)


def possible(difference: Difference, sale: Sale | None) -> tuple[Fix, ...]:
    """What a person may choose now, the suggested one first."""
    left = [each for each in FIXES[difference.kind] if _can(each, difference, sale)]
    return tuple(sorted(left, key=lambda each: each is not difference.suggested))


def _can(fix: Fix, difference: Difference, sale: Sale | None) -> bool:
    attempt = _attempt(difference, sale)
    match fix:
        case Fix.QUERY:
            return attempt is not None
        case Fix.ATTACH:
            return sale is not None and attachable(difference, sale) is not None
        case Fix.REFUND:
            # a line that only stands twice is no second payment: to give it back would give back the first
            real = difference.kind in _MONEY_CAME and (
                difference.kind is Kind.LATE or difference.suggested is Fix.REFUND
            )
            return real and attempt is not None and sale is not None and sale.refundable_minor(attempt) > 0
        case Fix.CARRY:
            return not difference.facts.get("came")  # no bill is waited for: the money is there
        case _:
            return True


def _attempt(difference: Difference, sale: Sale | None) -> Attempt | None:
    """Of a payment; a refund's number is no attempt's."""
    return next((each for each in sale.attempts if each.id == difference.attempt), None) if sale else None
