"""What each channel took today, where it has a limit for the day: told before a code is shown (row 38).

The day is the provider's own for settlement. Counted from the journal when first asked and then event by event, so
the work of a sale does not grow with the day.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from terminal.counter.book import Book
from terminal.counter.feed import BATCH, Feed
from terminal.counter.ports import Provider
from terminal.payments.event import Event
from terminal.payments.sale import Attempt

DAY_MS: Final = 86_400_000


class DayLimits:
    def __init__(self, book: Book, feed: Feed, channel: Callable[[str], str | None]) -> None:
        """``channel``: the settings' name of the channel an attempt names."""
        self._book, self._feed, self._channel = book, feed, channel
        self._read: dict[str, int] = {}  # channel -> the last event counted
        self._day: dict[str, int] = {}  # channel -> the day counted, since 1970
        self._taken: dict[str, dict[str, int]] = {}  # channel -> attempt -> minor units it took on that day

    def left_minor(self, channel: str, provider: Provider) -> int | None:
        """What the channel may still take today in minor units, not below 0; None: it has no such limit."""
        limit = provider.profile.day_limit_minor
        if not limit:
            return None
        return max(limit - self._taken_today(channel, provider), 0)

    def _taken_today(self, name: str, provider: Provider) -> int:
        now_ms = self._now_ms(provider)
        day = _day(provider, now_ms)
        if self._day.get(name) != day:
            self._day[name], self._taken[name], self._read[name] = day, {}, self._feed.published
            self._recount(name, provider, now_ms)
        self._follow(name, provider)
        return sum(self._taken[name].values())

    def _now_ms(self, provider: Provider) -> int:
        return self._book.clock.wall_ms() + int(provider.clock_offset_s * 1000)

    def _recount(self, name: str, provider: Provider, now_ms: int) -> None:
        """The sales of two days: one that was opened before midnight may have been paid after it."""
        before: int | None = None
        while found := self._feed.list("sale", before=before, limit=BATCH):
            for row in found:
                if row.first_ms < now_ms - 2 * DAY_MS:
                    return
                for attempt in self._book.sale(row.subject).attempts:
                    self._count(name, provider, attempt)
            before = found[-1].first_number

    def _follow(self, name: str, provider: Provider) -> None:
        """Events since the last look."""
        while batch := self._feed.after(self._read[name]):
            for event in batch:
                self._hear(name, provider, event)
            self._read[name] = batch[-1].number

    def _hear(self, name: str, provider: Provider, event: Event) -> None:
        evidence = event.body.get("evidence")
        if evidence and evidence["trade"] == "paid":
            self._count(name, provider, self._book.sale(event.subject).attempt(event.body["attempt"]))

    def _count(self, name: str, provider: Provider, attempt: Attempt) -> None:
        if not attempt.captured or self._channel(attempt.provider) != name:
            return
        if _day(provider, _paid_ms(attempt)) == self._day[name]:
            self._taken[name][attempt.id] = attempt.amount.minor


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
