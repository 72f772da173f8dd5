"""Beside a long doubt the customer was shown another code, and then the first one is proven paid (3.4, I3)."""

import pytest

from terminal.counter.lane import Away
from terminal.counter.ports import CodeScreen
from terminal.payments.attempt import State
from terminal.payments.sale import Sale, SaleState
from terminal.simulation.world import Killed
from terminal.web.receipts import as_text, receipt_lines
from tests.flows.shop import CASHIER, Shop, refused, story


async def paid_in_doubt_and_shown_again(shop: Shop) -> Sale:
    """A code was paid while no answer came; a minute of doubt later another one is on the glass."""
    shop.no_notifications()
    sale = await shop.with_code()
    shop.fault("unknown-state", call="query", count=1000)
    shop.pay(sale)
    await shop.until(lambda: shop.lane().current is None, 200)
    assert shop.attempt(sale).state is State.CLOSING
    await shop.service.checkout.begin_again(sale.id, reason="no answer", actor=CASHIER)
    await shop.until(lambda: isinstance(shop.counter.glass.lit, CodeScreen), 2)
    assert shop.sale(sale).state is SaleState.OPEN
    shop.world.bank.faults.clear("")
    return sale


@pytest.mark.row(11)
@story()
async def test_i10_the_new_code_goes_at_once_when_the_first_is_proven(shop: Shop) -> None:
    sale = await paid_in_doubt_and_shown_again(shop)
    await shop.until(lambda: shop.sale(sale).state is SaleState.PAID, 90)
    await shop.wait(0.1)
    assert not isinstance(shop.counter.glass.lit, CodeScreen)
    await shop.until(lambda: not shop.attempt(sale).live, 2)
    assert shop.sale(sale).exceptions == ()


@pytest.mark.row(11, 66)
@story()
async def test_i9_what_was_paid_twice_has_one_receipt_on_the_phone_and_as_a_copy_too(shop: Shop) -> None:
    """The second code is paid in the moment in which it is being closed, because the first is proven."""
    sale = await paid_in_doubt_and_shown_again(shop)
    code = shop.attempt(sale).payload
    await shop.until(lambda: shop.sale(sale).state is SaleState.PAID, 90)
    view = shop.world.bank.customer_scans(code, shop.bank_ms)
    shop.world.bank.customer_pays(view.order_no, shop.bank_ms)
    shop.world.bank_worked()
    await shop.until(lambda: bool(shop.sale(sale).exceptions), 200)
    first, second = shop.sale(sale).attempts
    assert first.pays
    assert second.pays, "too much, until it is given back"
    await shop.service.aftercare.reprint(sale.id, actor=CASHIER)
    await shop.until(lambda: len(shop.counter.printer.whole) == 2, 5)
    assert [(each.job, each.copy) for each in shop.counter.printer.whole] == [
        (f"{first.id}:receipt", 0),
        (f"{first.id}:receipt", 1),
    ]
    page = as_text(receipt_lines(shop.service, shop.sale(sale)))
    assert (first.provider_txn in page, second.provider_txn in page) == (True, False)


@pytest.mark.row(11)
@story()
async def test_d1_killed_between_paid_and_giving_up_the_new_code_is_closed_at_the_start(shop: Shop) -> None:
    sale = await paid_in_doubt_and_shown_again(shop)

    def die(_point: str) -> None:
        if shop.world.alive and shop.sale(sale).state is SaleState.PAID:
            raise Killed

    shop.world.at_point = die
    await shop.until(lambda: shop.world.dying, 90)
    shop.world.at_point = lambda _point: None
    await shop.restart()
    assert shop.attempt(sale).state is State.SHOWN, "as the power left it"
    await shop.until(lambda: not shop.attempt(sale).live, 2)
    assert shop.sale(sale).exceptions == ()


@pytest.mark.row(11, 102)
@story()
async def test_no_attempt_begins_again_where_somebody_trains(shop: Shop) -> None:
    shop.no_notifications()
    sale = await shop.with_code()
    shop.fault("unknown-state", call="query", count=1000)
    shop.pay(sale)
    await shop.until(lambda: shop.lane().current is None, 200)
    shop.lane().away = Away("training_on")
    no = await refused(shop.service.checkout.begin_again(sale.id, reason="no answer", actor=CASHIER))
    assert no.slug == "training_on"
    shop.world.bank.faults.clear("")
    await shop.until(lambda: shop.sale(sale).state is SaleState.PAID, 600)
