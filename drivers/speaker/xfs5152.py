"""Frames of the XFS5152CE text-to-speech chip: ``FD``, length, command, code set, text; no check.

Source: iFlytek "XFS5152CE" development guide, as used by public drivers. 9600 or 115200 8N1 by solder bridge;
length counts command to the end of the text. The chip asks nothing back but single bytes, so a byte that was lost
on the line shows as a frame that never ends and is answered with "bad frame" or not at all.
"""

from typing import Final

from drivers.speaker.chip_codec import GBK, ChipCodec

TEXT_MAX: Final = 4096 - 3  # the guide: 4 KB with head and code set; our phrases are far below
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
    return bytes((_START,)) + (len(data) + 1).to_bytes(2, "big") + bytes((command,)) + data


CODEC: Final = ChipCodec(TEXT_MAX, speak, stop, status)
