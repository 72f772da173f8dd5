"""A nexo till's message comes again: within 48 hours it is the same, after them another, whatever clocks say."""

import asyncio
from typing import Any

import pytest

from terminal.payments.sale import Sale
from tests.flows.shop import DAY_S, Shop, story
from tests.flows.test_door_nexo import Line, sales, told
from tests.strangers.nexo_till import result

pytestmark = pytest.mark.row(91)


def newest(shop: Shop) -> Sale:
    return shop.service.book.sale(shop.service.feed.list("sale")[0].subject)


async def bought(line: Line, service_id: str) -> Sale:
    assert result(await line.paid(28.5, service_id)) == "Success"
    return newest(line.shop)


async def given_back(line: Line, sale: Sale, service_id: str) -> Any:
    return await line.till.reverse(sale.id, service_id=service_id)


@story()
async def test_i8_a_reversals_id_may_come_again_after_48_hours_and_gives_back_another_sale(shop: Shop) -> None:
    line = Line(shop)
    first = await bought(line, "0000000001")
    for _ in range(2):
        assert result(await given_back(line, first, "0000000009")) == "Success"
    assert len(shop.sale(first).refunds) == 1
    await shop.wait(2.5 * DAY_S)
    gone = await line.till.status("0000000009", "Reversal")
    assert told(gone)["message"].startswith("Never started"), "48 hours are over"
    second = await bought(line, "0000000002")
    assert result(await given_back(line, second, "0000000009")) == "Success"
    assert [len(shop.sale(each).refunds) for each in (first, second)] == [1, 1]
    await shop.until(lambda: shop.kept_minor == 0, 60)


@story()
async def test_a1_i17_a_clock_that_was_set_back_a_day_makes_no_second_sale_of_a_message(shop: Shop) -> None:
    line = Line(shop)
    asked = asyncio.ensure_future(line.till.pay(28.5, service_id="0000000001"))
    shop.pay(await line.shown())
    assert result(await asked) == "Success"
    shop.world.clock.jump_wall(-int(DAY_S) * 1000)
    assert result(await line.till.pay(28.5, service_id="0000000001")) == "Success"
    assert sales(shop) == 1


@story()
async def test_a1_a_status_while_its_payment_is_being_recorded_does_not_call_it_never_started(shop: Shop) -> None:
    line = Line(shop)
    paying = asyncio.ensure_future(line.till.pay(28.5, service_id="0000000001"))
    asking = asyncio.ensure_future(line.till.status("0000000001"))
    assert result(await asking) == "InProgress"
    shop.pay(await line.shown())
    assert result(await paying) == "Success"
    assert sales(shop) == 1
