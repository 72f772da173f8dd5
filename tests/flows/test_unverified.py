"""Selling while nobody can confirm: a list with a cap, no green and no chime, ended by proof or an owner."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from terminal.counter.ports import ResultScreen
from terminal.counter.settings import Offline
from terminal.errors import Conflict
from terminal.payments.decide import OpenSale
from terminal.payments.event import Actor
from terminal.payments.money import Money
from terminal.payments.sale import Sale, SaleState
from terminal.web.receipts import as_text
from tests.flows.shop import CASHIER, Shop, key, refused, story

OWNER = Actor("person", "01OWNER")
LIST = Offline("list", sale_minor=5000, day_minor=8000)


async def allowing(shop: Shop, offline: Offline = LIST) -> None:
    shop.world.house = replace(shop.world.house, offline=offline)
    await shop.restart()


async def down(shop: Shop) -> None:
    """No line leads out, and sales that could not begin have shown it; the counter is free."""
    shop.cut_line()
    for _ in range(20):
        if shop.service.provider("wechatpay").trouble():
            break
        sale = await shop.open(100)
        await shop.until(lambda sale=sale: not shop.attempt(sale).live, 60)  # type: ignore[misc]  # bound now
        await shop.cancel(sale)
    assert shop.service.provider("wechatpay").trouble()
    assert shop.lane().current is None


async def offline(shop: Shop, allowed: Offline = LIST) -> None:
    await allowing(shop, allowed)
    await down(shop)


async def listed(shop: Shop, minor: int = 2850, *, counter: str = "1", **more: Any) -> Sale:
    request = OpenSale(counter, Money(minor, shop.currency))
    return await shop.service.checkout.open_sale(request, actor=CASHIER, unverified=True, **more)


async def claimed(shop: Shop, sale: Sale, reference: str) -> Sale:
    wish = {"reference": reference, "reason": "read at the bank", "actor": OWNER, "key": None}
    return await shop.service.unverified.claim(sale.id, **wish)  # type: ignore[arg-type]  # as a door hands it in


async def written_off(shop: Shop, sale: Sale) -> Sale:
    return await shop.service.unverified.write_off(sale.id, reason="never came", actor=OWNER, key=None)


@pytest.mark.row(39)
@story()
async def test_by_default_nothing_is_sold_that_nobody_can_confirm(shop: Shop) -> None:
    await offline(shop, Offline())
    assert not shop.service.unverified.offered(shop.lane())
    assert (await refused(listed(shop))).slug == "offline_not_allowed"
    assert (await refused(shop.open())).slug == "provider_down"


@pytest.mark.row(39)
@story()
async def test_i2_a_listed_sale_says_so_everywhere_and_is_paid_nowhere(shop: Shop) -> None:
    await offline(shop)
    said = len(shop.counter.speaker.words)
    sale = await listed(shop)
    await shop.wait(1)
    now = shop.sale(sale)
    assert (now.state, now.word, now.paid_minor, now.parked) == (SaleState.CHECKING, "unverified", 0, True)
    screen = shop.lane().glass.screen
    assert isinstance(screen, ResultScreen)
    assert (screen.result, screen.text) == ("unverified", "")
    assert shop.service.check_code(now) == ""
    await shop.until(lambda: ("unverified", 2850) in shop.counter.speaker.words[said:], 10)
    heard = {kind for kind, _ in shop.counter.speaker.words[said:]}
    assert not heard & {"paid", "late"}, "one plain sentence, and nothing that sounds like money"
    [slip] = shop.counter.printer.whole
    text = as_text(slip.receipt)
    assert text.count("Not verified – the bank has not confirmed") == 2
    assert "Paid" not in text
    assert "RECEIPT" not in text
    assert shop.lane().current is None, "the counter is free"
    await shop.wait(7200)
    assert shop.sale(sale).word == "unverified", "it never disappears by itself"
    assert (await refused(shop.cancel(sale))).slug == "sale_unverified"
    assert (await refused(shop.service.checkout.show_code(sale.id, actor=CASHIER))).slug in {
        "sale_unverified",
        "provider_down",
    }


@pytest.mark.row(39)
@story()
async def test_a_channel_that_can_confirm_leaves_no_choice(shop: Shop) -> None:
    await allowing(shop)
    assert (await refused(listed(shop))).slug == "channel_can_confirm"
    sale = await shop.with_code()
    assert (await refused(shop.service.unverified.put(sale.id, actor=CASHIER))).slug == "channel_can_confirm"
    shop.pay(sale)
    await shop.until(lambda: shop.sale(sale).state is SaleState.PAID, 5)


@pytest.mark.row(39)
@story(counters=("1", "2"))
async def test_the_cap_holds_when_two_tills_ask_at_once_and_over_a_restart(shop: Shop) -> None:
    await offline(shop)
    assert (await refused(listed(shop, 5001))).slug == "offline_sale_limit"
    both = await asyncio.gather(
        listed(shop, 4500, counter="1"), listed(shop, 4500, counter="2"), return_exceptions=True
    )
    [no] = [each for each in both if isinstance(each, Exception)]
    assert no.args == ("offline_day_limit", {"left": "35.00"})
    assert sum(shop.service.unverified.sums().values()) == 4500
    await shop.restart()
    await down(shop)
    assert (await refused(listed(shop, 3501))).slug == "offline_day_limit", "the restart forgot nothing"
    first = next(each for each in both if isinstance(each, Sale))
    await written_off(shop, first)
    assert (await refused(listed(shop, 3501))).slug == "offline_day_limit", "what was lost is no room"
    assert (await listed(shop, 3500)).mark == "unverified"


@pytest.mark.row(39)
@story()
async def test_the_same_key_lists_one_sale(shop: Shop) -> None:
    await offline(shop)
    first, again = await asyncio.gather(listed(shop, key=key("one")), listed(shop, key=key("one")))
    assert first.id == again.id
    assert len(shop.service.unverified.waiting()) == 1


@pytest.mark.row(39)
@story()
async def test_i2_the_bank_s_answer_pays_a_listed_sale_by_itself(shop: Shop) -> None:
    """The code was on the glass when the line went: the customer paid, and nobody could tell."""
    await allowing(shop)
    sale = await shop.with_code()
    shop.no_notifications()
    shop.cut_line()
    shop.pay(sale)
    await shop.until(lambda: shop.service.unverified.offered(shop.lane()), 120)
    put = await shop.service.unverified.put(sale.id, actor=CASHIER)
    assert (put.word, put.paid_minor) == ("unverified", 0)
    assert (await refused(shop.service.unverified.put(sale.id, actor=CASHIER))).slug == "list_not_possible"
    await shop.restart()
    assert shop.sale(sale).word == "unverified"
    shop.mend_line()
    await shop.until(lambda: shop.sale(sale).state is SaleState.PAID, 600)
    assert (shop.sale(sale).mark, shop.sale(sale).word) == ("", "paid")
    assert shop.service.unverified.waiting() == []
    assert "paid" not in dict(shop.counter.speaker.words), "another customer may stand there"


@pytest.mark.row(39)
@story()
async def test_an_order_that_took_nothing_leaves_the_sale_on_the_list(shop: Shop) -> None:
    """Goods may have gone: that the bank took nothing is no reason to forget them."""
    await allowing(shop)
    sale = await shop.with_code()
    shop.cut_line()
    await shop.until(lambda: shop.service.unverified.offered(shop.lane()), 120)
    await shop.service.unverified.put(sale.id, actor=CASHIER)
    shop.mend_line()
    await shop.until(lambda: not shop.attempt(sale).live, 600)
    await shop.wait(1200)
    assert (shop.attempt(sale).state, shop.sale(sale).word) == ("closed", "unverified")


@pytest.mark.row(11)
@story()
async def test_i2_an_owner_claims_with_the_bank_s_number_and_the_mark_stays(shop: Shop) -> None:
    await offline(shop)
    sale, other = await listed(shop), await listed(shop, 1000)
    assert (await refused(claimed(shop, sale, " 12 3"))).slug == "claim_reference_missing"
    now = await claimed(shop, sale, "tx 20 07")
    assert (now.word, now.state, now.paid_minor, now.claimed_as) == ("claimed", SaleState.CHECKING, 0, "TX2007")
    await shop.wait(1)
    text = as_text(shop.counter.printer.whole[-1].receipt)
    assert "TX2007" in text
    assert "Not verified" in text
    assert "Paid" not in text
    assert (await refused(claimed(shop, sale, "tx 20 08"))).slug == "not_unverified"
    assert (await refused(claimed(shop, other, "TX2007"))).slug == "reference_used"
    with pytest.raises(Conflict, match="refund_not_paid"):
        await shop.refund(sale)
    await shop.restart()
    rows = [(each.sale, each.mark, each.reference) for each in shop.service.unverified.waiting()]
    assert rows == [(sale.id, "claimed", "TX2007"), (other.id, "unverified", "")]
    assert shop.service.unverified.sums() == {"CNY": 3850}


@pytest.mark.row(39)
@story()
async def test_an_owner_writes_off_with_a_reason_and_late_money_is_still_found(shop: Shop) -> None:
    await offline(shop)
    sale = await listed(shop)
    off = await written_off(shop, sale)
    assert (off.state, off.word, off.cancel_why) == (SaleState.CANCELLED, "not_paid", "written_off")
    assert shop.service.unverified.waiting() == []
    [event] = shop.events("sale_written_off")
    assert (event.actor, event.body["reason"]) == (str(OWNER), "never came")
    assert (await refused(written_off(shop, sale))).slug == "not_unverified"
