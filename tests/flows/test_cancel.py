"""Cancel with proof: "nothing charged" or "already paid", never "probably"."""

import asyncio

import pytest

from terminal.counter.ports import IdleScreen
from terminal.payments.attempt import Flag
from terminal.payments.sale import SaleState
from tests.flows.shop import Shop, refused, story


@pytest.mark.row(8, 20, 31)
@story()
async def test_a_shown_code_is_cancelled_with_the_banks_word(shop: Shop) -> None:
    sale = await shop.with_code()
    answer = await shop.cancel(sale)
    assert answer.state is SaleState.CANCELLED
    assert answer.cancel_why == "till"
    order = shop.world.bank.ledger.find(shop.world.ring.shop.mchid, shop.attempt(sale).id, shop.bank_ms)
    assert order is not None
    assert order.state == "CLOSED", "closed at the bank too"
    await shop.wait(1)
    assert shop.counter.glass.words[-1] == "cancelled"
    assert shop.counter.speaker.words == [("not_paid", 2850)]
    assert shop.counter.printer.begun == []
    await shop.wait(6)
    assert isinstance(shop.counter.glass.lit, IdleScreen)


@story()
async def test_the_code_is_dark_at_once_even_if_the_bank_is_silent_i10(shop: Shop) -> None:
    sale = await shop.with_code()
    shop.world.line.faults.lost_answer = 1000
    began = shop.loop.time()
    cancelling = asyncio.ensure_future(shop.cancel(sale))
    await shop.until(lambda: "code" not in shop.counter.glass.words[-1:], 0.1)
    answer = await cancelling
    assert answer.word == "checking"
    assert 2.9 <= shop.loop.time() - began <= 3.1, "the caller is told what is known after 3 s"
    shop.mend_line()
    await shop.until(lambda: shop.sale(sale).state is SaleState.CANCELLED, 60)


@story()
async def test_a_cancel_does_not_wait_for_an_answer_that_never_comes(shop: Shop) -> None:
    """A query was on its way when the key was pressed, and its answer is lost."""
    sale = await shop.with_code()
    shop.fault("answer-lost-after-debit", call="query")
    await shop.wait(4)
    answer = await shop.cancel(sale)
    assert answer.state is SaleState.CANCELLED


@story()
async def test_a_cancel_before_the_code_has_come_never_shows_it_i10(shop: Shop) -> None:
    shop.fault("slow-answer", call="native", delay_ms=1000)
    sale = await shop.open()
    await shop.wait(0.2)
    answer = await shop.cancel(sale)
    assert answer.state is SaleState.CANCELLED
    await shop.wait(1)
    assert "code" not in shop.counter.glass.words


@story()
async def test_cancelling_twice_is_cancelling_once(shop: Shop) -> None:
    sale = await shop.with_code()
    first, second = await asyncio.gather(shop.cancel(sale), shop.cancel(sale))
    assert first.state is second.state is SaleState.CANCELLED
    assert (await shop.cancel(sale)).state is SaleState.CANCELLED
    assert len(shop.events("cancel_requested")) == 1


@story()
async def test_a_paid_sale_is_not_cancelled_and_says_so(shop: Shop) -> None:
    sale = await shop.paid()
    assert (await refused(shop.cancel(sale))).slug == "sale_paid"


@pytest.mark.no_cover  # many rounds through lines that others measure
@pytest.mark.row(31)
@pytest.mark.parametrize("ms", [0, 20, 45, 55, 80, 105, 130, 155, 180, 230, 290])
@story()
async def test_a2_a_cancel_that_races_the_payment_ends_in_one_truth(shop: Shop, ms: int) -> None:
    shop.no_notifications()
    sale = await shop.with_code()
    cancelling = asyncio.ensure_future(shop.cancel(sale))
    await shop.wait(ms / 1000)
    view = shop.world.bank.view(shop.world.bank.ledger.orders.newest(1)[0], shop.bank_ms)
    if not view.why_not:
        shop.world.bank.customer_pays(shop.attempt(sale).id, shop.bank_ms)
    answer = await cancelling
    assert answer.state is (SaleState.PAID if shop.captured else SaleState.CANCELLED)


@pytest.mark.row(31)
@story()
async def test_paid_in_the_moment_of_closing_is_paid_and_marked(shop: Shop) -> None:
    sale = await shop.with_code()
    shop.fault("pay-during-close")
    answer = await shop.cancel(sale)
    assert answer.state is SaleState.PAID
    assert Flag.WHILE_CLOSING in answer.attempts[0].flags
    await shop.wait(1)
    assert shop.counter.speaker.words == [("paid", 2850)]
    assert shop.counter.glass.words[-1] == "paid"


@pytest.mark.row(94)
@pytest.mark.parametrize("ms", [0, 1, 60, 130])
@story()
async def test_d11_a_caller_that_goes_away_in_the_middle_changes_nothing(shop: Shop, ms: int) -> None:
    opening = asyncio.ensure_future(shop.open(order_no="POS-1"))
    await asyncio.sleep(0)  # it has begun, whoever came first in this turn
    await shop.wait(ms / 1000)
    opening.cancel()
    await asyncio.wait({opening})
    await shop.wait(0.5)
    sale = shop.service.book.sale(shop.lane().current or "")
    assert shop.attempt(sale).payload, "the counter goes on by itself"
    cancelling = asyncio.ensure_future(shop.cancel(sale))
    await asyncio.sleep(0)
    await shop.wait(ms / 1000)
    cancelling.cancel()
    await shop.wait(2)
    assert shop.sale(sale).state is SaleState.CANCELLED


@story()
async def test_d11_a_caller_cancelled_before_its_commit_returned_leaves_a_sale_that_goes_on(shop: Shop) -> None:
    """The commit cannot be taken back: what must follow it follows."""
    opening = asyncio.ensure_future(shop.open())
    await asyncio.sleep(0)  # it has begun
    while not shop.events("sale_opened"):
        await asyncio.sleep(0)
        opening.cancel()
    await asyncio.wait({opening})
    await shop.wait(1)
    sale = shop.service.book.sale(shop.lane().current or "")
    assert shop.attempt(sale).state == "shown"


@pytest.mark.row(31)
@story()
async def test_a_sale_with_nothing_live_is_cancelled_at_once(shop: Shop) -> None:
    sale = await shop.open(push=False)
    assert (await shop.cancel(sale)).state is SaleState.CANCELLED
    assert shop.lane().current is None


@pytest.mark.row(31)
@story()
async def test_d1_a_cancel_that_was_decided_is_carried_out_after_a_crash(shop: Shop) -> None:
    sale = await shop.with_code()
    cancelling = asyncio.ensure_future(shop.cancel(sale))
    while not shop.events("cancel_requested"):  # noqa: ASYNC110  # the very next turn is the point
        await asyncio.sleep(0)
    await shop.world.crash()
    await asyncio.wait({cancelling})
    cancelling.exception()
    await shop.world.start()
    assert shop.states(sale) == ["shown"]
    await shop.until(lambda: shop.sale(sale).state is SaleState.CANCELLED, 1)
    await shop.wait(0.5)
    assert shop.counter.glass.words.count("code") == 1, "its code does not come back"


@pytest.mark.row(43)
@story()
async def test_i10_a_code_that_can_still_be_paid_is_back_on_the_glass_after_a_restart(shop: Shop) -> None:
    sale = await shop.with_code()
    await shop.restart()
    await shop.wait(0.2)
    assert shop.counter.glass.words[1:][-1] == "code"
    assert len(shop.counter.glass.words) > 2
    shop.pay(sale)
    await shop.until(lambda: shop.sale(sale).state is SaleState.PAID, 1)
