"""A shop with Pix: the central bank's API, tokens, hints instead of proofs, charges that no clock closes."""

import json

import pytest

from terminal.payments.attempt import State
from terminal.payments.codes.entry import read
from terminal.payments.refund import RefundState
from terminal.payments.sale import Sale, SaleState
from terminal.regions import load_region
from tests.flows.shop import Shop, story

PIX = ("pix",)


def status_there(shop: Shop, sale: Sale) -> str:
    """What the bank's own books say of the newest attempt."""
    order = shop.world.bank.ledger.find(shop.world.bank.home, shop.attempt(sale).id, shop.bank_ms)
    assert order is not None
    return order.state


def hint(shop: Shop, *txids: str) -> bytes:
    told = [
        {"endToEndId": "E" + "0" * 31, "txid": each, "valor": "28.50", "horario": "2026-01-01T00:00:00Z"}
        for each in txids
    ]
    return json.dumps({"pix": told}).encode()


@pytest.mark.row(6, 17, 28, 69, 73)
@story(channels=PIX)
async def test_a_code_is_taken_apart_shown_paid_by_webhook_and_query_and_refunded_in_parts(shop: Shop) -> None:
    sale = await shop.with_code()
    scheme = next(each for each in load_region("br").schemes if each.name == "pix_dynamic")
    assert read(scheme, shop.attempt(sale).payload).account["url"].startswith("pix.sandbox.test/qr/v2/")
    shop.pay(sale)
    await shop.until(lambda: shop.sale(sale).state is SaleState.PAID, 1.5)
    assert shop.attempt(sale).provider == "pix"
    assert len(shop.attempt(sale).provider_txn) == 32
    await shop.until(lambda: not shop.world.bank.post.table, 2)
    for minor in (850, 2000):
        refund = await shop.refund(sale, minor)
        await shop.until(lambda: shop.sale(sale).refund(refund.id).state is RefundState.REFUNDED, 30)  # noqa: B023  # of this round
    assert shop.kept_minor == 0
    assert not shop.sale(sale).exceptions
    assert shop.world.pix_door.issued == 1, "one token for all of it"


@pytest.mark.row(7)
@story(channels=PIX)
async def test_a_counter_whose_channels_have_no_code_of_the_customer_takes_none(shop: Shop) -> None:
    assert not shop.service.checkout.scans(shop.lane())


@pytest.mark.row(26, 30)
@story(channels=PIX)
async def test_without_webhooks_queries_alone_find_the_payment(shop: Shop) -> None:
    shop.no_notifications()
    sale = await shop.with_code()
    shop.pay(sale)
    await shop.until(lambda: shop.sale(sale).state is SaleState.PAID, 6)


@pytest.mark.row(20, 27, 31)
@story(channels=PIX)
async def test_an_expired_charge_stays_ativa_until_it_is_removed_for_certain(shop: Shop) -> None:
    sale = await shop.with_code()
    code = shop.attempt(sale).payload
    shop.fault("error-500", call="close", count=2)
    await shop.until(lambda: shop.attempt(sale).state is State.CLOSED, 200)
    assert status_there(shop, sale) == "CLOSED"
    assert shop.world.bank.customer_scans(code, shop.bank_ms).why_not == "closed"
    assert not shop.sale(sale).exceptions


@pytest.mark.row(31, 32)
@story(channels=PIX)
async def test_b11_a_payment_just_before_the_removal_is_paid_and_not_cancelled(shop: Shop) -> None:
    sale = await shop.with_code()
    shop.no_notifications()
    shop.fault("pay-during-close")
    await shop.cancel(sale)
    await shop.until(lambda: shop.sale(sale).state is SaleState.PAID, 10)
    assert shop.captured[shop.attempt(sale).id] == [2850]


@pytest.mark.row(21)
@story(channels=PIX)
async def test_b11_money_that_arrives_after_the_removal_is_before_a_person(shop: Shop) -> None:
    sale = await shop.with_code()
    await shop.cancel(sale)
    await shop.until(lambda: shop.attempt(sale).state is State.CLOSED, 5)
    shop.fault("capture-after-close")
    shop.world.bank.customer_pays(shop.attempt(sale).id, shop.bank_ms)
    shop.world.bank_worked()
    await shop.until(lambda: bool(shop.sale(sale).exceptions), 5)
    assert [each.kind for each in shop.sale(sale).exceptions] == ["paid_late"]


@pytest.mark.row(29)
@story(channels=PIX)
async def test_i3_two_pix_for_one_charge_are_one_payment_and_one_excess(shop: Shop) -> None:
    sale = await shop.with_code()
    shop.fault("double-capture")
    shop.pay(sale)
    await shop.until(lambda: bool(shop.sale(sale).exceptions), 5)
    assert shop.sale(sale).state is SaleState.PAID
    assert [each.kind for each in shop.sale(sale).exceptions] == ["excess"]


@pytest.mark.row(28, 30)
@story(channels=PIX)
async def test_s13_a_hint_that_lies_changes_nothing_and_one_of_many_is_enough(shop: Shop) -> None:
    sale, take = await shop.with_code(), shop.service.notices.take
    shop.no_notifications()
    shop.fault("forged-notification")
    await shop.wait(2)
    assert shop.sale(sale).state is SaleState.OPEN
    assert not shop.events("notification_refused")
    await take("pix", {}, hint(shop, "0" * 26, "PosterCode1"))
    assert not shop.events("payment_orphaned"), "nobody paid an order of that number"
    shop.fault("not-found-lag", count=100)
    shop.pay(sale)
    await shop.wait(1)
    shop.world.bank.faults.clear("not-found-lag")
    await take("pix", {}, hint(shop, "0" * 26, shop.attempt(sale).id))
    assert shop.sale(sale).state is SaleState.PAID


@pytest.mark.row(27, 32)
@pytest.mark.parametrize(
    ("slug", "call"),
    [
        ("answer-lost-after-debit", "native"),
        ("error-500", "native"),
        ("malformed-answer", "query"),
        ("wrong-order", "query"),
        ("unknown-state", "query"),
    ],
)
@story(channels=PIX)
async def test_b1_b2_b4_b6_b10_a_spoilt_answer_is_asked_for_again(shop: Shop, slug: str, call: str) -> None:
    shop.no_notifications()
    if call == "query":
        sale = await shop.with_code()
    shop.fault(slug, call=call, count=1)
    if call == "native":
        sale = await shop.open()
        await shop.until(lambda: bool(shop.attempt(sale).payload), 40)
    shop.pay(sale)
    await shop.until(lambda: shop.sale(sale).state is SaleState.PAID, 30)
    assert shop.captured[shop.attempt(sale).id] == [2850]


@pytest.mark.row(36)
@story(channels=PIX)
async def test_a_token_that_ends_in_the_middle_of_a_sale_is_renewed_once_for_all(shop: Shop) -> None:
    shop.no_notifications()
    sale = await shop.with_code()
    shop.world.pix_door.revoke()
    shop.pay(sale)
    await shop.until(lambda: shop.sale(sale).state is SaleState.PAID, 6)
    assert shop.world.pix_door.issued == 2
    await shop.wait(3600)
    again = await shop.with_code()
    assert shop.world.pix_door.issued == 3, "taken anew before it ended, not after a refusal"
    await shop.cancel(again)


@pytest.mark.row(71)
@pytest.mark.parametrize("slug", ["answer-lost-after-debit", "refund-slow"])
@story(channels=PIX)
async def test_i8_a_refund_in_doubt_is_the_same_refund(shop: Shop, slug: str) -> None:
    sale = await shop.paid()
    shop.fault(slug, {"call": "refund"} if slug.startswith("answer") else {})
    refund = await shop.refund(sale, 1000)
    await shop.until(lambda: shop.sale(sale).refund(refund.id).state is RefundState.REFUNDED, 600)
    assert shop.kept_minor == 1850


@pytest.mark.row(71)
@story(channels=PIX)
async def test_i8_a_refund_the_payers_bank_refused_is_free_again(shop: Shop) -> None:
    sale = await shop.paid()
    shop.fault("refund-closed")
    refund = await shop.refund(sale, 2850)
    await shop.until(lambda: shop.sale(sale).refund(refund.id).state is RefundState.FAILED, 60)
    again = await shop.refund(sale, 2850)
    await shop.until(lambda: shop.sale(sale).refund(again.id).state is RefundState.REFUNDED, 60)
    assert shop.kept_minor == 0
