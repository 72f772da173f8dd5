"""Messages that prove nothing and come in floods: the customers' own queries are not kept waiting (S15, I21)."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace

import pytest

from terminal.errors import TerminalError, Unavailable
from terminal.payments.notice import Answer, Notice, RefundNotice, Told, Trade
from terminal.payments.sale import SaleState
from tests.flows.meddler import Meddler
from tests.flows.shop import Shop, refused, story
from tests.flows.test_notifications import Asking, letter_of, take
from tests.flows.test_pix import PIX, hint


@pytest.mark.row(28)
@story(channels=PIX)
async def test_i21_made_up_order_numbers_take_no_turns_from_the_customers_queries(shop: Shop) -> None:
    shop.no_notifications()
    sale = await shop.with_code()
    before = shop.world.pix_line.requests
    floods = [
        shop.service.notices.take("pix", {}, hint(shop, *(f"{at:013d}{n:013d}" for n in range(20))))
        for at in range(200)
    ]
    answers = await asyncio.gather(*floods, return_exceptions=True)
    assert all(isinstance(each, Unavailable) for each in answers), "no yes: what is true is told again"
    assert shop.world.pix_line.requests - before <= 3
    shop.pay(sale)
    await shop.until(lambda: shop.sale(sale).state is SaleState.PAID, 5)


@pytest.mark.row(28)
@story(channels=PIX)
async def test_b7_an_order_of_ours_told_a_hundred_times_is_asked_about_once(
    shop: Shop,
) -> None:
    shop.no_notifications()
    sale = await shop.with_code()
    shop.pay(sale)
    before, order = shop.world.pix_line.requests, shop.attempt(sale).id
    several = (shop.service.notices.take("pix", {}, hint(shop, "0" * 26, "1" * 26, order)) for _ in range(100))
    answers = await asyncio.gather(*several, return_exceptions=True)
    assert all(each is None or isinstance(each, TerminalError) for each in answers)
    assert shop.sale(sale).state is SaleState.PAID, "strangers' numbers before it do not hide it"
    assert shop.world.pix_line.requests - before <= 4


@pytest.mark.row(28)
@story(channels=PIX)
async def test_s13_a_hint_about_an_order_that_is_not_paid_yet_gets_no_yes_and_comes_again(shop: Shop) -> None:
    shop.no_notifications()
    sale = await shop.with_code()
    letter = hint(shop, shop.attempt(sale).id)
    assert (await refused(shop.service.notices.take("pix", {}, letter))).slug == "provider_down"
    shop.pay(sale)
    await shop.wait(1)
    await shop.service.notices.take("pix", {}, letter)
    assert shop.sale(sale).state is SaleState.PAID


@pytest.mark.row(28)
@story(channels=PIX)
async def test_s13_a_hint_after_the_payment_has_its_refund_asked_about_at_once(shop: Shop) -> None:
    sale = await shop.paid()
    shop.no_notifications()
    shop.fault("refund-slow", delay_ms=100_000)
    refund = await shop.refund(sale)
    await shop.wait(110)  # asked about a minute ago, and in five minutes again
    assert shop.sale(sale).refund(refund.id).state == "sent"
    await shop.service.notices.take("pix", {}, hint(shop, shop.attempt(sale).id))
    await shop.until(lambda: shop.sale(sale).refund(refund.id).state == "refunded", 5)


class Twice(Asking):
    """The bank says, when it is asked, that the order was paid by two transactions (B11)."""

    async def query(self, order_no: str) -> Answer:
        answer = await super().query(order_no)
        if isinstance(answer, Told) and answer.notice.trade is Trade.PAID:
            return Told(answer.notice, (replace(answer.notice, evidence_id="e2", provider_txn="SECOND"),))
        return answer


@pytest.mark.row(29)
@story(provider=Twice)
async def test_i3_a_second_payment_told_by_the_confirming_query_is_an_excess(shop: Shop) -> None:
    sale = await shop.with_code()
    letter = await letter_of(shop, sale)
    await take(shop, letter)
    assert shop.sale(sale).state is SaleState.PAID
    assert [each.kind for each in shop.sale(sale).exceptions] == ["excess"]


class Closing(Meddler):
    """Every notification says that its order was closed, and names one that is not ours."""

    async def take_notification(self, headers: Mapping[str, str], body: bytes) -> Notice | RefundNotice:
        notice = await super().take_notification(headers, body)
        assert isinstance(notice, Notice)
        return replace(notice, order_no="01KDX000000000000000000000", trade=Trade.CLOSED, amount_minor=None)


@story(provider=Closing)
async def test_an_order_of_others_that_was_closed_is_no_money_without_a_sale(shop: Shop) -> None:
    sale = await shop.with_code()
    await take(shop, await letter_of(shop, sale))
    assert not shop.events("payment_orphaned")
    assert shop.service.orphans.waiting() == []
