"""A shop without any API sells by a code with a reference and believes its bank's statement alone."""

import asyncio
import contextlib

import pytest

from terminal.payments.sale import SaleState
from terminal.simulation.world import Gone
from tests.flows.any_bank_rig import CASHIER, BankShop, story


@pytest.mark.row(22, 34)
@story()
async def test_a_statement_dropped_into_the_folder_pays_the_sale_it_names(shop: BankShop) -> None:
    shop.bank.set_fault("intraday-missing")
    sale = await shop.with_code()
    shop.pays(sale)
    await asyncio.sleep(60)
    assert shop.sale(sale).state is SaleState.OPEN, "no green without the statement's line"
    await asyncio.sleep(300)
    assert shop.sale(sale).word == "checking"
    assert shop.service.lane("1").current is None, "the next customer does not wait for tomorrow"
    await asyncio.sleep(3600)
    assert shop.sale(sale).state is SaleState.CHECKING
    await shop.day_ends()
    paid = shop.sale(sale)
    assert (paid.state, paid.exceptions) == (SaleState.PAID, ())
    assert shop.attempt(sale).provider_txn == "SBX00000001"
    (imported,) = shop.events("statement_imported")
    assert (imported["matched"], imported["unmatched"], imported["sequence"]) == (1, 0, 1)
    (name, _) = shop.files("done")
    assert "1 matched" in shop.told("done", name)
    assert "the sale is paid" in shop.told("done", name)
    assert shop.service.feed.unfinished() == () or all(
        x.subject != sale.id for x in shop.service.feed.unfinished()
    )


@pytest.mark.row(22)
@story()
async def test_an_intraday_credit_pays_at_the_counter_and_the_days_statement_repeats_it_without_effect(
    shop: BankShop,
) -> None:
    sale = await shop.with_code()
    shop.pays(sale)
    await shop.looks()
    assert shop.sale(sale).state is SaleState.PAID
    await asyncio.sleep(1)
    assert ("paid", 2850) in shop.on.speaker.words
    await shop.day_ends()
    early, late = shop.events("statement_imported")
    assert (early["format"], early["matched"], early["known"]) == ("camt.054", 1, 0)
    assert (late["format"], late["matched"], late["known"]) == ("camt.053", 0, 1)
    assert shop.sale(sale).exceptions == ()


@pytest.mark.row(34)
@story(intraday="waits")
async def test_a_shop_may_wait_for_the_days_statement(shop: BankShop) -> None:
    sale = await shop.with_code()
    shop.pays(sale)
    await shop.looks()
    assert shop.sale(sale).state is SaleState.OPEN
    await shop.day_ends()
    assert shop.sale(sale).state is SaleState.PAID


@pytest.mark.row(22)
@pytest.mark.parametrize("fault", ["reference-truncated", "reference-lower-case", "reference-spaced"])
@story()
async def test_b12_a_mangled_reference_is_found_again(shop: BankShop, fault: str) -> None:
    shop.bank.set_fault(fault)
    sale = await shop.with_code()
    shop.pays(sale)
    await shop.looks()
    assert shop.sale(sale).state is SaleState.PAID


@pytest.mark.row(22)
@story()
async def test_equal_amounts_are_never_guessed(shop: BankShop) -> None:
    shop.bank.set_fault("reference-lost")
    sale = await shop.with_code()
    shop.pays(sale)
    await shop.looks()
    assert shop.sale(sale).state is SaleState.OPEN
    (left,) = shop.events("statement_unmatched")
    assert [(each["amount_minor"], each["why"]) for each in left["credits"]] == [(2850, "no_reference")]
    (name, _) = shop.files("done")
    assert "28.50 EUR not matched: it carries no reference of ours" in shop.told("done", name)


@pytest.mark.row(21)
@story()
async def test_b6_one_cent_off_is_a_mismatch_before_a_person_and_the_right_amount_still_pays(
    shop: BankShop,
) -> None:
    shop.bank.set_fault("amount-one-cent-off")
    sale = await shop.with_code()
    shop.pays(sale)
    await shop.looks()
    assert [each.kind for each in shop.sale(sale).exceptions] == ["mismatch"]
    assert shop.sale(sale).paid_minor == 0
    shop.pays(sale)
    await shop.looks()
    assert shop.sale(sale).state is SaleState.PAID


@pytest.mark.row(21)
@story()
async def test_i3_a_transfer_sent_twice_is_excess(shop: BankShop) -> None:
    shop.bank.set_fault("credit-twice")
    sale = await shop.with_code()
    shop.pays(sale)
    await shop.looks()
    assert shop.sale(sale).state is SaleState.PAID
    assert [each.kind for each in shop.sale(sale).exceptions] == ["excess"]
    await shop.day_ends()
    assert len(shop.sale(sale).exceptions) == 1, "the day's statement repeats both and adds nothing"


@pytest.mark.row(21)
@story()
async def test_b11_money_after_a_cancel_is_late_money_in_the_inbox(shop: BankShop) -> None:
    sale = await shop.with_code()
    code = shop.attempt(sale).payload
    await shop.service.checkout.cancel(sale.id, why="till", actor=CASHIER)
    assert shop.sale(sale).state is SaleState.CANCELLED, "a promise of ours, without asking anybody"
    await asyncio.sleep(3600)
    shop.bank.scan_and_pay(code, shop.world.clock.wall_ms())
    await shop.looks()
    assert shop.sale(sale).state is SaleState.CANCELLED
    assert [each.kind for each in shop.sale(sale).exceptions] == ["paid_late"]


@story()
async def test_a_cashier_who_knows_that_nobody_paid_ends_the_waiting(shop: BankShop) -> None:
    sale = await shop.with_code()
    await asyncio.sleep(600)
    assert shop.sale(sale).state is SaleState.CHECKING
    await shop.service.checkout.cancel(sale.id, why="till", actor=CASHIER)
    await asyncio.sleep(400)
    assert shop.sale(sale).state is SaleState.CANCELLED


@story(window_s=7200.0)
async def test_i4_without_a_statement_a_person_decides_when_the_window_is_over(shop: BankShop) -> None:
    sale = await shop.with_code()
    code = shop.attempt(sale).payload
    await asyncio.sleep(7000)
    assert shop.sale(sale).state is SaleState.CHECKING
    await asyncio.sleep(600)
    assert shop.attempt(sale).state == "manual"
    assert [each.kind for each in shop.sale(sale).exceptions] == ["window_over"]
    shop.bank.scan_and_pay(code, shop.world.clock.wall_ms())
    await shop.looks()
    assert shop.sale(sale).state is SaleState.PAID
    told = {each.kind: each.closed for each in shop.sale(sale).exceptions}
    assert told == {"window_over": "proven", "paid_late": ""}, "the statement settled the doubt by itself"


@pytest.mark.row(21)
@story()
async def test_i7_a_credit_that_went_back_is_before_a_person_and_stays_paid(shop: BankShop) -> None:
    shop.bank.set_fault("credit-returned")
    sale = await shop.with_code()
    shop.pays(sale)
    await shop.looks()
    assert shop.sale(sale).state is SaleState.PAID
    assert [each.kind for each in shop.sale(sale).exceptions] == ["contradicted"]


@story()
async def test_a_refund_is_a_transfer_a_person_makes(shop: BankShop) -> None:
    sale = await shop.with_code()
    shop.pays(sale)
    await shop.looks()
    await shop.service.aftercare.refund(sale.id, None, reason="wrong size", actor=CASHIER)
    await asyncio.sleep(5)
    (refund,) = shop.sale(sale).refunds
    assert refund.state == "manual"
    assert "refund_manual" in [each.kind for each in shop.sale(sale).exceptions]


@pytest.mark.parametrize("fatal", range(1, 8))
@story()
async def test_i1_killed_at_any_point_between_import_and_effect_the_next_start_brings_the_credit(
    shop: BankShop, fatal: int
) -> None:
    """Before and after the sync of the import, of the payment and of what follows it."""
    shop.bank.set_fault("intraday-missing")
    sale = await shop.with_code()
    shop.pays(sale)
    died = shop.dies_at_point(fatal)
    with contextlib.suppress(Gone):
        await shop.day_ends()
    await died()
    await shop.start()
    await shop.looks()
    assert shop.sale(sale).state is SaleState.PAID
    assert shop.sale(sale).exceptions == ()
    assert len(shop.events("statement_imported")) == 1
    assert len(shop.files("done")) == 2
    assert [each for each in shop.service.feed.unfinished() if each.body["kind"] == "statement"] == []


@pytest.mark.row(110)
@story()
async def test_b12_what_the_bank_gets_wrong_is_refused_or_told(shop: BankShop) -> None:
    """A torn file, a wrong balance, the same file twice, a number that never came."""
    sale = await shop.with_code()
    shop.bank.set_fault("intraday-missing", 9)
    shop.pays(sale)
    shop.bank.set_fault("statement-twice")
    await shop.day_ends()
    assert len(shop.events("statement_imported")) == 1
    assert any("imported before" in shop.told("done", each) for each in shop.files("done") if each.endswith("xml"))
    shop.bank.set_fault("statement-balance-wrong")
    await asyncio.sleep(60)
    await shop.day_ends()
    (refused, _) = shop.files("refused")
    assert "CLBD" in shop.told("refused", refused)
    assert [each.slug for each in shop.service.alerts.waiting()] == ["statement_refused"]
    await asyncio.sleep(60)
    shop.bank.set_fault("statement-torn")
    await shop.day_ends()
    assert len(shop.files("refused")) == 4
    await asyncio.sleep(60)
    await shop.day_ends()
    assert [each.slug for each in shop.service.alerts.waiting()] == ["statement_missing"]
    assert shop.sale(sale).state is SaleState.PAID


@story()
async def test_f4_a_file_that_still_grows_waits_and_links_are_passed_over(shop: BankShop) -> None:
    sale = await shop.with_code()
    shop.bank.set_fault("intraday-missing")
    shop.pays(sale)
    today = shop.bank.entries[0].day
    text = shop.bank.end_day(today)
    name = f"{today}-camt053.xml"
    (shop.folder / name).unlink()
    (shop.folder / "link.xml").symlink_to("/etc/hostname")
    slow = shop.folder / "slow.txt"
    slow.touch()
    await shop.looks()
    for share in (3, 2):
        slow.write_text(text[: len(text) // share])
        await asyncio.sleep(5)
    assert shop.events("statement_imported") == []
    slow.write_text(text)
    await shop.looks()
    assert shop.sale(sale).state is SaleState.PAID
    assert (shop.folder / "link.xml").is_symlink()
    assert shop.files("done") == ["slow.txt", "slow.txt.txt"]


@story()
async def test_i14_the_statement_of_another_account_is_refused(shop: BankShop) -> None:
    sale = await shop.with_code()
    shop.bank.account = "DE75512108001245126199"
    shop.pays(sale)
    await shop.looks()
    assert shop.sale(sale).state is SaleState.OPEN
    assert "126199" in shop.told("refused", shop.files("refused")[0])


@story()
async def test_a_folder_that_cannot_be_used_is_on_the_till_once_and_taken_up_again(shop: BankShop) -> None:
    sale = await shop.with_code()
    await shop.looks()
    shop.folder.rename(shop.folder.with_name("gone"))
    shop.folder.write_text("somebody put a file where the folder was")
    await asyncio.sleep(60)
    assert [(each.slug, each.count) for each in shop.service.alerts.waiting()] == [
        ("statement_folder_unusable", 1)
    ]
    shop.folder.unlink()
    shop.pays(sale)
    await shop.looks()
    assert shop.sale(sale).state is SaleState.PAID
