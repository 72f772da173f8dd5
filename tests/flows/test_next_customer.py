"""The old amount is never charged to the next customer; one counter never disturbs another."""

import asyncio

import pytest

from terminal.counter.ports import CodeScreen, IdleScreen
from terminal.errors import Conflict
from terminal.payments.sale import Sale, SaleState
from tests.flows.shop import Shop, refused, story


@pytest.mark.row(12)
@story()
async def test_i15_a_second_sale_is_refused_and_names_the_first(shop: Shop) -> None:
    sale = await shop.with_code()
    error = await refused(shop.open(999))
    assert (error.slug, error.facts["sale"]) == ("sale_live", sale.id)
    assert shop.counter.glass.words[-1] == "code"


@pytest.mark.row(12)
@story()
async def test_i15_fifty_starts_at_once_are_one_sale_and_49_refusals_that_name_it(shop: Shop) -> None:
    answers = await asyncio.gather(*(shop.open(100 + each) for each in range(50)), return_exceptions=True)
    opened = [each for each in answers if isinstance(each, Sale)]
    refusals = [each for each in answers if isinstance(each, Conflict)]
    assert (len(opened), len(refusals)) == (1, 49)
    assert {(each.slug, each.facts["sale"]) for each in refusals} == {("sale_live", opened[0].id)}


@pytest.mark.row(12, 9)
@story()
async def test_the_last_customers_paid_is_gone_before_the_next_code_comes(shop: Shop) -> None:
    await shop.paid()
    assert shop.counter.glass.words[-1] == "paid"
    await shop.open(500)
    await shop.until(lambda: isinstance(shop.counter.glass.lit, IdleScreen), 0.05)
    await shop.until(lambda: isinstance(shop.counter.glass.lit, CodeScreen), 0.3)
    assert shop.counter.glass.words == ["idle", "code", "paid", "idle", "code"]


@pytest.mark.row(12)
@story()
async def test_a_result_that_times_out_takes_no_code_with_it(shop: Shop) -> None:
    """The next code comes in the very moment the last result leaves the glass."""
    for offset_ms in range(-15, 16, 3):
        await shop.paid(100)
        shown_s = next(
            at for at, screen in reversed(shop.counter.glass.shows) if not isinstance(screen, CodeScreen)
        )
        await shop.wait(shown_s + 5 - 0.1 + offset_ms / 1000 - shop.loop.time())
        sale = await shop.open(200)
        await shop.wait(0.5)
        assert isinstance(shop.counter.glass.lit, CodeScreen), offset_ms
        await shop.cancel(sale)
        await shop.wait(7)


@pytest.mark.row(14)
@story()
async def test_the_last_sale_stays_the_last_whatever_happens_to_older_ones(shop: Shop) -> None:
    old = await shop.with_code(100)
    await shop.cancel(old)
    last = await shop.paid(200)
    await shop.wait(400)  # sweeps of the old one
    assert shop.lane().last_sale == last.id
    undone = await shop.refund(last, reason="undo")
    assert undone.amount.minor == 200


@pytest.mark.row(93)
@story(counters=("1", "2", "3", "4"))
async def test_i14_four_counters_with_equal_amounts_do_not_cross(shop: Shop) -> None:
    sales = [await shop.with_code(1000, counter=each) for each in "1234"]
    for sale in (sales[2], sales[0]):
        shop.pay(sale)
    await shop.cancel(sales[3])
    await shop.wait(3)
    assert [shop.sale(each).state for each in sales] == [
        SaleState.PAID,
        SaleState.OPEN,
        SaleState.PAID,
        SaleState.CANCELLED,
    ]
    assert [shop.on[each].glass.words[-1] for each in "1234"] == ["paid", "code", "paid", "cancelled"]
    assert [len(shop.on[each].printer.whole) for each in "1234"] == [1, 0, 1, 0]
    assert [shop.on[each].speaker.words for each in "12"] == [[("paid", 1000)], []]


@pytest.mark.row(93)
@story(counters=("1", "2"))
async def test_i24_i14_a_dead_counter_leaves_its_neighbour_alone(shop: Shop) -> None:
    for device in shop.on["1"].each():
        device.hangs = True
    await shop.with_code(100, counter="1")
    sale = await shop.paid(200, counter="2")
    assert shop.sale(sale).state is SaleState.PAID
    assert shop.on["2"].speaker.words == [("paid", 200)]


@story(counters=("1", "2"))
async def test_a_counter_that_left_the_settings_still_has_its_money_followed_and_given_back(shop: Shop) -> None:
    paid = await shop.paid(700, counter="2")
    doubtful = await shop.with_code(800, counter="2")
    await shop.world.crash()
    shop.world.counters = ("1",)
    await shop.world.start()
    shop.pay(doubtful)
    await shop.until(lambda: shop.sale(doubtful).state is SaleState.PAID, 5)
    refund = await shop.refund(paid)
    await shop.until(lambda: shop.sale(paid).refund(refund.id).state == "refunded", 30)
    await shop.wait(1)
    assert {"receipt": "no_printer"}.items() <= shop.outcomes().items()
    assert shop.service.feed.owed() == ()


@story(counters=("1", "2"))
async def test_a_final_sale_of_a_counter_that_is_gone_can_be_refunded_and_its_effects_do_not_get_lost(
    shop: Shop,
) -> None:
    paid = await shop.paid(700, counter="2")
    await shop.wait(2)
    assert shop.sale(paid).final
    await shop.world.crash()
    shop.world.counters = ("1",)
    await shop.world.start()
    refund = await shop.refund(paid)
    await shop.until(lambda: shop.sale(paid).refund(refund.id).state == "refunded", 30)
    await shop.wait(1)
    assert shop.service.feed.owed() == ()
