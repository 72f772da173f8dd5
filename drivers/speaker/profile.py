"""What differs between speakers, as data: one TOML file per model in ``profiles/``."""

import tomllib
from dataclasses import dataclass
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class SpeakerProfile:
    """One speaker model.

    Args:
        volume: 0 to 16; speed: 0 to 5, as the chip's text tags take them.
        seconds_per_character: the slowest it speaks, for the limit of a phrase.
        languages: which voices it pronounces well; others it reads as well as it can.
    """

    name: str
    title: str
    protocol: str
    baud: int = 9600
    volume: int = 10
    speed: int = 4
    seconds_per_character: float = 0.4
    languages: tuple[str, ...] = ()


def load_profile(name: str) -> SpeakerProfile:
    """Read ``profiles/<name>.toml``.

    Raises:
        KeyError: no such profile.
        ValueError: the file has an unknown key or value.
    """
    file = files("drivers.speaker").joinpath("profiles", f"{name}.toml")
    if "/" in name or not file.is_file():
        raise KeyError(name)
    table = tomllib.loads(file.read_text("utf-8"))
    try:
        profile = SpeakerProfile(name=name, languages=tuple(table.pop("languages", ())), **table)
    except TypeError as error:
        raise ValueError(f"speaker profile {name}: {error}") from None
    if profile.protocol != "syn6288" or not (0 <= profile.volume <= 16 and 0 <= profile.speed <= 5):
        raise ValueError(f"speaker profile {name}: protocol, volume or speed is out of range")
    return profile
