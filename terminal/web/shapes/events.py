"""Events as every subscriber sees them: in pages, live, and as a sale's timeline."""

from typing import Annotated, Any, Final

import msgspec

from terminal.payments.event import Event
from terminal.web.shapes.counters import CounterView
from terminal.web.shapes.form import PAGE_MAX, Form, Number

EVENTS_MAX: Final = 256
EVENTS_WAIT_S: Final = 30


class UnheardQuery(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``before``: the ``next`` of the page before."""

    before: Number | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=PAGE_MAX)] = 20


class EventsQuery(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``after``: the number of the last event seen; 0 is the beginning.

    ``wait_s``: when nothing is there yet, answer as soon as something is, at the latest after so many seconds.
    """

    after: Number = 0
    limit: Annotated[int, msgspec.Meta(ge=1, le=EVENTS_MAX)] = 100
    wait_s: Annotated[int, msgspec.Meta(ge=0, le=EVENTS_WAIT_S)] = 0


class LiveQuery(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Without ``after`` it begins now; without ``counter`` only events come."""

    counter: Annotated[str, msgspec.Meta(max_length=64)] = ""
    after: Number | None = None
    ticket: Annotated[str, msgspec.Meta(max_length=100)] = ""


class StreamQuery(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Without ``after`` it begins now; the header ``Last-Event-ID`` speaks over it."""

    after: Number | None = None
    ticket: Annotated[str, msgspec.Meta(max_length=100)] = ""


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


class Timeline(msgspec.Struct, frozen=True):
    sale: str
    events: list[EventView]


class EventPage(msgspec.Struct, frozen=True):
    """``next`` is the ``after`` of the next page, also when nothing on this one is for the caller's eyes."""

    events: list[EventView]
    next: int
    newest: int


class Ticket(msgspec.Struct, frozen=True):
    """Good once, for ``GET /api/v1/live?ticket=…``."""

    ticket: str
    valid_s: int


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
