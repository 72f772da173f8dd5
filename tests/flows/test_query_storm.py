"""Very many sales that all wait for the same bank: it is asked at its own rate, and each of them in its turn."""

import asyncio
from itertools import pairwise

import pytest

from terminal.payments.notice import Answer
from terminal.payments.sale import SaleState
from tests.flows.shop import Shop, story

SALES = 1_000
OVER_S = 40
BURST = 5  # asked at once after a rest
CLOSED = 80


@pytest.mark.row(30)
@story()
async def test_a_thousand_open_sales_never_ask_more_often_than_the_provider_allows(shop: Shop) -> None:
    provider, line = shop.service.provider("wechatpay"), shop.world.line
    rate = provider.profile.queries_per_s
    answered: set[int] = set()

    async def one_sale(number: int) -> None:
        while True:
            heard: Answer = await provider.query(f"A{number:025d}")
            assert heard
            answered.add(number)
            await asyncio.sleep(provider.profile.timings.push_query_s)

    asked = [line.requests]
    async with asyncio.TaskGroup() as group:
        sales = [group.create_task(one_sale(number)) for number in range(SALES)]
        for _ in range(OVER_S):
            await asyncio.sleep(1)
            asked.append(line.requests)
        for sale in sales:
            sale.cancel()
    each_second = [after - before for before, after in pairwise(asked)]
    assert max(each_second) <= rate + BURST, "no second above the rate"
    assert asked[-1] - asked[0] <= rate * OVER_S + BURST
    assert asked[-1] - asked[0] >= rate * OVER_S * 0.95, "and the rate is used"
    assert len(answered) == SALES, "nobody is left out"


@pytest.mark.row(27, 30)
@story(channels=("pix",))
async def test_i22_after_a_start_nobody_who_paid_waits_for_what_ended_before(shop: Shop) -> None:
    """Pix is asked five times a second at most, and each order that was closed in the last day once at a start."""
    shop.no_notifications()
    for _ in range(CLOSED):
        closed = (await shop.with_code()).id
        await shop.cancel(shop.service.book.sale(closed))
        assert await shop.service.until(closed, lambda sale: sale.live_attempt is None, 60)
    sale = await shop.with_code()
    shop.world.bank.customer_pays(shop.attempt(sale).id, shop.bank_ms)
    await shop.restart()
    await shop.until(lambda: shop.sale(sale).state is SaleState.PAID, 10)
