"""Letters that join and stack, as dots."""

from functools import reduce
from operator import or_

import pytest

from drivers.printer.bitmap import Bitmap, inked
from drivers.printer.scripts import FROM_LEFT, FROM_RIGHT
from drivers.raster import Painter
from drivers.shaping import Shaper
from terminal.peripherals.glyphs import FONTS
from terminal.peripherals.painters import PAPER_FONTS, SHAPED_FONTS

SHAPER = Shaper(*(FONTS / name for name in (*SHAPED_FONTS, *PAPER_FONTS)))


def drawn(text: str, width: int = 400, height: int = 30, *, bold: bool = False) -> Bitmap:
    bitmap = SHAPER.draw(text, width, height, bold=bold)
    assert bitmap is not None
    assert bitmap.width == width
    assert len(bitmap.rows) == height
    assert all(0 <= row < 1 << width for row in bitmap.rows)
    return bitmap


def ink_width(text: str) -> int:
    return inked(drawn(text)).width


def black(bitmap: Bitmap) -> int:
    return sum(row.bit_count() for row in bitmap.rows)


@pytest.mark.row(60)
@pytest.mark.parametrize(
    ("word", "letters", "thinner"),
    [("شكرا", "شكرا", True), ("क्षत्रिय", "कषतरय", True), ("น้ำ", "นำ", False)],
    ids=["ar", "hi", "th"],
)
def test_a_word_is_more_than_its_letters(word: str, letters: str, thinner: bool) -> None:
    """Arabic letters take the shape their neighbours ask for; Hindi ones melt; Thai ones stack."""
    assert inked(drawn(word)).rows != inked(drawn(" ".join(letters))).rows
    assert not thinner or ink_width(word) < sum(ink_width(letter) for letter in letters)


def test_marks_stand_above_and_below_and_nothing_is_cut_off() -> None:
    tall = [drawn(text, 800, 90) for text in ("ปี่ญูน้ำ", "र्कींह्र्यों", "إيجار")]
    for bitmap in tall:
        assert not bitmap.rows[0]
        assert not bitmap.rows[-1]
    assert inked(drawn("ปี่")).rows != inked(drawn("ปี")).rows


def test_text_from_the_right_keeps_to_the_right_and_starts_there() -> None:
    plain = drawn("شكرا")
    assert plain.rows != drawn(FROM_LEFT + "شكرا").rows
    assert reduce(or_, plain.rows) & 0b111, "ink at the right edge"
    assert inked(plain) == inked(drawn(FROM_LEFT + "شكرا"))
    assert not reduce(or_, drawn(FROM_LEFT + "5 SAR").rows) & 1
    assert reduce(or_, drawn(FROM_RIGHT + "5 SAR").rows) & 0b111


def test_a_mixed_line_takes_each_letter_from_the_first_font_that_has_it() -> None:
    whole = ink_width("Tea चाय 茶 ₹5")
    assert whole > ink_width("Tea चाय") > ink_width("चाय")


def test_what_is_too_wide_is_squeezed_and_bold_is_blacker() -> None:
    text = "ก๋วยเตี๋ยวต้มยำ"
    natural = ink_width(text)
    narrow = drawn(text, natural // 2)
    assert inked(narrow).width >= natural // 2 - 4
    assert black(drawn(text, bold=True)) > black(drawn(text))


def test_without_a_font_there_is_no_picture() -> None:
    assert SHAPER.draw("\U000e0041क", 100, 30, bold=False) is None
    assert Shaper(FONTS / "NotoSansThai.ttf").draw("शकर", 100, 30, bold=False) is None


def test_the_painter_hands_over_what_joins_and_keeps_the_rest() -> None:
    paint = Painter(*(FONTS / name for name in PAPER_FONTS), shaped=[FONTS / name for name in SHAPED_FONTS])
    assert paint("चाय", 200, 30, False) == SHAPER.draw("चाय", 200, 30, bold=False)
    assert paint("茶", 48, 24, False) == Painter(*(FONTS / name for name in PAPER_FONTS))("茶", 48, 24, False)
    assert paint("中" + "\u0b95", 48, 24, False) is None
