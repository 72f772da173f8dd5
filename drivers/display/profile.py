"""The numbers of one display model, from ``profiles/<name>.toml``."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, cast

_FOLDER: Final = Path(__file__).with_name("profiles")


@dataclass(frozen=True, slots=True)
class DisplayProfile:
    """See profiles/countertop.toml for what each number limits."""

    name: str = "countertop"
    baud: int = 115200
    flow: Literal["none", "xonxoff", "rtscts"] = "none"
    dtr: bool = True
    answer_ms: int = 150
    draw_ms: int = 500
    resends: int = 3
    boot_ms: int = 2500
    keep_alive_ms: int = 5000


def load(name: str = "countertop") -> DisplayProfile:
    """Raises FileNotFoundError: no such profile; TypeError: a key that no profile has."""
    values = tomllib.loads((_FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
    return DisplayProfile(**cast("dict[str, object]", values))  # type: ignore[arg-type]  # a test reads every file
