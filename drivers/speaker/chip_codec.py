"""What chips that read text have in common: the bytes they answer, and text they can say.

Source: YuTone "SYN6288" data sheet, serial protocol; iFlytek "XFS5152CE" development guide. Both answer with
single bytes; a frame goes out in one write because a gap of more than 8 ms inside it ends it.
"""

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

_STOPS: Final = "。，,.!?！？;；:： "  # where a long text may be cut: the best last
GBK: Final = 1  # the code set


class Answer(IntEnum):
    """Everything the chip ever says."""

    ACCEPTED = 0x41
    BAD_FRAME = 0x45
    READY = 0x4A  # after power-up or reset: nothing is being spoken any more
    SPEAKING = 0x4E
    IDLE = 0x4F  # also sent by itself when a text ends


ANSWERS: Final = frozenset(int(answer) for answer in Answer)


@dataclass(frozen=True, slots=True)
class ChipCodec:
    """How one chip wants its frames; ``text_max`` bytes of text in a speak frame, which interrupts what plays."""

    text_max: int
    speak: Callable[[bytes], bytes]
    stop: Callable[[], bytes]
    status: Callable[[], bytes]


def answers(data: bytes) -> list[Answer]:
    """What the bytes say; noise is skipped. Answers are bytes, so any split gives the same."""
    return [Answer(byte) for byte in data if byte in ANSWERS]


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


def pieces(text: str, room: int) -> list[bytes]:
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
