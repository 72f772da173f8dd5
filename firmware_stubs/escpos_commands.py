"""Splits what a host sends into ESC/POS commands and letters, as a printer's firmware does.

Source: Epson ESC/POS command reference, "Command details"; command lists of compatible printers.
"""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

ESC, FS, GS, DLE = 0x1B, 0x1C, 0x1D, 0x10

# Parameter bytes after the two command bytes; what is not listed is no command of this printer.
_FIXED: Final[Mapping[int, Mapping[str, int]]] = {
    ESC: {
        "@": 0, "2": 0, "i": 0, "m": 0, "a": 1, "E": 1, "G": 1, "t": 1, "d": 1, "J": 1, "!": 1, "-": 1,
        "R": 1, "3": 1, "M": 1, "V": 1, "{": 1, "$": 2, "\\": 2, "B": 2, "p": 3,
    },
    FS: {"&": 0, ".": 0, "!": 1, "-": 1, "C": 1, "S": 2},
    GS: {"!": 1, "a": 1, "r": 1, "I": 1, "B": 1, "H": 1, "f": 1, "h": 1, "w": 1, "L": 2, "W": 2, "P": 2},
}  # fmt: skip
STOPS_MAX: Final = 32
_NAMES: Final = {ESC: "ESC", FS: "FS", GS: "GS"}
_REAL_TIME_LENGTH: Final = {0x04: 3, 0x05: 3}


class Command(NamedTuple):
    """``name`` such as "ESC @"; "" for a letter, whose byte is ``data``; "?" for what is not understood."""

    name: str
    data: bytes
    length: int


def next_command(buffer: bytes | bytearray) -> Command | None:
    """The first command or byte of ``buffer``; None while it is not complete."""
    if not buffer:
        return None
    first = buffer[0]
    if first == DLE:
        return _real_time(buffer)
    if first not in _NAMES:
        return Command("", bytes(buffer[:1]), 1)
    if len(buffer) < 2:
        return None
    letter = chr(buffer[1])
    name = f"{_NAMES[first]} {letter}"
    fixed = _FIXED[first].get(letter)
    length = 2 + fixed if fixed is not None else _length(name, buffer)
    if length is None or len(buffer) < length:
        return None
    if length == 0:
        return Command("?", bytes(buffer[:2]), 1)  # the control byte is dropped, the letter prints
    return Command(name, bytes(buffer[2:length]), length)


def _length(name: str, buffer: bytes | bytearray) -> int | None:
    """Whole length of a command whose parameters tell it; 0: unknown; None: cannot tell yet."""
    match name:
        case "ESC D":
            return _stops(buffer)
        case "GS V":
            return _need(buffer, 3, lambda: 3 if buffer[2] in (0, 1, 48, 49) else 4)
        case "GS v":
            return _need(buffer, 8, lambda: 8 + _word(buffer, 4) * _word(buffer, 6))
        case "ESC *":
            return _need(buffer, 5, lambda: 5 + _word(buffer, 3) * (3 if buffer[2] in (32, 33) else 1))
        case "GS (" | "ESC (":
            return _need(buffer, 5, lambda: 5 + _word(buffer, 3))
        case "GS 8":
            return _need(buffer, 7, lambda: 7 + int.from_bytes(buffer[3:7], "little"))
    return 0


def _stops(buffer: bytes | bytearray) -> int | None:
    """Columns up to a 00, or 32 of them."""
    end = buffer.find(0, 2, 2 + STOPS_MAX)
    return end + 1 if end > 0 else 2 + STOPS_MAX if len(buffer) >= 2 + STOPS_MAX else None


def _need(buffer: bytes | bytearray, count: int, length: Callable[[], int]) -> int | None:
    return length() if len(buffer) >= count else None


def _word(buffer: bytes | bytearray, at: int) -> int:
    return buffer[at] | buffer[at + 1] << 8


def _real_time(buffer: bytes | bytearray) -> Command | None:
    """A real-time command met again in its turn: it was obeyed on arrival and is passed over now."""
    if len(buffer) < 2:
        return None
    if buffer[1] == 0x14:
        if len(buffer) < 3:
            return None
        length = {0x01: 5, 0x02: 5, 0x08: 10}.get(buffer[2], 3)
    else:
        length = _REAL_TIME_LENGTH.get(buffer[1], 1)
    if len(buffer) < length:
        return None
    return Command("DLE" if length > 1 else "?", bytes(buffer[1:length]), length)


class RealTimeWatch:
    """Finds real-time commands in the raw stream, wherever they stand, even inside a picture."""

    def __init__(self) -> None:
        self._tail = b""

    def passes(self, data: bytes) -> bool:
        """Whether no byte of ``data`` begins, goes on with or completes a command: then it is noted as a whole."""
        if DLE in data or DLE in self._tail[-9:]:
            return False
        self._tail = (self._tail + data)[-10:]
        return True

    def feed(self, value: int) -> bytes | None:
        """The command completed by this byte, without its 10."""
        self._tail = self._tail[-9:] + bytes((value,))
        if self._tail[-3:-1] in (b"\x10\x04", b"\x10\x05"):
            return self._tail[-2:]
        if self._tail[-5:-2] == b"\x10\x14\x01":
            return self._tail[-4:]
        if self._tail == b"\x10\x14\x08\x01\x03\x14\x01\x06\x02\x08":
            return self._tail[1:]
        return None
