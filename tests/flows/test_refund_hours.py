"""Refunds that wait: accepted, said so on paper, sent when the provider takes them, or cancelled unsent."""

import contextlib
from dataclasses import replace

import msgspec
import pytest

from terminal.errors import Conflict
from terminal.payments.notice import Answer, Refusal, Refused
from terminal.payments.profile import Profile
from terminal.payments.refund import RefundState
from terminal.payments.sale import Refund, Sale, SaleState
from tests.flows.meddler import Meddler
from tests.flows.shop import CASHIER, Shop, refused, story

NINE_MS = 1_767_229_200_000  # 2026-01-01 09:00 in Shanghai; these stories begin at 08:00
HOUR_S = 3600.0


class OpensAtNine(Meddler):
    """A channel that takes refunds from nine to ten at night, and reminds after two hours."""

    @property
    def profile(self) -> Profile:
        mine = self._channel.profile
        hours = {"refund_hours": ("09:00", "22:00"), "refund_zone": "Asia/Shanghai"}
        return msgspec.structs.replace(mine, **hours)


class TriesAgain(Meddler):
    """Too little on the shop's account there means: in an hour again."""

    @property
    def profile(self) -> Profile:
        mine = self._channel.profile
        timings = msgspec.structs.replace(mine.timings, refund_remind_s=2 * HOUR_S)
        return msgspec.structs.replace(mine, refund_retry=("no_funds",), timings=timings)


def meddler(shop: Shop) -> Meddler:
    found = shop.service.provider("wechatpay")
    assert isinstance(found, Meddler)
    return found


def now(shop: Shop, sale: Sale, refund: Refund) -> Refund:
    return shop.sale(sale).refund(refund.id)


def paper(shop: Shop, job: str) -> str:
    [slip] = [each for each in shop.counter.printer.whole if each.job == job]
    return "\n".join(f"{getattr(line, 'left', '')} {getattr(line, 'right', '')}".strip() for line in slip.receipt)


@pytest.mark.row(75)
@pytest.mark.parametrize("restarted", [False, True])
@story(provider=OpensAtNine)
async def test_a_refund_before_the_banks_hours_waits_says_so_on_paper_and_is_sent_at_nine(
    shop: Shop, restarted: bool
) -> None:
    sale = await shop.paid()
    offer = shop.service.aftercare.offer(sale.id, 850)
    assert (offer.way.kind, offer.due_ms) == ("refund", NINE_MS)
    refund = await shop.refund(sale, 850)
    assert (refund.state, refund.due_ms) == (RefundState.QUEUED, NINE_MS)
    assert (await refused(shop.refund(sale, 2001))).slug == "refund_too_much", "reserved while it waits (I8)"
    await shop.wait(1)
    said = paper(shop, f"{refund.id}:queued:receipt")
    assert "REFUND ACCEPTED, NOT SENT YET" in said
    assert refund.id in said
    assert "Will be sent to the bank on" in said
    if restarted:
        await shop.restart()
    await shop.wait((NINE_MS - shop.world.clock.wall_ms()) / 1000 - 5)
    assert (now(shop, sale, refund).state, meddler(shop).asked.get("refund", 0)) == (RefundState.QUEUED, 0)
    await shop.until(lambda: now(shop, sale, refund).state is RefundState.REFUNDED, 30)
    assert shop.kept_minor == 2000
    await shop.wait(1)
    assert "REFUND\n" in paper(shop, f"{refund.id}:receipt")
    assert not shop.sale(sale).exceptions


@pytest.mark.row(75)
@story(provider=OpensAtNine, channels=("alipay",))
async def test_at_alipay_two_parts_wait_and_leave_after_a_restart_each_under_its_own_number(shop: Shop) -> None:
    sale = await shop.paid()
    first, second = await shop.refund(sale, 850), await shop.refund(sale)
    assert [each.state for each in shop.sale(sale).refunds] == [RefundState.QUEUED] * 2
    await shop.restart()
    await shop.wait((NINE_MS - shop.world.clock.wall_ms()) / 1000 - 1)
    assert shop.kept_minor == 2850
    for refund in (first, second):
        await shop.until(lambda refund=refund: now(shop, sale, refund).state is RefundState.REFUNDED, 60)  # type: ignore[misc]  # bound now
    assert (shop.kept_minor, shop.sale(sale).exceptions) == (0, ())


@pytest.mark.row(75)
@story(provider=OpensAtNine)
async def test_what_waits_can_be_cancelled_definitely_unsent_and_what_was_sent_cannot(shop: Shop) -> None:
    sale = await shop.paid()
    refund = await shop.refund(sale, 850)
    cancel = shop.service.aftercare.cancel_refund
    await cancel(sale.id, refund.id, actor=CASHIER)
    assert now(shop, sale, refund).state is RefundState.FAILED
    assert shop.sale(sale).refundable_minor(shop.attempt(sale)) == 2850
    [event] = [each for each in shop.events("refund_moved") if each.body["refund"] == refund.id]
    assert (event.actor, event.body["signal"]) == (str(CASHIER), "cancelled")
    other = await shop.refund(sale, 1000)
    await shop.wait(HOUR_S + 10)
    assert (await refused(cancel(sale.id, other.id, actor=CASHIER))).slug == "refund_not_queued"
    assert (await refused(cancel(sale.id, "01NONE", actor=CASHIER))).slug == "refund_unknown"
    assert list(shop.world.bank.returned().values()) == [1000], "the cancelled one never left"
    assert now(shop, sale, refund).state is RefundState.FAILED


@story(provider=OpensAtNine)
async def test_i5_cancelling_at_the_moment_it_leaves_is_one_or_the_other(shop: Shop) -> None:
    for _ in range(3):
        sale = await shop.paid()
        refund = await shop.refund(sale)
        await shop.wait(
            (NINE_MS - shop.world.clock.wall_ms()) / 1000 if len(shop.events("refund_queued")) == 1 else 0
        )
        with contextlib.suppress(Conflict):  # too late: it is on its way
            await shop.service.aftercare.cancel_refund(sale.id, refund.id, actor=CASHIER)
        await shop.wait(30)
        gone = shop.world.bank.returned().get(shop.attempt(sale).id, 0)
        assert (now(shop, sale, refund).state is RefundState.REFUNDED) == (gone == 2850)


@pytest.mark.row(70, 75)
@story(provider=OpensAtNine)
async def test_i8_a_void_is_made_at_any_hour_and_refused_it_waits_as_a_refund(shop: Shop) -> None:
    async def too_late() -> Answer:
        return Refused(Refusal.NOT_REVERSIBLE)

    sale = await shop.open(push=False)
    await shop.scan(shop.customer_code())
    await shop.until(lambda: shop.sale(sale).state is SaleState.PAID, 5)
    meddler(shop).instead["reverse"] = too_late
    refund = await shop.refund(sale)
    assert refund.way == "void"
    await shop.until(lambda: now(shop, sale, refund).state is RefundState.QUEUED, 5)
    assert now(shop, sale, refund).due_ms == NINE_MS
    await shop.until(lambda: now(shop, sale, refund).state is RefundState.REFUNDED, 2 * HOUR_S)
    assert (meddler(shop).asked["reverse"], shop.kept_minor) == (1, 0)


@pytest.mark.row(73, 75)
@story(provider=TriesAgain)
async def test_too_little_on_the_account_is_tried_again_each_hour_and_a_person_is_reminded(shop: Shop) -> None:
    sale = await shop.paid()
    shop.fault("refund-no-balance", count=4)
    refund = await shop.refund(sale)
    await shop.until(lambda: now(shop, sale, refund).state is RefundState.QUEUED, 5)
    await shop.wait(2.5 * HOUR_S)
    assert not shop.sale(sale).exceptions
    await shop.wait(HOUR_S)
    assert [(each.kind, each.closed) for each in shop.sale(sale).exceptions] == [("refund_late", "")]
    assert now(shop, sale, refund).state is RefundState.QUEUED
    await shop.until(lambda: now(shop, sale, refund).state is RefundState.REFUNDED, 2 * HOUR_S)
    assert [each.closed for each in shop.sale(sale).exceptions] == ["refunded"]
    assert [each.job for each in shop.counter.printer.whole].count(f"{refund.id}:queued:receipt") == 1


@pytest.mark.row(73)
@story()
async def test_a_refund_without_an_end_for_six_hours_is_before_a_person_until_it_ends(shop: Shop) -> None:
    sale = await shop.paid()
    shop.fault("refund-slow", delay_ms=10 * 3600 * 1000)
    shop.no_notifications()
    refund = await shop.refund(sale, 1000)
    await shop.wait(5 * HOUR_S)
    assert not shop.sale(sale).exceptions
    await shop.wait(2 * HOUR_S)
    assert [(each.kind, each.amount_minor) for each in shop.sale(sale).exceptions] == [("refund_late", 1000)]
    await shop.restart()
    await shop.until(lambda: now(shop, sale, refund).state is RefundState.REFUNDED, 6 * HOUR_S)
    assert [(each.kind, each.closed) for each in shop.sale(sale).exceptions] == [("refund_late", "refunded")]


async def paid_twice(shop: Shop) -> Sale:
    """A shown code is paid after a scan took its place."""
    sale = await shop.with_code()
    await shop.scan(shop.customer_code())
    await shop.until(lambda: shop.sale(sale).state is SaleState.PAID, 3)
    shop.fault("capture-after-close")
    shop.world.bank.customer_pays(shop.sale(sale).attempts[0].id, shop.bank_ms)
    shop.world.bank_worked()
    await shop.until(lambda: bool(shop.sale(sale).exceptions), 3)
    return shop.sale(sale)


@pytest.mark.row(21)
@pytest.mark.parametrize("restarted", [False, True])
@story()
async def test_i3_an_excess_is_given_back_within_60_s_where_the_shop_wants_it(shop: Shop, restarted: bool) -> None:
    shop.world.house = replace(shop.world.house, excess="refund")
    await shop.restart()
    sale = await paid_twice(shop)
    if restarted:
        await shop.restart()
    await shop.until(lambda: shop.sale(sale).exceptions[0].closed == "refunded", 60)
    [back] = shop.sale(sale).refunds
    assert (back.attempt, back.actor, back.amount.minor) == (sale.attempts[0].id, "system:service", 2850)
    assert (shop.kept_minor, shop.sale(sale).state) == (2850, SaleState.PAID)
    assert restarted or ("late", 2850) in shop.counter.speaker.words, "the owner hears and sees it"


@pytest.mark.row(21)
@story()
async def test_i3_an_excess_is_only_listed_where_nobody_decided_otherwise_and_never_under_the_paid_order(
    shop: Shop,
) -> None:
    listed = await paid_twice(shop)
    await shop.wait(120)
    assert shop.sale(listed).refunds == ()
    shop.world.house = replace(shop.world.house, excess="refund")
    await shop.restart()
    await shop.until(lambda: shop.sale(listed).exceptions[0].closed == "refunded", 60)
    shop.fault("double-capture")
    sale = await shop.with_code()
    shop.pay(sale)
    await shop.until(lambda: bool(shop.sale(sale).exceptions), 60)
    await shop.wait(120)
    assert (shop.sale(sale).refunds, shop.sale(sale).exceptions[0].closed) == ((), "")
    assert shop.service.aftercare.offer(sale.id).way.kind == "refund"
