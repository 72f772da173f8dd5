"""Whatever is cancelled or refused, and whoever the loop serves first, a sale has one history, in memory too."""

import asyncio
import random
from itertools import pairwise
from pathlib import Path

import pytest

from terminal.counter.book import SYSTEM, Book
from terminal.counter.feed import Feed
from terminal.errors import Conflict
from terminal.payments.decide import OpenSale, open_sale
from terminal.payments.fact import Fact, Facts
from terminal.payments.money import Money
from terminal.payments.sale import Sale
from terminal.precedence import ahead, install
from tests.unit.journal.world import TickingClock, open_at

OPENED = open_sale(OpenSale("1", Money(2850, "CNY")), sale="s1", no=1, at_ms=1_000)


class Crowd:
    """Callers of one sale; each adds its number to what it decided on, so that the last one tells of all."""

    def __init__(self, book: Book, chance: random.Random) -> None:
        self._book, self._chance = book, chance
        self.told: list[tuple[str, str]] = []
        book.on_change = lambda before, after: self.told.append(
            (before.cancel_why if before else "", after.cancel_why)
        )

    def one(self, number: int) -> "asyncio.Task[Sale]":
        chance = self._chance
        claims = (("order", chance.choice("ab"), "s1"),) if chance.random() < 0.3 else ()
        idle, together = chance.random() < 0.2, not claims and chance.random() < 0.4

        def decide(sale: Sale | None) -> Facts:
            assert sale is not None
            why = f"{sale.cancel_why}.{number}"
            return () if idle else (Fact("cancel_requested", {"at_ms": 1, "why": why}, claims=claims),)

        return asyncio.create_task(self._book.commit("s1", decide, SYSTEM, together=together))

    async def come(self) -> list[Sale | BaseException]:
        tasks: list[asyncio.Task[Sale]] = []
        for number in range(self._chance.randrange(3, 14)):
            if self._chance.random() < 0.4:
                with ahead():
                    tasks.append(self.one(number))
            else:
                tasks.append(self.one(number))
            for _ in range(self._chance.randrange(3)):
                await asyncio.sleep(0)
            if self._chance.random() < 0.3:
                self._chance.choice(tasks).cancel()
        return await asyncio.gather(*tasks, return_exceptions=True)


@pytest.mark.parametrize("seed", range(12, 28))
async def test_i6_i16_a_sale_has_one_history_and_everybody_is_told_of_it_in_order(
    tmp_path: Path, seed: int
) -> None:
    install(asyncio.get_running_loop())
    async with open_at(tmp_path / "j.db") as journal:
        feed = Feed(journal)
        book = Book(feed, TickingClock())
        await book.commit("s1", lambda _: OPENED, SYSTEM, new=True)
        crowd = Crowd(book, random.Random(seed))
        ended = await crowd.come()
        history = [""] + [each.body["why"] for each in journal.after(1)]
        assert [why.rpartition(".")[0] for why in history[1:]] == history[:-1], "each decided on the one before"
        assert crowd.told == list(pairwise(history))
        assert book.sale("s1").cancel_why == history[-1]
        for each in ended:
            assert (
                isinstance(each, Conflict | asyncio.CancelledError) or getattr(each, "cancel_why", None) in history
            )
        assert feed.published == journal.last_number()
