"""What each channel took today, where it has a limit for the day: told before a code is shown (row 38).

The day is the provider's own for settlement. Counted from the journal when first asked and then event by event, so
the work of a sale does not grow with the day. What may still be taken counts too: two tills that ask at once, or
two codes shown side by side, do not pass the limit together.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from terminal.counter.book import Book
from terminal.counter.feed import BATCH, Feed
from terminal.counter.ports import Provider
from terminal.payments.attempt import TERMINAL
from terminal.payments.event import Event, Summary
from terminal.payments.money import Money
from terminal.payments.sale import Attempt, SaleState

DAY_MS: Final = 86_400_000
MARGIN_MS: Final = 600_000  # between our clock and the provider's: so near its midnight a sale is read whole
_UNPAID: Final = frozenset({SaleState.CANCELLED.value, SaleState.EXPIRED.value})
_ENDS: Final = frozenset(state.value for state in TERMINAL)


@dataclass(slots=True)
class _Day:
    """``number``: since 1970; ``read``: the last event counted; amounts are minor units by attempt."""

    number: int
    read: int
    taken: dict[str, int] = field(default_factory=dict)
    under_way: dict[str, tuple[str, int]] = field(default_factory=dict)  # may still be taken: its sale, how much

    def sum(self, but: str) -> int:
        return sum(self.taken.values()) + sum(minor for sale, minor in self.under_way.values() if sale != but)


class DayLimits:
    def __init__(self, book: Book, feed: Feed, channel: Callable[[str], str | None]) -> None:
        """``channel``: the settings' name of the channel an attempt names."""
        self._book, self._feed, self._channel = book, feed, channel
        self._days: dict[str, _Day] = {}
        self._held: Counter[str] = Counter()  # channel -> of attempts on their way into the journal

    def left_minor(self, channel: str, provider: Provider, *, but: str = "") -> int | None:
        """What the channel may still take today in minor units, not below 0; None: it has no such limit.

        Args:
            but: the sale that asks: what it has under way is given up, or paid, before it takes more.
        """
        limit = provider.profile.day_limit_minor
        if not limit:
            return None
        return max(limit - self._held[channel] - self._today(channel, provider).sum(but), 0)

    @contextmanager
    def held(self, channel: str, amount: Money) -> Iterator[None]:
        """Between the look and the journal: whoever looks meanwhile sees it."""
        self._held[channel] += amount.minor
        try:
            yield
        finally:
            self._held[channel] -= amount.minor

    def _today(self, name: str, provider: Provider) -> _Day:
        now_ms = self._book.clock.wall_ms() + int(provider.clock_offset_s * 1000)
        number = _day(provider, now_ms)
        known = self._days.get(name)
        if known is None or known.number != number:
            known = self._days[name] = _Day(number, self._feed.published)
            self._recount(name, provider, known, now_ms)
        while batch := self._feed.after(known.read):
            for event in batch:
                self._hear(name, provider, known, event)
            known.read = batch[-1].number
        return known

    def _recount(self, name: str, provider: Provider, today: _Day, now_ms: int) -> None:
        """The sales of two days: one that was opened before midnight may have been paid after it."""
        before: int | None = None
        while found := self._feed.list("sale", before=before, limit=BATCH):
            for row in found:
                if row.first_ms < now_ms - 2 * DAY_MS:
                    return
                if not self._told_by(row, name, provider, today):
                    self._read_whole(row.subject, name, provider, today)
            before = found[-1].first_number

    def _told_by(self, row: Summary, name: str, provider: Provider, today: _Day) -> bool:
        """Whether the row alone says it all, as nearly all do: a shop's whole day is not read while it sells."""
        body = row.body
        if not body["final"] or body["exceptions"] or body["refunded_minor"]:
            return False
        if _day(provider, row.last_ms + MARGIN_MS) < today.number:
            return True  # it ended before today
        if not body.get("last_pays"):
            return body["state"] in _UNPAID and not body["wallet"]  # else a part of it was paid
        if _day(provider, row.first_ms - MARGIN_MS) < today.number:
            return False
        if self._channel(body["channel"]) == name:
            today.taken[body["attempt"]] = body["amount_minor"]
        return True

    def _read_whole(self, sale: str, name: str, provider: Provider, today: _Day) -> None:
        for attempt in self._book.sale(sale).attempts:
            if self._channel(attempt.provider) == name:
                if attempt.live:
                    today.under_way[attempt.id] = (sale, attempt.amount.minor)
                _count(provider, today, attempt)

    def _hear(self, name: str, provider: Provider, today: _Day, event: Event) -> None:
        if event.type == "attempt_started" and self._channel(event.body["provider"]) == name:
            today.under_way[event.body["attempt"]] = (event.subject, event.body["amount_minor"])
        if event.type not in {"attempt_moved", "evidence_noted"}:
            return
        evidence = event.body.get("evidence")
        if evidence and evidence["trade"] == "paid":
            attempt = self._book.sale(event.subject).attempt(event.body["attempt"])
            if self._channel(attempt.provider) == name:
                _count(provider, today, attempt)
        if event.body.get("to", "") in _ENDS:
            today.under_way.pop(event.body["attempt"], None)


def _count(provider: Provider, today: _Day, attempt: Attempt) -> None:
    if not attempt.captured:
        return
    today.under_way.pop(attempt.id, None)
    if _day(provider, _paid_ms(attempt)) == today.number:
        today.taken[attempt.id] = attempt.amount.minor


def _day(provider: Provider, wall_ms: int) -> int:
    return (wall_ms + provider.profile.settlement_offset_min * 60_000) // DAY_MS


def _paid_ms(attempt: Attempt) -> int:
    """When the provider says it was paid; where it says nothing of use, when the attempt began."""
    try:
        paid_at = datetime.fromisoformat(attempt.paid_at)
    except ValueError:
        return attempt.started_ms
    if paid_at.tzinfo is None:
        return attempt.started_ms
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    since = paid_at - epoch
    return (since.days * 86_400 + since.seconds) * 1000
