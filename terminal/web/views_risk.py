"""Risk as the API and the pages see it: every sentence in the caller's language."""

import msgspec

from terminal.risk.lookup import Payment
from terminal.risk.proof import Proof
from terminal.risk.stickers import Checked


class RiskAlertView(msgspec.Struct, frozen=True):
    """``till``: every till is told. ``offers``: what can be done, the suggested first; ``channel`` for a pause."""

    id: str
    rule: str
    title: str
    sentence: str
    count: int
    limit: int
    at_ms: int
    till: bool
    channel: str
    offers: list[str]


class HoldView(msgspec.Struct, frozen=True):
    """What an owner holds back now."""

    id: str
    what: str
    channel: str
    name: str
    reason: str
    actor: str
    at_ms: int


class RuleView(msgspec.Struct, frozen=True):
    """``limit``: what it speaks at today; ``learned``: from ``days`` of the shop, else the floor."""

    rule: str
    title: str
    means: str
    limit: int
    floor: int
    ceiling: int
    learned: bool


class RiskView(msgspec.Struct, frozen=True):
    """Alerts newest first; ``days``: of this shop, that the limits were learned from."""

    alerts: list[RiskAlertView]
    holds: list[HoldView]
    rules: list[RuleView]
    days: int


class HoldList(msgspec.Struct, frozen=True):
    holds: list[HoldView]


class LetterAnswer(msgspec.Struct, frozen=True):
    """``file``: where it lies in the shop's own folder; empty where there is none."""

    lines: list[str]
    file: str


class PaymentView(msgspec.Struct, frozen=True):
    """``sale`` is empty where the caller may not see that counter's sales. ``paid_ms`` 0: it is not paid."""

    sale: str
    no: int
    counter: str
    amount_minor: int
    refunded_minor: int
    currency: str
    paid_ms: int
    word: str
    today: bool


class CodeAnswer(msgspec.Struct, frozen=True):
    """Empty: this is not a payment of this shop. Several share a code by chance: the amount tells which."""

    found: list[PaymentView]


class ProofAnswer(msgspec.Struct, frozen=True):
    """``verdict``: yes, late, used, returned, no, unknown; ``word`` and ``todo`` say it to the cashier."""

    verdict: str
    word: str
    told: str
    todo: str
    sale: str
    no: int
    counter: str
    amount_minor: int
    currency: str
    paid_ms: int


class LastProof(msgspec.Struct, frozen=True):
    """``count``: of this counter since the service started, so that a page shows each once."""

    count: int
    last: ProofAnswer | None


class StickerRow(msgspec.Struct, frozen=True):
    """``done``: scanned and ours on this business day."""

    id: str
    name: str
    who: str
    done: bool
    checked_ms: int


class DifferenceRow(msgspec.Struct, frozen=True):
    """``field`` in words; ``ours`` and ``theirs`` as each code says."""

    field: str
    ours: str
    theirs: str


class StickerAnswer(msgspec.Struct, frozen=True):
    """``result``: ours, other, not_payment, unreadable; ``who`` gets the money of this code.

    ``sticker``: the name of ours it is, or pretends to be. ``count``: so that a page shows each scan once.
    """

    result: str
    word: str
    told: str
    todo: str
    who: str
    sticker: str
    differs: list[DifferenceRow]
    due: int
    count: int
    at_ms: int


class StickerList(msgspec.Struct, frozen=True):
    """``due``: still to be scanned today. ``last``: what the counter's scanner found last, null before any."""

    stickers: list[StickerRow]
    due: int
    last: StickerAnswer | None


def payment_view(payment: Payment, *, sees: bool) -> PaymentView:
    amount = payment.amount
    return PaymentView(
        payment.sale if sees else "",
        payment.no,
        payment.counter,
        amount.minor,
        payment.refunded.minor,
        amount.currency,
        payment.paid_ms,
        payment.word,
        payment.today,
    )


def proof_view(proof: Proof, *, word: str, told: str, todo: str, sees: bool) -> ProofAnswer:
    amount = proof.amount
    return ProofAnswer(
        proof.verdict,
        word,
        told,
        todo,
        proof.sale if sees else "",
        proof.no,
        proof.counter,
        amount.minor if amount else 0,
        amount.currency if amount else "",
        proof.paid_ms,
    )


def sticker_view(
    checked: Checked, differs: list[DifferenceRow], *, word: str, told: str, todo: str
) -> StickerAnswer:
    return StickerAnswer(
        checked.result,
        word,
        told,
        todo,
        checked.who,
        checked.sticker,
        differs,
        checked.due,
        checked.count,
        checked.at_ms,
    )
