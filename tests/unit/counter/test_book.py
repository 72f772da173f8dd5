"""The book asks the journal only for what it may know, and tells all who share an append how it ended."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from terminal.counter.book import SYSTEM, Book
from terminal.counter.feed import Feed
from terminal.counter.ports import Journal, Ticket
from terminal.errors import Unavailable
from terminal.payments.decide import OpenSale, open_sale
from terminal.payments.event import Event, NewEvent
from terminal.payments.fact import Fact
from terminal.payments.money import Money
from terminal.payments.sale import Sale
from tests.unit.journal.world import TickingClock, open_at

OPENED = open_sale(OpenSale("1", Money(2850, "CNY")), sale="s1", no=1, at_ms=1_000)


class WatchedFeed(Feed):
    """``asked``: subjects that were looked up."""

    def of_subject(self, subject: str) -> tuple[Event, ...]:
        self.asked = [*getattr(self, "asked", []), subject]
        return super().of_subject(subject)


async def test_a_sale_whose_id_was_just_made_is_not_looked_up_and_an_unknown_one_is(tmp_path: Path) -> None:
    async with open_at(tmp_path / "j.db") as journal:
        feed = WatchedFeed(journal)
        book = Book(feed, TickingClock())
        opened = await book.commit("s1", lambda before: () if before else OPENED, SYSTEM, new=True)
        assert not hasattr(feed, "asked")
        assert book.sale("s1") is opened, "and stands in memory from then on"
        again = await Book(feed, TickingClock()).commit("s1", lambda before: () if before else OPENED, SYSTEM)
        assert again == opened, "another book finds it in the journal and opens it no second time"
        assert feed.asked == ["s1"]


class FullJournal:
    """The same, with room for no append while it is ``full``; ``tried``: the types of each."""

    def __init__(self, journal: Journal) -> None:
        self._journal, self.full, self.tried = journal, False, list[list[str]]()

    async def append(self, events: Sequence[NewEvent], *, ticket: Ticket | None = None) -> tuple[Event, ...]:
        self.tried.append([each.type for each in events])
        if self.full:
            raise Unavailable("journal_busy", waiting=1)
        return await self._journal.append(events, ticket=ticket)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._journal, name)


async def test_i6_who_shares_an_append_that_is_refused_before_it_begins_hears_so_and_may_come_again(
    tmp_path: Path,
) -> None:
    async with open_at(tmp_path / "j.db") as journal:
        store = FullJournal(cast("Journal", journal))
        book = Book(Feed(cast("Journal", store)), TickingClock())
        await book.commit("s1", lambda _: OPENED, SYSTEM, new=True)

        async def one(kind: str) -> Sale:
            return await book.commit("s1", lambda _: (Fact(kind, {"at_ms": 1}),), SYSTEM, together=True)

        async def both() -> Sequence[Sale | BaseException]:
            return await asyncio.gather(one("voice_ended"), one("code_shown"), return_exceptions=True)

        store.tried.clear()
        store.full = True
        assert [str(each) for each in await both()] == ["journal_busy (waiting=1)"] * 2
        store.full = False
        assert list(await both()) == [book.sale("s1")] * 2
        assert store.tried == [["voice_ended", "code_shown"]] * 2


async def test_i6_who_finds_done_what_another_one_of_a_refused_append_decided_hears_that_it_is_refused(
    tmp_path: Path,
) -> None:
    async with open_at(tmp_path / "j.db") as journal:
        store = FullJournal(cast("Journal", journal))
        book = Book(Feed(cast("Journal", store)), TickingClock())
        await book.commit("s1", lambda _: OPENED, SYSTEM, new=True)

        async def once() -> Sale:
            wish = (Fact("cancel_requested", {"at_ms": 1, "why": "a"}),)
            return await book.commit("s1", lambda x: () if x and x.cancel_why else wish, SYSTEM, together=True)

        store.full = True
        ended = await asyncio.gather(once(), once(), return_exceptions=True)
        assert [str(each) for each in ended] == ["journal_busy (waiting=1)"] * 2
        assert book.sale("s1").cancel_why == ""


async def test_d11_a_listener_that_fails_leaves_memory_true_of_all_who_shared_the_append(tmp_path: Path) -> None:
    async with open_at(tmp_path / "j.db") as journal:
        book = Book(Feed(journal), TickingClock())
        await book.commit("s1", lambda _: OPENED, SYSTEM, new=True)

        def fails(_before: Sale | None, after: Sale) -> None:
            assert after.cancel_why != "a", "a bug"

        async def cancel(why: str) -> Sale:
            wish = (Fact("cancel_requested", {"at_ms": 1, "why": why}),)
            return await book.commit("s1", lambda _: wish, SYSTEM, together=True)

        book.on_change = fails
        ended = await asyncio.gather(cancel("a"), cancel("bb"), return_exceptions=True)
        assert [type(each) for each in ended] == [AssertionError] * 2
        assert book.sale("s1").cancel_why == "bb"
