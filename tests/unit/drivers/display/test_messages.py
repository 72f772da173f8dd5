"""Payloads to values, and what is no message."""

import re
import struct
from enum import IntEnum
from pathlib import Path

import pytest

from drivers.display import messages
from drivers.display.messages import (
    DisplayEvent,
    DisplayHello,
    DisplayState,
    NotThatMessage,
    Result,
    Screen,
    Status,
    Type,
)
from firmware_stubs import display_drawing, display_firmware

PAGE = (Path(__file__).parents[4] / "docs" / "display-frame.md").read_text("utf-8")
HELLO = bytes.fromhex("01 04030201 f000 4001 0d 0d00") + b"countertop-display 1.0 A1"


def test_a_hello_says_who_it_is() -> None:
    hello = DisplayHello.read(HELLO)
    assert (hello.boot_id, hello.width, hello.height, hello.max_version) == (0x01020304, 240, 320, 13)
    assert hello.serial == "A1"
    assert DisplayHello(1, 1, 320, 240, 13, 0, "x").serial == ""


@pytest.mark.parametrize(
    ("size", "told", "takes"),
    [
        ((240, 320), 13, True),
        ((320, 240), 13, True),
        ((240, 240), 13, False),
        ((240, 240), 29, True),
        ((263, 240), 13, False),
        ((264, 240), 13, True),
        ((240, 263), 13, False),
        ((240, 264), 13, True),
    ],
)
def test_a_nearly_square_glass_takes_captions_for_a_code_when_it_says_so(
    size: tuple[int, int], told: int, takes: bool
) -> None:
    assert DisplayHello(1, 1, *size, 13, told, "x").captions_codes is takes


@pytest.mark.parametrize("words", [Type, Status, Screen, Result])
def test_both_sides_number_their_words_alike(words: type[IntEnum]) -> None:
    firmware = vars(display_drawing) if words is Result else vars(display_firmware)
    assert {each.name: each.value for each in words} == {each.name: firmware[each.name] for each in words}


def test_words_have_the_numbers_of_the_frames_page() -> None:
    rows = {
        name: int(number, 16) for number, name in re.findall(r"^\| ([0-9A-F]{2}) \| (\w+) ", PAGE, re.MULTILINE)
    }
    assert {each.name: each.value for each in Type} == rows
    result = re.search(r"result u8 \((.*?)\)", PAGE)
    assert result
    assert result[1].upper() == ", ".join(f"{each.value} {each.name}" for each in Result)
    status = re.search(r"status u8: (.*?), 7 ", PAGE)
    assert status
    words = [f"{each.value} {each.name}".replace("_", " ") for each in Status if each != Status.WRONG_SCREEN]
    assert status[1].upper() == ", ".join(words)


def test_state_and_event() -> None:
    state = DisplayState.read(bytes.fromhex("01000000 01 e9030000 0ec0a09e 7800"))
    assert state == DisplayState(1, 1, 1001, 0x9EA0C00E, 120)
    assert DisplayEvent.read(b"\x01\x02\x00") == DisplayEvent(1, 2)


@pytest.mark.parametrize("kind", [DisplayHello, DisplayState, DisplayEvent])
def test_short_payloads_are_no_messages(kind: type[DisplayHello | DisplayState | DisplayEvent]) -> None:
    with pytest.raises(NotThatMessage):
        kind.read(b"\x01")


@pytest.mark.parametrize("size", [(0, 320), (240, 0), (4097, 240), (240, 65535)])
def test_l6_a_glass_of_a_size_that_none_has_is_no_greeting(size: tuple[int, int]) -> None:
    """Pictures of its captions would fill the memory, or have no dots at all."""
    told = struct.pack("<BIHHBH", 1, 7, *size, 13, 0) + b"countertop-display 1.0 A1"
    with pytest.raises(NotThatMessage):
        DisplayHello.read(told)


def test_texts_are_cut_between_characters() -> None:
    line = messages.show_text(1, 9, ("中" * 100,))
    assert line[6] == 255 == len(line) - 7
    assert (line[7:]).decode() == "中" * 85
    assert messages.show_text(1, 9, ("é" * 128,))[6] == 254
    assert messages.show_result(2, Result.PAID, "中" * 100)[5:].decode() == "中" * 80


def test_modules_must_fit_their_version() -> None:
    assert messages.show_qr(1, 2, 1, bytes(56), inverted=True)[:8].hex() == "0100000002000101"
    assert messages.show_qr(1, 2, 1, bytes(56))[:8].hex() == "0100000002000100"
    with pytest.raises(AssertionError):
        messages.show_qr(1, 2, 2, bytes(56))
