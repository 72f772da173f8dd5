"""The numbers of one display model, from ``profiles/<name>.toml``."""

import tomllib
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Final, Literal, TypeVar, cast

P = TypeVar("P")
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


@cache
def load(name: str = "countertop") -> DisplayProfile:
    """Raises FileNotFoundError: no such profile; TypeError: a key that no profile has."""
    values = tomllib.loads((_FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
    return DisplayProfile(**cast("dict[str, object]", values))  # type: ignore[arg-type]  # a test reads every file


def load_panel(shape: type[P], name: str) -> P:
    """Read ``profiles/panels/<name>.toml`` as the profile of one panel protocol.

    Raises:
        FileNotFoundError: no such profile.
        ValueError: it is of another protocol, or a key is wrong.
    """
    values = tomllib.loads((_FOLDER / "panels" / f"{name}.toml").read_text(encoding="utf-8"))
    try:
        return partial(shape, **values)()
    except TypeError as error:
        raise ValueError(f"display profile {name}: {error}") from None
