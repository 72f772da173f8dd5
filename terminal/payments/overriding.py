"""What an owner may decide against the machine's own course, on record: never without proof of payment (I2)."""

from typing import Final

from terminal.errors import Conflict, InvalidRequest
from terminal.payments.attempt import Signal, State
from terminal.payments.decide import hear
from terminal.payments.fact import Claim, Fact, Facts
from terminal.payments.sale import Attempt, Sale

_BEING_TAKEN_BACK: Final = frozenset({State.REVERSING, State.REVERSE_UNKNOWN, State.MANUAL})
REFERENCE_MIN: Final = 4


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
