"""Lines out of bytes: one scan for every split, and nothing repaired."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.scanner.line import LINE_MAX, SUFFIXES, Line, LineDecoder, Refusal, Suffix
from tests.unit.drivers.golden import vectors

CODE = b"134567890123456789"


def decode(
    *pieces: bytes, aim_ids: bool = False, suffix: Suffix = "any", prefix: bytes = b""
) -> list[Line | Refusal]:
    decoder = LineDecoder(aim_ids=aim_ids, suffix=suffix, prefix=prefix)
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
    assert all(
        item.text.isascii() and item.text.replace("\x1d", "").isprintable()
        for item in found
        if isinstance(item, Line)
    )


def test_c2_a_missing_terminator_is_dropped_after_the_gap_and_never_glued_to_the_next_code() -> None:
    decoder = LineDecoder()
    assert decoder.feed(CODE[:10]) == []
    assert decoder.pending
    assert decoder.idle() == [Refusal.INCOMPLETE]
    assert decoder.feed(CODE + b"\r") == [Line(CODE.decode())]
    assert not decoder.pending


def test_without_a_suffix_the_gap_ends_the_code() -> None:
    decoder = LineDecoder(suffix="none")
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
    assert decode(b"7" * 4096 + b"\r") == [Line("7" * 4096)]
    assert decode(b"7" * 4097) == [Refusal.TOO_LONG]


@pytest.mark.parametrize("byte", [byte for byte in (*range(0x20), 0x7F) if byte not in b"\r\n\t\x1d"])
def test_c3_a_control_byte_refuses_the_line(byte: int) -> None:
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


VECTORS = vectors("line")


@pytest.mark.row(55)
@pytest.mark.parametrize(
    ("title", "aim_ids", "line"),
    [
        ("plain", False, Line("8711218972875")),
        ("AIM id", True, Line("8711218972875", "]E0")),
        ("embedded CR, head", True, Line("Some line", "]Q1")),
    ],
)
def test_captured_lines_are_read_in_every_split(title: str, aim_ids: bool, line: Line) -> None:
    data = VECTORS[title]
    for cut in range(len(data) + 1):
        assert decode(data[:cut], data[cut:], aim_ids=aim_ids) == [line]


@pytest.mark.parametrize(("suffix", "end"), [("cr", b"\r"), ("lf", b"\n"), ("crlf", b"\r\n"), ("tab", b"\t")])
def test_a_named_suffix_ends_a_code_and_the_others_spoil_it(suffix: Suffix, end: bytes) -> None:
    assert decode(CODE + end, suffix=suffix) == [Line(CODE.decode())]
    assert decode(end + CODE + end + end, suffix=suffix) == [Line(CODE.decode())]
    for other in (b"\r", b"\n", b"\t"):
        if other != end:
            assert decode(CODE + other + CODE + end, suffix=suffix) == [Refusal.CONTROL_BYTES]


def test_l4_a_crlf_in_two_reads_is_one_end_and_a_cr_alone_is_none() -> None:
    stream = CODE + b"\r\n" + b"WIFI:S:a\rb;;\r\n" + b"\r\n" + CODE + b"\r\n"
    wanted = [Line(CODE.decode()), Refusal.CONTROL_BYTES, Line(CODE.decode())]
    for cut in range(len(stream) + 1):
        assert decode(stream[:cut], stream[cut:], suffix="crlf") == wanted
    assert decode(*(stream[at : at + 1] for at in range(len(stream))), suffix="crlf") == wanted
    assert decode(CODE, b"\nWIFI:S:a;;\r\n", suffix="crlf") == [Refusal.CONTROL_BYTES]


@given(st.sampled_from(SUFFIXES), st.binary(max_size=80), st.integers(0, 80))
def test_l4_every_suffix_gives_the_same_in_two_pieces(suffix: Suffix, data: bytes, cut: int) -> None:
    spiced = data.replace(b"\x01", b"\r").replace(b"\x02", b"\r\n")
    assert decode(spiced[:cut], spiced[cut:], suffix=suffix) == decode(spiced, suffix=suffix)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_longest_line_is_the_same_for_every_suffix(suffix: Suffix) -> None:
    end = {"lf": b"\n", "crlf": b"\r\n", "tab": b"\t"}.get(suffix, b"\r")
    longest = b"7" * LINE_MAX
    for data in (longest + end, longest + b"7" + end):
        wanted: list[Line | Refusal] = [Line(longest.decode())] if data == longest + end else [Refusal.TOO_LONG]
        for cut in (0, LINE_MAX - 1, LINE_MAX, LINE_MAX + 1, len(data)):
            assert decode(data[:cut], data[cut:], suffix=suffix) == wanted


def test_a_prefix_is_asked_for_and_taken_off_before_the_aim_id() -> None:
    assert decode(b"S1]Q1" + CODE + b"\r", prefix=b"S1", aim_ids=True) == [Line(CODE.decode(), "]Q1")]
    assert decode(CODE + b"\r", prefix=b"S1") == [Refusal.NO_PREFIX]


def test_gs_is_kept_because_it_parts_the_fields_of_a_gs1_code() -> None:
    assert decode(b"]C10106921168509256\x1d10A7\r", aim_ids=True) == [Line("0106921168509256\x1d10A7", "]C1")]
