"""What a printer says back, in every split."""

from itertools import pairwise

import pytest

from drivers.printer.status import (
    BLOCK_MAX,
    CANNOT_TELL,
    POWERED_ON,
    Automatic,
    Block,
    Demux,
    Flow,
    InTurn,
    Paper,
    RealTime,
    Reply,
    from_automatic,
    from_real_time,
)  # fmt: skip
from tests.unit.drivers.golden import vectors

STREAM = vectors("escpos")["status stream"]
WANTED: list[Reply] = [
    RealTime(0x12),
    RealTime(0x16),
    RealTime(0x1E),
    RealTime(0x72),
    Automatic(b"\x10\x00\x03\x00"),
    Flow(True),
    Flow(False),
    Block(b"\x37\x220001"),
    InTurn(0),
    Block(b"\x5f1.02"),
]


def typed(replies: list[Reply]) -> list[tuple[object, ...]]:
    """Replies of two kinds with the same bytes are equal as tuples, and are not the same."""
    return [(type(reply).__name__, *reply) for reply in replies]


def in_pieces(*cuts: int) -> list[Reply]:
    demux = Demux()
    replies: list[Reply] = []
    for start, end in pairwise((0, *cuts, len(STREAM))):
        replies += demux.feed(STREAM[start:end])
    return replies


def test_l4_the_stream_in_every_pair_of_cuts() -> None:
    for first in range(len(STREAM) + 1):
        for second in range(first, len(STREAM) + 1):
            assert typed(in_pieces(first, second)) == typed(WANTED)


def test_l4_one_byte_at_a_time() -> None:
    assert typed(in_pieces(*range(len(STREAM)))) == typed(WANTED)


@pytest.mark.parametrize("first", [value for value in range(256) if value & 0x93 == 0x10])
def test_every_first_byte_of_an_automatic_status_begins_one(first: int) -> None:
    data = bytes((first, 0x6F, 0x0F, 0x0F))
    assert typed(Demux().feed(data)) == typed([Automatic(data)])


def test_a_block_of_four_bytes_is_no_automatic_status() -> None:
    assert typed(Demux().feed(b"\x5fabc\x00\x37\x22\x30\x31\x00")) == typed(
        [Block(b"_abc"), Block(b"\x37\x22\x30\x31")]
    )


def test_what_no_printer_says_is_counted_byte_by_byte() -> None:
    demux = Demux()
    strange = bytes(value for value in range(0x80, 0x100))
    assert typed(demux.feed(strange + b"\x1b\x15\x12")) == typed([RealTime(0x12)])
    assert demux.strange == len(strange) + 2


def test_a_torn_automatic_status_does_not_swallow_what_follows() -> None:
    assert typed(Demux().feed(b"\x10\x00\x12")) == typed([RealTime(0x12)])


def test_a_torn_automatic_status_is_forgotten_after_its_time() -> None:
    demux = Demux()
    assert demux.feed(b"\x18\x00") == []
    assert demux.partial
    demux.reset()
    assert typed(demux.feed(b"\x03")) == typed([InTurn(3)])


def test_flow_control_stands_anywhere() -> None:
    assert typed(Demux().feed(b"\x18\x13\x00\x0c\x11\x00")) == typed(
        [Flow(False), Flow(True), Automatic(b"\x18\x00\x0c\x00")]
    )


def test_a_block_without_an_end_is_bounded() -> None:
    demux = Demux()
    assert demux.feed(b"\x5f" + b"x" * 10_000) == []
    assert len(demux._held) <= BLOCK_MAX
    assert demux.feed(b"\x00\x12")[-1] == RealTime(0x12)


@pytest.mark.row(46)
@pytest.mark.parametrize(
    ("values", "paper", "fault"),
    [
        ({1: 0x12, 4: 0x12}, Paper.OK, ""),
        ({1: 0x16, 4: 0x1E}, Paper.NEAR_END, ""),
        ({1: 0x1A, 2: 0x32, 3: 0x12, 4: 0x7E}, Paper.OUT, "paper_out"),
        ({1: 0x1A, 2: 0x32, 3: 0x12, 4: 0x72}, Paper.OUT, "paper_out"),
        ({1: 0x1A, 2: 0x32, 3: 0x12, 4: 0x1E}, Paper.OUT, "paper_out"),  # set to stop at the near end
        ({1: 0x1A, 2: 0x16, 3: 0x12, 4: 0x12}, Paper.OK, "cover_open"),
        ({1: 0x1A, 2: 0x52, 3: 0x1A, 4: 0x12}, Paper.OK, "cutter_jam"),
        ({1: 0x1A, 2: 0x52, 3: 0x52, 4: 0x12}, Paper.OK, "offline"),
        ({1: 0x1A, 4: 0x12}, Paper.OK, "offline"),
        ({4: 0x12}, Paper.OK, ""),
        ({1: 0x12}, Paper.CANNOT_TELL, ""),
    ],
)
def test_real_time_status(values: dict[int, int], paper: Paper, fault: str) -> None:
    status = from_real_time(values)
    assert (status.known, status.paper, status.fault) == (True, paper, fault)


@pytest.mark.parametrize(
    ("query", "bit", "told"),
    [
        (1, 0x04, "drawer_high"),
        (1, 0x08, "offline"),
        (1, 0x20, ""),  # waits to be put online: bit 3 says so, too
        (1, 0x40, ""),  # its feed button is held
        (2, 0x04, "cover_open"),
        (2, 0x08, ""),  # its feed button moves the paper
        (2, 0x40, "offline"),
        (3, 0x04, ""),  # means something else in every model; bit 6 of the second says that there is an error
        (3, 0x08, "cutter_jam"),
        (3, 0x20, "offline"),
        (3, 0x40, "offline"),
    ],
)
def test_each_bit_of_a_real_time_answer_says_one_thing(query: int, bit: int, told: str) -> None:
    status = from_real_time({1: 0x12, 2: 0x12, 3: 0x12, 4: 0x12} | {query: 0x12 | bit})
    wanted = {name: name == told for name in ("cover_open", "cutter_jam", "offline", "drawer_high")}
    assert {name: getattr(status, name) for name in wanted} == wanted
    assert status.paper is Paper.OK


@pytest.mark.parametrize(
    ("query", "bit", "paper"),
    [(4, 0x04, "near_end"), (4, 0x08, "near_end"), (4, 0x20, "out"), (4, 0x40, "out"), (2, 0x20, "out")],
)
def test_each_bit_of_the_paper_counts_alone(query: int, bit: int, paper: str) -> None:
    assert from_real_time({1: 0x12, 4: 0x12} | {query: 0x12 | bit}).paper == paper


@pytest.mark.parametrize(
    ("byte", "bit", "told"),
    [
        (0, 0x04, "drawer_high"),
        (0, 0x08, "offline"),
        (0, 0x20, "cover_open"),
        (0, 0x40, ""),
        (1, 0x01, ""),
        (1, 0x02, ""),
        (1, 0x04, ""),
        (1, 0x08, "cutter_jam"),
        (1, 0x20, "offline"),
        (1, 0x40, "offline"),
        (2, 0x01, "near_end"),
        (2, 0x02, "near_end"),
        (2, 0x04, "out"),
        (2, 0x08, "out"),
    ],
)
def test_each_bit_of_an_automatic_status_says_one_thing(byte: int, bit: int, told: str) -> None:
    data = bytearray(b"\x10\x00\x00\x00")
    data[byte] |= bit
    status = from_automatic(data)
    wanted = {name: name == told for name in ("cover_open", "cutter_jam", "offline", "drawer_high")}
    assert {name: getattr(status, name) for name in wanted} == wanted
    assert status.paper == (told if told in ("near_end", "out") else "ok")


def test_no_answer_is_cannot_tell_never_ok() -> None:
    assert from_real_time({}) == CANNOT_TELL
    assert not CANNOT_TELL.known
    assert CANNOT_TELL.paper is Paper.CANNOT_TELL


@pytest.mark.parametrize(
    ("data", "paper", "fault"),
    [
        (b"\x10\x00\x00\x00", Paper.OK, ""),
        (b"\x14\x00\x03\x00", Paper.NEAR_END, ""),
        (b"\x18\x00\x0f\x00", Paper.OUT, "paper_out"),
        (b"\x38\x00\x00\x00", Paper.OK, "cover_open"),
        (b"\x18\x08\x00\x00", Paper.OK, "cutter_jam"),
        (b"\x18\x40\x00\x00", Paper.OK, "offline"),
    ],
)
def test_automatic_status(data: bytes, paper: Paper, fault: str) -> None:
    status = from_automatic(data)
    assert (status.known, status.paper, status.fault) == (True, paper, fault)


def test_p3_the_power_on_notice_is_a_block_and_its_zero_is_no_answer_in_turn() -> None:
    """``3B 31 00`` (memory switch 1-1): read as loose bytes, its zero was taken for a question answered."""
    assert typed(Demux().feed(b"\x3b\x31\x00\x00")) == typed([Block(POWERED_ON), InTurn(0)])
