"""A decision need not wait for the disk of the one before it: it is handed in behind that, and told after it."""

import asyncio
import gc
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

import pytest

from terminal.counter.book import SYSTEM, Book, Releases
from terminal.counter.feed import Feed
from terminal.counter.ports import Journal, Ticket
from terminal.errors import Conflict, JournalError
from terminal.payments.decide import OpenSale, open_sale
from terminal.payments.event import Event, NewEvent
from terminal.payments.fact import Fact, Facts
from terminal.payments.money import Money
from terminal.payments.sale import Sale
from terminal.precedence import ahead, install, line
from tests.unit.journal.world import TickingClock, open_at

OPENED = open_sale(OpenSale("1", Money(2850, "CNY")), sale="s1", no=1, at_ms=1_000)


class SlowDisk:
    """A real journal whose appends are handed to it when the test says so; ``waiting``: the types of each."""

    def __init__(self, journal: Journal) -> None:
        self._journal, self._let = journal, list[asyncio.Future[None]]()
        self.waiting: list[list[str]] = []
        self.locked = self.quick = False

    async def append(self, events: Sequence[NewEvent], *, ticket: Ticket | None = None) -> tuple[Event, ...]:
        if self.quick:
            return await self._journal.append(events, ticket=ticket)
        self.waiting.append([each.type for each in events])
        self._let.append(asyncio.get_running_loop().create_future())
        await self._let[-1]
        if self.locked:
            assert ticket
            self.locked, ticket.refused = False, JournalError("journal_locked")
            raise ticket.refused
        return await self._journal.append(events, ticket=ticket)

    def turn(self) -> None:
        """The disk serves all who wait, in their order."""
        self.waiting.clear()
        for each in self._let:
            each.set_result(None)
        self._let.clear()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._journal, name)


class Shop:
    """A book with one open sale on a slow disk."""

    def __init__(self, journal: Journal) -> None:
        self.disk = SlowDisk(journal)
        self.feed = Feed(cast("Journal", self.disk))
        self.book = Book(self.feed, TickingClock())
        self.seen: list[tuple[int, int]] = []  # notes before and after, of each change that was told
        self.book.on_change = lambda before, after: self.seen.append((notes(before), notes(after)))

    async def open(self) -> None:
        opening = asyncio.create_task(self.book.commit("s1", lambda _: OPENED, SYSTEM, new=True))
        await self.settled()
        self.disk.turn()
        await opening
        self.seen.clear()

    async def settled(self) -> None:
        for _ in range(10):
            await asyncio.sleep(0)

    def cancel(self, why: str, **more: Any) -> "asyncio.Task[Sale]":
        """A fact that changes the sale: the cashier wants it cancelled."""
        return self.commit(lambda _: (Fact("cancel_requested", {"at_ms": 1, "why": why}, **more),))

    def commit(self, decide: Callable[[Sale | None], Facts]) -> "asyncio.Task[Sale]":
        return asyncio.create_task(self.book.commit("s1", decide, SYSTEM))


def notes(sale: Sale | None) -> int:
    return -1 if sale is None else len(sale.cancel_why)


@pytest.fixture
async def shop(tmp_path: Path) -> Any:
    async with open_at(tmp_path / "j.db") as journal:
        made = Shop(cast("Journal", journal))
        await made.open()
        yield made
        made.disk.turn()  # else a test that fails would wait for ever for what nobody may cancel
        await made.settled()


async def test_the_second_decision_sees_the_first_and_is_on_its_way_before_that_is_durable(shop: Shop) -> None:
    first = shop.cancel("a")
    decided: list[str] = []

    def second(sale: Sale | None) -> Facts:
        assert sale is not None
        decided.append(sale.cancel_why)
        return (Fact("cancel_requested", {"at_ms": 1, "why": "bb"}),)

    behind = shop.commit(second)
    await shop.settled()
    assert shop.disk.waiting == [["cancel_requested"], ["cancel_requested"]], "one disk, two appends under way"
    assert decided == ["a"]
    assert shop.book.sale("s1").cancel_why == "", "memory is what the journal has"
    assert shop.seen == []
    shop.disk.turn()
    assert (await first).cancel_why == "a"
    assert (await behind).cancel_why == "bb"
    assert shop.seen == [(0, 1), (1, 2)], "told in their order, each with what was before it"
    assert shop.book.sale("s1").cancel_why == "bb"


async def test_who_is_behind_an_append_of_many_sees_what_the_last_of_them_decided(shop: Shop) -> None:
    def together(why: str) -> "asyncio.Task[Sale]":
        wish = (Fact("cancel_requested", {"at_ms": 1, "why": why}),)
        return asyncio.create_task(shop.book.commit("s1", lambda _: wish, SYSTEM, together=True))

    shared = [together("a"), together("bb")]
    await shop.settled()
    assert shop.disk.waiting == [["cancel_requested"] * 2]
    behind = shop.cancel("ccc")
    await shop.settled()
    shop.disk.turn()
    await asyncio.gather(*shared, behind)
    assert shop.seen == [(0, 1), (1, 2), (2, 3)]


async def test_an_append_that_is_refused_when_all_who_wait_were_cancelled_is_nobodys_complaint(shop: Shop) -> None:
    complaints: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: complaints.append(context))
    wish = shop.cancel("a")
    await shop.settled()
    wish.cancel()
    shop.disk.locked = True
    shop.disk.turn()
    await asyncio.wait([wish])
    assert wish.cancelled()
    del wish
    gc.collect()
    assert complaints == []
    assert shop.book.sale("s1").cancel_why == ""


async def test_i6_who_finds_nothing_to_do_hears_so_only_when_what_he_saw_is_durable(shop: Shop) -> None:
    """The bank's second word of one payment: no yes before the first one's is on the disk."""
    first, again = shop.cancel("a"), shop.commit(lambda sale: () if sale and sale.cancel_why else OPENED)
    await shop.settled()
    assert not again.done()
    shop.disk.turn()
    assert (await again).cancel_why == (await first).cancel_why == "a"


async def test_i6_a_refusal_for_what_is_not_durable_yet_waits_for_it(shop: Shop) -> None:
    def refuse(sale: Sale | None) -> Facts:
        assert sale is not None
        assert sale.cancel_why == "a"
        raise Conflict("sale_ended", sale="s1")

    first, refused = shop.cancel("a"), shop.commit(refuse)
    await shop.settled()
    assert not refused.done()
    shop.disk.turn()
    with pytest.raises(Conflict):
        await refused
    await first


async def test_d7_all_who_decided_on_a_refused_append_hear_so_and_the_next_decides_on_what_is_durable(
    shop: Shop,
) -> None:
    first, behind = shop.cancel("a"), shop.cancel("bb")
    nothing = shop.commit(lambda sale: () if sale and sale.cancel_why else OPENED)
    await shop.settled()
    shop.disk.locked = True
    shop.disk.turn()
    ended = await asyncio.gather(first, behind, nothing, return_exceptions=True)
    assert [str(each) for each in ended] == ["journal_locked"] * 3
    assert shop.book.sale("s1").cancel_why == ""
    assert shop.seen == []
    later = shop.cancel("ccc")
    await shop.settled()
    shop.disk.turn()
    assert (await later).cancel_why == "ccc"
    assert shop.seen == [(0, 3)]


async def test_i16_nobody_decides_on_an_append_whose_claim_may_be_refused(shop: Shop) -> None:
    claimed = shop.cancel("a", claims=(("order", "o", "s1"),))
    behind = shop.cancel("bb")
    await shop.settled()
    assert len(shop.disk.waiting) == 1
    shop.disk.turn()
    await claimed
    await shop.settled()
    assert len(shop.disk.waiting) == 1
    shop.disk.turn()
    assert (await behind).cancel_why == "bb"


async def test_d11_a_cancelled_caller_leaves_memory_true_for_who_is_behind_it(shop: Shop) -> None:
    first, behind = shop.cancel("a"), shop.cancel("bb")
    await shop.settled()
    first.cancel()
    await shop.settled()
    assert not first.done(), "it waits for the commit it started"
    shop.disk.turn()
    with pytest.raises(asyncio.CancelledError):
        await first
    assert (await behind).cancel_why == "bb"
    assert shop.seen == [(0, 1), (1, 2)]


async def test_what_is_foreseen_is_let_go_by_the_journal_before_memory_hears(shop: Shop) -> None:
    order: list[str] = []

    def foresee(before: Sale | None, after: Sale) -> Releases:
        order.append(f"foreseen {notes(before)} {notes(after)}")
        return Releases((lambda: order.append("asked"),), (lambda: order.append("shown"),))

    shop.book.foresee = foresee
    shop.book.on_change = lambda _before, _after: order.append("memory")
    paid = shop.cancel("a")
    await shop.settled()
    assert order == ["foreseen 0 1"]
    shop.disk.turn()
    await paid
    assert order == ["foreseen 0 1", "asked", "shown", "memory"]


@pytest.fixture
async def told_first(shop: Shop) -> Shop:
    """Of two appends of one commit, who is ``ahead`` on the loop hears first, whatever their order was."""
    install(asyncio.get_running_loop())
    shop.disk.quick = True
    return shop


async def test_d11_a_listener_that_fails_leaves_memory_true_for_who_is_behind_it(told_first: Shop) -> None:
    """A bug in what hears of the first must not hide from memory, or from pages, that the second is durable."""
    shop = told_first

    def fails(_before: Sale | None, after: Sale) -> None:
        assert after.cancel_why != "a", "a bug"

    shop.book.on_change = fails
    first = shop.cancel("a")
    await asyncio.sleep(0)
    with ahead():
        behind = shop.cancel("bb")
    ended = await asyncio.gather(first, behind, return_exceptions=True)
    assert isinstance(ended[0], AssertionError)
    assert shop.book.sale("s1").cancel_why == "bb"
    assert shop.feed.published == shop.feed.last_number()
    assert ended[1] is shop.book.sale("s1")


async def test_i6_who_hears_first_that_he_is_refused_lets_nobody_decide_on_less_than_is_durable(
    told_first: Shop,
) -> None:
    shop, taken, seen = told_first, (("order", "o", "s1"),), list[str]()

    def look(sale: Sale | None) -> Facts:
        assert sale is not None
        seen.append(sale.cancel_why)
        return ()

    await shop.cancel("?", claims=taken)
    first = shop.cancel("a")
    await asyncio.sleep(0)
    with ahead():
        refused, later = shop.cancel("bb", claims=taken), shop.commit(look)
    ended = await asyncio.gather(first, refused, later, return_exceptions=True)
    assert isinstance(ended[1], Conflict)
    assert seen == ["a"]
    assert ended[0] is ended[2] is shop.book.sale("s1")


async def test_changes_are_told_in_their_order_whoever_hears_first_that_he_is_durable(told_first: Shop) -> None:
    shop = told_first
    first = shop.cancel("a")
    await asyncio.sleep(0)
    with ahead():
        behind = [shop.cancel("bb"), shop.cancel("ccc")]
    await asyncio.gather(first, *behind)
    assert shop.seen == [(0, 1), (1, 2), (2, 3)]


async def test_what_begins_with_a_payment_goes_before_the_banks_yes_and_its_next_word_is_ahead_again(
    told_first: Shop,
) -> None:
    """Paper and voice before who handed it in: its own decision is in the journal's hands."""
    shop, order, loop = told_first, list[str](), asyncio.get_running_loop()

    def slip(_before: Sale | None, _after: Sale) -> None:
        loop.call_soon(order.append, "slip", context=line())

    async def bank() -> None:
        await shop.book.commit("s1", lambda _: (Fact("cancel_requested", {"at_ms": 1, "why": "a"}),), SYSTEM)
        order.append("yes")
        loop.call_soon(order.append, "another", context=line())
        await asyncio.sleep(0)
        order.append("next word")

    shop.book.on_change = slip
    with ahead():
        await loop.create_task(bank())
    await shop.settled()
    assert order == ["slip", "yes", "next word", "another"]


@pytest.mark.parametrize("hook", ["foresee", "begin"])
async def test_i24_a_bug_in_what_could_begin_ahead_keeps_no_payment_out_of_the_journal(
    shop: Shop, hook: str, caplog: pytest.LogCaptureFixture
) -> None:
    def bug(*_: object) -> Any:
        raise ZeroDivisionError

    setattr(shop.book, hook, bug)
    owed: list[bool] = []
    shop.book.on_owed = lambda _sale, _owed, begun: owed.append(begun)
    paid = shop.cancel("a", owes=({"id": "s1:voice", "kind": "voice"},))
    await shop.settled()
    shop.disk.turn()
    assert (await paid).cancel_why == "a"
    assert owed == [False], "its voice begins later, by itself"
    assert "nothing begins or is shown ahead" in caplog.text
