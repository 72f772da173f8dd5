"""Frames of the combination players against the wiki's bytes, in any split, through noise."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.speaker.jq8900 import ANSWER_MAX, Command, Decoder, Frame, code, combine
from tests.unit.drivers.golden import vectors

VECTORS = vectors("jq8900")
STOPPED = Frame(Command.STATUS, b"\0")


@pytest.mark.parametrize(
    ("title", "frame"),
    [
        ("status query", Frame(Command.STATUS)),
        ("status stopped", STOPPED),
        ("stop", Frame(Command.STOP)),
        ("play", Frame(0x02)),
        ("pause", Frame(0x03)),
        ("track 8", Frame(0x07, b"\0\x08")),
        ("single, then stop", Frame(0x18, b"\x02")),
        ("current device", Frame(0x0A)),
        ("volume 20", Frame(Command.VOLUME, b"\x14")),
        ("combine 01 02", combine([1, 2])),
        ("end combination", Frame(Command.END_COMBINE)),
    ],
)
def test_frames_are_the_published_bytes(title: str, frame: Frame) -> None:
    assert frame.to_bytes() == VECTORS[title]


def test_l4_every_split_gives_the_same_answers() -> None:
    stream = VECTORS["status stopped"] * 2 + Frame(Command.STATUS, b"\x01").to_bytes()
    wanted = [STOPPED, STOPPED, Frame(Command.STATUS, b"\x01")]
    for cut in range(len(stream) + 1):
        decoder = Decoder()
        assert decoder.feed(stream[:cut]) + decoder.feed(stream[cut:]) == wanted


def test_l3_a_wrong_sum_is_no_answer_and_the_next_one_is() -> None:
    good = VECTORS["status stopped"]
    assert Decoder().feed(good[:-1] + b"\x84" + good) == [STOPPED]


def test_l3_what_is_left_of_a_wrong_frame_makes_no_answer_out_of_its_pieces() -> None:
    good = VECTORS["status stopped"]
    assert Decoder().feed(good[:1] + b"\x05" + good[1:]) == []


@given(st.binary(max_size=60).filter(lambda noise: b"\xaa" not in noise))
def test_l3_noise_is_skipped(noise: bytes) -> None:
    assert Decoder().feed(noise * 20 + VECTORS["status stopped"]) == [STOPPED]


def test_l6_a_length_no_answer_has_is_not_waited_for() -> None:
    assert Decoder().feed(bytes((0xAA, 0x01, ANSWER_MAX + 1)) + VECTORS["status stopped"]) == [STOPPED]


def test_numbers_are_names_of_two_characters_each_different() -> None:
    names = [code(number) for number in range(36 * 36)]
    assert (names[1], names[10], names[36], names[1295]) == ("01", "0A", "10", "ZZ")
    assert len(set(names)) == len(names)
    assert {len(name) for name in names} == {2}
