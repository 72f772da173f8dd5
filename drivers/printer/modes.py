"""What a printer is set to, so that nothing is said twice: every method gives the bytes that are missing. Pure."""

from collections.abc import Iterable, Sequence
from typing import Final, Protocol

from drivers.printer.charset import How
from drivers.printer.document import Align
from drivers.printer.layout import Gap, Stretch
from drivers.printer.profile import PrinterProfile

TAB: Final = b"\t"
JUMP: Final = 4  # bytes of ``1B 24 nL nH``
_PLAIN: Final = (1, False)  # size, weight


class Commands(Protocol):
    """Of one family of printers.

    Attributes:
        init: every style back to its default.
        wide: double-byte text follows; narrow: single bytes again. Empty where the family has none.
    """

    init: bytes
    wide: bytes
    narrow: bytes

    def align(self, align: Align) -> bytes: ...

    def bold(self, bold: bool) -> bytes: ...

    def size(self, size: int) -> bytes: ...

    def size_and_weight(self, size: int, bold: bool) -> bytes:
        """Both in one command, for single-byte letters; asked for where the profile says ``print_mode``."""
        ...

    def page(self, number: int) -> bytes:
        """Choose a code page."""
        ...

    def position(self, dots: int) -> bytes:
        """The next letter stands so far from the left edge."""
        ...

    def stop(self, column: int) -> bytes:
        """The one place a tab leads to; asked for where the profile says ``tabs``, at size 1."""
        ...


class Modes:
    """The settings a printer has after everything it was sent.

    After initialisation and at the start of every piece the character mode is unknown and said again: makers
    disagree about it after ``1B 40``, and a printer that restarted between two pieces has forgotten it. For the
    same reason a piece ends with every style at its power-up value, and a tab's place holds for one piece.
    """

    def __init__(self, profile: PrinterProfile, commands: Commands) -> None:
        self._profile, self._say = profile, commands
        self._dots = profile.width_dots // profile.columns
        self._initialised()

    def _initialised(self) -> None:
        self.align: Align = "left"
        self._style, self._double_size = _PLAIN, 1
        self.next_piece()

    def next_piece(self) -> None:
        self._how: How | None = None
        self._page = -1
        self._stop: int | None = None  # 0: none pays in this piece

    # --- style --------------------------------------------------------------------------------------------

    def style(self, align: Align, size: int, bold: bool) -> bytes:
        """For the next line. Initialisation takes everything back at once, where it may stand inside a slip."""
        wanted = (size, bold)
        both = self._style != _PLAIN and self._double_size != 1
        if both and wanted == _PLAIN and align == "left" and self._profile.init_inside:
            self._initialised()
            return self._say.init
        said = b"" if align == self.align else self._say.align(align)
        self.align = align
        if wanted != self._style:
            said += self._changed(*self._style, *wanted)
            self._style = wanted
        return said

    def _changed(self, old_size: int, was_bold: bool, size: int, bold: bool) -> bytes:
        if self._profile.print_mode:
            return self._say.size_and_weight(size, bold)
        weight = self._say.bold(bold) if bold != was_bold else b""
        return weight + (self._say.size(size) if size != old_size else b"")

    def plain(self, align: Align = "left") -> bytes:
        """Every style back at its power-up value; at the end of a slip the alignment may stay as it is."""
        return self.style(align, 1, False) + self._double(1)

    # --- letters ------------------------------------------------------------------------------------------

    def mode(self, line: Sequence[Stretch]) -> bytes:
        """At the head of a line while the mode is unknown. ASCII and dots are the same in every mode."""
        if self._how is not None:
            return b""
        first = next((each.how for each in line if each.how in (How.PAGE, How.CHINESE)), None)
        return self._mode(first) if first else b""

    def letters(self, how: How, page: int, size: int) -> bytes:
        """For letters that are said so."""
        if how is How.CHINESE:
            return self._mode(How.CHINESE) + self._double(size)
        if how is not How.PAGE:
            return b""
        said = self._mode(How.PAGE)
        if page != self._page:
            said += self._say.page(page)
            self._page = page
        return said

    def _mode(self, how: How) -> bytes:
        if how is self._how:
            return b""
        self._how = how
        return self._say.wide if how is How.CHINESE else self._say.narrow

    def _double(self, size: int) -> bytes:
        """Double-byte text of many models listens to ``1C 21`` only; where both count, the last one does."""
        if not self._profile.chinese_size or size == self._double_size:
            return b""
        self._double_size = size
        return b"\x1c!" + bytes(((size - 1) * 0x0C,))

    # --- white --------------------------------------------------------------------------------------------

    def place_tab(self, ahead: Iterable[Gap]) -> bytes:
        """Once a piece, at the head of its first line with a gap. ``ahead``: its gap and those after it."""
        if self._stop is not None or not self._profile.tabs or self._style[0] != 1:
            return b""
        gaps = list(ahead)
        column = max({gap.end for gap in gaps}, key=lambda end: sum(_saved(gap, end) for gap in gaps), default=0)
        said = self._say.stop(column)
        pays = sum(_saved(gap, column) for gap in gaps) > len(said)
        self._stop = column if pays else 0
        return said if pays else b""

    def white(self, gap: Gap) -> bytes:
        """The cheapest of blanks, a jump, and a tab with blanks behind it."""
        ways = [b" " * gap.blanks(gap.start), self._say.position(gap.end * self._dots)]
        if self._stop and _reached(gap, self._stop):
            ways.append(TAB + b" " * gap.blanks(self._stop))
        return min(ways, key=len)


def _reached(gap: Gap, column: int) -> bool:
    """Whether a tab to ``column`` and blanks fill the gap."""
    return gap.start < column <= gap.end and (gap.end - column) % gap.size == 0


def _saved(gap: Gap, column: int) -> int:
    """Bytes that a tab to ``column`` saves there."""
    return max(0, JUMP - 1 - gap.blanks(column)) if _reached(gap, column) else 0
