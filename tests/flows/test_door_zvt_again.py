"""A ZVT till asks for the same again: when it is the same and when it is not, and what goes back (A1, A2, I8)."""

import asyncio

import pytest

from terminal.payments.refund import RefundState
from terminal.payments.sale import Sale, SaleState
from tests.flows.shop import Shop, story
from tests.flows.zvt_rig import Counter, counter_of

pytestmark = pytest.mark.row(92)
AGAIN, NO_REVERSAL = 0x9C, 0xB5
LATER_S = 130  # more than a result nobody heard answers the same amount


def newest(shop: Shop) -> Sale:
    return shop.service.book.sale(shop.service.feed.list("sale")[0].subject)


async def lost_refund(counter: Counter, minor: int, receipt: str) -> None:
    """A till asks for money back and its line is pulled before it hears of it."""
    till, cable = counter.plug()
    asked = asyncio.ensure_future(till.refund(minor, receipt))
    await counter.shop.until(lambda: bool(newest(counter.shop).refunds), 5)
    await counter.unanswered(cable, asked)


@story()
async def test_a1_a_doubt_that_was_acknowledged_is_no_result_and_the_same_amount_is_not_taken_twice(
    shop: Shop,
) -> None:
    async with counter_of(shop) as counter:
        till = counter.again()

        async def pays_and_nobody_hears() -> None:
            sale = await counter.shown()
            shop.no_notifications()
            shop.pay(sale)
            shop.cut_line()

        assert (await till.pay(2850, meanwhile=pays_and_nobody_hears)).code == AGAIN
        shop.mend_line()
        await shop.until(lambda: newest(shop).state is SaleState.PAID, 300)
        assert (await till.pay(2850)).paid
        assert (counter.sales, len(shop.captured)) == (1, 1)


@story()
async def test_a1_what_nobody_heard_long_ago_is_not_the_next_customers_payment(shop: Shop) -> None:
    async with counter_of(shop) as counter:
        await counter.lost(pays=True)
        await shop.wait(LATER_S)
        assert (await counter.paid(counter.again())).paid
        assert (counter.sales, len(shop.captured)) == (2, 2)


@story()
async def test_i8_a_reversal_that_names_another_amount_gives_nothing_back(shop: Shop) -> None:
    async with counter_of(shop) as counter:
        till = counter.again()
        receipt = (await counter.paid(till)).status[0x87]
        assert (await till.reverse(receipt, "04000000002851")).code == NO_REVERSAL
        assert newest(shop).refunds == ()
        assert (await till.reverse(receipt, "04000000002850")).paid
        assert [each.amount.minor for each in newest(shop).refunds] == [2850]


@story()
async def test_i8_a_reversal_the_bank_refused_may_be_asked_for_again(shop: Shop) -> None:
    async with counter_of(shop) as counter:
        till = counter.again()
        receipt = (await counter.paid(till)).status[0x87]
        shop.fault("refund-closed")
        await till.reverse(receipt)
        await shop.until(lambda: newest(shop).refunds[0].state is RefundState.FAILED, 4000)
        assert (await till.reverse(receipt)).paid
        await shop.until(lambda: shop.kept_minor == 0, 60)
        assert [each.state for each in newest(shop).refunds] == [RefundState.FAILED, RefundState.REFUNDED]


@story()
async def test_i8_a_refund_nobody_heard_of_is_the_same_refund_for_a_while_and_then_another(shop: Shop) -> None:
    async with counter_of(shop) as counter:
        receipt = (await counter.paid(counter.again(), 8000)).status[0x87]
        await lost_refund(counter, 1000, receipt)
        assert (await counter.again().refund(1000, receipt)).paid
        assert len(newest(shop).refunds) == 1
        assert (await counter.again().refund(1000, receipt)).paid, "it has heard of the first: meant once more"
        assert len(newest(shop).refunds) == 2


@story()
async def test_i8_a_refund_nobody_heard_of_is_forgotten_after_a_while(shop: Shop) -> None:
    async with counter_of(shop) as counter:
        receipt = (await counter.paid(counter.again(), 8000)).status[0x87]
        await lost_refund(counter, 1000, receipt)
        await shop.wait(LATER_S)
        assert (await counter.again().refund(1000, receipt)).paid
        assert len(newest(shop).refunds) == 2


@story()
async def test_i8_what_a_person_gave_back_is_not_the_tills_refund(shop: Shop) -> None:
    async with counter_of(shop) as counter:
        till = counter.again()
        receipt = (await counter.paid(till, 8000)).status[0x87]
        await shop.refund(newest(shop), 1000)
        assert (await till.refund(1000, receipt)).paid
        assert [each.amount.minor for each in newest(shop).refunds] == [1000, 1000]


@story()
async def test_i2_money_that_went_back_meanwhile_does_not_pay_for_the_same_amount_again(shop: Shop) -> None:
    async with counter_of(shop) as counter:
        sale = await counter.lost(pays=True)
        await shop.refund(sale)
        assert (await counter.paid(counter.again())).paid
        assert counter.sales == 2
