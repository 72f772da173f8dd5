"""What every door shows of sales and counters: typed once, so that API, pages, events and OpenAPI agree."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from terminal.counter.lane import Lane
from terminal.counter.ports import Health
from terminal.payments.event import Event
from terminal.payments.sale import Attempt, Sale
from terminal.payments.settled import Settlement
from terminal.web.forms_lines import LineView, line_views
from terminal.web.views_screen import ScreenView, screen_view

SLIPS_MAX: Final = 20


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


class HealthView(msgspec.Struct, frozen=True):
    """``state``: ok, fault, cannot_tell; ``reason`` is a slug of the error registry."""

    state: str
    reason: str
    age_s: int
    detail: dict[str, str]


class ListedSlip(msgspec.Struct, frozen=True):
    """A slip a person must print or drop. ``why``: old, may_have_printed, too_many."""

    effect: str
    sale: str
    no: int
    why: str


class Told(msgspec.Struct, frozen=True):
    """Why the last scan or device action was refused; shown for a moment."""

    slug: str
    facts: dict[str, str | int]
    age_s: int


class Found(msgspec.Struct, frozen=True):
    """The sale of the receipt scanned last while no sale waited; ``count`` tells one scan from the next."""

    sale: str
    count: int
    age_s: int


class KeyedView(msgspec.Struct, frozen=True):
    """The amount that was scanned from the command sheet so far; ``count`` tells one scan from the next."""

    amount_minor: int
    count: int


class StandInView(msgspec.Struct, frozen=True):
    """Another device that may take a dead one's place: its model, and the port it answered at."""

    role: str
    port: str
    title: str


class CounterView(msgspec.Struct, frozen=True):
    """Everything a till page needs; sent whole with every change."""

    id: str
    title: str
    test: bool
    currency: str
    languages: dict[str, str]
    event: int  # the newest event's number when this was made: resume from here
    sale: SaleView | None
    last: SaleView | None
    screen: ScreenView
    glass: str  # slug of why the display device does not show it; empty when it does
    health: dict[str, HealthView]
    bank: dict[str, str]  # channel -> "" or the slug of its trouble
    slips: list[ListedSlip]
    told: Told | None
    training: bool = False  # somebody learns here, no money moves
    elsewhere: str = ""  # the address whose pages this counter uses now: it begins or ends training
    offline: bool = False  # nobody can confirm and the shop lists such sales: POST ``/sales`` with ``unverified``
    moves: list[str] = []  # channels the open sale may be moved to: POST its ``/code``
    moving: str = ""  # the one it is being moved to: the old code is being closed, with proof
    slips_waiting: int = 0  # how many wait in all; ``slips`` are the oldest of them
    found: Found | None = None
    keyed: KeyedView | None = None
    stand_ins: list[StandInView] = []  # offered now: a person says yes or no
    orphans: int = 0  # changes with money without a sale, alerts, inbox: read ``/orphans``, ``/alerts`` and it


class EventView(msgspec.Struct, frozen=True):
    """One journal event as every subscriber sees it."""

    number: int
    type: str
    version: int
    ledger: str
    counter: str
    subject: str
    actor: str
    wall_ms: int
    body: dict[str, Any]


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


def health_view(health: Health, now_ns: int) -> HealthView:
    age_s = max(now_ns - health.checked_mono_ns, 0) // 1_000_000_000
    return HealthView(health.state.value, health.reason, age_s, dict(health.detail))


def event_view(event: Event) -> EventView:
    body = {name: value for name, value in event.body.items() if name != "index"}
    return EventView(
        event.number,
        event.type,
        event.version,
        event.ledger.value,
        event.counter,
        event.subject,
        event.actor,
        event.wall_ms,
        body,
    )


def counter_view(
    lane: Lane,
    house_currency: str,
    *,
    test: bool,
    training: bool = False,
    bank: dict[str, str],
    now_ns: int,
    orphans: int = 0,
    moves: tuple[str, ...] = (),
    offline: bool = False,
) -> CounterView:
    book = lane.book

    def seen(sale: Sale) -> SaleView:
        return sale_view(sale, test=test, check_code=lane.glass.check_code(sale))

    told = None
    if lane.told is not None:
        at_ns, refused = lane.told
        told = Told(refused.slug, dict(refused.facts), (now_ns - at_ns) // 1_000_000_000)
    found = None
    if lane.found is not None:
        count, at_ns, sale_id = lane.found
        found = Found(sale_id, count, (now_ns - at_ns) // 1_000_000_000)
    slips = [ListedSlip(owed.id, owed.subject, no, why) for owed, why, no in lane.paper.asked(SLIPS_MAX)]
    return CounterView(
        id=lane.id,
        title=lane.settings.title,
        test=test,
        currency=house_currency,
        languages=dict(lane.settings.languages),
        event=book.feed.published,
        sale=seen(book.sale(lane.current)) if lane.current else None,
        last=seen(book.sale(lane.last_sale)) if lane.last_sale else None,
        screen=screen_view(lane.glass.screen, book.sale(lane.current) if lane.current else None),
        glass=lane.glass.failing,
        health={role: health_view(each, now_ns) for role, each in lane.devices.health().items()},
        bank=bank,
        slips=slips,
        told=told,
        slips_waiting=len(lane.paper.listed),
        found=found,
        orphans=orphans,
        moves=list(moves),
        moving=lane.moving,
        training=training,
        elsewhere=lane.away.url,
        offline=offline,
    )
