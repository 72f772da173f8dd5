"""Pictures, and what must never stand in them."""

from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.printer.bitmap import (
    SLICE_BYTES,
    Bitmap,
    columns,
    harmless,
    inked,
    narrowed,
    paste,
    raster,
    symbol,
    trimmed,
)
from drivers.printer.document import Modules
from drivers.qr import encode

PICTURES = st.integers(1, 100).flatmap(
    lambda width: st.lists(st.integers(0, (1 << width) - 1), min_size=24, max_size=24).map(
        lambda rows: Bitmap(width, tuple(rows))
    )
)


@settings(deadline=None, derandomize=True)
@given(st.lists(st.sampled_from([0x10, 4, 5, 0x14, 0, 255]), max_size=60).map(bytes))
def test_real_time_sequences_are_broken_up_by_single_dots(data: bytes) -> None:
    safe = harmless(data)
    assert not any(bytes((0x10, n)) in safe for n in (0x04, 0x05, 0x14))
    changed = [(a, b) for a, b in zip(data, safe, strict=True) if a != b]
    assert all((a ^ b).bit_count() == 1 for a, b in changed)


def test_harmless_data_is_left_alone() -> None:
    data = bytes(range(0x11, 0x100)) + b"\x10\x06\x10\x10"
    assert harmless(data) == data


@settings(deadline=None, derandomize=True)
@given(PICTURES)
def test_raster_strips_hold_the_picture(picture: Bitmap) -> None:
    strips = list(raster(picture))
    assert all(len(strip) <= SLICE_BYTES for strip in strips)
    row_bytes = (picture.width + 7) // 8
    assert sum(int.from_bytes(strip[6:8], "little") for strip in strips) == 24
    data = b"".join(strip[8:] for strip in strips)
    assert data == harmless(data)
    assert len(data) == 24 * row_bytes


def test_a_width_that_fills_no_byte_is_white_at_its_right_and_a_strip_is_255_rows_at_most() -> None:
    (narrow,) = raster(Bitmap(9, (0b1_0000_0001,)))
    assert narrow == bytes.fromhex("1D 76 30 00 02 00 01 00 80 80")
    assert next(raster(Bitmap(8, (1,)), doubled=True))[3] == 3
    assert [strip[6:8] for strip in raster(Bitmap(8, (1,) * 256))] == [b"\xff\x00", b"\x01\x00"]
    for width in (8, 200, 384, 576):
        assert max(map(len, raster(Bitmap(width, (1,) * 300)))) <= 512


def test_white_at_the_sides_is_cut_off_and_nothing_else() -> None:
    assert trimmed(Bitmap(8, (0b00011000, 0b00001000))) == Bitmap(5, (0b00011, 0b00001))
    assert inked(Bitmap(8, (0b00011000, 0b00001000))) == Bitmap(2, (0b11, 0b01))
    for full in (Bitmap(8, (0b10000001,)), Bitmap(1, (1,)), Bitmap(1, (0,))):
        assert trimmed(full) == inked(full) == full
    assert trimmed(Bitmap(8, (0, 0))) == inked(Bitmap(8, (0, 0))) == Bitmap(1, (0, 0))
    assert narrowed(Bitmap(8, (0b01111110,)), 4) == Bitmap(4, (0b1111,))
    assert narrowed(Bitmap(5, (0b01010,)), 4) == Bitmap(4, (0b0101,))


def test_columns_are_read_from_top_to_bottom() -> None:
    top_left = Bitmap(2, (0b10,) + (0,) * 22 + (0b01,))
    assert list(columns(top_left)) == [b"\x1b*\x21\x02\x00" + b"\x80\x00\x00" + b"\x00\x00\x01"]


def test_a_symbol_is_scaled_and_has_white_at_its_sides() -> None:
    modules = Modules(21, b"\xff" * 55 + b"\x80")
    picture = symbol(modules, 2)
    assert picture.width == (21 + 8) * 2
    assert len(picture.rows) == 42
    assert set(picture.rows) == {((1 << 42) - 1) << 8}


def test_every_module_of_a_symbol_is_a_square_of_the_scale() -> None:
    code = encode("weixin://wxpay/bizpayurl?pr=p4lpSuK")
    modules = Modules(code.size, code.packed)
    for scale in range(1, 9):
        picture = symbol(modules, scale)
        drawn = [f"{row:0{picture.width}b}" for row in picture.rows]
        white, bits = "0" * 4 * scale, [f"{row:0{modules.size}b}" for row in modules.rows()]
        wanted = [white + "".join(bit * scale for bit in row) + white for row in bits for _ in range(scale)]
        assert drawn == wanted, scale


def test_paste_puts_parts_at_their_dots_and_cuts_off_the_rest() -> None:
    black = Bitmap(3, (0b111,))
    assert paste(8, 1, [(0, black), (4, black)]).rows == (0b11101110,)
    assert paste(4, 1, [(2, black)]).rows == (0b0011,)
