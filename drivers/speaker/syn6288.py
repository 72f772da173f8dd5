"""Frames of the SYN6288 text-to-speech chip: ``FD``, length, command, parameter, text, xor of all before it.

Source: YuTone "SYN6288" data sheet, serial protocol. 9600 8N1; length counts command to xor.
"""

from functools import reduce
from operator import xor
from typing import Final

from drivers.speaker.chip_codec import GBK, ChipCodec

TEXT_MAX: Final = 200  # bytes of one speak frame
_START: Final = 0xFD
_SPEAK, _STOP, _STATUS = 0x01, 0x02, 0x21


def speak(text: bytes) -> bytes:
    """``text`` as ``encode`` made it. It interrupts whatever is being spoken."""
    assert 0 < len(text) <= TEXT_MAX, len(text)
    return _frame(_SPEAK, bytes((GBK,)) + text)


def stop() -> bytes:
    return _frame(_STOP)


def status() -> bytes:
    """Answered with SPEAKING or IDLE."""
    return _frame(_STATUS)


def _frame(command: int, data: bytes = b"") -> bytes:
    body = bytes((_START,)) + (len(data) + 2).to_bytes(2, "big") + bytes((command,)) + data
    return body + bytes((reduce(xor, body),))


CODEC: Final = ChipCodec(TEXT_MAX, speak, stop, status)
