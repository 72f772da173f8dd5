"""What differs between speakers, as data: one TOML file per model in ``profiles/``."""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

PROTOCOLS: Final = ("syn6288", "xfs5152", "dfplayer", "jq8900", "audio")


@dataclass(frozen=True, slots=True)
class SpeakerProfile:
    """One speaker model.

    Args:
        volume: in the device's own steps, 0 to ``volume_max``.
        speed: 0 to 10, of chips that read text, as their text tags take it.
        tags: what a chip that reads text wants in front of it, to set volume and speed.
        seconds_per_character: the slowest it speaks, for the limit of a phrase; 0 for players of clips.
        gap_ms: the longest pause it makes between two clips.
        clips_max: the most clips it takes as one phrase.
        command: the program that plays a WAV file from its input, ``{device}`` being the sound output's name.
        languages: which voices it pronounces well; others it reads as well as it can. Empty: those on its card.
    """

    name: str
    title: str
    protocol: str
    baud: int = 9600
    volume: int = 10
    volume_max: int = 16
    speed: int = 4
    tags: str = "[v{volume}][t{speed}]"
    seconds_per_character: float = 0.4
    gap_ms: int = 0
    clips_max: int = 48
    command: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()

    @property
    def plays_clips(self) -> bool:
        """It knows recordings; others read text."""
        return self.protocol in ("dfplayer", "jq8900", "audio")


@cache
def load_profile(name: str) -> SpeakerProfile:
    """Read ``profiles/<name>.toml``.

    Raises:
        KeyError: no such profile.
        ValueError: the file has an unknown key or value.
    """
    file = files("drivers.speaker").joinpath("profiles", f"{name}.toml")
    if "/" in name or not file.is_file():
        raise KeyError(name)
    return read_profile(name, file.read_text("utf-8"))


def read_profile(name: str, text: str) -> SpeakerProfile:
    """A profile from the text of its file. Raises ValueError."""
    table = tomllib.loads(text)
    table |= {key: tuple(table.get(key, ())) for key in ("languages", "command")}
    try:
        profile = SpeakerProfile(name=name, **table)
    except TypeError as error:
        raise ValueError(f"speaker profile {name}: {error}") from None
    if profile.protocol not in PROTOCOLS or (profile.protocol == "audio") != bool(profile.command):
        raise ValueError(f"speaker profile {name}: protocol or command is wrong")
    if not (0 <= profile.volume <= profile.volume_max and 0 <= profile.speed <= 10):
        raise ValueError(f"speaker profile {name}: volume or speed is out of range")
    return profile
