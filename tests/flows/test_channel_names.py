"""A channel is named by the settings, whatever its profile is called; other names for it are still understood."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from terminal.bills.desk import evidence_of as of_bills
from terminal.counter.floor import Parts
from terminal.counter.healing import BillEvidence
from terminal.counter.ports import Devices
from terminal.counter.service import Service
from terminal.counter.settings import CounterSettings
from terminal.counter.slips import Slips, titles_of
from terminal.help.wording import CatalogueWording
from terminal.payments.notice import Notice, RefundNotice, RefundTrade, Trade
from terminal.payments.sale import Sale, SaleState
from terminal.web.desks.settlements import _evidence as of_fixes
from tests.flows.shop import DAY_S, Shop, story

Lanes = Sequence[tuple[CounterSettings, Devices]]


def channels(*names: str) -> Callable[[Parts, Lanes], Service]:
    """The same bank under these names; the counters use the first."""

    def made(parts: Parts, lanes: Lanes) -> Service:
        [bank] = parts.providers.values()
        own = [(replace(settings, channels=names[:1]), devices) for settings, devices in lanes]
        return Service(replace(parts, providers=dict.fromkeys(names, bank)), own)

    return made


async def start_with(shop: Shop, *names: str) -> None:
    await shop.world.crash()
    shop.world.outfit = replace(shop.world.outfit, service=channels(*names))
    await shop.world.start()


@pytest.mark.parametrize("names", [("south",), ("south", "north")], ids=" ".join)
@story()
async def test_a_channel_that_is_not_called_as_its_profile_takes_and_gives_back(
    shop: Shop, names: tuple[str, ...]
) -> None:
    await start_with(shop, *names)
    shown = await shop.with_code()
    assert shop.attempt(shown).provider == "south"
    shop.pay(shown)
    await shop.until(lambda: shop.sale(shown).state is SaleState.PAID, 10)
    refund = await shop.refund(shown, 850)
    await shop.until(lambda: shop.sale(shown).refund(refund.id).state == "refunded", 60)
    await shop.open(500, push=False)
    scanned = await shop.scan(shop.customer_code())
    await shop.until(lambda: shop.sale(scanned).state is SaleState.PAID, 10)
    assert shop.attempt(scanned).provider == "south"


@pytest.mark.row(26)
@story()
async def test_i4_money_under_way_is_followed_when_its_channel_has_another_name(shop: Shop) -> None:
    """Journals of the first version name the profile, and a shop may give its channel a name of its own later."""
    paid = await shop.paid()
    shown = await shop.with_code()
    await start_with(shop, "south")
    shop.pay(shown)
    await shop.until(lambda: shop.sale(shown).state is SaleState.PAID, 20)
    refund = await shop.refund(paid)
    await shop.until(lambda: shop.sale(paid).refund(refund.id).state == "refunded", 60)
    assert shop.sale(paid).exceptions == shop.sale(shown).exceptions == ()


@story()
async def test_i14_a_notification_of_another_channel_proves_nothing(shop: Shop) -> None:
    await start_with(shop, "south", "north")
    sale = await shop.with_code()
    bank = shop.world.bank
    bank.customer_pays(bank.customer_scans(shop.attempt(sale).payload, shop.bank_ms).order_no, shop.bank_ms)
    [letter] = bank.due(shop.bank_ms)
    await shop.service.notices.take("north", dict(letter.headers), letter.body)
    [told] = shop.sale(sale).exceptions
    assert (told.kind, told.id.rpartition(":")[2]) == ("mismatch", "channel")
    assert not shop.attempt(sale).captured
    await shop.until(lambda: shop.sale(sale).state is SaleState.PAID, 20)  # asked, its own channel says so


def bill_says(shop: Shop, sale: Sale) -> Notice:
    """The customer has just paid it; before anybody is asked, a bill's line names this order as paid."""
    account, bank = shop.service.parts.providers["south"].account, shop.world.bank
    bank.customer_pays(bank.customer_scans(shop.attempt(sale).payload, shop.bank_ms).order_no, shop.bank_ms)
    [capture] = next(each for each in bank.ledger.orders if each.out_trade_no == shop.attempt(sale).id).captures
    txn = capture.transaction_id
    return Notice(
        account.provider, "bill", f"bill:{txn}", account.merchant_id, account.app_id, shop.attempt(sale).id,
        Trade.PAID, shop.attempt(sale).amount.minor, "CNY", txn, wallet="wechatpay",
    )  # fmt: skip


@pytest.mark.parametrize("evidence_of", [of_bills, of_fixes])
@story()
async def test_i14_a_bill_of_another_channel_proves_nothing(
    shop: Shop, evidence_of: Callable[[Service], BillEvidence]
) -> None:
    await start_with(shop, "south", "north")
    sale = await shop.with_code()
    evidence = evidence_of(shop.service)
    line = bill_says(shop, sale)
    await evidence.take("north", line)
    assert not shop.attempt(sale).captured
    assert [each.id.rpartition(":")[2] for each in shop.sale(sale).exceptions] == ["channel"]
    await evidence.take("south", line)
    assert shop.sale(sale).state is SaleState.PAID


@story()
async def test_a_bill_kept_under_an_older_name_of_its_channel_still_counts(shop: Shop) -> None:
    await start_with(shop, "south")
    sale = await shop.with_code()
    await of_bills(shop.service).take("wechatpay", bill_says(shop, sale))
    assert (shop.sale(sale).state, shop.sale(sale).exceptions) == (SaleState.PAID, ())


@story()
async def test_i14_a_refund_in_another_channels_bill_proves_nothing(shop: Shop) -> None:
    await start_with(shop, "south", "north")
    sale = await shop.paid()
    shop.fault("error-500", call="refund-query", count=1000)
    shop.fault("notify-delayed", delay_ms=round(40 * DAY_S * 1000))
    refund = await shop.refund(sale)
    await shop.until(lambda: shop.sale(sale).refund(refund.id).state == "sent", 30)
    account = shop.service.provider("south").account
    told = RefundNotice(
        account.provider, "bill", "bill:1", account.merchant_id, shop.attempt(sale).id, refund.id,
        RefundTrade.REFUNDED, refund.amount.minor, "CNY", "5000", "",
    )  # fmt: skip
    await of_bills(shop.service).take("north", told)
    assert shop.sale(sale).refund(refund.id).state == "sent"
    assert [each.id.rpartition(":")[2] for each in shop.sale(sale).exceptions] == ["channel"]
    await of_bills(shop.service).take("south", told)
    assert shop.sale(sale).refund(refund.id).state == "refunded"


@story()
async def test_a_wallet_keeps_its_name_whatever_its_channel_is_called(shop: Shop) -> None:
    """Voice and slip may know it by the channel, by the profile, or as the evidence calls it."""
    await start_with(shop, "south")
    slips = Slips(shop.world.house, CatalogueWording(), titles_of(shop.service.parts.providers))
    assert slips.methods("zh-CN") == {"south": "微信支付", "wechatpay": "微信支付"}


@story()
async def test_two_channels_of_one_bank_are_told_apart_wherever_they_are_named(shop: Shop) -> None:
    await start_with(shop, "south", "north")
    slips = Slips(shop.world.house, CatalogueWording(), titles_of(shop.service.parts.providers))
    assert slips.methods("en") == {
        "wechatpay": "WeChat Pay",
        "south": "WeChat Pay (south)",
        "north": "WeChat Pay (north)",
    }


@story()
async def test_i14_another_channels_word_about_a_refund_proves_nothing(shop: Shop) -> None:
    await start_with(shop, "south", "north")
    sale, post = await shop.paid(), shop.world.bank.post
    others = [*post.table]  # the payment's own, for which nobody is there under its old name
    shop.fault("error-500", call="refund-query", count=1000)
    shop.fault("notify-delayed", delay_ms=round(40 * DAY_S * 1000))
    refund = await shop.refund(sale)
    await shop.until(lambda: len(post.table) > len(others), 30)
    [notice] = [each for each in post.table if each not in others]
    notice.due_ms = shop.bank_ms
    [letter] = [each for each in post.due(shop.bank_ms) if b"REFUND" in each.body]
    await shop.service.notices.take("north", dict(letter.headers), letter.body)
    assert shop.sale(sale).refund(refund.id).state != "refunded"
    assert [each.kind for each in shop.sale(sale).exceptions] == ["mismatch"]
    await shop.service.notices.take("south", dict(letter.headers), letter.body)
    assert shop.sale(sale).refund(refund.id).state == "refunded"
