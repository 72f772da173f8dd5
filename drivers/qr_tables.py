"""What a QR code is made of before any text is known: block sizes, function patterns, masks, bit order.

Source: ISO/IEC 18004:2015, tables 1 and 9, annexes C, D and E. Modules are numbered row by row from the top
left; a symbol is one integer whose most significant bit is module 0.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, zip_longest
from operator import itemgetter
from typing import Final, Literal

Level = Literal["L", "M", "Q", "H"]
VERSIONS: Final = range(1, 41)

# Table 9: error correction codewords per block, and number of blocks, by version from 1.
_PARITY: Final[dict[str, bytes]] = {
    "L": bytes.fromhex("070a0f141a1214181e1214181a1e16181c1e1c1c1c1c1e1e1a1c1e1e1e1e1e1e1e1e1e1e1e1e1e1e"),
    "M": bytes.fromhex("0a101a1218101216161a1e161618181c1c1a1a1a1a1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c"),
    "Q": bytes.fromhex("0d16121a1218121614181c1a18141e181c1c1a1e1c1e1e1e1e1c1e1e1e1e1e1e1e1e1e1e1e1e1e1e"),
    "H": bytes.fromhex("111c1610161c1a1a181c181c1618181e1c1c1a1c1e181e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e"),
}
_BLOCKS: Final[dict[str, bytes]] = {
    "L": bytes.fromhex("01010101010202020204040404040606060607080809090a0c0c0c0d0e0f10111213131415161819"),
    "M": bytes.fromhex("01010102020404040505050809090a0a0b0d0e10111112141517191a1c1d1f21232526282b2d2f31"),
    "Q": bytes.fromhex("01010202040406060808080a0c100c11101215141717191b1d22222326282b2d303335383b3e4144"),
    "H": bytes.fromhex("010102040404050608080b0b101012101315191919221e202325282a2d303336393c3f42464a4d51"),
}
_LEVEL_BITS: Final = {"L": 1, "M": 0, "Q": 3, "H": 2}

_MASKS: Final[tuple[Callable[[int, int], int], ...]] = (  # dark where zero; row and column
    lambda i, j: (i + j) % 2,
    lambda i, _: i % 2,
    lambda _, j: j % 3,
    lambda i, j: (i + j) % 3,
    lambda i, j: (i // 2 + j // 3) % 2,
    lambda i, j: i * j % 2 + i * j % 3,
    lambda i, j: (i * j % 2 + i * j % 3) % 2,
    lambda i, j: ((i + j) % 2 + i * j % 3) % 2,
)
_MASK_PERIOD: Final = 12  # of all eight, in both directions


Place = Callable[[str], Sequence[str]]


@dataclass(frozen=True, slots=True)
class Frame:
    """Bit masks of one size that the penalty rules need."""

    size: int
    count: int
    full: int
    left: int  # column 0
    top: int  # row 0
    bottom: int  # last row
    inside_across: int  # columns 10 and on: the last module of eleven in one row
    inside_down: int


@dataclass(frozen=True, slots=True)
class Template:
    """Everything about one version and level that does not depend on the text."""

    frame: Frame
    data_codewords: int
    blocks: tuple[tuple[int, int], ...]  # start and end in the data codewords
    parity: int  # codewords per block
    place: Place  # bits of data, then parity block by block, then "0" -> all modules
    masks: tuple[int, ...]  # function patterns, format information and mask, by mask number


def codewords(version: int) -> int:
    """All codewords of a version, data and parity."""
    modules = (16 * version + 128) * version + 64
    if version > 1:
        count = version // 7 + 2
        modules -= (25 * count - 10) * count - 55
        if version >= 7:
            modules -= 36
    return modules // 8


def data_codewords(version: int, level: Level) -> int:
    return codewords(version) - _PARITY[level][version - 1] * _BLOCKS[level][version - 1]


@lru_cache(maxsize=160)
def template(version: int, level: Level) -> Template:
    """Built on first use (a few milliseconds), then kept: there are 160 at most."""
    size = 17 + 4 * version
    fixed, dark = _function_patterns(version, size)
    frame = _frame(size)
    blocks, order, parity = _interleaving(version, level)
    unused = len(order) * 8  # index of the "0" behind the last bit
    source = [unused] * frame.count
    for number, module in enumerate(m for m in _zigzag(size) if not fixed[m]):
        if number < unused:
            source[module] = order[number // 8] * 8 + number % 8
    place: Place = itemgetter(*source)
    free = int("".join("01"[not f] for f in fixed), 2)
    shape = int(dark.translate(b"01" + bytes(254)), 2)
    masks = tuple(
        shape | (_mask(size, number) & free) | _format(size, _LEVEL_BITS[level] << 3 | number)
        for number in range(8)
    )
    return Template(frame, data_codewords(version, level), blocks, parity, place, masks)


def _frame(size: int) -> Frame:
    count = size * size
    row = (1 << size) - 1
    every_row = sum(1 << size * index for index in range(size))
    full = (1 << count) - 1
    return Frame(
        size,
        count,
        full,
        left=every_row << size - 1,
        top=row << count - size,
        bottom=row,
        inside_across=every_row * ((1 << size - 10) - 1),
        inside_down=full >> 10 * size,
    )


def _interleaving(version: int, level: Level) -> tuple[tuple[tuple[int, int], ...], list[int], int]:
    """Blocks of the data, the order in which codewords are placed, parity codewords per block (7.6)."""
    parity, count = _PARITY[level][version - 1], _BLOCKS[level][version - 1]
    data = data_codewords(version, level)
    short, longer = divmod(data, count)
    lengths = [short + (number >= count - longer) for number in range(count)]
    ends = list(accumulate(lengths))
    blocks = tuple((end - length, end) for end, length in zip(ends, lengths, strict=True))
    columns = zip_longest(*(range(start, end) for start, end in blocks))
    order = [codeword for column in columns for codeword in column if codeword is not None]
    order += [data + block * parity + index for index in range(parity) for block in range(count)]
    return blocks, order, parity


def _zigzag(size: int) -> list[int]:
    """Modules in the order of placement: column pairs from the right, up and down in turn (7.7.3)."""
    order: list[int] = []
    for turn, right in enumerate([*range(size - 1, 6, -2), 5, 3, 1]):
        rows = range(size) if turn % 2 else range(size - 1, -1, -1)
        for row in rows:
            order += (row * size + right, row * size + right - 1)
    return order


def _function_patterns(version: int, size: int) -> tuple[bytearray, bytearray]:
    """Which modules carry no data, and which of them are always dark. Format modules stay light here."""
    fixed, dark = bytearray(size * size), bytearray(size * size)

    def put(row: int, column: int, value: bool) -> None:
        if 0 <= row < size and 0 <= column < size:
            fixed[row * size + column], dark[row * size + column] = 1, value

    for index in range(size):
        put(6, index, index % 2 == 0)
        put(index, 6, index % 2 == 0)
    for row, column in _alignment_centres(version, size):
        for y in range(-2, 3):
            for x in range(-2, 3):
                put(row + y, column + x, max(abs(x), abs(y)) != 1)
    for index in range(9):  # format information, drawn with the mask
        put(8, index, False)
        put(index, 8, False)
        if index < 8:
            put(8, size - 1 - index, False)
            put(size - 1 - index, 8, False)
    for row, column in ((3, 3), (3, size - 4), (size - 4, 3)):
        for y in range(-4, 5):
            for x in range(-4, 5):
                put(row + y, column + x, max(abs(x), abs(y)) not in (2, 4))
    put(6, 8, True)  # the ends of the timing lines again, where the format loop passed over them
    put(8, 6, True)
    put(size - 8, 8, True)
    if version >= 7:
        bits = version << 12 | _remainder(version, 12, 0x1F25)
        for index in range(18):
            put(index // 3, size - 11 + index % 3, bool(bits >> index & 1))
            put(size - 11 + index % 3, index // 3, bool(bits >> index & 1))
    return fixed, dark


def _alignment_centres(version: int, size: int) -> list[tuple[int, int]]:
    if version == 1:
        return []
    count = version // 7 + 2
    step = 26 if version == 32 else (version * 4 + count * 2 + 1) // (count * 2 - 2) * 2
    ends = [6, *reversed([size - 7 - index * step for index in range(count - 1)])]
    corners = {(6, 6), (6, size - 7), (size - 7, 6)}
    return [(row, column) for row in ends for column in ends if (row, column) not in corners]


def _mask(size: int, number: int) -> int:
    rule = _MASKS[number]
    repeats = size // _MASK_PERIOD + 1
    rows = [
        ("".join("10"[rule(row, column) != 0] for column in range(_MASK_PERIOD)) * repeats)[:size]
        for row in range(_MASK_PERIOD)
    ]
    return int("".join((rows * repeats)[:size]), 2)


def _format(size: int, value: int) -> int:
    """Both copies of the format information (7.9), as dark modules."""
    bits = (value << 10 | _remainder(value, 10, 0x537)) ^ 0x5412
    first = [(row, 8) for row in (0, 1, 2, 3, 4, 5, 7, 8)] + [(8, column) for column in (7, 5, 4, 3, 2, 1, 0)]
    second = [(8, size - 1 - index) for index in range(8)] + [(size - 7 + index, 8) for index in range(7)]
    dark = 0
    for places in (first, second):
        for index, (row, column) in enumerate(places):
            if bits >> index & 1:
                dark |= 1 << size * size - 1 - (row * size + column)
    return dark


def _remainder(value: int, degree: int, polynomial: int) -> int:
    rest = value << degree
    while rest.bit_length() > degree:
        rest ^= polynomial << rest.bit_length() - degree - 1
    return rest
