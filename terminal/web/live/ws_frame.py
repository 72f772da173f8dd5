"""A WebSocket frame as bytes: what a thousand listeners are told is put together once."""

from struct import Struct
from typing import Final

_TEXT: Final = 0x81  # the last piece, text
_SHORT: Final = 125
_TWO_BYTES: Final = Struct("!BBH")
_EIGHT_BYTES: Final = Struct("!BBQ")


def text_frame(text: str) -> bytes:
    """A server's message in one unmasked frame. Source: RFC 6455, section 5.2."""
    data = text.encode()
    if len(data) <= _SHORT:
        return bytes((_TEXT, len(data))) + data
    if len(data) < 1 << 16:
        return _TWO_BYTES.pack(_TEXT, 126, len(data)) + data
    return _EIGHT_BYTES.pack(_TEXT, 127, len(data)) + data
