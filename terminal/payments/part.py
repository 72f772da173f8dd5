"""A channel approved less than was asked: what it took pays a share of its own, the rest is asked for anew.

Until all of it is paid, the sale is paid in part. Not wanted any more, it ends once everything went back, with
proof; what nobody can send back at once is before a person.
"""

from typing import Final

from terminal.payments.exceptions import late_part, sale_to
from terminal.payments.fact import Fact, Facts, fold
from terminal.payments.sale import Attempt, Sale, SaleState, derive

LEFT_ALONE: Final = frozenset({"part_idle", "part_parked"})
"""Why nobody goes on with it although nobody cancelled: its money waits for a person, it is not sent back."""


def leaves_rest(sale: Sale, attempt: Attempt) -> bool:
    """What this attempt took is less than its share, which nothing else has paid."""
    return attempt.amount.minor < sale.shares[attempt.share]


def part_approved(before: Sale, after: Sale, attempt_id: str, at_ms: int) -> Facts:
    """``after``: with what the attempt has just heard. Nothing unless it pays now, and only in part."""
    attempt = after.attempt(attempt_id)
    if not attempt.pays or before.share_paid(attempt.share) or not leaves_rest(after, attempt):
        return ()
    taken = attempt.amount.minor
    body = {
        "attempt": attempt.id,
        "share": attempt.share,
        "amount_minor": taken,
        "left_minor": after.shares[attempt.share] - taken,
        "at_ms": at_ms,
    }
    return (Fact("part_approved", body),)


def awaits_rest(sale: Sale) -> bool:
    """The next tender begins by itself: part was approved, and nothing was begun for the rest."""
    if sale.state is not SaleState.PART_PAID or sale.blocking_attempt or sale.cancel_why or sale.parked:
        return False
    begun = {each.share for each in sale.attempts}
    parts = any(each.pays and each.asked_minor for each in sale.attempts)
    return parts and any(share not in begun for share in range(len(sale.shares)))


def to_give_back(sale: Sale) -> list[Attempt]:
    """What a cancelled sale had taken and nobody has asked back yet; each is asked for once by itself."""
    if sale.ended or sale.live_attempt or not sale.cancel_why or sale.cancel_why in LEFT_ALONE:
        return []
    asked = {each.attempt for each in sale.refunds}
    return [each for each in sale.attempts if each.pays and each.captured and each.id not in asked]


def leave(sale: Sale, *, why: str, at_ms: int) -> Facts:
    """Nobody goes on with the rest: the counter is free, and what was taken is late money before a person."""
    assert why in LEFT_ALONE
    facts: list[Fact] = [Fact("cancel_requested", {"why": why, "at_ms": at_ms})]
    if not sale.parked:
        facts.append(Fact("sale_parked", {"at_ms": at_ms}))
    for each in sale.attempts:
        if each.pays:
            facts += late_part(sale, each, at_ms)
    after = fold(sale, facts)
    return (*facts, *sale_to(sale, after, derive(after), why, at_ms))
