"""A receipt as lines, before anybody thinks of printer bytes. Frozen at its first print (P1)."""

from dataclasses import dataclass
from typing import Literal

Align = Literal["left", "center", "right"]


@dataclass(frozen=True, slots=True)
class Row:
    """Text at the left, text at the right edge; with no ``right`` the left text is aligned and wraps."""

    left: str
    right: str = ""
    align: Align = "left"
    size: Literal[1, 2] = 1
    bold: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """A line across the paper."""


@dataclass(frozen=True, slots=True)
class Blank:
    lines: int = 1


@dataclass(frozen=True, slots=True)
class Code:
    """A QR code holding ``text``, centred."""

    text: str


Line = Row | Rule | Blank | Code
Receipt = tuple[Line, ...]
