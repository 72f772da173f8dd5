"""Words in a place that is narrow for them: smaller letters first, then narrower ones, then fewer."""

import pytest

from drivers.printer.bitmap import Bitmap
from terminal.counter.ports import CodeScreen, ResultScreen, Screen
from terminal.help.catalogue import Catalogue
from terminal.payments.money import Money
from terminal.peripherals.artwork import Artwork
from terminal.peripherals.painters import GLASS_FONTS, Painter
from terminal.virtual_time import run

FONTS = Painter(*GLASS_FONTS)
AMOUNT = Money(2850, "CNY")
SCREENS: list[Screen] = [
    CodeScreen(1, "x", AMOUNT, 60, True, "Tea"),
    CodeScreen(1, "x", AMOUNT, 60, True, "Tea", True),
    ResultScreen(1, "paid", AMOUNT, "7KQ2", True),
    ResultScreen(1, "not_paid", AMOUNT, "", True),
    ResultScreen(1, "cancelled", AMOUNT, "", True),
    ResultScreen(1, "checking", AMOUNT, "", True),
    ResultScreen(1, "late", AMOUNT, "", True),
    ResultScreen(1, "unverified", AMOUNT, "", True),
]


@pytest.mark.row(48)
@pytest.mark.parametrize("size", [(240, 240), (320, 480), (480, 800), (172, 320)])
def test_our_own_words_are_never_cut_off_on_a_narrow_glass(size: tuple[int, int]) -> None:
    """Without their end, "nothing was charged" and "the bank has not confirmed" say less, or something else."""
    drawn: list[str] = []

    def paint(text: str, width: int, height: int, bold: bool) -> Bitmap | None:
        drawn.append(text)
        return FONTS(text, width, height, bold)

    async def show() -> None:
        words = Catalogue.load("pt-BR")
        art = Artwork(words.text, words.money, paint=paint)
        for screen in SCREENS:
            async for _ in art.tiles(screen, *size):
                pass

    run(show(), seed=1)
    assert "Cancelado. Nada foi cobrado" in drawn
    assert [text for text in drawn if text.endswith("…")] == []
