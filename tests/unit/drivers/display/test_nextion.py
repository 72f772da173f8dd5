"""Nextion return codes in every split, the number that holds FF, texts that stay texts."""

import pytest

from drivers.display.nextion import END, MESSAGE_MAX, Message, NextionDecoder, assign, command
from firmware_stubs.display_nextion import NextionStub
from tests.unit.drivers.golden import vectors

VECTORS = vectors("nextion")
STREAM = b"".join(
    VECTORS[name]
    for name in ("start-up", "success", "number full of FF", "touch on page 1", "page 2 is shown", "success")
)
MESSAGES = [
    Message(0x00, b"\0\0"),
    Message(0x88),
    Message(0x01),
    Message(0x71, b"\xff" * 4),
    Message(0x65, b"\x01\x02\x01"),
    Message(0x66, b"\x02"),
    Message(0x01),
]


def test_the_published_commands_are_what_we_send() -> None:
    assert assign("qr0.txt", b"upi://pay?pa=a@b") == VECTORS["qr text"]
    assert command(b"bkcmd=3") == VECTORS["bkcmd=3"]
    assert command(b"page 1") == VECTORS["page 1"]


def test_l4_every_split_and_single_bytes_give_the_same_messages() -> None:
    for cut in range(len(STREAM) + 1):
        decoder = NextionDecoder()
        assert decoder.feed(STREAM[:cut]) + decoder.feed(STREAM[cut:]) == MESSAGES, cut
    decoder = NextionDecoder()
    assert [each for byte in STREAM for each in decoder.feed(bytes((byte,)))] == MESSAGES


def test_a_number_may_hold_the_end_of_a_message() -> None:
    for number in (b"\xff\xff\xff\xff", b"\x01\xff\xff\xff", b"\xff\xff\xff\x01"):
        assert NextionDecoder().feed(b"\x71" + number + END + b"\x01" + END) == [
            Message(0x71, number),
            Message(0x01),
        ]


@pytest.mark.parametrize(("code", "size"), [(0x65, 3), (0x66, 1), (0x67, 5), (0x68, 5), (0x71, 4)])
def test_raw_bytes_of_a_return_are_as_many_as_the_manual_says(code: int, size: int) -> None:
    stream = bytes((code,)) + b"\xff" * size + END + VECTORS["success"]
    assert NextionDecoder().feed(stream) == [Message(code, b"\xff" * size), Message(0x01)]


def test_l3_noise_spoils_one_message_and_the_next_is_read() -> None:
    assert NextionDecoder().feed(b"\x13\x37" + VECTORS["success"] + VECTORS["success"])[-1] == Message(0x01)
    assert NextionDecoder().feed(b"\xff\xff" + VECTORS["success"]) == [Message(0x01)]


@pytest.mark.parametrize("piece", [1, 7, 4096])
def test_l6_a_message_without_end_is_dropped_alike_in_every_split_and_memory_stays_bounded(piece: int) -> None:
    for size in (MESSAGE_MAX, MESSAGE_MAX + 1, MESSAGE_MAX * 3):
        stream = b"\x70" + b"x" * (size - 1) + END + VECTORS["success"]
        decoder, found = NextionDecoder(), list[Message]()
        for at in range(0, len(stream), piece):
            found += decoder.feed(stream[at : at + piece])
        assert found[-1] == Message(0x01)
        assert len(found) == (2 if size == MESSAGE_MAX else 1), size


@pytest.mark.parametrize("text", [b'say "hi"', b"back\\slash", b'\\"', b'x"\\', b"plain", b""])
def test_s61_quotes_and_backslashes_arrive_as_they_are(text: bytes) -> None:
    stub = NextionStub()
    stub.receive(command(b"bkcmd=3"), 0)
    assert stub.receive(assign("code.title.txt", text), 1) == VECTORS["success"]
    assert stub.texts["code.title"] == text
    assert stub.refused == []


def test_bad_input_three_ff_in_a_text_are_a_bug_of_the_caller() -> None:
    with pytest.raises(AssertionError, match="end the command"):
        assign("t0.txt", b"\xff\xff\xff")
