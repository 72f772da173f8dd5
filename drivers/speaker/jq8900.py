"""Frames of JQ8900, JQ8400, DY-SV, DFR0534 boards: ``AA``, command, length, data, low byte of the sum before it.

Source: DFRobot "DFR0534 Voice Module" wiki, serial protocol; SnijderC/dyplayer for the sister boards.
"""

from enum import IntEnum
from typing import Final, NamedTuple

_START: Final = 0xAA
OVERHEAD: Final = 4
ANSWER_MAX: Final = 8  # bytes of data in the longest answer we ask for
NAMES_MAX: Final = 127  # two characters each in one length byte
_DIGITS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class Command(IntEnum):
    STATUS = 0x01
    STOP = 0x04
    VOLUME = 0x13
    COMBINE = 0x1B
    END_COMBINE = 0x1C


class Status(IntEnum):
    STOPPED = 0
    PLAYING = 1
    PAUSED = 2


class Frame(NamedTuple):
    command: int
    data: bytes = b""

    def to_bytes(self) -> bytes:
        assert len(self.data) <= 255, len(self.data)
        body = bytes((_START, self.command, len(self.data))) + self.data
        return body + bytes((sum(body) & 0xFF,))


def code(number: int) -> str:
    """The two characters that name a clip in the ``ZH`` folder: 1 is 01, 36 is 10."""
    assert 0 <= number < len(_DIGITS) ** 2, number
    high, low = divmod(number, len(_DIGITS))
    return _DIGITS[high] + _DIGITS[low]


def combine(numbers: list[int]) -> Frame:
    """Play these clips of the ``ZH`` folder without gaps, at once."""
    assert 0 < len(numbers) <= NAMES_MAX, len(numbers)
    return Frame(Command.COMBINE, "".join(map(code, numbers)).encode("ascii"))


class Decoder:
    def __init__(self) -> None:
        self._buffer = bytearray()  # never longer than one answer between calls

    def feed(self, data: bytes) -> list[Frame]:
        """The frames completed by ``data``. Noise is skipped, byte by byte."""
        self._buffer += data
        frames: list[Frame] = []
        while self._buffer:
            if self._buffer[0] != _START or (len(self._buffer) > 2 and self._buffer[2] > ANSWER_MAX):
                del self._buffer[0]
                continue
            if len(self._buffer) < 3 or len(self._buffer) < (end := self._buffer[2] + OVERHEAD):
                break
            if sum(self._buffer[: end - 1]) & 0xFF == self._buffer[end - 1]:
                frames.append(Frame(self._buffer[1], bytes(self._buffer[3 : end - 1])))
                del self._buffer[:end]
            else:
                del self._buffer[0]
        return frames
