"""What the counter display's frames mean: payloads to values and back. Pure. Source: docs/display-frame.md."""

import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, NamedTuple, Self


class Type(IntEnum):
    PING = 0x01
    HELLO = 0x02
    SHOW_QR = 0x10
    SHOW_TEXT = 0x11
    CLEAR = 0x12
    SHOW_RESULT = 0x13
    BRIGHTNESS = 0x14
    BEEP = 0x15
    TILE = 0x16
    ROTATE = 0x17
    SHOW_IDLE = 0x18
    STATE = 0x20
    EVENT = 0x21
    ACK = 0x7F


SHOWS: Final = frozenset({Type.SHOW_QR, Type.SHOW_TEXT, Type.SHOW_RESULT, Type.SHOW_IDLE, Type.TILE, Type.CLEAR})
"""Frames whose ACK means "drawn"."""


class Status(IntEnum):
    OK = 0
    BAD_CRC = 1
    BAD_TYPE = 2
    TOO_LONG = 3
    BAD_VERSION = 4
    BUSY = 5
    BAD_PAYLOAD = 6
    WRONG_SCREEN = 7


class Screen(IntEnum):
    BLANK = 0
    CODE = 1
    TEXT = 2
    RESULT = 3
    IDLE = 4


class Result(IntEnum):
    PAID = 1
    FAILED = 2
    EXPIRED = 3
    CANCELLED = 4
    CHECKING = 5
    LATE = 6


SIDE_MAX: Final = 4096  # pixels of a glass; its captions are drawn here, and drawn as large as it says
STRIP: Final = 24
"""Pixels. A glass whose sides differ by less has room for captions below the code, in the code's own square."""


class NotThatMessage(ValueError):
    """A payload that is no such message."""


_HELLO: Final = struct.Struct("<BIHHBH")
_STATE: Final = struct.Struct("<IBIIH")
_BELOW_CODE: Final = 1 << 4


@dataclass(frozen=True, slots=True)
class DisplayHello:
    """Who the display is. ``boot_id`` is new after every start; ``max_version`` is the largest QR version."""

    protocol: int
    boot_id: int
    width: int
    height: int
    max_version: int
    capabilities: int  # bit 0 buzzer, 1 touch, 2 backlight, 3 text, 4 tiles below a code in its square
    firmware: str  # "countertop-display VERSION SERIAL"

    @property
    def serial(self) -> str:
        """What tells two displays of one model apart; empty when the firmware names none."""
        words = self.firmware.split()
        return words[2] if len(words) > 2 else ""

    @property
    def captions_codes(self) -> bool:
        """Whether it takes captions for a code: an older firmware has no place on a nearly square glass."""
        return abs(self.width - self.height) >= STRIP or bool(self.capabilities & _BELOW_CODE)

    @classmethod
    def read(cls, payload: bytes) -> Self:
        if len(payload) < _HELLO.size:
            raise NotThatMessage("HELLO is too short")
        name = payload[_HELLO.size :].decode("ascii", "replace")
        protocol, boot_id, width, height, max_version, capabilities = _HELLO.unpack_from(payload)
        if not (0 < width <= SIDE_MAX and 0 < height <= SIDE_MAX):
            raise NotThatMessage(f"no glass has {width} x {height} pixels")
        return cls(protocol, boot_id, width, height, max_version, capabilities, name)


class DisplayState(NamedTuple):
    """What is on the glass. ``shown_crc32`` is of the packed modules, 0 when it is blank."""

    boot_id: int
    screen: int
    id: int
    shown_crc32: int
    ttl_left_s: int

    @classmethod
    def read(cls, payload: bytes) -> Self:
        if len(payload) != _STATE.size:
            raise NotThatMessage("STATE has the wrong length")
        return cls._make(_STATE.unpack(payload))


@dataclass(frozen=True, slots=True)
class DisplayEvent:
    """A button or a touch."""

    kind: int
    value: int

    @classmethod
    def read(cls, payload: bytes) -> Self:
        if len(payload) != 3:
            raise NotThatMessage("EVENT has the wrong length")
        return cls(*struct.unpack("<BH", payload))


def show_qr(screen_id: int, ttl_s: int, version: int, modules: bytes, *, inverted: bool = False) -> bytes:
    """``modules``: packed row by row, first module in the highest bit, no padding between rows."""
    side = 17 + 4 * version
    assert len(modules) == (side * side + 7) // 8, "modules do not fit the version"
    return struct.pack("<IHBB", screen_id, ttl_s, version, inverted) + modules


def show_text(screen_id: int, ttl_s: int, lines: tuple[str, ...]) -> bytes:
    """Each line is cut to 255 bytes of UTF-8, never within a character."""
    out = struct.pack("<IH", screen_id, ttl_s)
    for line in lines:
        data = line.encode()[:255].decode(errors="ignore").encode()
        out += bytes((len(data),)) + data
    return out


def show_result(screen_id: int, result: Result, text: str) -> bytes:
    return struct.pack("<IB", screen_id, result) + text.encode()[:240].decode(errors="ignore").encode()
