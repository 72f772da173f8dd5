"""The result is not known yet: say so, free the counter in time, find out, never guess."""

import pytest

from terminal.banks.channel import Channel
from terminal.counter.ports import CodeScreen, Order, ResultScreen
from terminal.payments.notice import Answer, NotThere, Unclear
from terminal.payments.sale import Sale, SaleState
from terminal.sandbox.faults import Value
from terminal.web.shapes.sales import sale_view
from tests.flows.counter_devices import now_s
from tests.flows.meddler import Meddler
from tests.flows.shop import CASHIER, DAY_S, Shop, refused, story


async def doubtful(shop: Shop, minor: int = 2850) -> Sale:
    """A scanned sale whose money was taken while the bank cannot be asked."""
    await shop.open(minor, push=False)
    shop.fault("error-500-after-debit")
    sale = await shop.scan(shop.customer_code())
    await shop.until(lambda: shop.sale(sale).word == "checking", 1)
    shop.world.line.faults.lost_answer = 1000
    return sale


@pytest.mark.row(10)
@story()
async def test_checking_is_shown_and_said_once_and_keeps_its_word_while_it_lasts(shop: Shop) -> None:
    sale = await doubtful(shop)
    await shop.wait(30)
    assert shop.sale(sale).state is SaleState.CHECKING
    lit = shop.counter.glass.lit
    assert isinstance(lit, ResultScreen)
    assert lit.result == "checking"
    assert shop.counter.speaker.words == [("checking", 2850)]


@pytest.mark.row(10, 12, 13)
@story()
async def test_the_counter_is_free_after_60_s_of_doubt_and_not_before(shop: Shop) -> None:
    sale = await doubtful(shop)
    began = shop.loop.time()
    assert (await refused(shop.open(500))).slug == "sale_live"
    await shop.until(lambda: shop.lane().current is None, 70)
    assert 59.8 <= shop.loop.time() - began <= 60.3
    assert shop.sale(sale).parked
    assert shop.sale(sale).state is SaleState.CHECKING
    await shop.wait(0.1)
    assert shop.counter.glass.words[-1] == "idle", "the next customer does not see it"


@story()
async def test_a_shown_code_whose_closing_is_in_doubt_frees_the_counter_60_s_later(shop: Shop) -> None:
    sale = await shop.with_code()
    shop.cut_line()
    began = shop.loop.time()
    await shop.cancel(sale)
    await shop.until(lambda: shop.lane().current is None, 70)
    assert 59.8 <= shop.loop.time() - began <= 60.3


@pytest.mark.row(12, 13, 21)
@story()
async def test_a_parked_doubt_that_turns_out_paid_is_told_as_late_and_leaves_the_next_code_alone(
    shop: Shop,
) -> None:
    sale = await doubtful(shop)
    with_person = await shop.service.checkout.park(sale.id, actor=CASHIER)
    assert with_person.parked
    shop.world.line.faults.heal()
    following = await shop.with_code(500)
    await shop.until(lambda: shop.sale(sale).live_attempt is None, 60)
    assert shop.attempt(sale).state in {"paid", "reversed"}
    await shop.wait(0.5)
    lit = shop.counter.glass.lit
    assert isinstance(lit, CodeScreen)
    assert lit.amount.minor == 500
    assert shop.lane().current == following.id
    if shop.attempt(sale).state == "paid":
        assert shop.counter.speaker.words[-1] == ("late", 2850)
    assert ("paid", 2850) not in shop.counter.speaker.words


@story()
async def test_only_a_doubt_can_be_parked(shop: Shop) -> None:
    sale = await shop.with_code()
    assert (await refused(shop.service.checkout.park(sale.id, actor=CASHIER))).slug == "park_not_checking"


@pytest.mark.row(32)
@pytest.mark.parametrize("fault", ["error-500", "rate-429", "malformed-answer", "bad-signature", "not-found-lag"])
@story()
async def test_a_bank_in_trouble_never_overwrites_what_is_known(shop: Shop, fault: str) -> None:
    shop.no_notifications()
    sale = await shop.with_code()
    params: dict[str, Value] = {} if fault == "not-found-lag" else {"call": "query"}
    shop.fault(fault, params, count=6)
    await shop.wait(12)
    assert shop.states(sale) == ["shown"]
    shop.pay(sale)
    await shop.until(lambda: shop.sale(sale).state is SaleState.PAID, 45)


@pytest.mark.row(32)
@story()
async def test_b13_a_bank_down_for_hours_refuses_new_sales_at_once_and_the_queue_drains_without_a_storm(
    shop: Shop,
) -> None:
    waiting: list[Sale] = []
    for minor in (100, 200, 300):
        sale = await doubtful(shop, minor)
        waiting.append(await shop.service.checkout.park(sale.id, actor=CASHIER))
        shop.mend_line()
        await shop.wait(0.5)
        if minor != 300:
            await shop.wait(120)
    shop.cut_line()
    await shop.wait(60)
    began = shop.loop.time()
    assert (await refused(shop.open(400))).slug == "provider_down"
    assert shop.loop.time() - began < 1
    await shop.wait(4 * 3600)
    shop.mend_line()
    before, began = shop.world.line.requests, shop.loop.time()
    await shop.until(lambda: all(shop.sale(each).live_attempt is None for each in waiting), 400)
    assert shop.world.line.requests - before <= 12
    await shop.wait(130)
    assert (await shop.paid(500)).state is SaleState.PAID


@pytest.mark.row(26)
@pytest.mark.parametrize("died_at_s", [0.5, 7, 46])
@story()
async def test_i22_every_doubt_is_asked_about_within_10_s_of_a_start(shop: Shop, died_at_s: float) -> None:
    sale = await doubtful(shop)
    await shop.wait(died_at_s)
    await shop.world.crash()
    shop.mend_line()
    before = shop.world.line.requests
    await shop.world.start()
    await shop.until(lambda: shop.world.line.requests > before, 10)
    await shop.until(lambda: shop.sale(sale).live_attempt is None, 60)


class Slow(Meddler):
    """The answer to the first order is lost, the bank knows nothing of it yet; when it was asked for what."""

    def __init__(self, channel: Channel) -> None:
        super().__init__(channel)
        self.placed_s: list[float] = []
        self.missing_s: list[float] = []

    async def order(self, order: Order) -> Answer:
        self.placed_s.append(now_s())
        return Unclear("no_answer") if len(self.placed_s) == 1 else await super().order(order)

    async def query(self, order_no: str) -> Answer:
        if len(self.placed_s) > 1:
            return await super().query(order_no)
        self.missing_s.append(now_s())
        return NotThere()


@pytest.mark.row(32)
@story(provider=Slow)
async def test_b1_an_order_in_doubt_is_placed_again_only_once_it_was_missing_twice_and_apart(
    shop: Shop,
) -> None:
    sale = await shop.open()
    await shop.until(lambda: bool(shop.attempt(sale).payload), 60)
    bank = shop.service.provider("wechatpay")
    assert isinstance(bank, Slow)
    assert len(bank.placed_s) == 2
    assert bank.missing_s[-1] - bank.missing_s[0] >= bank.profile.timings.not_found_gap_s
    assert bank.placed_s[1] >= bank.missing_s[-1]


@pytest.mark.parametrize("push", [False, True])
@story()
async def test_i4_a_doubt_that_outlives_the_banks_time_is_told_also_where_every_night_is_switched_off(
    shop: Shop, push: bool
) -> None:
    sale = await (shop.with_code() if push else doubtful(shop))
    if push:
        shop.world.line.faults.lost_answer = 10_000
        await shop.cancel(sale)
    told: list[list[str]] = []
    for _ in range(9):
        await shop.wait(3600)
        await shop.world.crash()
        await shop.wait(DAY_S - 3600)
        await shop.world.start()
        shop.world.line.faults.lost_answer = 10_000
        await shop.wait(60)
        told.append([each.kind for each in shop.sale(sale).exceptions])
    assert told == [[]] * 6 + [["window_over"]] * 3
    assert shop.attempt(sale).live, "it is still being ended: no clock of ours decides about money (I17)"
    shop.world.line.faults.heal()
    await shop.until(lambda: not shop.attempt(sale).live, 400)
    assert shop.kept_minor == 0
    await shop.world.crash()
    await shop.world.start()
    view = sale_view(shop.sale(sale), test=True)
    assert (view.word, [each.closed for each in view.exceptions]) == ("not_paid", ["proven"])
