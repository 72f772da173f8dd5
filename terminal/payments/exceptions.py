"""What a person must see: late money, excess, mismatches. None goes without a fact that says how it ended."""

from dataclasses import replace
from typing import Final

from terminal.errors import Conflict
from terminal.payments.attempt import TERMINAL, Move, Opens, Signal, State
from terminal.payments.evidence import evidence_fields
from terminal.payments.fact import Fact, Facts, fold
from terminal.payments.notice import Notice
from terminal.payments.refund import RefundState
from terminal.payments.sale import Attempt, Refund, Sale, SaleState, derive

PROOF: Final = frozenset({Signal.SUCCESS, Signal.BILL_PAID, Signal.NOT_REVERSIBLE})


def exceptions(
    sale: Sale, attempt: Attempt, move: Move, signal: Signal, evidence: Notice | None, at_ms: int
) -> list[Fact]:
    found: list[Fact] = []
    pays_now = move.to is State.PAID and attempt.state is not State.PAID
    if pays_now and sale.share_paid(attempt.share):
        found += _opened(sale, attempt, "excess", f"{attempt.id}:excess", at_ms, chime=attempt.id)
    elif move.opens is not None:
        kind = move.opens.value
        if move.opens is Opens.LATE:
            before = any(x.id == f"{attempt.id}:paid_late" for x in sale.exceptions)
            kind = "excess" if sale.share_paid(attempt.share) and not before else "paid_late"
        told = move.to is not attempt.state  # the move itself owes the chime
        found += _opened(sale, attempt, kind, f"{attempt.id}:{kind}", at_ms, chime="" if told else attempt.id)
    if signal in PROOF and evidence is not None and _captured_again(attempt, evidence):
        exception = f"{attempt.id}:excess:{evidence.provider_txn}"
        if opened := _opened(sale, attempt, "excess", exception, at_ms, chime=exception):
            body = {"attempt": attempt.id, "evidence": evidence_fields(evidence), "at_ms": at_ms}
            found += [
                Fact("evidence_noted", body),
                *opened,
            ]  # what was proven the first time stands for the attempt
    if attempt.live and move.to in TERMINAL:
        found += _doubt_over(sale, attempt, "accepted" if signal is Signal.ACCEPT_PAID else "proven", at_ms)
    return found


def _captured_again(attempt: Attempt, evidence: Notice) -> bool:
    """The provider took money for one order twice (B11): two transactions, both proven."""
    both = bool(attempt.provider_txn and evidence.provider_txn)
    return attempt.captured and both and evidence.provider_txn != attempt.provider_txn


def _opened(sale: Sale, attempt: Attempt, kind: str, exception: str, at_ms: int, chime: str = "") -> list[Fact]:
    """``chime``: what the id of the sound for late money starts with, empty when none is owed."""
    if any(each.id == exception for each in sale.exceptions):
        return []
    body = {
        "exception": exception,
        "kind": kind,
        "attempt": attempt.id,
        "amount_minor": attempt.amount.minor,
        "at_ms": at_ms,
    }
    late = chime and kind in {"paid_late", "excess"}
    owes = {"id": f"{chime}:voice:late", "kind": "voice", "says": "late", "attempt": attempt.id}
    return [Fact("exception_opened", body, owes=(owes,) if late else ())]


def open_mismatch(sale: Sale, attempt: Attempt, field_name: str, notice: Notice, *, at_ms: int) -> Facts:
    """Authentic but not ours in one field: never paid, always before a person, once (B6, B7)."""
    exception = f"{attempt.id}:mismatch:{field_name}"
    if any(each.id == exception for each in sale.exceptions):
        return ()
    evidence = evidence_fields(notice)
    refused = Fact(
        "evidence_refused",
        {"attempt": attempt.id, "field": field_name, "refused": evidence, "at_ms": at_ms},
    )
    return (refused, *_opened(sale, attempt, "mismatch", exception, at_ms))


def refund_mismatch(sale: Sale, refund: Refund, field_name: str, at_ms: int) -> Facts:
    """Authentic word about a refund, or its order, that is not ours in one field: before a person, once (B6)."""
    exception = f"{refund.id}:mismatch:{field_name}"
    if any(each.id == exception for each in sale.exceptions):
        return ()
    attempt = replace(sale.attempt(refund.attempt), amount=refund.amount)
    refused = Fact("refund_evidence_refused", {"refund": refund.id, "field": field_name, "at_ms": at_ms})
    return (refused, *_opened(sale, attempt, "mismatch", exception, at_ms))


def refund_contradicted(sale: Sale, refund: Refund, at_ms: int) -> Facts:
    """Evidence against the way a refund ended: nothing moves back, a person sees it (I7)."""
    attempt = replace(sale.attempt(refund.attempt), amount=refund.amount)
    return tuple(_opened(sale, attempt, "contradicted", f"{refund.id}:contradicted", at_ms))


def refund_stuck(sale: Sale, refund: Refund, at_ms: int) -> Facts:
    """The provider cannot give it back by itself: reserved until a person acts, and told until one has seen it."""
    attempt = replace(sale.attempt(refund.attempt), amount=refund.amount)
    return tuple(_opened(sale, attempt, "refund_manual", f"{refund.id}:refund_manual", at_ms))


def refund_late(sale: Sale, refund: Refund, at_ms: int) -> Facts:
    """The customer was promised it and the provider has not said that it is done: somebody looks after it."""
    attempt = replace(sale.attempt(refund.attempt), amount=refund.amount)
    return tuple(_opened(sale, attempt, "refund_late", f"{refund.id}:refund_late", at_ms))


def late_part(sale: Sale, attempt: Attempt, at_ms: int, *, chime: bool = True) -> list[Fact]:
    """What part of a sale was paid with, when nobody goes on with it: a person sends it back."""
    if sale.held_minor(attempt) <= 0:
        return []
    exception = f"{attempt.id}:paid_late"
    return _opened(sale, attempt, "paid_late", exception, at_ms, chime=exception if chime else "")


def channel_gone(sale: Sale, attempt: Attempt, refund: Refund | None = None, *, at_ms: int) -> Facts:
    """Nobody is left to ask: the channel of this attempt or refund is not in the settings any more (I4)."""
    about, amount = (refund.id, refund.amount) if refund else (attempt.id, attempt.amount)
    return tuple(_opened(sale, replace(attempt, amount=amount), "channel_gone", f"{about}:channel_gone", at_ms))


def window_over(sale: Sale, attempt: Attempt, at_ms: int) -> Facts:
    """The provider's time to end it is over and it is still in doubt: a person sees it; nothing moves by it."""
    return tuple(_opened(sale, attempt, "window_over", f"{attempt.id}:window_over", at_ms))


def _doubt_over(sale: Sale, attempt: Attempt, how: str, at_ms: int) -> list[Fact]:
    """The attempt has ended: nobody waits for the bank's word any more, what is left has a kind of its own."""
    return [
        _closing(each.id, attempt.id, how, "", at_ms)
        for each in sale.exceptions
        if each.id == f"{attempt.id}:window_over" and not each.closed
    ]


def till_not_told(sale: Sale, at_ms: int) -> Facts:
    """Paid, and the till that asked for it was gone by then and has not come back: goods may still lie there."""
    paid = next((each for each in sale.attempts if each.pays), None)
    if paid is None or sale.state is not SaleState.PAID:
        return ()
    return tuple(_opened(sale, paid, "till_not_told", f"{paid.id}:till_not_told", at_ms))


def till_told(sale: Sale, at_ms: int) -> Facts:
    """The till came back and heard it."""
    return tuple(
        _closing(each.id, each.attempt, "told", "", at_ms)
        for each in sale.exceptions
        if each.kind == "till_not_told" and not each.closed
    )


def refunded_ends(sale: Sale, attempt_id: str, at_ms: int) -> list[Fact]:
    """Late or excess money that went back whole is no longer before a person, nor a refund that came through."""
    ended = [each.id for each in sale.refunds if each.state is RefundState.REFUNDED]
    settled = {f"{each}:{kind}" for each in ended for kind in ("refund_manual", "refund_late")}
    whole = sale.held_minor(sale.attempt(attempt_id)) <= 0
    return [
        _closing(each.id, each.attempt, "refunded", "", at_ms)
        for each in sale.exceptions
        if each.attempt == attempt_id and not each.closed
        if each.id in settled or (whole and each.kind in {"paid_late", "excess"})
    ]


def _closing(exception: str, attempt: str, how: str, actor: str, at_ms: int) -> Fact:
    body = {"exception": exception, "attempt": attempt, "how": how, "actor": actor, "at_ms": at_ms}
    return Fact("exception_closed", body)


def sale_to(before: Sale, after: Sale, state: SaleState, why: str, at_ms: int) -> Facts:
    if state is before.state and state is after.state:
        return ()
    body = {"from": before.state.value, "to": state.value, "at_ms": at_ms, "why": why}
    return (Fact("sale_moved", body),)


def close_exception(sale: Sale, exception_id: str, how: str, *, actor: str, at_ms: int) -> Facts:
    """A person ends an exception: ``attached`` (late money pays its unpaid sale) or ``seen``.

    Raises:
        Conflict: ``exception_unknown``, ``attach_not_possible``, ``refund_first``.
    """
    found = next((each for each in sale.exceptions if each.id == exception_id and not each.closed), None)
    if found is None:
        raise Conflict("exception_unknown", exception=exception_id)
    attempt = sale.attempt(found.attempt)
    if how == "attached":
        if found.kind != "paid_late" or not attempt.captured or sale.live_attempt or _given_up(sale):
            raise Conflict("attach_not_possible", sale=sale.id)
        if attempt.pays:  # irreversible: it is paid already, a person has now taken note
            return (_closing(found.id, attempt.id, "seen", actor, at_ms),)
        if sale.share_paid(attempt.share) or sale.refundable_minor(attempt) < attempt.amount.minor:
            raise Conflict("attach_not_possible", sale=sale.id)
        receipt = {"id": f"{attempt.id}:receipt", "kind": "receipt", "attempt": attempt.id}
        closing = replace(_closing(found.id, attempt.id, how, actor, at_ms), owes=(receipt,))
        after = fold(sale, (closing,))
        return (closing, *sale_to(sale, after, derive(after), "attached", at_ms))
    ours = found.kind == "paid_late" and attempt.pays and (not _given_up(sale) or _cannot_go(sale, attempt))
    if found.kind in {"paid_late", "excess"} and not ours and sale.held_minor(attempt) > 0:
        raise Conflict("refund_first", sale=sale.id)
    seen = _closing(found.id, found.attempt, "seen", actor, at_ms)
    after = fold(sale, (seen,))
    return (seen, *sale_to(sale, after, derive(after), "", at_ms))


def _given_up(sale: Sale) -> bool:
    """It was paid in part and is not wanted any more: late money pays nothing of it."""
    return bool(sale.cancel_why) and sale.state is not SaleState.PAID and any(each.pays for each in sale.attempts)


def _cannot_go(sale: Sale, attempt: Attempt) -> bool:
    """The provider has refused to give it back: a person finds another way."""
    refused = {RefundState.FAILED, RefundState.MANUAL}
    return any(each.attempt == attempt.id and each.state in refused for each in sale.refunds)
