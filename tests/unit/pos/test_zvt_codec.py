"""ZVT's commands: every chunking, every length, and what is none; the golden bytes of tills and terminals."""

import random
from datetime import datetime
from pathlib import Path
from typing import Final

import pytest

from terminal.pos import zvt_answers as answers
from terminal.pos.zvt_answers import Code, Registration, Told, Wanted
from terminal.pos.zvt_codec import DATA_MAX, Apdu, Decoder, Misread, bcd, counted, fields, read_one, unbcd
from terminal.pos.zvt_frames import FrameDecoder, frame

ROWS: Final = [
    line.rpartition(": ")
    for line in (Path(__file__).parents[2] / "golden" / "zvt.hex").read_text("utf-8").splitlines()
    if not line.startswith("#")
]
GOLDEN: Final = {name: bytes.fromhex(text) for name, _, text in ROWS}
APDUS: Final = [raw for name, raw in GOLDEN.items() if not name.startswith("frame")]


@pytest.mark.parametrize("prefix", [False, True])
def test_l4_every_split_of_a_stream_gives_the_same_commands(prefix: bool) -> None:
    stream = b"".join((len(each).to_bytes(2, "big") if prefix else b"") + each for each in APDUS)
    whole = Decoder().feed(stream)
    assert b"".join(each.to_bytes() for each in whole) == b"".join(APDUS)
    chance = random.Random(7)
    for step in (1, 2, 3, 5, 7, 11):
        pieces, found, at = Decoder(), [], 0
        while at < len(stream):
            size = chance.randint(1, step)
            found += pieces.feed(stream[at : at + size])
            at += size
        assert found == whole
        assert pieces.prefixed is prefix
        assert not pieces.partial


@pytest.mark.parametrize("size", [0, 1, 254, 255, 256, DATA_MAX])
def test_a_length_of_one_byte_and_of_three(size: int) -> None:
    apdu = Apdu(0x06D3, b"x" * size)
    assert len(apdu.to_bytes()) == size + (3 if size < 255 else 5)
    assert read_one(apdu.to_bytes()) == apdu


def test_too_long_a_command_breaks_the_stream_for_good() -> None:
    decoder = Decoder()
    assert decoder.feed(bytes.fromhex("80 00 00 06 01 FF FF FF")) == [Apdu(0x8000)]
    assert decoder.broken
    assert decoder.feed(bytes.fromhex("80 00 00")) == []
    assert not decoder.partial


def test_a_prefix_that_is_not_the_length_breaks_the_stream() -> None:
    decoder = Decoder()
    assert decoder.feed(bytes.fromhex("00 04 80 00 00 80 00 00")) == []
    assert decoder.broken


@pytest.mark.parametrize("raw", ["", "06", "06 01", "06 01 02 00", "80 00 00 80 00 00", "06 01 FF"])
def test_what_is_not_one_whole_command_is_none(raw: str) -> None:
    with pytest.raises(Misread):
        read_one(bytes.fromhex(raw))


def test_the_golden_commands_of_a_till_are_read() -> None:
    registration = answers.read_registration
    assert registration(read_one(GOLDEN["registration, no currency"]).data, "EUR") == Registration(0xBA)
    named = read_one(GOLDEN["registration, EUR and service byte"]).data
    assert registration(named, "EUR") == Registration(0xBA, "EUR")
    for name, currency in (("", ""), (" EUR with an empty container", "EUR")):
        wanted = answers.read_wanted(read_one(GOLDEN[f"authorisation of 10.00{name}"]).data)
        assert wanted == Wanted(1000, currency)


@pytest.mark.parametrize(
    ("rest", "own", "currency"),
    [
        ("0392", "JPY", "JPY"),  # as a service byte it would be 92
        ("0392", "EUR", ""),
        ("0643", "RUB", "RUB"),
        ("0978 0302 06 02 1F 10", "CNY", "EUR"),
        ("0156", "EUR", "CNY"),
        ("0302", "EUR", ""),
        ("0601AA", "EUR", ""),
    ],
)
def test_a_currency_is_told_from_the_fields_after_it(rest: str, own: str, currency: str) -> None:
    data = bytes.fromhex("000000 BA") + bytes.fromhex(rest)
    assert answers.read_registration(data, own) == Registration(0xBA, currency)


def test_the_golden_answers_of_a_terminal_are_written() -> None:
    at = datetime(2026, 11, 21, 10, 11, 12)  # noqa: DTZ001  # the shop's own time
    told = Told(Code.OK, 1000, "EUR", 42, at, "52500038")
    written = (
        answers.status_information(told).to_bytes().replace(bytes.fromhex("0B 00 00 42"), b"\x0b\x00\x00\x01")
    )
    assert written == GOLDEN["status information, paid 10.00"]
    assert answers.registered("52500038", "EUR").to_bytes() == GOLDEN["registration completed"]
    assert answers.completion().to_bytes() == GOLDEN["completion"]
    assert answers.aborted(Code.CANCELLED).to_bytes() == GOLDEN["abort: by key"]
    assert answers.please_wait().to_bytes() == GOLDEN["intermediate status: please wait"]
    assert answers.received().to_bytes() == GOLDEN["received"]
    assert answers.refused(Code.NOT_POSSIBLE).to_bytes() == GOLDEN["not supported"]
    assert answers.refused(Code.AGAIN).to_bytes() == GOLDEN["busy"]
    assert frame(GOLDEN["received"]) == GOLDEN["frame: received"]


def test_the_fields_of_real_terminals_are_read() -> None:
    paid = fields(read_one(GOLDEN["status information of a card terminal, paid 20.40"]).data)
    assert (unbcd(paid[0x04]), unbcd(paid[0x0B]), paid[0x8B]) == (2040, 470, b"Debit Mastercard\0")
    cancelled = fields(read_one(GOLDEN["status information of a card terminal, cancelled"]).data)
    assert (cancelled[0x27], cancelled[0x3C]) == (b"\x6c", b"Abbruch durch Kunde")


def test_wallet_and_text_stand_with_their_lengths() -> None:
    at = datetime(2026, 11, 21)  # noqa: DTZ001  # the shop's own time
    told = Told(Code.OK, 1, "CNY", 1, at, "00000001", "WeChat Pay 微信", "x" * 500)
    found = fields(answers.status_information(told).data)
    assert found[0x8B] == b"WeChat Pay ??"
    assert found[0x3C] == b"x" * 200
    assert counted(b"ab", 3) == b"\xf0\xf0\xf2ab"


@pytest.mark.parametrize(("no", "receipt", "trace"), [(1, 1, 1), (9999, 9999, 9999), (10_000, 1, 10_000)])
def test_numbers_begin_again_at_1(no: int, receipt: int, trace: int) -> None:
    assert (answers.receipt_no(no), answers.trace_no(no)) == (receipt, trace)
    assert answers.trace_no(1_000_000) == 1


@pytest.mark.parametrize("raw", ["2A50", "1F", "A0"])
def test_a_digit_above_9_is_no_number(raw: str) -> None:
    with pytest.raises(Misread):
        unbcd(bytes.fromhex(raw))
    assert unbcd(bcd(4711, 3)) == 4711


@pytest.mark.parametrize(
    "raw",
    ["04", "040000", "77", "0601", "0684", "068100", "0682FFFF", "3CF0F0", "3CF0F0FA", "8B3132", "2700 2700"],
)
def test_fields_that_are_cut_short_repeated_or_unknown_are_misread(raw: str) -> None:
    if raw == "068100":
        assert fields(bytes.fromhex(raw)) == {0x06: b""}
        return
    with pytest.raises(Misread):
        fields(bytes.fromhex(raw))


# --- the serial line --------------------------------------------------------------------------------------


def test_l4_frames_come_whole_however_they_are_cut_and_noise_is_passed_over() -> None:
    contents = [*APDUS, b"\x10\x10\x03\x10", b""]
    stream = b"\x00\xff\x10\x55" + b"".join(frame(each) + b"\x06" for each in contents) + b"\x15"
    whole = FrameDecoder().feed(stream)
    assert [each.content for each in whole if each.kind == "frame"] == contents
    assert [each.kind for each in whole][-2:] == ["ack", "nak"]
    pieces = FrameDecoder()
    assert [event for byte in stream for event in pieces.feed(bytes((byte,)))] == whole


@pytest.mark.parametrize("at", range(2, 9))
def test_a_frame_with_one_bit_wrong_is_bad_or_none(at: int) -> None:
    raw = bytearray(frame(bytes.fromhex("800000")))
    raw[at] ^= 0x20
    assert all(event.kind != "frame" for event in FrameDecoder().feed(bytes(raw)))


def test_a_frame_without_end_is_held_within_bounds_and_is_bad() -> None:
    decoder = FrameDecoder()
    assert decoder.feed(b"\x10\x02" + b"x" * 100_000) == []
    assert decoder.partial
    assert [each.kind for each in decoder.feed(b"\x10\x03\x00\x00")] == ["bad"]
    decoder.feed(b"\x10\x02abc")
    decoder.drop()
    assert decoder.feed(b"\x06") == [("ack", b"")]
