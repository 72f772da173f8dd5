"""Does this evidence prove this payment? Authentic is not valid: every field is compared (I2, S12)."""

from dataclasses import dataclass
from typing import Final, Literal

from terminal.payments.attempt import Signal
from terminal.payments.notice import Notice, RefundNotice, RefundTrade, Trade
from terminal.payments.refund import RefundSignal
from terminal.payments.sale import Attempt, Refund, Sale

Field = Literal["provider", "merchant_id", "app_id", "order_no", "amount", "currency", "refund_no", "channel"]


@dataclass(frozen=True, slots=True)
class Account:
    """Who we are at a provider. An empty ``app_id`` means the provider has none.

    ``approves_part``: the channel's profile says that less than was asked may be paid (row 33).
    """

    provider: str
    merchant_id: str
    app_id: str
    approves_part: bool = False


@dataclass(frozen=True, slots=True)
class Mismatch:
    """The first field that differs. Never paid; a person and the risk log see it."""

    field: Field


_TRADE: Final = {
    Trade.UNPAID: Signal.UNPAID,
    Trade.PAYING: Signal.PAYING,
    Trade.PAID: Signal.SUCCESS,
    Trade.CLOSED: Signal.CLOSED_THERE,
    Trade.REVERSED: Signal.CLOSED_THERE,
    Trade.FAILED: Signal.CLOSED_THERE,
    Trade.RETURNED: Signal.RETURNED,
}

_REFUND: Final = {
    RefundTrade.PROCESSING: RefundSignal.PROCESSING,
    RefundTrade.REFUNDED: RefundSignal.REFUNDED,
    RefundTrade.FAILED: RefundSignal.FAILED,
    RefundTrade.ABNORMAL: RefundSignal.ABNORMAL,
}


def _foreign(account: Account, provider: str, merchant_id: str) -> Field | None:
    if provider != account.provider:
        return "provider"
    return "merchant_id" if merchant_id != account.merchant_id else None


def judge(notice: Notice, attempt: Attempt, account: Account, *, refunded: bool = False) -> Signal | Mismatch:
    """What the attempt may hear from a verified notice.

    Args:
        refunded: we gave (part of) it back ourselves, so "returned" only repeats that it was paid.
    """
    if notice.order_no != attempt.id:
        return Mismatch("order_no")
    if wrong := _foreign(account, notice.provider, notice.merchant_id):
        return Mismatch(wrong)
    if account.app_id and notice.app_id != account.app_id:
        return Mismatch("app_id")
    signal = _TRADE[notice.trade]
    proves = notice.trade in {Trade.PAID, Trade.RETURNED}
    if (proves or notice.amount_minor is not None) and not _amount_fits(
        notice.amount_minor, attempt, account, proves
    ):
        return Mismatch("amount")
    if (proves or notice.currency is not None) and notice.currency != attempt.amount.currency:
        return Mismatch("currency")
    if signal is Signal.RETURNED and refunded:
        return Signal.SUCCESS
    return signal


def judge_of(sale: Sale, attempt_id: str, notice: Notice, account: Account) -> Signal | Mismatch:
    """``judge`` with what the sale knows; asked under its lock, so that no other evidence comes between."""
    return judge(notice, sale.attempt(attempt_id), account, refunded=sale.gives_back(attempt_id))


def _amount_fits(minor: int | None, attempt: Attempt, account: Account, proves: bool) -> bool:
    """Exactly what was asked, or, where the channel may approve in part, less: once, for what was taken stands."""
    if minor == attempt.amount.minor:
        return True
    if not proves:
        return minor == attempt.asked_minor
    return (
        account.approves_part and not attempt.captured and minor is not None and 0 < minor < attempt.amount.minor
    )


def judge_refund(notice: RefundNotice, refund: Refund, account: Account) -> RefundSignal | Mismatch:
    if notice.refund_no != refund.id:
        return Mismatch("refund_no")
    if wrong := _foreign(account, notice.provider, notice.merchant_id):
        return Mismatch(wrong)
    if notice.order_no != refund.attempt:
        return Mismatch("order_no")
    if notice.amount_minor != refund.amount.minor:
        return Mismatch("amount")
    if notice.currency is not None and notice.currency != refund.amount.currency:
        return Mismatch("currency")
    return _REFUND[notice.trade]


def evidence_fields(notice: Notice) -> dict[str, str | int | None]:
    """What the journal keeps of a notice; nothing that names the payer."""
    return {
        "id": notice.evidence_id,
        "source": notice.source,
        "trade": notice.trade.value,
        "txn": notice.provider_txn,
        "amount_minor": notice.amount_minor,
        "payer_minor": notice.payer_minor,
        "paid_at": notice.paid_at,
        "wallet": notice.wallet,
    }
