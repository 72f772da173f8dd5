"""Answers of the API that are not a view of one thing: lists, pages of events, who you are, health."""

from typing import Any

import msgspec

from terminal.payments.event import Event, Summary
from terminal.web.views import CounterView, EventView, RefundView, SaleView


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


class Timeline(msgspec.Struct, frozen=True):
    sale: str
    events: list[EventView]


class RefundAnswer(msgspec.Struct, frozen=True):
    """``way``: void or refund. ``sentence``: cost and time in the caller's language, for the customer."""

    refund: RefundView
    sale: SaleView
    way: str = "refund"
    sentence: str = ""


class OrphanRow(msgspec.Struct, frozen=True):
    """Proven money for an order this journal does not know; ``at_ms`` is when it was heard of last."""

    order_no: str
    channel: str
    amount_minor: int
    currency: str
    at_ms: int


class OrphanList(msgspec.Struct, frozen=True):
    """Oldest first; ``next`` is the ``after`` of the next page, null at the end."""

    orphans: list[OrphanRow]
    next: int | None = None


class AlertRow(msgspec.Struct, frozen=True):
    """Messages in a bank's name that proved nothing. ``slug``: what the newest one of ``at_ms`` lacked."""

    channel: str
    slug: str
    count: int
    at_ms: int


class AlertList(msgspec.Struct, frozen=True):
    """Oldest first, at most one a channel."""

    alerts: list[AlertRow]


class EventPage(msgspec.Struct, frozen=True):
    """``next`` is the ``after`` of the next page, also when nothing on this one is for the caller's eyes."""

    events: list[EventView]
    next: int
    newest: int


class CounterRow(msgspec.Struct, frozen=True):
    """``word`` is what its screen says; ``ready`` when no sale is there."""

    id: str
    title: str
    test: bool
    currency: str
    word: str
    sale: str


class CounterList(msgspec.Struct, frozen=True):
    counters: list[CounterRow]


class ReceiptView(msgspec.Struct, frozen=True):
    """``lines`` as frozen at the first print: ``["row", left, right, align, size, bold]``, ``["rule"]``,
    ``["blank", lines]``, ``["code", text]``. ``printings`` counts how often printing was begun."""

    receipt: str
    frozen: bool
    printings: int
    lines: list[list[str | int | bool]]


class HealthReport(msgspec.Struct, frozen=True):
    """``state``: ready, starting, stopping, failed."""

    state: str


class Me(msgspec.Struct, frozen=True):
    """``counters`` is empty when every counter is allowed; ``label`` only for people."""

    kind: str
    id: str
    role: str
    label: str
    counters: list[str]
    may: list[str]


class PersonRow(msgspec.Struct, frozen=True):
    id: str
    label: str
    role: str


class PersonList(msgspec.Struct, frozen=True):
    people: list[PersonRow]


class StaffRow(msgspec.Struct, frozen=True):
    """``locked``: too many wrong PINs somewhere; the owner may unlock. ``until_ms``: of visitors, else 0."""

    id: str
    label: str
    role: str
    locked: bool
    second_step: bool = False
    until_ms: int = 0


class DeviceRow(msgspec.Struct, frozen=True):
    """A paired till or customer display."""

    id: str
    label: str
    role: str
    counter: str


class ApiKeyRow(msgspec.Struct, frozen=True):
    """No counters means all of them."""

    id: str
    label: str
    scopes: list[str]
    counters: list[str]
    expires_ms: int
    used_ms: int = 0


class ApiKeyList(msgspec.Struct, frozen=True):
    api_keys: list[ApiKeyRow]


class SessionRow(msgspec.Struct, frozen=True):
    """Somebody signed in: since when and quiet for how long, in seconds. ``own``: the caller's."""

    id: str
    label: str
    role: str
    device: str
    open_s: int
    idle_s: int
    own: bool


class AccessList(msgspec.Struct, frozen=True):
    """``api_keys``: ``used_ms`` is the first use on the newest day they were used on, 0 for never."""

    people: list[StaffRow]
    devices: list[DeviceRow]
    api_keys: list[ApiKeyRow]
    sessions: list[SessionRow]


class AccountRow(msgspec.Struct, frozen=True):
    """A channel whose money would go to somebody else. ``yes``: names of who said so; ``due_ms``: not before."""

    channel: str
    payee: str
    before: str
    due_ms: int
    yes: list[str]


class AccountList(msgspec.Struct, frozen=True):
    accounts: list[AccountRow]


class SecondStep(msgspec.Struct, frozen=True):
    """Told once. ``uri`` is what an authenticator scans; ``picture`` the same as SVG."""

    secret: str
    uri: str
    picture: str


class RecoveryCodes(msgspec.Struct, frozen=True):
    """Told once; each opens once when the phone is gone."""

    codes: list[str]


class MadeKey(msgspec.Struct, frozen=True):
    """``key`` is told once; only its hash is kept."""

    id: str
    key: str


class PairingCode(msgspec.Struct, frozen=True):
    code: str
    valid_s: int


class Ticket(msgspec.Struct, frozen=True):
    """Good once, for ``GET /api/v1/live?ticket=…``."""

    ticket: str
    valid_s: int


class Done(msgspec.Struct, frozen=True):
    done: bool = True


class KeyedCleared(msgspec.Struct, frozen=True):
    """``amount_minor``: what was taken away; ``done``: nothing is collected there any more; ``count``: now."""

    amount_minor: int
    count: int
    done: bool


class CommandName(msgspec.Struct, frozen=True):
    """A key of the command sheet: PAY, STOP, SAME, BACK, CLEAR, OTHER, PARK, REPRINT, REFUND, digits, or A2000."""

    name: str


class TrainingPlace(msgspec.Struct, frozen=True):
    """``url``: where the pages are on which this counter is practised; its fragment, if any, is the port for
    pages that came by the door for phones."""

    counter: str
    url: str


class LiveCounter(CounterView, frozen=True, kw_only=True, tag_field="type", tag="counter"):
    """First message and after every change; changes that come close together are one message."""


class LiveEvent(msgspec.Struct, frozen=True, tag_field="type", tag="event"):
    """Every event after the number asked for, in order; an EventView whose own type is ``event_type``."""

    number: int
    event_type: str
    version: int
    ledger: str
    counter: str
    subject: str
    actor: str
    wall_ms: int
    body: dict[str, Any]


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


def live_event(view: EventView) -> LiveEvent:
    return LiveEvent(
        view.number,
        view.type,
        view.version,
        view.ledger,
        view.counter,
        view.subject,
        view.actor,
        view.wall_ms,
        view.body,
    )


def public(event: Event) -> bool:
    """Events of counters and of the store; those of people hold PIN records and never leave the journal."""
    return event.stream.startswith(("counter:", "store:"))
