"""Line mode: what nearly every scanner sends over a serial port. Text, then CR, LF, CRLF or TAB.

Only printable ASCII comes out; everything else is refused whole, never repaired: a code with a byte lost or
added must not become another code. Symbology ids: "AIM code identifiers" (ISO/IEC 15424).
"""

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

LINE_MAX: Final = 4096  # bytes; the longest QR code has 2953
_TERMINATORS: Final = re.compile(rb"[\r\n\t]")
_PRINTABLE: Final = re.compile(rb"[\x20-\x7e]+")
_AIM: Final = re.compile(r"\][A-Za-z][0-9A-Fa-fm]")


@dataclass(frozen=True, slots=True)
class Line:
    """One code as read. ``text`` may be a customer's payment code: never log it."""

    text: str = field(repr=False)
    symbology: str = ""  # such as "]Q1", where the scanner sends it


class Refusal(StrEnum):
    """Why something that arrived is no code. Carries nothing of what arrived."""

    TOO_LONG = "too_long"
    CONTROL_BYTES = "control_bytes"
    NOT_ASCII = "not_ascii"
    INCOMPLETE = "incomplete"


class LineDecoder:
    """Bytes in any split -> lines.

    Args:
        aim_ids: the scanner is set to send symbology ids: strip them.
        suffix: the scanner ends codes with a terminator. Without one a code ends when the line goes quiet.
    """

    def __init__(self, *, aim_ids: bool = False, suffix: bool = True) -> None:
        self._aim_ids, self._suffix = aim_ids, suffix
        self._buffer = bytearray()  # never longer than LINE_MAX
        self._flooded = False  # too long: drop until the line goes quiet

    @property
    def pending(self) -> bool:
        """Something unfinished is held: call ``idle`` once no byte has come for the profile's gap."""
        return bool(self._buffer) or self._flooded

    def feed(self, data: bytes) -> list[Line | Refusal]:
        if self._flooded:
            return []
        *whole, rest = _TERMINATORS.split(data)
        found: list[Line | Refusal] = []
        for piece in whole:
            found += self._keep(piece)
            if self._flooded:
                return found
            found += self._finish()
        return found + self._keep(rest)

    def idle(self) -> list[Line | Refusal]:
        """No byte for the inter-byte limit: the code is over, or will never be whole."""
        if self._flooded:
            self._flooded = False
            return []
        if self._suffix and self._buffer:
            self._buffer.clear()
            return [Refusal.INCOMPLETE]
        return self._finish()

    def _keep(self, piece: bytes) -> list[Line | Refusal]:
        if len(self._buffer) + len(piece) <= LINE_MAX:
            self._buffer += piece
            return []
        self._buffer.clear()
        self._flooded = True
        return [Refusal.TOO_LONG]

    def _finish(self) -> list[Line | Refusal]:
        data = bytes(self._buffer)
        self._buffer.clear()
        return [parse_line(data, aim_ids=self._aim_ids)] if data else []  # CRLF and CR CR are one end


def parse_line(data: bytes, *, aim_ids: bool) -> Line | Refusal:
    """One code without its terminator."""
    if len(data) > LINE_MAX:
        return Refusal.TOO_LONG
    if not data.isascii():
        return Refusal.NOT_ASCII
    if not _PRINTABLE.fullmatch(data):
        return Refusal.CONTROL_BYTES
    text = data.decode("ascii")
    aim = _AIM.match(text) if aim_ids else None
    return Line(text[aim.end() :], aim[0]) if aim else Line(text)
