"""Amounts from ready dots, words from fonts, the TEST mark everywhere; every letter the catalogues need exists."""

import asyncio
import unicodedata
from collections.abc import Callable, Coroutine
from functools import reduce
from operator import or_

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.display.tiles import Tile
from drivers.printer.bitmap import Bitmap
from drivers.raster import Painter as Fonts
from terminal.counter.ports import CodeScreen, IdleScreen, ResultScreen, ScanScreen, Screen
from terminal.help.catalogue import Catalogue
from terminal.payments.currencies import EXPONENTS
from terminal.payments.lines import Entered
from terminal.payments.money import Money
from terminal.peripherals import glyphs, lettering
from terminal.peripherals.artwork import Artwork
from terminal.peripherals.painters import GLASS_FONTS, PAPER_FONTS, Painter
from terminal.virtual_time import run

PAINT = Painter(*GLASS_FONTS)
SHAPES = [(240, 320), (320, 240), (320, 480), (480, 320), (240, 240), (800, 480), (128, 160), (160, 128)]
AMOUNT = Money(123450, "CNY")
SCREENS: list[Screen] = [
    CodeScreen(1, "weixin://wxpay/bizpayurl?pr=abcdefg00", AMOUNT, 60, True, "老王牛肉面"),
    ResultScreen(1, "paid", AMOUNT, "", True),
    ResultScreen(1, "not_paid", AMOUNT, "", True),
    ResultScreen(1, "checking", AMOUNT, "", True),
    ResultScreen(1, "cancelled", AMOUNT, "", True),
    ResultScreen(1, "late", AMOUNT, "", True),
    ScanScreen(1, "scan", AMOUNT, True, "Padaria São João – a casa do pão de queijo mais antiga da rua"),
    IdleScreen("Padaria São João – a casa do pão de queijo mais antiga da rua das Flores", True),
    IdleScreen("Tea", True, entered=Entered("红烧牛肉面大碗加蛋加牛肉不要香菜", Money(-100, "CNY"), AMOUNT)),
]


def artwork(language: str = "en") -> Artwork:
    catalogue = Catalogue.load(language)
    return Artwork(catalogue.text, catalogue.money, title="Shop", paint=PAINT)


def tiles_of(art: Artwork, screen: Screen, width: int, height: int) -> list[Tile]:
    async def all_tiles() -> list[Tile]:
        return [tile async for tile in art.tiles(screen, width, height)]

    return run(all_tiles(), seed=1)


@pytest.mark.parametrize("language", ["en", "zh-CN", "pt-BR"])
def test_every_currency_has_its_letters_in_every_language(language: str) -> None:
    for currency in EXPONENTS:
        text = Catalogue.load(language).money(Money(10**8, currency))
        bitmap = glyphs.amount(text, 236, 40)
        assert bitmap is not None, currency
        assert bitmap.width <= 236
        assert any(bitmap.rows)


def test_an_amount_is_as_large_as_its_box_allows() -> None:
    sizes = [len(found.rows) for box in (16, 20, 30, 60) if (found := glyphs.amount("¥28.50", 236, box))]
    assert sizes == sorted(sizes)
    assert len(set(sizes)) == 4
    assert glyphs.amount("¥28.50", 10, 40) is None
    assert glyphs.amount("二十八", 236, 40) is None
    assert glyphs.amount("", 236, 40) is None


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("language", ["en", "zh-CN", "pt-BR"])
def test_tiles_stay_on_the_glass_and_beside_the_code(shape: tuple[int, int], language: str) -> None:
    art = artwork(language)
    width, height = shape
    for screen in SCREENS:
        for tile in tiles_of(art, screen, width, height):
            assert tile.x + tile.width <= width
            assert tile.y + tile.height <= height
            if isinstance(screen, CodeScreen):
                free_y = 222 if shape == (240, 240) else min(shape)  # below 37 modules of 6 pixels
                assert tile.x >= min(shape) or tile.y >= free_y


@pytest.mark.parametrize("shape", SHAPES)
def test_i25_every_screen_of_a_test_carries_the_mark_before_other_words(shape: tuple[int, int]) -> None:
    asked: list[str] = []
    catalogue = Catalogue.load("en")

    def words(key: str) -> str:
        asked.append(key)
        return catalogue.text(key)

    art = Artwork(words, catalogue.money, paint=PAINT)
    for screen in SCREENS:
        asked.clear()
        drawn = tiles_of(art, screen, *shape)
        narrow = isinstance(screen, CodeScreen) and min(shape) < 200  # TEST itself, in every language
        assert narrow or {"customer.test", "state.test"} & {*asked}
        dark = [bin(int.from_bytes(tile.rows, "big")).count("1") / (tile.width * tile.height) for tile in drawn]
        assert max(dark) > 0.6, "a band of white on black"


def test_nothing_is_marked_outside_of_a_test() -> None:
    art = artwork()
    for screen in (CodeScreen(1, "x", AMOUNT, 60, False), IdleScreen("Shop", False)):
        for tile in tiles_of(art, screen, 240, 320):
            assert bin(int.from_bytes(tile.rows, "big")).count("1") < tile.width * tile.height * 0.5


def test_the_amount_comes_first_and_words_are_drawn_once() -> None:
    drawn: list[str] = []

    def paint(text: str, width: int, height: int, bold: bool) -> object:
        drawn.append(text)
        return PAINT(text, width, height, bold)

    catalogue = Catalogue.load("en")
    art = Artwork(catalogue.text, catalogue.money, paint=paint)  # type: ignore[arg-type]  # a counting painter

    async def story() -> None:
        tiles = art.tiles(SCREENS[0], 240, 320)
        first = await anext(tiles)
        assert drawn == []
        assert first.y == 240
        async for _ in tiles:
            pass
        count = len(drawn)
        assert count
        async for _ in art.tiles(CodeScreen(2, "y", Money(1, "CNY"), 9, True, "老王牛肉面"), 240, 320):
            pass
        assert len(drawn) == count

    run(story(), seed=1)


def test_captions_for_two_screens_at_once_are_drawn_one_after_the_other() -> None:
    art = artwork("zh-CN")

    async def count(screen: Screen) -> int:
        return len([tile async for tile in art.tiles(screen, 240, 320)])

    async def story() -> None:
        assert await asyncio.gather(*map(count, SCREENS)) == [4, 3, 3, 3, 3, 2, 4, 3, 5]

    run(story(), seed=1)


@given(st.text(max_size=60))
def test_any_text_fits_its_lines(text: str) -> None:
    for bitmap in lettering.wrapped(text, 120, 16, 3, PAINT):
        assert (bitmap.width, len(bitmap.rows)) == (120, 16)
        assert all(0 <= row < 1 << 120 for row in bitmap.rows)
    assert len(lettering.wrapped(text, 120, 16, 3, PAINT)) <= 3


@pytest.mark.no_cover  # many rounds through lines that others measure
@pytest.mark.parametrize("language", ["en", "zh-CN", "pt-BR"])
def test_the_fonts_have_every_letter_of_the_catalogues(language: str) -> None:
    catalogue = Catalogue.load(language)
    letters = {char for key in catalogue.names() for char in catalogue.text(key)}
    for fonts in (GLASS_FONTS, PAPER_FONTS):
        paint = Fonts(*(glyphs.FONTS / name for name in fonts))
        missing = [char for char in letters if char.strip() and paint(char, 48, 24, False) is None]
        assert [char for char in missing if unicodedata.category(char) not in ("Cf", "So")] == []


def test_counters_with_the_same_painter_draw_their_words_once_between_them() -> None:
    catalogue = Catalogue.load("en")

    def shop() -> tuple[list[str], Callable[[], Coroutine[None, None, list[Tile]]]]:
        drawn: list[str] = []

        def paint(text: str, width: int, height: int, bold: bool) -> Bitmap | None:
            drawn.append(text)
            return PAINT(text, width, height, bold)

        async def shown() -> list[Tile]:
            art = Artwork(catalogue.text, catalogue.money, paint=paint)
            return [tile async for tile in art.tiles(SCREENS[0], 240, 320)]

        return drawn, shown

    async def at_once() -> list[list[Tile]]:
        return await asyncio.gather(*(shown() for _ in range(20)))

    by_one, shown_by_one = shop()
    alone = run(shown_by_one(), seed=1)
    drawn, shown = shop()
    assert run(at_once(), seed=1) == [alone] * 20
    assert drawn == by_one, "twenty counters draw what one does"
    assert run(shown(), seed=2) == alone
    assert drawn == by_one, "and the next run of a loop finds it"


def lettered(text: str, width: int = 240, height: int = 24, most: int = 1) -> list[Bitmap]:
    return lettering.wrapped(text, width, height, most, PAINT)


def edges(drawn: Bitmap) -> tuple[int, int]:
    """White at the left and at the right."""
    ink = reduce(or_, drawn.rows)
    return drawn.width - ink.bit_length(), (ink & -ink).bit_length() - 1


@pytest.mark.row(60)
@pytest.mark.parametrize("text", ["مطعم الشرق", "शर्मा मिष्ठान", "ป้าน้อย", "老王小吃店", "São João"])
def test_words_of_every_script_stand_in_the_middle_of_one_line(text: str) -> None:
    [drawn] = lettered(text, most=3)
    left, right = edges(drawn)
    assert abs(left - right) <= 1, (left, right)


@pytest.mark.row(60)
@pytest.mark.parametrize("text", ["مطعم{}", "मिष्ठान{}", "ป้าน้อย{}"])
def test_an_emoji_tears_no_letters_apart_that_join_or_stack(text: str) -> None:
    assert lettered(text.format("\U0001f375")) == lettered(text.format(""))
    assert lettered(text.format("\U0001f375" + " abc" * 8)) == lettered(text.format(" abc" * 8)), "squeezed, too"


@pytest.mark.row(60)
def test_what_is_too_long_for_a_narrow_glass_is_shortened_before_nobody_can_read_it() -> None:
    name = "Padaria e Confeitaria São João da Conceição"
    [drawn] = lettered(name, 120)
    kept = next(at for at in range(len(name)) if lettered(name[:at].rstrip() + "…", 120) == [drawn])
    assert 12 <= kept <= 20, "as much as letters of two thirds of their width leave room for"


@pytest.mark.row(60)
@pytest.mark.parametrize("shape", [(240, 240), (320, 240), (240, 320)])
def test_a_shops_long_name_has_its_last_line_whole(shape: tuple[int, int]) -> None:
    """Half a line of letters stood above the welcome of a wide glass."""
    for title in ("Padaria e Confeitaria São João da Conceição", "老王小吃店（南京西路旗舰店·二十四小时营业）"):
        name = max(tiles_of(artwork(), IdleScreen(title, False), *shape), key=lambda tile: tile.height)
        stride = len(name.rows) // name.height
        assert not any(name.rows[:stride])
        assert not any(name.rows[-stride:]), "white below the last line"


@pytest.mark.row(60)
def test_thai_words_take_a_second_line_instead_of_being_squeezed() -> None:
    assert len(lettered("ข้าวผัดปูพิเศษใส่ไข่ดาวสองฟองไม่ใส่ผักชี", most=2)) == 2


@pytest.mark.row(7, 48)
@pytest.mark.parametrize("language", ["en", "zh-CN", "pt-BR"])
@pytest.mark.parametrize("shape", [(240, 320), (240, 240), (160, 128)])
def test_what_a_customer_does_with_their_own_code_is_said_whole_on_every_glass(
    shape: tuple[int, int], language: str
) -> None:
    said: list[str] = []

    def paint(text: str, width: int, height: int, bold: bool) -> Bitmap | None:
        said.append(text)
        return PAINT(text, width, height, bold)

    catalogue = Catalogue.load(language)
    art = Artwork(catalogue.text, catalogue.money, paint=paint)
    for now, key in (("scan", "show_yours"), ("scanned", "checking"), ("acting", "finish_on_phone")):
        said.clear()
        tiles_of(art, ScanScreen(1, now, AMOUNT, True), *shape)  # type: ignore[arg-type]  # one of the three
        told = catalogue.text(f"customer.{key}")
        assert "".join(told.split()) in "".join("".join(said).split()), "in one line, or over two"
        assert not [text for text in said if "…" in text], "shortened"


@pytest.mark.parametrize("word", ["test", "training"])
@pytest.mark.parametrize("language", ["en", "zh-CN", "pt-BR"])
@pytest.mark.parametrize("shape", [(240, 240), (128, 160), (160, 128)])
def test_i25_the_one_word_of_a_narrow_mark_is_whole(shape: tuple[int, int], language: str, word: str) -> None:
    said: list[str] = []

    def paint(text: str, width: int, height: int, bold: bool) -> Bitmap | None:
        said.append(text)
        return PAINT(text, width, height, bold)

    catalogue = Catalogue.load(language)
    art = Artwork(catalogue.text, catalogue.money, paint=paint)
    screen = CodeScreen(1, "weixin://wxpay/bizpayurl?pr=abcdefg00", AMOUNT, 60, True, training=word == "training")
    tiles_of(art, screen, *shape)
    assert not [text for text in said if "…" in text], "shortened"
    assert (catalogue.text(f"state.{word}") if shape == (240, 240) else "TEST") in said
