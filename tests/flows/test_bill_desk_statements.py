"""Statements at the bills' desk: the notice pays, the day's statement settles, each once; a wallet's payout."""

from datetime import UTC, date, datetime, timedelta

import pytest

from terminal.bills.desk import BillDesk
from terminal.payments.bill import BillRefused
from terminal.payments.sale import SaleState
from terminal.sandbox.any_bank import AccountBank
from terminal.sandbox.payment_codes import Transfer
from terminal.settlement.differences import Kind
from tests.flows import any_bank_rig, shop
from tests.flows.any_bank_rig import NAME, OWNER, BankShop
from tests.flows.shop import Shop

FIRST = date(2026, 1, 1)


def desk_of(bank_shop: BankShop) -> BillDesk:
    views = bank_shop.world.journal.settled
    return BillDesk(bank_shop.service, views, bank_shop.world.folder / "bills", statements=bank_shop.desk)


@pytest.mark.row(34, 110)
@any_bank_rig.story()
async def test_i13_the_notice_pays_and_the_days_statement_settles_each_told_once(shop: BankShop) -> None:
    desk = desk_of(shop)
    sale = await shop.with_code()
    shop.pays(sale)
    await shop.looks()
    assert shop.sale(sale).state is SaleState.PAID
    assert (shop.events("bill_imported"), shop.events("settled")) == ([], []), "what is told intraday only pays"
    await shop.day_ends()
    assert [each["rows"] for each in shop.events("settled")] == [1]
    assert [each["kind"] for each in shop.events("bill_imported")] == ["statement"]
    assert not shop.events("difference_found")
    [statement] = [
        each for each in (shop.folder / "done").iterdir() if "053" in each.name and each.suffix == ".xml"
    ]
    again = await desk.import_file(statement, "", NAME)
    assert (again.repeated, again.matched) == (True, 1)
    assert len(shop.events("statement_credits")) == len(shop.events("settled")) == 1


@any_bank_rig.story()
async def test_a_person_imports_a_statement_that_never_lay_in_the_folder(shop: BankShop) -> None:
    desk = desk_of(shop)
    sale = await shop.with_code()
    elsewhere = AccountBank(shop.world.folder / "usb")
    elsewhere.scan_and_pay(shop.attempt(sale).payload, shop.world.clock.wall_ms())
    elsewhere.end_day(datetime.fromtimestamp(shop.world.clock.wall_ms() // 1000, UTC).date())
    [statement] = [each for each in (shop.world.folder / "usb").iterdir() if "053" in each.name]
    report = await desk.import_file(statement, "", NAME)
    assert (report.settled, report.found) == (1, 0)
    assert shop.sale(sale).state is SaleState.PAID
    assert statement.exists()
    rubbish = shop.world.folder / "rubbish.xml"
    rubbish.write_bytes(b"<html>")
    with pytest.raises(BillRefused):
        await desk.import_file(rubbish, "", NAME)


@pytest.mark.row(22, 110)
@any_bank_rig.story()
async def test_i13_what_a_person_matched_by_hand_is_no_stranger_in_the_days_statement(shop: BankShop) -> None:
    desk_of(shop)
    sale = await shop.with_code()
    shop.bank.set_fault("reference-lost")
    shop.pays(sale)
    await shop.looks()
    [told] = shop.service.posters.waiting()
    paid = await shop.service.posters.confirm(NAME, told.transfer.entry, sale.id, actor=OWNER)
    assert paid.state is SaleState.PAID
    await shop.day_ends()
    assert not shop.events("difference_found"), "a person said whose it is"
    assert shop.world.journal.settled.settlement(paid.attempts[-1].id) is not None


@pytest.mark.row(110)
@pytest.mark.parametrize("short_minor", [0, 300])
@shop.story(channels=("wechatpay",))
async def test_i13_what_a_wallet_paid_out_is_held_against_its_bills(shop: Shop, short_minor: int) -> None:
    await shop.paid(2850)
    await shop.paid(1200)
    await shop.wait(27 * 3600)
    desk = BillDesk(shop.service, shop.world.journal.settled, shop.world.folder / "bills")
    await desk.fetch_now("wechatpay", FIRST)
    account = AccountBank(shop.world.folder / "bank", currency="CNY")
    net = 2850 + 1200 - 17 - 7
    merchant = shop.service.provider("wechatpay").account.merchant_id
    for minor, text in ((net - short_minor, f"TENPAY {merchant} settlement"), (8_888, "rent")):
        account.transfer(Transfer(minor, "CNY", text=text), shop.world.clock.wall_ms())
    account.end_day(FIRST + timedelta(days=1))
    [statement] = [each for each in (shop.world.folder / "bank").iterdir() if "053" in each.name]
    report = await desk.import_file(statement, "", "wechatpay")
    expected = [(Kind.PAYOUT, net, net - short_minor)] if short_minor else []
    assert [(each.kind, each.here_minor, each.there_minor) for each in report.differences] == expected
    assert report.lines == 1, "the rent is nobody's business here"


@pytest.mark.row(110)
@shop.story(channels=("wechatpay",))
async def test_i13_a_wallet_whose_money_stops_coming_is_told_when_it_was_due(shop: Shop) -> None:
    """The first of January is a Thursday: its money is in the bank by Monday, Friday's by Tuesday."""
    desk = BillDesk(shop.service, shop.world.journal.settled, shop.world.folder / "bills")
    merchant = shop.service.provider("wechatpay").account.merchant_id
    await shop.paid(2850)
    await shop.wait(27 * 3600)
    await desk.fetch_now("wechatpay", FIRST)
    await shop.paid(1200)
    await shop.wait(27 * 3600)
    account = AccountBank(shop.world.folder / "bank", currency="CNY")
    account.transfer(Transfer(2833, "CNY", text=f"TENPAY {merchant}"), shop.world.clock.wall_ms())
    account.transfer(Transfer(5_000, "CNY", text=f"order 9{merchant}7"), shop.world.clock.wall_ms())
    for count in range(2, 8):
        await desk.fetch_now("wechatpay", FIRST + timedelta(days=count - 1))
        account.end_day(FIRST + timedelta(days=count))
        path = max((shop.world.folder / "bank").glob("*053*"), key=lambda each: each.stat().st_mtime_ns)
        await desk.import_file(path, "", "wechatpay")
        await shop.wait(24 * 3600)
    told = [each.body for each in shop.events("difference_found")]
    assert [(each["kind"], each["day"], each["here_minor"], each["facts"]["due"]) for each in told] == [
        (Kind.PAYOUT_LATE, "2026-01-02", 1193, "2026-01-06")
    ], "a number within somebody's longer one is no payout"
