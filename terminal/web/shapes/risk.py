"""Risk as the API takes and shows it, in the caller's language: look-ups, proofs, stickers, alerts and holds."""

from typing import Annotated, Literal

import msgspec

from terminal.risk.lookup import Payment
from terminal.risk.proof import Proof
from terminal.risk.stickers import Checked
from terminal.web.shapes.form import Approver, Form

Reason = Annotated[str, msgspec.Meta(max_length=200)]
Scanned = Annotated[str, msgspec.Meta(min_length=1, max_length=4296, description="As it was typed or scanned.")]


class CodeQuery(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``code``: the four characters of a receipt, or its scanned code."""

    code: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class ProofForm(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``proof``: the last four characters of the customer's order or transaction number, or all of it."""

    proof: Scanned


class StickerScan(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    code: Scanned


class StickerQuery(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``counter``: whose scanner's last scan is told."""

    counter: Annotated[str, msgspec.Meta(max_length=64)] = ""


class NewSticker(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An owner says that this code is the shop's own. ``name``: where it hangs."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=60)]
    code: Scanned


class NewHold(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``channel``: of ``channel_paused``. ``alert``: what it follows from, may be left out.

    ``approver``: somebody who may, where the caller may not.
    """

    what: Literal["refunds_locked", "refunds_pin", "channel_paused"]
    channel: Annotated[str, msgspec.Meta(max_length=64)] = ""
    alert: Annotated[str, msgspec.Meta(max_length=64)] = ""
    reason: Reason = ""
    approver: Approver | None = None


class HoldEnding(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    reason: Reason = ""
    approver: Approver | None = None


class AlertSeen(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A person has taken note."""

    how: Literal["seen"]
    approver: Approver | None = None


class NewLetter(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``print_at``: a counter whose printer prints it too. Nothing is sent anywhere."""

    print_at: Annotated[str, msgspec.Meta(max_length=64)] = ""
    approver: Approver | None = None


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
