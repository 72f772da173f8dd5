"""What the scanner reads, and what of it may start a payment; the shown code gives way with proof."""

import asyncio

import pytest

from terminal.errors import Conflict
from terminal.payments.decide import OpenSale
from terminal.payments.money import Money
from terminal.payments.sale import SaleState
from tests.flows.shop import CASHIER, Shop, refused, story


def refusals(shop: Shop) -> list[str]:
    return [str(each.body["slug"]) for each in shop.events("scan_refused")]


@pytest.mark.row(7, 8)
@story()
async def test_the_scanner_on_the_counter_pays_the_open_sale_and_beeps(shop: Shop) -> None:
    sale = await shop.with_code()
    shop.counter.scanner.reads(shop.customer_code())
    await shop.until(lambda: shop.sale(sale).state is SaleState.PAID, 2)
    assert shop.counter.scanner.beeps == [True]


@pytest.mark.row(8, 20)
@story()
async def test_i15_the_glass_is_blank_and_the_order_closed_before_the_pull_leaves(shop: Shop) -> None:
    sale = await shop.with_code()
    await shop.scan(shop.customer_code())
    await shop.until(lambda: shop.sale(sale).state is SaleState.PAID, 1)
    push, pull = shop.sale(sale).attempts
    assert (push.state, pull.state) == ("closed", "paid")
    order = shop.world.bank.ledger.find(shop.world.ring.shop.mchid, push.id, shop.bank_ms)
    assert order is not None
    assert order.state == "CLOSED"
    kinds = [(each.type, each.body.get("to")) for each in shop.events() if each.subject == sale.id]
    assert kinds.index(("attempt_moved", "closed")) < len(kinds) - kinds[::-1].index(("attempt_started", None))
    await shop.wait(0.5)
    assert shop.counter.glass.words == ["idle", "code", "idle", "scanned", "paid"]
    assert shop.counter.speaker.words == [("paid", 2850)], "nobody is told that the first code was not paid"


@pytest.mark.row(8)
@story()
async def test_proof_usually_takes_less_than_half_a_second(shop: Shop) -> None:
    await shop.with_code()
    began = shop.loop.time()
    await shop.scan(shop.customer_code())
    assert shop.loop.time() - began < 0.5


@pytest.mark.row(8, 31)
@story()
async def test_without_proof_in_3_s_the_pull_is_not_sent_and_the_cashier_is_told(shop: Shop) -> None:
    sale = await shop.with_code()
    code = shop.customer_code()
    shop.world.line.faults.lost_answer = 1000
    began = shop.loop.time()
    error = await refused(shop.scan(code))
    assert error.slug == "switch_unproven"
    assert 2.9 <= shop.loop.time() - began <= 3.1
    assert len(shop.sale(sale).attempts) == 1
    assert shop.counter.glass.words == ["idle", "code", "idle"]
    shop.mend_line()
    await shop.until(lambda: shop.sale(sale).live_attempt is None, 60)
    assert shop.sale(sale).state is SaleState.OPEN, "it waits for the next scan"
    await shop.scan(shop.customer_code())
    await shop.until(lambda: shop.sale(sale).state is SaleState.PAID, 2)


@pytest.mark.row(8)
@story()
async def test_paid_on_the_glass_before_the_scan_discards_the_scan_unsent(shop: Shop) -> None:
    shop.no_notifications()
    sale = await shop.with_code()
    shop.pay(sale)
    answer = await shop.scan(shop.customer_code())
    assert answer.state is SaleState.PAID
    assert len(answer.attempts) == 1
    await shop.wait(0.5)
    assert shop.counter.glass.words[-1] == "paid"


@pytest.mark.row(8)
@story()
async def test_a_scan_before_the_code_came_never_shows_it(shop: Shop) -> None:
    shop.fault("slow-answer", call="native", delay_ms=600)
    sale = await shop.open()
    await shop.wait(0.1)
    await shop.scan(shop.customer_code())
    await shop.until(lambda: shop.sale(sale).state is SaleState.PAID, 3)
    await shop.wait(0.5)
    assert "code" not in shop.counter.glass.words


@pytest.mark.row(24, 54)
@pytest.mark.parametrize("gap_s", [0, 0.05, 0.5, 2.9, 40])
@story()
async def test_c1_the_same_code_again_is_one_attempt(shop: Shop, gap_s: float) -> None:
    sale = await shop.open(push=False)
    code = shop.customer_code("password", confirm_after_ms=44_000)
    for _ in range(2):
        shop.counter.scanner.reads(code)
        await shop.wait(gap_s)
    await shop.until(lambda: shop.sale(sale).state is SaleState.PAID, 60)
    assert len(shop.sale(sale).attempts) == 1
    assert list(shop.captured.values()) == [[2850]]


@pytest.mark.row(54)
@story()
async def test_two_different_codes_at_once_are_one_payment_and_one_refusal(shop: Shop) -> None:
    sale = await shop.with_code()
    calls = [shop.scan(shop.customer_code()) for _ in range(2)]
    answers = await asyncio.gather(*calls, return_exceptions=True)
    assert sum(isinstance(each, Conflict) for each in answers) == 1
    await shop.until(lambda: shop.sale(sale).state is SaleState.PAID, 2)
    assert len(shop.captured) == 1


@pytest.mark.row(24)
@story()
async def test_c6_a_code_used_for_another_sale_is_refused_with_a_sentence(shop: Shop) -> None:
    code = shop.customer_code()
    first = await shop.open(100, push=False)
    await shop.scan(code)
    await shop.until(lambda: shop.sale(first).state is SaleState.PAID, 2)
    second = await shop.open(100, push=False)
    assert (await refused(shop.scan(code))).slug == "code_used"
    assert shop.sale(second).attempts == ()
    await shop.restart()
    assert (await refused(shop.scan(code))).slug == "code_used"


@story()
async def test_c1_a_code_is_known_for_a_day_after_it_was_used(shop: Shop) -> None:
    code = shop.customer_code("no-funds")
    sale = await shop.open(100, push=False)
    await shop.scan(code)
    await shop.until(lambda: shop.sale(sale).live_attempt is None, 10)
    for hours in (12, 11.9):
        await shop.wait(hours * 3600)
        await shop.restart()
        if shop.lane().current is None:
            await shop.open(100, push=False)
        before = shop.world.line.requests
        assert (await refused(shop.scan(code))).slug == "code_used"
        assert shop.world.line.requests == before


@pytest.mark.row(24, 93)
@story(counters=("1", "2"))
async def test_a2_one_code_at_two_counters_at_once_pays_one(shop: Shop) -> None:
    code = shop.customer_code()
    await shop.open(100, push=False, counter="1")
    await shop.open(100, push=False, counter="2")
    answers = await asyncio.gather(
        shop.scan(code, counter="1"), shop.scan(code, counter="2"), return_exceptions=True
    )
    errors = [each for each in answers if isinstance(each, Conflict)]
    assert [each.slug for each in errors] == ["code_used"]
    await shop.wait(5)
    assert list(shop.captured.values()) == [[100]]


@pytest.mark.row(56)
@story()
async def test_c5_a_scan_without_a_sale_is_told_and_never_kept_for_the_next(shop: Shop) -> None:
    shop.counter.scanner.reads(shop.customer_code())
    await shop.wait(0.1)
    assert refusals(shop) == ["scan_without_sale"]
    assert shop.counter.scanner.beeps == [False]
    told = shop.lane().told
    assert told is not None
    assert told[1].slug == "scan_without_sale"
    sale = await shop.open(push=False)
    await shop.wait(60)
    assert shop.sale(sale).attempts == ()


@pytest.mark.row(24, 56)
@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("6901234567892", "code_product"),
        ("https://shop.example/pay?x=1", "code_link"),
        ("weixin://wxpay/bizpayurl?pr=abc", "code_link"),
        ("00020101021129300012D156000000000510A93FO3230Q5204549953031565802CN6304ABCD", "code_merchant"),
        ("hQVDUFYwMWETTwegAAAABVUgAQ==", "code_card_data"),
        ("999999999999999999", "code_not_payment"),
        ("\u0661\u0662\u0663", "code_not_payment"),
        ("", "code_not_payment"),
        ("1" * 5000, "code_not_payment"),
    ],
)
@story()
async def test_c3_c4_what_is_no_payment_code_is_named_and_goes_nowhere(shop: Shop, text: str, slug: str) -> None:
    sale = await shop.with_code()
    before = shop.world.line.requests
    assert (await refused(shop.scan(text))).slug == slug
    assert shop.world.line.requests == before
    assert shop.attempt(sale).state == "shown", "the code stays"
    assert shop.counter.glass.words[-1] == "code"


@story()
async def test_i19_the_scanned_code_is_nowhere_in_the_journal(shop: Shop) -> None:
    await shop.open(push=False)
    code = shop.customer_code()
    await shop.scan(code)
    await shop.wait(5)
    assert all(code not in repr(each) for each in shop.events())
    assert code.encode() not in shop.world.journal_path.read_bytes()


@story()
async def test_a_second_wallet_while_the_first_is_confirming_is_refused(shop: Shop) -> None:
    sale = await shop.open(push=False)
    await shop.scan(shop.customer_code("password"))
    await shop.until(lambda: shop.sale(sale).word == "acting", 1)
    assert (await refused(shop.scan(shop.customer_code()))).slug == "attempt_live"
    await shop.wait(60)


@story()
async def test_d11_a_restart_in_the_middle_of_a_switch_leaves_the_sale_open_and_the_first_code_dark(
    shop: Shop,
) -> None:
    sale = await shop.with_code()
    code = shop.customer_code()
    shop.world.line.faults.lost_request = 1000
    scanning = asyncio.ensure_future(shop.scan(code))
    await shop.wait(0.5)
    scanning.cancel()
    shop.mend_line()
    await shop.restart()
    await shop.until(lambda: shop.sale(sale).live_attempt is None, 3)
    assert shop.sale(sale).state is SaleState.OPEN
    assert shop.counter.glass.words.count("code") == 1
    await shop.scan(shop.customer_code())
    await shop.until(lambda: shop.sale(sale).state is SaleState.PAID, 2)


@pytest.mark.row(24)
@story()
async def test_c6_a_spent_code_scanned_again_for_the_same_sale_is_told_and_not_beeped_as_good(shop: Shop) -> None:
    sale = await shop.open(push=False)
    code = shop.customer_code("no-funds")
    await shop.scan(code)
    await shop.until(lambda: shop.sale(sale).live_attempt is None, 10)
    assert shop.sale(sale).state is SaleState.OPEN
    assert (await refused(shop.scan(code))).slug == "code_used"
    assert len(shop.sale(sale).attempts) == 1
    await shop.scan(shop.customer_code())
    await shop.until(lambda: shop.sale(sale).state is SaleState.PAID, 10)


@story()
async def test_a_sale_for_the_display_alone_takes_no_scan(shop: Shop) -> None:
    sale = await shop.service.checkout.open_sale(
        OpenSale("1", Money(2850, "CNY"), directions=("push",)), actor=CASHIER
    )
    told = await refused(shop.scan(shop.customer_code()))
    assert told.slug == "scan_not_asked_for"
    assert shop.sale(sale).state is SaleState.OPEN
