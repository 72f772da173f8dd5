"""A scanned payment that ended without money is looked after for a day, as a closed code is."""

from collections.abc import Awaitable, Callable

import pytest

from terminal.counter.healing import BillEvidence
from terminal.payments.attempt import State
from terminal.payments.notice import Answer, Notice, Trade, Unclear
from terminal.payments.sale import Sale, SaleState
from tests.flows.meddler import Meddler
from tests.flows.shop import CASHIER, DAY_S, Shop, story
from tests.flows.test_kept_and_gone import Lost

LOOKED_AT_S = (59, 61, 301, 1801, 7199, 7201, DAY_S - 1, DAY_S + 1, 3 * DAY_S)


async def waiting_for_a_password(shop: Shop) -> Sale:
    await shop.open(push=False)
    sale = await shop.scan(shop.customer_code("password", wallet=shop.world.outfit.channels[0]))
    await shop.until(lambda: shop.sale(sale).word == "acting", 1)
    return sale


async def taken_back(shop: Shop) -> Sale:
    sale = await waiting_for_a_password(shop)
    await shop.cancel(sale)
    await shop.until(lambda: shop.attempt(sale).state is State.REVERSED, 40)
    return shop.sale(sale)


async def refused_on_the_phone(shop: Shop) -> Sale:
    sale = await waiting_for_a_password(shop)
    shop.world.bank.customer_refuses(shop.attempt(sale).id, shop.bank_ms)
    await shop.until(lambda: shop.attempt(sale).state is State.CLOSED, 12)
    return shop.sale(sale)


def taken_all_the_same(shop: Shop, order_no: str) -> None:
    """Of scanned payments no bank sends a word: who does not ask does not hear it."""
    shop.fault("capture-after-close")
    shop.world.bank.customer_pays(order_no, shop.bank_ms)


def kinds(shop: Shop, sale: Sale) -> list[str]:
    return [each.kind for each in shop.sale(sale).exceptions]


def meddler(shop: Shop) -> Meddler:
    bank = shop.service.provider("wechatpay")
    assert isinstance(bank, Meddler)
    return bank


def queries(shop: Shop) -> int:
    return meddler(shop).asked.get("query", 0)


async def no_answer() -> Answer:
    return Unclear("lost")


async def heard_late_and_given_back(shop: Shop) -> None:
    sale = await taken_back(shop)
    taken_all_the_same(shop, shop.attempt(sale).id)
    await shop.until(lambda: kinds(shop, sale) == ["paid_late"], 62)
    assert shop.states(sale)[-1] == "reversed"
    assert shop.sale(sale).state is SaleState.CANCELLED
    await shop.wait(2)
    assert shop.counter.speaker.words[-1] == ("late", 2850)
    assert shop.counter.printer.begun == []
    await shop.refund(sale)
    await shop.until(lambda: bool(shop.sale(sale).exceptions[0].closed), 30)
    assert shop.sale(sale).exceptions[0].closed == "refunded"
    assert shop.kept_minor == 0
    assert shop.sale(sale).final


@pytest.mark.row(21)
@story()
async def test_b11_money_after_a_reverse_is_heard_by_asking_never_paid_by_itself_and_refunded(shop: Shop) -> None:
    await heard_late_and_given_back(shop)


@pytest.mark.row(21)
@story(channels=("alipay",))
async def test_b11_money_after_alipays_cancel_is_heard_by_asking_too(shop: Shop) -> None:
    await heard_late_and_given_back(shop)


@pytest.mark.row(21)
@story(provider=Lost)
async def test_b11_a_reverse_that_only_a_query_proved_is_looked_after_and_its_money_attached(shop: Shop) -> None:
    sale = await taken_back(shop)
    taken_all_the_same(shop, shop.attempt(sale).id)
    await shop.until(lambda: kinds(shop, sale) == ["paid_late"], 62)
    exception = shop.sale(sale).exceptions[0].id
    sale = await shop.service.aftercare.close_exception(sale.id, exception, "attached", actor=CASHIER)
    assert sale.state is SaleState.PAID
    await shop.wait(1)
    assert [slip.copy for slip in shop.counter.printer.whole] == [0]


@pytest.mark.row(21, 27)
@pytest.mark.parametrize("end", [taken_back, refused_on_the_phone])
@story(provider=Meddler)
async def test_i21_its_end_is_asked_about_as_often_as_that_of_a_closed_code_and_then_no_more(
    shop: Shop, end: Callable[[Shop], Awaitable[Sale]]
) -> None:
    sale = await end(shop)
    begun, ended_s = queries(shop), shop.loop.time()
    asked: list[int] = []
    for at_s in LOOKED_AT_S:
        await shop.wait(ended_s + at_s - shop.loop.time())
        asked.append(queries(shop) - begun)
    assert asked == [0, 1, 2, 3, 3, 4, 4, 5, 5]
    assert shop.sale(sale).final
    assert shop.service.feed.unfinished() == ()


@pytest.mark.row(27)
@story(provider=Meddler)
async def test_what_the_bank_declined_is_not_asked_about(shop: Shop) -> None:
    """Its answer to the one request was a definite no: nothing is in flight."""
    await shop.open(push=False)
    sale = await shop.scan(shop.customer_code("no-funds"))
    await shop.until(lambda: shop.attempt(sale).state is State.DECLINED, 2)
    await shop.wait(2 * DAY_S)
    assert queries(shop) == 0
    assert shop.sale(sale).final


@pytest.mark.row(21, 27)
@story(provider=Meddler)
async def test_i22_killed_in_the_middle_of_the_day_what_is_left_of_it_is_still_looked_at(shop: Shop) -> None:
    sale = await taken_back(shop)
    await shop.wait(3 * 3600)
    await shop.restart()
    await shop.wait(10)
    taken_all_the_same(shop, shop.attempt(sale).id)
    await shop.wait(20 * 3600)
    assert (queries(shop), kinds(shop, sale)) == (1, [])
    await shop.until(lambda: kinds(shop, sale) == ["paid_late"], 2 * 3600)


@pytest.mark.row(27)
@story()
async def test_i21_what_was_taken_back_in_a_shop_switched_off_every_night_is_not_asked_about_for_ever(
    shop: Shop,
) -> None:
    sale = await taken_back(shop)
    await shop.wait(8 * 3600)
    assert not shop.sale(sale).final
    await shop.restart(after_s=17 * 3600)
    await shop.wait(5)
    assert shop.sale(sale).final


@pytest.mark.row(21, 27)
@pytest.mark.parametrize("push", [False, True])
@story()
async def test_i17_the_day_begins_with_the_end_however_long_that_took_also_after_a_start(
    shop: Shop, push: bool
) -> None:
    """The line was cut for two days: by the time the order ended, its expiry was long ago."""
    sale = await (shop.with_code() if push else waiting_for_a_password(shop))
    shop.no_notifications()
    shop.cut_line()
    await shop.cancel(sale)
    await shop.wait(2 * DAY_S)
    shop.mend_line()
    await shop.until(lambda: not shop.attempt(sale).live, 310)
    await shop.wait(10)
    await shop.restart()
    await shop.wait(30)
    taken_all_the_same(shop, shop.attempt(sale).id)
    await shop.until(lambda: kinds(shop, sale) == ["paid_late"], 62)


@pytest.mark.row(21, 27)
@story()
async def test_i17_hours_in_which_the_first_look_after_a_start_got_no_answer_shorten_no_day(shop: Shop) -> None:
    sale = await taken_back(shop)
    await shop.wait(3600)
    shop.cut_line()
    await shop.restart()
    await shop.wait(15 * 3600)
    shop.mend_line()
    await shop.wait(600)
    taken_all_the_same(shop, shop.attempt(sale).id)
    await shop.until(lambda: kinds(shop, sale) == ["paid_late"], 8 * 3600)


@pytest.mark.row(27)
@story(provider=Meddler)
async def test_i4_what_a_bill_ended_long_after_its_time_is_asked_about_too_and_is_final_then(shop: Shop) -> None:
    sale = await waiting_for_a_password(shop)
    meddler(shop).instead = {"query": no_answer, "reverse": no_answer}
    await shop.until(lambda: shop.attempt(sale).state is State.MANUAL, 8 * DAY_S)
    await shop.wait(60)
    meddler(shop).instead = {}
    account, order_no, begun = meddler(shop).account, shop.attempt(sale).id, queries(shop)
    line = Notice(
        account.provider, "bill", "l1", account.merchant_id, account.app_id, order_no, Trade.CLOSED, None, None
    )
    await BillEvidence(shop.service.book, lambda _: account).take("wechatpay", line)
    assert shop.attempt(sale).state is State.CLOSED
    await shop.until(lambda: shop.sale(sale).final, DAY_S)
    assert queries(shop) > begun


@pytest.mark.row(11, 21)
@story(provider=Meddler)
async def test_i3_money_of_a_first_scan_whose_sale_was_paid_otherwise_is_excess_and_goes_back(shop: Shop) -> None:
    """A minute of doubt, a second code that is paid; the first is taken back, and then taken all the same."""
    sale = await waiting_for_a_password(shop)
    first = shop.attempt(sale).id
    meddler(shop).instead = {"query": no_answer, "reverse": no_answer}
    await shop.until(lambda: shop.lane().current is None, 200)
    await shop.service.checkout.begin_again(sale.id, reason="no answer", actor=CASHIER)
    await shop.until(lambda: bool(shop.attempt(sale).payload), 5)
    shop.pay(sale)
    await shop.until(lambda: shop.sale(sale).state is SaleState.PAID, 5)
    meddler(shop).instead = {}
    await shop.until(lambda: shop.sale(sale).attempt(first).state is State.REVERSED, 310)
    taken_all_the_same(shop, first)
    await shop.until(lambda: kinds(shop, sale) == ["excess"], 62)
    assert shop.sale(sale).state is SaleState.PAID
    service = shop.service.aftercare
    _, refund = await service.refund(sale.id, None, reason="twice", actor=CASHIER, attempt_id=first)
    await shop.until(lambda: shop.sale(sale).refund(refund.id).state == "refunded", 30)
    assert shop.kept_minor == 2850
