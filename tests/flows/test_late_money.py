"""Money that comes when nobody expects it: never silent, never fulfilled by itself, never lost."""

from dataclasses import replace
from typing import TYPE_CHECKING, cast

import pytest

from terminal.counter.healing import BillEvidence
from terminal.payments.decide import OpenSale
from terminal.payments.lines import SaleLine
from terminal.payments.money import Money
from terminal.payments.notice import Answer, Told
from terminal.payments.sale import Sale, SaleState
from terminal.web.receipts import as_text, receipt_lines
from tests.flows.shop import CASHIER, DAY_S, Shop, refused, story

if TYPE_CHECKING:
    from terminal.counter.ports import Provider


async def paid_late(shop: Shop) -> Sale:
    """Cancelled with proof, and then the bank took the money all the same."""
    sale = await shop.with_code()
    await shop.cancel(sale)
    shop.fault("capture-after-close")
    shop.world.bank.customer_pays(shop.attempt(sale).id, shop.bank_ms)
    shop.world.bank_worked()
    await shop.wait(1.5)
    return shop.sale(sale)


@pytest.mark.row(21)
@story()
async def test_b11_money_after_the_close_is_chimed_and_listed_and_the_sale_stays_cancelled(shop: Shop) -> None:
    sale = await paid_late(shop)
    assert sale.state is SaleState.CANCELLED
    assert sale.attempts[0].state == "closed"
    assert [(each.kind, each.closed) for each in sale.exceptions] == [("paid_late", "")]
    await shop.wait(2)
    assert shop.counter.speaker.words[-1] == ("late", 2850)
    assert shop.counter.printer.begun == []
    assert not sale.final
    await shop.wait(3 * 86400)
    assert [each.subject for each in shop.service.feed.unfinished()] == [sale.id], "an exception never disappears"


@pytest.mark.row(21)
@story()
async def test_late_money_is_attached_by_a_person_and_printed_then(shop: Shop) -> None:
    sale = await paid_late(shop)
    exception = sale.exceptions[0].id
    sale = await shop.service.aftercare.close_exception(sale.id, exception, "attached", actor=CASHIER)
    assert sale.state is SaleState.PAID
    await shop.wait(1)
    assert [slip.copy for slip in shop.counter.printer.whole] == [0]
    assert ("paid", 2850) not in shop.counter.speaker.words
    again = await refused(shop.service.aftercare.close_exception(sale.id, exception, "attached", actor=CASHIER))
    assert again.slug == "exception_unknown"


@pytest.mark.row(21, 69)
@story()
async def test_late_money_is_refunded_by_one_key_and_the_exception_closes_itself(shop: Shop) -> None:
    sale = await paid_late(shop)
    seen = await refused(
        shop.service.aftercare.close_exception(sale.id, sale.exceptions[0].id, "seen", actor=CASHIER)
    )
    assert seen.slug == "refund_first", "money is not looked away"
    await shop.refund(sale)
    await shop.until(lambda: bool(shop.sale(sale).exceptions[0].closed), 30)
    assert shop.sale(sale).exceptions[0].closed == "refunded"
    assert shop.kept_minor == 0


@story()
async def test_b11_a_customer_charged_twice_is_excess_within_60_s_and_the_sale_is_paid_once(shop: Shop) -> None:
    sale = await shop.with_code()
    shop.fault("double-capture")
    shop.pay(sale)
    await shop.until(lambda: bool(shop.sale(sale).exceptions), 60)
    assert shop.sale(sale).state is SaleState.PAID
    assert [each.kind for each in shop.sale(sale).exceptions] == ["excess"]
    await shop.wait(4)
    assert shop.counter.speaker.words == [("paid", 2850), ("late", 2850)]
    assert listed_with_its_evidence(shop)
    assert len(shop.counter.printer.whole) == 1
    page = as_text(receipt_lines(shop.service, shop.sale(sale)))
    assert shop.attempt(sale).provider_txn in page, "I9: what the customer has paid for once is on the phone"
    await shop.service.aftercare.reprint(sale.id, actor=CASHIER)
    await shop.until(lambda: len(shop.counter.printer.whole) == 2, 5)
    assert {each.job for each in shop.counter.printer.whole} == {f"{shop.attempt(sale).id}:receipt"}


def listed_with_its_evidence(shop: Shop) -> bool:
    """What came too much is before a person in the same append as the proof of it."""
    events = shop.events()
    [opened] = [each for each in events if each.type == "exception_opened" and each.body["kind"] == "excess"]
    proof = events[opened.number - 2]
    return "evidence" in proof.body and (proof.mono_ns, proof.subject) == (opened.mono_ns, opened.subject)


@pytest.mark.row(21)
@story()
async def test_late_money_is_found_by_a_sweep_when_no_notification_comes(shop: Shop) -> None:
    sale = await shop.with_code()
    await shop.cancel(sale)
    shop.no_notifications()
    shop.fault("capture-after-close")
    shop.world.bank.customer_pays(shop.attempt(sale).id, shop.bank_ms)
    await shop.until(lambda: bool(shop.sale(sale).exceptions), 62)
    assert [each.kind for each in shop.sale(sale).exceptions] == ["paid_late"]


@pytest.mark.row(21)
@story()
async def test_a_second_chance_paid_and_the_first_late_is_excess(shop: Shop) -> None:
    """The first code was closed for the scan; the bank let it be paid afterwards."""
    sale = await shop.with_code()
    await shop.scan(shop.customer_code())
    await shop.until(lambda: shop.sale(sale).state is SaleState.PAID, 2)
    first = shop.sale(sale).attempts[0]
    shop.fault("capture-after-close")
    shop.world.bank.customer_pays(first.id, shop.bank_ms)
    shop.world.bank_worked()
    await shop.until(lambda: bool(shop.sale(sale).exceptions), 2)
    assert [each.kind for each in shop.sale(sale).exceptions] == ["excess"]
    assert listed_with_its_evidence(shop)
    refund = await shop.service.aftercare.refund(sale.id, None, reason="twice", actor=CASHIER, attempt_id=first.id)
    await shop.until(lambda: shop.sale(sale).refund(refund[1].id).state == "refunded", 30)
    assert shop.kept_minor == 2850


@pytest.mark.row(2, 21)
@story()
async def test_i3_goods_that_come_back_are_given_back_of_what_pays_the_sale_not_of_what_came_too_much(
    shop: Shop,
) -> None:
    """Else what came too much would be short of it, and the customer with it."""
    tea = SaleLine.made("Tea", 850), SaleLine.made("Cake", 2000)
    opened = await shop.service.checkout.open_sale(OpenSale("1", Money(2850, "CNY"), lines=tea), actor=CASHIER)
    await shop.until(lambda: bool(shop.attempt(opened).payload), 5)
    sale = await shop.scan(shop.customer_code())
    await shop.until(lambda: shop.sale(sale).state is SaleState.PAID, 2)
    first, second = shop.sale(sale).attempts
    shop.fault("capture-after-close")
    shop.world.bank.customer_pays(first.id, shop.bank_ms)
    shop.world.bank_worked()
    await shop.until(lambda: bool(shop.sale(sale).exceptions), 2)
    give_back = shop.service.aftercare.refund
    assert (await give_back(sale.id, 850, reason="spilt", actor=CASHIER, lines=(1,)))[1].attempt == second.id
    _, rest = await give_back(sale.id, None, reason="paid twice", actor=CASHIER)
    assert (rest.attempt, rest.amount.minor) == (first.id, 2850)
    await shop.until(lambda: shop.kept_minor == 2000, 30)
    assert shop.sale(sale).exceptions[0].closed


@pytest.mark.row(21)
@story()
async def test_i17_of_what_a_day_of_looks_was_owed_a_start_after_days_makes_one(shop: Shop) -> None:
    """A counter that is switched off every night would never see that day end."""
    sale = await shop.with_code()
    await shop.cancel(sale)
    await shop.world.crash()
    await shop.wait(2 * DAY_S)
    await shop.world.start()
    before = shop.world.line.requests
    await shop.until(lambda: shop.attempt(sale).swept, 30)
    assert shop.world.line.requests - before <= 2


@story()
async def test_b11_a_second_payment_that_the_bank_tells_when_it_is_asked_beside_a_bill_is_heard_too(
    shop: Shop,
) -> None:
    sale = await shop.paid()
    attempt, provider = shop.attempt(sale), shop.service.provider("wechatpay")
    told = await provider.query(attempt.id)
    assert isinstance(told, Told)
    twice = Told(told.notice, (replace(told.notice, provider_txn="other", evidence_id="other"),))

    class Bank:
        async def query(self, _order_no: str) -> Answer:
            return twice

    bill = BillEvidence(shop.service.book, lambda _: provider.account, provider=lambda _: cast("Provider", Bank()))
    assert await bill.ask("wechatpay", attempt.id) == "paid"
    assert [each.kind for each in shop.sale(sale).exceptions] == ["excess"]
