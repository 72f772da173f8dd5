"""The display's frames: printed bytes, every split, every flipped bit, and no flood that grows."""

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.display.cobs import ACK_WANTED, BODY_MAX, RESPONSE, WIRE_MAX, Decoder, Frame, stuff, unstuff
from tests.unit.drivers.golden import vectors

HELLO_MODULES = bytes.fromhex(
    "fe2bfc10506ea8bb7415dba5aec13907faafe01428efae2308a84e85d1707be5e1728061"
    "17fb22905c47baeaadd1aaaebdcb057bbfef7280"
)
FRAMES = {
    "PING seq 1": Frame(0x01, 1, b"", ACK_WANTED),
    "ACK of PING seq 1": Frame(0x7F, 1, b"\x01\x00", RESPONSE),
    "NAK bad CRC seq 0": Frame(0x7F, 0, b"\x00\x01", RESPONSE),
    "CLEAR seq 2": Frame(0x12, 2, b"", ACK_WANTED),
}


@pytest.mark.parametrize("name", FRAMES)
def test_the_printed_bytes(name: str) -> None:
    wire = vectors("display")[name]
    assert FRAMES[name].to_bytes() == wire
    assert Decoder().feed(wire) == [FRAMES[name]]


def test_the_printed_code() -> None:
    wire = vectors("display")["SHOW_QR seq 3"]
    [frame] = Decoder().feed(wire)
    assert frame.payload[:8].hex() == "e903000078000100"
    assert zlib.crc32(frame.payload[8:]) == 0x9EA0C00E
    assert frame.to_bytes() == wire


@pytest.mark.parametrize(
    ("plain", "stuffed"),
    [
        ("11220033", "0311220233"),
        ("00", "0101"),
        ("0000", "010101"),
        ("01" * 254, "ff" + "01" * 254),
        ("01" * 254 + "00", "ff" + "01" * 254 + "0101"),
        ("01" * 255, "ff" + "01" * 254 + "0201"),
        ("01" * 254 + "02" * 253 + "00", "ff" + "01" * 254 + "fe" + "02" * 253 + "01"),
    ],
)
def test_stuffing_as_its_paper_shows(plain: str, stuffed: str) -> None:
    assert stuff(bytes.fromhex(plain)).hex() == stuffed
    assert unstuff(bytes.fromhex(stuffed)).hex() == plain


OTHER = Frame(0x20, 9, b"", ACK_WANTED)


@given(st.binary(max_size=BODY_MAX - 8), st.integers(1, 255))
def test_the_first_part_of_a_frame_is_none_whatever_follows_and_both_are_the_frame(data: bytes, seq: int) -> None:
    frame = Frame(0x13, seq, data, ACK_WANTED)
    parts = frame.in_two()
    assert parts is not None
    head, rest = parts
    assert head + rest == frame.to_bytes()
    assert 5 <= len(rest) <= 6, "the CRC and the delimiter are held back"
    assert Decoder().feed(head + b"\0") == []
    assert Decoder().feed(head + OTHER.to_bytes()) == [OTHER]
    assert Decoder().feed(head + OTHER.to_bytes() + rest) == [OTHER]


def test_a_frame_whose_first_part_happens_to_be_one_is_not_sent_in_two() -> None:
    """What is carried ends with the CRC of all before it and a zero, and the frame is long."""
    head = bytes((1 << 4 | ACK_WANTED, 0x13, 1, 0))
    carried = b"x" * 300
    frame = Frame(0x13, 1, carried + zlib.crc32(head + carried).to_bytes(4, "little") + b"\0", ACK_WANTED)
    assert Decoder().feed(frame.to_bytes()[:-6] + b"\0") == [frame._replace(payload=carried)], (
        "as it would be read"
    )
    assert frame.in_two() is None


@given(st.binary(max_size=1100))
def test_stuffing_takes_zeros_out_and_puts_them_back(data: bytes) -> None:
    stuffed = stuff(data)
    assert 0 not in stuffed
    assert len(stuffed) <= len(data) + 1 + len(data) // 254
    assert unstuff(stuffed) == data


@pytest.mark.parametrize("text", ["00", "0511", "0311002233"])
def test_what_is_not_stuffed_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="COBS"):
        unstuff(bytes.fromhex(text))


def test_l4_every_split_of_every_frame_gives_the_same_frames() -> None:
    for wire in vectors("display").values():
        stream = b"\x55\x00" + wire + wire
        whole = Decoder().feed(stream)
        assert len(whole) == 2
        for cut in range(len(stream) + 1):
            decoder = Decoder()
            assert decoder.feed(stream[:cut]) + decoder.feed(stream[cut:]) == whole
        decoder = Decoder()
        assert [frame for byte in stream for frame in decoder.feed(bytes((byte,)))] == whole


def test_l3_no_flipped_bit_makes_another_frame() -> None:
    for wire in vectors("display").values():
        sound = Decoder().feed(wire)
        for bit in range(len(wire) * 8):
            flipped = bytearray(wire)
            flipped[bit // 8] ^= 1 << bit % 8
            assert Decoder().feed(bytes(flipped) + b"\0") in ([], sound)


def test_a_cut_frame_costs_only_itself() -> None:
    ping, clear = vectors("display")["PING seq 1"], vectors("display")["CLEAR seq 2"]
    for cut in range(1, len(ping) - 1):
        assert Decoder().feed(ping[:cut] + clear)[-1].type == 0x12


def test_l6_a_flood_keeps_no_more_than_one_frame() -> None:
    decoder = Decoder()
    for _ in range(100):
        assert decoder.feed(b"\xaa" * 1000) == []
    assert len(decoder._buffer) <= WIRE_MAX
    assert decoder.feed(b"\0" + vectors("display")["PING seq 1"]) == [FRAMES["PING seq 1"]]
    assert decoder.damaged == 1


def test_the_longest_body_passes_and_a_longer_one_does_not() -> None:
    longest = Frame(0x10, 1, b"\x01" * (1024 - 8))
    assert Decoder().feed(longest.to_bytes()) == [longest]
    body = b"\x11\x10\x01\x00" + b"\x01" * (1024 - 7)
    wire = b"\0" + stuff(body + zlib.crc32(body).to_bytes(4, "little")) + b"\0"
    assert Decoder().feed(wire) == []


def test_a_payload_too_long_is_the_callers_bug() -> None:
    with pytest.raises(AssertionError):
        Frame(0x10, 1, bytes(BODY_MAX)).to_bytes()
