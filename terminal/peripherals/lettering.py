"""Words of any script as dots: measured, wrapped and centred. Slow the first time; never on the loop's thread."""

import unicodedata
from collections.abc import Iterator
from functools import reduce
from operator import or_
from typing import Final

from drivers.printer.bitmap import Bitmap, Paint, paste
from drivers.printer.charset import clean

MEASURE_DOTS: Final = 2400  # wider text is cut off: a caption is no book
MARGIN: Final = 4


def line(text: str, width: int, height: int, paint: Paint) -> Bitmap:
    """One centred line; text that is too wide is squeezed, letters no font has are left out."""
    drawn = _drawn(text, height, paint)
    room = width - 2 * MARGIN
    if drawn.width > room:
        drawn = paint(text, room, height, False) or Bitmap(room, drawn.rows and _cut(drawn, room).rows)
    return paste(width, height, [((width - drawn.width) // 2, drawn)])


def wrapped(text: str, width: int, height: int, most: int, paint: Paint) -> list[Bitmap]:
    """At most ``most`` centred lines of ``height`` dots; the last takes what is left over, squeezed."""
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
    return [line(each, width, height, paint) for each in lines]


def _pieces(text: str) -> Iterator[str]:
    """Where a line may break: after a space, after a wide character."""
    held = ""
    for char in text:
        held += char
        if char == " " or unicodedata.east_asian_width(char) in "WF":
            yield held
            held = ""
    if held:
        yield held


def _width(text: str, height: int, paint: Paint) -> int:
    return _drawn(text, height, paint).width


def _drawn(text: str, height: int, paint: Paint) -> Bitmap:
    """The text without the white around it; letter by letter when no single font has all of it."""
    whole = paint(text, MEASURE_DOTS, height, False)
    if whole is not None:
        return _trimmed(whole)
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
