"""Whatever is decided about a sale is decided on the sale as it is: one at a time, also when it is long over."""

import asyncio
from dataclasses import replace

import pytest

from terminal.counter.book import KEPT
from terminal.payments.fact import Fact, Facts
from terminal.payments.sale import Sale
from tests.flows.shop import CASHIER, Shop, story


@pytest.mark.row(71)
@story()
async def test_s14_entries_about_a_final_sale_at_every_turn_of_the_loop_see_each_other(shop: Shop) -> None:
    sale = await shop.paid()
    await shop.wait(3)
    assert shop.sale(sale).final
    book, seen = shop.service.book, list[int]()

    async def once_more(turns: int) -> None:
        def decide(now: Sale | None) -> Facts:
            assert now is not None
            copy = now.printings("x")
            seen.append(copy)
            return (Fact("print_started", {"receipt": "x", "copy": copy, "at_ms": 0}),)

        for _ in range(turns):
            await asyncio.sleep(0)
        await book.commit(sale.id, decide, CASHIER)

    await asyncio.gather(*(once_more(turns) for turns in (0, 1, 1, 2, 3, 5, 8, 9, 10, 11, 12, 13, 20, 21, 40)))
    assert seen == list(range(15))
    assert len(book._locks) == 0, "nothing is kept of a lock that nobody holds"


@story()
async def test_i21_sales_that_are_over_leave_memory_and_are_read_again_when_asked_for(shop: Shop) -> None:
    book = shop.service.book
    first = await shop.paid(100)
    waiting = await shop.with_code(200)
    for each in range(KEPT + 40):
        book._keep(replace(first, id=f"over-{each}"))
    assert len(book._sales) <= KEPT + 1
    assert waiting.id in book._sales, "one that is under way stays"
    assert first.id not in book._sales
    assert shop.sale(first).paid_minor == 100
