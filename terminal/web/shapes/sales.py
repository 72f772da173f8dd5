"""Sales as callers ask for them and as every door shows them: typed once, so that API, pages and OpenAPI agree."""

from collections.abc import Mapping
from typing import Annotated, Literal

import msgspec

from terminal.payments.event import Summary
from terminal.payments.sale import Attempt, Sale
from terminal.payments.settled import Settlement
from terminal.web.shapes.form import PAGE_MAX, Currency, Form, Minor, Name, Number, Text
from terminal.web.shapes.lines import Lines, LineView, line_views

Order = Annotated[str, msgspec.Meta(max_length=64, description="The till's order number: one sale for ever.")]


class NewSale(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``directions`` push: the customer scans our code; pull: the customer's code may be scanned.

    ``unverified``: no channel of the counter can confirm anything now; list the sale without proof (never "paid").
    """

    counter: Name
    amount_minor: Minor
    currency: Currency = ""
    order_no: Order = ""
    title: Text = ""
    reference: Text = ""
    directions: Annotated[tuple[Literal["push", "pull"], ...], msgspec.Meta(min_length=1, max_length=2)] = (
        "push",
        "pull",
    )
    unverified: bool = False
    lines: Lines = ()


class NewCancel(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    why: Annotated[str, msgspec.Meta(max_length=40)] = "cashier"


class NewOverride(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An owner's decision.

    ``accept_paid`` keeps a proven payment; it needs the bank's number, four characters or more. ``new_attempt``
    shows another code after a minute of doubt; the old attempt keeps being resolved. ``claimed`` and
    ``written_off`` are about a sale on the list of the unverified: the bank's number was read somewhere, four
    characters or more, and the sale stays marked until the bank's own word; or its money is given up.
    """

    kind: Literal["accept_paid", "new_attempt", "claimed", "written_off"]
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=80)]
    bank_reference: Annotated[str, msgspec.Meta(max_length=64)] = ""


class Ending(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``attached``: the late money pays its sale; ``seen``: a person has taken note."""

    how: Literal["attached", "seen"]


class NewCode(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``channel``: the one to move to; empty: the first of the counter that can."""

    channel: Annotated[str, msgspec.Meta(max_length=64)] = ""


class SalesQuery(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``before`` is the cursor of the last row seen; ``search`` a word: order number, reference, bank number.

    ``receipt``: what a scanner read from a receipt of this shop; the one sale it belongs to.
    """

    counter: Annotated[str, msgspec.Meta(max_length=64)] = ""
    before: Number | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=PAGE_MAX)] = 20
    search: Annotated[str, msgspec.Meta(max_length=64)] = ""
    receipt: Annotated[str, msgspec.Meta(max_length=64)] = ""


class StoryQuery(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``html`` is one page that opens without a network; without ``amounts`` it names no money."""

    format: Literal["json", "html"] = "json"
    amounts: Literal["yes", "no"] = "no"


class AttemptView(msgspec.Struct, frozen=True):
    """``direction`` push: the customer scans our code; pull: we scanned the customer's.

    ``why``: the reason of the last move, for a refusal a word of ``Refusal``; empty when it had none.
    """

    id: str
    provider: str
    direction: str
    state: str
    amount_minor: int
    started_ms: int
    captured: bool
    flags: list[str]
    provider_txn: str
    wallet: str
    payer_minor: int | None
    paid_at: str
    why: str = ""
    fee_rule: str = ""  # the price agreed with its channel when it began; empty: none was known
    asked_minor: int = 0  # of one that was approved in part: what it had asked for; ``amount_minor`` was taken


class SettledView(msgspec.Struct, frozen=True):
    """The provider's bill has it. ``settled_on``: the bill's day, in the provider's own days.

    ``batch``: what was paid out together. ``fee_milli``: thousandths of the smallest unit; positive is charged.
    """

    settled_on: str
    batch: str
    settle_minor: int
    fee_milli: int


class RefundView(msgspec.Struct, frozen=True):
    id: str
    attempt: str
    amount_minor: int
    state: str
    reason: str
    actor: str
    approver: str
    provider_refund: str
    way: str = "refund"  # or void: the payment is undone, nothing is charged
    due_ms: int = 0  # of one that waits: when it is sent
    lines: list[int] = []  # of the sale's, from 1: what goes back, where it named some


class ExceptionView(msgspec.Struct, frozen=True):
    """``closed`` is empty while a person must still act."""

    id: str
    kind: str
    attempt: str
    amount_minor: int
    closed: str


class SaleView(msgspec.Struct, frozen=True):
    """``state`` is the sale's, ``word`` what screens say: waiting, acting, checking, person, paid, not_paid,
    or unverified and claimed, which nobody has confirmed.

    ``switching``: a scan is taking the shown code's place, so "checking" is no doubt about money yet.
    ``paid`` and ``settled`` are different things: settlement is known only from the provider's bill. ``settled``
    is told when this one sale is read, once all that pays it stands in a bill.
    """

    id: str
    no: int
    counter: str
    state: str
    word: str
    amount_minor: int
    currency: str
    paid_minor: int
    refundable_minor: int
    settled: SettledView | None
    order_no: str
    reference: str
    title: str
    opened_ms: int
    ended_ms: int
    parked: bool
    cancelling: bool
    test: bool
    attempts: list[AttemptView]
    refunds: list[RefundView]
    exceptions: list[ExceptionView]
    switching: bool = False
    remaining_minor: int = 0  # still to pay; of a sale that ended nothing is
    refund_most_minor: int = 0  # the most one refund can give back: each goes back to one of the tenders
    check_code: str = ""  # of a paid sale: the same four characters as on display, till and receipt
    lines: list[LineView] = []  # what it is for, where somebody said so


class SaleRow(msgspec.Struct, frozen=True):
    """A sale in a list. ``cursor`` is what ``before`` takes; ``exceptions`` are kinds still open."""

    id: str
    cursor: int
    counter: str
    no: int
    state: str
    word: str
    amount_minor: int
    currency: str
    refunded_minor: int
    order_no: str
    wallet: str
    exceptions: list[str]
    opened_ms: int
    changed_ms: int
    final: bool


class SaleList(msgspec.Struct, frozen=True):
    """Newest first; ``next`` is the ``before`` of the next page, null at the end."""

    sales: list[SaleRow]
    next: int | None


def attempt_view(attempt: Attempt) -> AttemptView:
    return AttemptView(
        id=attempt.id,
        provider=attempt.provider,
        direction=attempt.direction,
        state=attempt.state.value,
        amount_minor=attempt.amount.minor,
        started_ms=attempt.started_ms,
        captured=attempt.captured,
        flags=sorted(flag.value for flag in attempt.flags),
        provider_txn=attempt.provider_txn,
        wallet=attempt.wallet,
        payer_minor=attempt.payer_minor,
        paid_at=attempt.paid_at,
        why=attempt.why.partition(":")[0],
        fee_rule=attempt.fee.id if attempt.fee else "",
        asked_minor=attempt.asked_minor,
    )


def settled_view(sale: Sale, settlements: Mapping[str, Settlement]) -> SettledView | None:
    """Once every payment of the sale is in a bill; ``settlements`` by order number. The last one names the day."""
    paying = [each.id for each in sale.attempts if each.pays]
    found = sorted((settlements[each] for each in paying if each in settlements), key=lambda each: each.day)
    if not found or len(found) < len(paying):
        return None
    settle, fee = sum(each.settle_minor for each in found), sum(each.fee_milli for each in found)
    return SettledView(found[-1].day, found[-1].batch, settle, fee)


def sale_view(
    sale: Sale, *, test: bool, check_code: str = "", settlements: Mapping[str, Settlement] | None = None
) -> SaleView:
    left = [max(sale.refundable_minor(each), 0) for each in sale.attempts if not each.live]
    return SaleView(
        id=sale.id,
        no=sale.no,
        counter=sale.counter,
        state=sale.state.value,
        word=sale.word,
        amount_minor=sale.amount.minor,
        currency=sale.amount.currency,
        paid_minor=sale.paid_minor,
        refundable_minor=sum(left),
        settled=settled_view(sale, settlements or {}),
        order_no=sale.order_no,
        reference=sale.reference,
        title=sale.title,
        opened_ms=sale.opened_ms,
        ended_ms=sale.ended_ms,
        parked=sale.parked,
        cancelling=bool(sale.cancel_why) and not sale.ended,
        test=test,
        attempts=[attempt_view(each) for each in sale.attempts],
        refunds=[
            RefundView(
                each.id,
                each.attempt,
                each.amount.minor,
                each.state.value,
                each.reason,
                each.actor,
                each.approver,
                each.provider_refund,
                each.way,
                each.due_ms if each.state == "queued" else 0,
                list(each.lines),
            )
            for each in sale.refunds
        ],
        exceptions=[
            ExceptionView(each.id, each.kind, each.attempt, each.amount_minor, each.closed)
            for each in sale.exceptions
        ],
        switching=sale.switching and not sale.ended,
        remaining_minor=sale.remaining_minor,
        refund_most_minor=max(left, default=0),
        check_code=check_code,
        lines=line_views(sale),
    )


def sale_row(row: Summary) -> SaleRow:
    body = row.body
    return SaleRow(
        id=row.subject,
        cursor=row.first_number,
        counter=row.counter,
        no=body["no"],
        state=body["state"],
        word=body["word"],
        amount_minor=body["amount_minor"],
        currency=body["currency"],
        refunded_minor=body["refunded_minor"],
        order_no=body["order_no"],
        wallet=body["wallet"],
        exceptions=list(body["exceptions"]),
        opened_ms=row.first_ms,
        changed_ms=row.last_ms,
        final=body["final"],
    )
