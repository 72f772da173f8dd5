"""Honeywell's menu commands and their echoes against the manual, mixed with codes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.errors import DeviceRefused
from drivers.scanner import hon
from drivers.scanner.hon import ACK, ENQ, NAK, Answer, Decoder
from drivers.scanner.line import Line, LineDecoder, Refusal
from drivers.scanner.speech import Send
from tests.unit.drivers.golden import vectors

VECTORS = vectors("hon")


def decode(*pieces: bytes, host_ack: bool = False) -> list[object]:
    decoder = Decoder(host_ack=host_ack)
    return [item for piece in pieces for item in decoder.feed(piece)]


def test_commands_are_the_published_bytes() -> None:
    assert VECTORS["trigger on"] == hon.TRIGGER_ON
    assert VECTORS["trigger off"] == hon.TRIGGER_OFF
    assert hon.query("CBRENA") == VECTORS["query Codabar"]
    assert hon.setting("232BAD9") == VECTORS["115200 baud, permanent"][:-1] + b"!"  # ours is volatile


def test_echoes_are_read_one_by_one() -> None:
    assert decode(VECTORS["reply Codabar on"]) == [Answer("CBRENA1", ACK)]
    assert decode(VECTORS["reply Codabar settings"]) == [
        Answer("CBRENA1", ACK),
        Answer("SSX0", ACK),
        Answer("CK20", ACK),
    ]
    assert decode(b"XYZABC\x05!") == [Answer("XYZABC", ENQ)]
    assert decode(b"232bad99\x15.") == [Answer("232BAD99", NAK)]


STREAM = (
    b"134567890123456789\r"
    + VECTORS["reply Codabar on"]
    + b"\r\nhttps://example.test/a?b\r"
    + VECTORS["reply Codabar settings"]
    + b"TRGMOD\x06x\r"
    + b"A" * 200
    + b"\r42\r"
)
WANTED: list[object] = [
    Line("134567890123456789"),
    Answer("CBRENA1", ACK),
    Line("https://example.test/a?b"),
    *(Answer("CBRENA1", ACK), Answer("SSX0", ACK), Answer("CK20", ACK)),
    Refusal.CONTROL_BYTES,
    Line("A" * 200),
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
    spiced = data.replace(b"\x01", VECTORS["reply Codabar on"]).replace(b"\x02", b"42\r")
    decoder = Decoder()
    assert [*decoder.feed(spiced[:cut]), *decoder.feed(spiced[cut:])] == decode(spiced)
    assert len(decoder._held) <= 130
    decoder.idle()
    assert not decoder.pending


def test_half_an_echo_is_dropped_when_the_line_goes_quiet() -> None:
    decoder = Decoder()
    assert decoder.feed(b"CBRENA1\x06") == []
    assert decoder.pending
    assert decoder.idle() == [Refusal.INCOMPLETE]
    assert decoder.feed(b"42\r") == [Line("42")]


def test_without_a_suffix_the_gap_ends_the_code() -> None:
    decoder = Decoder(line=LineDecoder(suffix="none"))
    assert decoder.feed(b"134567890123456789") == []
    assert decoder.idle() == [Line("134567890123456789")]


def test_with_ack_nak_every_code_is_answered() -> None:
    assert decode(b"42\r\x1b[2J\r", host_ack=True) == [
        Line("42"),
        Send(b"\x06", sound=False),
        Refusal.CONTROL_BYTES,
        Send(b"\x15", sound=False),
    ]


def test_an_echo_fits_its_own_command_only() -> None:
    assert hon.echo(Answer("TRGMOD0", ACK), "TRGMOD") == "TRGMOD0"
    assert hon.echo(Answer("CBRENA1", ACK), "TRGMOD") is None
    assert hon.echo(Line("TRGMOD0"), "TRGMOD") is None
    for status in (ENQ, NAK):
        with pytest.raises(DeviceRefused, match="TRGMOD"):
            hon.echo(Answer("TRGMOD", status), "TRGMOD")
