"""A slip of thermal paper: what was printed on it, and where each thing stands in dots.

One layout serves the text view and every drawer of pictures. Letters and QR symbols are drawn by functions the
caller brings, so this stays standard library only. Font A is 12 × 24 dots, double-byte letters 24 × 24.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple

LINE_DOTS: Final = 30  # default line feed
CELL_DOTS: Final = 12
LETTER_DOTS: Final = 24
Align = Literal["left", "center", "right"]

DrawText = Callable[[str, int, int, bool], "list[int]"]
"""(text, width, height, bold) -> ``height`` rows, each an integer of ``width`` bits, leftmost highest."""

DrawCode = Callable[[str, int], "tuple[int, bytes]"]
"""(payload, error level 0-3 for L M Q H) -> (side, packed modules row by row without padding)."""


class Run(NamedTuple):
    """Letters printed together. ``x`` and ``width`` in dots from the line's first letter; scale 1-8."""

    x: int
    width: int
    text: str
    bold: bool
    scale_x: int
    scale_y: int
    chinese: bool


class Picture(NamedTuple):
    """Dots; ``rows`` are integers of ``width`` bits. Inside a line ``x`` counts from its first letter."""

    x: int
    width: int
    rows: tuple[int, ...]


class Code(NamedTuple):
    """A QR code the printer makes itself: ``module`` in dots, ``level`` 0-3 for L M Q H."""

    payload: str
    module: int
    level: int
    align: Align


@dataclass
class TextLine:
    align: Align = "left"
    parts: list[Run | Picture] = field(default_factory=list)

    @property
    def width(self) -> int:
        last = self.parts[-1] if self.parts else None
        return last.x + last.width if last else 0

    @property
    def height(self) -> int:
        """Dots the paper moves: at least a line feed."""
        tall = [LETTER_DOTS * part.scale_y if isinstance(part, Run) else len(part.rows) for part in self.parts]
        return max(LINE_DOTS, *tall, 0)

    @property
    def text(self) -> str:
        """As read, alignment left out; a picture inside the line is U+FFFC."""
        said, x = "", 0
        for part in self.parts:
            said += " " * ((part.x - x) // CELL_DOTS)
            said += part.text if isinstance(part, Run) else "\ufffc"
            x = part.x + part.width
        return said


class Image(NamedTuple):
    picture: Picture
    align: Align


class Feed(NamedTuple):
    dots: int


Element = TextLine | Image | Code | Feed


@dataclass
class StubSlip:
    """``cut`` is "full", "partial", "torn" or, while it still hangs on the roll, empty."""

    elements: list[Element] = field(default_factory=list)
    cut: str = ""

    @property
    def text_lines(self) -> list[TextLine]:
        return [element for element in self.elements if isinstance(element, TextLine)]

    @property
    def lines(self) -> list[str]:
        return [line.text for line in self.text_lines]

    @property
    def runs(self) -> list[Run]:
        return [part for line in self.text_lines for part in line.parts if isinstance(part, Run)]

    @property
    def codes(self) -> list[Code]:
        return [element for element in self.elements if isinstance(element, Code)]

    @property
    def images(self) -> list[Picture]:
        return [element.picture for element in self.elements if isinstance(element, Image)]

    def dots(self, width: int, draw_text: DrawText, draw_code: DrawCode) -> list[int]:
        """The paper as it looks: rows from the top, each an integer of ``width`` bits, 1 is black."""
        return paint(lay_out(self, width, draw_code), draw_text)


# --- where things stand ----------------------------------------------------------------------------------


class TextItem(NamedTuple):
    x: int
    y: int
    width: int
    height: int
    text: str
    bold: bool


class ImageItem(NamedTuple):
    x: int
    y: int
    width: int
    height: int
    rows: tuple[int, ...]


class CodeItem(NamedTuple):
    """``modules``: packed, ``side`` a row; None when nobody drew it (then ``side`` is an estimate)."""

    x: int
    y: int
    width: int
    height: int
    payload: str
    module: int
    side: int
    modules: bytes | None


Item = TextItem | ImageItem | CodeItem


class Layout(NamedTuple):
    width: int
    height: int
    items: tuple[Item, ...]


def lay_out(slip: StubSlip, width: int, draw_code: DrawCode | None = None) -> Layout:
    """Everything on the slip with its place; ``width`` of the paper in dots."""
    items: list[Item] = []
    y = 0
    for element in slip.elements:
        match element:
            case TextLine():
                left = _left(element.align, element.width, width)
                items += [_placed(part, left, y, element.height) for part in element.parts]
                y += element.height
            case Image(picture, align):
                left = _left(align, picture.width, width)
                items.append(ImageItem(left, y, picture.width, len(picture.rows), picture.rows))
                y += len(picture.rows)
            case Code():
                item = _code_item(element, y, width, draw_code)
                items.append(item)
                y += item.height
            case Feed(dots):
                y += dots
    return Layout(width, y, tuple(items))


def paint(layout: Layout, draw_text: DrawText) -> list[int]:
    """The dots of a layout, top row first. What stands past the right edge is lost, as on the machine."""
    rows = [0] * layout.height
    for item in layout.items:
        match item:
            case TextItem():
                dots = draw_text(item.text, item.width, item.height, item.bold)
            case ImageItem():
                dots = list(item.rows)
            case CodeItem():
                dots = _code_dots(item)
        shift = layout.width - item.x - item.width
        for index, row in enumerate(dots[: layout.height - item.y]):
            rows[item.y + index] |= row << shift if shift >= 0 else row >> -shift
    return rows


def text_view(slip: StubSlip, width: int) -> list[str]:
    """The slip as a person reads it, aligned with spaces; codes and pictures as a word in brackets."""
    shown: list[str] = []
    for element in slip.elements:
        match element:
            case TextLine():
                left = _left(element.align, element.width, width)
                shown.append((" " * (left // CELL_DOTS) + element.text).rstrip())
            case Code():
                shown.append(f"[QR {element.payload}]")
            case Image(picture):
                shown.append(f"[picture {picture.width}×{len(picture.rows)}]")
            case Feed(dots):
                shown += [""] * (dots // LINE_DOTS)
    return shown


def _left(align: Align, inner: int, outer: int) -> int:
    return {"left": 0, "center": max(0, outer - inner) // 2, "right": max(0, outer - inner)}[align]


def _placed(part: Run | Picture, left: int, y: int, line_height: int) -> Item:
    """Letters and pictures of a line stand on one base."""
    if isinstance(part, Picture):
        height = len(part.rows)
        top = y + max(0, line_height - height - (LINE_DOTS - LETTER_DOTS))
        return ImageItem(left + part.x, top if line_height > height else y, part.width, height, part.rows)
    height = LETTER_DOTS * part.scale_y
    tallest = line_height if line_height > LINE_DOTS else LETTER_DOTS
    return TextItem(left + part.x, y + tallest - height, part.width, height, part.text, part.bold)


# Byte capacity of versions 1-13 at levels L, M, Q, H (ISO/IEC 18004, table 7): only to guess a code's size.
_CAPACITY: Final = (
    (17, 32, 53, 78, 106, 134, 154, 192, 230, 271, 321, 367, 425),
    (14, 26, 42, 62, 84, 106, 122, 152, 180, 213, 251, 287, 331),
    (11, 20, 32, 46, 60, 74, 86, 108, 130, 151, 177, 203, 241),
    (7, 14, 24, 34, 44, 58, 64, 84, 98, 119, 137, 155, 177),
)


def _code_item(code: Code, y: int, width: int, draw_code: DrawCode | None) -> CodeItem:
    modules: bytes | None = None
    if draw_code:
        side, modules = draw_code(code.payload, code.level)
    else:
        length = len(code.payload.encode())
        side = 21 + 4 * sum(length > most for most in _CAPACITY[code.level])
    dots = side * code.module
    return CodeItem(_left(code.align, dots, width), y, dots, dots, code.payload, code.module, side, modules)


def _code_dots(item: CodeItem) -> list[int]:
    if item.modules is None:
        return []
    black = (1 << item.module) - 1
    bits = int.from_bytes(item.modules, "big") >> (len(item.modules) * 8 - item.side * item.side)
    rows: list[int] = []
    for line in range(item.side):
        row = 0
        for column in range(item.side):
            dark = bits >> (item.side * (item.side - line) - column - 1) & 1
            row = row << item.module | (black if dark else 0)
        rows += [row] * item.module
    return rows
