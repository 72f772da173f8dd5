"""An owner keeps a payment while a reverse of it is unanswered: whether it was done is found out (I2, I7)."""

import pytest

from terminal.payments.attempt import State
from terminal.payments.notice import Answer, Unclear
from terminal.payments.sale import Sale, SaleState
from tests.flows.meddler import Meddler
from tests.flows.shop import CASHIER, Shop, story


class Lost(Meddler):
    """A reverse is done, and its answer does not arrive."""

    async def reverse(self, order_no: str) -> Answer:
        await super().reverse(order_no)
        return Unclear("lost")


class Silent(Meddler):
    """A reverse never arrives, nor does an answer."""

    async def reverse(self, order_no: str) -> Answer:
        self.asked["reverse"] = self.asked.get("reverse", 0) + 1
        return Unclear("lost")


async def kept(shop: Shop) -> Sale:
    """Scanned, taken, proven while it is taken back; the reverse stays unanswered, and the owner keeps it."""
    await shop.open(push=False)
    shop.fault("error-500-after-debit")
    shop.fault("error-500", call="query", count=1000)
    sale = await shop.scan(shop.customer_code())
    await shop.until(lambda: shop.sale(sale).word == "checking", 2)
    await shop.cancel(sale)
    await shop.until(lambda: shop.attempt(sale).state is State.REVERSING, 20)
    shop.world.bank.faults.clear("")
    shop.service.checkout.check_again(sale.id)
    await shop.until(lambda: shop.attempt(sale).captured, 10)
    await shop.until(lambda: shop.attempt(sale).state is State.REVERSE_UNKNOWN, 30)
    number = shop.attempt(sale).provider_txn
    return await shop.service.overrides.accept_paid(sale.id, reference=number, reason="has it", actor=CASHIER)


@pytest.mark.row(11)
@story(provider=Lost)
async def test_i7_money_that_had_gone_back_all_the_same_is_before_a_person(shop: Shop) -> None:
    sale = await kept(shop)
    assert sale.state is SaleState.PAID
    await shop.until(lambda: bool(shop.sale(sale).exceptions), 15)
    assert [each.kind for each in shop.sale(sale).exceptions] == ["contradicted"]


@pytest.mark.row(11)
@story(provider=Silent)
async def test_a_payment_that_is_still_there_is_kept_without_a_word(shop: Shop) -> None:
    sale = await kept(shop)
    await shop.wait(120)
    assert shop.sale(sale).state is SaleState.PAID
    assert shop.sale(sale).exceptions == ()
    assert shop.kept_minor == 2850
