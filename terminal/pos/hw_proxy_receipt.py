"""A till's receipt in Odoo's receipt XML as lines for our paper: its texts; a picture alone is refused.

Source: Odoo 8.0 to 16.0, ``hw_escpos/escpos/escpos.py`` (``Escpos.receipt``: which elements print how).
"""

from typing import Final
from xml.parsers.expat import ExpatError, ParserCreate

from terminal.errors import InvalidRequest
from terminal.payments.receipt import Blank, Line, Receipt, Row, Rule

LINES_MAX: Final = 300
_TEXT_MAX: Final = 400  # characters of one line
_DEPTH_MAX: Final = 32
ELEMENTS_MAX: Final = 20 * LINES_MAX  # more of them take time of everybody else's (S6)
_BIG: Final = frozenset({"h1", "h2"})
_BOLD: Final = frozenset({"h3", "h4", "h5", "b", "em", "strong"})
_BLOCKS: Final = frozenset({"p", "div", "section", "article", "header", "footer", "li", "receipt", *_BIG, *_BOLD})
_SILENT: Final = frozenset({"barcode", "img", "cut", "partialcut", "cashdraw", "title", "style"})


class _Reader:
    """``line``: the texts at the left and right of an open <line>; None outside one."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.pictures = self._elements = 0
        self._text = ""
        self._open: list[str] = []
        self._sides: dict[str, str] | None = None

    def read(self, xml: bytes) -> None:
        parser = ParserCreate()
        parser.StartDoctypeDeclHandler = self._doctype  # no entities, nothing outside (S5)
        parser.StartElementHandler, parser.EndElementHandler = self._begins, self._ends
        parser.CharacterDataHandler = self._hears
        parser.buffer_text = True
        try:
            parser.Parse(xml, True)
        except ExpatError as error:
            raise InvalidRequest("receipt_unreadable", line=error.lineno) from None

    def _doctype(self, *_told: object) -> None:
        raise InvalidRequest("receipt_unreadable", line=1)

    def _begins(self, name: str, _attributes: dict[str, str]) -> None:
        self._elements += 1
        if len(self._open) >= _DEPTH_MAX or len(self.lines) >= LINES_MAX or self._elements > ELEMENTS_MAX:
            raise InvalidRequest("receipt_unreadable", line=len(self.lines))
        if name in _BLOCKS or name == "line":
            self._flush()
        self._open.append(name)
        if name == "line":
            self._sides = {"left": "", "right": ""}
        elif name == "br":
            if not self._flush():
                self.lines.append(Blank())
        elif name == "hr":
            self._flush()
            self.lines.append(Rule())
        self.pictures += name == "img"

    def _ends(self, name: str) -> None:
        self._open.pop()
        if name == "line" and self._sides is not None:
            left, right = (" ".join(self._sides[side].split())[:_TEXT_MAX] for side in ("left", "right"))
            self._sides = None
            if left or right:
                self.lines.append(Row(left, right))
        elif name in _BLOCKS:
            self._flush(name)

    def _hears(self, text: str) -> None:
        if _SILENT & set(self._open):
            return
        side = next((each for each in reversed(self._open) if each in ("left", "right")), "left")
        if self._sides is not None:
            self._sides[side] = (self._sides[side] + text)[: 2 * _TEXT_MAX]
        else:
            self._text = (self._text + text)[: 2 * _TEXT_MAX]

    def _flush(self, ended: str = "") -> bool:
        """Whether there was a text to end."""
        text, self._text = " ".join(self._text.split())[:_TEXT_MAX], ""
        around = {*self._open, ended}
        if text and _BIG & around:
            self.lines.append(Row(text, align="center", size=2))
        elif text:
            self.lines.append(Row(text, bold=bool(_BOLD & around)))
        return bool(text)


def read_receipt(xml: str) -> Receipt:
    """Raises InvalidRequest: ``receipt_unreadable``; ``receipt_picture``, nothing in it is text."""
    reader = _Reader()
    reader.read(xml.encode("utf-8", "replace"))
    if not any(isinstance(line, Row) for line in reader.lines):
        raise InvalidRequest("receipt_picture")
    return tuple(reader.lines)
