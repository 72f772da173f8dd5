"""Newland's unified commands and their echoes against the manual, mixed with codes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.errors import DeviceRefused
from drivers.scanner import nls
from drivers.scanner.line import Line, Refusal
from drivers.scanner.nls import ACK, ANSWER_MAX, ENQ, NAK, Answer, Decoder
from tests.unit.drivers.golden import vectors

VECTORS = vectors("nls")
REPLY = VECTORS["reply trigger on"]
LENGTHS = VECTORS["reply Code 11 lengths"]


def decode(*pieces: bytes) -> list[object]:
    decoder = Decoder()
    return [item for piece in pieces for item in decoder.feed(piece)]


@pytest.mark.parametrize(
    ("title", "frame"),
    [
        ("trigger on", nls.trigger()),
        ("trigger off", nls.trigger(on=False)),
        ("same-code 1 s", nls.permanent("RRDDUR1000")),
        ("Code 11 on, 12 to 22", nls.permanent("C11ENA1,MIN12,MAX22")),
    ],
)
def test_commands_are_the_published_bytes(title: str, frame: bytes) -> None:
    assert frame == VECTORS[title]


def test_echoes_are_read_one_by_one() -> None:
    assert decode(REPLY) == [Answer("SCNTRG1", ACK)]
    assert decode(LENGTHS) == [Answer("C11MIN12", ACK), Answer("MAX22", ACK)]
    three = [Answer("C11ENA1", ACK), Answer("MIN12", ACK), Answer("MAX22", ACK)]
    assert decode(VECTORS["reply Code 11 on, 12 to 22"]) == three
    assert decode(b"\x02\x010000#SCNMOD9\x15;XYZABC1\x05;\x03") == [Answer("SCNMOD9", NAK), Answer("XYZABC1", ENQ)]


STREAM = (
    b"134567890123456789\r"
    + REPLY
    + b"\r\n8711218972875\r"
    + LENGTHS
    + b"\x02\x010000 no status;\x03\r"
    + b"1"
    + REPLY
    + b"\r42\r"
)
WANTED: list[object] = [
    Line("134567890123456789"),
    Answer("SCNTRG1", ACK),
    Line("8711218972875"),
    *(Answer("C11MIN12", ACK), Answer("MAX22", ACK)),
    Refusal.CONTROL_BYTES,
    Refusal.CONTROL_BYTES,  # an echo inside a code is no echo
    Line("42"),
]


@pytest.mark.row(55)
def test_l4_codes_and_echoes_in_every_split() -> None:
    assert decode(STREAM) == WANTED
    for cut in range(len(STREAM) + 1):
        assert decode(STREAM[:cut], STREAM[cut:]) == WANTED
    assert decode(*(STREAM[at : at + 1] for at in range(len(STREAM)))) == WANTED


@given(st.binary(max_size=200), st.integers(0, 200))
def test_l4_any_bytes_give_the_same_in_two_pieces_and_bounded_state(data: bytes, cut: int) -> None:
    spiced = data.replace(b"\x05", REPLY).replace(b"\x06", b"42\r").replace(b"\x07", REPLY[:6])
    decoder = Decoder()
    assert [*decoder.feed(spiced[:cut]), *decoder.feed(spiced[cut:])] == decode(spiced)
    decoder.idle()
    assert not decoder.pending


@pytest.mark.parametrize("size", [ANSWER_MAX - 9, ANSWER_MAX - 8, ANSWER_MAX, 4000])
def test_l6_an_echo_without_end_is_bounded_in_every_split(size: int) -> None:
    data = REPLY[:6] + b"x" * size + b";\x03\r42\r"
    for cut in (0, 6, ANSWER_MAX - 1, ANSWER_MAX, ANSWER_MAX + 1, len(data) - 4):
        assert decode(data[:cut], data[cut:]) == [Refusal.CONTROL_BYTES, Line("42")]


def test_half_an_echo_is_dropped_when_the_line_goes_quiet() -> None:
    decoder = Decoder()
    assert decoder.feed(REPLY[:9]) == []
    assert decoder.idle() == [Refusal.INCOMPLETE]
    assert decoder.feed(REPLY) == [Answer("SCNTRG1", ACK)]


def test_l3_a_flipped_bit_never_turns_an_echo_into_a_code() -> None:
    for bit in range(len(REPLY) * 8):
        flipped = bytearray(REPLY)
        flipped[bit // 8] ^= 1 << bit % 8
        decoder = Decoder()
        assert not [item for item in (*decoder.feed(bytes(flipped)), *decoder.idle()) if isinstance(item, Line)]


def test_an_echo_fits_its_own_command_only() -> None:
    assert nls.echo(Answer("SCNMOD2", ACK), "SCNMOD") == "SCNMOD2"
    assert nls.echo(Answer("SCNTRG1", ACK), "SCNMOD") is None
    for status in (ENQ, NAK):
        with pytest.raises(DeviceRefused, match="SCNMOD"):
            nls.echo(Answer("SCNMOD7", status), "SCNMOD")
