"""Giving money back: reserved and intended in one fact, followed to a definite end (I8)."""

from typing import Any

from terminal.errors import Conflict, InvalidRequest
from terminal.payments.exceptions import refund_contradicted, refund_stuck, refunded_ends
from terminal.payments.fact import Claim, Fact, Facts, fold
from terminal.payments.money import Money
from terminal.payments.refund import CONTRADICTS, RefundSignal, RefundState, refund_step
from terminal.payments.sale import Sale


def start_refund(
    sale: Sale,
    attempt_id: str,
    amount: Money,
    *,
    refund: str,
    reason: str,
    actor: str,
    approver: str,
    at_ms: int,
    claims: tuple[Claim, ...] = (),
) -> Facts:
    """Reserve and intend in one fact (I8).

    Raises:
        InvalidRequest: ``refund_too_much``, ``refund_reason_missing``; Conflict: ``refund_not_paid``.
    """
    attempt = sale.attempt(attempt_id)
    if not attempt.captured or attempt.live:
        raise Conflict("refund_not_paid", sale=sale.id)
    if not reason.strip():
        raise InvalidRequest("refund_reason_missing", field="reason")
    left = sale.refundable_minor(attempt)
    if amount.currency != sale.amount.currency or not 1 <= amount.minor <= left:
        raise InvalidRequest("refund_too_much", left=Money(max(left, 0), sale.amount.currency).plain())
    body = {
        "refund": refund,
        "attempt": attempt_id,
        "amount_minor": amount.minor,
        "reason": reason,
        "actor": actor,
        "approver": approver,
        "at_ms": at_ms,
    }
    return (Fact("refund_started", body, claims=(("refund", refund, sale.id), *claims)),)


def hear_refund(
    sale: Sale, refund_id: str, signal: RefundSignal, *, at_ms: int, why: str = "", provider_refund: str = ""
) -> Facts:
    refund = sale.refund(refund_id)
    if (refund.state, signal) in CONTRADICTS:
        return refund_contradicted(sale, refund, at_ms)
    to = refund_step(refund.state, signal)
    if to is refund.state:
        return ()
    owes: tuple[dict[str, Any], ...] = ()
    if to is RefundState.REFUNDED:
        owes = ({"id": f"{refund_id}:receipt", "kind": "receipt", "refund": refund_id},)
    body = {
        "refund": refund_id,
        "signal": signal.value,
        "from": refund.state.value,
        "to": to.value,
        "why": why,
        "provider_refund": provider_refund,
        "at_ms": at_ms,
    }
    facts = (Fact("refund_moved", body, owes=owes),)
    if to is RefundState.MANUAL:
        return (*facts, *refund_stuck(sale, refund, at_ms))
    if to is not RefundState.REFUNDED:
        return facts
    after = fold(sale, facts)
    return (*facts, *refunded_ends(after, refund.attempt, at_ms))
