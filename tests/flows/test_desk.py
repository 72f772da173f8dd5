"""What every door of a till relies on: one key one sale, its own counter alone, the shop's limits, its paper."""

import asyncio

import pytest

from terminal.counter.unheard import KEPT_MS
from terminal.errors import Unavailable
from terminal.payments.money import Money
from terminal.payments.receipt import Row
from terminal.payments.sale import SaleState
from terminal.people.roles import RefundPolicy, SalePolicy
from terminal.people.service import PeopleSettings
from terminal.pos.desk import Desk, Outcome, Request, outcome
from tests.flows.door_rig import CHEAP, FREE, desk_of, wants
from tests.flows.shop import CASHIER, Shop, refused, story

EAN = "4006381333931"


async def paid(shop: Shop, desk: Desk, minor: int = 2850, key: str = "till-1") -> str:
    sale = await desk.open_sale(wants(shop, minor, key))
    await shop.until(lambda: bool(shop.attempt(sale).payload), 5)
    shop.pay(sale)
    assert outcome(await desk.ended(sale.id, 10)) is Outcome.PAID
    return sale.id


@story()
async def test_a1_a_repeated_key_is_the_same_sale_also_after_a_restart(shop: Shop) -> None:
    desk = desk_of(shop)
    first = await desk.open_sale(wants(shop))
    assert (await desk.open_sale(wants(shop))).id == first.id
    await shop.restart()
    desk = desk_of(shop)
    found = desk.sale_of("till-1")
    assert found is not None
    assert found.id == first.id
    assert (await desk.open_sale(wants(shop))).id == first.id
    assert [each.id for each in desk.recent()] == [first.id]
    assert desk.sale_of("till-2") is None


@story()
async def test_a1_a_key_with_another_meaning_is_refused(shop: Shop) -> None:
    desk = desk_of(shop)
    await desk.open_sale(wants(shop))
    assert (await refused(desk.open_sale(wants(shop, 2851)))).slug == "idempotency_other_meaning"
    assert (await refused(desk.open_sale(wants(shop, order_no="A-1")))).slug == "idempotency_other_meaning"
    assert (await refused(desk.open_sale(wants(shop, key="till-2")))).slug == "sale_live"
    assert len(shop.service.feed.list("sale")) == 1


@story()
async def test_a_key_is_short_plain_text_and_an_amount_is_of_the_shops_currency(shop: Shop) -> None:
    desk = desk_of(shop)
    for key in ("", "k" * 65, "two words", "é", "a\n"):
        assert (await refused(desk.open_sale(wants(shop, key=key)))).slug == "field_wrong"
    other = "BRL" if shop.currency != "BRL" else "CNY"
    assert (await refused(desk.open_sale(Request(Money(100, other), "till-1")))).slug
    assert shop.service.feed.list("sale") == ()


@story(counters=("1", "2"))
async def test_another_counters_sale_is_unknown_here_and_another_doors_key_is_another(shop: Shop) -> None:
    here, there = desk_of(shop), desk_of(shop, door="back", counter="2")
    sale = await here.open_sale(wants(shop))
    assert there.sale_of("till-1") is None
    for call in (there.cancel(sale.id, "till"), there.refund(sale.id, None, "wrong", "r-1")):
        assert (await refused(call)).slug == "sale_unknown"
    assert (await there.open_sale(wants(shop))).id != sale.id
    assert here.live_sale() == here.sale(sale.id)
    assert not there.mine(sale.id)


@story()
async def test_the_limit_of_a_till_is_that_of_an_api_key(shop: Shop) -> None:
    desk = desk_of(shop, PeopleSettings(pin_cost=CHEAP, sales=SalePolicy(pos_minor=2000)))
    assert (await refused(desk.open_sale(wants(shop, 2001)))).slug == "limit_of_role"
    assert (await desk.open_sale(wants(shop, 2000))).amount.minor == 2000


@story()
async def test_a_refund_needs_the_allowance_and_its_key_repeats(shop: Shop) -> None:
    desk = desk_of(shop, PeopleSettings(pin_cost=CHEAP))
    sale = await paid(shop, desk)
    assert (await refused(desk.refund(sale, None, "wrong size", "r-1"))).slug == "refund_needs_approval"
    allowed = desk_of(shop)
    _, first = await allowed.refund(sale, 1000, "wrong size", "r-1")
    _, again = await allowed.refund(sale, 1000, "wrong size", "r-1")
    assert first.id == again.id
    assert (await refused(allowed.refund(sale, 1001, "wrong size", "r-1"))).slug == "idempotency_other_meaning"
    await shop.until(lambda: shop.kept_minor == 1850, 60)


@story()
async def test_a_tills_refunds_have_a_day_limit(shop: Shop) -> None:
    desk = desk_of(shop)
    for n in (1, 2):
        sale = await paid(shop, desk, 4000, f"till-{n}")
        if n == 1:
            await desk.refund(sale, None, "wrong size", "r-1")
        else:
            assert (await refused(desk.refund(sale, None, "wrong size", "r-2"))).slug == "refund_needs_approval"
    whole = RefundPolicy(pos_alone_minor=9000, pos_day_minor=9000, day_minor=3000)
    shopwide = desk_of(shop, PeopleSettings(pin_cost=CHEAP, refunds=whole))
    assert (await refused(shopwide.refund(sale, 3001, "wrong size", "r-3"))).slug == "refund_day_limit"


@story()
async def test_i8_a_refund_that_is_refused_at_once_uses_up_nothing_of_the_day(shop: Shop) -> None:
    desk = desk_of(shop)
    sale = await paid(shop, desk, 4000)
    assert (await refused(desk.refund(sale, 4500, "wrong size", "r-1"))).slug == "refund_too_much"
    _, refund = await desk.refund(sale, 4000, "wrong size", "r-2")
    assert refund.amount.minor == 4000


@story()
async def test_i8_a1_one_refund_asked_for_twice_at_once_is_one_and_uses_up_the_day_once(shop: Shop) -> None:
    desk = desk_of(shop)
    sale, other = await paid(shop, desk, 4000), await paid(shop, desk, 2000, "till-2")
    asked = [desk.refund(sale, None, "wrong size", "r-1") for _ in range(2)]
    assert len({refund.id for _, refund in await asyncio.gather(*asked)}) == 1
    await desk.refund(other, None, "wrong size", "r-2")
    await shop.until(lambda: shop.kept_minor == 0, 60)


@story()
async def test_a_till_that_stayed_away_for_a_week_is_asked_about_no_more(shop: Shop) -> None:
    desk = desk_of(shop)
    sale = desk.sale(await paid(shop, desk))
    shop.world.clock.jump_wall(KEPT_MS - 60_000)
    assert desk.unheard(sale)
    shop.world.clock.jump_wall(120_000)
    assert not desk.unheard(sale)


@story()
async def test_a_cancel_waits_for_proof(shop: Shop) -> None:
    desk = desk_of(shop)
    sale = await desk.open_sale(wants(shop))
    assert outcome(sale) is Outcome.WAITING
    await shop.wait(1)
    assert outcome(await desk.cancel(sale.id, "till")) is Outcome.NOT_PAID
    assert (await desk.cancel(sale.id, "till")).state is SaleState.CANCELLED
    assert desk.live_sale() is None


@story()
async def test_a_scanned_wallet_pays_and_its_key_repeats(shop: Shop) -> None:
    desk = desk_of(shop)
    sale = await desk.open_sale(wants(shop))
    code = shop.customer_code()
    await desk.scan(code, "s-1")
    assert outcome(await desk.ended(sale.id, 30)) is Outcome.PAID
    assert (await desk.scan(code, "s-1")).id == sale.id
    assert len(desk.check_code(desk.sale(sale.id))) == 4


@story()
async def test_a_print_is_owed_and_comes_when_the_paper_is_back(shop: Shop) -> None:
    desk = desk_of(shop)
    shop.counter.printer.paper.clear()
    await desk.print("till-slip:1", (Row("3 x noodles"),))
    await shop.wait(30)
    assert shop.counter.printer.whole == []
    shop.counter.printer.paper.set()
    await shop.until(lambda: len(shop.counter.printer.whole) == 1, 30)
    assert shop.counter.printer.whole[0].receipt == (Row("3 x noodles"),)


@story()
async def test_a_days_takings_are_read_a_little_in_each_turn_of_the_loop(shop: Shop) -> None:
    desk = desk_of(shop)
    await paid(shop, desk)
    for number in range(25):
        sale = await desk.open_sale(wants(shop, key=f"none-{number}"))
        await desk.cancel(sale.id, "till")
    reading, turns = asyncio.ensure_future(desk.takings(0)), 0
    while not reading.done():
        turns += 1
        await asyncio.sleep(0)
    assert turns >= 2, "everybody else waited for all of them"
    assert (reading.result().count, reading.result().minor) == (1, 2850)
    assert (await desk.takings(shop.world.clock.wall_ms())).count == 0, "of the day that began now"
    first = await desk.numbered(lambda no: no == 1)
    assert first is not None
    assert outcome(first) is Outcome.PAID


@pytest.mark.row(91)
@story()
async def test_a_product_reaches_the_till_that_asks_and_a_wallet_code_never(shop: Shop) -> None:
    desk, scanner = desk_of(shop), shop.counter.scanner
    scanner.reads(EAN)  # nobody asks: refused as ever
    await shop.wait(0.5)
    assert scanner.beeps == [False]
    assert await desk.product(1) is None
    scanner.reads(shop.customer_code())
    scanner.reads(EAN)
    assert await desk.product(5) == EAN
    assert scanner.beeps == [False, False, True]
    await desk.open_sale(wants(shop))
    scanner.reads(EAN)
    assert await desk.product(1) is None, "a sale is open"


@story()
async def test_before_the_service_is_ready_nothing_is_begun(shop: Shop) -> None:
    desk = desk_of(shop, FREE)
    shop.service.ready = False
    try:
        assert (await refused(desk.open_sale(wants(shop)))).slug == "starting"
        with pytest.raises(Unavailable):
            desk.sale_of("till-1")
        with pytest.raises(Unavailable):
            desk.recent()
    finally:
        shop.service.ready = True


@pytest.mark.row(94)
@story()
async def test_what_a_till_was_not_told_is_before_a_person_once_and_ends_when_it_hears(shop: Shop) -> None:
    desk = desk_of(shop)
    waiting = await desk.open_sale(wants(shop))
    await desk.untold(waiting.id)
    assert desk.sale(waiting.id).exceptions == (), "nothing is paid yet"
    await desk.cancel(waiting.id, "till")
    sale = await paid(shop, desk, key="till-2")
    for _ in range(2):
        await desk.untold(sale)
    assert [(x.kind, x.closed, x.amount_minor) for x in desk.sale(sale).exceptions] == [
        ("till_not_told", "", 2850)
    ]
    assert not desk.sale(sale).final
    [exception] = desk.sale(sale).exceptions
    await shop.service.aftercare.close_exception(sale, exception.id, "seen", actor=CASHIER)
    await desk.told(sale)
    assert [x.closed for x in desk.sale(sale).exceptions] == ["seen"], "a person was quicker"
    other = await paid(shop, desk, key="till-3")
    await desk.untold(other)
    await desk.told(other)
    await desk.told(other)
    assert [x.closed for x in desk.sale(other).exceptions] == ["told"]
