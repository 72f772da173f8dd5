"""What a till and a payment terminal say to each other: command, length, data. Bytes in, values out, no I/O.

Source: ZVT interface specification PA00P015 (application protocol and its TCP/IP appendix): class, instruction,
one byte of length or FF and two bytes, lowest first; numbers as packed decimals; fields by bitmap number.

Some gateways put the length of each command before it, two bytes, most significant first: seen by the first byte.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

DATA_MAX: Final = 2048  # of one command; a receipt's text block is the longest
_EXTENDED: Final = 0xFF
_HEAD: Final = 3


class Misread(Exception):
    """Data that is not what its command wants."""


class Apdu(NamedTuple):
    """``command``: class and instruction as one number, such as 0x0601."""

    command: int
    data: bytes = b""

    def to_bytes(self) -> bytes:
        assert len(self.data) <= DATA_MAX, "receipts are sent line by line"
        size = len(self.data)
        length = bytes((size,)) if size < _EXTENDED else bytes((_EXTENDED, size & 0xFF, size >> 8))
        return self.command.to_bytes(2, "big") + length + self.data


class Decoder:
    """Commands out of a stream, however it is cut. ``broken``: too long a command came, what follows is none.

    ``prefixed``: each command has its length before it; known with the first byte.
    """

    def __init__(self) -> None:
        self.broken = False
        self.prefixed: bool | None = None
        self._buffer = bytearray()  # never more than a command and its prefix between calls

    @property
    def partial(self) -> bool:
        """A command has begun and is not whole."""
        return bool(self._buffer)

    def feed(self, data: bytes) -> list[Apdu]:
        found: list[Apdu] = []
        if self.broken:
            return found
        self._buffer += data
        while self._buffer and not self.broken:
            if self.prefixed is None:
                self.prefixed = self._buffer[0] == 0  # no command's class is 0
            size = self._size()
            if size > DATA_MAX + 5 or (size and self.prefixed and int.from_bytes(self._buffer[:2], "big") != size):
                self.broken = True
            elif 0 < size <= len(self._buffer) - self._skip():
                found.append(self._take(size))
            else:
                break
        if self.broken:
            self._buffer.clear()
        return found

    def _skip(self) -> int:
        return 2 if self.prefixed else 0

    def _size(self) -> int:
        """Of the next command without its prefix; 0 while it cannot be known."""
        head = self._buffer[self._skip() : self._skip() + 5]
        if len(head) < _HEAD:
            return 0
        if head[2] != _EXTENDED:
            return _HEAD + head[2]
        return 5 + int.from_bytes(head[3:5], "little") if len(head) == 5 else 0

    def _take(self, size: int) -> Apdu:
        start = self._skip()
        raw = bytes(self._buffer[start : start + size])
        del self._buffer[: start + size]
        data = raw[_HEAD:] if raw[2] != _EXTENDED else raw[5:]
        return Apdu(int.from_bytes(raw[:2], "big"), data)


def read_one(data: bytes) -> Apdu:
    """A command that is whole, such as the content of a frame on a serial line. Raises Misread."""
    decoder = Decoder()
    decoder.prefixed = False
    found = decoder.feed(data)
    if len(found) != 1 or decoder.partial or decoder.broken:
        raise Misread("not one whole command")
    return found[0]


# --- numbers and fields -----------------------------------------------------------------------------------


def bcd(number: int, size: int) -> bytes:
    """``number`` as ``2 * size`` digits."""
    text = str(number).rjust(2 * size, "0")
    assert len(text) == 2 * size, number
    return bytes.fromhex(text)


def unbcd(data: bytes) -> int:
    """Raises Misread: a digit above 9."""
    text = data.hex()
    if not text.isdecimal():
        raise Misread("a digit above 9")
    return int(text)


def counted(text: bytes, digits: int) -> bytes:
    """``text`` with its length before it as F0 to F9, two digits (LLVAR) or three (LLLVAR)."""
    return bytes(0xF0 | int(each) for each in str(len(text)).rjust(digits, "0")) + text


TIMEOUT, SERVICE, AMOUNT, TLV = 0x01, 0x03, 0x04, 0x06
TRACE, TIME, DATE, PAYMENT_TYPE, RESULT = 0x0B, 0x0C, 0x0D, 0x19, 0x27
TERMINAL, TEXT, CURRENCY, RECEIPT, CARD_NAME = 0x29, 0x3C, 0x49, 0x87, 0x8B

_FIXED: Final[Mapping[int, int]] = {
    **{TIMEOUT: 1, 0x02: 1, SERVICE: 1, AMOUNT: 6, 0x05: 1, TRACE: 3, TIME: 3, DATE: 2, 0x0E: 2, 0x17: 2},
    **{PAYMENT_TYPE: 1, RESULT: 1, TERMINAL: 4, 0x2A: 15, 0x37: 3, 0x3A: 2, 0x3B: 8, 0x3D: 3, CURRENCY: 2},
    **{RECEIPT: 2, 0x88: 3, 0x8A: 1, 0x8C: 1, 0xA0: 1, 0xAA: 3, 0xBA: 5, 0xD0: 1, 0xD2: 1, 0xD3: 1},
    **{0xE0: 1, 0xE9: 1, 0xEA: 1, 0xEB: 8, 0xF0: 1, 0xF9: 1, 0xFA: 1, 0xFB: 1, 0xFC: 1},
}
_COUNTED: Final[Mapping[int, int]] = {
    **{0x22: 2, 0x23: 2, 0x2D: 2, CARD_NAME: 2, 0xA7: 2, 0xD1: 2},
    **{0x24: 3, 0x2E: 3, TEXT: 3, 0x60: 3, 0x92: 3, 0x9A: 3, 0xAF: 3},
    **dict.fromkeys((*range(0xE1, 0xE9), *range(0xF1, 0xF9)), 2),  # lines of text
}


def fields(data: bytes) -> dict[int, bytes]:
    """Bitmap number -> its bytes, lengths taken off. Raises Misread: cut short, repeated, of no known length."""
    found: dict[int, bytes] = {}
    at = 0
    while at < len(data):
        number, at = data[at], at + 1
        if number == TLV:
            size, at = _tlv_size(data, at)
        elif number in _COUNTED:
            digits = _COUNTED[number]
            size, at = _counted_size(data[at : at + digits], digits), at + digits
        elif number in _FIXED:
            size = _FIXED[number]
        else:
            raise Misread(f"bitmap {number:02X} of unknown length")
        if at + size > len(data) or number in found:
            raise Misread(f"bitmap {number:02X} is cut short or comes twice")
        found[number], at = data[at : at + size], at + size
    return found


def _counted_size(head: bytes, digits: int) -> int:
    if len(head) != digits or any(each & 0xF0 != 0xF0 or each & 0x0F > 9 for each in head):
        raise Misread("a length that is no number")
    return int("".join(str(each & 0x0F) for each in head))


def _tlv_size(data: bytes, at: int) -> tuple[int, int]:
    """Length of a container: one byte to 127, else 81 and one, or 82 and two bytes."""
    first = data[at : at + 1]
    if not first:
        raise Misread("a container without a length")
    more = {0x81: 1, 0x82: 2}.get(first[0], 0)
    if first[0] > 0x7F and not more:
        raise Misread("a container's length")
    if not more:
        return first[0], at + 1
    told = data[at + 1 : at + 1 + more]
    if len(told) < more:
        raise Misread("a container without its length")
    return int.from_bytes(told, "big"), at + 1 + more
