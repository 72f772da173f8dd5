"""What may happen to a sale: each function checks the rules and returns the facts to be made durable.

Pure: the caller appends the facts in one transaction and only then acts. ``at_ms`` is wall time for the
record; no outcome depends on it (I17).
"""

from dataclasses import dataclass, field, replace
from typing import Any, Final

from terminal.errors import Conflict, InvalidRequest
from terminal.payments.attempt import FIRST, Direction, Move, Opens, Signal, State, step
from terminal.payments.evidence import evidence_fields
from terminal.payments.exceptions import PROOF, exceptions, sale_to
from terminal.payments.fact import Claim, Fact, Facts, fold
from terminal.payments.fees import FeeRule
from terminal.payments.lines import SaleLine, check_sum
from terminal.payments.money import Money
from terminal.payments.notice import Notice, Trade
from terminal.payments.part import leave, leaves_rest, part_approved
from terminal.payments.refund import RefundState
from terminal.payments.sale import Attempt, Sale, SaleState, derive

SEARCHED_MAX: Final = 16  # words a sale is found by


@dataclass(frozen=True, slots=True)
class OpenSale:
    """A request for money as every door hands it in."""

    counter: str
    amount: Money
    title: str = ""
    order_no: str = ""
    reference: str = ""
    directions: tuple[Direction, ...] = ("push", "pull")
    shares: tuple[int, ...] = field(default=())
    lines: tuple[SaleLine, ...] = ()


def open_sale(request: OpenSale, *, sale: str, no: int, at_ms: int, claims: tuple[Claim, ...] = ()) -> Facts:
    shares = request.shares or (request.amount.minor,)
    if sum(shares) != request.amount.minor or min(shares) < 1:
        raise InvalidRequest("shares_do_not_add_up", amount=request.amount.plain())
    check_sum(request.lines, request.amount)
    body: dict[str, Any] = {
        "sale": sale,
        "counter": request.counter,
        "no": no,
        "amount_minor": request.amount.minor,
        "currency": request.amount.currency,
        "shares": list(shares),
        "title": request.title,
        "order_no": request.order_no,
        "reference": request.reference,
        "directions": list(request.directions),
        "at_ms": at_ms,
    }
    if request.lines:
        body["lines"] = [each.fields() for each in request.lines]
    return (Fact("sale_opened", body, claims=claims),)


def start_attempt(
    sale: Sale,
    *,
    attempt: str,
    provider: str,
    direction: Direction,
    share: int = 0,
    at_ms: int,
    expires_ms: int,
    fee: FeeRule | None = None,
    claims: tuple[Claim, ...] = (),
) -> Facts:
    """The intent: durable before the first byte leaves (I5). One live attempt a sale (I15).

    Args:
        fee: the price agreed with the channel now; what a bill charges later is judged by it (row 116).

    Raises:
        Conflict: ``sale_ended``, ``sale_unverified``, ``attempt_live``, ``share_paid``.
    """
    if sale.ended:
        raise Conflict("sale_ended", sale=sale.id, state=sale.state.value)
    if sale.mark:
        raise Conflict("sale_unverified", sale=sale.id)
    if sale.blocking_attempt:
        raise Conflict("attempt_live", sale=sale.id, attempt=sale.blocking_attempt.id)
    if sale.cancel_why:
        raise Conflict("sale_ended", sale=sale.id, state=sale.state.value)  # what was taken is going back
    if sale.share_paid(share):
        raise Conflict("share_paid", sale=sale.id, share=share)
    body: dict[str, Any] = {
        "attempt": attempt,
        "share": share,
        "provider": provider,
        "direction": direction,
        "amount_minor": sale.shares[share],
        "currency": sale.amount.currency,
        "state": FIRST[direction].value,
        "at_ms": at_ms,
        "expires_ms": expires_ms,
    }
    if fee is not None:
        body["fee_rule"] = fee.fields()
    return (Fact("attempt_started", body, claims=(("order", attempt, sale.id), *claims)),)


def hear(
    sale: Sale,
    attempt_id: str,
    signal: Signal,
    *,
    at_ms: int,
    evidence: Notice | None = None,
    why: str = "",
    payload: str = "",
) -> Facts:
    """What follows when an attempt hears a signal. No facts: it knew already, nothing changes."""
    attempt = sale.attempt(attempt_id)
    assert signal not in PROOF or (evidence is not None and evidence.order_no == attempt.id), "I2"
    if signal is Signal.ACCEPT_PAID:
        _check_accept(attempt)
    move = step(attempt.direction, attempt.state, signal)
    facts: list[Fact] = []
    if move.to is not attempt.state:
        facts.append(_moved(sale, attempt, signal, move, at_ms, evidence, why, payload))
    elif signal in PROOF and evidence is not None and not attempt.captured:
        body = {"attempt": attempt.id, "evidence": evidence_fields(evidence), "at_ms": at_ms}
        facts.append(Fact("evidence_noted", body))
    facts += exceptions(sale, _as_told(attempt, evidence), move, signal, evidence, at_ms)
    if not facts:
        return ()
    after = fold(sale, facts)
    if parted := part_approved(sale, after, attempt_id, at_ms):
        if sale.parked:
            return (*facts, *parted, *leave(fold(after, parted), why="part_parked", at_ms=at_ms))
        facts += parted
        after = fold(after, parted)
    return (*facts, *_sale_follows(sale, after, attempt_id, at_ms))


def _as_told(attempt: Attempt, evidence: Notice | None) -> Attempt:
    """With the amount that was taken, where that is less than was asked."""
    minor = evidence.amount_minor if evidence is not None and evidence.trade is Trade.PAID else None
    if minor is None or minor >= attempt.amount.minor:
        return attempt
    return replace(attempt, amount=Money(minor, attempt.amount.currency))


def _check_accept(attempt: Attempt) -> None:
    if not attempt.captured:
        raise Conflict("accept_without_evidence", attempt=attempt.id)
    if attempt.state not in {State.REVERSING, State.REVERSE_UNKNOWN, State.MANUAL}:
        raise Conflict("accept_not_possible", attempt=attempt.id, state=attempt.state.value)


def _moved(
    sale: Sale,
    attempt: Attempt,
    signal: Signal,
    move: Move,
    at_ms: int,
    evidence: Notice | None,
    why: str,
    payload: str,
) -> Fact:
    body: dict[str, Any] = {
        "attempt": attempt.id,
        "signal": signal.value,
        "from": attempt.state.value,
        "to": move.to.value,
        "at_ms": at_ms,
    }
    if move.flag:
        body["flag"] = move.flag.value
    if evidence:
        body["evidence"] = evidence_fields(evidence)
    if why:
        body["why"] = why
    if payload:
        body["payload"] = payload
    return Fact("attempt_moved", body, owes=tuple(_owed_by_move(sale, _as_told(attempt, evidence), move)))


def _owed_by_move(sale: Sale, attempt: Attempt, move: Move) -> list[dict[str, Any]]:
    """Voice and paper owed by a move; the glass follows the state itself and needs no memory.

    Ids are made of what they tell, so nothing is owed twice. A parked sale ends while the next customer stands
    at the counter: "received" or "not paid" would be taken for theirs.
    """
    told = {"attempt": attempt.id}
    if move.to is State.PAID and sale.share_paid(attempt.share):
        return []  # an excess: its exception owes the chime
    if move.to is State.PAID:
        says = "late" if move.opens is Opens.PAID_LATE or sale.parked else "paid"
        voice = {"id": f"{attempt.id}:voice:{says}", "kind": "voice", "says": says, **told}
        paper = {"id": f"{attempt.id}:receipt", "kind": "receipt", **told}
        return [voice] if leaves_rest(sale, attempt) else [voice, paper]  # one slip for all of it, when it is paid
    if sale.parked or sale.switching or attempt.set_aside:
        return []
    if move.to in {State.UNKNOWN, State.REVERSING} and not attempt.doubted:
        return [{"id": f"{attempt.id}:voice:checking", "kind": "voice", "says": "checking", **told}]
    if move.to in {State.DECLINED, State.CLOSED, State.REVERSED, State.NOT_SENT}:
        return [
            {"id": f"{attempt.id}:voice:not_paid", "kind": "voice", "says": "not_paid", **told},
        ]
    return []


def _sale_follows(before: Sale, after: Sale, attempt_id: str, at_ms: int) -> Facts:
    state = derive(after)
    why = ""
    if state is SaleState.OPEN and after.live_attempt is None:
        attempt = after.attempt(attempt_id)
        if after.cancel_why:
            state, why = SaleState.CANCELLED, after.cancel_why
        elif after.parked or (attempt.state in {State.CLOSED, State.REVERSED} and not after.switching):
            state, why = SaleState.EXPIRED, "not_paid_in_time"
    return sale_to(before, after, state, why, at_ms)


def request_cancel(sale: Sale, *, why: str, at_ms: int) -> Facts:
    """Somebody wants out. With no live attempt the sale ends now; else proof comes first (row 31)."""
    if sale.state is SaleState.PAID:
        raise Conflict("sale_paid", sale=sale.id)
    if sale.ended or sale.cancel_why:
        return ()
    if sale.mark:
        raise Conflict("sale_unverified", sale=sale.id)  # goods may have gone: an owner writes it off
    asked = Fact("cancel_requested", {"why": why, "at_ms": at_ms})
    after = fold(sale, (asked,))
    if sale.live_attempt or sale.state is SaleState.PART_PAID:
        return (asked, *sale_to(sale, after, derive(after), why, at_ms))  # what was taken goes back first
    return (asked, *sale_to(sale, after, SaleState.CANCELLED, why, at_ms))


def request_switch(sale: Sale, *, at_ms: int) -> Facts:
    """The customer's code was scanned while ours is shown: close ours with proof first."""
    if sale.ended or sale.switching or sale.live_attempt is None:
        return ()
    return (Fact("switch_requested", {"at_ms": at_ms}),)


def expire(sale: Sale, *, at_ms: int) -> Facts:
    """Nobody went on with it: an open sale with nothing live ends."""
    if sale.ended or sale.live_attempt:
        return ()
    if sale.state is SaleState.PART_PAID and not sale.cancel_why:
        return leave(sale, why="part_idle", at_ms=at_ms)
    if sale.state is not SaleState.OPEN:
        return ()
    return sale_to(sale, sale, SaleState.EXPIRED, "idle", at_ms)


def park(sale: Sale, *, at_ms: int) -> Facts:
    """Free the counter while the doubt is resolved in the background."""
    if sale.parked or sale.ended:
        return ()
    return (Fact("sale_parked", {"at_ms": at_ms}),)


def swept(attempt_id: str, *, at_ms: int) -> Facts:
    return (Fact("attempt_swept", {"attempt": attempt_id, "at_ms": at_ms}),)


def summary(sale: Sale) -> dict[str, Any]:
    """The row for lists and recovery; replaced as a whole by every event that changes it."""
    last = sale.last_attempt
    paid = next((each for each in sale.attempts if each.pays), None)
    refunded = sum(x.amount.minor for x in sale.refunds if x.state is RefundState.REFUNDED)
    marked = {"mark": sale.mark} if sale.mark else {}
    return {
        **marked,
        "kind": "sale",
        "final": sale.final,
        "open": not sale.ended and not sale.parked,
        "state": sale.state.value,
        "word": sale.word,
        "no": sale.no,
        "amount_minor": sale.amount.minor,
        "currency": sale.amount.currency,
        "order_no": sale.order_no,
        "wallet": paid.wallet if paid else "",
        "attempt": last.id if last else "",
        # the newest attempt pays all of it: a bill's line can be held against this row, without the sale's events
        "last_pays": last is not None and last.pays and len(sale.shares) == 1,
        "channel": last.provider if last else "",
        "fee": last.fee.id if last and last.fee else "",
        "refunded_minor": refunded,
        "exceptions": [x.kind for x in sale.exceptions if not x.closed],
        "search": _searched(paid.provider_txn if paid else "", sale.order_no, sale.reference),
    }


def _searched(*texts: str) -> list[str]:
    """A till may send a reference of any number of words; what lists cannot keep must never stop a payment."""
    return [word for text in texts for word in text.split()][:SEARCHED_MAX]
