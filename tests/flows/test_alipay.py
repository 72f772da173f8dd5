"""A shop with Alipay, alone and beside WeChat Pay: the same rules, other words on the wire."""

import pytest

from terminal.payments.attempt import State
from terminal.payments.refund import RefundState
from terminal.payments.sale import Sale, SaleState
from tests.flows.shop import Shop, story

ALONE = ("alipay",)
BOTH = ("wechatpay", "alipay")


async def refunded(shop: Shop, sale: Sale, minor: int, *, within_s: float) -> None:
    refund = await shop.refund(sale, minor)
    await shop.until(lambda: shop.sale(sale).refund(refund.id).state is RefundState.REFUNDED, within_s)


@pytest.mark.row(6, 28, 69, 73)
@story(channels=ALONE)
async def test_a_code_is_shown_paid_by_notification_and_refunded_in_two_parts(shop: Shop) -> None:
    sale = await shop.with_code()
    assert shop.attempt(sale).payload.startswith("https://qr.alipay.com/")
    shop.pay(sale)
    await shop.until(lambda: shop.sale(sale).state is SaleState.PAID, 1.5)
    assert shop.attempt(sale).provider == "alipay"
    assert not shop.world.bank.post.table, "answered with the word success"
    for minor in (850, 2000):
        await refunded(shop, sale, minor, within_s=30)
    assert shop.kept_minor == 0
    assert not shop.sale(sale).exceptions


@pytest.mark.row(26, 30)
@story(channels=ALONE)
async def test_without_notifications_queries_alone_find_the_payment(shop: Shop) -> None:
    shop.no_notifications()
    sale = await shop.with_code()
    shop.pay(sale)
    await shop.until(lambda: shop.sale(sale).state is SaleState.PAID, 6)


@pytest.mark.row(27, 31)
@pytest.mark.parametrize("shown_s", [0, 40])
@story(channels=ALONE)
async def test_a_code_nobody_scanned_is_dead_before_the_sale_is_called_cancelled(shop: Shop, shown_s: int) -> None:
    """However often the bank said that there is no such trade: there is none before somebody scans."""
    sale = await shop.with_code()
    await shop.wait(shown_s)
    code = shop.attempt(sale).payload
    await shop.cancel(sale)
    assert await shop.until(lambda: shop.attempt(sale).state is State.CLOSED, 3) < 1.5
    assert shop.world.bank.customer_scans(code, shop.bank_ms).why_not == "closed"


@pytest.mark.row(8, 35)
@story(channels=("alipay", "wechatpay"))
async def test_i15_a_code_shown_for_long_and_never_scanned_gives_way_to_the_other_wallet(shop: Shop) -> None:
    sale = await shop.with_code()
    await shop.wait(40)
    code = shop.attempt(sale).payload
    await shop.scan(shop.customer_code())
    await shop.until(lambda: shop.sale(sale).state is SaleState.PAID, 3)
    assert [each.state for each in shop.sale(sale).attempts] == [State.CLOSED, State.PAID]
    assert shop.world.bank.customer_scans(code, shop.bank_ms).why_not == "closed"


@pytest.mark.row(27, 32)
@pytest.mark.parametrize("slug", ["answer-lost-after-debit", "error-500", "bad-signature"])
@story(channels=ALONE)
async def test_b1_b2_b5_a_close_that_was_not_proven_is_asked_again(shop: Shop, slug: str) -> None:
    sale = await shop.with_code()
    code = shop.attempt(sale).payload
    await shop.wait(20)
    shop.fault(slug, call="close")
    await shop.cancel(sale)
    await shop.until(lambda: shop.attempt(sale).state is State.CLOSED, 30)
    assert not shop.world.bank.faults.active()
    assert shop.world.bank.customer_scans(code, shop.bank_ms).why_not == "closed"


@pytest.mark.row(31)
@story(channels=ALONE)
async def test_b11_a_payment_that_slips_in_before_the_cancel_goes_back_by_it(shop: Shop) -> None:
    sale = await shop.with_code()
    shop.world.bank.customer_scans(shop.attempt(sale).payload, shop.bank_ms)
    shop.no_notifications()
    shop.fault("pay-during-close")
    await shop.cancel(sale)
    await shop.until(lambda: shop.attempt(sale).state is State.CLOSED, 10)
    assert shop.captured[shop.attempt(sale).id] == [2850]
    assert shop.kept_minor == 0


@pytest.mark.row(8, 18, 19)
@story(channels=BOTH)
async def test_two_wallets_one_scanner_the_codes_own_digits_choose_the_channel(shop: Shop) -> None:
    sale = await shop.with_code()
    assert shop.attempt(sale).payload.startswith("weixin://")
    await shop.scan(shop.customer_code(wallet="alipay"))
    await shop.until(lambda: shop.sale(sale).state is SaleState.PAID, 3)
    shown, scanned = shop.sale(sale).attempts
    assert (shown.provider, shown.state) == ("wechatpay", State.CLOSED)
    assert (scanned.provider, scanned.state) == ("alipay", State.PAID)
    assert list(shop.captured) == [scanned.id]
    again = await shop.with_code()
    await shop.scan(shop.customer_code())
    await shop.until(lambda: shop.sale(again).state is SaleState.PAID, 3)
    assert shop.attempt(again).provider == "wechatpay"


@pytest.mark.row(7, 10)
@story(channels=ALONE)
async def test_a_password_is_waited_for(shop: Shop) -> None:
    sale = await shop.open(push=False)
    await shop.scan(shop.customer_code("password", 8_000, wallet="alipay"))
    await shop.until(lambda: shop.sale(sale).state is SaleState.PAID, 20)
    assert shop.states(sale)[:2] == ["sent", "waiting"]


@pytest.mark.row(7, 31, 32)
@pytest.mark.parametrize(
    "slug",
    ["answer-lost-after-debit", "error-500-after-debit", "bad-signature", "malformed-answer", "wrong-order"],
)
@story(channels=ALONE)
async def test_b1_b2_b4_b5_b10_a_spoilt_answer_to_a_charge_is_asked_for_again(shop: Shop, slug: str) -> None:
    sale = await shop.open(push=False)
    shop.fault(slug, call="codepay")
    await shop.scan(shop.customer_code(wallet="alipay"))
    await shop.until(lambda: shop.sale(sale).state is SaleState.PAID, 30)
    assert "unknown" in shop.states(sale)
    assert shop.captured[shop.attempt(sale).id] == [2850]


@pytest.mark.row(31)
@pytest.mark.parametrize("slug", ["timeout-before-debit", "pay-queued"])
@story(channels=ALONE)
async def test_b1_a_charge_that_was_lost_or_late_is_taken_back_with_proof(shop: Shop, slug: str) -> None:
    sale = await shop.open(push=False)
    shop.fault(slug, call="codepay")
    shop.fault("reverse-refused-paying")  # the first cancel says: again, please
    await shop.scan(shop.customer_code(wallet="alipay"))
    await shop.until(lambda: not shop.attempt(sale).live, 300)
    assert shop.attempt(sale).state is State.REVERSED
    assert shop.kept_minor == 0
    assert bool(shop.captured) == (slug == "pay-queued"), "the late charge was taken, and given back"


@pytest.mark.row(28)
@pytest.mark.parametrize("slug", ["notify-wrong-amount", "notify-wrong-merchant", "notify-bad-signature"])
@story(channels=ALONE)
async def test_b5_b6_a_notification_that_is_not_whole_never_says_paid(shop: Shop, slug: str) -> None:
    sale = await shop.with_code()
    shop.fault("not-found-lag", count=100)
    shop.fault(slug)
    shop.pay(sale)
    await shop.wait(2)
    assert shop.sale(sale).state is not SaleState.PAID
    shop.world.bank.faults.clear()
    await shop.until(lambda: shop.sale(sale).state is SaleState.PAID, 20)


@pytest.mark.row(28)
@story(channels=ALONE)
async def test_i2_a_strangers_notification_is_an_alert_and_nothing_else(shop: Shop) -> None:
    sale = await shop.with_code()
    shop.fault("forged-notification")
    await shop.wait(2)
    assert shop.sale(sale).state is SaleState.OPEN
    assert [each.body["slug"] for each in shop.events("notification_refused")] == ["signature_wrong"]


@pytest.mark.row(71)
@story(channels=ALONE)
async def test_i8_a_refund_whose_answer_is_lost_is_the_same_refund(shop: Shop) -> None:
    sale = await shop.paid()
    shop.fault("answer-lost-after-debit", call="refund")
    await refunded(shop, sale, 1000, within_s=60)
    assert shop.kept_minor == 1850
