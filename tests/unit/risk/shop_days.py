"""Events of a made-up shop, for the rules: honest days from a seed, and single events by hand."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

from terminal.chance import Chance
from terminal.payments.event import Event, Ledger
from terminal.risk.rules import Alert, ShopFacts, Watcher
from terminal.risk.table import risk_table

FIRST = date(2026, 3, 2)
HOUR_MS = 3_600_000
SHOP = ShopFacts(
    day=lambda ms: datetime.fromtimestamp(ms / 1000, UTC).date().isoformat(),
    hour=lambda ms: datetime.fromtimestamp(ms / 1000, UTC).hour,
    alone_minor=1000,
    cap_minor=100_000,
    currency="CNY",
)


def at(day: int, hour: float) -> int:
    """Wall milliseconds of a day counted from the first one."""
    begin = datetime.combine(FIRST + timedelta(days=day), datetime.min.time(), UTC)
    return round(begin.timestamp() * 1000 + hour * HOUR_MS)


def event(kind: str, wall_ms: int, /, *, subject: str = "s", actor: str = "person:mei", **body: Any) -> Event:
    counter = str(body.pop("counter_id", "1"))
    return Event(
        1, f"counter:{counter}", 1, kind, 1, Ledger.TEST, "m", "s1", counter, subject, actor, wall_ms, 0, body, b""
    )


def sale(name: str, wall_ms: int, actor: str = "person:mei", *, paid: bool = True) -> Iterator[Event]:
    """Opened, shown and, seconds later, paid or cancelled by who opened it."""
    yield event("sale_opened", wall_ms, subject=name, actor=actor)
    yield event("code_shown", wall_ms + 300, subject=name, actor="system:engine")
    if paid:
        yield event("sale_moved", wall_ms + 9_000, subject=name, actor="system:engine", to="paid")
    else:
        yield event("cancel_requested", wall_ms + 20_000, subject=name, actor=actor)
        yield event("sale_moved", wall_ms + 21_000, subject=name, actor="system:engine", to="cancelled")


def refund(name: str, wall_ms: int, actor: str = "person:mei", minor: int = 500) -> Event:
    return event("refund_started", wall_ms, subject=name, actor=actor, amount_minor=minor)


def honest_day(chance: Chance, day: int, sales: int) -> list[Event]:
    """A busy counter: two cashiers, a few changes of mind, wrong amounts, a wrong code, a stale message."""
    events: list[Event] = []
    for n in range(sales):
        wall_ms = at(day, 8 + 12 * n / sales) + chance.below(60_000)
        actor = f"person:{('mei', 'joao')[chance.below(2)]}"
        name = f"{day}/{n}"
        cancelled = chance.below(100) < 3
        events += sale(name, wall_ms, actor, paid=not cancelled)
        if not cancelled and chance.below(100) < 1:
            later_ms = (60_000, 30 * 60_000)[chance.below(2)]
            events.append(refund(name, wall_ms + 9_000 + later_ms, actor, 100 + chance.below(5_000)))
        if chance.below(300) == 0:
            events.append(event("code_seen_again", wall_ms, code=f"c{name}", sale=name, first="x"))
    stale = {"channel": "wechatpay", "slug": "message_stale", "more": chance.below(3)}
    events.append(event("notification_refused", at(day, 15), subject="wechatpay", actor="provider:w", **stale))
    if chance.below(6) == 0:
        events.append(event("sale_claimed", at(day, 17), actor="person:owner"))
    events.append(event("z_sealed", at(day, 20.5), subject=f"z:{day}", day=SHOP.day(at(day, 20.5))))
    return sorted(events, key=lambda each: each.wall_ms)


def watcher() -> Watcher:
    return Watcher(risk_table(), SHOP)


def alerts(heard: Watcher, events: "list[Event] | Iterator[Event]") -> list[Alert]:
    return [told for each in events for told in heard.hear(each) if isinstance(told, Alert)]
