"""Black and white dots, and the ESC/POS commands that print them."""

from collections.abc import Callable, Iterator
from functools import reduce
from operator import or_
from typing import Final, NamedTuple

from drivers.printer.document import Modules

SLICE_BYTES: Final = 512  # a raster command longer than this is cut into strips
_REAL_TIME: Final = (0x04, 0x05, 0x14)  # after 10: status, recovery, drawer pulse


class Bitmap(NamedTuple):
    """``rows`` from the top, each an integer of ``width`` bits, the leftmost dot highest; 1 is black."""

    width: int
    rows: tuple[int, ...]


Paint = Callable[[str, int, int, bool], Bitmap | None]
"""(text, width in dots, height in dots, bold) -> exactly that box, or None when the font lacks the text."""


def harmless(data: bytes) -> bytes:
    """Break up every 10 04, 10 05 and 10 14: printers obey them even inside a picture. One dot each.

    Source: Epson TM-U220 and TM-T90 specifications, notes to the real-time commands.
    """
    if 0x10 not in data:
        return data
    safe = bytearray(data)
    for index in range(1, len(safe)):
        if safe[index - 1] == 0x10 and safe[index] in _REAL_TIME:
            safe[index] ^= 0x02
    return bytes(safe)


def raster(bitmap: Bitmap, *, doubled: bool = False) -> Iterator[bytes]:
    """``1D 76 30 m xL xH yL yH`` and dots, in strips; ``doubled``: the printer doubles both directions."""
    row_bytes = (bitmap.width + 7) // 8
    pad = row_bytes * 8 - bitmap.width
    strip = max(1, min(255, (SLICE_BYTES - 8) // row_bytes))
    for start in range(0, len(bitmap.rows), strip):
        rows = bitmap.rows[start : start + strip]
        data = b"".join([(row << pad).to_bytes(row_bytes, "big") for row in rows])
        sizes = row_bytes.to_bytes(2, "little") + len(rows).to_bytes(2, "little")
        yield b"\x1dv0" + (b"\x03" if doubled else b"\x00") + sizes + harmless(data)


def columns(bitmap: Bitmap) -> Iterator[bytes]:
    """``1B 2A 21 nL nH`` (24 dots high) and columns of three bytes: a picture inside a text line."""
    assert len(bitmap.rows) == 24, "one text line is 24 dots high"
    data = bytearray()
    for bit in range(bitmap.width - 1, -1, -1):
        column = 0
        for row in bitmap.rows:
            column = column << 1 | (row >> bit & 1)
        data += column.to_bytes(3, "big")
    yield b"\x1b*\x21" + bitmap.width.to_bytes(2, "little") + harmless(bytes(data))


def _widened(bits: str, scale: int) -> int:
    """Each bit ``scale`` times. As a digit 0 or 1 of base 2^scale that is one multiplication away."""
    base = 1 << scale
    if base <= 36:  # the largest that Python reads
        return int(bits, base) * (base - 1)
    return int(bits.replace("0", "0" * scale).replace("1", "1" * scale), 2)


def symbol(modules: Modules, scale: int, quiet: int = 4) -> Bitmap:
    """The QR symbol with its quiet zone at the sides; above and below the paper is white anyway."""
    size, white = modules.size, quiet * scale
    bits = f"{int.from_bytes(modules.packed, 'big'):0{len(modules.packed) * 8}b}"
    rows: list[int] = []
    for start in range(0, size * size, size):
        rows += [_widened(bits[start : start + size], scale) << white] * scale
    return Bitmap((modules.size + 2 * quiet) * scale, tuple(rows))


def trimmed(bitmap: Bitmap) -> Bitmap:
    """Without the white at its right, at least one dot wide: fewer bytes, the same paper."""
    ink = reduce(or_, bitmap.rows, 0)
    white = min((ink & -ink).bit_length() - 1 if ink else bitmap.width, bitmap.width - 1)
    return Bitmap(bitmap.width - white, tuple(row >> white for row in bitmap.rows))


def narrowed(bitmap: Bitmap, width: int) -> Bitmap:
    """No wider than the paper: the same part is cut off at both sides."""
    over = bitmap.width - width
    if over <= 0:
        return bitmap
    mask = (1 << width) - 1
    return Bitmap(width, tuple(row >> over - over // 2 & mask for row in bitmap.rows))


def inked(bitmap: Bitmap) -> Bitmap:
    """Without the white at both sides."""
    ink = reduce(or_, bitmap.rows, 0)
    return trimmed(Bitmap(max(ink.bit_length(), 1), bitmap.rows)) if ink else trimmed(bitmap)


def paste(width: int, height: int, parts: list[tuple[int, Bitmap]]) -> Bitmap:
    """One picture from several, each with its left edge in dots; what sticks out is cut off."""
    rows = [0] * height
    for left, part in parts:
        shift = width - left - part.width
        for index, row in enumerate(part.rows[:height]):
            rows[index] |= row << shift if shift >= 0 else row >> -shift
    return Bitmap(width, tuple(rows))
