"""Frames of the SYN6288 text-to-speech chip: ``FD``, length, command, parameter, text, xor of all before it.

Source: YuTone "SYN6288" data sheet, serial protocol. 9600 8N1; a frame goes out in one write because a gap of more
than 8 ms inside it ends it. Answers are single bytes.
"""

import unicodedata
from enum import IntEnum
from functools import reduce
from operator import xor
from typing import Final

TEXT_MAX: Final = 200  # bytes of one speak frame
_START: Final = 0xFD
_SPEAK, _STOP, _STATUS = 0x01, 0x02, 0x21
_GBK: Final = 1
_STOPS: Final = "。，,.!?！？;；:： "  # where a long text may be cut: the best last


class Answer(IntEnum):
    """Everything the chip ever says."""

    ACCEPTED = 0x41
    BAD_FRAME = 0x45
    READY = 0x4A  # after power-up or reset: nothing is being spoken any more
    SPEAKING = 0x4E
    IDLE = 0x4F  # also sent by itself when a text ends


def speak(text: bytes) -> bytes:
    """``text`` as ``encode`` made it. It interrupts whatever is being spoken."""
    assert 0 < len(text) <= TEXT_MAX, len(text)
    return _frame(_SPEAK, bytes((_GBK,)) + text)


def stop() -> bytes:
    return _frame(_STOP)


def status() -> bytes:
    """Answered with SPEAKING or IDLE."""
    return _frame(_STATUS)


def _frame(command: int, data: bytes = b"") -> bytes:
    body = bytes((_START,)) + (len(data) + 2).to_bytes(2, "big") + bytes((command,)) + data
    return body + bytes((reduce(xor, body),))


def answers(data: bytes) -> list[Answer]:
    """What the bytes say; noise is skipped. Answers are bytes, so any split gives the same."""
    return [Answer(byte) for byte in data if byte in Answer.__members__.values()]


def encode(text: str) -> bytes:
    """Text as the chip reads it: GBK. Accents it does not know are dropped, and so is what cannot be said.

    Square brackets would be the chip's own commands, so a name can never switch the voice.
    """
    spoken = "".join(map(_sayable, unicodedata.normalize("NFC", text)))
    return " ".join(spoken.split()).encode("gbk")


def _sayable(character: str) -> str:
    if character in "[]":
        return ""
    if not character.isprintable():
        return " "
    for form in (character, unicodedata.normalize("NFKD", character)[:1]):
        try:
            form.encode("gbk")
        except UnicodeEncodeError:
            continue
        return form
    return " "


def pieces(text: str, room: int = TEXT_MAX) -> list[bytes]:
    """The text in frames' worth of bytes, cut behind punctuation where there is some, never in a character."""
    rest = encode(text).decode("gbk")
    cut: list[bytes] = []
    while rest:
        size = len(rest)
        while len(rest[:size].encode("gbk")) > room:
            size -= 1
        if size < len(rest):
            size = max((rest.rfind(mark, size // 2, size) for mark in _STOPS), default=-1) + 1 or size
        cut.append(rest[:size].encode("gbk"))
        rest = rest[size:].lstrip()
    return cut
