"""Grow's subset of SSI: its published commands, and lines and packets in one stream."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.scanner import ssi
from drivers.scanner.gmssi import Decoder
from drivers.scanner.line import Line, Refusal
from drivers.scanner.speech import Send
from drivers.scanner.ssi import Op, Packet
from tests.unit.drivers.golden import vectors

VECTORS, SSI = vectors("gmssi"), vectors("ssi")
ACK, RESEND = Send(SSI["ACK"]), Send(SSI["NAK resend"], sound=False)
DECODED = SSI['decode "134567890123456789"']
LONG_TEXT = b"https://example.test/" + b"0123456789" * 30
LONG_BODY = b"\xff\xf4" + (8 + len(LONG_TEXT)).to_bytes(2, "big") + b"\xf4\x00\x00\xf1" + LONG_TEXT
LONG = LONG_BODY + ssi.check(LONG_BODY)


def decode(*pieces: bytes) -> list[object]:
    decoder = Decoder()
    return [item for piece in pieces for item in decoder.feed(piece)]


def permanent(data: str) -> bytes:
    """A setting as the manual prints it."""
    return ssi.frame(Op.PARAM_SEND, b"\0" + bytes.fromhex(data), status=ssi.PERMANENT)


@pytest.mark.parametrize(
    ("title", "frame"),
    [
        ("start scan", ssi.frame(Op.START_SESSION)),
        ("stop scan", ssi.frame(Op.STOP_SESSION)),
        ("version", ssi.frame(Op.REQUEST_REVISION)),
        ("factory defaults", permanent("F2 FF 00")),
        ("trigger mode host", permanent("8A 08")),
        ("trigger mode level", permanent("8A 00")),
        ("trigger mode pulse", permanent("8A 02")),
        ("trigger mode continuous", permanent("8A 04")),
        ("trigger mode induction", permanent("8A 09")),
        ("output serial", permanent("F2 01 00")),
        ("output USB keyboard", permanent("F2 01 01")),
        ("output USB serial", permanent("F2 01 02")),
        ("no terminator", permanent("F2 05 00")),
        ("baud 4800", permanent("9C 05")),
        ("baud 9600", permanent("9C 06")),
        ("baud 115200", permanent("9C 0A")),
    ],
)
def test_commands_are_the_published_bytes(title: str, frame: bytes) -> None:
    assert frame == VECTORS[title]


def test_answers_are_read() -> None:
    assert decode(VECTORS["module ACK"]) == [Packet(Op.ACK, 0, b"")]
    assert decode(VECTORS["module NAK (denied)"]) == [Packet(Op.NAK, 0, b"\x06")]


STREAM = b"8711218972875\r" + VECTORS["module ACK"] + b"a\r" + DECODED + b"134567890123456789\r\n" + LONG + b"42\r"
WANTED: list[object] = [
    Line("8711218972875"),
    Packet(Op.ACK, 0, b""),
    Line("a"),
    *(ACK, Line("134567890123456789", "]Q1")),
    Line("134567890123456789"),
    *(ACK, Line(LONG_TEXT.decode(), "]Q1")),
    Line("42"),
]


@pytest.mark.row(55)
def test_l4_lines_answers_and_packets_in_every_split() -> None:
    assert decode(STREAM) == WANTED
    for cut in range(len(STREAM) + 1):
        assert decode(STREAM[:cut], STREAM[cut:]) == WANTED
    assert decode(*(STREAM[at : at + 1] for at in range(len(STREAM)))) == WANTED


@given(st.binary(max_size=300), st.integers(0, 300))
def test_l4_any_bytes_give_the_same_in_two_pieces_and_bounded_state(data: bytes, cut: int) -> None:
    spiced = data.replace(b"\x01", DECODED).replace(b"\x02", b"42\r").replace(b"\x03", b"\xff\xf4\x00\x09")
    decoder = Decoder()
    assert [*decoder.feed(spiced[:cut]), *decoder.feed(spiced[cut:])] == decode(spiced)
    for _ in range(20):
        decoder.idle()
    assert not decoder.pending


def test_l3_a_spoiled_packet_is_asked_for_again_and_is_no_line() -> None:
    for bit in range(len(DECODED) * 8):
        flipped = bytearray(DECODED)
        flipped[bit // 8] ^= 1 << bit % 8
        decoder = Decoder()
        found = [*decoder.feed(bytes(flipped)), *decoder.idle()]
        assert not [item for item in found if isinstance(item, Line)], bit
        assert decoder.feed(b"42\r") == [Line("42")]
    assert RESEND in decode(DECODED[:-1] + b"\x23")


def test_text_that_begins_like_a_packet_is_a_line_when_the_line_goes_quiet() -> None:
    decoder = Decoder()
    assert decoder.feed(b"7") == []
    assert decoder.idle() == [Refusal.INCOMPLETE]
    assert decoder.feed(b"42\r") == [Line("42")]
    assert decode("7Я\r".encode()) == [Refusal.NOT_ASCII]


def test_the_longest_code_in_one_long_packet_is_4096_bytes() -> None:
    def long(text: bytes) -> bytes:
        body = b"\xff\xf4" + (8 + len(text)).to_bytes(2, "big") + b"\xf4\x00\x00\xf1" + text
        return body + ssi.check(body)

    assert decode(long(b"7" * 4096)) == [ACK, Line("7" * 4096, "]Q1")]
    assert not [item for item in decode(long(b"7" * 4097)) if isinstance(item, Line) or item == ACK]


@pytest.mark.parametrize("size", [0, 7, 5000, 65535])
def test_c3_a_long_packet_of_an_impossible_length_is_no_packet(size: int) -> None:
    head = b"\xff\xf4" + size.to_bytes(2, "big")
    assert decode(head + b"7" * 40 + b"\r") == [Refusal.NOT_ASCII]
