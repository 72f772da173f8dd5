"""Keyboard events of Linux, byte by byte, as codes."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.scanner.keys import PLAIN, SHIFTED, Decoder
from drivers.scanner.line import LINE_MAX, Line, Refusal
from firmware_stubs.scanner_keyboard import KeyboardScanner
from tests.unit.drivers.golden import vectors

VECTORS = vectors("evdev")
SEVEN = VECTORS["7 and Enter"]
CAPITAL = VECTORS["A with Shift"] + VECTORS["Shift up and Enter"]
SHIFT, CTRL, ALT, F1, ENTER, KEYPAD_ENTER, TAB = 42, 29, 56, 59, 28, 96, 15


def event(kind: int, code: int, value: int) -> bytes:
    return struct.pack("=qqHHi", 1700000000, 0, kind, code, value)


def keys(*strokes: tuple[int, int]) -> bytes:
    return b"".join(event(1, code, value) + event(0, 0, 0) for code, value in strokes)


def decode(*pieces: bytes) -> list[Line | Refusal]:
    decoder = Decoder()
    return [item for piece in pieces for item in decoder.feed(piece)]


@pytest.mark.row(55)
def test_l4_events_in_every_split_are_the_same_codes() -> None:
    stream = SEVEN + CAPITAL + keys((8, 1), (ENTER, 1), (ENTER, 0))
    wanted = [Line("7"), Line("A"), Line("7")]
    for cut in range(len(stream) + 1):
        assert decode(stream[:cut], stream[cut:]) == wanted
    assert decode(*(stream[at : at + 1] for at in range(len(stream)))) == wanted


@given(st.binary(max_size=300), st.integers(0, 300))
def test_l4_any_bytes_give_the_same_in_two_pieces_and_bounded_state(data: bytes, cut: int) -> None:
    spiced = data.replace(b"\x01", SEVEN).replace(b"\x02", event(1, SHIFT, 1))
    decoder = Decoder()
    assert [*decoder.feed(spiced[:cut]), *decoder.feed(spiced[cut:])] == decode(spiced)
    decoder.idle()
    assert not decoder.pending
    assert decoder.feed(SEVEN) == [Line("7")]


def test_the_map_types_every_printable_character() -> None:
    assert {*PLAIN.values(), *SHIFTED.values()} == {chr(code) for code in range(0x20, 0x7F)}


def test_every_printable_character_a_scanner_types_is_read_as_it_stands_on_the_code() -> None:
    text, stub = "".join(map(chr, range(0x20, 0x7F))), KeyboardScanner()
    stub.scan(text)
    assert decode(stub.tick(0), stub.tick(60_000)) == [Line(text)]


@pytest.mark.parametrize("end", [ENTER, KEYPAD_ENTER, TAB])
def test_enter_and_tab_end_a_code_and_two_are_one_end(end: int) -> None:
    assert decode(keys((8, 1), (8, 0), (end, 1), (end, 0), (end, 1), (end, 0))) == [Line("7")]


def test_the_number_pad_types_digits_and_locks_type_nothing() -> None:
    signs = keys((55, 1), (98, 1), (SHIFT, 1), (55, 1), (98, 1), (SHIFT, 0), (74, 1), (78, 1), (ENTER, 1))
    assert decode(signs) == [Line("*/*/-+")]
    assert decode(keys((69, 1), (69, 0), (71, 1), (82, 1), (58, 1), (83, 1), (ENTER, 1))) == [Line("70.")]


@pytest.mark.parametrize("shift", [42, 54])
def test_either_shift_makes_capitals(shift: int) -> None:
    assert decode(keys((shift, 1), (30, 1), (shift, 0), (30, 1), (ENTER, 1))) == [Line("Aa")]


@pytest.mark.parametrize("kind", [0x04, 0x11, 0x14])
def test_scan_codes_lamps_and_repeat_rates_are_no_keys_and_spoil_nothing(kind: int) -> None:
    assert decode(keys((8, 1)) + event(kind, 1, 30) + keys((9, 1), (ENTER, 1))) == [Line("78")]


def test_a_key_that_repeats_by_being_held_is_typed_once() -> None:
    assert decode(keys((8, 1), (8, 2), (8, 2), (8, 0), (ENTER, 1))) == [Line("7")]


@pytest.mark.parametrize("spoil", [CTRL, ALT, F1, 125, 111])
def test_c3_commands_to_a_desktop_spoil_the_code_and_only_that(spoil: int) -> None:
    stream = keys((8, 1), (spoil, 1), (19, 1), (19, 0), (spoil, 0), (ENTER, 1))
    assert decode(stream, SEVEN) == [Refusal.CONTROL_BYTES, Line("7")]


def test_keys_the_kernel_lost_spoil_the_code() -> None:
    dropped = event(0, 3, 0)
    assert decode(keys((SHIFT, 1), (8, 1)) + dropped + keys((9, 1), (ENTER, 1)), SEVEN) == [
        Refusal.CONTROL_BYTES,
        Line("7"),
    ]


@pytest.mark.parametrize("lost", [1, 8, 23])
def test_bytes_that_were_lost_spoil_the_code_and_a_pause_mends_it(lost: int) -> None:
    decoder = Decoder()
    found = decoder.feed(keys((8, 1), (9, 1)) + SEVEN[lost:])
    assert not [item for item in found if isinstance(item, Line) and item.text == "787"]
    decoder.idle()
    assert decoder.feed(SEVEN) == [Line("7")]


def test_a_shift_that_was_never_released_is_forgotten_in_a_pause() -> None:
    decoder = Decoder()
    decoder.feed(keys((SHIFT, 1)))
    assert decoder.pending
    assert decoder.idle() == []
    assert decoder.feed(SEVEN) == [Line("7")]


def test_c3_typing_without_end_is_refused_and_bounded() -> None:
    decoder = Decoder()
    for _ in range(2 * LINE_MAX):
        assert decoder.feed(keys((8, 1))) == []
    assert len(decoder._text) == LINE_MAX + 1
    assert decoder.feed(keys((ENTER, 1))) == [Refusal.TOO_LONG]


def test_prefix_and_aim_id_are_taken_off() -> None:
    decoder = Decoder(prefix="s", aim_ids=True)
    typed = keys((31, 1), (27, 1), (SHIFT, 1), (16, 1), (SHIFT, 0), (2, 1), (8, 1), (ENTER, 1))
    assert decoder.feed(typed) == [Line("7", "]Q1")]
    assert decoder.feed(SEVEN) == [Refusal.NO_PREFIX]
