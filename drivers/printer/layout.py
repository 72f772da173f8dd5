"""Rows to lines of cells: columns, wrapping, the right edge. Widths are columns of the printer's font A."""

from dataclasses import dataclass
from operator import attrgetter
from typing import Final, Literal

from drivers.printer.charset import SPACE, Cell, Charset
from drivers.printer.document import Align, Row

Cells = list[Cell]
_WIDTH: Final = attrgetter("width")  # asked of every prefix of every line
TEXT_MAX: Final = 2000  # characters of one row; what is longer is cut off, a slip is no book
_NOT_FIRST: Final = frozenset(",.;:!?)]}%，。、；：！？）】》」』”’％")


@dataclass(frozen=True, slots=True)
class TextLine:
    """One printed line, already no wider than the paper."""

    cells: tuple[Cell, ...]
    align: Align = "left"
    size: Literal[1, 2] = 1
    bold: bool = False


def width(cells: Cells | tuple[Cell, ...]) -> int:
    return sum(map(_WIDTH, cells))


def lay_out(row: Row, columns: int, charset: Charset) -> list[TextLine]:
    """The lines of a row on paper of ``columns``; size 2 halves them. At least one line, maybe empty."""
    room = columns // row.size
    left, right = charset.cells(row.left[:TEXT_MAX]), charset.cells(row.right[:TEXT_MAX])
    if right:
        return [TextLine(tuple(line), "left", row.size, row.bold) for line in _two_columns(left, right, room)]
    return [TextLine(tuple(line), row.align, row.size, row.bold) for line in wrap(left, room)]


def _two_columns(left: Cells, right: Cells, room: int) -> list[Cells]:
    """The right text stays whole at the edge of the last line; the left text wraps beside it.

    Where that would leave the left text less than a third of the paper, the right text gets its own lines.
    """
    beside = room - width(right) - 1
    if width(left) <= beside:
        return [_justified(left, right, room)]
    if beside * 3 >= room:
        *full, last = wrap(left, beside)
        return [*full, _justified(last, right, room)]
    return [*wrap(left, room), *(_justified([], part, room) for part in wrap(right, room))]


def _justified(left: Cells, right: Cells, room: int) -> Cells:
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
        if SPACE in (before, after) or before.width == 2 or after.width == 2:
            return index
    return end
