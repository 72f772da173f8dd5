"""Approved in part: the rest is asked for by itself, a cancel gives it back, a kill changes nothing (row 33)."""

import pytest

from terminal.banks.channel import Channel
from terminal.counter.ports import CodeScreen, RefundOrder
from terminal.payments.notice import Answer
from terminal.payments.sale import Sale, SaleState
from terminal.settlement.totals import Line, items
from terminal.simulation.rails import IN_PART
from terminal.web.shapes.sales import sale_view
from tests.flows.meddler import Meddler
from tests.flows.shop import CASHIER, Shop, refused, story

pytestmark = pytest.mark.row(33)
PART = (IN_PART,)


async def part_paid(shop: Shop, minor: int = 2850) -> Sale:
    """70 of a hundred are taken, and the code for the rest is on the glass."""
    shop.fault("partial-approval")
    sale = await shop.with_code(minor)
    shop.pay(sale)
    await shop.until(lambda: shop.sale(sale).state is SaleState.PART_PAID, 5)
    await shop.until(lambda: bool(shop.attempt(sale).payload), 5)
    await shop.wait(0.5)
    return shop.sale(sale)


def glass(shop: Shop) -> tuple[str, int]:
    screen = shop.lane().glass.screen
    assert isinstance(screen, CodeScreen)
    return screen.payload, screen.amount.minor


@story(channels=PART)
async def test_the_rest_is_asked_for_by_itself_and_one_slip_has_both_tenders(shop: Shop) -> None:
    sale = await part_paid(shop)
    assert (sale.paid_minor, sale.remaining_minor, sale.word) == (1995, 855, "waiting")
    assert glass(shop) == (shop.attempt(sale).payload, 855)
    told = sale_view(sale, test=True)
    assert (told.state, told.paid_minor, told.remaining_minor) == ("part_paid", 1995, 855)
    assert [(each.amount_minor, each.asked_minor) for each in told.attempts] == [(1995, 2850), (855, 0)]
    assert shop.counter.printer.whole == []
    shop.pay(sale)
    await shop.until(lambda: shop.sale(sale).state is SaleState.PAID, 5)
    await shop.wait(2)
    first, second = shop.sale(sale).attempts
    assert [(each.job, each.copy) for each in shop.counter.printer.whole] == [(f"{second.id}:receipt", 0)]
    text = str(shop.counter.printer.whole[0].receipt)
    for part in ("19.95", "8.55", "28.50", first.provider_txn, second.provider_txn):
        assert part in text
    assert shop.captured == {first.id: [1995], second.id: [855]}
    assert list(items(shop.sale(sale)).values()) == [1995, 855], "I13: reports count what was captured"
    assert shop.counter.speaker.words == [("paid", 1995), ("paid", 855)]


@pytest.mark.row(28)
@story(channels=("pix",))
async def test_b6_less_than_asked_is_a_mismatch_where_the_profile_does_not_allow_it(shop: Shop) -> None:
    shop.fault("partial-approval")
    sale = await shop.with_code()
    shop.pay(sale)
    await shop.until(lambda: shop.sale(sale).state is SaleState.PAID, 5)
    assert shop.captured == {shop.attempt(sale).id: [2850]}, "the bank lets nobody change an amount that is fixed"


@pytest.mark.row(31)
@story(channels=PART)
async def test_a_cancel_closes_the_rest_with_proof_and_gives_back_what_was_taken(shop: Shop) -> None:
    sale = await part_paid(shop)
    assert (await refused(shop.refund(sale, 100))).slug == "refund_part_paid"
    await shop.cancel(sale)
    again = await shop.cancel(sale)
    assert again.cancel_why
    await shop.until(lambda: shop.sale(sale).ended, 60)
    assert shop.sale(sale).state is SaleState.CANCELLED
    assert (shop.kept_minor, len(shop.sale(sale).refunds)) == (0, 1)
    assert [(each.line, minor) for each, minor in items(shop.sale(sale)).items()] == [
        (Line.PAID, 1995),
        (Line.REFUNDED, 1995),
    ], "I13: what was captured and what went back, nothing else"
    assert shop.lane().current is None
    await shop.wait(2)
    assert [slip.job for slip in shop.counter.printer.whole] == [f"{shop.sale(sale).refunds[0].id}:receipt"]


class Watching(Meddler):
    """What every refund said the whole order was, in minor units."""

    def __init__(self, channel: Channel) -> None:
        super().__init__(channel)
        self.totals: list[int] = []

    async def refund(self, refund: RefundOrder) -> Answer:
        self.totals.append(refund.total.minor)
        return await super().refund(refund)


@story(channels=PART, provider=Watching)
async def test_i8_a_refund_names_the_total_of_the_order_as_it_was_made_not_what_was_taken_of_it(
    shop: Shop,
) -> None:
    sale = await part_paid(shop)
    await shop.cancel(sale)
    await shop.until(lambda: shop.sale(sale).ended, 60)
    bank = shop.service.provider(IN_PART)
    assert isinstance(bank, Watching)
    assert bank.totals == [2850]


@pytest.mark.row(31)
@story(channels=PART)
async def test_a_refund_that_fails_leaves_the_money_before_a_person_and_the_counter_is_free(shop: Shop) -> None:
    sale = await part_paid(shop)
    shop.fault("refund-closed")
    await shop.cancel(sale)
    await shop.until(lambda: bool(shop.sale(sale).exceptions), 60)
    await shop.until(lambda: shop.sale(sale).parked, 120)
    assert (shop.sale(sale).state, shop.sale(sale).word) == (SaleState.CHECKING, "person")
    assert [each.kind for each in shop.sale(sale).exceptions] == ["paid_late"]
    assert shop.lane().current is None
    await shop.refund(sale)
    await shop.until(lambda: shop.sale(sale).state is SaleState.CANCELLED, 60)
    assert shop.kept_minor == 0


@pytest.mark.row(146)
@story(channels=PART)
async def test_i22_killed_between_the_part_and_the_rest_the_rest_is_asked_for_after_the_start(shop: Shop) -> None:
    shop.fault("partial-approval")
    sale = await shop.with_code()
    shop.no_notifications()
    await shop.world.crash()
    shop.world.bank.customer_pays(shop.world.bank.ledger.orders.newest(1)[0].out_trade_no, shop.bank_ms)
    await shop.world.start()
    await shop.until(lambda: shop.sale(sale).state is SaleState.PART_PAID, 20)
    await shop.until(lambda: len(shop.sale(sale).attempts) == 2, 5)
    await shop.until(lambda: bool(shop.attempt(sale).payload), 5)
    await shop.wait(0.5)
    assert glass(shop)[1] == 855


@story(channels=PART)
async def test_i22_a_kill_while_it_is_given_back_neither_forgets_nor_repeats_it(shop: Shop) -> None:
    sale = await part_paid(shop)
    shop.fault("refund-slow", delay_ms=5000)
    cancelling = shop.service.checkout.cancel(sale.id, why="till", actor=CASHIER)
    await cancelling
    await shop.restart()
    await shop.until(lambda: shop.sale(sale).state is SaleState.CANCELLED, 120)
    assert (shop.kept_minor, len(shop.sale(sale).refunds)) == (0, 1)


@story(channels=PART)
async def test_left_alone_the_counter_is_free_after_a_while_and_a_person_gives_it_back(shop: Shop) -> None:
    sale = await part_paid(shop)
    await shop.until(lambda: shop.sale(sale).live_attempt is None, 200)
    assert (shop.sale(sale).state, shop.sale(sale).word) == (SaleState.PART_PAID, "waiting")
    assert len(shop.sale(sale).attempts) == 2, "an unpaid rest is offered once by itself"
    await shop.until(lambda: shop.sale(sale).parked, 700)
    assert [each.kind for each in shop.sale(sale).exceptions] == ["paid_late"]
    assert (shop.lane().current, shop.kept_minor) == (None, 1995)
    await shop.refund(sale)
    await shop.until(lambda: shop.sale(sale).state is SaleState.CANCELLED, 60)
    assert shop.sale(sale).final or all(each.closed for each in shop.sale(sale).exceptions)


@pytest.mark.row(69)
@story(channels=PART)
async def test_a_refund_goes_back_to_the_tender_that_has_so_much_left(shop: Shop) -> None:
    shop.fault("partial-approval", percent=20)
    sale = await shop.with_code()
    shop.pay(sale)
    await shop.until(lambda: len(shop.sale(sale).attempts) == 2 and bool(shop.attempt(sale).payload), 5)
    shop.pay(sale)
    await shop.until(lambda: shop.sale(sale).state is SaleState.PAID, 5)
    first, second = shop.sale(sale).attempts
    told = sale_view(shop.sale(sale), test=True)
    assert (told.refundable_minor, told.refund_most_minor) == (2850, 2280)
    assert (await shop.refund(sale, 2280)).attempt == second.id
    assert (await shop.refund(sale, 570)).attempt == first.id
    await shop.until(lambda: shop.kept_minor == 0, 60)
    assert (await refused(shop.refund(sale, 1))).slug == "refund_too_much"


@pytest.mark.row(35)
@story(channels=(IN_PART, "pix"))
async def test_the_rest_may_go_to_another_channel(shop: Shop) -> None:
    shop.no_notifications()  # both have the same account here
    sale = await part_paid(shop)
    await shop.service.checkout.show_code(sale.id, actor=CASHIER, channel="pix")
    await shop.until(lambda: shop.attempt(sale).provider == "pix" and bool(shop.attempt(sale).payload), 5)
    assert shop.attempt(sale).amount.minor == 855
    shop.pay(sale)
    await shop.until(lambda: shop.sale(sale).state is SaleState.PAID, 5)
