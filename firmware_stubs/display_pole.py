"""A simulated pole display: 2 lines of 20 letters in CD5220 or ESC/POS, or the eight digits of an LED8N.

Written from the CD5220 command manual (after ``ESC Q A`` or ``B`` only 0C, 18 and the same two are heard; 18 also
clears the cursor's line), Epson's ESC/POS pages for customer displays and the LED8N command lists. It answers
nothing.
"""

from dataclasses import dataclass, field
from typing import Final, Literal

from firmware_stubs.wire import Stub

_BLANK: Final = 0x20
# Bytes that follow a command's first two; what is not listed is a command the display does not know.
_CD5220: Final = {
    b"\x1b\x40": 0,
    b"\x1b\x11": 0,
    b"\x1b\x12": 0,
    b"\x1b\x13": 0,
    b"\x1b\x6c": 2,
    b"\x1b\x2a": 1,
    b"\x1b\x5f": 1,
    b"\x1b\x3d": 1,
    b"\x1b\x66": 1,
    b"\x1b\x63": 1,
}
_ESCPOS: Final = {
    b"\x1b\x40": 0,
    b"\x1b\x74": 1,
    b"\x1b\x3d": 1,
    b"\x1f\x01": 0,
    b"\x1f\x02": 0,
    b"\x1f\x03": 0,
    b"\x1f\x24": 2,
    b"\x1f\x43": 1,
    b"\x1f\x45": 1,
    b"\x1f\x58": 1,
    b"\x1f\x72": 1,
}


@dataclass
class PoleStub(Stub):
    """``raw`` is the glass as bytes, ``lines`` as letters of ``codec``; ``unknown`` counts bytes it dropped.

    ``chosen``: 1 the printer behind it gets every byte (``passed`` counts them), 2 the display does, 3 both do;
    ``chosen_first`` after power and a reset.
    """

    dialect: Literal["cd5220", "escpos-vfd", "led8n"] = "cd5220"
    codec: str = "cp437"
    digits: str = ""
    lamp: str = "0"
    code_page: int | None = None
    brightness: int = 4
    chosen_first: int = 2
    chosen: int = 0
    passed: int = 0
    unknown: int = 0
    painted: int = 0
    raw: bytearray = field(default_factory=bytearray)
    _at: int = 0
    _line_mode: bool = False
    _input: bytearray = field(default_factory=bytearray)

    def __post_init__(self) -> None:
        self._clear()
        self.chosen = self.chosen or self.chosen_first

    @property
    def lines(self) -> tuple[str, str]:
        glass = self.raw.decode(self.codec, "replace")
        return glass[:20], glass[20:]

    @property
    def screen(self) -> str:
        return self.digits if self.dialect == "led8n" else "\n".join(line.rstrip() for line in self.lines)

    def restart(self) -> None:
        """Power goes and comes back."""
        self._clear()
        self._input.clear()
        self.chosen = self.chosen_first

    def receive(self, data: bytes, now_ms: int) -> bytes:  # noqa: ARG002 - it plans nothing
        self._input += data
        while self._input and (used := self._obey()):
            del self._input[:used]
        return b""

    def tick(self, now_ms: int) -> bytes:  # noqa: ARG002 - it plans nothing
        return b""

    def _clear(self) -> None:
        self.raw = bytearray(b" " * 40)
        self.digits = ""
        self._at, self._line_mode = 0, False

    def _obey(self) -> int:
        """Act on what stands first in the buffer; how many bytes that was, 0: the rest has not come."""
        first = self._input[0]
        if self.chosen == 1 and not b"\x1b\x3d".startswith(self._input[:2]):
            self.passed += 1
            return 1
        if first == 0x0C:
            self._clear()
            return 1
        if first == 0x18 and self.dialect != "led8n":
            self._line_mode = False
            self._at -= self._at % 20
            self.raw[self._at : self._at + 20] = b" " * 20
            return 1
        if first in (0x1B, 0x1F):
            return self._command()
        if first >= _BLANK and not self._line_mode and self.dialect != "led8n":
            self.raw[self._at] = first
            self._at = (self._at + 1) % 40
            self.painted += 1
        else:
            self.unknown += 1
        return 1

    def _command(self) -> int:
        if len(self._input) < 2:
            return 0
        head = bytes(self._input[:2])
        if head == b"\x1b\x51" and self.dialect != "escpos-vfd":
            return self._line()
        if head == b"\x1b\x73" and self.dialect == "led8n":
            return self._take_lamp()
        known = {"cd5220": _CD5220, "escpos-vfd": _ESCPOS}.get(self.dialect, {})
        size = known.get(head)
        if size is None:
            self.unknown += 1
            return 1
        if len(self._input) < 2 + size:
            return 0
        if not self._line_mode:
            self._set(head, bytes(self._input[2 : 2 + size]))
        else:
            self.unknown += head != b"\x1b\x3d"  # who does not know its mode has to say this first
        return 2 + size

    def _line(self) -> int:
        """``ESC Q A text CR``: a whole line at once."""
        end = self._input.find(b"\x0d")
        if end < 0:
            return 1 if len(self._input) > 64 else 0
        which, text = bytes(self._input[2:3]), bytes(self._input[3:end])
        if self.dialect == "led8n":
            plain = text.decode("ascii", "replace")
            self.digits = plain if which == b"A" and len(plain.replace(".", "")) <= 8 else self.digits
        elif which in (b"A", b"B"):
            at = 0 if which == b"A" else 20
            self.raw[at : at + 20] = text[:20].ljust(20)
            self._line_mode = True
        self.painted += 1
        return end + 1

    def _take_lamp(self) -> int:
        if len(self._input) < 3:
            return 0
        self.lamp = chr(self._input[2])
        return 3

    def _set(self, head: bytes, values: bytes) -> None:
        if head == b"\x1b\x40":
            self._clear()
            self.chosen = self.chosen_first
        elif head == b"\x1b\x3d":
            self.chosen = values[0] & 3 or self.chosen
        elif head in (b"\x1b\x6c", b"\x1f\x24") and 1 <= values[0] <= 20 and values[1] in (1, 2):
            self._at = values[0] - 1 + (values[1] - 1) * 20
        elif head in (b"\x1b\x74", b"\x1b\x63"):
            self.code_page = values[0]
        elif head in (b"\x1b\x2a", b"\x1f\x58"):
            self.brightness = values[0]
