"""A customer shows a screen: the bank says yes or no, and an old picture never reads as a fresh yes (row 119)."""

import pytest

from terminal.payments.sale import Sale, SaleState
from terminal.risk.desk import RiskDesk
from terminal.risk.proof import ASKED_MAX, Proof
from tests.flows.risk_rig import MEI, open_desk
from tests.flows.shop import Shop, refused, story

pytestmark = pytest.mark.row(119)


async def shown(shop: Shop, desk: RiskDesk, number: str, counter: str = "1") -> Proof:
    begun = shop.loop.time()
    proof = await desk.proofs.check(counter, number, actor=MEI)
    assert shop.loop.time() - begun <= 3.1
    return proof


def order(shop: Shop, sale: Sale) -> str:
    return shop.attempt(sale).id


def banks_number(shop: Shop) -> str:
    """Of the one payment there is, as the customer's phone shows it: not our order number."""
    [capture] = [capture for order in shop.world.bank.ledger.orders for capture in order.captures]
    return capture.transaction_id


@story()
async def test_s13_yes_is_the_banks_own_word_and_makes_the_sale_paid_like_any_evidence(shop: Shop) -> None:
    desk = open_desk(shop.service)
    shop.no_notifications()
    sale = await shop.with_code()
    shop.pay(sale)
    assert shop.sale(sale).state is not SaleState.PAID
    proof = await shown(shop, desk, order(shop, sale)[-4:])
    assert (proof.verdict, proof.sale, proof.no) == ("yes", sale.id, 1)
    assert proof.amount == sale.amount
    assert shop.sale(sale).state is SaleState.PAID
    assert [each.body["verdict"] for each in shop.events("proof_checked")] == ["yes"]


@story()
async def test_i2_a_picture_of_an_order_nobody_paid_is_a_no_and_changes_nothing(shop: Shop) -> None:
    desk = open_desk(shop.service)
    sale = await shop.with_code()
    proof = await shown(shop, desk, order(shop, sale)[-4:])
    assert proof.verdict == "no"
    assert shop.sale(sale).state is SaleState.OPEN
    await shop.cancel(sale)


@story()
async def test_i2_a_number_of_no_order_here_is_a_no(shop: Shop) -> None:
    desk = open_desk(shop.service)
    await shop.paid()
    assert (await shown(shop, desk, "ZZZZ")).verdict == "no"
    assert (await shown(shop, desk, "4200002345202511200123456789")).verdict == "no"
    assert (await refused(desk.proofs.check("1", "?!", actor=MEI))).slug == "proof_unreadable"


@story(counters=("1", "2"))
async def test_what_was_counted_before_never_reads_as_a_fresh_yes(shop: Shop) -> None:
    desk = open_desk(shop.service)
    sale = await shop.paid()
    for number in (order(shop, sale)[-4:], shop.attempt(sale).provider_txn[-4:], order(shop, sale)):
        proof = await shown(shop, desk, number)
        assert (proof.verdict, proof.sale) == ("used", sale.id), "a minute ago: its goods were handed over"
    await shop.open(990)
    assert (await shown(shop, desk, order(shop, sale)[-4:])).verdict == "used", "for the next sale it pays nothing"
    assert (await shown(shop, desk, order(shop, sale)[-4:], "2")).verdict == "used"


@story()
async def test_yesterdays_picture_is_told_as_of_yesterday(shop: Shop) -> None:
    desk = open_desk(shop.service)
    sale = await shop.paid()
    paid_ms = shop.sale(sale).ended_ms
    await shop.wait(20 * 3600)
    proof = await shown(shop, desk, order(shop, sale)[-4:])
    assert (proof.verdict, proof.paid_ms) == ("used", paid_ms)
    await shop.wait(60 * 3600)
    assert (await shown(shop, desk, order(shop, sale)[-4:])).verdict == "no", "four characters look back two days"
    assert (await shown(shop, desk, order(shop, sale))).verdict == "used", "the whole number knows every day"


@story()
async def test_i2_a_bank_that_cannot_be_reached_is_cannot_know_within_three_seconds(shop: Shop) -> None:
    desk = open_desk(shop.service)
    sale = await shop.with_code()
    shop.cut_line()
    assert (await shown(shop, desk, order(shop, sale)[-4:])).verdict == "unknown"
    assert (await shown(shop, desk, "9999")).verdict == "unknown", "it may be the order that nobody can ask about"
    shop.mend_line()
    shop.world.line.faults.lost_answer = 1000
    assert (await shown(shop, desk, order(shop, sale)[-4:])).verdict == "unknown"
    shop.mend_line()
    await shop.cancel(sale)


@story()
async def test_the_banks_number_is_found_though_only_the_bank_knew_it(shop: Shop) -> None:
    desk = open_desk(shop.service)
    shop.no_notifications()
    sale = await shop.with_code()
    shop.pay(sale)
    assert shop.attempt(sale).provider_txn == "", "nobody here has heard it"
    proof = await shown(shop, desk, banks_number(shop)[-4:])
    assert (proof.verdict, proof.sale) == ("yes", sale.id)


@story()
async def test_money_that_went_back_is_told_as_given_back(shop: Shop) -> None:
    desk = open_desk(shop.service)
    sale = await shop.paid()
    refund = await shop.refund(sale)
    await shop.until(lambda: shop.sale(sale).refund(refund.id).state == "refunded", 60)
    assert (await shown(shop, desk, order(shop, sale)[-4:])).verdict == "returned"


@story()
async def test_late_money_is_no_yes_for_goods(shop: Shop) -> None:
    desk = open_desk(shop.service)
    sale = await shop.with_code()
    shop.fault("capture-after-close")
    shop.pay(sale, delay_ms=30_000)
    await shop.cancel(sale)
    shop.no_notifications()
    await shop.wait(60)
    proof = await shown(shop, desk, order(shop, sale)[-4:])
    assert proof.verdict == "late"
    assert [each.kind for each in shop.sale(sale).exceptions] == ["paid_late"]


@story()
async def test_a_page_that_waits_gets_what_the_counter_s_scanner_reads_also_during_a_sale(shop: Shop) -> None:
    desk = open_desk(shop.service)
    sale = await shop.with_code()
    shop.counter.scanner.reads(order(shop, sale))
    await shop.until(lambda: shop.lane().told is not None, 5)
    assert desk.proofs.last == {}, "no page waits: to the till it is no payment code"
    desk.proofs.waits("1")
    shop.counter.scanner.reads(order(shop, sale))
    await shop.until(lambda: "1" in desk.proofs.last, 5)
    count, proof = desk.proofs.last["1"]
    assert (count, proof.verdict, proof.sale) == (1, "no", sale.id)
    await shop.wait(6)
    assert not desk.proofs.looked_for("1"), "the page was closed"
    await shop.cancel(sale)


@story()
async def test_s42_a_customers_payment_code_pays_the_sale_also_while_a_page_waits_for_proofs(shop: Shop) -> None:
    desk = open_desk(shop.service)
    sale = await shop.open(990)
    desk.proofs.waits("1")
    shop.counter.scanner.reads(shop.customer_code())
    await shop.until(lambda: shop.sale(sale).state is SaleState.PAID, 30)
    assert (desk.proofs.last, shop.events("proof_checked")) == ({}, []), "not a character of the code is noted"


@story(counters=("1", "2"))
async def test_cancelled_sales_of_a_busy_hour_crowd_out_no_order_that_is_under_way(shop: Shop) -> None:
    desk = open_desk(shop.service)
    shop.no_notifications()
    for n in range(ASKED_MAX):
        await shop.cancel(await shop.with_code(100 + n))
        await shop.until(lambda: shop.lane().current is None, 30)
    sale = await shop.with_code(counter="2")
    shop.pay(sale)
    proof = await shown(shop, desk, banks_number(shop)[-4:])
    assert (proof.verdict, proof.sale) == ("used", sale.id), (
        "the bank has the money: nobody is sent away to pay twice"
    )
