"""Rows to lines of cells: columns, wrapping, the right edge. Widths are columns of the printer's font A."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from itertools import accumulate, groupby
from operator import attrgetter
from typing import Final, Literal, NamedTuple

from drivers.printer.charset import SPACE, Cell, Charset, How, clean
from drivers.printer.document import Align, Document, Row
from drivers.printer.scripts import FROM_LEFT, FROM_RIGHT, NOT_FIRST, breakable, from_right, joined, runs

Cells = list[Cell]
_WIDTH: Final = attrgetter("width")  # asked of every prefix of every line
_MODE: Final = attrgetter("how", "page")
GAP_MIN: Final = 5  # blanks; as many cost more bytes than an absolute position
_CHOSEN_MAX: Final = 5  # bytes that choose how letters are said: character mode and code page
_WIDE_GAP: Final = re.compile(rb"( {%d,})" % GAP_MIN)
_TURNED: Final[dict[Align, Align]] = {"left": "right", "center": "center", "right": "left"}
TEXT_MAX: Final = 2000  # characters of one row; what is longer is cut off, a slip is no book
KEPT_MAX: Final = 256  # rows whose lines are remembered; twenty slips' worth


class Block(NamedTuple):
    """Text to be drawn whole at one side of a line, a direction mark before it.

    ``columns``: the room it has; ``indent``: columns between it and its side.
    """

    text: str
    columns: int
    side: Align
    indent: int = 0


class Stretch(NamedTuple):
    """Neighbours that are said the same way, as one. ``gap``: blanks so many that a jump is cheaper."""

    how: How
    page: int
    data: bytes
    columns: int
    gap: bool = False


class Gap(NamedTuple):
    """White inside a line that begins at the left, between two columns of size 1; blanks there are of ``size``."""

    start: int
    end: int
    size: int

    def blanks(self, column: int) -> int:
        """How many of them lead from ``column`` to its end."""
        return (self.end - column) // self.size


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
    def gaps(self) -> tuple[Gap, ...]:
        ends, size = [*accumulate(each.columns for each in self.stretches)], self.size
        places = zip(self.stretches, ends, strict=True)
        return tuple(Gap((end - each.columns) * size, end * size, size) for each, end in places if each.gap)

    @cached_property
    def bytes_max(self) -> int:
        """Of its letters and what chooses between them, gaps filled with blanks."""
        return sum([len(each.data) + _CHOSEN_MAX for each in self.stretches])

    @cached_property
    def columns(self) -> int:
        return width(self.cells)

    @cached_property
    def unsayable(self) -> bool:
        return any(each.how is How.DRAW for each in self.stretches)


def width(cells: Cells | tuple[Cell, ...]) -> int:
    return sum(map(_WIDTH, cells))


def from_the_right(document: Document) -> bool:
    """Whether a slip's columns change sides: as the first name beside a value is written, else the first text.

    One side for the whole slip: amounts stand below each other, whatever the goods' names are written in.
    """
    rows = [line for line in document if isinstance(line, Row) and (line.right or line.align == "left")]
    found = (runs(clean(row.left)) for row in (*(row for row in rows if row.right), *rows))
    return next((each for each in found if each is not None), False)


@lru_cache(maxsize=KEPT_MAX)  # a shop's name, its titles and rules stand on every slip
def lay_out(row: Row, columns: int, charset: Charset, turned: bool = False) -> tuple[TextLine, ...]:
    """The lines of a row on paper of ``columns``; size 2 halves them. At least one line, maybe empty.

    A value too wide for large letters comes in small ones: an amount torn in two reads as two amounts.
    ``turned``: the left text stands at the right edge, the right one at the left.
    """
    left, right = charset.cells(row.left[:TEXT_MAX]), charset.cells(row.right[:TEXT_MAX])
    if row.size > 1 and width(right) > columns // row.size:
        row = replace(row, size=1)
    room = columns // row.size
    pairs = _two_columns(left, right, room) if right else [(line, []) for line in wrap(left, room)]
    if not (row.left.isascii() and row.right.isascii()):
        read, beside = _text(left), _text(right)  # what the row holds once its controls are gone
        if joined(read) or joined(beside):
            marks = _mark(turned or from_right(read)), _mark(from_right(beside))
            return tuple([_drawn(row, pair, marks, turned=turned) for pair in pairs])
    if right:
        lines = [_turned(*pair, room) if turned else _justified(*pair, room) for pair in pairs]
        return tuple([TextLine(tuple(line), "left", row.size, row.bold) for line in lines])
    align = _TURNED[row.align] if turned else row.align
    return tuple([TextLine(tuple(line), align, row.size, row.bold) for line, _ in pairs])


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


def _drawn(row: Row, pair: tuple[Cells, Cells], marks: tuple[str, str], *, turned: bool) -> TextLine:
    """Letters that stack or join: a text for each side, a direction mark before each."""
    left, right = pair
    near: Align = "left" if row.right else row.align
    sides: tuple[Align, Align] = (_TURNED[near], "left") if turned else (near, "right")
    blocks = tuple(
        _block(cells, side, mark) for cells, side, mark in zip(pair, sides, marks, strict=True) if cells
    )
    return TextLine((*left, SPACE, *right) if right else tuple(left), row.align, row.size, row.bold, blocks)


def _text(cells: Cells) -> str:
    return "".join(cell.text for cell in cells)


def _mark(turned: bool) -> str:
    return FROM_RIGHT if turned else FROM_LEFT


def _block(cells: Cells, side: Align, mark: str) -> Block:
    indent = _indent(cells)
    return Block(mark + _text(cells[indent:]), width(cells) - indent, side, indent)


def _indent(cells: Cells) -> int:
    """How many blanks it begins with."""
    return next((index for index, cell in enumerate(cells) if cell != SPACE), 0)


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


def _turned(left: Cells, right: Cells, room: int) -> Cells:
    if not left:
        return right
    indent = _indent(left)
    return [*right, *[SPACE] * (room - width(left) - width(right)), *left[indent:], *left[:indent]]


def wrap(cells: Cells, room: int) -> list[Cells]:
    """Break at spaces and between wide characters, else anywhere; a space at a break is not printed."""
    lines: list[Cells] = []
    rest = cells
    while width(rest) > room:
        end = _fits(rest, room)
        cut = _break(rest, end, room)
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


def _break(cells: Cells, end: int, room: int) -> int:
    """Where to break at or before ``end``: half of the line stays empty only for a word that fits on the next."""
    first = _indent(cells) + 1  # no line of blanks alone
    index = next((index for index in range(end, first - 1, -1) if _may_break(cells, index)), 0)
    return index if index > end // 2 or (index and _whole_word(cells, index, room)) else end


def _may_break(cells: Cells, index: int) -> bool:
    before, after = cells[index - 1], cells[index]
    return after.text not in NOT_FIRST and (SPACE in (before, after) or breakable(before.text, after.text))


def _whole_word(cells: Cells, index: int, room: int) -> bool:
    """Whether a line of its own is enough for what stands between ``index`` and the next break."""
    used, start = 0, index + _indent(cells[index:])
    for at in range(start, len(cells)):
        if at > start and _may_break(cells, at):
            break
        used += cells[at].width
        if used > room:
            return False
    return True
