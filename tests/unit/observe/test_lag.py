"""The loop's lateness is looked at often where people are, and seldom where nobody is."""

import asyncio
from collections.abc import Iterator
from itertools import count, repeat

import pytest

from terminal.observe.lag import AT_REST_S, EVERY_S, watch_lag
from terminal.virtual_time import run


@pytest.mark.parametrize(("numbers", "every_s"), [(repeat(7), AT_REST_S), (count(), EVERY_S)])
def test_a_shop_at_rest_is_looked_at_ten_times_less_than_one_that_sells(
    numbers: Iterator[int], every_s: float
) -> None:
    looks: list[float] = []

    async def a_minute() -> None:
        watch = asyncio.create_task(watch_lag(looks.append, lambda: next(numbers)))
        await asyncio.sleep(60.5)
        watch.cancel()

    run(a_minute(), seed=7)
    assert len(looks) == 60 / every_s
    assert max(looks) < 0.001
