"""Frames of the DFPlayer family (YX5200, YX5300, FN-M16P, YX6100): ten bytes, both ways.

``7E FF 06``, command, ack wanted, two bytes of parameter, two of check, ``EF``. The check is 0 minus the sum of
the bytes from ``FF`` to the parameter.

Source: "FN-M16P Embedded MP3 Audio Module" data sheet, sections on serial commands and returned data; DFRobot
DFRobotDFPlayerMini library for the time-outs.
"""

from enum import IntEnum
from typing import Final, NamedTuple

SIZE: Final = 10
_START, _VERSION, _LENGTH, _END = 0x7E, 0xFF, 0x06, 0xEF
_HEAD = bytes((_START, _VERSION, _LENGTH))


class Command(IntEnum):
    VOLUME = 0x06
    RESET = 0x0C
    PLAY_MP3 = 0x12  # MP3/nnnn, whatever the order in which files were copied
    STOP = 0x16
    STATUS = 0x42
    FILES = 0x48  # on the card


class Told(IntEnum):
    """What the module says, in answer or of itself."""

    MEDIA_OUT = 0x3B
    ENDED_USB = 0x3C
    ENDED = 0x3D
    READY = 0x3F
    ERROR = 0x40
    ACK = 0x41
    STATUS = 0x42
    FILES = 0x48


class Trouble(IntEnum):
    """Parameter of ERROR."""

    BUSY = 0x01
    ASLEEP = 0x02
    FRAME = 0x03
    CHECK = 0x04
    RANGE = 0x05
    NOT_FOUND = 0x06


class Frame(NamedTuple):
    command: int
    value: int = 0
    ack: bool = False

    def to_bytes(self) -> bytes:
        assert 0 <= self.value <= 0xFFFF, self.value
        body = bytes((_VERSION, _LENGTH, self.command, self.ack)) + self.value.to_bytes(2, "big")
        return bytes((_START,)) + body + (-sum(body) & 0xFFFF).to_bytes(2, "big") + bytes((_END,))


class Decoder:
    def __init__(self) -> None:
        self._buffer = bytearray()  # never longer than one frame between calls

    def feed(self, data: bytes) -> list[Frame]:
        """The frames completed by ``data``. Noise is skipped, byte by byte."""
        self._buffer += data
        frames: list[Frame] = []
        while self._buffer:
            if not self._plausible():
                del self._buffer[0]
                continue
            if len(self._buffer) < SIZE:
                break
            body = bytes(self._buffer[1:7])
            if self._buffer[9] == _END and int.from_bytes(self._buffer[7:9], "big") == -sum(body) & 0xFFFF:
                frames.append(Frame(body[2], int.from_bytes(body[4:6], "big"), bool(body[3])))
                del self._buffer[:SIZE]
            else:
                del self._buffer[0]
        return frames

    def _plausible(self) -> bool:
        return _HEAD.startswith(bytes(self._buffer[:3]))
