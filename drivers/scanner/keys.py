"""A scanner that types like a keyboard: Linux input events -> codes. Enter or Tab ends a code.

Each event is ``struct input_event`` of a 64-bit Linux: seconds, microseconds (8 bytes each), type, code (2 each),
value (4), in the machine's byte order. The key map is the US layout: set the scanner to "USA keyboard", whatever
the shop's own keyboard is; the system's layout plays no part, because the device is read before it.

Source: Linux kernel, Documentation/input/input.rst and event-codes.rst, include/uapi/linux/input-event-codes.h.
"""

import struct
from typing import Final

from drivers.scanner.line import LINE_MAX, Line, Refusal, parse_line
from drivers.scanner.speech import Speech

EVENT: Final = struct.Struct("=qqHHi")
_EV_SYN, _EV_KEY = 0x00, 0x01
_KINDS: Final = frozenset({_EV_SYN, _EV_KEY, 0x04, 0x11, 0x14})  # and scan codes, lamps, repeat rates
_CODE_MAX: Final = 0x2FF
_SYN_DROPPED: Final = 3
_UP, _DOWN = 0, 1  # 2 is the keyboard repeating by itself
_SHIFTS: Final = frozenset({42, 54})
_CHORDS: Final = frozenset({29, 97, 56, 100, 125, 126})  # Ctrl, Alt, Meta: commands to a desktop, no text
_LOCKS: Final = frozenset({58, 69, 70})  # lamps of a keyboard, and no character
_ENDS: Final = frozenset({28, 96, 15})  # Enter, Enter of the number pad, Tab

_ROWS: Final = (  # first key code of a run, its characters, the same with Shift
    (2, "1234567890-=", "!@#$%^&*()_+"),
    (16, "qwertyuiop[]", "QWERTYUIOP{}"),
    (30, "asdfghjkl;'`", 'ASDFGHJKL:"~'),
    (43, "\\zxcvbnm,./", "|ZXCVBNM<>?"),
    (57, " ", " "),
    (71, "789-456+1230.", "789-456+1230."),
)
PLAIN: Final = {first + at: char for first, plain, _ in _ROWS for at, char in enumerate(plain)} | {
    55: "*",
    98: "/",
}
SHIFTED: Final = {first + at: char for first, _, shift in _ROWS for at, char in enumerate(shift)} | {
    55: "*",
    98: "/",
}


class Decoder:
    """Events in any split -> lines. A key that is no character spoils its code: a scanner could be made to press
    Ctrl or a function key by a code that somebody printed for that."""

    def __init__(self, *, aim_ids: bool = False, prefix: str = "") -> None:
        self._aim_ids, self._prefix = aim_ids, prefix
        self._bytes = bytearray()  # less than an event between calls
        self._text: list[str] = []  # at most one character more than LINE_MAX
        self._shifts: set[int] = set()
        self._chords: set[int] = set()
        self._spoiled = False

    @property
    def pending(self) -> bool:
        return bool(self._bytes or self._text or self._shifts or self._chords) or self._spoiled

    def feed(self, data: bytes) -> list[Line | Refusal]:
        self._bytes += data
        found: list[Line | Refusal] = []
        at = 0
        while len(self._bytes) - at >= EVENT.size:
            event = EVENT.unpack_from(self._bytes, at)
            if not _plausible(*event):  # out of step: bytes were lost
                self._lost()
                at += 1
                continue
            at += EVENT.size
            _, _, kind, code, value = event
            if kind == _EV_KEY:
                found += self._key(code, value)
            elif kind == _EV_SYN and code == _SYN_DROPPED:
                self._lost()
        del self._bytes[:at]
        return found

    def idle(self) -> list[Line | Refusal]:
        """No key for the gap: what there is has no end and is no code."""
        was = bool(self._text or self._bytes) or self._spoiled
        for held in (self._text, self._bytes, self._shifts, self._chords):
            held.clear()
        self._spoiled = False
        return [Refusal.INCOMPLETE] if was else []

    def _key(self, code: int, value: int) -> list[Line | Refusal]:
        if code in _SHIFTS or code in _CHORDS:
            held = self._shifts if code in _SHIFTS else self._chords
            if value == _UP:
                held.discard(code)
            else:
                held.add(code)
        elif value != _DOWN or code in _LOCKS:
            pass
        elif code in _ENDS and not self._chords:
            return self._finish()
        else:
            char = (SHIFTED if self._shifts else PLAIN).get(code, "")
            if not char or self._chords:
                self._spoiled = True
            elif len(self._text) <= LINE_MAX:
                self._text.append(char)
        return []

    def _lost(self) -> None:
        self._shifts.clear()
        self._chords.clear()
        self._spoiled = True

    def _finish(self) -> list[Line | Refusal]:
        text, spoiled = "".join(self._text), self._spoiled
        self._clear()
        if spoiled:
            return [Refusal.CONTROL_BYTES]
        if not text:
            return []
        if not text.startswith(self._prefix):
            return [Refusal.NO_PREFIX]
        return [parse_line(text[len(self._prefix) :].encode("ascii"), aim_ids=self._aim_ids)]

    def _clear(self) -> None:
        self._text.clear()
        self._spoiled = False


def _plausible(seconds: int, microseconds: int, kind: int, code: int, value: int) -> bool:
    if seconds < 0 or not 0 <= microseconds < 1_000_000 or kind not in _KINDS or code > _CODE_MAX:
        return False
    return kind != _EV_SYN or (code <= _SYN_DROPPED and value in (0, 1))


class KeyboardSpeech(Speech):
    sound_min = 1  # events that hang together are no noise, and 64 KiB of them are few codes

    def session(self) -> Decoder:
        return Decoder(aim_ids=self.profile.aim_ids, prefix=self.profile.prefix)
