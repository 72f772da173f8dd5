"""Amounts in big letters from ready dots: no font is opened while a customer waits."""

import struct
import zlib
from functools import cache
from pathlib import Path
from typing import Final

from drivers.printer.bitmap import Bitmap, paste

FONTS: Final = Path(__file__).parent.parent / "data" / "fonts"
_HEAD: Final = struct.Struct("<HBB")  # code point, height, width; then rows of whole bytes
_SPACES: Final = str.maketrans({"\N{NO-BREAK SPACE}": " ", "\N{NARROW NO-BREAK SPACE}": " "})


def amount(text: str, width: int, height: int) -> Bitmap | None:
    """``text`` as large as the box allows; None when it does not fit at all or has a letter no amount has."""
    letters = _letters()
    text = text.translate(_SPACES)
    for size in sorted(letters, reverse=True):
        if size > height or any(char not in letters[size] for char in text):
            continue
        parts, x = [], 0
        for char in text:
            glyph = letters[size][char]
            parts.append((x, glyph))
            x += glyph.width
        if 0 < x <= width:
            return paste(x, size, parts)
    return None


@cache
def _letters() -> dict[int, dict[str, Bitmap]]:
    """By height, by character. About a hundred kilobytes, unpacked in a few milliseconds."""
    data = zlib.decompress((FONTS / "digits.bin").read_bytes())
    letters: dict[int, dict[str, Bitmap]] = {}
    at = 0
    while at < len(data):
        point, height, width = _HEAD.unpack_from(data, at)
        at += _HEAD.size
        stride = (width + 7) // 8
        pad = stride * 8 - width
        rows = tuple(
            int.from_bytes(data[row : row + stride], "big") >> pad
            for row in range(at, at + stride * height, stride)
        )
        letters.setdefault(height, {})[chr(point)] = Bitmap(width, rows)
        at += stride * height
    return letters
