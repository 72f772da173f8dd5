"""The journal with listeners: every append passes here, so that pages, tills and tests hear of it at once."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Sequence
from typing import Final

from terminal.counter.ports import Journal, Ticket
from terminal.errors import JournalError, TerminalError
from terminal.payments.event import Event, NewEvent, Owed, Summary

RING: Final = 1024  # events kept in memory for listeners that keep up; slower ones read the store
BATCH: Final = 256
HEAVY: Final = frozenset({"settled"})  # hundreds of rows each: listeners read them from the store

Then = Callable[[tuple[Event, ...]], None]


def _unheard(_seconds: float) -> None:
    """Nobody counts."""


async def _ended(before: asyncio.Future[tuple[Event, ...]] | None) -> None:
    """Its turn of the loop may come later. How it ended is for its own callers."""
    if before is not None and not before.done():
        await asyncio.wait([before])


class Feed:
    """Satisfies ``Journal``; ``follow`` yields what was appended, in order, from any number on."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._ring: deque[Event] = deque(maxlen=RING)
        self._last = journal.last_number()
        self._news = asyncio.Event()
        self._failure: JournalError | None = None
        self._failed = asyncio.Event()
        self.committed: Callable[[float], None] = _unheard  # how long each append took to be durable, in seconds

    async def append(
        self,
        events: Sequence[NewEvent],
        then: Then | None = None,
        *,
        ticket: Ticket | None = None,
        before: asyncio.Future[tuple[Event, ...]] | None = None,
    ) -> tuple[Event, ...]:
        """``then`` runs after the commit and before any listener hears: memory is true when they look.

        Args:
            before: the append that this one is behind: nobody hears of this one first, nor that it is refused.
        """
        loop = asyncio.get_running_loop()
        since_s = loop.time()
        try:
            durable = await self._journal.append(events, ticket=ticket)
        except TerminalError as error:
            if isinstance(error, JournalError) and error.slug != "journal_locked":  # that one began nothing
                self._failure = self._failure or error
                self._failed.set()
            if ticket is not None and ticket.refused:  # in its turn: who is before it may be durable
                await _ended(before)
            raise
        self.committed(loop.time() - since_s)
        await _ended(before)
        try:
            if then:
                then(durable)
        finally:
            self._publish(durable)
        return durable

    async def failure(self) -> JournalError:
        """Why the journal takes nothing any more, whoever was told first, also a page or the bank's listener."""
        await self._failed.wait()
        assert self._failure is not None
        return self._failure

    def _publish(self, durable: tuple[Event, ...]) -> None:
        """What follows directly is not read back; a gap is an append whose caller was cancelled or is late."""
        if durable[0].number == self._last + 1:
            self._ring.extend(durable)
            self._last = durable[-1].number
        if any(each.type in HEAVY for each in durable):
            self._ring.clear()  # a bill of a million lines stays on the disk
        while self._last < durable[-1].number and (fresh := self._journal.after(self._last, limit=BATCH)):
            self._ring.extend(fresh)
            self._last = fresh[-1].number
        self._wake()

    def _wake(self) -> None:
        """Listeners come behind who acts on the events: a bank is asked and a glass is lit before pages hear."""
        news, self._news = self._news, asyncio.Event()
        asyncio.get_running_loop().call_soon(news.set)

    def heard(self) -> None:
        """Another machine wrote into this journal: listeners hear of it as of our own."""
        while fresh := self._journal.after(self._last, limit=BATCH):
            self._ring.extend(fresh)
            self._last = fresh[-1].number
            if any(each.type in HEAVY for each in fresh):
                self._ring.clear()
        self._wake()

    def after(self, number: int, *, limit: int = BATCH) -> tuple[Event, ...]:
        if self._ring and self._ring[0].number <= number + 1:
            start = number + 1 - self._ring[0].number
            return tuple([self._ring[i] for i in range(start, min(start + limit, len(self._ring)))])
        return self._journal.after(number, limit=limit)

    async def follow(self, number: int) -> AsyncGenerator[tuple[Event, ...], None]:
        """Batches of events after ``number``, for ever; the caller closes the iterator."""
        while True:
            news = self._news
            while batch := self.after(number):
                number = batch[-1].number
                yield batch
            await news.wait()

    def claimed(self, kind: str, key: str) -> str | None:
        return self._journal.claimed(kind, key)

    def of_subject(self, subject: str) -> tuple[Event, ...]:
        return self._journal.of_subject(subject)

    def last_number(self) -> int:
        return self._journal.last_number()

    @property
    def published(self) -> int:
        """The last number listeners have heard of; the journal may be ahead of it for a moment."""
        return self._last

    def unfinished(self) -> tuple[Summary, ...]:
        return self._journal.unfinished()

    def list(
        self, kind: str, *, counter: str = "", before: int | None = None, limit: int = 20, search: str = ""
    ) -> tuple[Summary, ...]:
        return self._journal.list(kind, counter=counter, before=before, limit=limit, search=search)

    def owed(self) -> tuple[Owed, ...]:
        return self._journal.owed()
