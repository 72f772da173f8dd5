"""What differs between scanners, as data: one TOML file per model family in ``profiles/``."""

import tomllib
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Final, Literal

from drivers.scanner.line import SUFFIXES, Suffix

Language = Literal["line", "gm65", "gmssi", "ssi", "hon", "nls", "m3y", "evdev"]
LANGUAGES: Final = ("line", "gm65", "gmssi", "ssi", "hon", "nls", "m3y", "evdev")


@dataclass(frozen=True, slots=True)
class ScannerProfile:
    """One scanner model.

    Args:
        suffix: what ends a code; see ``drivers.scanner.line.Suffix``.
        prefix: the scanner is set to send this in front of each code.
        aim_ids: the scanner is set to send symbology ids, which are stripped.
        idle_s: no byte for this long ends or drops what is unfinished.
        double_fire_s: the same code again within this time of its last sight is the same scan.
        reply_s: how long one try waits for an answer.
        host_ack: the scanner waits for 06 or 15 behind each code (Honeywell's ACK/NAK option).
        setup: numbered settings -> value, made at each start in volatile memory.
        commands: settings that are words, likewise.
    """

    name: str
    title: str
    protocol: Language
    baud: int = 9600
    suffix: Suffix = "any"
    prefix: str = ""
    aim_ids: bool = False
    idle_s: float = 0.1
    double_fire_s: float = 3.0
    reply_s: float = 0.5
    heartbeat: bool = False
    host_ack: bool = False
    setup: dict[int, int] = field(default_factory=dict)
    commands: tuple[str, ...] = ()


@cache
def load_profile(name: str) -> ScannerProfile:
    """Read ``profiles/<name>.toml``.

    Raises:
        KeyError: no such profile.
        ValueError: the file has an unknown key or value.
    """
    file = files("drivers.scanner").joinpath("profiles", f"{name}.toml")
    if "/" in name or not file.is_file():
        raise KeyError(name)
    table = tomllib.loads(file.read_text("utf-8"))
    setup = {int(address, 16): value for address, value in table.pop("setup", {}).items()}
    commands = tuple(table.pop("commands", ()))
    try:
        profile = ScannerProfile(name=name, setup=setup, commands=commands, **table)
    except TypeError as error:
        raise ValueError(f"scanner profile {name}: {error}") from None
    if profile.protocol not in LANGUAGES:
        raise ValueError(f"scanner profile {name}: unknown protocol {profile.protocol!r}")
    if profile.suffix not in SUFFIXES:
        raise ValueError(f"scanner profile {name}: unknown suffix {profile.suffix!r}")
    return profile
