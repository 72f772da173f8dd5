"""A receipt as lines, before anybody thinks of printer bytes. Frozen at its first print (P1)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

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


def to_json(receipt: Receipt) -> list[list[object]]:
    """The journal's form of frozen lines: ``["row", left, right, align, size, bold]``, ``["rule"]``, …"""
    lines: list[list[object]] = []
    for line in receipt:
        match line:
            case Row():
                lines.append(["row", line.left, line.right, line.align, line.size, line.bold])
            case Rule():
                lines.append(["rule"])
            case Blank():
                lines.append(["blank", line.lines])
            case _:
                lines.append(["code", line.text])
    return lines


def from_json(lines: list[list[Any]]) -> Receipt:
    made: dict[str, Callable[..., Line]] = {"row": Row, "rule": Rule, "blank": Blank, "code": Code}
    return tuple(made[kind](*fields) for kind, *fields in lines)
