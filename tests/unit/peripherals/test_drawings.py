"""Words kept as dots: the next start of a shop paints its idle screens and its first sale without any font."""

import asyncio
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from drivers.display.tiles import Tile
from drivers.printer.bitmap import Bitmap
from terminal.counter.ports import CodeScreen, IdleScreen, ResultScreen, Screen
from terminal.help.catalogue import Catalogue
from terminal.payments.lines import Entered
from terminal.payments.money import Money
from terminal.peripherals.artwork import Artwork
from terminal.peripherals.drawings import DRAWN_MAX, Box, Caption, Drawings
from terminal.peripherals.painters import GLASS_FONTS, Painter
from terminal.peripherals.proof import Challenge
from terminal.virtual_time import run

FONTS = Painter(*GLASS_FONTS)
AMOUNT = Money(2850, "CNY")
TITLE = "老王牛肉面"
IDLE = IdleScreen(TITLE, True)
OF_A_SALE: list[Screen] = [
    CodeScreen(1, "x", AMOUNT, 60, True, TITLE),
    ResultScreen(1, "paid", AMOUNT, "7KQ2", True),
    ResultScreen(1, "paid", AMOUNT, "7KQ2", True, receipt="https://shop.example/r/1"),
    ResultScreen(1, "not_paid", AMOUNT, "", True),
    ResultScreen(1, "cancelled", AMOUNT, "", True),
    ResultScreen(1, "checking", AMOUNT, "", True),
    ResultScreen(1, "late", AMOUNT, "", True),
    ResultScreen(1, "unverified", AMOUNT, "", True),
]


def painter() -> tuple[list[str], Callable[[str, int, int, bool], Bitmap | None]]:
    """Another one each time, as after a start: nothing is known of it yet."""
    drawn: list[str] = []

    def paint(text: str, width: int, height: int, bold: bool) -> Bitmap | None:
        drawn.append(text)
        return FONTS(text, width, height, bold)

    return drawn, paint


def shown(kept: Path | None, *screens: Screen, size: tuple[int, int] = (240, 320)) -> tuple[list[str], list[Tile]]:
    """Start, show these in turn on one glass: what was drawn with fonts, and every tile."""
    drawn, paint = painter()
    words = Catalogue.load("en")
    art = Artwork(words.text, words.money, paint=paint, kept=kept)

    async def tiles() -> list[Tile]:
        painted = [tile for screen in screens async for tile in art.tiles(screen, *size)]
        await asyncio.sleep(1)  # of a shop in which nobody pays yet
        return painted

    return drawn, run(tiles(), seed=1)


@pytest.mark.parametrize("size", [(240, 320), (320, 240), (240, 240)])
def test_after_one_start_no_font_is_opened_for_idle_screens_nor_for_a_sale(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    kept = tmp_path / "captions"
    first, _ = shown(kept, IDLE, size=size)
    assert TITLE in first
    again, tiles = shown(kept, IDLE, *OF_A_SALE, size=size)
    assert again == [], "all of them were drawn ahead"
    assert tiles == shown(None, IDLE, *OF_A_SALE, size=size)[1], "dot by dot as fonts draw them"


@pytest.mark.parametrize("damage", [lambda data: data[:3], lambda data: data[:-1] + b"\xff", lambda _data: b""])
def test_f4_dots_that_a_power_cut_left_half_are_drawn_again(
    tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    _, whole = shown(tmp_path / "captions", IDLE)
    for file in (tmp_path / "captions").iterdir():
        file.write_bytes(damage(file.read_bytes()))
    drawn, tiles = shown(tmp_path / "captions", IDLE)
    assert TITLE in drawn
    assert tiles == whole
    assert shown(tmp_path / "captions", IDLE) == ([], whole)


def test_i1_dots_of_other_words_in_a_files_place_are_not_shown(tmp_path: Path) -> None:
    """Whatever exchanged them, "paid" must not stand where a sale is looked into; their sums are sound."""
    shown(tmp_path / "captions", IDLE)
    files = sorted((tmp_path / "captions").iterdir())
    dots = [file.read_bytes() for file in files]
    for file, others in zip(files, [*dots[1:], dots[0]], strict=True):
        file.write_bytes(others)
    assert shown(tmp_path / "captions", *OF_A_SALE)[1] == shown(None, *OF_A_SALE)[1]


def test_a_pipe_in_a_files_place_is_waited_for_neither_to_read_nor_to_write(tmp_path: Path) -> None:
    _, whole = shown(tmp_path / "captions", IDLE)
    for file in (tmp_path / "captions").iterdir():
        file.unlink()
        os.mkfifo(file)
    assert shown(tmp_path / "captions", IDLE)[1] == whole
    assert shown(tmp_path / "captions", IDLE) == ([], whole)


def test_a_service_that_ends_while_words_are_drawn_ahead_ends_without_a_complaint(tmp_path: Path) -> None:
    bugs, go_on, idle = list[object](), threading.Event(), IdleScreen(TITLE, False)
    at_rest, drawn = set(shown(None, idle)[0]), list[str]()

    def paint(text: str, width: int, height: int, bold: bool) -> Bitmap | None:
        drawn.append(text)
        if text not in at_rest:
            go_on.wait(10.0)
        return FONTS(text, width, height, bold)

    words = Catalogue.load("en")
    art = Artwork(words.text, words.money, paint=paint, kept=tmp_path / "captions")

    async def show() -> None:
        async for _ in art.tiles(idle, 240, 320):
            pass

    loop = asyncio.new_event_loop()
    try:
        loop.set_exception_handler(lambda _loop, told: bugs.append(told))
        loop.run_until_complete(show())
        ending = loop.create_task(loop.shutdown_default_executor())
        loop.call_soon(go_on.set)
        loop.run_until_complete(ending)
    finally:
        loop.close()
    assert not at_rest.issuperset(drawn), "it was at one of those that a sale will want"
    assert bugs == []


def test_names_of_goods_and_codes_of_sales_are_not_kept(tmp_path: Path) -> None:
    kept = tmp_path / "captions"
    shown(kept, IDLE, *OF_A_SALE)
    count = len(list(kept.iterdir()))
    entered = IdleScreen(TITLE, True, entered=Entered("Insulin", Money(100, "CNY"), AMOUNT))
    drawn, _ = shown(kept, entered)
    assert "Insulin" in drawn
    assert len(list(kept.iterdir())) == count + 1, "the word for the sum, and nothing of the goods"
    assert "Paid · 7kq2" in shown(kept, ResultScreen(1, "paid", AMOUNT, "7kq2", True))[0]
    assert len(list(kept.iterdir())) == count + 1


def test_codes_of_device_tests_are_not_kept(tmp_path: Path) -> None:
    """Each is another one: they would put the shop's own words out."""
    kept = tmp_path / "captions"
    shown(kept, IDLE, *OF_A_SALE)
    count = len(list(kept.iterdir()))
    drawn, _ = shown(kept, Challenge("CT-7KQ2", "12345").screen("CNY"))
    assert "CT-7KQ2" in drawn
    assert len(list(kept.iterdir())) == count


def test_a_shop_that_changes_its_name_each_day_fills_no_disk(tmp_path: Path) -> None:
    kept = tmp_path / "captions"
    kept.mkdir()
    for number in range(DRAWN_MAX):
        (kept / str(number)).write_bytes(b"of another day")
    shown(kept, IDLE)
    assert 0 < len(list(kept.iterdir())) < DRAWN_MAX


def test_a_thousand_stalls_with_names_have_no_more_drawn_ahead_than_are_kept(tmp_path: Path) -> None:
    drawn, box = list[str](), Box(0, 0, 240, 24)

    def paint(text: str, width: int, height: int, _bold: bool) -> Bitmap | None:
        drawn.append(text)
        return Bitmap(width, (0,) * height)

    async def story() -> None:
        names = [Caption(str(number), box, 20) for number in range(1000)]
        Drawings(paint, tmp_path / "captions").ahead((each, False) for each in [*names[:3], *names])
        await asyncio.sleep(1)

    run(story(), seed=1)
    assert list(dict.fromkeys(drawn)) == [str(number) for number in range(DRAWN_MAX)]


def test_words_are_shown_where_nothing_can_be_kept(tmp_path: Path) -> None:
    (tmp_path / "captions").write_bytes(b"a file where a folder should be")
    assert shown(tmp_path / "captions", IDLE)[1] == shown(None, IDLE)[1]
