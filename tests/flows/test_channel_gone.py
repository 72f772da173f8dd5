"""A channel that left the settings while money was under way with it: told to a person, never forgotten (I4)."""

from collections.abc import Sequence
from dataclasses import replace

from terminal.counter.floor import Parts
from terminal.counter.ports import Devices
from terminal.counter.service import Service
from terminal.counter.settings import CounterSettings
from terminal.payments.sale import Sale
from tests.flows.shop import CASHIER, Shop, refused, story


def without_channels(parts: Parts, lanes: Sequence[tuple[CounterSettings, Devices]]) -> Service:
    return Service(replace(parts, providers={}), lanes)


async def start_without_channel(shop: Shop) -> None:
    whole = shop.world.outfit
    await shop.world.crash()
    shop.world.outfit = replace(whole, service=without_channels)
    await shop.world.start()
    shop.world.outfit = whole


def told(shop: Shop, sale: Sale) -> list[tuple[str, int]]:
    return [(each.kind, each.amount_minor) for each in shop.sale(sale).exceptions if not each.closed]


@story()
async def test_i4_a_refund_whose_channel_left_is_an_exception_and_goes_on_when_it_is_back(shop: Shop) -> None:
    sale = await shop.paid()
    shop.cut_line()
    refund = await shop.refund(sale, 850)
    await start_without_channel(shop)
    assert told(shop, sale) == [("channel_gone", 850)]
    (row,) = [each for each in shop.service.feed.unfinished() if each.subject == sale.id]
    assert row.body["exceptions"] == ["channel_gone"]
    await start_without_channel(shop)
    assert told(shop, sale) == [("channel_gone", 850)], "told once"
    shop.mend_line()
    await shop.restart()
    await shop.until(lambda: shop.sale(sale).refund(refund.id).state == "refunded", 120)
    assert told(shop, sale) == [("channel_gone", 850)], "until a person has seen it"


@story()
async def test_i4_an_attempt_whose_channel_left_is_an_exception(shop: Shop) -> None:
    sale = await shop.with_code()
    await start_without_channel(shop)
    assert told(shop, sale) == [("channel_gone", 2850)]
    assert shop.attempt(sale).live, "nothing is claimed about its end"
    await shop.service.aftercare.close_exception(
        sale.id, f"{shop.attempt(sale).id}:channel_gone", "seen", actor=CASHIER
    )
    assert told(shop, sale) == []
    await shop.restart()


@story()
async def test_i4_what_ended_with_proof_is_before_nobody_when_its_channel_left_and_looked_after_when_it_is_back(
    shop: Shop,
) -> None:
    """Else every code that was cancelled on that day would be."""
    sale = await shop.with_code()
    await shop.cancel(sale)
    assert not shop.attempt(sale).live
    await start_without_channel(shop)
    assert told(shop, sale) == []
    await shop.restart()
    shop.fault("capture-after-close")
    shop.no_notifications()
    shop.world.bank.customer_pays(shop.attempt(sale).id, shop.bank_ms)
    await shop.until(lambda: told(shop, sale) == [("paid_late", 2850)], 302)


@story()
async def test_i5_a_refund_that_nobody_could_send_is_refused_before_it_is_begun(shop: Shop) -> None:
    sale = await shop.paid()
    await start_without_channel(shop)
    assert (await refused(shop.refund(sale, 850))).slug == "channel_unknown"
    assert shop.sale(sale).refunds == ()
