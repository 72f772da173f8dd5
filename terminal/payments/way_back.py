"""Void or refund, by the channel's own rule: what goes back on the same day may be undone instead. Pure."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

from terminal.payments.attempt import State
from terminal.payments.money import Money
from terminal.payments.profile import Profile
from terminal.payments.sale import Attempt, Sale

Kind = Literal["void", "refund"]
Why = Literal[
    "rule", "not_by_channel", "not_this_way", "not_paid", "part", "not_the_first", "other_day", "too_late"
]
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MS: Final = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Way:
    """``void``: the payment is undone, nothing is charged. ``why``: the part of the rule that decided."""

    kind: Kind
    why: Why


def way_back(sale: Sale, attempt: Attempt, amount: Money, profile: Profile, now_ms: int) -> Way:
    """How this amount of this attempt goes back, should it be asked for now.

    A wrong clock costs a refused reverse and no money: the provider's own word decides.

    Args:
        now_ms: wall time by the provider's clock, as far as that is known.
    """
    rule = profile.void
    paid_ms = paid_at_ms(attempt)
    within_s = rule.within_s or profile.timings.reverse_window_s
    checks: tuple[tuple[Why, bool], ...] = (
        ("not_by_channel", profile.void_by_reverse),
        ("not_this_way", attempt.direction in rule.directions),
        ("not_paid", attempt.captured and attempt.state is State.PAID and not _twice(sale, attempt)),
        ("part", amount == attempt.amount),
        ("not_the_first", all(each.attempt != attempt.id for each in sale.refunds)),
        ("other_day", not rule.same_day or _day(paid_ms, profile) == _day(now_ms, profile)),
        ("too_late", now_ms - paid_ms <= within_s * 1000),
    )
    refused = next((why for why, holds in checks if not holds), None)
    return Way("refund", refused) if refused else Way("void", "rule")


def _twice(sale: Sale, attempt: Attempt) -> bool:
    """The provider took money for this order twice: a reverse has no amount, so it could give back both."""
    return any(each.id.startswith(f"{attempt.id}:excess:") for each in sale.exceptions)


def paid_at_ms(attempt: Attempt) -> int:
    """UTC milliseconds of the provider's own time of payment; of its beginning where none is readable."""
    try:
        moment = datetime.fromisoformat(attempt.paid_at)
    except ValueError:
        return attempt.started_ms
    return attempt.started_ms if moment.tzinfo is None else (moment - _EPOCH) // _MS


def _day(at_ms: int, profile: Profile) -> int:
    return (at_ms + profile.settlement_offset_min * 60_000) // 86_400_000
