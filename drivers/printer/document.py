"""What a printer is asked to put on paper, before any byte: rows, rules, blanks, codes.

One-to-one with the receipt the service keeps, in the driver's own types: drivers know nothing of payments.
"""

from dataclasses import dataclass
from typing import Final, Literal

Align = Literal["left", "center", "right"]

CODE_BYTES_MAX: Final = 1000  # far above any payment or receipt link; keeps length bytes off DLE sequences
PICTURE_MAX: Final = 1024  # dots each way


@dataclass(frozen=True, slots=True)
class Modules:
    """A QR symbol without quiet zone: ``size`` × ``size`` modules, row by row, most significant bit first.

    Rows follow each other without padding; the last byte is filled with zeros. 1 is dark.
    """

    size: int
    packed: bytes

    def __post_init__(self) -> None:
        if not 21 <= self.size <= 177 or len(self.packed) != (self.size * self.size + 7) // 8:
            raise ValueError(f"{len(self.packed)} bytes are not a QR symbol of side {self.size}")

    def rows(self) -> tuple[int, ...]:
        """Each row as an integer of ``size`` bits, leftmost module highest."""
        bits = self.size * self.size
        whole = int.from_bytes(self.packed, "big") >> (len(self.packed) * 8 - bits)
        mask = (1 << self.size) - 1
        return tuple(whole >> (bits - self.size * (row + 1)) & mask for row in range(self.size))


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

    def __post_init__(self) -> None:
        if not 0 <= self.lines <= 20:
            raise ValueError(f"{self.lines} blank lines")


@dataclass(frozen=True, slots=True)
class Code:
    """A QR code holding ``text``, centred.

    A printer that draws codes itself needs only the text; every other needs ``modules``, without which the
    text is printed in letters.
    """

    text: str
    modules: Modules | None = None

    def __post_init__(self) -> None:
        printable = bool(self.text) and self.text.isprintable()
        if not printable or len(self.text.encode(errors="replace")) > CODE_BYTES_MAX:
            raise ValueError("a code holds 1 to 1000 bytes of printable text")


@dataclass(frozen=True, slots=True)
class Picture:
    """Dots in the middle of the paper, such as the shop's sign: rows as integers of ``width`` bits, 1 is black."""

    width: int
    rows: tuple[int, ...]

    def __post_init__(self) -> None:
        if not 0 < self.width <= PICTURE_MAX or not 0 < len(self.rows) <= PICTURE_MAX:
            raise ValueError(f"a picture on paper has 1 to {PICTURE_MAX} dots each way")


Line = Row | Rule | Blank | Code | Picture
Document = tuple[Line, ...]
