"""The book asks the journal only for what it may know."""

from pathlib import Path

from terminal.counter.book import SYSTEM, Book
from terminal.counter.feed import Feed
from terminal.payments.decide import OpenSale, open_sale
from terminal.payments.event import Event
from terminal.payments.money import Money
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
