"""The four characters that a copied picture of "paid" lacks (S65): the same everywhere, and only once paid."""

from pathlib import Path

from drivers.display.tiles import Tile
from drivers.printer.bitmap import Bitmap
from terminal.counter.ports import ResultScreen
from terminal.help.catalogue import Catalogue
from terminal.payments.money import Money
from terminal.payments.receipt import Row
from terminal.peripherals import glyphs
from terminal.peripherals.artwork import Artwork
from terminal.peripherals.drawings import Box, as_tile
from tests.flows.api_rig import open_shop
from tests.flows.shop import Shop, story


@story()
async def test_s65_glass_slip_and_service_show_the_same_code_once_the_sale_is_paid(shop: Shop) -> None:
    sale = await shop.with_code()
    assert shop.service.check_code(sale) == ""
    shop.pay(sale)
    await shop.until(lambda: len(shop.counter.printer.whole) == 1, 5)
    paid = shop.sale(sale)
    code = shop.service.check_code(paid)
    assert len(code) == 4
    texts = [screen.text for _, screen in shop.counter.glass.shows if isinstance(screen, ResultScreen)]
    assert texts == [code]
    assert code in [line.right for line in shop.counter.printer.whole[0].receipt if isinstance(line, Row)]


@story()
async def test_s65_a_sale_that_is_not_paid_has_no_code_on_its_glass(shop: Shop) -> None:
    sale = await shop.with_code()
    await shop.cancel(sale)
    await shop.until(lambda: "cancelled" in shop.counter.glass.words, 5)
    texts = [screen.text for _, screen in shop.counter.glass.shows if isinstance(screen, ResultScreen)]
    assert set(texts) == {""}
    assert shop.service.check_code(shop.sale(sale)) == ""


async def test_s65_the_api_tells_it_with_the_paid_sale_and_the_paid_screen(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        pos = await shop.machine()
        sale = await shop.shown(pos)
        assert sale["check_code"] == ""
        shop.pay(sale["attempts"][0]["id"])
        await shop.until(sale["id"], "paid")
        code = (await pos.get(f"/sales/{sale['id']}")).body["check_code"]
        assert code == shop.service.check_code(shop.service.book.sale(sale["id"]))
        counter = (await pos.get("/counters/1")).body
        assert (counter["screen"]["check_code"], counter["screen"]["title"]) == (code, "")
        assert counter["last"]["check_code"] == code
        receipt = await pos.get(f"/sales/{sale['id']}/receipt?format=text")
        assert code in receipt.body


async def test_s65_the_caption_of_a_paid_glass_is_the_word_and_the_code() -> None:
    drawn: list[str] = []

    def paint(text: str, width: int, height: int, _bold: bool) -> Bitmap:
        drawn.append(text)
        return Bitmap(width, (0,) * height)

    art = Artwork(Catalogue.load("en").text, Catalogue.load("en").money, paint=paint)
    paid = ResultScreen(1, "paid", Money(2850, "CNY"), "7KQ2", False)
    tiles = [tile async for tile in art.tiles(paid, 240, 320)]
    code = glyphs.amount("7KQ2", 100, 18)
    assert drawn.count("Paid") == len(drawn), "the code's letters are ready dots: no font is opened for them"
    assert code is not None
    assert any(_ink(tile) == _ink(as_tile(code, Box(0, 0, 0, 0), coloured=True)) for tile in tiles[1:])
    assert len({tile.y for tile in tiles[1:]}) == 1, "beside each other"


async def test_s65_a_code_without_ready_letters_is_drawn_with_the_word() -> None:
    drawn: list[str] = []

    def paint(text: str, width: int, height: int, _bold: bool) -> Bitmap:
        drawn.append(text)
        return Bitmap(width, (0,) * height)

    art = Artwork(Catalogue.load("en").text, Catalogue.load("en").money, paint=paint)
    async for _ in art.tiles(ResultScreen(1, "paid", Money(2850, "CNY"), "7kq2", False), 240, 320):
        pass
    assert "Paid · 7kq2" in drawn


def _ink(tile: Tile) -> int:
    """Of one picture, wherever it stands."""
    return int.from_bytes(tile.rows).bit_count()
