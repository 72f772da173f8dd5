"""A till with a scanner and nothing else: the printed sheet's barcodes do what keys do, and no more (row 5)."""

from pathlib import Path

import pytest

from terminal.counter.book import SYSTEM
from terminal.counter.commands import QUICK_UNITS
from terminal.help.catalogue import Catalogue
from terminal.payments.command import KEYS, text_of
from terminal.payments.receipt import Row
from terminal.payments.sale import Sale, SaleState
from terminal.web.card_sheet import sheet_pdf, sheet_picture
from terminal.web.cards import COMMANDS, card_names, command_keys
from terminal.wiring.preview import receipt_picture
from tests.flows.api_rig import open_shop
from tests.flows.shop import Shop, refused, story
from tests.qr_seen import texts_in


async def scan(shop: Shop, *names: str) -> bool:
    """One after the other, each when the one before was beeped; how the last one sounded."""
    beeps = shop.counter.scanner.beeps
    for name in names:
        heard = len(beeps)
        shop.counter.scanner.reads(shop.service.commands.text(name))
        await shop.until(lambda heard=heard: len(beeps) > heard, 20)  # type: ignore[misc]  # of this round
    return beeps[-1]


def live(shop: Shop) -> Sale:
    current = shop.lane().current
    assert current is not None
    return shop.service.book.sale(current)


def told(shop: Shop) -> str:
    refusal = shop.lane().told
    return refusal[1].slug if refusal else ""


@pytest.mark.row(5)
@story()
async def test_a_whole_checkout_by_scanner_amount_charge_paid_and_the_slip_once_more(shop: Shop) -> None:
    assert await scan(shop, "2", "SAME", "5", "0")
    assert shop.service.commands.keyed(shop.lane()).minor == 2250
    assert await scan(shop, "PAY")
    await shop.until(lambda: bool(shop.attempt(live(shop)).payload), 5)
    sale = live(shop)
    assert (sale.amount.minor, shop.service.commands.keyed(shop.lane()).minor) == (2250, 0)
    shop.pay(sale)
    await shop.until(lambda: shop.sale(sale).state is SaleState.PAID, 5)
    assert await scan(shop, "REPRINT")
    assert [each.subject for each in shop.events("reprint_requested")] == [sale.id]
    opened = next(each for each in shop.events("sale_opened") if each.subject == sale.id)
    assert opened.actor == "device:1/scanner"


@pytest.mark.row(5, 31)
@story()
async def test_a_preset_is_charged_and_cancelled_with_proof_and_nothing_is_left_for_the_next_one(
    shop: Shop,
) -> None:
    assert await scan(shop, "9", "A2000", "PAY")
    sale = live(shop)
    assert sale.amount.minor == 2000, "a preset takes the place of what was scanned before"
    await shop.until(lambda: bool(shop.attempt(sale).payload), 5)
    assert not await scan(shop, "5")
    assert told(shop) == "sale_live", "digits wait for the end of a sale"
    assert await scan(shop, "STOP")
    assert shop.sale(sale).state is SaleState.CANCELLED
    assert shop.states(sale)[-1] == "closed", "the bank has said that nobody can pay it any more"
    assert not await scan(shop, "PAY")
    assert told(shop) == "command_no_amount"
    assert await scan(shop, "1", "2", "BACK")
    assert shop.service.commands.keyed(shop.lane()).minor == 1
    assert await scan(shop, "CLEAR", "00", "7", "STOP")
    assert shop.service.commands.keyed(shop.lane()).minor == 0
    assert not await scan(shop, "SAME")
    assert told(shop) == "command_nothing", "there is no digit to repeat"
    assert await scan(shop, "5", "SAME", "CLEAR", "0", "SAME")
    assert not await scan(shop, "OTHER")
    assert not await scan(shop, "PARK")
    assert not await scan(shop, "REFUND")
    assert told(shop) == "command_nothing"


@pytest.mark.row(5)
@story()
async def test_a_refund_by_barcode_opens_the_sale_and_moves_no_money(shop: Shop) -> None:
    sale = await shop.paid()
    assert await scan(shop, "REFUND")
    lane = shop.lane()
    assert lane.found is not None
    assert lane.found[2] == sale.id
    await shop.wait(5)
    assert shop.sale(sale).refunds == ()


@pytest.mark.row(5)
@story()
async def test_a_foreign_or_made_up_command_does_nothing_and_no_command_is_ever_a_payment_code(shop: Shop) -> None:
    sale = await shop.with_code(500)
    scanner = shop.counter.scanner
    for name in (*KEYS, "A100000", "0"):
        heard = len(scanner.beeps)
        scanner.reads(text_of(name, b"another shop's key"))
        await shop.until(lambda heard=heard: len(scanner.beeps) > heard, 5)  # type: ignore[misc]  # of this round
        assert (scanner.beeps[-1], told(shop)) == (False, "command_foreign")
    assert (await refused(shop.scan(shop.service.commands.text("PAY")))).slug == "code_not_payment"
    assert shop.sale(sale).state is SaleState.OPEN
    assert [each.direction for each in shop.sale(sale).attempts] == ["push"]
    await shop.cancel(sale)


@story()
async def test_an_amount_scanned_and_left_is_over_when_another_sale_was_opened(shop: Shop) -> None:
    assert await scan(shop, "A5000")
    await shop.paid(100)
    assert not await scan(shop, "PAY")
    assert told(shop) == "command_no_amount"


@pytest.mark.row(5)
@story()
async def test_a_doubt_is_asked_about_and_parked_by_barcode(shop: Shop) -> None:
    sale = await shop.with_code()
    shop.cut_line()
    await shop.until(lambda: shop.sale(sale).word == "checking", 600)
    assert await scan(shop, "PAY"), "Charge asks the bank again"
    assert await scan(shop, "PARK")
    assert shop.sale(sale).parked
    shop.mend_line()
    await shop.until(lambda: shop.sale(sale).ended, 4000)


@pytest.mark.parametrize("language", ["en", "zh-CN", "pt-BR"])
@story()
async def test_the_sheet_has_every_key_once_and_refunds_last(shop: Shop, language: str) -> None:
    keys = command_keys(shop.service, Catalogue.load(language))
    names = [shop.service.commands.name(text) for _, text in keys]
    assert COMMANDS in card_names(shop.service)
    assert len({*names}) == len(names) == len(KEYS) + 11 + len(QUICK_UNITS)
    assert (names[0], names[-1]) == ("PAY", "REFUND")
    assert len({what for what, _ in keys}) == len(keys), "no two fields say the same"


@pytest.mark.row(5)
async def test_a_camera_reads_every_barcode_of_the_printed_page_and_none_of_them_twice(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        keys = command_keys(shop.service, Catalogue.load("zh-CN"))
    page = await sheet_picture((Row("Tea 茶", size=2),), keys, receipt_picture)
    assert sorted(texts_in(page)) == sorted(text for _, text in keys)
    assert (await sheet_pdf((Row("Tea"),), keys[:1], receipt_picture, "commands")).startswith(b"%PDF-")


@pytest.mark.row(5)
async def test_a_scanner_that_types_is_told_the_key_of_our_own_sheet_and_nothing_happens(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        till, text = await shop.machine(), shop.service.commands.text
        told = [await till.post("/counters/1/command", {"code": text(name)}) for name in ("PAY", "A2000")]
        assert [each.body for each in told] == [{"name": "PAY"}, {"name": "A2000"}]
        foreign = [text_of("PAY", b"another shop's"), "130012345678901234", "CT:S-01KDVDNA6D6C302SMA67N4H7GA"]
        for code in foreign:
            refusal = await till.post("/counters/1/command", {"code": code})
            assert (refusal.status, refusal.slug) == (422, "command_foreign"), code
        assert shop.service.feed.list("sale") == ()


async def test_whoever_types_ends_the_amount_that_was_scanned(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        till, lane = await shop.machine(), shop.service.lane("1")
        await shop.service.commands.act(lane, "A2000", SYSTEM)
        seen = await till.get("/counters/1")
        assert seen.body["keyed"] == {"amount_minor": 2000, "count": 1}
        cleared = await till.post("/counters/1/keyed/clear")
        assert (cleared.status, cleared.body) == (200, {"amount_minor": 2000, "count": 2, "done": True})
        assert (await till.get("/counters/1")).body["keyed"] == {"amount_minor": 0, "count": 2}


async def test_a_clearing_that_names_what_it_saw_takes_away_nothing_that_was_scanned_since(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        till, lane = await shop.machine(), shop.service.lane("1")
        await shop.service.commands.act(lane, "A2000", SYSTEM)
        for repeated in (2000, 0):
            told = await till.post("/counters/1/keyed/clear", {"count": 1})
            assert told.body == {"amount_minor": repeated, "count": 2, "done": True}, "as often as it is sent"
        await shop.service.commands.act(lane, "A5000", SYSTEM)
        late = await till.post("/counters/1/keyed/clear", {"count": 1})
        assert late.body == {"amount_minor": 0, "count": 3, "done": False}
        assert (await till.get("/counters/1")).body["keyed"] == {"amount_minor": 5000, "count": 3}
        assert (await till.post("/counters/1/keyed/clear", {"count": -1})).slug == "field_wrong"
