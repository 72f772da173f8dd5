"""What every door shows of a counter, and what a till asks of it."""

from typing import Annotated, Final

import msgspec

from terminal.counter.lane import Lane
from terminal.counter.ports import Health
from terminal.payments.sale import Sale
from terminal.web.shapes.form import Form, Number, Text
from terminal.web.shapes.sales import SaleView, sale_view
from terminal.web.shapes.screen import ScreenView, screen_view


class StandInAnswer(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``port`` as it was offered. ``use``: yes, from now on; else it is not offered again while it is there."""

    port: Text
    use: bool


class NewClearing(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``count``: of what was seen (``keyed`` of the counter). Without it whatever is there by now is cleared."""

    count: Number | None = None


class NewScan(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``code`` is what the scanner read; it is used once and never stored."""

    code: Annotated[str, msgspec.Meta(min_length=1, max_length=4296)]


class SlipChoice(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    print: bool


SLIPS_MAX: Final = 20


class HealthView(msgspec.Struct, frozen=True):
    """``state``: ok, fault, cannot_tell; ``reason`` is a slug of the error registry."""

    state: str
    reason: str
    age_s: int
    detail: dict[str, str]


class ListedSlip(msgspec.Struct, frozen=True):
    """A slip a person must print or drop. ``why``: old, may_have_printed, broke_off, too_many."""

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
    scans: bool = True  # the customer's own code pays here; while a sale is there: that sale
    orphans: int = 0  # changes with money without a sale, alerts, inbox: read ``/orphans``, ``/alerts`` and it


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


class HealthReport(msgspec.Struct, frozen=True):
    """``state``: ready, starting, stopping, failed."""

    state: str


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


def health_view(health: Health, now_ns: int) -> HealthView:
    age_s = max(now_ns - health.checked_mono_ns, 0) // 1_000_000_000
    return HealthView(health.state.value, health.reason, age_s, dict(health.detail))


def _told(lane: Lane, now_ns: int) -> Told | None:
    if lane.told is None:
        return None
    at_ns, refused = lane.told
    return Told(refused.slug, dict(refused.facts), (now_ns - at_ns) // 1_000_000_000)


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
    scans: bool = True,
) -> CounterView:
    book = lane.book

    def seen(sale: Sale) -> SaleView:
        return sale_view(sale, test=test, check_code=lane.glass.check_code(sale))

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
        told=_told(lane, now_ns),
        slips_waiting=len(lane.paper.listed),
        found=found,
        orphans=orphans,
        moves=list(moves),
        moving=lane.moving,
        training=training,
        elsewhere=lane.away.url,
        offline=offline,
        scans=scans,
    )
