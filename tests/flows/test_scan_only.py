"""A sale that waits for the customer's own code: the glass says how much and what to do, until it is known."""

import pytest

from terminal.counter.ports import ScanScreen
from terminal.payments.sale import SaleState
from tests.flows.shop import CASHIER, Shop, story


def asked(shop: Shop) -> ScanScreen:
    lit = shop.counter.glass.lit
    assert isinstance(lit, ScanScreen)
    return lit


@pytest.mark.row(7, 47, 48)
@story()
async def test_the_glass_shows_the_amount_and_asks_for_the_customers_code_before_it_is_scanned(shop: Shop) -> None:
    began_s = shop.loop.time()
    sale = await shop.open(2850, push=False)
    await shop.until(lambda: shop.counter.glass.words == ["idle", "scan"], 1)
    assert shop.counter.glass.shows[-1][0] - began_s <= 0.3
    assert (asked(shop).amount, asked(shop).title, asked(shop).test) == (sale.amount, "Countertop Test Shop", True)
    await shop.wait(200)
    assert shop.counter.glass.words == ["idle", "scan"], "it stays as long as the sale waits"
    await shop.scan(shop.customer_code("password", 8_000))
    await shop.until(lambda: shop.sale(sale).state is SaleState.PAID, 12)
    await shop.wait(1)
    assert shop.counter.glass.words == ["idle", "scan", "scanned", "acting", "paid"]
    await shop.wait(60)
    assert shop.counter.glass.words[-1] == "idle"


@pytest.mark.row(7, 12)
@story()
async def test_i10_what_was_asked_for_goes_with_the_sale_that_is_given_up(shop: Shop) -> None:
    sale = await shop.open(2850, push=False)
    await shop.until(lambda: shop.counter.glass.words[-1] == "scan", 1)
    await shop.service.checkout.cancel(sale.id, why="cashier", actor=CASHIER)
    await shop.until(lambda: shop.counter.glass.words[-1] == "idle", 1)


@pytest.mark.row(7)
@story()
async def test_a_refused_code_is_told_and_then_another_one_is_asked_for(shop: Shop) -> None:
    sale = await shop.open(2850, push=False)
    await shop.scan(shop.customer_code("no-funds"))
    await shop.until(lambda: shop.sale(sale).word == "not_paid", 5)
    await shop.wait(0.5)
    assert shop.counter.glass.words[-1] == "not_paid"
    await shop.wait(30)
    assert shop.sale(sale).state is SaleState.OPEN
    assert shop.counter.glass.words[-1] == "scan", "the till waits for the next one"
    await shop.scan(shop.customer_code())
    await shop.until(lambda: shop.sale(sale).state is SaleState.PAID, 2)
    await shop.until(lambda: shop.counter.glass.words[-1] == "paid", 1)


@pytest.mark.row(7, 12)
@story()
async def test_i10_no_further_code_is_asked_for_when_a_refused_sale_ends_by_itself(shop: Shop) -> None:
    sale = await shop.open(2850, push=False)
    await shop.scan(shop.customer_code("no-funds"))
    await shop.until(lambda: shop.counter.glass.words[-1] == "scan", 30)
    await shop.until(lambda: shop.sale(sale).state is SaleState.EXPIRED, 700)
    await shop.wait(30)
    assert shop.counter.glass.words[-2:] == ["not_paid", "idle"]


@pytest.mark.row(7, 10)
@story()
async def test_an_answer_that_was_lost_leads_from_scanned_to_checking(shop: Shop) -> None:
    await shop.open(2850, push=False)
    code = shop.customer_code()
    shop.world.line.faults.lost_answer = 1000
    await shop.scan(code)
    await shop.until(lambda: shop.counter.glass.words[-1] == "checking", 70)
    assert shop.counter.glass.words == ["idle", "scan", "scanned", "checking"]


@pytest.mark.row(8)
@story()
async def test_a_sale_whose_code_was_shown_goes_back_to_rest_after_a_refused_scan_as_ever(shop: Shop) -> None:
    """The cashier chooses between a new code and another scan: nothing is asked of the customer before that."""
    sale = await shop.with_code()
    await shop.scan(shop.customer_code("no-funds"))
    await shop.until(lambda: shop.sale(sale).word == "not_paid", 5)
    await shop.wait(30)
    assert shop.counter.glass.words == ["idle", "code", "idle", "scanned", "not_paid", "idle"]
