"""Line mode: what nearly every scanner sends over a serial port. ``[prefix] [AIM id] text [suffix]``.

Only printable ASCII comes out, and GS, which separates the fields of a GS1 code. Everything else is refused
whole, never repaired: a code with a byte lost or added must not become another code. Symbology ids: "AIM code
identifiers" (ISO/IEC 15424).
"""

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Literal

Suffix = Literal["any", "cr", "lf", "crlf", "tab", "none"]
"""``any`` is CR, LF, CRLF or TAB. A named one leaves the others to spoil the code they stand in."""

LINE_MAX: Final = 4096  # bytes; the longest QR code has 2953
_ENDS: Final[dict[Suffix, re.Pattern[bytes]]] = {
    "any": re.compile(rb"[\r\n\t]"),
    "cr": re.compile(rb"\r"),
    "lf": re.compile(rb"\n"),
    "crlf": re.compile(rb"\r\n"),
    "tab": re.compile(rb"\t"),
    "none": re.compile(rb"[\r\n\t]"),  # should it send one all the same
}
SUFFIXES: Final = tuple(_ENDS)
_TEXT: Final = re.compile(rb"[\x1d\x20-\x7e]+")
_AIM: Final = re.compile(r"\][A-Za-z][0-9A-Fa-fm]")


@dataclass(frozen=True, slots=True)
class Line:
    """One code as read. ``text`` may be a customer's payment code: never log it.

    ``resent``: the scanner says that it sent this before and heard no acknowledgement.
    """

    text: str = field(repr=False)
    symbology: str = ""  # such as "]Q1", where the scanner sends it
    resent: bool = False


class Refusal(StrEnum):
    """Why something that arrived is no code. Carries nothing of what arrived."""

    TOO_LONG = "too_long"
    CONTROL_BYTES = "control_bytes"
    NOT_ASCII = "not_ascii"
    NO_PREFIX = "no_prefix"
    INCOMPLETE = "incomplete"


class LineDecoder:
    """Bytes in any split -> lines.

    Args:
        aim_ids: the scanner is set to send symbology ids: strip them.
        suffix: what ends a code. With ``none`` a code ends when the line goes quiet. With ``crlf`` a CR inside
            a code refuses the whole code; with the others such a code falls into parts.
        prefix: the scanner is set to send this in front of each code: what has none is refused.
    """

    def __init__(self, *, aim_ids: bool = False, suffix: Suffix = "any", prefix: bytes = b"") -> None:
        self._aim_ids, self._suffix, self._prefix = aim_ids, suffix, prefix
        self._end = _ENDS[suffix]
        self._buffer = bytearray()  # never longer than LINE_MAX and one terminator
        self._flooded = False  # too long: drop until the line goes quiet

    @property
    def pending(self) -> bool:
        """Something unfinished is held: call ``idle`` once no byte has come for the profile's gap."""
        return bool(self._buffer) or self._flooded

    def feed(self, data: bytes) -> list[Line | Refusal]:
        found: list[Line | Refusal] = []
        while data and not self._flooded:
            taken, item = self.take(data)
            found += [item] if item else []
            data = data[taken:]
        return found

    def take(self, data: bytes) -> tuple[int, Line | Refusal | None]:
        """Up to the end of the first code: how many bytes were used, and what they made."""
        if self._flooded:
            return len(data), None
        overlap = 1 if self._suffix == "crlf" and self._buffer.endswith(b"\r") else 0
        match = self._end.search(b"\r" * overlap + data)
        taken = match.end() - overlap if match else len(data)
        self._buffer += data[:taken]
        half = self._suffix == "crlf" and self._buffer.endswith(b"\r")
        size = len(self._buffer) - (match.end() - match.start() if match else half)
        if size > LINE_MAX:
            self._buffer.clear()
            self._flooded = True
            return len(data), Refusal.TOO_LONG
        return taken, self._finish(size) if match else None

    def idle(self) -> list[Line | Refusal]:
        """No byte for the inter-byte limit: the code is over, or will never be whole."""
        if self._flooded:
            self._flooded = False
            return []
        if self._suffix != "none" and self._buffer:
            self._buffer.clear()
            return [Refusal.INCOMPLETE]
        item = self._finish(len(self._buffer))
        return [item] if item else []

    def _finish(self, size: int) -> Line | Refusal | None:
        data = bytes(self._buffer[:size])
        self._buffer.clear()
        if not data:
            return None  # CRLF and CR CR are one end
        if not data.startswith(self._prefix):
            return Refusal.NO_PREFIX
        return parse_line(data[len(self._prefix) :], aim_ids=self._aim_ids)


def parse_line(data: bytes, *, aim_ids: bool) -> Line | Refusal:
    """One code without prefix and terminator."""
    if len(data) > LINE_MAX:
        return Refusal.TOO_LONG
    if not data.isascii():
        return Refusal.NOT_ASCII
    if not _TEXT.fullmatch(data):
        return Refusal.CONTROL_BYTES
    text = data.decode("ascii")
    aim = _AIM.match(text) if aim_ids else None
    return Line(text[aim.end() :], aim[0]) if aim else Line(text)
