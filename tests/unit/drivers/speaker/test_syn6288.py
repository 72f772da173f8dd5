"""Frames of the talking chip against published bytes; text it can say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.speaker import syn6288
from drivers.speaker.chip_codec import Answer, answers, encode, pieces
from drivers.speaker.profile import load_profile
from tests.unit.drivers.golden import vectors

VECTORS = vectors("syn6288")


@pytest.mark.parametrize(
    ("title", "frame"),
    [
        ("stop", syn6288.stop()),
        ("status", syn6288.status()),
        ("speak 收款1元", syn6288.speak(encode("收款1元"))),
        ("speak 微信收款12.50元", syn6288.speak(encode("微信收款12.50元"))),
    ],
)
def test_frames_are_the_published_bytes(title: str, frame: bytes) -> None:
    assert frame == VECTORS[title]


def test_l4_answers_come_out_of_noise_in_any_split() -> None:
    data = b"\x00\x4a\xff\x41\x4e\x20\x4f\x45"
    wanted = [Answer.READY, Answer.ACCEPTED, Answer.SPEAKING, Answer.IDLE, Answer.BAD_FRAME]
    for cut in range(len(data) + 1):
        assert answers(data[:cut]) + answers(data[cut:]) == wanted


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("微信支付到账，二十八元五角", "微信支付到账，二十八元五角"),
        ("vinte e três reais", "vinte e três reais"),
        ("um milhão de reais", "um milhao de reais"),
        ("[v0]小店[s]", "v0小店s"),
        ("a\x00b\x1bc\nd", "a b c d"),
        ("☕ 咖啡 🍜", "咖啡"),
        ("\ud800x", "x"),
    ],
)
def test_text_becomes_what_the_chip_can_say(text: str, said: str) -> None:
    assert encode(text).decode("gbk") == said


@given(st.text(max_size=400))
def test_any_text_is_cut_into_frames_that_fit_and_loses_no_character(text: str) -> None:
    cut = pieces(text, 60)
    assert all(0 < len(piece) <= 60 for piece in cut)
    joined = "".join(piece.decode("gbk") for piece in cut)
    assert joined.replace(" ", "") == encode(text).decode("gbk").replace(" ", "")
    assert b"[" not in b"".join(encode(text).decode("gbk").encode("ascii", "ignore").split())


def test_a_long_text_is_cut_behind_punctuation() -> None:
    text = "微信支付到账，" * 20
    cut = pieces(text, syn6288.TEXT_MAX)
    assert len(cut) == 2
    assert max(map(len, cut)) <= 200
    assert all(piece.decode("gbk").endswith("，") for piece in cut)


def test_a_frame_takes_two_hundred_bytes_of_text_and_no_more() -> None:
    assert pieces("元" * 100, syn6288.TEXT_MAX) == [("元" * 100).encode("gbk")]
    assert syn6288.speak(b"x" * 200)[1:3] == (203).to_bytes(2, "big")
    for text in (b"", b"x" * 201):
        with pytest.raises(AssertionError):
            syn6288.speak(text)


def test_the_shipped_profile_loads_and_a_stranger_is_refused() -> None:
    assert load_profile("syn6288").languages == ("zh-CN",)
    with pytest.raises(KeyError):
        load_profile("../driver")
