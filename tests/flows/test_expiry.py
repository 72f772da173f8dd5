"""A code has a life; then it is dark, closed at the bank with proof, and looked after for a day."""

import pytest

from terminal.payments.sale import SaleState
from tests.flows.shop import DAY_S, Shop, story


@pytest.mark.row(20, 27)
@story()
async def test_a_code_nobody_pays_is_dark_closed_and_told_after_its_life(shop: Shop) -> None:
    sale = await shop.with_code()
    await shop.wait(58)
    assert shop.counter.glass.words[-1] == "code"
    await shop.until(lambda: shop.sale(sale).state is SaleState.EXPIRED, 4)
    assert 59.5 <= shop.loop.time() <= 61.5
    assert shop.states(sale) == ["shown", "closing", "closed"]
    order = shop.world.bank.ledger.find(shop.world.ring.shop.mchid, shop.attempt(sale).id, shop.bank_ms)
    assert order is not None
    assert order.state == "CLOSED"
    await shop.wait(1)
    assert shop.counter.glass.words[-1] == "not_paid"
    assert shop.counter.speaker.words == [("not_paid", 2850)]
    await shop.wait(6)
    assert shop.counter.glass.words[-1] == "idle"


@pytest.mark.row(20)
@story()
async def test_the_banks_expiry_is_later_than_ours_so_that_no_lit_code_is_dead(shop: Shop) -> None:
    sale = await shop.with_code()
    order = shop.world.bank.ledger.find(shop.world.ring.shop.mchid, shop.attempt(sale).id, shop.bank_ms)
    assert order is not None
    assert order.payable_until_ms - order.created_ms == pytest.approx(90_000, abs=2_000)


@pytest.mark.parametrize("trouble", ["lost_answer", "lost_request", "refused"])
@story()
async def test_i10_a_code_never_outlives_its_life_whatever_the_bank_does(shop: Shop, trouble: str) -> None:
    sale = await shop.with_code()
    await shop.wait(50)
    setattr(shop.world.line.faults, trouble, 1000)
    await shop.until(lambda: shop.counter.glass.words[-1] != "code", 11)
    assert shop.loop.time() <= 60.6
    await shop.wait(0.1)
    assert shop.lane().glass.screen == shop.counter.glass.lit
    await shop.wait(20)
    assert shop.counter.glass.words.count("code") == 1
    assert shop.sale(sale).state is SaleState.CHECKING


@story()
async def test_i10_a_bank_that_asks_for_minutes_of_patience_does_not_keep_the_code_lit(shop: Shop) -> None:
    """A 429 makes the next query wait; the glass does not."""
    sale = await shop.with_code()
    shop.fault("rate-429", call="query", for_s=200)
    await shop.until(lambda: shop.counter.glass.words[-1] != "code", 62)
    assert shop.loop.time() <= 60.6
    await shop.until(lambda: shop.sale(sale).state is SaleState.EXPIRED, 400)


@pytest.mark.row(27)
@story()
async def test_i4_the_background_closer_is_stubborn_until_the_bank_answers(shop: Shop) -> None:
    sale = await shop.with_code()
    shop.cut_line()
    await shop.wait(3 * 3600)
    assert shop.sale(sale).state is SaleState.CHECKING
    assert shop.sale(sale).parked
    shop.mend_line()
    await shop.until(lambda: shop.sale(sale).state is SaleState.EXPIRED, 310)


@pytest.mark.row(21, 27)
@story()
async def test_a_closed_order_is_looked_at_again_for_a_day_and_then_no_more(shop: Shop) -> None:
    sale = await shop.with_code()
    await shop.cancel(sale)
    begun, closed_s = shop.world.line.requests, shop.loop.time()
    asked: list[int] = []
    for at_s in (59, 301, 1801, 7201, DAY_S - 1, DAY_S + 1, 3 * DAY_S):
        await shop.wait(closed_s + at_s - shop.loop.time())
        asked.append(shop.world.line.requests - begun)
    assert asked == [0, 2, 3, 4, 4, 5, 5]
    assert shop.sale(sale).final
    assert shop.service.feed.unfinished() == ()


@pytest.mark.row(27)
@story()
async def test_i21_a_shop_that_is_switched_off_every_night_does_not_look_for_ever(shop: Shop) -> None:
    sale = await shop.with_code()
    await shop.cancel(sale)
    for _ in range(2):
        await shop.wait(8 * 3600)
        await shop.restart(after_s=16 * 3600)
        await shop.wait(5)
    assert shop.sale(sale).final


@story()
async def test_an_open_sale_nobody_goes_on_with_ends_after_ten_minutes(shop: Shop) -> None:
    sale = await shop.open(push=False)
    await shop.wait(590)
    assert shop.lane().current == sale.id
    await shop.wait(15)
    assert shop.sale(sale).state is SaleState.EXPIRED
    assert shop.lane().current is None


@story()
async def test_an_old_sale_never_comes_back_to_the_glass(shop: Shop) -> None:
    """Sweeps, slips and refunds of earlier sales are nobody's business at the counter now."""
    old = await shop.with_code(100)
    await shop.cancel(old)
    paid = await shop.paid(200)
    await shop.wait(10)
    seen = len(shop.counter.glass.shows)
    await shop.refund(paid, 50)
    await shop.wait(100)
    assert len(shop.counter.glass.shows) == seen
    current = await shop.with_code(300)
    await shop.refund(paid, 50)
    await shop.wait(30)
    assert shop.counter.glass.words[-1] == "code"
    assert shop.lane().last_sale == current.id
