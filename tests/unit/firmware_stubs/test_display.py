"""The display's firmware and its glass, spoken to in bytes written here, not by our driver."""

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import qrcode
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from firmware_stubs import display_firmware
from firmware_stubs.display import DisplayStub, png
from firmware_stubs.display_firmware import stuff, unstuff
from tests.qr_seen import texts_in
from tests.unit.drivers.golden import vectors

VECTORS = vectors("display")


def frame(kind: int, seq: int, payload: bytes = b"", header: int = 0x11) -> bytes:
    body = bytes((header, kind, seq, 0)) + payload
    return b"\0" + stuff(body + struct.pack("<I", zlib.crc32(body))) + b"\0"


def answers(data: bytes) -> list[bytes]:
    """Bodies without CRC."""
    bodies = [unstuff(bytearray(piece)) for piece in data.split(b"\0") if piece]
    return [bytes(body[:-4]) for body in bodies if body]


def ack(kind: int, seq: int, status: int = 0) -> list[bytes]:
    return [bytes((0x12, 0x7F, seq, 0, kind, status))]


def matrix(text: str, version: int | None = None) -> tuple[int, bytes]:
    """Version and packed modules, by a stranger's encoder."""
    code = qrcode.QRCode(version=version, error_correction=qrcode.constants.ERROR_CORRECT_M, border=0)
    code.add_data(text)
    code.make()
    bits = "".join("1" if dark else "0" for row in code.get_matrix() for dark in row)
    bits += "0" * (-len(bits) % 8)
    return code.version, int(bits, 2).to_bytes(len(bits) // 8, "big")


def show(number: int, version: int, modules: bytes, *, ttl_s: int = 60, flags: int = 0) -> bytes:
    return struct.pack("<IHBB", number, ttl_s, version, flags) + modules


def read_back(stub: DisplayStub) -> list[str]:
    width, height, pixels = stub.glass()
    return texts_in(Image.frombytes("L", (width, height), pixels))


@pytest.fixture
def stub() -> DisplayStub:
    stub = DisplayStub()
    stub.tick(0)
    return stub


def test_the_printed_frames_are_obeyed_and_answered_as_printed(stub: DisplayStub) -> None:
    assert stub.receive(VECTORS["PING seq 1"], 1) == VECTORS["ACK of PING seq 1"]
    assert answers(stub.receive(VECTORS["SHOW_QR seq 3"], 2)) == ack(0x10, 3)
    assert read_back(stub) == ["HELLO"]
    assert stub.shown_crc32 == 0x9EA0C00E
    assert answers(stub.receive(VECTORS["CLEAR seq 2"], 3)) == ack(0x12, 2)
    assert set(stub.glass()[2]) == {0}


def test_a_start_says_hello_and_is_dark() -> None:
    stub = DisplayStub(boot_id=7, serial="A1")
    [body] = answers(stub.tick(0))
    assert body[:4] == b"\x10\x02\x01\x00"
    assert struct.unpack_from("<BIHHBH", body, 4) == (1, 7, 240, 320, 13, 29)
    assert body.endswith(b"countertop-display 1.0 A1")
    stub.restart()
    assert struct.unpack_from("<I", answers(stub.tick(9))[0], 5) == (8,)


@pytest.mark.no_cover  # many rounds through lines that others measure
@pytest.mark.parametrize("size", [(240, 320), (320, 240), (240, 240), (480, 320)])
@pytest.mark.parametrize("version", [1, 2, 7, 10, 13])
def test_every_code_is_read_back_from_the_glass(size: tuple[int, int], version: int) -> None:
    stub = DisplayStub(width=size[0], height=size[1])
    stub.tick(0)
    _, modules = matrix(f"V{version}", version)
    assert answers(stub.receive(frame(0x10, 1, show(5, version, modules)), 1)) == ack(0x10, 1)
    assert read_back(stub) == [f"V{version}"]


@pytest.mark.row(25)
def test_a_code_has_four_light_modules_around_it(stub: DisplayStub) -> None:
    version, modules = matrix("weixin://wxpay/bizpayurl?pr=abcdefg00")
    stub.receive(frame(0x10, 1, show(5, version, modules)), 1)
    width, _, pixels = stub.glass()
    rows = [pixels[at : at + width] for at in range(0, width * 240, width)]
    dark_rows = [index for index, row in enumerate(rows) if 0 in row]
    scale = 240 // (17 + 4 * version + 8)
    assert dark_rows[0] >= 4 * scale
    assert 239 - dark_rows[-1] >= 4 * scale
    assert min(row.index(0) for row in rows if 0 in row) >= 4 * scale


@pytest.mark.parametrize("short", [240, 320])
def test_modules_are_as_large_as_the_glass_has_room_for(short: int) -> None:
    """Pixels a module of versions 1 to 13, four light modules at every side."""
    pixels = {
        240: (8, 7, 6, 5, 5, 4, 4, 4, 3, 3, 3, 3, 3),
        320: (11, 9, 8, 7, 7, 6, 6, 5, 5, 4, 4, 4, 4),
    }
    for version, wanted in enumerate(pixels[short], 1):
        stub = DisplayStub(width=short, height=480)
        stub.tick(0)
        side = 17 + 4 * version
        stub.receive(frame(0x10, 1, show(1, version, b"\xff" * ((side * side + 7) // 8))), 1)
        width, _, glass = stub.glass()
        middle = glass[width * (short // 2) : width * (short // 2 + 1)]
        assert middle.count(0) == wanted * side, version


@pytest.mark.parametrize("size", [1024, 1025])
def test_the_longest_body_is_1024_bytes(stub: DisplayStub, size: int) -> None:
    lines = [255, 255, 255]
    lines.append(size - 8 - 6 - sum(lines) - len(lines) - 1)
    payload = struct.pack("<IH", 1, 0) + b"".join(bytes((line,)) + b"x" * line for line in lines)
    assert len(payload) + 8 == size
    (said,) = answers(stub.receive(frame(0x11, 1, payload), 1))
    assert said == (ack(0x11, 1)[0] if size == 1024 else bytes((0x12, 0x7F, 0, 0, 0, 3)))


def test_a_board_without_the_checksum_in_its_program_counts_it_itself() -> None:
    source = Path(display_firmware.__file__).read_text("utf-8")
    assert source.count("from binascii import crc32") == 1
    board: dict[str, Any] = {}
    exec(source.replace("from binascii import crc32", "from machine_without import crc32"), board)
    assert board["crc32"].__module__ != "binascii"
    assert board["crc32"](b"123456789") == 0xCBF43926
    assert board["crc32"](b"456789", board["crc32"](b"123")) == 0xCBF43926


def test_inverted_colours_are_read_back(stub: DisplayStub) -> None:
    version, modules = matrix("DARK")
    stub.receive(frame(0x10, 1, show(5, version, modules, flags=1)), 1)
    assert read_back(stub) == ["DARK"]


def test_l4_every_split_paints_the_same(stub: DisplayStub) -> None:
    wire = VECTORS["SHOW_QR seq 3"]
    whole = stub.receive(wire, 1)
    for cut in range(1, len(wire)):
        other = DisplayStub()
        other.tick(0)
        assert other.receive(wire[:cut], 1) + other.receive(wire[cut:], 1) == whole
        assert other.shown_crc32 == 0x9EA0C00E


def test_l3_no_flipped_bit_paints_another_code() -> None:
    wire = VECTORS["SHOW_QR seq 3"]
    for bit in range(8, len(wire) * 8 - 8):
        stub = DisplayStub()
        stub.tick(0)
        painted = stub.painted
        flipped = bytearray(wire)
        flipped[bit // 8] ^= 1 << bit % 8
        stub.receive(bytes(flipped), 1)
        assert stub.screen == 0
        assert stub.painted == painted


def test_a_repeated_frame_is_answered_and_not_painted_again(stub: DisplayStub) -> None:
    version, modules = matrix("ONCE")
    stub.receive(frame(0x10, 9, show(5, version, modules)), 1)
    painted = stub.painted
    assert answers(stub.receive(frame(0x10, 9, show(5, version, modules), 0x15), 2)) == ack(0x10, 9)
    assert answers(stub.receive(frame(0x10, 10, show(5, version, modules)), 3)) == ack(0x10, 10)
    assert stub.painted == painted
    stub.receive(frame(0x10, 11, show(6, version, modules)), 3)
    assert stub.painted > painted


def test_only_what_is_marked_as_sent_again_and_says_the_same_is_a_repeat(stub: DisplayStub) -> None:
    again = 0x15
    for header, pattern, beeps in ((0x11, 1, 1), (0x11, 1, 2), (again, 1, 2), (again, 2, 3), (again, 2, 3)):
        assert answers(stub.receive(frame(0x15, 5, bytes((pattern,)), header), 1)) == ack(0x15, 5)
        assert len(stub.beeps) == beeps


def test_after_a_hello_an_old_number_is_no_repeat(stub: DisplayStub) -> None:
    stub.receive(frame(0x12, 3), 1)
    version, modules = matrix("NEW")
    stub.receive(frame(0x10, 4, show(5, version, modules)), 1)
    stub.receive(frame(0x02, 1), 2)
    assert answers(stub.receive(frame(0x12, 3, header=0x15), 3)) == ack(0x12, 3)
    assert stub.screen == 0


@pytest.mark.row(20)
def test_a_code_goes_dark_when_its_time_is_over(stub: DisplayStub) -> None:
    version, modules = matrix("TTL")
    stub.receive(frame(0x10, 1, show(5, version, modules, ttl_s=12)), 1000)
    assert stub.due(1000) == 6000
    stub.tick(6000)
    assert stub.due(6000) == 11000
    stub.tick(12999)
    assert stub.screen == 1
    [body] = answers(stub.tick(13000))
    assert struct.unpack_from("<IBIIH", body, 4) == (1, 0, 0, 0, 0)
    assert set(stub.glass()[2]) == {0}
    assert stub.due(13000) is None


def test_a_renewed_code_lives_on(stub: DisplayStub) -> None:
    version, modules = matrix("TTL")
    stub.receive(frame(0x10, 1, show(5, version, modules, ttl_s=10)), 0)
    stub.receive(frame(0x10, 2, show(5, version, modules, ttl_s=10)), 9000)
    stub.tick(12000)
    assert stub.screen == 1


@pytest.mark.parametrize("kind", ["code", "text", "result"])
def test_a_silent_host_lets_the_glass_go_dark(stub: DisplayStub, kind: str) -> None:
    version, modules = matrix("SILENCE")
    payloads = {
        "code": (0x10, show(5, version, modules)),
        "text": (0x11, struct.pack("<IH", 5, 0) + b"\x02hi"),
        "result": (0x13, struct.pack("<IB", 5, 1) + b"28.50"),
    }
    number, payload = payloads[kind]
    assert answers(stub.receive(frame(number, 1, payload), 0)) == ack(number, 1)
    stub.receive(frame(0x01, 2), 10_000)
    stub.tick(24_999)
    assert stub.screen != 0
    stub.tick(25_000)
    assert stub.screen == 0


def test_an_idle_glass_stays_and_says_nothing(stub: DisplayStub) -> None:
    assert answers(stub.receive(frame(0x18, 1, struct.pack("<I", 3)), 0)) == ack(0x18, 1)
    assert stub.due(0) is None
    assert stub.tick(10**9) == b""
    assert stub.screen == 4


def bad_payloads() -> Iterator[tuple[str, int, bytes]]:
    version, modules = matrix("BAD")
    yield "no end", 0x10, show(1, version, modules, ttl_s=0)
    yield "short modules", 0x10, show(1, version, modules[:-1])
    yield "version 0", 0x10, show(1, 0, modules)
    yield "reserved flag", 0x10, show(1, version, modules, flags=2)
    yield "torn caption", 0x10, show(1, version, modules) + b"\x01\x05ab"
    yield "short head", 0x10, b"\x01"
    yield "text past its end", 0x11, struct.pack("<IH", 1, 1) + b"\x05ab"
    yield "unknown result", 0x13, struct.pack("<IB", 1, 9)
    yield "too bright", 0x14, b"\x65"
    yield "five quarters", 0x17, b"\x05"
    yield "idle without id", 0x18, b""
    yield "short tile", 0x16, b"\x00"


@pytest.mark.parametrize(("kind", "payload"), [pytest.param(k, p, id=n) for n, k, p in bad_payloads()])
def test_bad_payloads_are_refused_and_paint_nothing(stub: DisplayStub, kind: int, payload: bytes) -> None:
    painted = stub.painted
    assert answers(stub.receive(frame(kind, 1, payload), 0)) == ack(kind, 1, 6)
    assert stub.painted == painted


def test_other_refusals(stub: DisplayStub) -> None:
    assert answers(stub.receive(frame(0x66, 1), 0)) == ack(0x66, 1, 2)
    assert answers(stub.receive(frame(0x01, 1, header=0x21), 0)) == ack(0x01, 1, 4)
    assert answers(stub.receive(b"\0" + b"\x01" * 2000 + b"\0", 0)) == ack(0, 0, 3)
    assert stub.receive(b"\0\xff\xff\xff\0", 0) == VECTORS["NAK bad CRC seq 0"]
    assert stub.receive(VECTORS["ACK of PING seq 1"], 0) == b""
    assert stub.receive(frame(0x01, 1, header=0x10), 0) == b""


def tile(number: int, x: int, y: int, width: int, height: int, rows: bytes, flags: int = 0) -> bytes:
    return struct.pack("<IHHHHB", number, x, y, width, height, flags) + rows


def test_a_tile_lands_under_the_code_and_never_on_it(stub: DisplayStub) -> None:
    version, modules = matrix("TILE")
    stub.receive(frame(0x10, 1, show(5, version, modules)), 0)
    assert answers(stub.receive(frame(0x16, 2, tile(5, 8, 250, 16, 2, b"\xff\x00\x00\xff")), 0)) == ack(0x16, 2)
    width, _, pixels = stub.glass()
    assert pixels[250 * width + 8 : 250 * width + 24] == b"\x00" * 8 + b"\xff" * 8
    assert pixels[251 * width + 8 : 251 * width + 24] == b"\xff" * 8 + b"\x00" * 8
    over = tile(5, 100, 239, 8, 2, b"\xff\xff")
    assert answers(stub.receive(frame(0x16, 3, over), 0)) == ack(0x16, 3, 6)
    assert answers(stub.receive(frame(0x16, 4, tile(4, 0, 250, 8, 1, b"\xff")), 0)) == ack(0x16, 4, 7)
    assert answers(stub.receive(frame(0x16, 5, tile(5, 236, 250, 8, 1, b"\xff")), 0)) == ack(0x16, 5, 6)
    assert read_back(stub) == ["TILE"]


@pytest.mark.row(25)
@pytest.mark.parametrize(
    ("size", "free_y"),
    [((240, 240), 231), ((240, 263), 231), ((263, 240), 231), ((240, 264), 240), ((264, 240), 240)],
)
def test_below_a_code_on_a_nearly_square_glass_tiles_land_behind_its_quiet_zone(
    size: tuple[int, int], free_y: int
) -> None:
    stub = DisplayStub(width=size[0], height=size[1])
    stub.tick(0)
    stub.receive(frame(0x10, 1, show(5, *matrix("V2", 2))), 0)
    over = tile(5, 0, free_y - 1, 8, 1, b"\xff")
    assert answers(stub.receive(frame(0x16, 2, over), 0)) == ack(0x16, 2, 6)
    if free_y < size[1]:
        rows = b"\xff" * 30 * (size[1] - free_y)
        below = tile(5, 0, free_y, 240, size[1] - free_y, rows)
        assert answers(stub.receive(frame(0x16, 3, below), 0)) == ack(0x16, 3)
    assert read_back(stub) == ["V2"]


def test_packed_tiles_on_the_colour_of_a_result(stub: DisplayStub) -> None:
    stub.receive(frame(0x13, 1, struct.pack("<IB", 5, 1) + "¥28.50".encode()), 0)
    assert stub.text == "¥28.50"
    green = stub.glass()[2][0]
    packed = tile(5, 0, 0, 24, 1, b"\xfe\x0f", 3)
    assert answers(stub.receive(frame(0x16, 2, packed), 0)) == ack(0x16, 2)
    assert stub.glass()[2][:24] == (bytes((green,)) * 4 + b"\xff" * 4) * 3


def test_each_result_looks_different_without_colour(stub: DisplayStub) -> None:
    shapes = set()
    for result in range(1, 7):
        stub.receive(frame(0x13, result, struct.pack("<IB", result, result)), 0)
        shapes.add(bytes(value == 255 for value in stub.glass()[2]))
    assert len(shapes) == 6


def test_the_board_turns_dims_and_beeps(stub: DisplayStub) -> None:
    assert answers(stub.receive(frame(0x17, 1, b"\x01"), 0)) == ack(0x17, 1)
    assert stub.glass()[:2] == (320, 240)
    stub.receive(frame(0x14, 2, b"\x1e") + frame(0x15, 3, b"\x01"), 0)
    assert (stub.brightness, stub.beeps) == (30, [1])


@pytest.mark.parametrize(
    ("kind", "payload", "status"),
    [
        (0x14, b"\x00", 0),
        (0x14, b"\x64", 0),
        (0x14, b"\x65", 6),
        (0x14, b"\x01\x02", 6),
        (0x17, b"\x03", 0),
        (0x17, b"\x04", 6),
        (0x17, b"", 6),
    ],
)
def test_knobs_go_to_their_ends_and_no_further(stub: DisplayStub, kind: int, payload: bytes, status: int) -> None:
    assert answers(stub.receive(frame(kind, 1, payload), 1)) == ack(kind, 1, status)


@pytest.mark.parametrize(
    ("size", "finest"), [((240, 320), 13), ((320, 480), 18), ((480, 800), 18), ((64, 128), 0)]
)
def test_a_hello_says_what_the_glass_can(size: tuple[int, int], finest: int) -> None:
    """Three pixels a module at least, and no code that fits no frame; buzzer, backlight, letters, words below."""
    (hello,) = answers(DisplayStub(width=size[0], height=size[1]).tick(0))
    assert struct.unpack_from("<BIHHBH", hello, 4) == (1, 1, *size, finest, 0b11101)


def test_letters_are_drawn_for_people_who_look_for_faults(stub: DisplayStub) -> None:
    lines = b"".join(bytes((len(line),)) + line for line in (b"counter 1", "中".encode()))
    assert answers(stub.receive(frame(0x11, 1, struct.pack("<IH", 5, 60) + lines), 0)) == ack(0x11, 1)
    width, _, pixels = stub.glass()
    assert 0 in pixels[8 * width : 22 * width]
    assert stub.text == "counter 1\n中"


def test_a_button_goes_out_with_the_next_tick(stub: DisplayStub) -> None:
    stub.press(1, 3)
    assert stub.due(5) == 5
    assert answers(stub.tick(5)) == [bytes((0x10, 0x21, 2, 0, 1, 3, 0))]


def test_a_picture_for_people(stub: DisplayStub) -> None:
    data = stub.png()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    assert png(2, 1, b"\x00\xff")[16:24] == struct.pack(">II", 2, 1)


@settings(max_examples=200)
@given(st.lists(st.binary(max_size=80), max_size=8))
def test_l6_no_garbage_stops_the_firmware(pieces: list[bytes]) -> None:
    stub = DisplayStub()
    stub.tick(0)
    for piece in pieces:
        stub.receive(piece, 0)
    assert stub.receive(b"\0" + VECTORS["PING seq 1"], 0).endswith(VECTORS["ACK of PING seq 1"])
