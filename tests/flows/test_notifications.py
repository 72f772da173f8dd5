"""Notifications: many, late, forged, wrong in one field, for nobody. Only what is ours and proven counts, once."""

import asyncio

import msgspec
import pytest

from terminal.payments.profile import Profile
from terminal.payments.sale import Sale, SaleState
from terminal.sandbox.faults import Value
from terminal.sandbox.notifications import Delivery
from tests.flows.meddler import Meddler
from tests.flows.shop import DAY_S, Shop, refused, story


async def letter_of(shop: Shop, sale: Sale) -> Delivery:
    """What the bank would post about this payment; kept back from its postman."""
    shop.fault("notify-delayed", delay_ms=round(40 * DAY_S * 1000))
    shop.pay(sale)
    post = shop.world.bank.post
    notice = next(iter(post.table))
    notice.due_ms = shop.bank_ms
    (delivery,) = post.due(shop.bank_ms)
    return delivery


async def take(shop: Shop, letter: Delivery) -> None:
    await shop.service.notices.take("wechatpay", dict(letter.headers), letter.body)


@pytest.mark.row(29)
@pytest.mark.parametrize("gap_ms", [0, 1, 40, 3000])
@story()
async def test_b7_three_copies_are_one_state_one_voice_one_slip(shop: Shop, gap_ms: int) -> None:
    sale = await shop.with_code()
    shop.fault("notify-3-times", gap_ms=gap_ms)
    shop.pay(sale)
    await shop.wait(15)
    assert shop.states(sale) == ["shown", "paid"]
    assert shop.counter.speaker.words == [("paid", 2850)]
    assert len(shop.counter.printer.begun) == 1
    assert len(shop.events("sale_moved")) == 1


@pytest.mark.row(29)
@story()
async def test_b7_s14_a_hundred_copies_in_parallel_are_one_and_all_get_their_yes(shop: Shop) -> None:
    sale = await shop.with_code()
    letter = await letter_of(shop, sale)
    await asyncio.gather(*(take(shop, letter) for _ in range(100)))
    await shop.wait(3)
    assert shop.states(sale) == ["shown", "paid"]
    assert shop.counter.speaker.words == [("paid", 2850)]
    assert len(shop.counter.printer.begun) == 1


@story()
async def test_i6_the_bank_gets_its_yes_only_when_paid_is_durable(shop: Shop) -> None:
    sale = await shop.with_code()
    letter = await letter_of(shop, sale)
    await take(shop, letter)
    await shop.world.crash()
    await shop.world.start()
    assert shop.sale(sale).state is SaleState.PAID


@pytest.mark.row(28)
@pytest.mark.parametrize("late_s", [310, 25 * 3600])
@story()
async def test_b7_s11_an_old_letter_is_no_evidence_but_makes_us_ask(shop: Shop, late_s: float) -> None:
    """Its time stamp is outside the window: replayed, or our clock is wrong. The query finds the truth."""
    sale = await shop.with_code()
    letter = await letter_of(shop, sale)
    await shop.world.crash()
    await shop.wait(late_s)
    await shop.world.start()
    error = await refused(take(shop, letter))
    assert error.slug == "message_stale"
    await shop.until(lambda: shop.sale(sale).state is SaleState.PAID, 3)


@pytest.mark.row(28)
@pytest.mark.parametrize("variant", ["flipped", "missing", "unknown-serial", "stale", "signtest"])
@story()
async def test_b5_a_bad_signature_is_no_evidence_and_the_honest_repetition_is(shop: Shop, variant: str) -> None:
    shop.fault("answer-lost-after-debit", call="query", count=100)
    sale = await shop.with_code()
    shop.fault("notify-bad-signature", variant=variant, repeats=1)
    shop.pay(sale)
    await shop.wait(1)
    assert shop.sale(sale).state is SaleState.OPEN
    alerts = [each.body["slug"] for each in shop.events("notification_refused")]
    assert len(alerts) == (0 if variant == "signtest" else 1), "the bank's own probe is no alarm"
    shop.world.bank.faults.clear()
    await shop.until(lambda: shop.sale(sale).state is SaleState.PAID, 30)


@pytest.mark.row(28)
@pytest.mark.parametrize("variant", ["leaked-apiv3", "stranger"])
@story()
async def test_i2_a_forged_letter_makes_nobody_hand_over_goods(shop: Shop, variant: str) -> None:
    sale = await shop.with_code()
    shop.fault("forged-notification", variant=variant)
    await shop.wait(10)
    assert shop.sale(sale).state is SaleState.OPEN
    assert len(shop.events("notification_refused")) == 1
    assert shop.counter.speaker.began == []
    await shop.wait(60)
    assert shop.sale(sale).state is SaleState.EXPIRED


@pytest.mark.row(28)
@pytest.mark.parametrize(
    ("fault", "params"),
    [("notify-wrong-amount", {"by": 1}), ("notify-wrong-amount", {"by": -1}), ("notify-wrong-merchant", {})],
)
@story()
async def test_b6_s12_genuine_but_not_ours_in_one_field_is_an_alarm_and_never_green(
    shop: Shop, fault: str, params: dict[str, Value]
) -> None:
    shop.fault("answer-lost-after-debit", call="query", count=100)
    sale = await shop.with_code()
    shop.fault(fault, params)
    shop.pay(sale)
    await shop.wait(3)
    assert shop.sale(sale).state is SaleState.OPEN
    assert [each.kind for each in shop.sale(sale).exceptions] == ["mismatch"]
    assert [each.end for each in shop.world.bank.post.history] == ["taken"], "durable, so it need not come again"
    assert shop.counter.speaker.began == []
    shop.world.bank.faults.clear()
    await shop.until(lambda: shop.sale(sale).state is SaleState.PAID, 15)
    assert [each.closed for each in shop.sale(sale).exceptions] == [""]


@pytest.mark.row(28)
@story()
async def test_i1_proven_money_for_an_order_we_do_not_know_is_an_orphan_once(shop: Shop) -> None:
    sale = await shop.with_code()
    shop.fault("notify-wrong-order")
    shop.fault("notify-3-times")
    shop.pay(sale)
    await shop.wait(3)
    orphans = shop.events("payment_orphaned")
    assert [each.body["amount_minor"] for each in orphans] == [2850]
    assert [each.body["kind"] for each in shop.service.feed.unfinished()] == ["orphan"]
    await shop.until(lambda: shop.sale(sale).state is SaleState.PAID, 5)
    await shop.restart()
    assert [each.body["kind"] for each in shop.service.feed.unfinished()] == ["orphan"]


@story()
async def test_i21_a_flood_of_rubbish_fills_neither_journal_nor_time(shop: Shop) -> None:
    sale = await shop.with_code()
    before = len(shop.events())
    for _ in range(300):
        error = await refused(shop.service.notices.take("wechatpay", {"x": "y"}, b"{}"))
        assert error.slug == "signature_missing"
        await shop.wait(0.05)
    assert len(shop.events()) - before <= 3
    shop.pay(sale)
    await shop.until(lambda: shop.sale(sale).state is SaleState.PAID, 1)


@story()
async def test_a_letter_for_a_channel_that_is_not_ours_is_refused(shop: Shop) -> None:
    assert (await refused(shop.service.notices.take("otherpay", {}, b""))).slug == "channel_unknown"


@pytest.mark.row(30)
@story()
async def test_b7_all_letters_lost_for_ever_changes_nothing_but_seconds(shop: Shop) -> None:
    shop.no_notifications()
    sale = await shop.paid()
    assert sale.state is SaleState.PAID
    refund = await shop.refund(sale)
    await shop.until(lambda: shop.sale(sale).refund(refund.id).state == "refunded", 30)


@story()
async def test_b7_a_refunds_letter_before_its_payments(shop: Shop) -> None:
    """The bank's post is not in order; what was given back by ourselves proves that it was paid."""
    sale = await shop.with_code()
    letter = await letter_of(shop, sale)
    await shop.until(lambda: shop.sale(sale).state is SaleState.PAID, 5)
    refund = await shop.refund(sale)
    await shop.until(lambda: shop.sale(sale).refund(refund.id).state == "refunded", 30)
    await take(shop, letter)
    assert shop.sale(sale).exceptions == ()
    assert shop.sale(sale).refund(refund.id).state == "refunded"


@story()
async def test_a_letter_that_arrives_while_the_order_is_being_made_is_not_lost(shop: Shop) -> None:
    """The answer to the order is slow; somebody scans and pays before it is here."""
    shop.fault("answer-lost-after-debit", call="native")
    sale = await shop.open()
    await shop.wait(0.3)
    order = shop.world.bank.ledger.orders.newest(1)[0]
    shop.world.bank.customer_pays(order.out_trade_no, shop.bank_ms)
    shop.world.bank_worked()
    await shop.until(lambda: shop.sale(sale).state is SaleState.PAID, 1)
    await shop.wait(30)
    assert "code" not in shop.counter.glass.words
    assert shop.counter.speaker.words == [("paid", 2850)]


class Asking(Meddler):
    """The same channel with a profile that wants every notification of payment confirmed (S13)."""

    @property
    def profile(self) -> Profile:
        return msgspec.structs.replace(super().profile, confirm_notification_by_query=True)


@pytest.mark.row(28)
@story(provider=Asking)
async def test_s13_a_profile_may_want_a_letter_confirmed_by_a_query_before_green(shop: Shop) -> None:
    sale = await shop.with_code()
    letter = await letter_of(shop, sale)
    shop.fault("error-500", call="query")
    error = await refused(take(shop, letter))
    assert error.slug == "provider_down", "no yes: it shall come again"
    assert shop.sale(sale).state is SaleState.OPEN
    await take(shop, letter)
    assert shop.sale(sale).state is SaleState.PAID
    assert shop.events("attempt_moved")[-1].body["evidence"]["source"] == "query"
