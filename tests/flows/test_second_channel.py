"""A second channel, never a second charge: the next one begins only when the first is proven to take nothing."""

import asyncio

import msgspec
import pytest

from terminal.counter.claims import Key
from terminal.errors import Conflict
from terminal.payments.attempt import State
from terminal.payments.sale import Sale, SaleState
from tests.flows.shop import CASHIER, Shop, refused, story

BOTH = ("wechatpay", "alipay")


async def move(shop: Shop, sale: Sale, channel: str = "alipay") -> Sale:
    return await shop.service.checkout.show_code(sale.id, actor=CASHIER, channel=channel)


def went(shop: Shop, sale: Sale) -> list[tuple[str, str]]:
    return [(each.provider, each.state.value) for each in shop.sale(sale).attempts]


@pytest.mark.row(35)
@story(channels=BOTH)
async def test_an_order_that_never_left_is_followed_by_the_next_channel_by_itself(shop: Shop) -> None:
    shop.cut_line()
    sale = await shop.open()
    await shop.until(lambda: len(shop.sale(sale).attempts) == 2 and bool(shop.attempt(sale).payload), 15)
    assert went(shop, sale) == [("wechatpay", "not_sent"), ("alipay", "shown")]
    shop.pay(sale)
    await shop.until(lambda: shop.sale(sale).state is SaleState.PAID, 5)
    assert len(shop.captured) == 1


@pytest.mark.row(35)
@story(channels=BOTH)
async def test_two_channels_that_are_down_do_not_take_turns_for_ever(shop: Shop) -> None:
    shop.cut_line()
    shop.world.alipay_line.faults.refused = 1000
    sale = await shop.open()
    await shop.until(lambda: len(shop.sale(sale).attempts) == 2 and not shop.attempt(sale).live, 30)
    await shop.wait(60)
    assert went(shop, sale) == [("wechatpay", "not_sent"), ("alipay", "not_sent")]
    assert shop.sale(sale).state is SaleState.OPEN


@pytest.mark.row(35)
@story(channels=BOTH)
async def test_i15_a_shown_code_is_closed_with_proof_before_the_other_is_shown(shop: Shop) -> None:
    sale = await shop.with_code()
    first = shop.attempt(sale).payload
    assert shop.service.moving.offered(shop.sale(sale)) == ["alipay"], "the till's key names it"
    assert await move(shop, sale)
    await shop.until(lambda: shop.attempt(sale).state is State.SHOWN, 5)
    assert went(shop, sale) == [("wechatpay", "closed"), ("alipay", "shown")]
    assert shop.world.bank.customer_scans(first, shop.bank_ms).why_not == "closed"


@pytest.mark.row(35)
@story(channels=BOTH)
async def test_i3_who_paid_the_first_code_while_it_was_closed_is_asked_for_nothing_more(shop: Shop) -> None:
    sale = await shop.with_code()
    shop.no_notifications()
    shop.pay(sale)
    assert (await move(shop, sale)).state is SaleState.PAID
    assert went(shop, sale) == [("wechatpay", "paid")]


@pytest.mark.row(35)
@story(channels=BOTH)
async def test_i15_without_proof_nothing_else_begins_and_the_till_says_what_to_ask(shop: Shop) -> None:
    sale, lane = await shop.with_code(), shop.service.lanes["1"]
    shop.cut_line()
    moving = asyncio.create_task(refused(move(shop, sale)))
    await shop.wait(1)
    assert lane.moving == "alipay", "every till of the counter says what is going on"
    error = await moving
    assert (error.slug, lane.moving) == ("move_unproven", "")
    assert shop.sale(sale).state is SaleState.CHECKING
    assert shop.service.moving.offered(shop.sale(sale)) == ["alipay"]
    assert len(shop.sale(sale).attempts) == 1
    shop.mend_line()
    await shop.until(lambda: not shop.attempt(sale).live, 60)
    assert await move(shop, sale)
    await shop.until(lambda: shop.attempt(sale).state is State.SHOWN, 5)
    assert went(shop, sale) == [("wechatpay", "closed"), ("alipay", "shown")]


@pytest.mark.row(35)
@story(channels=BOTH)
async def test_i15_fifty_hands_at_once_begin_one_attempt(shop: Shop) -> None:
    sale = await shop.with_code()
    wishes = [move(shop, sale, "alipay") for _ in range(50)]
    await asyncio.gather(*wishes, return_exceptions=True)
    live = [each for each in shop.sale(sale).attempts if each.live]
    assert len(live) == 1, "each closed the one before it with proof, or was refused"
    assert [each.state for each in shop.sale(sale).attempts[:-1]] == [State.CLOSED] * (
        len(shop.sale(sale).attempts) - 1
    )


@pytest.mark.row(35)
@story(channels=BOTH)
async def test_i15_a_key_pressed_twice_moves_once_and_the_new_code_stays(shop: Shop) -> None:
    sale = await shop.with_code()
    first, second = await asyncio.gather(move(shop, sale), move(shop, sale))
    await shop.wait(2)
    assert went(shop, sale) == [("wechatpay", "closed"), ("alipay", "shown")]
    assert first.attempts[-1].id == second.attempts[-1].id, "the second press finds what it asked for"
    assert (shop.counter.glass.words[-1], shop.sale(sale).switching) == ("code", False)


@pytest.mark.row(35)
@story(channels=BOTH)
async def test_i16_a_move_to_where_the_sale_is_already_closes_nothing_whoever_asks_again(shop: Shop) -> None:
    sale, key = await shop.with_code(), Key("till", "code", "K1", "meaning")
    checkout = shop.service.checkout
    for _ in range(2):
        await checkout.show_code(sale.id, actor=CASHIER, channel="alipay", key=key)
        await shop.until(lambda: bool(shop.attempt(sale).payload), 5)
    await move(shop, sale)
    await checkout.show_code(sale.id, actor=CASHIER, channel="alipay", key=Key("till", "code", "K2", "meaning"))
    await shop.wait(2)
    assert went(shop, sale) == [("wechatpay", "closed"), ("alipay", "shown")]


@pytest.mark.row(35)
@story(channels=BOTH)
async def test_i15_a_move_that_waited_for_a_scan_takes_nothing_from_who_is_paying(shop: Shop) -> None:
    sale = await shop.with_code()
    scanning = asyncio.create_task(shop.scan(shop.customer_code("password", confirm_after_ms=4000)))
    await shop.wait(0.01)
    assert (await refused(move(shop, sale))).slug == "attempt_live"
    await scanning
    await shop.until(lambda: shop.sale(sale).state is SaleState.PAID, 30)
    assert went(shop, sale) == [("wechatpay", "closed"), ("wechatpay", "paid")]


@pytest.mark.row(35, 38)
@story(channels=BOTH)
async def test_a_channel_that_is_not_here_is_refused_and_the_present_code_stays(shop: Shop) -> None:
    sale = await shop.with_code()
    assert (await refused(move(shop, sale, "pix"))).slug == "channel_not_here"
    assert shop.attempt(sale).state is State.SHOWN
    with pytest.raises(Conflict, match="attempt_live"):
        await shop.service.checkout.show_code(sale.id, actor=CASHIER)


@pytest.mark.row(35)
@story(channels=("wechatpay", "alipay"))
async def test_a_code_is_asked_only_of_a_channel_that_shows_any(shop: Shop) -> None:
    shop.world.profile = msgspec.structs.replace(shop.world.profile, push=False)
    await shop.restart()
    sale = await shop.open()
    assert sale.attempts == ()
    await shop.service.checkout.show_code(sale.id, actor=CASHIER)
    assert [each.provider for each in shop.sale(sale).attempts] == ["alipay"], "nothing is asked that cannot be"


@pytest.mark.row(35)
@story(channels=BOTH)
async def test_nothing_else_is_offered_while_the_order_is_made_or_the_customer_is_busy_with_it(shop: Shop) -> None:
    sale = await shop.open()
    assert shop.attempt(sale).state in {State.INTENT, State.ORDERING}
    assert shop.service.moving.offered(shop.sale(sale)) == []
    await shop.until(lambda: shop.attempt(sale).state is State.SHOWN, 5)
    await shop.scan(shop.customer_code("password"))
    await shop.until(lambda: shop.attempt(sale).state is State.WAITING, 10)
    assert shop.service.moving.offered(shop.sale(sale)) == []
