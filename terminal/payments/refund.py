"""Money going back: states of one refund number at one provider (same number + same amount may be resent)."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class RefundState(StrEnum):
    INTENT = "intent"
    SENT = "sent"  # accepted and in progress at the provider, or on its way there
    UNKNOWN = "unknown"
    QUEUED = "queued"  # accepted here, nothing of it is at the provider: it leaves when its time has come
    REFUNDED = "refunded"
    FAILED = "failed"  # definite: the reserved amount is free, the number is never used again
    MANUAL = "manual"  # the payer's account cannot take it: a person must act; stays reserved


class RefundSignal(StrEnum):
    COMMITTED = "committed"
    PROCESSING = "processing"
    REFUNDED = "refunded"
    REFUSED = "refused"
    FAILED = "failed"
    ABNORMAL = "abnormal"
    UNCLEAR = "unclear"
    NOT_FOUND = "not_found"  # resend under the same number
    NOT_SENT = "not_sent"
    DUE = "due"  # its time has come: it leaves now
    CANCELLED = "cancelled"  # by a person, while nothing of it was sent
    RESTART = "restart"


_R, _E = RefundState, RefundSignal
REFUND_ENDED: Final = frozenset({_R.REFUNDED, _R.FAILED})

_LIVE: Final = {
    _E.COMMITTED: _R.SENT,
    _E.PROCESSING: _R.SENT,
    _E.REFUNDED: _R.REFUNDED,
    _E.REFUSED: _R.FAILED,
    _E.FAILED: _R.FAILED,
    _E.ABNORMAL: _R.MANUAL,
    _E.UNCLEAR: _R.UNKNOWN,
    _E.NOT_FOUND: _R.UNKNOWN,
    _E.NOT_SENT: _R.UNKNOWN,  # never sent this time; an earlier try may have been
    _E.RESTART: _R.UNKNOWN,
}

REFUND_TABLE: Final[Mapping[tuple[RefundState, RefundSignal], RefundState]] = {
    **{(state, signal): to for state in (_R.INTENT, _R.SENT, _R.UNKNOWN) for signal, to in _LIVE.items()},
    **{(state, signal): state for state in (_R.INTENT, _R.SENT, _R.UNKNOWN) for signal in (_E.DUE, _E.CANCELLED)},
    # the answer to a resend must not free what an earlier, unseen answer may have taken: refusal of an
    # unknown refund is believed only from a query (FAILED)
    (_R.UNKNOWN, _E.REFUSED): _R.UNKNOWN,
    (_R.UNKNOWN, _E.COMMITTED): _R.UNKNOWN,  # sent again: the doubt about the first time stays
    **{(_R.MANUAL, signal): _R.MANUAL for signal in _E},
    (_R.MANUAL, _E.REFUNDED): _R.REFUNDED,
    (_R.MANUAL, _E.FAILED): _R.FAILED,
    **{(_R.QUEUED, signal): _R.QUEUED for signal in _E},
    (_R.QUEUED, _E.DUE): _R.INTENT,
    (_R.QUEUED, _E.CANCELLED): _R.FAILED,
    (_R.QUEUED, _E.PROCESSING): _R.SENT,  # evidence is evidence: an earlier "not now" was not the last word
    (_R.QUEUED, _E.REFUNDED): _R.REFUNDED,
    (_R.QUEUED, _E.FAILED): _R.FAILED,
    (_R.QUEUED, _E.ABNORMAL): _R.MANUAL,
    **{(state, signal): state for state in REFUND_ENDED for signal in _E},
}


CONTRADICTS: Final[frozenset[tuple[RefundState, RefundSignal]]] = frozenset(
    {(_R.FAILED, _E.REFUNDED), (_R.REFUNDED, _E.FAILED), (_R.REFUNDED, _E.ABNORMAL)}
)
"""Evidence against how a refund ended: the end stands, a person sees it (I7)."""


def refund_step(state: RefundState, signal: RefundSignal) -> RefundState:
    return REFUND_TABLE[state, signal]  # total: every pair has a row
