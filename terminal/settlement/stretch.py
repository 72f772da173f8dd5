"""A stretch of the journal read page by page, and where a day begins in it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final, Protocol

from terminal.payments.event import Event, Ledger
from terminal.settlement.business_day import ShopTime
from terminal.settlement.totals import Fold, History, Tally, Totals

PAGE: Final = 256
CLOCK_MS: Final = 24 * 3_600_000  # a clock that was set back by no more than this loses no event of a day


class Pages(Protocol):
    """What reading in order needs of a journal; a reader beside a running service has it too."""

    def after(self, number: int, *, limit: int = PAGE) -> tuple[Event, ...]: ...

    def of_subject(self, subject: str) -> tuple[Event, ...]: ...

    def last_number(self) -> int: ...


def events(journal: Pages, first: int, last: int) -> Iterator[tuple[Event, ...]]:
    """Pages of the events ``first`` to ``last``, both included."""
    at = first - 1
    while at < last and (batch := journal.after(at, limit=min(PAGE, last - at))):
        at = batch[-1].number
        yield batch


async def in_turns(journal: Pages, first: int, last: int) -> AsyncIterator[Event]:
    """The same one by one; between two pages everybody else has a turn."""
    for batch in events(journal, first, last):
        for event in batch:
            yield event
        await asyncio.sleep(0)


def first_at(journal: Pages, wall_ms: int) -> int:
    """The number of the first event at or after this wall time: halving, so twenty reads of a long journal."""
    low, high = 1, journal.last_number() + 1
    while low < high:
        middle = (low + high) // 2
        found = journal.after(middle - 1, limit=1)  # nothing: durable, but nobody has heard of it yet
        if found and found[0].wall_ms < wall_ms:
            low = middle + 1
        else:
            high = middle
    return low


def span(journal: Pages, begin_ms: int, end_ms: int) -> tuple[int, int]:
    """First and last number of a stretch that holds every event within these wall times."""
    return first_at(journal, begin_ms - CLOCK_MS), first_at(journal, end_ms + CLOCK_MS) - 1


@dataclass(frozen=True, slots=True)
class ChainHead:
    """Where a counter's chain stood: the position of its last event and that event's hash."""

    position: int
    hash: str


class Stretch:
    """Totals of the events since ``first``, folded as far as ``at``. Give it more and it goes on.

    ``day`` of an event never goes back within a stretch: a clock that was set back for a moment moves no sale to a
    day that is closed.
    """

    def __init__(
        self,
        history: History,
        shop: ShopTime,
        *,
        first: int,
        ledger: Ledger,
        counter: str = "",
        day: date = date.min,
        only: date | None = None,
    ) -> None:
        """``day``: the last one before. ``only``: events of this business day alone are counted."""
        self._shop, self._only = shop, only
        self._fold = Fold(history, ledger=ledger, counter=counter)
        self._tally = Tally(shop)
        self._day = day
        self.first, self.at = first, first - 1
        self.heads: dict[str, ChainHead] = {}

    async def read(self, journal: Pages, last: int, until: Callable[[date], bool] = lambda _day: False) -> None:
        """Take what is new up to ``last``; stops before the first event whose day ``until`` names."""
        async for event in in_turns(journal, self.at + 1, last):
            day = self._shop.business_day(event.wall_ms)
            if until(max(day, self._day)):
                return
            self.take(event, day)

    def take(self, event: Event, day: date) -> None:
        self._day = max(self._day, day)
        self.at = event.number
        if event.counter:
            self.heads[event.stream] = ChainHead(event.position, event.hash.hex())
        told = self._fold.take(event)
        if told is not None and self._only in {None, day}:
            before, after, moved = told
            self._tally.take(event, before, after, moved, self._day)

    @property
    def days(self) -> tuple[date, ...]:
        return tuple(sorted(self._tally.days))

    def totals(self) -> Totals:
        return self._tally.totals()
