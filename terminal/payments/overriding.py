"""What an owner may decide against the machine's own course, on record: never without proof of payment (I2)."""

from typing import Final

from terminal.errors import Conflict, InvalidRequest
from terminal.payments.attempt import Signal, State
from terminal.payments.decide import hear
from terminal.payments.fact import Claim, Fact, Facts
from terminal.payments.sale import Attempt, Sale, SaleState

_BEING_TAKEN_BACK: Final = frozenset({State.REVERSING, State.REVERSE_UNKNOWN, State.MANUAL})
REFERENCE_MIN: Final = 4
DOUBT_MIN_S: Final = 60


def accept_paid(sale: Sale, *, reference: str, reason: str, at_ms: int, claims: tuple[Claim, ...] = ()) -> Facts:
    """Keep a payment that the bank proved while it was being taken back, as long as no reverse has succeeded.

    Args:
        reference: the bank's number as the person read it, the last four characters at least; it must be the
            proven payment's, so that nobody accepts another customer's.

    Raises:
        Conflict: ``accept_not_possible``, ``accept_without_evidence``; InvalidRequest: ``accept_reference_wrong``.
    """
    attempt = acceptable(sale)
    told = "".join(reference.split())
    if len(told) < REFERENCE_MIN or not attempt.provider_txn.endswith(told):
        raise InvalidRequest("accept_reference_wrong", attempt=attempt.id)
    body = {
        "kind": "accept_paid",
        "attempt": attempt.id,
        "reference": told,
        "reason": reason,
        "at_ms": at_ms,
    }
    return (
        Fact("override_made", body, claims=claims),
        *hear(sale, attempt.id, Signal.ACCEPT_PAID, at_ms=at_ms),
    )


def set_aside(sale: Sale, *, reason: str, doubt_s: int, at_ms: int, claims: tuple[Claim, ...] = ()) -> Facts:
    """Let another attempt begin although the last one's result is not known (3.4): on record, and only late.

    The old attempt keeps being resolved. Should both be paid, the second is an excess (I3).

    Args:
        doubt_s: whole seconds this doubt has lasted, by the monotonic clock; a restart begins anew.

    Raises:
        Conflict: ``sale_unverified``, ``override_not_checking``, ``override_proven``, ``override_too_early``.
    """
    if sale.mark:
        raise Conflict("sale_unverified", sale=sale.id)
    attempt = sale.blocking_attempt
    if attempt is None or sale.state is not SaleState.CHECKING or sale.cancel_why:
        raise Conflict("override_not_checking", sale=sale.id)
    if attempt.captured:
        raise Conflict("override_proven", sale=sale.id)
    if doubt_s < DOUBT_MIN_S:
        raise Conflict("override_too_early", seconds=DOUBT_MIN_S - doubt_s)
    body = {"kind": "new_attempt", "attempt": attempt.id, "reference": "", "reason": reason, "at_ms": at_ms}
    return (Fact("override_made", body, claims=claims),)


def acceptable(sale: Sale) -> Attempt:
    """The attempt an owner may accept. Raises Conflict("accept_not_possible" | "accept_without_evidence")."""
    live = [each for each in sale.attempts if each.state in _BEING_TAKEN_BACK and not sale.share_paid(each.share)]
    if not live:
        last = sale.last_attempt
        raise Conflict("accept_not_possible", attempt=last.id if last else "", state=sale.state.value)
    for each in live:
        if each.captured:
            return each
    raise Conflict("accept_without_evidence", attempt=live[-1].id)
