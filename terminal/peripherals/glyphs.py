"""Amounts in big letters from ready dots: no font is opened while a customer waits."""

import struct
import zlib
from functools import cache
from pathlib import Path
from typing import Final

from drivers.printer.bitmap import Bitmap, paste

FONTS: Final = Path(__file__).parent.parent / "data" / "fonts"
HEIGHT_MIN: Final = 14  # dots of the smallest letters
_HEAD: Final = struct.Struct("<HBB")  # code point, height, width; then rows of whole bytes
LOW_TEST: Final = Bitmap(
    23, (0x7DF3DF, 0x110404, 0x110404, 0x11E384, 0x110044, 0x110044, 0x11F784)
)  # TEST in letters of 5 × 7 dots, where no others fit
_SPACES: Final = str.maketrans({"\N{NO-BREAK SPACE}": " ", "\N{NARROW NO-BREAK SPACE}": " "})


def amount(text: str, width: int, height: int) -> Bitmap | None:
    """``text`` as large as the box allows; None when it does not fit at all or has a letter no amount has.

    In a box lower than the smallest letters these stand without the white above and below them, if that fits.
    """
    if height < HEIGHT_MIN:
        low = amount(text, width, HEIGHT_MIN)
        inked = [at for at, row in enumerate(low.rows) if row] if low is not None else []
        rows = low.rows[inked[0] : inked[-1] + 1] if low is not None and inked else ()
        return Bitmap(low.width, rows) if low is not None and 0 < len(rows) <= height else None
    letters = _letters()
    text = text.translate(_SPACES)
    for size in sorted(letters, reverse=True):
        if size > height or any(char not in letters[size] for char in text):
            continue
        parts, x = [], 0
        for char in text:
            glyph = _glyph(size, char)
            parts.append((x, glyph))
            x += glyph.width
        if 0 < x <= width:
            return paste(x, size, parts)
    return None


@cache
def _glyph(height: int, char: str) -> Bitmap:
    """Its rows as numbers, of the letters that are used: all of them would take half a megabyte."""
    width, data = _letters()[height][char]
    stride = (width + 7) // 8
    pad = stride * 8 - width
    rows = (data[row : row + stride] for row in range(0, stride * height, stride))
    return Bitmap(width, tuple(int.from_bytes(each, "big") >> pad for each in rows))


@cache
def _letters() -> dict[int, dict[str, tuple[int, bytes]]]:
    """By height, by character: width, rows of whole bytes. Unpacked in a millisecond."""
    data = zlib.decompress((FONTS / "digits.bin").read_bytes())
    letters: dict[int, dict[str, tuple[int, bytes]]] = {}
    at = 0
    while at < len(data):
        point, height, width = _HEAD.unpack_from(data, at)
        at += _HEAD.size
        end = at + (width + 7) // 8 * height
        letters.setdefault(height, {})[chr(point)] = width, data[at:end]
        at = end
    return letters
