"""Star line mode: vectors, states in every split, what can never come out."""

from itertools import pairwise

import pytest

from drivers.printer.document import Code, Picture, Row
from drivers.printer.escpos import ask_status
from drivers.printer.profile import load
from drivers.printer.star import ASK_STATE, StarLine, StateDemux, from_state
from drivers.printer.status import Automatic, Counted, Flow, Paper, Reply
from drivers.printer.writer import CHUNK_BYTES, Writer
from tests.unit.drivers.golden import vectors

VECTORS = vectors("star_line")
STAR = load("star-line")


def sent(*document: Row | Code | Picture) -> bytes:
    return b"".join(Writer(STAR, None, StarLine()).slip(document).chunks)


def test_vectors() -> None:
    assert StarLine().code("HELLO", 6) == VECTORS["code HELLO size 6 level M"]
    assert StarLine().code("HELLO", 12)[12:18] == b"\x1b\x1dyS2\x08"
    assert VECTORS["ask for the state"] == ASK_STATE
    assert VECTORS["language probe Star and ESC/POS"] == ASK_STATE + ask_status(1)
    assert STAR.drawer == VECTORS["drawer pulse"]


@pytest.mark.row(46)
@pytest.mark.parametrize(
    ("name", "paper", "fault"),
    [
        ("state well", Paper.OK, ""),
        ("state near end", Paper.NEAR_END, ""),
        ("state paper end", Paper.OUT, "paper_out"),
        ("state cover open", Paper.OK, "cover_open"),
        ("state cutter", Paper.OK, "cutter_jam"),
        ("state head hot", Paper.OK, "offline"),
    ],
)
def test_states(name: str, paper: Paper, fault: str) -> None:
    status = from_state(VECTORS[name])
    assert (status.known, status.paper, status.fault) == (True, paper, fault)


def test_the_count_of_printed_pieces_is_read() -> None:
    assert StateDemux().feed(VECTORS["state 13 printed"])[1] == Counted(13, 32)


def test_the_head_tells_the_length_and_lengths_no_state_has_are_noise() -> None:
    """Bits 5, 6 and 1 to 3; bit 0 is set, bits 4 and 7 are not."""
    sizes = {head: head >> 1 & 7 | (head >> 5 & 3) << 3 for head in range(256) if head & 0x91 == 1}
    for head in range(256):
        size = sizes.get(head, 0)
        demux = StateDemux()
        found = demux.feed(bytes((head,)) + bytes(max(size, 1) - 1))
        if 7 <= size <= 16:
            assert found[0] == Automatic(bytes((head,)) + bytes(size - 1))
            assert len(found) == (2 if size >= 8 else 1), "the eighth byte counts pieces"
        elif head not in (0x11, 0x13):
            assert found == []
            assert demux.strange >= 1


def test_what_is_part_of_no_state_is_counted_byte_by_byte() -> None:
    demux = StateDemux()
    demux.feed(b"\x80\x02\x04\xff" + VECTORS["state well"])
    assert demux.strange == 4


@pytest.mark.parametrize(
    ("byte", "bit", "told"),
    [
        *((2, 0x04, "drawer_high"), (2, 0x08, "offline"), (2, 0x20, "cover_open"), (3, 0x08, "cutter_jam")),
        *((3, 0x40, "offline"), (3, 0x20, "offline"), (3, 0x04, "offline"), (4, 0x40, "offline")),
    ],
)
def test_each_bit_of_a_state_says_one_thing(byte: int, bit: int, told: str) -> None:
    data = bytearray(VECTORS["state well"])
    data[byte] |= bit
    status = from_state(data)
    wanted = {name: name == told for name in ("cover_open", "cutter_jam", "offline", "drawer_high")}
    assert {name: getattr(status, name) for name in wanted} == wanted
    assert status.paper is Paper.OK


def test_styles_are_the_makers_bytes() -> None:
    say = StarLine()
    assert [say.align(side).hex() for side in ("left", "center", "right")] == ["1b1d6100", "1b1d6101", "1b1d6102"]
    assert [say.bold(bold).hex() for bold in (False, True)] == ["1b46", "1b45"]
    assert [say.size(size).hex() for size in (1, 2)] == ["1b690000", "1b690101"]
    assert (say.page(32).hex(), say.feed(5).hex(), say.gap(6).hex(), say.gap(1).hex()) == (
        "1b1d7420",
        "1b6105",
        "1b4a03",
        "1b4a01",
    )
    assert (say.position(300).hex(), say.stop(40).hex()) == ("1b1d412c01", "1b442800")
    assert (STAR.cut.hex(), VECTORS["ask for the state"]) == ("1b6401", b"\x1b\x06\x01")


STREAM = VECTORS["state stream"]
WANTED: list[Reply] = [
    Flow(True),
    Automatic(VECTORS["state well"][:7] + b"\x02\x00"),
    Counted(1, 32),
    Flow(False),
    Automatic(VECTORS["state paper end"][:7] + b"\x02\x00"),
    Counted(1, 32),
    Automatic(VECTORS["state near end"][:7] + b"\x04\x00"),
    Counted(2, 32),
]


def typed(replies: list[Reply]) -> list[tuple[object, ...]]:
    """Replies of two kinds with the same bytes are equal as tuples, and are not the same."""
    return [(type(reply).__name__, *reply) for reply in replies]


def in_pieces(*cuts: int) -> list[Reply]:
    demux, replies = StateDemux(), list[Reply]()
    for start, end in pairwise((0, *cuts, len(STREAM))):
        replies += demux.feed(STREAM[start:end])
    return replies


def test_l4_the_stream_in_every_pair_of_cuts_and_byte_by_byte() -> None:
    for first in range(len(STREAM) + 1):
        for second in range(first, len(STREAM) + 1):
            assert typed(in_pieces(first, second)) == typed(WANTED)
    assert typed(in_pieces(*range(len(STREAM)))) == typed(WANTED)


def test_noise_and_torn_states_do_not_swallow_the_next_one() -> None:
    well = VECTORS["state well"]
    assert typed(StateDemux().feed(b"\xff\x80\x01\x03" + well[:4] + well)) == typed(
        [Automatic(well), Counted(0, 32)]
    )
    torn = StateDemux()
    torn.feed(well[:5])
    assert torn.partial
    torn.reset()
    assert torn.feed(well)[0] == Automatic(well)


def test_letters_go_through_code_pages_and_the_right_column_by_position() -> None:
    data = sent(Row("Café", "€5", bold=True), Row("Оплата", size=2))
    assert data.startswith(b"\x1b@\x1bECaf") or b"Caf\x1b\x1dt\x20\xe9" in data
    assert b"\x1b\x1dA" in data
    assert b"\x1bi\x01\x01" in data
    assert "Оплата".encode("cp866") in data
    assert data.endswith(b"\x1ba\x05\x1bd\x01")


def test_a_picture_is_rows_of_raster_in_the_middle_of_the_paper() -> None:
    data = sent(Picture(8, (0xFF, 0x81)))
    row = b"b" + (36).to_bytes(2, "little")
    assert data.count(b"\x1b*rA\x1b*rP0\x00\x1b*rE1\x00") == data.count(b"\x1b*rB") == 1
    assert row + bytes(35) + b"\x0f" not in data
    start = data.index(b"b" + (37).to_bytes(2, "little"))
    assert int.from_bytes(data[start + 3 : start + 40], "big") == 0xFF << (37 * 8 - 284 - 8)


HOSTILE = (
    "\x07\x1b\x07\x14\x14",
    "\x1b\x1dyP",
    "\x17\x17",
    "\x1bd\x01",
    "\x18",
    "\x1b\x06\x01",
    "\x9b\x85\u2028",
    "收款\u202e",
)


@pytest.mark.parametrize("text", HOSTILE)
def test_s61_hostile_text_adds_no_control_byte(text: str) -> None:
    plain, hostile = sent(Row("note", "x")), sent(Row("note" + text, "x"))
    for value in (0x07, 0x17, 0x18, 0x06):
        assert hostile.count(value) == plain.count(value)
    assert hostile.count(0x1B) <= plain.count(0x1B) + 1


def test_long_slips_come_in_pieces() -> None:
    chunks = Writer(STAR, None, StarLine()).slip(tuple(Row(f"line {n}", "€5") for n in range(120))).chunks
    assert len(chunks) > 3
    assert max(map(len, chunks)) <= CHUNK_BYTES
