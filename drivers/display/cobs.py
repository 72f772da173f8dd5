"""The counter display's frames: ``00 | COBS(header type seq 00 payload crc32) | 00``.

Source: docs/display-frame.md; Cheshire and Baker, "Consistent Overhead Byte Stuffing" (1999), section 3;
CRC-32 as in zlib, little-endian, over header to payload.
"""

import struct
import zlib
from typing import Final, NamedTuple

VERSION: Final = 1
ACK_WANTED: Final = 0x01
RESPONSE: Final = 0x02
RESENT: Final = 0x04

BODY_MAX: Final = 1024  # header, payload and CRC before stuffing
PAYLOAD_MAX: Final = BODY_MAX - 8
WIRE_MAX: Final = BODY_MAX + BODY_MAX // 254 + 3  # stuffed, with both delimiters
_RUN_MAX: Final = 254  # data bytes of the longest block
_END: Final = 5  # CRC and delimiter
_SOUND: Final = 0x2144DF1C  # what CRC-32 makes of anything followed by its own CRC-32, little-endian
_CODES: Final = tuple(bytes((code,)) for code in range(256))


class Frame(NamedTuple):
    """One frame. ``flags`` are ACK_WANTED, RESPONSE, RESENT; ``seq`` is 1..255, 0 when not known."""

    type: int
    seq: int
    payload: bytes = b""
    flags: int = 0
    version: int = VERSION

    def to_bytes(self) -> bytes:
        assert len(self.payload) <= PAYLOAD_MAX, "the driver splits what is longer"
        body = bytes((self.version << 4 | self.flags, self.type, self.seq, 0)) + self.payload
        return b"\0" + stuff(body + struct.pack("<I", zlib.crc32(body))) + b"\0"

    def in_two(self) -> tuple[bytes, bytes] | None:
        """``to_bytes``, the second part from the CRC on at the latest: the first alone means nothing.

        None: it would, as the end of what is carried happens to be the CRC of the rest.
        """
        data = self.to_bytes()
        at = len(data) - _END - (len(data) > _RUN_MAX)  # in a long frame a code may stand between the CRC's bytes
        head = data[:at]
        return None if _read(head[1:]) else (head, data[at:])


def stuff(data: bytes) -> bytes:
    """COBS: ``data`` without zero bytes, at most one byte longer per 254."""
    parts = data.split(b"\0")
    if max(map(len, parts)) < _RUN_MAX:
        return b"".join([_CODES[len(part) + 1] + part for part in parts])
    out = bytearray()
    part = b""
    for part in parts:
        rest = part
        while len(rest) >= _RUN_MAX:
            out.append(_RUN_MAX + 1)
            out += rest[:_RUN_MAX]
            rest = rest[_RUN_MAX:]
        out.append(len(rest) + 1)
        out += rest
    if part and len(part) % _RUN_MAX == 0:
        out.pop()  # a full last block needs no empty one after it
    return bytes(out)


def unstuff(data: bytes) -> bytes:
    """The reverse of ``stuff``. Raises ValueError when ``data`` is no stuffed text."""
    if 0 in data:
        raise ValueError("not COBS")
    if _RUN_MAX + 1 in data:
        return _unstuff_long(data)
    out, at, end = bytearray(data), 0, len(data)
    while at < end:
        out[at] = 0  # the code of a block stands where the zero before it stood
        at += data[at]
    if at != end:
        raise ValueError("not COBS")
    return bytes(out[1:])


def _unstuff_long(data: bytes) -> bytes:
    """With blocks of full length perhaps, after which there was no zero."""
    out = bytearray()
    at = 0
    while at < len(data):
        code = data[at]
        run = data[at + 1 : at + code]
        if len(run) != code - 1:
            raise ValueError("not COBS")
        out += run
        at += code
        if code <= _RUN_MAX and at < len(data):
            out.append(0)
    return bytes(out)


class Decoder:
    """Finds frames in a stream. Memory is bounded: what is too long is dropped until the next delimiter."""

    __slots__ = ("_buffer", "_skipping", "damaged")

    def __init__(self) -> None:
        self.damaged = 0  # pieces between delimiters that were no frame
        self._buffer = bytearray()  # since the last delimiter, never longer than one frame
        self._skipping = False

    def feed(self, data: bytes) -> list[Frame]:
        """Return the frames completed by ``data``, the same for every split of the stream."""
        frames: list[Frame] = []
        *pieces, rest = data.split(b"\0")
        for piece in pieces:
            whole = self._whole(piece) if self._buffer or self._skipping or len(piece) > WIRE_MAX else piece
            if frame := _read(whole) if whole else None:
                frames.append(frame)
            elif whole is None or whole:
                self.damaged += 1
        if rest:
            self._keep(rest)
        return frames

    def _whole(self, end: bytes) -> bytes | None:
        """What lay between two delimiters, ``end`` its last piece; None when it was too long."""
        self._keep(end)
        whole = None if self._skipping else bytes(self._buffer)
        self._buffer.clear()
        self._skipping = False
        return whole

    def _keep(self, data: bytes) -> None:
        if len(self._buffer) + len(data) > WIRE_MAX:
            self._skipping = True
            self._buffer.clear()
        elif not self._skipping:
            self._buffer += data


def _read(stuffed: bytes) -> Frame | None:
    try:
        body = unstuff(stuffed)
    except ValueError:
        return None
    if not 8 <= len(body) <= BODY_MAX or zlib.crc32(body) != _SOUND:
        return None
    return Frame(body[1], body[2], body[4:-4], body[0] & 0x0F, body[0] >> 4)
