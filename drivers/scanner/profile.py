"""What differs between scanners, as data: one TOML file per model family in ``profiles/``."""

import tomllib
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Final, Literal

_PROTOCOLS: Final = ("line", "gm65")


@dataclass(frozen=True, slots=True)
class ScannerProfile:
    """One scanner model.

    Args:
        suffix: codes end with CR, LF, CRLF or TAB; without it a code ends when the line goes quiet.
        aim_ids: the scanner is set to send symbology ids, which are stripped.
        idle_s: no byte for this long ends or drops what is unfinished.
        double_fire_s: the same code again within this time of its last sight is the same scan.
        setup: settings zone address -> value, checked at each start and written when different.
    """

    name: str
    title: str
    protocol: Literal["line", "gm65"]
    baud: int = 9600
    suffix: bool = True
    aim_ids: bool = False
    idle_s: float = 0.1
    double_fire_s: float = 3.0
    heartbeat: bool = False
    setup: dict[int, int] = field(default_factory=dict)


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
    try:
        profile = ScannerProfile(name=name, setup=setup, **table)
    except TypeError as error:
        raise ValueError(f"scanner profile {name}: {error}") from None
    if profile.protocol not in _PROTOCOLS:
        raise ValueError(f"scanner profile {name}: unknown protocol {profile.protocol!r}")
    return profile
