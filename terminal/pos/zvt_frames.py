"""Commands on a serial line: DLE STX, the command with every DLE doubled, DLE ETX, check; ACK or NAK. Pure.

Source: ZVT interface specification PA00P015, transport protocol: CRC-CCITT (x^16 + x^12 + x^5 + 1, lowest bit
first, begun with 0) over the command as it was before doubling and the ETX; its low byte goes first.
"""

from functools import reduce
from typing import Final, Literal, NamedTuple

from terminal.pos.zvt_codec import DATA_MAX

DLE, STX, ETX, ACK, NAK = 0x10, 0x02, 0x03, 0x06, 0x15
_MAX: Final = DATA_MAX + 5
_POLYNOMIAL: Final = 0x8408


class Event(NamedTuple):
    """``bad``: a frame that must be sent again."""

    kind: Literal["frame", "ack", "nak", "bad"]
    content: bytes = b""


def crc(data: bytes) -> int:
    return reduce(_crc_byte, data, 0)


def _crc_byte(value: int, byte: int) -> int:
    value ^= byte
    for _ in range(8):
        value = (value >> 1) ^ (_POLYNOMIAL if value & 1 else 0)
    return value


def frame(content: bytes) -> bytes:
    check = crc(content + bytes((ETX,)))
    doubled = content.replace(bytes((DLE,)), bytes((DLE, DLE)))
    return bytes((DLE, STX)) + doubled + bytes((DLE, ETX, check & 0xFF, check >> 8))


class FrameDecoder:
    """Events out of a stream, however it is cut. Noise between frames is passed over, but for ACK and NAK."""

    def __init__(self) -> None:
        self.drop()

    def drop(self) -> None:
        """Begin anew: the rest of a frame did not come."""
        self._content: bytearray | None = None  # of the frame that has begun
        self._escaped = False
        self._check: bytearray | None = None
        self._too_long = False

    @property
    def partial(self) -> bool:
        return self._content is not None

    def feed(self, data: bytes) -> list[Event]:
        found: list[Event] = []
        for byte in data:
            if self._check is not None:
                self._check.append(byte)
                if len(self._check) == 2:
                    found.append(self._ended())
            elif self._escaped:
                self._after_dle(byte)
            elif byte == DLE:
                self._escaped = True
            elif self._content is not None:
                self._add(byte)
            elif byte in (ACK, NAK):
                found.append(Event("ack" if byte == ACK else "nak"))
        return found

    def _after_dle(self, byte: int) -> None:
        self._escaped = False
        if byte == STX:
            self._content, self._too_long = bytearray(), False
        elif self._content is None:
            self._escaped = byte == DLE
        elif byte == ETX:
            self._check = bytearray()
        elif byte == DLE:
            self._add(byte)
        else:
            self._too_long = True  # no such pair: the frame is damaged

    def _add(self, byte: int) -> None:
        assert self._content is not None
        if len(self._content) < _MAX:
            self._content.append(byte)
        else:
            self._too_long = True

    def _ended(self) -> Event:
        assert self._content is not None
        assert self._check is not None
        content, check = bytes(self._content), int.from_bytes(self._check, "little")
        sound = not self._too_long and crc(content + bytes((ETX,))) == check
        self._content = self._check = None
        return Event("frame", content) if sound else Event("bad")
