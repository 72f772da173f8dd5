"""A document as the bytes of one slip, in the printer's dialect. Pure; dialects alone write control bytes.

What is on paper is the same in every dialect: columns, what is drawn, where a piece ends.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final, NamedTuple, Protocol

from drivers.printer.bitmap import Bitmap, Paint, columns, inked, narrowed, paste, symbol, trimmed
from drivers.printer.charset import SPACE, TALL_DOTS, UNKNOWN, Cell, How, charset_of
from drivers.printer.document import Align, Blank, Code, Document, Line, Picture, Row, Rule
from drivers.printer.layout import Block, Gap, TextLine, from_the_right, lay_out, width
from drivers.printer.modes import Commands, Modes
from drivers.printer.profile import PrinterProfile

CHUNK_BYTES: Final = 512  # between chunks the driver looks at the printer's state
_LINE_MAX: Final = 28  # bytes of a line beside its letters: style, place, tab, modes, line feed
_PLAIN_MAX: Final = 12  # to take every style back
_LINE_MM: Final = 3.75  # 30 dots at 203 dpi, the default line feed
_QR_M_BYTES: Final = (14, 26, 42, 62, 84, 106, 122, 152, 180, 213, 251, 287, 331)  # versions 1-13, level M


class Dialect(Commands, Protocol):
    """The commands of one family of printers."""

    def feed(self, lines: int) -> bytes: ...

    def gap(self, dots: int) -> bytes:
        """Move the paper by dots."""
        ...

    def picture(self, bitmap: Bitmap, *, doubled: bool, left: int) -> Iterator[bytes]:
        """Strips of dots at the start of a line, ``left`` dots from where the alignment puts them."""
        ...

    def code(self, text: str, module: int) -> bytes:
        """A QR code the printer draws itself."""
        ...


class Slip(NamedTuple):
    """``chunks`` end between commands, so that a state query may stand there; ``feed_mm`` bounds the time."""

    chunks: tuple[bytes, ...]
    feed_mm: float


class _Graphic(NamedTuple):
    """Dots or a native code: printed at the start of a line, by itself."""

    data: bytes
    align: Align
    feed_mm: float


class _Planned(NamedTuple):
    """``bytes_max``: no fewer than it takes, styles and mode changes included."""

    piece: TextLine | _Graphic
    bytes_max: int
    gaps: tuple[Gap, ...] = ()


class Writer:
    def __init__(self, profile: PrinterProfile, paint: Paint | None, dialect: Dialect) -> None:
        self._profile, self._paint, self._say = profile, paint, dialect
        self._charset = charset_of(profile, paint)
        self._dots = profile.width_dots // profile.columns
        self._chunks: list[bytes] = []
        self._out = bytearray(dialect.init)
        self._modes = Modes(profile, dialect)
        self._turned = False
        self._feed_mm = 20.0  # from the head to the cutter or tear bar

    def slip(self, document: Document) -> Slip:
        self._turned = from_the_right(document)
        planned = [self._planned(piece) for line in document for piece in self._pieces(line)]
        for index, (piece, bytes_max, _) in enumerate(planned):
            self._room_for(bytes_max)
            if isinstance(piece, TextLine):
                self._text(piece, planned, index)
                self._feed_mm += _LINE_MM * piece.size
            else:
                self._out += self._modes.style(piece.align, 1, False)
                self._out += piece.data
                self._feed_mm += piece.feed_mm
        self._room_for(16)
        # the next slip's initialisation takes the alignment back where that is all that the maker says it does
        self._out += self._modes.plain(self._modes.align if self._profile.init_inside else "left")
        if self._profile.feed_lines:
            self._out += self._say.feed(self._profile.feed_lines)
        self._out += self._profile.cut
        return Slip((*self._chunks, bytes(self._out)), self._feed_mm)

    def _planned(self, piece: TextLine | _Graphic) -> _Planned:
        if not isinstance(piece, TextLine):
            return _Planned(piece, len(piece.data) + 16)
        bytes_max = piece.bytes_max + _LINE_MAX
        if piece.align != "left" or not self._profile.positions or not piece.gaps:
            return _Planned(piece, bytes_max)
        return _Planned(piece, bytes_max - sum([gap.blanks(gap.start) for gap in piece.gaps]), piece.gaps)

    def _pieces(self, line: Line) -> Iterator[TextLine | _Graphic]:
        columns = self._profile.columns
        match line:
            case Row():
                for text in lay_out(line, columns, self._charset, self._turned):
                    if text.blocks or text.unsayable:
                        yield from self._drawn(text)
                    else:
                        yield text
            case Rule():
                yield from lay_out(Row("-" * columns), columns, self._charset)
            case Blank():
                yield from [TextLine(())] * line.lines
            case Code():
                yield from self._code(line)
            case Picture():
                yield from self._picture(narrowed(Bitmap(line.width, line.rows), self._profile.width_dots))

    def _room_for(self, count: int) -> None:
        """End the chunk when ``count`` more bytes do not fit; every style is back at its power-up value."""
        if len(self._out) + count + _PLAIN_MAX <= CHUNK_BYTES or len(self._out) <= len(self._say.init):
            return
        self._out += self._modes.plain()
        self._chunks.append(bytes(self._out))
        self._out = bytearray()
        self._modes.next_piece()

    # --- text ---------------------------------------------------------------------------------------------

    def _text(self, line: TextLine, planned: Sequence[_Planned], index: int) -> None:
        modes, out = self._modes, self._out
        if line.cells:
            left = line.align == "left"
            out += modes.style("left", line.size, line.bold) if left else self._begun(line, planned[index + 1 :])
            out += modes.mode(line.stretches)
        gaps = planned[index].gaps
        if gaps:
            out += modes.place_tab(self._ahead(planned, index))
        column = iter(gaps)
        for how, page, data, _, wide in line.stretches:
            if wide and gaps:
                out += modes.white(next(column))
            elif how is How.ASCII:
                out += data
            else:
                out += modes.letters(how, page, line.size) + data
        out += b"\n"

    def _begun(self, line: TextLine, after: Sequence[_Planned]) -> bytes:
        """Not at the left. A line that is aligned for itself alone is jumped to: cheaper than there and back."""
        beside = next((piece.align for piece, *_ in after if not isinstance(piece, TextLine) or piece.cells), "")
        alone = self._modes.align == "left" and beside != line.align
        if not alone or not self._profile.positions:
            return self._modes.style(line.align, line.size, line.bold)
        room = self._profile.width_dots - line.columns * line.size * self._dots
        said = self._modes.style("left", line.size, line.bold)
        return said + self._say.position(room // 2 if line.align == "center" else room)

    def _ahead(self, planned: Sequence[_Planned], index: int) -> Iterator[Gap]:
        """The gaps that will be in this chunk."""
        room = CHUNK_BYTES - len(self._out)
        for each in planned[index:]:
            room -= each.bytes_max
            if room < 0:
                return
            yield from each.gaps

    # --- pictures of text ---------------------------------------------------------------------------------

    def _drawn(self, line: TextLine) -> Iterator[TextLine | _Graphic]:
        """The line with its unsayable runs drawn, or the whole line drawn, as the profile says."""
        if line.blocks:
            yield from self._tall(line)
        elif self._profile.unsayable == "run" and line.size == 1:
            yield replace(line, cells=tuple(cell for run in _runs(line.cells) for cell in self._run(run, line)))
        elif picture := self._whole(line):
            data = b"".join(self._say.picture(picture, doubled=False, left=0))
            data += self._say.gap(6)  # a text line is 30 dots, its letters 24
            yield _Graphic(data, "left", _LINE_MM * line.size)
        else:
            yield replace(line, cells=tuple(_questions(list(line.cells))))

    def _tall(self, line: TextLine) -> Iterator[TextLine | _Graphic]:
        """Letters that stack need the whole height of a line: everything on it is drawn, strip by strip."""
        width_dots, height = self._profile.columns * self._dots, TALL_DOTS * line.size
        parts: list[tuple[int, Bitmap]] = []
        for block in line.blocks:
            drawn = self._block(block, height, line)
            if drawn is None:
                yield replace(line, cells=tuple(_questions(list(line.cells))))
                return
            room, indent = width_dots - drawn.width, block.indent * line.size * self._dots
            parts.append(({"left": indent, "center": room // 2, "right": room - indent}[block.side], drawn))
        strips = list(self._say.picture(trimmed(paste(width_dots, height, parts)), doubled=False, left=0))
        yield from (_Graphic(strip, "left", _LINE_MM * line.size / len(strips)) for strip in strips)

    def _block(self, block: Block, height: int, line: TextLine) -> Bitmap | None:
        """The block without white at its sides; a sign that no font has becomes a question mark."""
        if self._paint is None:
            return None
        box = block.columns * line.size * self._dots, height, line.bold
        drawn = self._paint(block.text, *box)
        if drawn is None:
            mark, signs = block.text[0], block.text[1:]
            known = (sign if self._paint(mark + sign, *box) else "?" for sign in signs)
            drawn = self._paint(mark + "".join(known), *box)
        return inked(drawn) if drawn else None

    def _run(self, run: list[Cell], line: TextLine) -> list[Cell]:
        if run[0].how is not How.DRAW:
            return run
        picture = self._letters(run, line)
        if picture is None:
            return _questions(run)
        return [Cell(_text_of(run), width(run), How.DRAW, b"".join(columns(picture)))]

    def _whole(self, line: TextLine) -> Bitmap | None:
        picture = self._letters(list(line.cells), line)
        if picture is None:
            return None
        room = self._profile.columns * self._dots
        left = {"left": 0, "center": (room - picture.width) // 2, "right": room - picture.width}[line.align]
        return trimmed(paste(left + picture.width, len(picture.rows), [(left, picture)]))

    def _letters(self, cells: list[Cell], line: TextLine) -> Bitmap | None:
        """Each in its own place, as the printer's own letters stand: amounts end at the same column.

        What no font has becomes a question mark. None: nothing could be drawn, or the printer has more of it.
        """
        height, at, known = 24 * line.size, 0, False
        parts: list[tuple[int, Bitmap]] = []
        for cell in cells:
            room = cell.width * line.size * self._dots
            if cell != SPACE:
                drawn = self._charset.dots(cell.text, room, height, line.bold)
                if drawn is None and cell.how is not How.DRAW:
                    return None
                known = known or (drawn is not None and cell.how is How.DRAW)
                if drawn or (drawn := self._charset.dots("?", room, height, line.bold)):
                    parts.append((at, drawn))
            at += room
        return paste(at, height, parts) if known else None

    # --- codes, pictures --------------------------------------------------------------------------------

    def _picture(self, bitmap: Bitmap, *, doubled: bool = False) -> Iterator[_Graphic]:
        """In the middle of the paper, whether the printer can centre a picture or not."""
        dots = bitmap.width * (2 if doubled else 1)
        left = max(0, (self._profile.width_dots - dots) // 2)
        strips = list(self._say.picture(bitmap, doubled=doubled, left=left))
        feed_mm = len(bitmap.rows) * (2 if doubled else 1) / 8 / len(strips)
        yield from (_Graphic(strip, "center", feed_mm) for strip in strips)

    def _code(self, code: Code) -> Iterator[TextLine | _Graphic]:
        """White above and below is a line feed: 30 dots, at least four modules of the usual size."""
        side = code.modules.size if code.modules else _side(len(code.text.encode()))
        module = max(1, min(self._profile.qr_module, self._profile.width_dots // (side + 8)))
        feed_mm = side * module / 8
        if self._profile.qr == "native":
            data = self._say.code(code.text, module)
            yield _Graphic(b"\n" + data + b"\n", "center", feed_mm + 2 * _LINE_MM)
        elif code.modules:
            half = max(1, module // 2)  # the printer doubles
            yield _Graphic(b"\n", "center", _LINE_MM)
            yield from self._picture(symbol(code.modules, half), doubled=True)
            yield _Graphic(b"\n", "center", _LINE_MM)
        else:
            yield from self._pieces(Row(code.text))


def _runs(cells: tuple[Cell, ...]) -> Iterator[list[Cell]]:
    """Neighbours that are drawn together and those that are not; a space between drawn words is drawn."""
    run: list[Cell] = []
    for index, cell in enumerate(cells):
        drawn = cell.how is How.DRAW
        if cell == SPACE and run and run[0].how is How.DRAW:
            drawn = next((after.how for after in cells[index:] if after != SPACE), None) is How.DRAW
        if run and drawn != (run[0].how is How.DRAW):
            yield run
            run = []
        run.append(cell)
    if run:
        yield run


def _questions(run: list[Cell]) -> list[Cell]:
    """The run as the reader gets it without a picture: a question mark for every drawn cell, same width."""
    asked: list[Cell] = []
    for cell in run:
        asked += [UNKNOWN, *[SPACE] * (cell.width - 1)] if cell.how is How.DRAW else [cell]
    return asked


def _text_of(run: list[Cell]) -> str:
    return "".join(cell.text for cell in run)


def _side(count: int) -> int:
    """Modules of a byte-mode symbol at level M, for a printer that chooses the version itself."""
    version = next((index for index, most in enumerate(_QR_M_BYTES, 1) if count <= most), 20)
    return 17 + 4 * version
