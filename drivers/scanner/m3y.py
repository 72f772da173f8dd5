"""M3Y-W modules: frames beside plain lines. ``5A type lenH lenL text check A5``, type 00 to it, 01 from it.

The check is the XOR of everything between the marks. ``90 00`` in an answer means done.

Source: cryptoadvance/specter-diy, src/hosts/qr.py: one public driver, no document of the maker.
"""

from dataclasses import dataclass
from functools import reduce
from operator import xor
from typing import Final

from drivers.errors import DeviceRefused
from drivers.scanner.line import LineDecoder, Refusal
from drivers.scanner.speech import Asker, Identity, Speech

START, END = 0x5A, 0xA5
ANSWER: Final = b"\x5a\x01"  # 01 stands in no code: it tells an answer from a line that begins with Z
TEXT_MAX: Final = 64  # bytes; the longest answer seen has two
_OVERHEAD: Final = 6
READ: Final = "SR030301"
REST: Final = "SR030300"
VERSION: Final = "T_OUT_CVER"
_DONE: Final = b"\x90\x00"


@dataclass(frozen=True, slots=True)
class Answer:
    text: bytes


def command(text: str) -> bytes:
    body = b"\x00" + len(text).to_bytes(2, "big") + text.encode("ascii")
    return bytes((START, *body, reduce(xor, body), END))


class Decoder:
    """An answer starts where a line could start; what only looks like one is refused as a line."""

    def __init__(self, *, line: LineDecoder | None = None) -> None:
        self._line = line or LineDecoder()
        self._frame = bytearray()  # never longer than an answer between calls

    @property
    def pending(self) -> bool:
        return bool(self._frame) or self._line.pending

    def feed(self, data: bytes) -> list[object]:
        found: list[object] = []
        rest = bytes(self._frame) + data
        self._frame.clear()
        while rest:
            size = -1 if self._line.pending else _size(rest)
            if size == 0:
                self._frame += rest
                break
            if size > 0:
                found.append(Answer(rest[4 : size - 2]))
                rest = rest[size:]
                continue
            taken, line = self._line.take(rest)
            found += [line] if line else []
            rest = rest[taken:]
        return found

    def idle(self) -> list[object]:
        found: list[object] = []
        if self._frame == ANSWER[:1]:  # a code of one letter, or the begin of one
            found += self._line.feed(bytes(self._frame))
        elif self._frame:
            found.append(Refusal.INCOMPLETE)
        self._frame.clear()
        return [*found, *self._line.idle()]


def _size(data: bytes) -> int:
    """Length of the answer that starts here; 0: not whole yet; -1: none starts here."""
    if not ANSWER.startswith(data[:2]):
        return -1
    if len(data) < 4:
        return 0
    size = int.from_bytes(data[2:4], "big") + _OVERHEAD
    if size > TEXT_MAX + _OVERHEAD:
        return -1
    if len(data) < size:
        return 0
    return size if data[size - 1] == END and reduce(xor, data[1 : size - 1]) == 0 else -1


class M3ySpeech(Speech):
    asks = True

    @property
    def triggered(self) -> bool:
        return REST in self.profile.commands

    def session(self) -> Decoder:
        return Decoder(line=self.lines())

    async def hello(self, line: Asker) -> Identity:
        told = await line.ask(command(VERSION), _answered)
        for each in self.profile.commands:
            await line.ask(command(each), _done)
        return Identity(self.profile.title, known=True, software=told if told.isprintable() else "")

    async def alive(self, line: Asker) -> bool:
        await line.ask(command(VERSION), _answered)
        return True

    async def trigger(self, line: Asker, *, on: bool) -> None:
        await line.ask(command(READ if on else REST), _done)


def _answered(answer: object) -> str | None:
    return answer.text.decode("ascii", "replace") if isinstance(answer, Answer) else None


def _done(answer: object) -> bool | None:
    """Whether it says "done"; what has another length is a version that comes late (L7).

    Raises:
        DeviceRefused: it says something else.
    """
    if not isinstance(answer, Answer) or len(answer.text) != len(_DONE):
        return None
    if answer.text != _DONE:
        raise DeviceRefused(
            f"scanner: it does not take the command ({answer.text[:4].hex(' ')}); choose another profile"
        )
    return True
