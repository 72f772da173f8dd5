"""A payment undone instead of refunded, by the rule: one record, one way at a time, followed to its end."""

import asyncio
import itertools
from collections.abc import Mapping
from dataclasses import replace

import pytest

from terminal.counter.ports import RefundOrder
from terminal.payments.notice import Accepted, Answer, Notice, RefundNotice, Refusal, Refused, Trade, Unclear
from terminal.payments.refund import RefundState
from terminal.payments.sale import Refund, Sale, SaleState
from tests.flows.meddler import Meddler
from tests.flows.shop import Shop, refused, story

WALLETS = ("wechatpay", "alipay")


async def scanned(shop: Shop, wallet: str, minor: int = 2850) -> Sale:
    """A sale paid by a customer's code."""
    sale = await shop.open(minor, push=False)
    await shop.scan(shop.customer_code(wallet=wallet))
    await shop.until(lambda: shop.sale(sale).state is SaleState.PAID, 5)
    await shop.wait(1)
    return shop.sale(sale)


async def ended(shop: Shop, sale: Sale, refund: Refund, limit_s: float) -> Refund:
    await shop.until(lambda: shop.sale(sale).refund(refund.id).state in {"refunded", "failed", "manual"}, limit_s)
    return shop.sale(sale).refund(refund.id)


def steps(shop: Shop) -> list[str]:
    """What is on record of its refunds, in order."""
    kinds = ("refund_started", "refund_way_chosen", "refund_queued", "refund_moved")
    found = [each for each in shop.events() if each.type in kinds]
    return [str(each.body.get("to") or each.body.get("way") or each.type) for each in found]


def meddler(shop: Shop, name: str = "wechatpay") -> Meddler:
    found = shop.service.provider(name)
    assert isinstance(found, Meddler)
    return found


@pytest.mark.row(70, 73)
@pytest.mark.parametrize("wallet", WALLETS)
@story(channels=WALLETS, provider=Meddler)
async def test_i8_a_scanned_payment_of_today_is_undone_at_once_and_the_slip_names_both_numbers(
    shop: Shop, wallet: str
) -> None:
    sale = await scanned(shop, wallet)
    assert shop.service.aftercare.offer(sale.id).way.kind == "void"
    refund = await shop.refund(sale)
    assert (refund.way, refund.amount.minor) == ("void", 2850)
    await ended(shop, sale, refund, 2)
    assert steps(shop) == ["refund_started", "void", "sent", "refunded"]
    assert (shop.kept_minor, shop.sale(sale).exceptions) == (0, ())
    assert "refund" not in meddler(shop, wallet).asked
    await shop.wait(1)
    slip = shop.counter.printer.whole[-1]
    said = [getattr(line, "left", "") + getattr(line, "right", "") for line in slip.receipt]
    assert refund.id in said
    assert shop.attempt(sale).provider_txn in said
    assert "PAYMENT UNDONE" in said
    assert (await refused(shop.refund(sale))).slug == "refund_too_much"


@pytest.mark.no_cover  # many rounds through lines that others measure
@pytest.mark.row(70)
@pytest.mark.parametrize(
    "fault", ["answer-lost-after-debit", "timeout-before-debit", "error-500", "bad-signature"]
)
@pytest.mark.parametrize("wallet", WALLETS)
@story(channels=WALLETS)
async def test_i8_b1_b2_b5_a_void_whose_answer_is_lost_is_asked_again_under_the_same_order(
    shop: Shop, fault: str, wallet: str
) -> None:
    sale = await scanned(shop, wallet)
    shop.fault(fault, call="reverse")
    refund = await shop.refund(sale)
    end = await ended(shop, sale, refund, 120)
    assert (end.state, end.way) == (RefundState.REFUNDED, "void")
    assert "unknown" in steps(shop)
    assert (shop.kept_minor, len(shop.sale(sale).refunds)) == (0, 1)


@pytest.mark.row(70)
@pytest.mark.parametrize("wallet", WALLETS)
@story(channels=WALLETS, provider=Meddler)
async def test_i8_a_void_that_came_too_late_goes_on_as_a_refund_of_the_same_record(
    shop: Shop, wallet: str
) -> None:
    async def too_late() -> Answer:
        assert shop.sale(sale).refundable_minor(shop.attempt(sale)) == 0, "reserved all the way"
        return Refused(Refusal.NOT_REVERSIBLE)

    sale = await scanned(shop, wallet)
    meddler(shop, wallet).instead["reverse"] = too_late
    refund = await shop.refund(sale)
    end = await ended(shop, sale, refund, 60)
    assert (end.state, end.way, end.voided) == (RefundState.REFUNDED, "refund", True)
    assert steps(shop)[:3] == ["refund_started", "void", "refund"]
    assert meddler(shop, wallet).asked["reverse"] == 1, "never both"
    assert (shop.kept_minor, len(shop.sale(sale).refunds)) == (0, 1)


@pytest.mark.row(70)
@story()
async def test_the_banks_own_clock_says_too_late_and_nothing_is_lost(shop: Shop) -> None:
    sale = await scanned(shop, "wechatpay")
    shop.world.bank.rules = replace(shop.world.bank.rules, reverse_window_ms=0)
    refund = await shop.refund(sale)
    assert refund.way == "void"
    end = await ended(shop, sale, refund, 60)
    assert (end.state, end.way, shop.kept_minor) == (RefundState.REFUNDED, "refund", 0)


@story(provider=Meddler)
async def test_i8_a_no_after_a_lost_yes_is_not_believed_the_order_itself_tells(shop: Shop) -> None:
    """Undone there, the answer lost; the repetition is refused: looked at, and not refunded as well."""
    bank = meddler(shop)

    async def lost() -> Answer:
        await bank._channel.reverse(shop.attempt(sale).id)
        bank.instead["reverse"] = no
        return Unclear("time_out")

    async def no() -> Answer:
        return Refused(Refusal.NOT_REVERSIBLE)

    async def dark() -> Answer:
        return Unclear("time_out")

    sale = await scanned(shop, "wechatpay")
    bank.instead.update(reverse=lost, query=dark)
    refund = await shop.refund(sale)
    await shop.until(lambda: bank.asked.get("reverse", 0) >= 3, 300)
    now = shop.sale(sale).refund(refund.id)
    assert (now.state, now.way, "refund" in bank.asked) == (RefundState.UNKNOWN, "void", False)
    del bank.instead["query"]
    end = await ended(shop, sale, refund, 1800)
    assert (end.state, end.way, shop.kept_minor) == (RefundState.REFUNDED, "void", 0)


@story(provider=Meddler)
async def test_i8_a_yes_that_the_order_does_not_show_is_no_proof(shop: Shop) -> None:
    async def polite() -> Answer:
        return Accepted()

    bank = meddler(shop)
    sale = await scanned(shop, "wechatpay")
    bank.instead["reverse"] = polite
    refund = await shop.refund(sale)
    await shop.wait(100)
    assert shop.sale(sale).refund(refund.id).state is RefundState.SENT
    bank.instead.clear()
    assert (await ended(shop, sale, refund, 400)).state is RefundState.REFUNDED


@pytest.mark.row(71)
@story()
async def test_i8_a2_two_tills_undo_one_sale_at_once_and_it_goes_back_once(shop: Shop) -> None:
    sale = await scanned(shop, "wechatpay")
    asked = [shop.refund(sale, minor) for minor in (None, 2850, 1000, None)]
    answers = await asyncio.gather(*asked, return_exceptions=True)
    made = [each for each in answers if isinstance(each, Refund)]
    assert [each.way for each in made] == ["void"]
    await ended(shop, sale, made[0], 5)
    assert (shop.kept_minor, len(shop.sale(sale).refunds)) == (0, 1)


@pytest.mark.no_cover  # many rounds through lines that others measure
@pytest.mark.parametrize("died_ms", [0, 20, 60, 110, 160, 220])
@pytest.mark.parametrize("wallet", WALLETS)
@story(channels=WALLETS)
async def test_d1_a_void_survives_a_restart_at_any_moment(shop: Shop, died_ms: int, wallet: str) -> None:
    sale = await scanned(shop, wallet)
    refund = await shop.refund(sale)
    await shop.wait(died_ms / 1000)
    await shop.restart()
    end = await ended(shop, sale, refund, 60)
    assert (end.state, shop.kept_minor, shop.sale(sale).exceptions) == (RefundState.REFUNDED, 0, ())


@pytest.mark.row(70)
@story()
async def test_a_part_another_day_or_a_shown_code_is_a_refund(shop: Shop) -> None:
    offer = shop.service.aftercare.offer
    sale = await scanned(shop, "wechatpay")
    assert (offer(sale.id).way.kind, offer(sale.id, 2849).way.why) == ("void", "part")
    shown = await shop.paid()
    assert offer(shown.id).way.why == "not_this_way"
    await shop.wait(86_400)
    assert offer(sale.id).way.why == "other_day"
    refund = await shop.refund(sale, 850)
    assert refund.way == "refund"
    await ended(shop, sale, refund, 30)
    assert offer(sale.id).way.why == "part", "the rest is a part of it"


@pytest.mark.no_cover  # many rounds through lines that others measure
@pytest.mark.row(70, 71)
@story(provider=Meddler)
async def test_i8_however_two_tries_and_a_look_end_the_money_goes_back_once_and_the_record_knows(
    shop: Shop,
) -> None:
    bank = meddler(shop)

    async def done_and_lost() -> Answer:
        await bank._channel.reverse(shop.attempt(sale).id)
        return Unclear("time_out")

    async def lost() -> Answer:
        return Unclear("time_out")

    async def no() -> Answer:
        return Refused(Refusal.NOT_REVERSIBLE)

    async def yes() -> Answer:
        return await bank._channel.reverse(shop.attempt(sale).id)

    async def look() -> Answer:
        return await bank._channel.query(shop.attempt(sale).id)

    ends = (done_and_lost, lost, no, yes)
    for first, second, seen in itertools.product(ends, ends, (look, lost)):
        sale = await scanned(shop, "wechatpay", 100)
        tries, looks = [first, second], [seen]
        bank.instead["reverse"] = lambda tries=tries: (tries.pop(0) if tries else yes)()  # type: ignore[misc]  # bound now
        bank.instead["query"] = lambda looks=looks: (looks.pop(0) if looks else look)()  # type: ignore[misc]  # same
        refund = await shop.refund(sale)
        end = await ended(shop, sale, refund, 600)
        bank.instead.clear()
        case = (first.__name__, second.__name__, seen.__name__)
        assert (end.state, shop.kept_minor) == (RefundState.REFUNDED, 0), case
        assert shop.world.bank.returned()[shop.attempt(sale).id] == 100, case
        assert shop.sale(sale).exceptions == (), case


@story(provider=Meddler)
async def test_i8_an_undoing_that_happens_late_is_found_when_the_refund_is_refused(shop: Shop) -> None:
    """Stuck on its way, then refused, then done after all: the refund's "no" must not leave it in doubt."""
    bank = meddler(shop)

    async def stuck() -> Answer:
        bank.instead["reverse"] = no
        return Unclear("time_out")

    async def no() -> Answer:
        return Refused(Refusal.NOT_REVERSIBLE)

    async def after_it() -> Answer:
        order = shop.attempt(sale)
        await bank._channel.reverse(order.id)
        return await bank._channel.refund(RefundOrder(refund.id, order.id, order.amount, order.amount, "r"))

    sale = await scanned(shop, "wechatpay")
    bank.instead.update(reverse=stuck, refund=after_it)
    refund = await shop.refund(sale)
    end = await ended(shop, sale, refund, 60)
    assert (end.state, end.way, shop.kept_minor) == (RefundState.REFUNDED, "refund", 0)
    assert shop.sale(sale).exceptions == ()


class Telling(Meddler):
    """``news``: what its next notification says, whoever sends it."""

    news: Notice

    async def take_notification(self, headers: Mapping[str, str], body: bytes) -> Notice | RefundNotice:
        return self.news


@pytest.mark.row(70)
@story(provider=Telling)
async def test_b7_the_banks_word_that_the_order_was_reversed_ends_the_void_and_contradicts_nothing(
    shop: Shop,
) -> None:
    async def dark() -> Answer:
        return Unclear("time_out")

    sale = await scanned(shop, "wechatpay")
    bank = shop.service.provider("wechatpay")
    assert isinstance(bank, Telling)
    bank.instead.update(query=dark)
    refund = await shop.refund(sale)
    await shop.wait(3)
    assert shop.sale(sale).refund(refund.id).state is RefundState.SENT
    account, order_no = bank.account, shop.attempt(sale).id
    bank.news = Notice(
        account.provider,
        "notification",
        "n1",
        account.merchant_id,
        account.app_id,
        order_no,
        Trade.REVERSED,
        None,
        None,
    )
    for _ in range(2):
        await shop.service.notices.take("wechatpay", {}, b"")
    assert shop.sale(sale).refund(refund.id).state is RefundState.REFUNDED
    assert (shop.sale(sale).exceptions, shop.kept_minor) == ((), 0)
