"""What is said of a payment after its end: looked after across a kill, never explained away, never overheard."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

import pytest

from terminal.payments.attempt import Flag, State
from terminal.payments.notice import Notice, RefundNotice, RefundTrade, Trade
from terminal.payments.sale import Refund, Sale, SaleState
from tests.flows.meddler import Meddler
from tests.flows.shop import Shop, story
from tests.flows.test_kept_and_gone import Lost, kept


def kinds(shop: Shop, sale: Sale) -> list[str]:
    return [each.kind for each in shop.sale(sale).exceptions]


async def paid_before_the_cancel_s_answer(shop: Shop) -> Sale:
    """The notice says paid; the cancel that is under way gives the money back."""
    sale = await shop.with_code()
    shop.world.bank.customer_scans(shop.attempt(sale).payload, shop.bank_ms)
    shop.fault("pay-during-close")
    shop.fault("slow-answer", call="close", delay_ms=3000)
    await shop.cancel(sale)
    await shop.until(lambda: shop.sale(sale).state is SaleState.PAID, 10)
    return sale


@pytest.mark.row(31)
@story(channels=("alipay",))
async def test_i2_i22_killed_before_the_look_after_its_cancel_it_is_looked_at_after_the_start(shop: Shop) -> None:
    sale = await paid_before_the_cancel_s_answer(shop)
    assert Flag.WHILE_CLOSING in shop.attempt(sale).flags
    assert kinds(shop, sale) == [], "the notice came before the answer to our cancel"
    await shop.restart()
    await shop.until(lambda: kinds(shop, sale) == ["contradicted"], 20)
    assert shop.kept_minor == 0
    assert shop.attempt(sale).swept


@pytest.mark.row(31, 32)
@story(channels=("alipay",))
async def test_i2_b10_a_bank_that_cannot_find_what_it_has_said_was_paid_is_asked_again(shop: Shop) -> None:
    sale = await paid_before_the_cancel_s_answer(shop)
    shop.fault("not-found-lag", count=3)
    await shop.until(lambda: kinds(shop, sale) == ["contradicted"], 60)
    assert shop.kept_minor == 0
    await shop.until(lambda: shop.attempt(sale).swept, 10)


@pytest.mark.row(11)
@story(provider=Lost)
async def test_i7_i22_killed_before_the_look_at_a_payment_that_was_kept_it_is_looked_at_too(shop: Shop) -> None:
    sale = await kept(shop)
    await shop.restart()
    await shop.until(lambda: kinds(shop, sale) == ["contradicted"], 20)


@pytest.mark.row(27)
@story()
async def test_a_payment_while_closing_is_looked_at_once_more_and_then_is_final(shop: Shop) -> None:
    sale = await shop.with_code()
    shop.fault("pay-during-close")
    await shop.cancel(sale)
    await shop.until(lambda: shop.sale(sale).state is SaleState.PAID, 10)
    await shop.until(lambda: shop.sale(sale).final, 10)
    asked = shop.world.line.requests
    await shop.restart()
    await shop.wait(30)
    assert (shop.world.line.requests, kinds(shop, sale)) == (asked, [])


# --- what explains a return -----------------------------------------------------------------------------------


def says_returned(shop: Shop, sale: Sale) -> Notice:
    attempt, account = shop.attempt(sale), shop.service.provider("wechatpay").account
    return Notice(
        provider=account.provider,
        source="query",
        evidence_id="e-returned",
        merchant_id=account.merchant_id,
        app_id=account.app_id,
        order_no=attempt.id,
        trade=Trade.RETURNED,
        amount_minor=attempt.amount.minor,
        currency=attempt.amount.currency,
        provider_txn=attempt.provider_txn,
    )


@pytest.mark.row(32)
@pytest.mark.parametrize(("fault", "told"), [("refund-closed", ["contradicted"]), ("refund-slow", [])])
@story()
async def test_i7_only_a_refund_that_went_or_may_go_back_explains_a_return(
    shop: Shop, fault: str, told: list[str]
) -> None:
    sale = await shop.paid()
    shop.fault(fault)
    refund = await shop.refund(sale, 1000)
    ended = {"refund-closed": "failed", "refund-slow": "sent"}[fault]
    await shop.until(lambda: shop.sale(sale).refund(refund.id).state == ended, 60)
    await shop.service.notices.take_verified("wechatpay", says_returned(shop, sale))
    assert kinds(shop, sale) == told
    assert shop.attempt(sale).state is State.PAID


# --- a refund's wrong field -------------------------------------------------------------------------------------


class Told(Meddler):
    """Every notification says this."""

    says: ClassVar[RefundNotice | None] = None

    async def take_notification(self, headers: Mapping[str, str], body: bytes) -> Notice | RefundNotice:
        return self.says or await super().take_notification(headers, body)


def refunded(sale: Sale, refund: Refund, shop: Shop) -> RefundNotice:
    account = shop.service.provider("wechatpay").account
    return RefundNotice(
        provider=account.provider,
        source="notification",
        evidence_id="e-refund",
        merchant_id=account.merchant_id,
        order_no=refund.attempt,
        refund_no=refund.id,
        trade=RefundTrade.REFUNDED,
        amount_minor=refund.amount.minor,
        currency=sale.amount.currency,
        provider_refund="5000",
    )


@pytest.mark.row(28, 73)
@pytest.mark.parametrize(
    ("field", "wrong"),
    [("amount", {"amount_minor": 999}), ("currency", {"currency": "USD"}), ("merchant_id", {"merchant_id": "x"})],
)
@story(provider=Told)
async def test_b6_a_refunds_word_with_one_wrong_field_is_before_a_person_once(
    shop: Shop, field: str, wrong: dict[str, Any]
) -> None:
    sale = await shop.paid()
    shop.fault("refund-slow", delay_ms=600_000)
    refund = await shop.refund(sale, 1000)
    await shop.wait(1)
    Told.says = replace(refunded(sale, refund, shop), **wrong)
    for _ in range(3):
        await shop.service.notices.take("wechatpay", {}, b"")
    Told.says = None
    now = shop.sale(sale)
    assert now.refund(refund.id).state == "sent"
    assert [(each.id, each.kind, each.amount_minor) for each in now.exceptions] == [
        (f"{refund.id}:mismatch:{field}", "mismatch", 1000)
    ]
    assert len(shop.events("refund_evidence_refused")) == 1
