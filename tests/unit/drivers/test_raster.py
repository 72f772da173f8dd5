"""Text as dots, with the font that comes inside Pillow (Latin only): no font of the machine is needed."""

from PIL import ImageFont

from drivers.raster import Painter


def latin() -> bytes:
    font = ImageFont.load_default(20)
    assert isinstance(font, ImageFont.FreeTypeFont)
    data = font.font_bytes
    assert isinstance(data, bytes)
    return data


def ink(rows: tuple[int, ...]) -> int:
    return sum(row.bit_count() for row in rows)


def test_text_fills_exactly_its_box() -> None:
    picture = Painter(latin())("Total", 60, 24, False)
    assert picture is not None
    assert (picture.width, len(picture.rows)) == (60, 24)
    assert 60 < ink(picture.rows) < 60 * 24 // 2
    assert all(row < 1 << 60 for row in picture.rows)


def test_long_text_is_squeezed_into_its_box_and_bold_has_more_ink() -> None:
    painter = Painter(latin())
    plain, bold = painter("WWWWWWWW", 48, 24, False), painter("WWWWWWWW", 48, 24, True)
    assert plain is not None
    assert bold is not None
    assert plain.width == 48
    assert any(row & 0xF for row in plain.rows), "the last letter is there"
    assert ink(bold.rows) > ink(plain.rows)


def test_letters_no_font_has_are_told_not_drawn_as_boxes() -> None:
    assert Painter(latin())("नमस्ते", 60, 24, False) is None
    assert Painter()("Total", 60, 24, False) is None
