"""What a speaker is told to say, how loud, and how it ended."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from drivers.speaker.profile import SpeakerProfile

START_LIMIT_S: Final = 2.0  # from a phrase's turn until it is being spoken, or it is not spoken (V1)
END_SPARE_S: Final = 2.0  # beyond a phrase's own length
ECHO: Final = (
    "speaker: what we send comes back: the adapter echoes (half duplex) or TX and RX are joined; "
    "use a full-duplex RS-232 or TTL adapter, or switch its echo off"
)


class Spoken(StrEnum):
    DONE = "done"
    NOT_SPOKEN = "not_spoken"  # certainly silent
    UNSURE = "unsure"  # wholly, partly or not: never say it again


@dataclass(frozen=True, slots=True)
class Clip:
    """One recorded word. ``number`` names it on cards, ``file`` (WAV) holds it on this machine."""

    number: int
    ms: int
    file: str = ""


@dataclass(frozen=True, slots=True)
class Phrase:
    """The same words twice: chips read the text, players play the clips, each in order.

    Args:
        volume: in percent of the loudest; None: the profile's.
    """

    text: str = ""
    clips: tuple[Clip, ...] = ()
    volume: int | None = None


def volume_step(phrase: Phrase, profile: SpeakerProfile) -> int:
    """The volume in the device's own steps; never silent unless that is asked for."""
    if phrase.volume is None:
        return profile.volume
    return (phrase.volume * profile.volume_max + 99) // 100
