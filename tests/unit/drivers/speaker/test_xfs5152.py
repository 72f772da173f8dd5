"""Frames of the XFS5152 against published bytes."""

import pytest

from drivers.speaker import xfs5152
from drivers.speaker.chip_codec import encode, pieces
from drivers.speaker.profile import load_profile
from tests.unit.drivers.golden import vectors

VECTORS = vectors("xfs5152")


@pytest.mark.parametrize(
    ("title", "frame"),
    [
        ("stop", xfs5152.stop()),
        ("status", xfs5152.status()),
        ("speak 收款1元", xfs5152.speak(encode("收款1元"))),
    ],
)
def test_frames_are_the_published_bytes(title: str, frame: bytes) -> None:
    assert frame == VECTORS[title]


def test_a_frame_takes_four_kilobytes_and_a_longer_text_is_cut() -> None:
    cut = pieces("元" * 3000, xfs5152.TEXT_MAX)
    assert [len(piece) for piece in cut] == [4092, 1908]
    assert xfs5152.speak(cut[0])[1:3] == (4094).to_bytes(2, "big")


def test_its_profile_speaks_two_languages_faster_than_the_older_chip() -> None:
    profile = load_profile("xfs5152")
    assert (profile.protocol, profile.baud, profile.languages) == ("xfs5152", 115200, ("zh-CN", "en"))
