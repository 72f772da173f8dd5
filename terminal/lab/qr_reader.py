"""The customer's phone: reads a QR code from what is really on the glass, or refuses.

It corrects nothing: a glass of our own has no dirt, so a code that needs correction is a code drawn wrong, and
the lab must show that. Written from ISO/IEC 18004:2015 (7.4 modes, 7.5 parity), not from our encoder.
"""

from typing import Final

from terminal.lab.qr_layout import MASKS, format_places, format_words, split_blocks, zigzag

_SIGNS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
_NUMERIC, _ALPHANUMERIC, _BYTES, _ECI = 1, 2, 4, 7
_WIDTHS: Final = {_NUMERIC: (10, 12, 14), _ALPHANUMERIC: (9, 11, 13), _BYTES: (8, 16, 16)}
_DARK_BELOW: Final = 128
_DARK_IS_INK: Final = bytes(value < _DARK_BELOW for value in range(256))
_LIGHT_IS_INK: Final = bytes(value >= _DARK_BELOW for value in range(256))
Rows = list[list[bool]]


class NotReadable(Exception):
    """There is no code, or not one a phone would accept; the text says why."""


def read_picture(width: int, height: int, grey: bytes) -> str:
    """What a phone held before the glass reads.

    Args:
        grey: one brightness byte a pixel, row by row, 0 dark. The code stands upright somewhere in the square
            of the short side, whole pixels a module.

    Raises:
        NotReadable: as it says.
    """
    side = min(width, height)
    flip = grey[0] < _DARK_BELOW  # the quiet zone's colour is the light one, whichever it is
    dark = grey.translate(_LIGHT_IS_INK if flip else _DARK_IS_INK)
    lines = [dark[y * width : y * width + side] for y in range(side)]
    inked = [y for y, line in enumerate(lines) if 1 in line]
    if not inked:
        raise NotReadable("nothing is shown")
    left = min(lines[y].index(1) for y in inked)
    right = max(lines[y].rindex(1) for y in inked) + 1
    top, bottom = inked[0], inked[-1] + 1
    run = lines[top][left:].find(0)  # the upper edge of the first finder is seven modules
    scale, odd = divmod(run, 7)
    if odd or scale < 1 or right - left != bottom - top or (right - left) % scale:
        raise NotReadable("what is shown is no code")
    half = scale // 2
    rows = [
        [bool(lines[y][x]) for x in range(left + half, right, scale)] for y in range(top + half, bottom, scale)
    ]
    return read_modules(rows)


def read_modules(rows: Rows) -> str:
    """The text of a symbol, True for dark, without its quiet zone. Raises NotReadable."""
    version, odd = divmod(len(rows) - 17, 4)
    if odd or not 1 <= version <= 40 or any(len(row) != len(rows) for row in rows):
        raise NotReadable(f"{len(rows)} modules is no size of a code")
    level, mask = _format(rows)
    turned = MASKS[mask]
    bits = "".join("01"[rows[i][j] != turned(i, j)] for i, j in zigzag(version))
    codewords = bytes(int(bits[at : at + 8], 2) for at in range(0, len(bits) - 7, 8))
    data = bytearray()
    for block, parity in split_blocks(codewords, version, level):
        _check(block + parity, len(parity))
        data += block
    return _text(bytes(data), version)


def _format(rows: Rows) -> tuple[str, int]:
    words = format_words()
    for places in format_places(len(rows)):
        word = int("".join("01"[rows[i][j]] for i, j in places), 2)
        if word in words:
            return words[word]
    raise NotReadable("the format information is damaged")


def _check(block: bytes, parity: int) -> None:
    """Reed-Solomon: the block is a multiple of the generator exactly when all its syndromes are zero."""
    for root in range(parity):
        value = 0
        for byte in block:
            value = _times_power(value, root) ^ byte
        if value:
            raise NotReadable("the code is damaged")


def _powers() -> tuple[list[int], list[int]]:
    power, log = [1] * 255, [0] * 256
    for exponent in range(1, 255):
        doubled = power[exponent - 1] << 1
        power[exponent] = doubled ^ 0b100011101 if doubled > 255 else doubled
    for exponent, value in enumerate(power):
        log[value] = exponent
    return power, log


_POWER, _LOG = _powers()


def _times_power(value: int, exponent: int) -> int:
    return _POWER[(_LOG[value] + exponent) % 255] if value else 0


class _Bits:
    def __init__(self, data: bytes) -> None:
        self._text = "".join(f"{byte:08b}" for byte in data)
        self._at = 0

    @property
    def left(self) -> int:
        return len(self._text) - self._at

    def take(self, count: int) -> int:
        if count > self.left:
            raise NotReadable("the code ends in the middle")
        self._at += count
        return int(self._text[self._at - count : self._at], 2)


def _text(data: bytes, version: int) -> str:
    bits, out = _Bits(data), bytearray()
    group = (version > 9) + (version > 26)
    while bits.left >= 4 and (mode := bits.take(4)):
        if mode == _ECI:
            if bits.take(8) not in (3, 26):  # ISO 8859-1 and UTF-8 in their one-byte form
                raise NotReadable("a character set that phones do not have")
            continue
        if mode not in _WIDTHS:
            raise NotReadable(f"mode {mode} is not for payment codes")
        count = bits.take(_WIDTHS[mode][group])
        out += _segment(bits, mode, count)
    try:
        return out.decode()
    except UnicodeDecodeError:
        return out.decode("latin-1")


def _segment(bits: _Bits, mode: int, count: int) -> bytes:
    if mode == _BYTES:
        return bytes(bits.take(8) for _ in range(count))
    if mode == _NUMERIC:
        whole, rest = divmod(count, 3)
        text = "".join(f"{bits.take(10):03d}" for _ in range(whole))
        return (text + (f"{bits.take(1 + 3 * rest):0{rest}d}" if rest else "")).encode()
    text = ""
    for _ in range(count // 2):
        high, low = divmod(bits.take(11), 45)
        if high > 44:
            raise NotReadable("a pair of letters that does not exist")
        text += _SIGNS[high] + _SIGNS[low]
    if count % 2:
        last = bits.take(6)
        if last > 44:
            raise NotReadable("a letter that does not exist")
        text += _SIGNS[last]
    return text.encode()
