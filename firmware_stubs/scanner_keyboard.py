"""A simulated scanner in keyboard mode, as Linux hands its keys to a program that reads ``/dev/input/event*``.

Written from the kernel's Documentation/input/event-codes.rst and the USB HID Usage Tables (keyboard page): per key
a scan code, the key itself and a report's end; capitals with the left Shift held.
"""

import struct
from dataclasses import dataclass

from firmware_stubs.scanner import LineScanner

_KEYS = {
    **dict(zip("1234567890", range(2, 12), strict=True)),
    **dict(zip("qwertyuiop", range(16, 26), strict=True)),
    **dict(zip("asdfghjkl", range(30, 39), strict=True)),
    **dict(zip("zxcvbnm", range(44, 51), strict=True)),
    "-": 12, "=": 13, "\t": 15, "[": 26, "]": 27, "\r": 28, "\n": 28, ";": 39, "'": 40, "`": 41, "\\": 43,
    ",": 51, ".": 52, "/": 53, " ": 57,
}  # fmt: skip
_SHIFTED = dict(zip('!@#$%^&*()_+{}|:"~<>?', "1234567890-=[]\\;'`,./", strict=True))
_LEFT_SHIFT, _LEFT_CTRL = 42, 29
_REPORT = 144  # bytes of six events
_KEY_MS = 2


@dataclass
class KeyboardScanner(LineScanner):
    """Types each code and Enter. A control byte comes as Ctrl and a letter, as such scanners send it."""

    def scan(self, code: str | bytes, **how: object) -> None:
        """As a line scanner, key by key."""
        before = len(self._waiting)
        super().scan(code, **how)  # type: ignore[arg-type]  # passed through as they came
        lines = self._waiting[before:]
        del self._waiting[before:]
        free_ms = 0
        for start, data in lines:
            at_ms = max(start, free_ms)
            for at in range(0, len(data), _REPORT):
                self._waiting.append((at_ms, data[at : at + _REPORT]))
                at_ms += _KEY_MS
            free_ms = at_ms

    def _line(self, code: bytes, aim: str) -> bytes:
        text = super()._line(code, aim).decode("latin-1")
        return b"".join(_typed(char) for char in text)


def _typed(char: str) -> bytes:
    holds: int | None = None
    if char in _SHIFTED:
        holds, char = _LEFT_SHIFT, _SHIFTED[char]
    elif char.isascii() and char.isupper():
        holds, char = _LEFT_SHIFT, char.lower()
    elif char < " " and char not in _KEYS:
        holds, char = _LEFT_CTRL, chr(ord(char) + 0x60) if ord(char) < 0x1B else "["
    if char not in _KEYS:
        return b""  # it has no key: such scanners leave it out
    key = _KEYS[char]
    stroke = event(key, 1) + event(key, 0)
    return stroke if holds is None else event(holds, 1) + stroke + event(holds, 0)


def event(key: int, value: int) -> bytes:
    """Scan code, key, end of report; the time is the device's own and means nothing here."""
    rows = ((4, 4, 0x70000 + key), (1, key, value), (0, 0, 0))
    return b"".join(struct.pack("=qqHHi", 1700000000, 0, kind, code, each) for kind, code, each in rows)
