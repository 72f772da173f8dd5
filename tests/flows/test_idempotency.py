"""A till may ask again, after its own crash too: one meaning, one sale; another meaning, a clear no."""

import asyncio

import pytest

from terminal.errors import Conflict, InvalidRequest
from terminal.payments.sale import Sale, SaleState
from terminal.simulation.world import Gone
from tests.flows.shop import DAY_S, Shop, key, refused, story


@pytest.mark.row(89)
@story()
async def test_i16_the_same_key_and_meaning_is_the_same_sale_for_ever(shop: Shop) -> None:
    sale = await shop.open(key=key("K-1"))
    assert (await shop.open(key=key("K-1"))).id == sale.id
    await shop.cancel(sale)
    await shop.restart(after_s=40 * DAY_S)
    again = await shop.open(key=key("K-1"))
    assert (again.id, again.state) == (sale.id, SaleState.CANCELLED)


@pytest.mark.row(89)
@story()
async def test_i16_the_same_key_with_another_meaning_is_refused(shop: Shop) -> None:
    sale = await shop.open(key=key("K-1", "28.50 CNY"))
    error = await refused(shop.open(9, key=key("K-1", "0.09 CNY")))
    assert isinstance(error, InvalidRequest)
    assert error.slug == "idempotency_other_meaning"
    assert len(shop.service.feed.list("sale")) == 1
    await shop.cancel(sale)
    assert (await refused(shop.open(9, key=key("K-1", "0.09 CNY")))).slug == "idempotency_other_meaning"


@story()
async def test_i16_a_key_that_looked_new_and_was_taken_meanwhile_is_the_sale_it_was_taken_for(shop: Shop) -> None:
    """By another instance of the shop: its claim in the journal decides, whoever looked before."""
    sale = await shop.cancel(await shop.open(key=key("K-1")))
    assert (await shop.open(key=key("K-1"), new_key=True)).id == sale.id
    error = await refused(shop.open(9, key=key("K-1", "0.09 CNY"), new_key=True))
    assert error.slug == "idempotency_other_meaning"
    assert len(shop.service.feed.list("sale")) == 1


@pytest.mark.row(89)
@story()
async def test_a1_an_order_number_of_the_till_is_one_sale_for_ever(shop: Shop) -> None:
    sale = await shop.open(order_no="POS-7", key=key("K-1"))
    assert (await shop.open(order_no="POS-7", key=key("K-2"))).id == sale.id
    await shop.cancel(sale)
    await shop.restart()
    assert (await shop.open(order_no="POS-7")).id == sale.id
    error = await refused(shop.open(1, order_no="POS-7"))
    assert (error.slug, error.facts["sale"]) == ("order_no_used", sale.id)


@pytest.mark.row(89)
@story()
async def test_a1_a_storm_of_retries_is_one_sale_and_one_capture_i3(shop: Shop) -> None:
    async def till(delay_s: float) -> Sale:
        await shop.wait(delay_s)
        return await shop.open(order_no="POS-1", key=key("K-1"))

    sales = await asyncio.gather(*(till(each / 100) for each in range(50)))
    assert len({each.id for each in sales}) == 1
    shop.pay(sales[0])
    await shop.wait(2)
    assert (await till(0)).state is SaleState.PAID
    assert list(shop.captured.values()) == [[2850]]


@pytest.mark.row(89, 93)
@pytest.mark.parametrize("with_key", [False, True])
@story(counters=("1", "2"))
async def test_a2_two_counters_with_the_same_order_at_once_are_one_sale(shop: Shop, with_key: bool) -> None:
    keys = (key("K-1"), key("K-1", "at counter 2")) if with_key else (None, None)
    calls = [
        shop.open(order_no="POS-1", counter=counter, key=one)
        for counter, one in zip("12" * 25, keys * 25, strict=True)
    ]
    answers = await asyncio.gather(*calls, return_exceptions=True)
    opened = {each.id for each in answers if isinstance(each, Sale)}
    assert len(opened) == 1
    slugs = {each.slug for each in answers if isinstance(each, Conflict | InvalidRequest)}
    assert slugs == ({"idempotency_other_meaning"} if with_key else {"order_no_used"})
    assert len(shop.service.feed.list("sale")) == 1
    assert [shop.lane(each).current is not None for each in "12"].count(True) == 1


@pytest.mark.row(89)
@story()
async def test_d1_a_key_whose_answer_was_lost_in_a_crash_is_answered_after_it(shop: Shop) -> None:
    crashes: list[asyncio.Task[None]] = []

    def die(point: str) -> None:
        if point == "after_commit" and not crashes:
            crashes.append(asyncio.ensure_future(shop.world.crash()))

    shop.world.at_point = die
    asking = asyncio.ensure_future(shop.world.call(lambda _service: shop.open(key=key("K-1"))))
    await asyncio.wait({asking})
    assert isinstance(asking.exception(), Gone)
    await crashes[0]
    await shop.world.start()
    sale = await shop.open(key=key("K-1"))
    assert len(shop.service.feed.list("sale")) == 1
    await shop.until(lambda: bool(shop.attempt(sale).payload), 7)


@pytest.mark.row(94)
@story()
async def test_a1_a_till_that_never_comes_back_loses_nothing(shop: Shop) -> None:
    asking = asyncio.ensure_future(shop.open(order_no="POS-1"))
    await shop.wait(0.001)
    asking.cancel()
    await shop.wait(1)
    sale = shop.service.book.sale(shop.service.feed.claimed("pos_order", "m1/POS-1") or "")
    shop.pay(sale)
    await shop.wait(3)
    await shop.restart(after_s=90 * DAY_S)
    (row,) = shop.service.feed.list("sale", search="POS-1")
    assert (row.subject, row.body["state"]) == (sale.id, "paid")
