"""Captions as pixels: 1-bit pictures cut and packed into TILE frames. Pure."""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from drivers.display.cobs import PAYLOAD_MAX

_HEAD: Final = struct.Struct("<IHHHHB")  # screen id, x, y, width, height, flags
PACKED: Final = 0x01
ON_SCREEN_COLOUR: Final = 0x02  # white on the colour of a result instead of black on white
_DATA_MAX: Final = PAYLOAD_MAX - _HEAD.size
_RUN_MAX: Final = 128
_RUNS: Final = re.compile(rb"(.)\1{1,127}", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Tile:
    """A 1-bit picture for a place on the glass.

    ``rows``: ``height`` rows of ceil(width / 8) bytes, 1 = ink, first pixel in the highest bit, last byte filled
    up with zeros. On a screen with a code it must stay outside the square of the glass's short side.
    """

    x: int
    y: int
    width: int
    height: int
    rows: bytes
    on_screen_colour: bool = False

    def __post_init__(self) -> None:
        assert len(self.rows) == self.stride * self.height, "rows do not fit width and height"
        assert self.stride <= _DATA_MAX // 2, "a row must fit a frame"

    @property
    def stride(self) -> int:
        return (self.width + 7) // 8


def payloads(tile: Tile, screen_id: int) -> Iterator[bytes]:
    """The TILE payloads that paint ``tile``: as many rows in each as fit once packed."""
    top = 0
    while top < tile.height:
        count = tile.height - top
        data, flags = _smallest(tile, top, count)
        while len(data) > _DATA_MAX:
            count = max(1, min(count - 1, count * _DATA_MAX // len(data)))
            data, flags = _smallest(tile, top, count)
        flags |= ON_SCREEN_COLOUR if tile.on_screen_colour else 0
        yield _HEAD.pack(screen_id, tile.x, tile.y + top, tile.width, count, flags) + data
        top += count


def _smallest(tile: Tile, top: int, count: int) -> tuple[bytes, int]:
    raw = tile.rows[top * tile.stride : (top + count) * tile.stride]
    packed = pack_bits(raw)
    return (packed, PACKED) if len(packed) < len(raw) else (raw, 0)


@lru_cache(maxsize=64)  # the shop's name is the same on every code
def pack_bits(data: bytes) -> bytes:
    """Run-length code: TIFF 6.0, section 9, PackBits, over the whole of ``data`` at once."""
    out = bytearray()
    literal = 0  # start of bytes not yet written
    for found in _RUNS.finditer(data):
        at, end = found.span()
        if end - at >= 3 or literal == at:
            _write_literal(out, data[literal:at])
            out += bytes((257 - (end - at), data[at]))
            literal = end
    _write_literal(out, data[literal:])
    return bytes(out)


def _write_literal(out: bytearray, data: bytes) -> None:
    for at in range(0, len(data), _RUN_MAX):
        part = data[at : at + _RUN_MAX]
        out.append(len(part) - 1)
        out += part
