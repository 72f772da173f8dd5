"""The shop's own static code on the glass while nobody can confirm: one at a time, gone with its sale (I10)."""

from dataclasses import replace

import pytest

from terminal.counter.accounts import Accounts, poster_of
from terminal.counter.ports import CodeScreen, IdleScreen, ResultScreen
from terminal.payments.event import Ledger
from tests.flows.risk_rig import open_desk
from tests.flows.shop import CASHIER, Shop, story
from tests.flows.test_unverified import LIST, allowing, down, listed, offline, written_off

POSTER = "https://qr.alipay.com/fkx-our-own-sticker"
SHOWING = replace(LIST, posters={"wechatpay": POSTER})


@pytest.mark.row(39)
@story()
async def test_the_static_code_is_on_the_glass_with_the_amount_and_goes_by_itself(shop: Shop) -> None:
    await offline(shop, SHOWING)
    sale = await listed(shop)
    screen = shop.lane().glass.screen
    assert isinstance(screen, CodeScreen)
    assert (screen.payload, screen.amount.minor) == (POSTER, 2850)
    assert shop.sale(sale).word == "unverified", "to see the code is no proof that it was paid"
    await shop.wait(61)
    assert isinstance(shop.lane().glass.screen, IdleScreen)
    await down(shop)
    await listed(shop, 500)
    await shop.restart()
    await shop.wait(1)
    assert isinstance(shop.lane().glass.screen, IdleScreen), "no code comes back by itself"


@pytest.mark.row(39)
@story()
async def test_i10_it_is_taken_down_with_its_sale_and_gives_way_to_the_next(shop: Shop) -> None:
    await offline(shop, SHOWING)
    first = await listed(shop)
    second = await listed(shop, 1000)
    screen = shop.lane().glass.screen
    assert isinstance(screen, CodeScreen)
    assert screen.amount.minor == 1000
    await written_off(shop, first)
    assert shop.lane().glass.screen == screen, "another sale's end is no reason"
    await written_off(shop, second)
    assert isinstance(shop.lane().glass.screen, IdleScreen)


@pytest.mark.row(39)
@story()
async def test_i10_it_never_stands_where_a_code_of_ours_may_still_be_paid(shop: Shop) -> None:
    await allowing(shop, SHOWING)
    sale = await shop.with_code()
    shop.cut_line()
    await shop.until(lambda: shop.service.unverified.offered(shop.lane()), 120)
    await shop.service.unverified.put(sale.id, actor=CASHIER)
    screen = shop.lane().glass.screen
    assert isinstance(screen, ResultScreen)
    assert screen.result == "unverified"
    shop.mend_line()
    await shop.until(lambda: not shop.attempt(sale).live, 600)
    assert not isinstance(shop.lane().glass.screen, CodeScreen), "nobody waits for it any more"


@pytest.mark.row(39)
@story()
async def test_s36_a_static_code_that_waits_for_two_people_is_on_no_glass_and_not_ours(
    shop: Shop,
) -> None:
    await offline(shop, SHOWING)
    desk = open_desk(shop.service)
    assert [each.payload for each in desk.stickers.registered()] == [POSTER]
    live = replace(shop.service.house, ledger=Ledger.LIVE)
    accounts = shop.service.accounts = Accounts(replace(shop.service.shop, house=live))
    await accounts.begin({"wechatpay": "1"})
    await accounts.begin({"wechatpay": "1", poster_of("wechatpay"): POSTER})
    await listed(shop)
    screen = shop.lane().glass.screen
    assert isinstance(screen, ResultScreen)
    assert (screen.result, desk.stickers.registered()) == ("unverified", [])
