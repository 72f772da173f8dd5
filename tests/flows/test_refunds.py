"""Money given back: reserved before it is asked for, followed to the end, never more than was taken."""

import asyncio

import pytest

from terminal.errors import InvalidRequest
from terminal.payments.notice import Answer, NotThere, Refusal, Refused
from terminal.payments.refund import RefundState
from terminal.payments.sale import Refund, Sale
from terminal.sandbox.faults import Value
from tests.flows.meddler import Meddler
from tests.flows.shop import CASHIER, Shop, key, refused, story


async def ended(shop: Shop, sale: Sale, refund: Refund, limit_s: float) -> str:
    await shop.until(lambda: shop.sale(sale).refund(refund.id).state in {"refunded", "failed", "manual"}, limit_s)
    return shop.sale(sale).refund(refund.id).state.value


@pytest.mark.row(69, 73)
@story()
async def test_a_full_refund_goes_back_and_its_slip_is_printed(shop: Shop) -> None:
    sale = await shop.paid()
    refund = await shop.refund(sale)
    assert (refund.amount.minor, refund.state) == (2850, RefundState.INTENT)
    assert await ended(shop, sale, refund, 10) == "refunded"
    assert shop.kept_minor == 0
    await shop.wait(1)
    jobs = [slip.job for slip in shop.counter.printer.whole]
    assert jobs == [f"{shop.attempt(sale).id}:receipt", f"{refund.id}:receipt"]
    assert shop.sale(sale).refund(refund.id).provider_refund


@pytest.mark.row(69, 71)
@story()
async def test_i8_several_partial_refunds_never_exceed_what_was_taken(shop: Shop) -> None:
    sale = await shop.paid(1000)
    for minor in (300, 300):
        refund = await shop.refund(sale, minor)
        assert await ended(shop, sale, refund, 10) == "refunded"
    too_much = await refused(shop.refund(sale, 401))
    assert (too_much.slug, too_much.facts["left"]) == ("refund_too_much", "4.00")
    rest = await shop.refund(sale)
    assert rest.amount.minor == 400
    assert (await refused(shop.refund(sale))).slug == "refund_too_much"


@pytest.mark.row(69)
@pytest.mark.parametrize("minor", [0, -1, 10**15])
@story()
async def test_a_refund_is_positive_and_has_a_reason(shop: Shop, minor: int) -> None:
    sale = await shop.paid()
    assert (await refused(shop.refund(sale, minor))).slug == "refund_too_much"
    assert (await refused(shop.refund(sale, 1, reason="  "))).slug == "refund_reason_missing"
    assert shop.world.bank.ledger.refunds.newest(1) == []


@pytest.mark.row(71)
@pytest.mark.parametrize("lost", [False, True])
@story()
async def test_i8_a2_of_20_parallel_refunds_of_60_per_cent_exactly_one_succeeds(shop: Shop, lost: bool) -> None:
    sale = await shop.paid(1000)
    if lost:
        shop.fault("answer-lost-after-debit", call="refund", count=10)
    answers = await asyncio.gather(*(shop.refund(sale, 600) for _ in range(20)), return_exceptions=True)
    made = [each for each in answers if not isinstance(each, BaseException)]
    assert len(made) == 1
    assert all(isinstance(each, InvalidRequest) for each in answers if each not in made)
    assert isinstance(made[0], tuple | Refund)
    assert await ended(shop, sale, shop.sale(sale).refunds[0], 60) == "refunded"
    assert shop.kept_minor == 400


@pytest.mark.row(73)
@pytest.mark.parametrize(
    ("fault", "params"),
    [
        ("answer-lost-after-debit", {"call": "refund"}),
        ("timeout-before-debit", {"call": "refund"}),
        ("error-500", {"call": "refund"}),
        ("rate-429", {"call": "refund"}),
        ("malformed-answer", {"call": "refund"}),
        ("bad-signature", {"call": "refund"}),
        ("notify-before-answer", {}),
        ("notify-lost", {"attempts": 99}),
        ("refund-slow", {}),
    ],
)
@story()
async def test_a_refund_whose_answer_is_missing_is_followed_under_its_own_number(
    shop: Shop, fault: str, params: dict[str, Value]
) -> None:
    sale = await shop.paid()
    shop.fault(fault, params)
    refund = await shop.refund(sale, 1000)
    assert await ended(shop, sale, refund, 400) == "refunded"
    assert shop.kept_minor == 1850
    assert len(shop.world.bank.ledger.refunds.newest(10)) == 1
    await shop.wait(1)
    assert len(shop.counter.printer.whole) == 2


@pytest.mark.row(73)
@story()
async def test_a_definite_failure_frees_the_amount_and_its_number_is_never_used_again(shop: Shop) -> None:
    sale = await shop.paid()
    shop.fault("refund-closed")
    failed = await shop.refund(sale)
    assert await ended(shop, sale, failed, 30) == "failed"
    again = await shop.refund(sale)
    assert again.id != failed.id
    assert await ended(shop, sale, again, 30) == "refunded"
    await shop.wait(1)
    assert len(shop.counter.printer.whole) == 2, "no slip for the one that failed"


@story()
async def test_a_refusal_before_anything_happened_frees_the_amount(shop: Shop) -> None:
    sale = await shop.paid()
    shop.fault("refund-no-balance")
    refund = await shop.refund(sale)
    assert await ended(shop, sale, refund, 5) == "failed"
    assert shop.sale(sale).refundable_minor(shop.attempt(sale)) == 2850


@pytest.mark.row(73)
@story()
async def test_i8_an_account_that_cannot_take_it_stays_reserved_for_a_person(shop: Shop) -> None:
    sale = await shop.paid()
    shop.fault("refund-abnormal")
    refund = await shop.refund(sale)
    assert await ended(shop, sale, refund, 30) == "manual"
    assert (await refused(shop.refund(sale, 1))).slug == "refund_too_much"
    assert not shop.sale(sale).final


@pytest.mark.row(71, 89)
@story()
async def test_i16_one_key_is_one_refund_also_in_parallel(shop: Shop) -> None:
    sale = await shop.paid(1000)
    one = key("K-00000001")
    answers = await asyncio.gather(*(shop.refund(sale, 300, key=one) for _ in range(5)))
    assert len({each.id for each in answers}) == 1
    whole = key("K-00000002")
    answers = await asyncio.gather(*(shop.refund(sale, None, key=whole) for _ in range(5)))
    assert len({each.id for each in answers}) == 1
    other = await refused(shop.refund(sale, 10, key=key("K-00000001", "another meaning")))
    assert other.slug == "idempotency_other_meaning"
    assert len(shop.sale(sale).refunds) == 2
    await shop.wait(10)


@story()
async def test_an_unpaid_sale_has_nothing_to_give_back(shop: Shop) -> None:
    sale = await shop.with_code()
    assert (await refused(shop.refund(sale))).slug == "refund_not_paid"


@pytest.mark.parametrize("died_ms", [0, 30, 60, 90, 120, 2000])
@story()
async def test_d1_a_refund_survives_a_restart_and_is_given_once(shop: Shop, died_ms: int) -> None:
    sale = await shop.paid()
    refund = await shop.refund(sale, 1000)
    await shop.wait(died_ms / 1000)
    await shop.restart()
    assert await ended(shop, sale, refund, 60) == "refunded"
    assert shop.kept_minor == 1850


@story()
async def test_d11_the_caller_of_a_refund_goes_away_and_the_refund_goes_on(shop: Shop) -> None:
    sale = await shop.paid()
    asking = asyncio.ensure_future(shop.refund(sale))
    while not shop.sale(sale).refunds:
        await asyncio.sleep(0)
        asking.cancel()
        if asking.done():
            break
    await asyncio.wait({asking})
    await shop.wait(10)
    assert all(each.state == "refunded" for each in shop.sale(sale).refunds)
    assert shop.kept_minor in {0, 2850}


@pytest.mark.row(72)
@story()
async def test_i23_both_names_stand_in_the_journal(shop: Shop) -> None:
    sale = await shop.paid()
    await shop.service.aftercare.refund(sale.id, 100, reason="broken", actor=CASHIER, approver="person:01OWNER")
    event = shop.events("refund_started")[0]
    assert event.actor == str(CASHIER)
    assert {"actor": str(CASHIER), "approver": "person:01OWNER", "reason": "broken"}.items() <= event.body.items()
    await shop.wait(10)


@story(provider=Meddler)
async def test_i8_a_no_to_a_repeated_refund_does_not_free_what_the_first_may_have_sent(shop: Shop) -> None:
    """Accepted, then not found by a node that does not know it yet, sent again, refused: still only a doubt."""

    async def not_there() -> Answer:
        return NotThere()

    async def too_much() -> Answer:
        return Refused(Refusal.REFUND_TOO_MUCH)

    sale = await shop.paid()
    shop.fault("refund-slow")
    bank = shop.service.provider("wechatpay")
    assert isinstance(bank, Meddler)
    refund = await shop.refund(sale)
    await shop.until(lambda: shop.sale(sale).refund(refund.id).state == "sent", 3)
    bank.instead = {"query_refund": not_there, "refund": too_much}
    await shop.until(lambda: bank.asked["refund"] > 1, 30)
    await shop.wait(1)
    assert shop.sale(sale).refund(refund.id).state == "unknown"
    assert (await refused(shop.refund(sale))).slug == "refund_too_much"
    bank.instead.clear()
    assert await ended(shop, sale, refund, 4000) == "refunded"
    assert shop.kept_minor == 0
