"""Twelve rules over the journal's events. Pure: the same events, the same alerts, each with its facts (row 118).

A rule never refuses anything: it tells an owner what was counted, how much is usual here, and why that is odd.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Final

from terminal.payments.event import Event
from terminal.risk.memory import Counts, History, Sales, Seen
from terminal.risk.table import RULES, RiskTable

ENDED: Final = frozenset({"paid", "cancelled", "expired"})
FORGED: Final = frozenset({"signature_wrong", "signature_missing", "signature_unreadable", "key_unknown"})
SWAPPED: Final = frozenset({"display", "scanner"})  # what shows or reads a code; paper changes nobody's money
BACK_DAYS: Final = 2  # that a clock may go back without a new day
_SYSTEM: Final = "system:"
_DATE: Final = len("2026-01-31")


@dataclass(frozen=True, slots=True)
class ShopFacts:
    """What rules must know of the shop.

    Args:
        day: wall milliseconds -> the business day as ISO text; hour: -> the local hour.
        alone_minor: the refund a cashier may make alone, 0: none.
        cap_minor: what may be on the list of the unverified within a day, 0: nothing.
    """

    day: Callable[[int], str]
    hour: Callable[[int], int]
    alone_minor: int = 0
    cap_minor: int = 0
    currency: str = ""


@dataclass(frozen=True, slots=True)
class Alert:
    """``why`` chooses the sentence, ``facts`` fill it. ``about``: the person, channel, counter or thing."""

    rule: str
    why: str
    about: str
    count: int
    limit: int
    day: str
    at_ms: int
    facts: Mapping[str, str | int] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """One alert a rule, day and thing: the same again is the same alert."""
        return f"{self.rule}/{self.day}/{self.about}"


@dataclass(frozen=True, slots=True)
class DayCounted:
    """A business day is over: what the limits of the next ones are learned from."""

    day: str
    peaks: Mapping[str, int]
    hours: tuple[int, ...]


Told = Alert | DayCounted
_Found = Iterator[tuple[str, str, str, int, dict[str, str | int]]]  # rule, why, about, count, facts


class Watcher:
    """State and event in, alerts out; all of its memory is bounded."""

    def __init__(self, table: RiskTable, shop: ShopFacts) -> None:
        self.table, self.shop = table, shop
        self.history = History(table.learning)
        self.day = ""
        self._counts = {rule: Counts(table.rule(rule).within_s * 1000) for rule in RULES}
        self._sales = Sales()
        self._hours: set[int] = set()
        self._closed = False
        self._hears: dict[str, Callable[[Event], _Found]] = {
            "sale_opened": self._opened,
            "sale_moved": self._moved,
            "sale_parked": self._parked,
            "code_shown": self._shown,
            "cancel_requested": self._cancel,
            "refund_started": self._refund,
            "refund_allowed_alone": self._alone,
            "z_sealed": self._sealed,
            "notification_refused": self._refused,
            "evidence_refused": self._not_ours,
            "code_seen_again": self._code_again,
            "messages_flooding": self._flooding,
            "statement_unmatched": self._credits,
            "sale_unverified": self._unverified,
            "override_made": self._override,
            "sale_claimed": self._override,
            "sale_written_off": self._override,
            "device_chosen": self._device,
        }

    def limit(self, rule: str) -> int:
        return self.history.limit(rule, self.table.rule(rule))

    def hear(self, event: Event) -> list[Told]:
        """What this event makes of what was before it. Events come in the journal's order."""
        hears = self._hears.get(event.type)
        if hears is None:
            return []
        told: list[Told] = list(self._turn(event.wall_ms))
        for rule, why, about, count, facts in hears(event):
            limit = self.limit(rule)
            if count >= limit:
                told.append(Alert(rule, why, about, count, limit, self.day, event.wall_ms, facts))
        return told

    def _turn(self, wall_ms: int) -> Iterator[DayCounted]:
        """A clock set back a little begins no day again: the newest day goes on.

        Far back it is the other way round: it had stood years ahead, and that day would count and hide for ever.
        """
        day = self.shop.day(wall_ms)
        if day == self.day:
            return
        back = (date.fromisoformat(self.day) - date.fromisoformat(day)).days if self.day else -1
        if 0 < back <= BACK_DAYS:
            return
        if self.day and back < 0:
            peaks = {rule: counts.peak for rule, counts in self._counts.items() if counts.peak}
            counted = DayCounted(self.day, peaks, tuple(sorted(self._hours)))
            self.history.add(counted.day, peaks, frozenset(counted.hours))
            yield counted
        self.day, self._closed = day, False
        self._hours.clear()
        for counts in self._counts.values():
            counts.next_day()

    def _add(self, rule: str, name: str, at_ms: int, how_many: int = 1, what: object = None) -> int:
        return self._counts[rule].add(name, at_ms, how_many, what)

    # sales

    def _opened(self, event: Event) -> _Found:
        self._sales.open(event.subject, Seen(event.actor, event.counter))
        self._closed = False
        hour = self.shop.hour(event.wall_ms)
        self._hours.add(hour)
        if self.history.knows and not self.history.sells_at(hour):
            facts = _facts(hour=hour, counter=event.counter, days=self.history.days)
            yield "out_of_hours", "sale", event.counter, 1, facts

    def _moved(self, event: Event) -> _Found:
        if seen := self._sales.get(event.subject):
            seen.busy = seen.busy and event.body["to"] not in ENDED
            if event.body["to"] == "paid":
                seen.paid_ms = event.wall_ms
        return iter(())

    def _parked(self, event: Event) -> _Found:
        if seen := self._sales.get(event.subject):
            seen.busy = False
        return iter(())

    def _shown(self, event: Event) -> _Found:
        if seen := self._sales.get(event.subject):
            seen.shown = True
        return iter(())

    def _cancel(self, event: Event) -> _Found:
        seen = self._sales.get(event.subject)
        if seen is not None and seen.shown and not seen.paid_ms and not event.actor.startswith(_SYSTEM):
            count = self._add("cancels_after_shown", event.actor, event.wall_ms)
            yield "cancels_after_shown", "", event.actor, count, _facts(counter=event.counter)

    # money back and decisions

    def _refund(self, event: Event) -> _Found:
        actor, seen = event.actor, self._sales.get(event.subject)
        if actor.startswith(_SYSTEM):
            return
        yield "refunds_many", "", actor, self._add("refunds_many", actor, event.wall_ms), {}
        soon_s = self.table.rules.refund_soon.soon_s
        if seen is not None and seen.paid_ms and _may_be_theirs(seen.opened_by, actor):
            passed_s = max(event.wall_ms - seen.paid_ms, 0) // 1000
            if passed_s <= soon_s:
                count = self._add("refund_soon", actor, event.wall_ms)
                yield "refund_soon", "", actor, count, _facts(minutes=soon_s // 60, seconds=passed_s)
        if self._closed or (self.history.knows and not self.history.sells_at(self.shop.hour(event.wall_ms))):
            minor = int(event.body["amount_minor"])
            facts = _facts(amount_minor=minor, currency=self.shop.currency, who=actor)
            yield "out_of_hours", "refund", actor, 1, facts

    def _alone(self, event: Event) -> _Found:
        limit_minor, minor = self.shop.alone_minor, int(event.body["amount_minor"])
        if limit_minor and minor * 100 >= limit_minor * self.table.rules.below_limit.near_percent:
            count = self._add("below_limit", event.actor, event.wall_ms)
            facts = _facts(amount_minor=limit_minor, currency=self.shop.currency)
            yield "below_limit", "", event.actor, count, facts

    def _override(self, event: Event) -> _Found:
        yield "overrides", "", event.actor, self._add("overrides", event.actor, event.wall_ms), {}

    def _sealed(self, event: Event) -> _Found:
        self._closed = event.body["day"] == self.day  # yesterday's, sealed in the morning, closes no shop
        return iter(())

    # messages of banks, and of those who are none

    def _refused(self, event: Event) -> _Found:
        channel, count = str(event.body["channel"]), 1 + int(event.body["more"])
        if event.body["slug"] in FORGED:
            forged = self._add("forged", channel, event.wall_ms, count)
            yield "forged", "signature", channel, forged, _facts(channel=channel)
        yield (
            "flood",
            "refused",
            channel,
            self._add("flood", channel, event.wall_ms, count),
            _facts(channel=channel),
        )

    def _not_ours(self, event: Event) -> _Found:
        wrong = str(event.body["field"])
        about = str(event.body["attempt"])
        yield (
            "forged",
            "field",
            about,
            self._add("forged", about, event.wall_ms),
            _facts(field=wrong, number=about),
        )

    def _flooding(self, event: Event) -> _Found:
        channel, count = str(event.body["channel"]), int(event.body["count"])
        facts = _facts(channel=channel, minutes=int(event.body["seconds"]) // 60)
        yield "flood", str(event.body["kind"]), channel, self._add("flood", channel, event.wall_ms, count), facts

    # codes, static codes, lists

    def _code_again(self, event: Event) -> _Found:
        code = str(event.body["code"])
        count = self._add("code_again", code, event.wall_ms, what=event.body["sale"])
        yield "code_again", "", code, count, _facts(counter=event.counter)

    def _credits(self, event: Event) -> _Found:
        """Money to a static code, by the bank's own times; a date alone says nothing of quickness."""
        for credit in event.body["credits"]:
            at_ms = _instant_ms(str(credit.get("at", "")))
            if at_ms is not None:
                yield from self._equal(event.body["channel"], credit["amount_minor"], credit["currency"], at_ms)

    def _unverified(self, event: Event) -> _Found:
        minor, currency = int(event.body["amount_minor"]), str(event.body["currency"])
        yield from self._equal(event.counter, minor, currency, event.wall_ms)
        cap = self.shop.cap_minor
        if cap:
            listed = self._add("unverified_cap", "list", event.wall_ms, minor)
            facts = _facts(amount_minor=listed, cap_minor=cap, currency=currency)
            yield "unverified_cap", "", "list", listed * 100 // cap, facts

    def _equal(self, place: Any, minor: int, currency: str, at_ms: int) -> _Found:
        name = f"{place}/{currency}/{minor}"
        minutes = self.table.rules.equal_amounts.within_s // 60
        facts = _facts(amount_minor=minor, currency=currency, minutes=minutes)
        yield "equal_amounts", "", name, self._add("equal_amounts", name, at_ms), facts

    def _device(self, event: Event) -> _Found:
        sale, role = self._sales.busy_at(event.counter), str(event.body["role"])
        if sale and role in SWAPPED:
            facts = _facts(role=role, counter=event.counter, who=event.actor)
            yield "device_swap", "", f"{event.counter}/{role}", 1, facts


def _may_be_theirs(opened_by: str, actor: str) -> bool:
    """A till sells without anybody signed in: who stood there is not known, so it may have been the same."""
    return opened_by == actor or opened_by.startswith("device:")


def _facts(**facts: str | int) -> dict[str, str | int]:
    return facts


def _instant_ms(text: str) -> int | None:
    if len(text) <= _DATE:
        return None
    try:
        told = datetime.fromisoformat(text)
    except ValueError:
        return None
    if told.tzinfo is None:
        told = told.replace(tzinfo=UTC)
    return round(told.timestamp() * 1000)
