"""The GM65 family's frames against published bytes, and scans mixed with answers."""

from binascii import crc_hqx

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.errors import DeviceRefused
from drivers.scanner import gm65
from drivers.scanner.gm65 import Alive, Decoder, Found, Reply, Status
from drivers.scanner.line import Line, Refusal
from drivers.scanner.speech import AskAgain
from tests.unit.drivers.golden import vectors

VECTORS = vectors("gm65")
OK = VECTORS["reply write ok"]


def decode(*pieces: bytes, aim_ids: bool = False) -> list[Found]:
    decoder = Decoder(aim_ids=aim_ids)
    return [item for piece in pieces for item in decoder.feed(piece)]


@pytest.mark.parametrize(
    ("title", "frame"),
    [
        ("read 000A", gm65.read(0x000A)),
        ("write 000A=3E", gm65.write(0x000A, b"\x3e")),
        ("save to flash", gm65.save()),
        ("trigger", gm65.trigger()),
        ("trigger without CRC", gm65.unchecked(gm65.trigger())),
        ("stop (write 0002=00)", gm65.trigger(on=False)),
        ("command mode + LED + beep + aim", gm65.write(gm65.MODE, b"\xd5")),
        ("continuous mode", gm65.write(gm65.MODE, b"\xd6")),
        ("serial output A0", gm65.write(gm65.OUTPUT, b"\xa0")),
        ("AIM ids on", gm65.write(gm65.AIM_IDS, b"\x80")),
        ("same-code delay 85", gm65.write(0x0013, b"\x85")),
        ("read gap 100 ms", gm65.write(0x0005, b"\x01")),
        ("query baud", gm65.read(0x002A, 2)),
        ("set baud 9600", gm65.write(0x002A, b"\x39\x01")),
        ("set baud 115200", gm65.write(0x002A, b"\x1a\x00")),
        ("software version", gm65.read(0x00E2)),
        ("factory reset", gm65.write(0x00D9, b"\x50")),
        ("load user default", gm65.write(0x00D9, b"\x55")),
        ("save user default", gm65.write(0x00D9, b"\x56")),
        ("deep sleep", gm65.write(0x00D9, b"\xa5")),
        ("wake", gm65.write(0x00D9, b"\x00")),
        ("framed output on", gm65.write(0x0060, b"\x81")),
        ("heartbeat", gm65.heartbeat()),
    ],
)
def test_commands_are_the_published_bytes(title: str, frame: bytes) -> None:
    assert frame == VECTORS[title]


def test_no_command_is_longer_than_a_module_takes() -> None:
    assert gm65.write(0, bytes(245))[3] == 245
    for size in (0, 246):
        with pytest.raises(AssertionError):
            gm65.write(0, bytes(size))
    for count in (0, 257):
        with pytest.raises(AssertionError):
            gm65.read(0, count)


@pytest.mark.parametrize(
    ("title", "found"),
    [
        ("reply 3E", Reply(Status.OK, b"\x3e")),
        ("reply write ok", Reply(Status.OK, b"\0")),
        ("reply CRC failed", Reply(Status.BAD_CRC, b"\0")),
        ("reply unknown command", Reply(Status.UNKNOWN_COMMAND, b"\0")),
        ("reply 9600", Reply(Status.OK, b"\x39\x01")),
        ("heartbeat reply (CRC of 00 01 00)", Alive()),
    ],
)
def test_answers_are_read(title: str, found: Found) -> None:
    assert decode(VECTORS[title]) == [found]


def test_only_a_good_answer_of_the_size_asked_for_is_one() -> None:
    assert gm65.data_of(Reply(Status.OK, b"12"), 2) == b"12"
    for other in (Reply(Status.OK, b"12"), Reply(Status.OK, b""), Reply(2, b"1"), Alive(), Line("1")):
        assert gm65.data_of(other, 1) is None
    with pytest.raises(AskAgain):
        gm65.data_of(Reply(Status.BAD_CRC, b"1"), 1)
    with pytest.raises(DeviceRefused):
        gm65.data_of(Reply(Status.UNKNOWN_COMMAND, b"1"), 1)


def test_a_zone_dump_of_98_bytes_is_one_answer() -> None:
    (reply,) = decode(VECTORS["zone dump"])
    assert isinstance(reply, Reply)
    assert (reply.status, len(reply.data), reply.data[:1]) == (0, 0x62, b"\xd6")


def test_256_bytes_are_asked_for_and_answered_as_00() -> None:
    assert gm65.read(0, 256)[6] == 0
    body = b"\x00\x00" + bytes(range(256))
    answer = b"\x02\x00" + body + crc_hqx(body, 0).to_bytes(2, "big")
    assert decode(answer) == [Reply(0, bytes(range(256)))]


STREAM = (
    b"8711218972875\r"
    + OK
    + b"]E08711218972875\r\n"
    + VECTORS["heartbeat reply (CRC of 00 01 00)"]
    + b"\x03\x00\x0a0321563840"
    + VECTORS["reply 9600"]
    + b"134567890123456789\r"
)
WANTED = [
    Line("8711218972875"),
    Reply(0, b"\0"),
    Line("8711218972875", "]E0"),
    Alive(),
    Line("0321563840"),
    Reply(0, b"\x39\x01"),
    Line("134567890123456789"),
]


def test_l4_answers_scans_and_framed_scans_in_every_split() -> None:
    assert decode(STREAM, aim_ids=True) == WANTED
    for cut in range(len(STREAM) + 1):
        assert decode(STREAM[:cut], STREAM[cut:], aim_ids=True) == WANTED
    assert decode(*(STREAM[at : at + 1] for at in range(len(STREAM))), aim_ids=True) == WANTED


@given(st.binary(max_size=200), st.integers(0, 200))
def test_l4_any_bytes_give_the_same_in_two_pieces_and_never_more_than_bounded_state(data: bytes, cut: int) -> None:
    decoder = Decoder()
    assert decoder.feed(data[:cut]) + decoder.feed(data[cut:]) == decode(data)
    decoder.idle()
    assert not decoder.pending


def test_l3_a_flipped_bit_in_an_answer_is_no_answer_and_spoils_what_follows_it() -> None:
    for bit in range(len(OK) * 8):
        flipped = bytearray(OK)
        flipped[bit // 8] ^= 1 << bit % 8
        decoder = Decoder()
        found = [*decoder.feed(bytes(flipped)), *decoder.feed(b"134567890123456789\r"), *decoder.idle()]
        assert Reply(0, b"\0") not in found
        assert all(not isinstance(item, Line) or item.text == "134567890123456789" for item in found)
        assert decoder.feed(OK) == [Reply(0, b"\0")]


def test_half_an_answer_is_dropped_when_the_line_goes_quiet() -> None:
    decoder = Decoder()
    assert decoder.feed(OK[:5]) == []
    assert decoder.pending
    assert decoder.idle() == [Refusal.INCOMPLETE]
    assert decoder.feed(b"42\r") == [Line("42")]


def test_s42_a_code_that_holds_an_answers_bytes_is_refused_as_a_line() -> None:
    assert decode(b"13" + OK + b"\r") == [Refusal.CONTROL_BYTES]


def test_c3_a_framed_scan_longer_than_a_code_can_be_is_refused() -> None:
    assert decode(b"\x03\x10\x00" + b"7" * 4096) == [Line("7" * 4096)]
    assert decode(b"\x03\x10\x01" + b"7" * 4097 + b"\r") == [Refusal.TOO_LONG]
    found = decode(b"\x03\x7f\x7f" + b"7" * 40 + b"\r")
    assert found == [Refusal.CONTROL_BYTES]
