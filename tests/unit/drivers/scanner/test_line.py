"""Lines out of bytes: one scan for every split, and nothing repaired."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.scanner.line import LINE_MAX, Line, LineDecoder, Refusal

CODE = b"134567890123456789"


def decode(*pieces: bytes, aim_ids: bool = False, suffix: bool = True) -> list[Line | Refusal]:
    decoder = LineDecoder(aim_ids=aim_ids, suffix=suffix)
    return [item for piece in pieces for item in decoder.feed(piece)]


@pytest.mark.parametrize("end", [b"\r", b"\n", b"\r\n", b"\t", b"\r\r", b"\n\n\r\n"])
def test_every_terminator_and_its_repeats_give_one_scan(end: bytes) -> None:
    assert decode(end + CODE + end) == [Line(CODE.decode())]


CORPUS = CODE + b"\r\n" + b"\r" + b"6921168509256\t" + b"bad\x1b[2Jline\r" + "１２３".encode() + b"\nA-1 b\r"
WANTED = [Line(CODE.decode()), Line("6921168509256"), Refusal.CONTROL_BYTES, Refusal.NOT_ASCII, Line("A-1 b")]


@pytest.mark.row(54, 55)
def test_l4_every_split_in_two_and_three_gives_the_same_lines() -> None:
    assert decode(CORPUS) == WANTED
    for first in range(len(CORPUS) + 1):
        assert decode(CORPUS[:first], CORPUS[first:]) == WANTED
        for second in range(first, len(CORPUS) + 1, 7):
            assert decode(CORPUS[:first], CORPUS[first:second], CORPUS[second:]) == WANTED


def test_l4_one_byte_at_a_time_gives_the_same_lines() -> None:
    assert decode(*(CORPUS[at : at + 1] for at in range(len(CORPUS)))) == WANTED


@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=6))
def test_l4_any_bytes_any_split_and_only_printable_ascii_comes_out(data: bytes, cuts: list[int]) -> None:
    places = [0, *sorted(cut for cut in cuts if cut <= len(data)), len(data)]
    pieces = [data[a:b] for a, b in pairwise(places)]
    found = decode(*pieces)
    assert found == decode(data)
    assert all(item.text.isascii() and item.text.isprintable() for item in found if isinstance(item, Line))


def test_c2_a_missing_terminator_is_dropped_after_the_gap_and_never_glued_to_the_next_code() -> None:
    decoder = LineDecoder()
    assert decoder.feed(CODE[:10]) == []
    assert decoder.pending
    assert decoder.idle() == [Refusal.INCOMPLETE]
    assert decoder.feed(CODE + b"\r") == [Line(CODE.decode())]
    assert not decoder.pending


def test_without_a_suffix_the_gap_ends_the_code() -> None:
    decoder = LineDecoder(suffix=False)
    assert decoder.feed(CODE[:7]) == []
    assert decoder.feed(CODE[7:]) == []
    assert decoder.idle() == [Line(CODE.decode())]
    assert decoder.idle() == []


def test_c2_two_glued_codes_stay_one_wrong_line_for_the_grammar_behind_to_refuse() -> None:
    assert decode(CODE + CODE + b"\r") == [Line((CODE + CODE).decode())]


@pytest.mark.parametrize("piece", [1 << 20, 4096, 777])
def test_c3_a_megabyte_is_refused_once_dropped_until_quiet_and_never_held(piece: int) -> None:
    decoder = LineDecoder()
    flood = b"7" * (1 << 20)
    found: list[Line | Refusal] = []
    for at in range(0, len(flood), piece):
        found += decoder.feed(flood[at : at + piece])
        assert len(decoder._buffer) <= LINE_MAX
    assert found == [Refusal.TOO_LONG]
    assert decoder.feed(b"\r" + CODE + b"\r") == []  # the tail of a flood is no code
    assert decoder.idle() == []
    assert decoder.feed(CODE + b"\r") == [Line(CODE.decode())]


def test_the_longest_line_is_4096_bytes() -> None:
    assert decode(b"7" * LINE_MAX + b"\r") == [Line("7" * LINE_MAX)]
    assert decode(b"7" * (LINE_MAX + 1)) == [Refusal.TOO_LONG]


@pytest.mark.parametrize("byte", [*range(0x20), 0x7F])
def test_c3_a_control_byte_refuses_the_line(byte: int) -> None:
    if byte in b"\r\n\t":
        return
    assert decode(CODE[:9] + bytes((byte,)) + CODE[9:] + b"\r") == [Refusal.CONTROL_BYTES]


@pytest.mark.parametrize("digits", ["１３４５６７８９０１２３４５６７８９", "١٣٤٥", "१३४५", "𝟙𝟛"])
def test_c3_digits_that_are_not_ascii_are_refused(digits: str) -> None:
    assert decode(digits.encode() + b"\r") == [Refusal.NOT_ASCII]


def test_aim_ids_are_stripped_only_where_the_profile_has_them_on() -> None:
    assert decode(b"]Q1" + CODE + b"\r", aim_ids=True) == [Line(CODE.decode(), "]Q1")]
    assert decode(b"]Q1" + CODE + b"\r") == [Line("]Q1" + CODE.decode())]
    assert decode(b"]?1" + CODE + b"\r", aim_ids=True) == [Line("]?1" + CODE.decode())]
    assert decode(b"]E06921168509256\r", aim_ids=True) == [Line("6921168509256", "]E0")]


def test_i19_a_code_does_not_show_in_its_repr() -> None:
    assert CODE.decode() not in repr(Line(CODE.decode(), "]Q1"))
