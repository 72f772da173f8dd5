"""DFPlayer frames against the data sheet's bytes, in any split, through noise."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.speaker.dfplayer import SIZE, Command, Decoder, Frame, Told
from tests.unit.drivers.golden import vectors

VECTORS = vectors("dfplayer")
ANSWERS = [Frame(Told.READY, 2), Frame(Told.ACK), Frame(Told.ENDED, 1), Frame(Told.ERROR, 6)]
STREAM = b"".join(VECTORS[name] for name in ("ready, card", "ack", "card track 1 done", "error not found"))


@pytest.mark.parametrize(
    ("title", "frame"),
    [
        ("volume 30", Frame(Command.VOLUME, 30)),
        ("volume 15", Frame(Command.VOLUME, 15)),
        ("play MP3/0001", Frame(Command.PLAY_MP3, 1)),
        ("play MP3/0001 with ack", Frame(Command.PLAY_MP3, 1, ack=True)),
        ("folder 1 file 2", Frame(0x0F, 0x0102)),  # not used: it follows the order in which files were copied
        ("reset", Frame(Command.RESET)),
        ("query status", Frame(Command.STATUS)),
        ("ready, card", ANSWERS[0]),
        ("ack", ANSWERS[1]),
        ("card track 1 done", ANSWERS[2]),
        ("error not found", ANSWERS[3]),
    ],
)
def test_frames_are_the_published_bytes_and_read_back(title: str, frame: Frame) -> None:
    assert frame.to_bytes() == VECTORS[title]
    assert Decoder().feed(VECTORS[title]) == [frame]


def test_l4_every_split_gives_the_same_answers() -> None:
    for cut in range(len(STREAM) + 1):
        decoder = Decoder()
        assert decoder.feed(STREAM[:cut]) + decoder.feed(STREAM[cut:]) == ANSWERS
    decoder = Decoder()
    assert [frame for byte in STREAM for frame in decoder.feed(bytes((byte,)))] == ANSWERS


@pytest.mark.parametrize("place", range(SIZE))
def test_l3_no_changed_byte_passes(place: int) -> None:
    frame = bytearray(VECTORS["card track 1 done"])
    for bit in range(8):
        frame[place] ^= 1 << bit
        assert Decoder().feed(bytes(frame)) == []
        frame[place] ^= 1 << bit


def test_l3_what_is_left_of_a_wrong_frame_makes_no_answer_out_of_its_pieces() -> None:
    good = VECTORS["card track 1 done"]
    for at in range(1, SIZE):
        assert Decoder().feed(good[:at] + b"\x05" + good[at:]) == []


@given(st.binary(max_size=40).filter(lambda noise: b"\x7e" not in noise), st.integers(0, 0xFFFF))
def test_l3_noise_is_skipped_and_memory_is_one_frame(noise: bytes, value: int) -> None:
    decoder = Decoder()
    assert decoder.feed(noise * 20 + Frame(Told.ENDED, value).to_bytes()) == [Frame(Told.ENDED, value)]


def test_a_frame_that_stopped_in_the_middle_does_not_eat_the_next() -> None:
    assert Decoder().feed(STREAM[:7] + STREAM) == ANSWERS
