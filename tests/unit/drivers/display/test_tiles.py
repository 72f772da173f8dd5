"""Captions: packed small, cut to frames, and put together again by the firmware's own unpacker."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.display.cobs import PAYLOAD_MAX
from drivers.display.tiles import Tile, pack_bits, payloads
from firmware_stubs.display_drawing import unpack_bits

PIECES = st.lists(st.tuples(st.binary(min_size=1, max_size=3), st.integers(1, 300)), max_size=12)


def test_packbits_as_its_specification_shows() -> None:
    plain = bytes.fromhex("AAAAAA80002AAAAAAAAA80002A22AAAAAAAAAAAAAAAAAAAA")
    assert pack_bits(plain).hex().upper() == "FEAA0280002AFDAA0380002A22F7AA"


@given(PIECES)
def test_what_is_packed_unpacks_elsewhere(pieces: list[tuple[bytes, int]]) -> None:
    plain = b"".join(data * count for data, count in pieces)
    assert unpack_bits(pack_bits(plain), len(plain)) == plain
    assert len(pack_bits(plain)) <= len(plain) + 1 + len(plain) // 64


@pytest.mark.parametrize("data", [b"\x05ab", b"\x81", b"\x00ab\x00", b"\x00"])
def test_broken_packbits_is_refused(data: bytes) -> None:
    assert unpack_bits(data, 2) is None


@pytest.mark.parametrize("rows", [bytes(30 * 80), bytes(i * 37 % 256 for i in range(30 * 80))])
def test_a_tall_picture_goes_out_in_frames_that_fit(rows: bytes) -> None:
    parts = list(payloads(Tile(0, 240, 240, 80, rows), 7))
    assert all(len(part) <= PAYLOAD_MAX for part in parts)
    again, top = b"", 240
    for part in parts:
        number, x, y, width, height, flags = struct.unpack("<IHHHHB", part[:13])
        assert (number, x, y, width) == (7, 0, top, 240)
        data = unpack_bits(part[13:], height * 30) if flags & 1 else part[13:]
        assert data is not None
        again, top = again + data, top + height
    assert (again, top) == (rows, 320)


def test_an_empty_strip_is_one_small_frame() -> None:
    [part] = payloads(Tile(0, 240, 240, 80, bytes(2400)), 1)
    assert len(part) < 60


def test_rows_that_do_not_fit_are_the_callers_bug() -> None:
    with pytest.raises(AssertionError):
        Tile(0, 0, 9, 2, bytes(3))
