"""Giving money back: reserved and intended in one append, followed to a definite end (I8).

A void is a refund that begins by reversing its order. Only its own definite refusal, and proof that the order is
still paid, turns it into an ordinary refund of the same record: the amount stays reserved, and once it is one, the
order is never reversed again.
"""

from collections.abc import Collection, Sequence
from typing import Any, Final

from terminal.errors import Conflict, InvalidRequest
from terminal.payments.exceptions import (
    late_part,
    refund_contradicted,
    refund_late,
    refund_stuck,
    refunded_ends,
    sale_to,
)
from terminal.payments.fact import Claim, Fact, Facts, fold
from terminal.payments.money import Money
from terminal.payments.notice import Notice
from terminal.payments.refund import CONTRADICTS, REFUND_ENDED, RefundSignal, RefundState, refund_step
from terminal.payments.sale import Attempt, Refund, Sale, derive
from terminal.payments.way_back import Way

_AS_REFUND: Final = Way("refund", "not_by_channel")


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
    way: Way = _AS_REFUND,
    due_ms: int = 0,
    lines: tuple[int, ...] = (),
) -> Facts:
    """Reserve and intend in one append (I8).

    Args:
        due_ms: when the provider takes it, wall time; 0 is now. Until then it is queued, on paper too.
        lines: of the sale's lines, from 1, those that go back; ``amount`` is theirs.

    Raises:
        InvalidRequest: ``refund_too_much``, ``refund_reason_missing``, as ``lines_minor``; Conflict:
            ``refund_not_paid``, ``refund_part_paid``: it pays part of a sale that goes on.
    """
    attempt = sale.attempt(attempt_id)
    if not attempt.captured or attempt.live:
        raise Conflict("refund_not_paid", sale=sale.id)
    if _counts(sale, attempt):
        raise Conflict("refund_part_paid", sale=sale.id)
    if not reason.strip():
        raise InvalidRequest("refund_reason_missing", field="reason")
    _check_amount(sale, attempt, amount, lines)
    body: dict[str, Any] = {
        "refund": refund,
        "attempt": attempt_id,
        "amount_minor": amount.minor,
        "reason": reason,
        "actor": actor,
        "approver": approver,
        "at_ms": at_ms,
    }
    if lines:
        body["lines"] = list(lines)
    facts: Facts = (Fact("refund_started", body, claims=(("refund", refund, sale.id), *claims)),)
    if way.kind == "void":
        return (*facts, _way_chosen(refund, way, at_ms))
    if due_ms:
        facts += queue_refund(fold(sale, facts), refund, due_ms=due_ms, why="out_of_hours", at_ms=at_ms)
    return facts


def _check_amount(sale: Sale, attempt: Attempt, amount: Money, lines: tuple[int, ...]) -> None:
    if lines:
        lines_minor(sale, lines, amount.minor)
    left = sale.refundable_minor(attempt)
    if amount.currency != sale.amount.currency or not 1 <= amount.minor <= left:
        raise InvalidRequest("refund_too_much", left=Money(max(left, 0), sale.amount.currency).plain())


def lines_minor(sale: Sale, lines: Sequence[int], amount_minor: int | None) -> int:
    """What these lines of the sale, from 1, were sold for.

    Raises:
        InvalidRequest: ``refund_line_gone`` at the first that is none, is named twice, or went back before;
            ``refund_lines_amount``: an amount is asked for, and it is not theirs; ``amount_not_positive``.
    """
    back = {line for each in sale.going_back() for line in each.lines}
    for at, line in enumerate(lines):
        if not 1 <= line <= len(sale.lines) or line in back or line in lines[:at]:
            raise InvalidRequest("refund_line_gone", n=line)
    sold = Money(sum(sale.lines[line - 1].amount_minor for line in lines), sale.amount.currency)
    if amount_minor is not None and amount_minor != sold.minor:
        asked = Money(amount_minor, sale.amount.currency)
        raise InvalidRequest("refund_lines_amount", lines=sold.plain(), amount=asked.plain())
    if sold.minor < 1:
        raise InvalidRequest("amount_not_positive")
    return sold.minor


def _counts(sale: Sale, attempt: Attempt) -> bool:
    """The rest of the sale is still asked for beside it: given back, it would be paid with money that is gone."""
    beside = any(each.id == f"{attempt.id}:excess" for each in sale.exceptions)
    return attempt.pays and not beside and not sale.ended and not sale.cancel_why


def _way_chosen(refund: str, way: Way, at_ms: int) -> Fact:
    return Fact("refund_way_chosen", {"refund": refund, "way": way.kind, "why": way.why, "at_ms": at_ms})


def void_refused(sale: Sale, refund_id: str, why: str, *, at_ms: int) -> Facts:
    """The order can no longer be reversed and is proven to be still paid: from here on a refund, never both."""
    refund = sale.refund(refund_id)
    if refund.way != "void" or refund.state in REFUND_ENDED:
        return ()
    body = {"refund": refund_id, "way": "refund", "why": why, "at_ms": at_ms}
    return (Fact("refund_way_chosen", body),)


def queue_refund(sale: Sale, refund_id: str, *, due_ms: int, why: str, at_ms: int) -> Facts:
    """Nothing of it is at the provider; it waits for its time. Its paper says so, once."""
    refund = sale.refund(refund_id)
    if refund.state is not RefundState.INTENT or refund.way != "refund":
        return ()
    body = {"refund": refund_id, "due_ms": due_ms, "why": why, "at_ms": at_ms}
    paper = {"id": f"{refund_id}:queued:receipt", "kind": "receipt", "refund": refund_id}
    return (Fact("refund_queued", body, owes=() if refund.due_ms else (paper,)),)


def cancel_refund(sale: Sale, refund_id: str, *, at_ms: int) -> Facts:
    """A queued refund is not wanted any more: definite, nothing of it was ever sent.

    Raises:
        Conflict: ``refund_unknown``, ``refund_not_queued``.
    """
    found = next((each for each in sale.refunds if each.id == refund_id), None)
    if found is None:
        raise Conflict("refund_unknown", refund=refund_id)
    if found.state is not RefundState.QUEUED:
        raise Conflict("refund_not_queued", refund=refund_id)
    return hear_refund(sale, refund_id, RefundSignal.CANCELLED, at_ms=at_ms, why="cancelled_by_person")


def remind(sale: Sale, refund_id: str, *, at_ms: int) -> Facts:
    """It has had no end for too long: a person must see it, once."""
    refund = sale.refund(refund_id)
    return () if refund.state in REFUND_ENDED | {RefundState.MANUAL} else refund_late(sale, refund, at_ms)


def shown_void(sale: Sale, notice: Notice, shows: Collection[str]) -> Refund | None:
    """The refund that this word about its order proves, because it began as a void; None: it proves none."""
    if notice.trade.value not in shows:
        return None
    return next((each for each in sale.refunds if each.attempt == notice.order_no and each.voided), None)


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
    after, attempt = fold(sale, facts), sale.attempt(refund.attempt)
    if to is RefundState.FAILED and not sale.ended and sale.cancel_why and attempt.pays:
        return (*facts, *late_part(after, attempt, at_ms))
    if to is not RefundState.REFUNDED:
        return facts
    done: Facts = (*facts, *refunded_ends(after, refund.attempt, at_ms))
    after = fold(sale, done)
    return (*done, *sale_to(sale, after, derive(after), sale.cancel_why, at_ms))
