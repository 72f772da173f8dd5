"""Rows to lines of cells: columns, wrapping, the right edge. Widths are columns of the printer's font A."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import accumulate, groupby
from operator import attrgetter
from typing import Final, Literal, NamedTuple

from drivers.printer.charset import SPACE, Cell, Charset, How
from drivers.printer.document import Align, Row
from drivers.printer.scripts import FROM_LEFT, FROM_RIGHT, breakable, from_right, joined

Cells = list[Cell]
_WIDTH: Final = attrgetter("width")  # asked of every prefix of every line
_MODE: Final = attrgetter("how", "page")
GAP_MIN: Final = 5  # blanks; as many cost more bytes than an absolute position
_WIDE_GAP: Final = re.compile(rb"( {%d,})" % GAP_MIN)
_TURNED: Final[dict[Align, Align]] = {"left": "right", "center": "center", "right": "left"}
TEXT_MAX: Final = 2000  # characters of one row; what is longer is cut off, a slip is no book
KEPT_MAX: Final = 256  # rows whose lines are remembered; twenty slips' worth
_NOT_FIRST: Final = frozenset(",.;:!?)]}%，。、；：！？）】》」』”’％")


class Block(NamedTuple):
    """Text to be drawn whole at one side of a line, a direction mark before it; ``columns``: the room it has."""

    text: str
    columns: int
    side: Align


class Stretch(NamedTuple):
    """Neighbours that are said the same way, as one. ``gap``: blanks so many that a jump is cheaper."""

    how: How
    page: int
    data: bytes
    columns: int
    gap: bool = False


@dataclass(frozen=True)
class TextLine:
    """One printed line, already no wider than the paper; with ``blocks`` it is drawn, ``cells`` say what it is.

    What follows from its cells is worked out once: many lines stand on every slip.
    """

    cells: tuple[Cell, ...]
    align: Align = "left"
    size: Literal[1, 2] = 1
    bold: bool = False
    blocks: tuple[Block, ...] = ()

    @cached_property
    def stretches(self) -> tuple[Stretch, ...]:
        return tuple(_stretches(self.cells))

    @cached_property
    def gaps(self) -> tuple[tuple[int, int], ...]:
        """From column to column, of its own size."""
        ends = [*accumulate(each.columns for each in self.stretches)]
        return tuple((end - each.columns, end) for each, end in zip(self.stretches, ends, strict=True) if each.gap)

    @cached_property
    def columns(self) -> int:
        return width(self.cells)

    @cached_property
    def unsayable(self) -> bool:
        return any(each.how is How.DRAW for each in self.stretches)


def width(cells: Cells | tuple[Cell, ...]) -> int:
    return sum(map(_WIDTH, cells))


@lru_cache(maxsize=KEPT_MAX)  # a shop's name, its titles and rules stand on every slip
def lay_out(row: Row, columns: int, charset: Charset) -> tuple[TextLine, ...]:
    """The lines of a row on paper of ``columns``; size 2 halves them. At least one line, maybe empty."""
    room = columns // row.size
    left, right = charset.cells(row.left[:TEXT_MAX]), charset.cells(row.right[:TEXT_MAX])
    pairs = _two_columns(left, right, room) if right else [(line, []) for line in wrap(left, room)]
    if not (row.left.isascii() and row.right.isascii()):
        read, beside = _text(left), _text(right)  # what the row holds once its controls are gone
        if joined(read) or joined(beside):
            return tuple([_drawn(row, *pair, turned=from_right(read or beside)) for pair in pairs])
    if right:
        return tuple([TextLine(tuple(_justified(*pair, room)), "left", row.size, row.bold) for pair in pairs])
    return tuple([TextLine(tuple(line), row.align, row.size, row.bold) for line, _ in pairs])


def _stretches(cells: tuple[Cell, ...]) -> Iterator[Stretch]:
    for (how, page), same in groupby(cells, _MODE):
        said = list(same)
        data = b"".join([cell.data for cell in said])
        if how is not How.ASCII or b"  " not in data:
            yield Stretch(how, page, data, width(said))
            continue
        for part in _WIDE_GAP.split(data):  # a letter of ASCII is a byte and a column
            if part:
                yield Stretch(how, page, part, len(part), part.isspace() and len(part) >= GAP_MIN)


def _drawn(row: Row, left: Cells, right: Cells, *, turned: bool) -> TextLine:
    """Letters that stack or join: a text for each side. What runs from the right changes sides with its amount."""
    align: Align = "left" if row.right else row.align
    near: Align = _TURNED[align] if turned else align
    sides: tuple[tuple[Cells, Align], ...] = ((left, near), (right, "left" if turned else "right"))
    blocks = tuple(_block(cells, side, turned) for cells, side in sides if cells)
    return TextLine((*left, SPACE, *right) if right else tuple(left), row.align, row.size, row.bold, blocks)


def _text(cells: Cells) -> str:
    return "".join(cell.text for cell in cells)


def _block(cells: Cells, side: Align, turned: bool) -> Block:
    text = _text(cells)
    from_the_right = turned and (from_right(text) or side != "left")
    return Block((FROM_RIGHT if from_the_right else FROM_LEFT) + text, width(cells), side)


def _two_columns(left: Cells, right: Cells, room: int) -> list[tuple[Cells, Cells]]:
    """The right text stays whole at the edge of the last line; the left text wraps beside it.

    Where that would leave the left text less than a third of the paper, the right text gets its own lines.
    """
    beside = room - width(right) - 1
    if width(left) <= beside:
        return [(left, right)]
    if beside * 3 >= room:
        *full, last = wrap(left, beside)
        return [*((line, []) for line in full), (last, right)]
    return [*((line, []) for line in wrap(left, room)), *(([], part) for part in wrap(right, room))]


def _justified(left: Cells, right: Cells, room: int) -> Cells:
    if not right:
        return left
    return [*left, *[SPACE] * (room - width(left) - width(right)), *right]


def wrap(cells: Cells, room: int) -> list[Cells]:
    """Break at spaces, else between wide characters, else anywhere; a space at a break is not printed."""
    lines: list[Cells] = []
    rest = cells
    while width(rest) > room:
        end = _fits(rest, room)
        cut = _break(rest, end)
        line = rest[:cut]
        while line and line[-1] == SPACE:
            line.pop()
        lines.append(line)
        rest = rest[cut:]
        while rest and rest[0] == SPACE:
            rest = rest[1:]
    return [*lines, rest] if rest or not lines else lines


def _fits(cells: Cells, room: int) -> int:
    used = 0
    for index, cell in enumerate(cells):
        used += cell.width
        if used > room:
            return max(index, 1)
    return len(cells)


def _break(cells: Cells, end: int) -> int:
    """Where to break at or before ``end``: never so early that less than half of the line is used."""
    for index in range(end, end // 2, -1):
        before, after = cells[index - 1], cells[index]
        if after.text in _NOT_FIRST:
            continue
        if SPACE in (before, after) or breakable(before.text, after.text):
            return index
    if joined(cells[end].text):  # half a word that joins reads as another word: rather a short line
        return next((index for index in range(end // 2, 0, -1) if cells[index] == SPACE), end)
    return end
