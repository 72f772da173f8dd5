"""Where a QR code keeps its data: function patterns, zigzag, masks and blocks, from the standard's tables.

Source: ISO/IEC 18004:2015, 6.3 (patterns), 7.7.3 (placement), 7.8.2 (masks), table 9 (blocks), annex E
(alignment). Written for the lab's reader alone, so that a code our own encoder gets wrong is not read by the
same mistake.
"""

from collections.abc import Callable, Iterator
from typing import Final

LEVELS: Final = "MLHQ"  # in the order of the two bits of the format information

_PARITY: Final = {  # parity codewords a block, versions 1 to 40
    "L": "7 10 15 20 26 18 20 24 30 18 20 24 26 30 22 24 28 30 28 28 28 28 30 30 26 28" + " 30" * 14,
    "M": "10 16 26 18 24 16 18 22 22 26 30 22 22 24 24 28 28 26 26 26 26" + " 28" * 19,
    "Q": "13 22 18 26 18 24 18 22 20 24 28 26 24 20 30 24 28 28 26 30 28 30 30 30 30 28" + " 30" * 14,
    "H": "17 28 22 16 22 28 26 26 24 28 24 28 22 24 24 30 28 28 26 28 30 24" + " 30" * 18,
}
_BLOCKS: Final = {
    "L": "1 1 1 1 1 2 2 2 2 4 4 4 4 4 6 6 6 6 7 8 8 9 9 10 12 12 12 13 14 15 16 17 18 19 19 20 21 22 24 25",
    "M": "1 1 1 2 2 4 4 4 5 5 5 8 9 9 10 10 11 13 14 16 17 17 18 20 21 23 25 26 28 29 31 33 35 37 38 40 43 45 47 "
    "49",
    "Q": "1 1 2 2 4 4 6 6 8 8 8 10 12 16 12 17 16 18 21 20 23 23 25 27 29 34 34 35 38 40 43 45 48 51 53 56 59 62 "
    "65 68",
    "H": "1 1 2 4 4 4 5 6 8 8 11 11 16 16 18 16 19 21 25 25 25 34 30 32 35 37 40 42 45 48 51 54 57 60 63 66 70 74 "
    "77 81",
}

MASKS: Final[tuple[Callable[[int, int], bool], ...]] = (  # row i, column j: whether the module is turned
    lambda i, j: (i + j) % 2 == 0,
    lambda i, j: i % 2 == 0,  # noqa: ARG005  # one shape for all eight
    lambda i, j: j % 3 == 0,  # noqa: ARG005  # as above
    lambda i, j: (i + j) % 3 == 0,
    lambda i, j: (i // 2 + j // 3) % 2 == 0,
    lambda i, j: i * j % 2 + i * j % 3 == 0,
    lambda i, j: (i * j % 2 + i * j % 3) % 2 == 0,
    lambda i, j: ((i + j) % 2 + i * j % 3) % 2 == 0,
)


def split_blocks(codewords: bytes, version: int, level: str) -> list[tuple[bytes, bytes]]:
    """The interleaved codewords as blocks of data and parity (7.6): short blocks first, one byte less."""
    blocks = int(_BLOCKS[level].split()[version - 1])
    parity = int(_PARITY[level].split()[version - 1])
    short, longer = divmod(len(codewords) - blocks * parity, blocks)
    lengths = [short + (number >= blocks - longer) for number in range(blocks)]
    data: list[bytearray] = [bytearray() for _ in lengths]
    at = 0
    for place in range(short + 1):
        for number, length in enumerate(lengths):
            if place < length:
                data[number].append(codewords[at])
                at += 1
    rest = codewords[at:]
    return [(bytes(block), rest[number::blocks]) for number, block in enumerate(data)]


def alignment(version: int) -> list[int]:
    """Centres of alignment patterns along one side (annex E); every pair is one but three at the finders."""
    if version == 1:
        return []
    count = version // 7 + 2
    step = 26 if version == 32 else (version * 8 + count * 3 + 5) // (count * 4 - 4) * 2
    last = 17 + 4 * version - 7
    return [6, *(last - step * (count - 2 - number) for number in range(count - 1))]


def function_modules(version: int) -> set[tuple[int, int]]:
    """Every (row, column) that carries no data."""
    size = 17 + 4 * version
    taken = {(6, at) for at in range(size)} | {(at, 6) for at in range(size)}
    for row, column in ((0, 0), (0, size - 8), (size - 8, 0)):
        extra = (row == 0, column == 0)  # format information lies inside the corner's ninth line
        taken |= {(row + i, column + j) for i in range(8 + extra[0]) for j in range(8 + extra[1])}
    centres = alignment(version)
    for row in centres:
        for column in centres:
            if (row, column) not in {(6, 6), (6, size - 7), (size - 7, 6)}:
                taken |= {(row + i, column + j) for i in range(-2, 3) for j in range(-2, 3)}
    if version >= 7:
        block = {(i, size - 11 + j) for i in range(6) for j in range(3)}
        taken |= block | {(column, row) for row, column in block}
    return taken


def zigzag(version: int) -> Iterator[tuple[int, int]]:
    """Places of data modules in their order: two columns at a time from the right, up, then down."""
    size, taken = 17 + 4 * version, function_modules(version)
    upwards = True
    for right in [*range(size - 1, 6, -2), *range(5, 0, -2)]:
        for row in range(size - 1, -1, -1) if upwards else range(size):
            for column in (right, right - 1):
                if (row, column) not in taken:
                    yield row, column
        upwards = not upwards


def format_places(size: int) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Both copies of the 15 format bits, most significant first (7.9.1)."""
    around = [(8, j) for j in (0, 1, 2, 3, 4, 5, 7, 8)] + [(i, 8) for i in (7, 5, 4, 3, 2, 1, 0)]
    apart = [(size - 1 - i, 8) for i in range(7)] + [(8, size - 8 + j) for j in range(8)]
    return around, apart


def format_words() -> dict[int, tuple[str, int]]:
    """The 32 possible format words with the level and mask each stands for (7.9.1, BCH (15,5))."""
    words = {}
    for data in range(32):
        rest = data << 10
        for bit in range(14, 9, -1):
            if rest >> bit & 1:
                rest ^= 0b10100110111 << (bit - 10)
        words[(data << 10 | rest) ^ 0b101010000010010] = (LEVELS[data >> 3], data & 7)
    return words


__all__ = ["MASKS", "format_places", "format_words", "split_blocks", "zigzag"]
