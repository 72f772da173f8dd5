"""SSI packets against published bytes, in every split, with noise and damage."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.errors import DeviceRefused
from drivers.scanner import ssi
from drivers.scanner.line import LINE_MAX, Line, Refusal
from drivers.scanner.speech import AskAgain, Send
from drivers.scanner.ssi import Cause, Decoder, Op, Packet
from tests.unit.drivers.golden import vectors

VECTORS = vectors("ssi")
DECODED = VECTORS['decode "134567890123456789"']
ACK = Send(VECTORS["ACK"])
RESEND = Send(VECTORS["NAK resend"], sound=False)
CODE = Line("134567890123456789", "]Q1")
FROM_SCANNER = bytes.fromhex("04 D0 00 00 FF 2C")


def packet(op: int, data: bytes, status: int = 0) -> bytes:
    body = bytes((4 + len(data), op, 0, status)) + data
    return body + (-sum(body) & 0xFFFF).to_bytes(2, "big")


def decode(*pieces: bytes) -> list[object]:
    decoder = Decoder()
    return [item for piece in pieces for item in decoder.feed(piece)]


@pytest.mark.parametrize(
    ("title", "frame"),
    [
        ("ACK", ssi.frame(Op.ACK)),
        ("NAK resend", ssi.frame(Op.NAK, bytes((Cause.RESEND,)))),
        ("NAK bad context", ssi.frame(Op.NAK, bytes((Cause.BAD_CONTEXT,)))),
        ("NAK denied", ssi.frame(Op.NAK, bytes((Cause.DENIED,)))),
        ("NAK cancelled", ssi.frame(Op.NAK, bytes((Cause.CANCELLED,)))),
        ("scan enable", ssi.frame(Op.SCAN_ENABLE)),
        ("scan disable", ssi.frame(Op.SCAN_DISABLE)),
        ("beep code 0", ssi.frame(Op.BEEP, b"\0")),
        ("LED on", ssi.frame(Op.LED_ON, b"\x01")),
        ("LED off", ssi.frame(Op.LED_OFF, b"\x01")),
        ("flush queue", ssi.frame(Op.FLUSH_QUEUE)),
        ("host trigger, temporary", ssi.param(ssi.TRIGGER_MODE, ssi.HOST_TRIGGER)),
        (
            "packeted decode, permanent",
            ssi.frame(Op.PARAM_SEND, bytes((0, ssi.DECODE_PACKETS, 1)), status=ssi.PERMANENT),
        ),
    ],
)
def test_commands_are_the_published_bytes(title: str, frame: bytes) -> None:
    assert frame == VECTORS[title]


def test_opcodes_causes_and_types_are_the_manuals() -> None:
    commands = (Op.REQUEST_REVISION, Op.REPLY_REVISION, Op.PARAM_SEND, Op.START_SESSION, Op.STOP_SESSION)
    assert bytes((*commands, Op.DECODE_DATA, Op.EVENT)).hex() == "a3a4c6e4e5f3f6"
    assert bytes(Cause).hex() == "0102060a"
    linear = {number: aim for number, aim in ssi.SYMBOLOGY.items() if number < 0x10}
    assert linear == {
        **{0x01: "]A", 0x02: "]F", 0x03: "]C0", 0x06: "]I", 0x07: "]G", 0x08: "]E0", 0x09: "]E0"},
        **{0x0A: "]E4", 0x0B: "]E0", 0x0E: "]M", 0x0F: "]C1"},
    }
    square = {0x11: "]L", 0x1A: "]L", 0x1B: "]d", 0x1C: "]Q1", 0x2C: "]Q1", 0x2D: "]z", 0x30: "]e0"}
    assert square.items() <= ssi.SYMBOLOGY.items()


def test_a_repeated_command_is_marked_and_summed_again() -> None:
    assert ssi.again(ssi.frame(Op.LED_ON, b"\x01")) == bytes.fromhex("05 E7 04 01 01 FF 0E")


STREAM = (
    FROM_SCANNER
    + DECODED
    + b"\x00\xaa\xff\x04"
    + packet(Op.DECODE_DATA, b"\x0bABC", 2)
    + packet(Op.DECODE_DATA, b"\x0bABC", 3)
    + packet(Op.DECODE_DATA, b"\x0bDE")
    + packet(Op.EVENT, b"\x01")
    + packet(Op.REPLY_REVISION, b"V1 N SE 00")
    + packet(Op.DECODE_DATA, b"\x1c" + b"7" * 240)
)
WANTED: list[object] = [
    Packet(Op.ACK, 0, b""),
    *(ACK, CODE),
    *(ACK, ACK, ACK, Line("ABCDE", "]E0")),
    ACK,
    Packet(Op.REPLY_REVISION, 0, b"V1 N SE 00"),
    *(ACK, Line("7" * 240, "]Q1")),
]


@pytest.mark.row(54, 55)
def test_l4_packets_with_noise_between_them_in_every_split() -> None:
    assert decode(STREAM) == WANTED
    for cut in range(len(STREAM) + 1):
        assert decode(STREAM[:cut], STREAM[cut:]) == WANTED
    assert decode(*(STREAM[at : at + 1] for at in range(len(STREAM)))) == WANTED


@given(st.binary(max_size=300), st.integers(0, 300))
def test_l4_any_bytes_give_the_same_in_two_pieces_and_bounded_state(data: bytes, cut: int) -> None:
    spiced = data.replace(b"\x01", DECODED).replace(b"\x02", packet(Op.DECODE_DATA, b"\x0bABC", 2))
    decoder = Decoder()
    assert [*decoder.feed(spiced[:cut]), *decoder.feed(spiced[cut:])] == decode(spiced)
    for _ in range(20):
        decoder.idle()
    assert not decoder.pending


def test_l3_no_flipped_bit_makes_another_code_and_the_next_packet_is_read() -> None:
    for bit in range(len(DECODED) * 8):
        flipped = bytearray(DECODED)
        flipped[bit // 8] ^= 1 << bit % 8
        decoder = Decoder()
        found = [*decoder.feed(bytes(flipped)), *decoder.idle(), *decoder.feed(DECODED)]
        assert [item for item in found if isinstance(item, Line)] == [CODE], bit


def test_a_spoiled_check_and_a_stopped_packet_ask_for_it_again() -> None:
    spoiled = DECODED[:-1] + b"\x23"
    assert decode(spoiled)[0] == RESEND
    decoder = Decoder()
    assert decoder.feed(DECODED[:9]) == []
    assert decoder.pending
    assert decoder.idle() == [Refusal.INCOMPLETE, RESEND]
    assert decoder.feed(DECODED) == [ACK, CODE]


def test_a_code_sent_again_says_so_and_so_does_one_that_was_never_heard() -> None:
    """The driver knows the time between: within it the second is the first, later it is a scan of its own."""
    repeated = packet(Op.DECODE_DATA, DECODED[4:-2], 1)
    resent = Line(CODE.text, CODE.symbology, resent=True)
    assert decode(DECODED, repeated) == [ACK, CODE, ACK, resent]
    assert decode(repeated) == [ACK, resent]


def test_l6_64_kib_of_noise_leave_nothing_behind() -> None:
    decoder = Decoder()
    noise = bytes(range(256)) * 256
    for at in range(0, len(noise), 1000):
        decoder.feed(noise[at : at + 1000])
        assert len(decoder._buffer) < 260
    decoder.idle()
    assert decoder.feed(DECODED) == [ACK, CODE]


def test_c3_a_code_without_end_is_refused_once_and_its_tail_is_no_code() -> None:
    part, end = packet(Op.DECODE_DATA, b"\x1c" + b"7" * 250, 2), packet(Op.DECODE_DATA, b"\x1c134567890123456789")
    decoder = Decoder()
    found = [item for _ in range(40) for item in decoder.feed(part)] + decoder.feed(end)
    assert [item for item in found if item != ACK] == [Refusal.TOO_LONG]
    assert sum(map(len, decoder._receiver._parts)) <= LINE_MAX
    assert decoder.feed(DECODED) == [ACK, CODE]


def test_c3_a_last_part_without_even_its_type_ends_the_code_and_not_the_reader() -> None:
    parts = packet(Op.DECODE_DATA, b"\x1c1345", 2), packet(Op.DECODE_DATA, b"")
    assert decode(*parts, DECODED) == [ACK, ACK, Line("1345"), ACK, CODE]
    assert decode(packet(Op.DECODE_DATA, b""), DECODED) == [ACK, ACK, CODE]


@pytest.mark.parametrize(("end", "found"), [(96, Line("7" * 4096, "]Q1")), (97, Refusal.TOO_LONG)])
def test_the_longest_code_in_several_packets_is_4096_bytes(end: int, found: Line | Refusal) -> None:
    parts = [packet(Op.DECODE_DATA, b"\x1c" + b"7" * 250, 2)] * 16
    told = decode(*parts, packet(Op.DECODE_DATA, b"\x1c" + b"7" * end))
    assert [item for item in told if item != ACK] == [found]


def test_c2_a_code_whose_rest_does_not_come_for_three_seconds_is_dropped_and_not_sooner() -> None:
    head, rest = packet(Op.DECODE_DATA, b"\x0bABC", 2), packet(Op.DECODE_DATA, b"\x0bDE")
    decoder = Decoder()
    for _ in range(2):
        decoder.feed(head)
        assert [decoder.idle() for _ in range(14)] == [[]] * 14
        assert decoder.feed(rest) == [ACK, Line("ABCDE", "]E0")]
    decoder.feed(head)
    assert [decoder.idle() for _ in range(15)][-1] == [Refusal.INCOMPLETE]
    assert decoder.feed(rest) == [ACK, Line("DE", "]E0")]


def test_a_revision_that_is_refused_is_asked_for_again_or_told() -> None:
    assert ssi.revision_of(Packet(Op.REPLY_REVISION, 0, b"V1 N")) == "V1 N"
    for other in (Packet(Op.ACK, 0, b""), Packet(Op.PARAM_SEND, 0, b"x"), CODE):
        assert ssi.revision_of(other) is None
        assert ssi.asked_revision(other) is None
    with pytest.raises(AskAgain):
        ssi.revision_of(Packet(Op.NAK, 0, bytes((Cause.RESEND,))))
    with pytest.raises(DeviceRefused):
        ssi.revision_of(Packet(Op.NAK, 0, bytes((Cause.DENIED,))))


def test_gs1_codes_keep_their_field_mark_and_controls_refuse_the_code() -> None:
    assert decode(packet(Op.DECODE_DATA, b"\x0f01\x1d10")) == [ACK, Line("01\x1d10", "]C1")]
    assert decode(packet(Op.DECODE_DATA, b"\x1c1\r2")) == [ACK, Refusal.CONTROL_BYTES]
    assert decode(packet(Op.DECODE_DATA, b"\x1c")) == [ACK]


@pytest.mark.parametrize("cause", [Cause.RESEND, Cause.BAD_CONTEXT])
def test_a_refusal_that_passes_is_asked_again(cause: Cause) -> None:
    with pytest.raises(AskAgain):
        ssi.acknowledged(Packet(Op.NAK, 0, bytes((cause,))))


@pytest.mark.parametrize("cause", [b"", bytes((Cause.DENIED,)), bytes((Cause.CANCELLED,))])
def test_a_refusal_that_stays_names_its_cause(cause: bytes) -> None:
    with pytest.raises(DeviceRefused, match=f"cause {(cause or bytes(1)).hex().upper()}"):
        ssi.acknowledged(Packet(Op.NAK, 0, cause))


def test_i19_a_code_does_not_show_in_a_packets_repr() -> None:
    assert CODE.text not in repr(Packet(Op.DECODE_DATA, 0, CODE.text.encode()))
