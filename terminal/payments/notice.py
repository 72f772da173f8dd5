"""What a bank or wallet tells us, as values. A Notice exists only after its origin was verified."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal

Source = Literal["notification", "query", "pay", "reverse", "bill"]


class Trade(StrEnum):
    """What the provider says about one order."""

    UNPAID = "unpaid"
    PAYING = "paying"  # the customer is confirming
    PAID = "paid"
    CLOSED = "closed"  # can no longer be paid
    REVERSED = "reversed"  # taken back, or never taken, after our reverse
    FAILED = "failed"  # this attempt is over and nothing was taken
    RETURNED = "returned"  # was paid; money went back wholly or partly


@dataclass(frozen=True, slots=True)
class Notice:
    """Verified evidence about one order at one provider.

    Args:
        evidence_id: the notification's id, or ``sha256:…`` of the raw answer; one id counts once.
        amount_minor: what the order asks for, smallest unit; None where the provider does not say.
        payer_minor: what the customer paid after the wallet's own discounts; None where not said.
        paid_at: RFC 3339 as the provider wrote it, empty when not paid.
        wallet: name of the wallet for screen, voice and receipt, such as ``wechatpay``.
    """

    provider: str
    source: Source
    evidence_id: str
    merchant_id: str
    app_id: str
    order_no: str
    trade: Trade
    amount_minor: int | None
    currency: str | None
    provider_txn: str = ""
    payer_minor: int | None = None
    paid_at: str = ""
    wallet: str = ""
    bank: str = ""


class RefundTrade(StrEnum):
    PROCESSING = "processing"
    REFUNDED = "refunded"
    FAILED = "failed"  # definite: the reserved amount is free again
    ABNORMAL = "abnormal"  # the payer's account cannot take it: a person must act


@dataclass(frozen=True, slots=True)
class RefundNotice:
    """Verified evidence about one refund."""

    provider: str
    source: Source
    evidence_id: str
    merchant_id: str
    order_no: str
    refund_no: str
    trade: RefundTrade
    amount_minor: int | None
    currency: str | None
    provider_refund: str = ""
    refunded_at: str = ""


# Answers: every way a provider call can end. Only Told and RefundTold carry evidence.


@dataclass(frozen=True, slots=True)
class CodeReady:
    """An order exists at the provider; ``payload`` is what the code must say."""

    payload: str


@dataclass(frozen=True, slots=True)
class Told:
    """A verified answer that states the order's condition. ``others``: it was paid more than once, one each."""

    notice: Notice
    others: tuple[Notice, ...] = ()


@dataclass(frozen=True, slots=True)
class RefundTold:
    notice: RefundNotice


@dataclass(frozen=True, slots=True)
class Accepted:
    """A verified yes to close or reverse."""


@dataclass(frozen=True, slots=True)
class Paying:
    """A verified "the customer is confirming" to a pay or reverse call."""


class Refusal(StrEnum):
    """Definite refusals in our words; connectors map their codes to these."""

    CODE_EXPIRED = "code_expired"
    CODE_INVALID = "code_invalid"
    NO_FUNDS = "no_funds"
    LIMIT = "limit"
    ORDER_CLOSED = "order_closed"
    ORDER_PAID = "order_paid"
    ORDER_REVERSED = "order_reversed"
    ORDER_NO_USED = "order_no_used"
    TOO_YOUNG = "too_young"  # to be closed
    REVERSE_ONLY = "reverse_only"  # a pull order cannot be closed
    NOT_REVERSIBLE = "not_reversible"  # already paid, window over or settled
    REFUND_TOO_MUCH = "refund_too_much"
    REFUND_WINDOW_OVER = "refund_window_over"
    BAD_REQUEST = "bad_request"  # our request or configuration is wrong
    NOT_ENTITLED = "not_entitled"  # the merchant lacks this product
    CLOCK_OR_KEY = "clock_or_key"  # our signature was not accepted


@dataclass(frozen=True, slots=True)
class Refused:
    """A verified definite no: nothing happened and nothing will."""

    why: Refusal
    text: str = ""  # the provider's own words, shown as text only


@dataclass(frozen=True, slots=True)
class NotThere:
    """The provider knows no such order or refund (yet: believed late and twice)."""


@dataclass(frozen=True, slots=True)
class NotSent:
    """No byte left this machine: nothing can have happened."""

    why: str


@dataclass(frozen=True, slots=True)
class Unclear:
    """It may have happened: time-out, reset, 5xx, 429, unreadable or unverified answer."""

    why: str
    retry_after_s: float | None = None


Answer = CodeReady | Told | RefundTold | Accepted | Paying | Refused | NotThere | NotSent | Unclear


@dataclass(frozen=True, slots=True)
class CallMade:
    """One exchange with a provider as far as it is told: never a body, a header or an address.

    Args:
        act: what was asked: order, pay, query, close, reverse, refund, query_refund.
        about: the order or refund number it was about.
        outcome: of ``outcome_of``, or ``given_up`` when nobody waited for the answer any more.
    """

    act: str
    about: str
    outcome: str
    took_s: float


def outcome_of(answer: Answer) -> str:
    """An answer in one word of few: a verified one by what it says, the others by how they ended."""
    match answer:
        case Told(notice):
            return notice.trade.value
        case RefundTold(notice):
            return f"refund_{notice.trade.value}"
        case _:
            return _OUTCOMES[type(answer)]


_OUTCOMES: Final[Mapping[type, str]] = {
    CodeReady: "code",
    Accepted: "accepted",
    Paying: "paying",
    Refused: "refused",
    NotThere: "not_there",
    NotSent: "not_sent",
    Unclear: "unclear",
}


def tells(answer: Answer, *, was_paid: bool) -> bool:
    """Whether the provider has said how the order stands now.

    ``was_paid``: it has said so before; "not found" and "not paid yet" are a lag behind itself then.
    """
    if was_paid:
        return isinstance(answer, Told) and answer.notice.trade is not Trade.PAYING
    return isinstance(answer, Told | NotThere | Paying)
