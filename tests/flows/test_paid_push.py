"""The customer scans our code and pays."""

import pytest

from terminal.counter.ports import CodeScreen, IdleScreen
from terminal.payments.sale import SaleState
from tests.flows.counter_devices import Device
from tests.flows.shop import CASHIER, Shop, story


@pytest.mark.row(6)
@story()
async def test_the_code_is_on_the_glass_within_300_ms_of_the_key(shop: Shop) -> None:
    sale = await shop.open()
    took_s = await shop.until(lambda: shop.counter.glass.words[-1] == "code", 1)
    assert took_s <= 0.3
    lit = shop.counter.glass.lit
    assert isinstance(lit, CodeScreen)
    await shop.wait(0.1)
    assert lit.payload == shop.attempt(sale).payload
    assert (lit.amount.minor, lit.test) == (2850, True)
    assert [each.body["where"] for each in shop.events("code_shown")] == ["device"]


@pytest.mark.row(6, 9, 29, 51, 52)
@story()
async def test_paid_by_notification_within_a_second_glass_then_voice_then_paper(shop: Shop) -> None:
    sale = await shop.with_code()
    shop.pay(sale)
    took_s = await shop.until(lambda: shop.sale(sale).state is SaleState.PAID, 1)
    assert took_s <= 1
    green = shop.events("attempt_moved")[-1]
    assert green.body["evidence"]["source"] == "notification"
    spoken_s = await shop.until(lambda: bool(shop.counter.speaker.began), 0.5)
    assert spoken_s <= 0.5
    await shop.wait(1)
    assert shop.counter.speaker.words == [("paid", 2850)]
    assert [slip.copy for slip in shop.counter.printer.whole] == [0]
    assert shop.counter.glass.words == ["idle", "code", "paid"]
    assert shop.lane().current is None
    await shop.wait(6)
    assert shop.counter.glass.words[-1] == "idle"
    assert shop.outcomes() == {"voice:paid": "taken", "receipt": "confirmed"}


@pytest.mark.row(26, 30)
@pytest.mark.parametrize("looks_s", [0.3, 2.9, 10.1, 31.7, 57.0])
@story()
async def test_green_within_3_s_by_query_alone_b7(shop: Shop, looks_s: float) -> None:
    shop.no_notifications()
    sale = await shop.with_code()
    await shop.wait(looks_s)
    shop.pay(sale)
    took_s = await shop.until(lambda: shop.sale(sale).state is SaleState.PAID, 5)
    assert took_s <= 3
    assert shop.events("attempt_moved")[-1].body["evidence"]["source"] == "query"


@pytest.mark.row(58)
@pytest.mark.parametrize("role", ["glass", "speaker", "printer"])
@story()
async def test_i24_a_device_that_takes_no_byte_delays_nothing(shop: Shop, role: str) -> None:
    device: Device = getattr(shop.counter, role)
    device.hangs = True
    sale = await shop.open()
    await shop.until(lambda: bool(shop.attempt(sale).payload), 0.3)
    await shop.wait(1)
    shop.pay(sale)
    assert await shop.until(lambda: shop.sale(sale).state is SaleState.PAID, 1) <= 1
    await shop.wait(1)
    if role != "speaker":
        assert shop.counter.speaker.words == [("paid", 2850)]
    if role != "printer":
        assert len(shop.counter.printer.whole) == 1
    if role != "glass":
        assert shop.counter.glass.words[-1] == "paid"


@pytest.mark.row(9, 43)
@story()
async def test_i10_an_unplugged_display_is_repainted_from_what_is_true_now(shop: Shop) -> None:
    await shop.with_code()
    shop.counter.glass.gone = True
    sale = shop.service.book.sale(shop.lane().current or "")
    shop.pay(sale)
    await shop.until(lambda: shop.sale(sale).state is SaleState.PAID, 1)
    assert shop.counter.glass.words == ["idle", "code"]
    await shop.wait(1)
    shop.counter.glass.back()
    await shop.wait(3)
    assert shop.counter.glass.words == ["idle", "code", "paid"]
    await shop.wait(6)
    assert isinstance(shop.counter.glass.lit, IdleScreen)


@pytest.mark.row(6, 32)
@pytest.mark.parametrize(
    "fault",
    ["error-500", "malformed-answer", "bad-signature", "answer-lost-after-debit", "slow-answer"],
)
@story()
async def test_b1_b2_b5_an_order_whose_answer_is_no_answer_is_asked_for_again_and_paid(
    shop: Shop, fault: str
) -> None:
    shop.fault(fault, call="native")
    sale = await shop.open()
    await shop.until(lambda: bool(shop.attempt(sale).payload), 30)
    await shop.wait(0.5)
    assert isinstance(shop.counter.glass.lit, CodeScreen)
    shop.pay(sale)
    await shop.until(lambda: shop.sale(sale).state is SaleState.PAID, 1)
    assert len(shop.sale(sale).attempts) == 1


@story()
async def test_an_order_that_never_left_is_not_charged_and_the_sale_stays_open_for_another_code(
    shop: Shop,
) -> None:
    shop.cut_line()
    sale = await shop.open()
    await shop.until(lambda: shop.attempt(sale).state == "not_sent", 10)
    assert shop.sale(sale).state is SaleState.OPEN
    shop.mend_line()
    await shop.wait(15)
    await shop.service.checkout.show_code(sale.id, actor=CASHIER)
    await shop.until(lambda: bool(shop.attempt(sale).payload), 1)
    shop.pay(sale)
    await shop.until(lambda: shop.sale(sale).state is SaleState.PAID, 1)


@pytest.mark.row(6)
@story()
async def test_b2_an_order_turned_away_by_429_is_placed_again_at_once(shop: Shop) -> None:
    """The bank worked on nothing: no doubt to be asked about, the customer waits a second and not seventeen."""
    shop.fault("rate-429", call="native")
    sale = await shop.open()
    assert await shop.until(lambda: bool(shop.attempt(sale).payload), 3) >= 1
    shop.pay(sale)
    await shop.until(lambda: shop.sale(sale).state is SaleState.PAID, 1)
    assert len(shop.sale(sale).attempts) == 1, "the same order number"


@story()
async def test_b2_a_bank_that_turns_every_order_away_is_told_and_another_code_may_be_asked_for(shop: Shop) -> None:
    shop.fault("rate-429", call="native", for_s=20)
    sale = await shop.open()
    await shop.until(lambda: shop.attempt(sale).state == "not_sent", 6)
    assert (shop.attempt(sale).why, shop.sale(sale).state) == ("rate_limited", SaleState.OPEN)
    assert shop.counter.glass.words == ["idle"]
    await shop.wait(20)
    await shop.service.checkout.show_code(sale.id, actor=CASHIER)
    await shop.until(lambda: bool(shop.attempt(sale).payload), 1)


@story()
async def test_b2_a_429_after_a_lost_answer_is_no_proof_that_nothing_exists(shop: Shop) -> None:
    shop.fault("answer-lost-after-debit", call="native")
    shop.fault("rate-429", call="query")
    sale = await shop.open()
    await shop.until(lambda: bool(shop.attempt(sale).payload), 60)
    assert "not_sent" not in shop.states(sale)
