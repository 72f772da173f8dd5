"""A thousand sales that all wait for the same bank: it is asked at its own rate, and each of them in its turn."""

import asyncio
from itertools import pairwise

import pytest

from terminal.payments.notice import Answer
from tests.flows.shop import Shop, story

SALES = 1_000
OVER_S = 40
BURST = 5  # asked at once after a rest


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
