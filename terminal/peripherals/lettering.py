"""Words of any script as dots: measured, wrapped and centred. Slow the first time; never on the loop's thread."""

import unicodedata
from collections.abc import Iterator
from functools import reduce
from operator import or_
from typing import Final

from drivers.printer.bitmap import Bitmap, Paint, inked, paste
from drivers.printer.charset import clean
from drivers.printer.scripts import breakable, joined

MEASURE_DOTS: Final = 2400  # wider text is cut off: a caption is no book
MARGIN: Final = 4
SQUEEZED: Final = 60  # hundredths of its width at least: narrower letters are nobody's to read


def line(text: str, width: int, height: int, paint: Paint) -> Bitmap:
    """One centred line; text that is too wide is squeezed, then shortened; letters no font has are left out."""
    drawn, room = _drawn(text, height, paint), width - 2 * MARGIN
    if _too_wide(drawn, width):
        text = _shortened(text, room * 100 // SQUEEZED, drawn.width)
        drawn = _drawn(text, height, paint)
    if drawn.width > room:
        drawn = paint(_known(text, height, paint), room, height, False) or _cut(drawn, room)
    return paste(width, height, [((width - drawn.width) // 2, drawn)])


def wrapped(text: str, width: int, height: int, most: int, paint: Paint) -> list[Bitmap]:
    """At most ``most`` centred lines of ``height`` dots; the last takes what is left over."""
    return [line(each, width, height, paint) for each in broken(text, width, height, most, paint)]


def shortened(lines: list[str], width: int, height: int, paint: Paint) -> bool:
    """Whether one of them is too wide to be drawn whole."""
    return any(_too_wide(_drawn(each, height, paint), width) for each in lines)


def _too_wide(drawn: Bitmap, width: int) -> bool:
    return drawn.width * SQUEEZED > (width - 2 * MARGIN) * 100


def broken(text: str, width: int, height: int, most: int, paint: Paint) -> list[str]:
    """The lines that ``wrapped`` draws."""
    lines: list[str] = []
    held = ""
    for piece in _pieces(clean(text)):
        joined = held + piece
        if held.strip() and len(lines) < most - 1 and _width(joined.strip(), height, paint) > width - 2 * MARGIN:
            lines.append(held.strip())
            joined = piece
        held = joined
    if held.strip():
        lines.append(held.strip())
    return lines


def _pieces(text: str) -> Iterator[str]:
    """Where a line may break: after a space, and where paper may."""
    held = ""
    for char in text:
        if held and (held[-1] == " " or breakable(held[-1], char)):
            yield held
            held = ""
        held += char
    if held:
        yield held


def _shortened(text: str, room: int, width: int) -> str:
    keep = max(len(text) * room // width - 1, 1)
    while keep > 1 and unicodedata.category(text[keep])[0] == "M":  # a letter keeps its marks
        keep -= 1
    return text[:keep].rstrip() + "…"


def _width(text: str, height: int, paint: Paint) -> int:
    return _drawn(text, height, paint).width


def _known(text: str, height: int, paint: Paint) -> str:
    """What some font has."""
    return "".join(char for char in text if char.isspace() or paint(char, 2 * height, height, False) is not None)


def _drawn(text: str, height: int, paint: Paint) -> Bitmap:
    """The text without the white around it; letter by letter when no single font has all of it.

    Letters that join or stack never stand alone: what no font has is taken from between them.
    """
    whole = paint(text, MEASURE_DOTS, height, False)
    if whole is None and joined(text):
        whole = paint(_known(text, height, paint), MEASURE_DOTS, height, False)
    if whole is not None:
        return inked(whole)
    parts, x = [], 0
    for char in text:
        glyph = paint(char, 2 * height, height, False)
        if glyph is not None:
            glyph = _trimmed(glyph)
            parts.append((x, glyph))
            x += glyph.width + 1 if not char.isspace() else height // 3
    return paste(max(x, 1), height, parts)


def _trimmed(bitmap: Bitmap) -> Bitmap:
    ink = reduce(or_, bitmap.rows, 0)
    if not ink:
        return Bitmap(1, (0,) * len(bitmap.rows))
    right = (ink & -ink).bit_length() - 1
    return Bitmap(bitmap.width - right, tuple(row >> right for row in bitmap.rows))


def _cut(bitmap: Bitmap, width: int) -> Bitmap:
    return Bitmap(width, tuple(row >> bitmap.width - width for row in bitmap.rows))
