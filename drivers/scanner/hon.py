"""Honeywell and Metrologic scanners and their clones: menu commands and a serial trigger beside plain lines.

``SYN M CR`` + text + storage: ``!`` lasts until power off, ``.`` for ever; ``?`` asks. The scanner echoes the text
with 06 (done), 05 (unknown) or 15 (out of range) before each punctuation mark. ``SYN T CR`` reads, ``SYN U CR``
stops.

Source: Honeywell "N3680 Decoded Engine User Guide", serial programming commands; "2020-5 User's Guide",
chapter 10; "3310g User's Guide" for ACK/NAK of codes.
"""

import re
from dataclasses import dataclass
from typing import Final

from drivers.errors import DeviceRefused
from drivers.scanner.line import Line, LineDecoder, Refusal
from drivers.scanner.speech import Asker, Identity, Send, Speech

ACK, ENQ, NAK = 0x06, 0x05, 0x15
TRIGGER_ON: Final = b"\x16T\r"
TRIGGER_OFF: Final = b"\x16U\r"
MODE: Final = "TRGMOD"
SERIAL_TRIGGER: Final = "TRGMOD0"
_MENU: Final = b"\x16M\r"
_COMMAND: Final = re.compile(r"[0-9A-Za-z_]{6,64}(?:[,;][0-9A-Za-z_]{3,64})*")
_ANSWER: Final = re.compile(rb"([0-9A-Za-z_:*^?|\-]{3,128})([\x05\x06\x15])[.!,;]")
_TAKEN: Final = Send(bytes((ACK,)), sound=False)  # the line itself proves a scanner, or does not
_REFUSED: Final = Send(bytes((NAK,)), sound=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """The echo of one command with its status."""

    text: str
    status: int


def setting(text: str) -> bytes:
    """Change a setting until power is off, such as ``TRGMOD0``. The permanent form is never sent."""
    assert _COMMAND.fullmatch(text), text
    return _MENU + text.encode("ascii") + b"!"


def query(tag: str) -> bytes:
    """What a setting is now, such as ``CBRENA``. Asking changes nothing."""
    assert _COMMAND.fullmatch(tag), tag
    return _MENU + tag.encode("ascii") + b"?."


class Decoder:
    """Answers and codes share one stream. An answer has no end of line: it ends with status and punctuation.

    A status byte belongs into no code, so text up to it is looked at as an answer first; what is none spoils
    its line.
    """

    def __init__(self, *, line: LineDecoder | None = None, host_ack: bool = False) -> None:
        self._line = line or LineDecoder()
        self._host_ack = host_ack
        self._held = bytearray()  # text that may become an answer; never longer than one

    @property
    def pending(self) -> bool:
        return bool(self._held) or self._line.pending

    def feed(self, data: bytes) -> list[object]:
        found: list[object] = []
        rest = bytes(self._held) + data
        self._held.clear()
        while rest:
            answer = None if self._line.pending else _ANSWER.match(rest)
            if answer:
                found.append(Answer(answer[1].decode("ascii").upper(), answer[2][0]))
                rest = rest[answer.end() :]
            elif not self._line.pending and _may_become_answer(rest):
                self._held += rest
                break
            else:
                taken, line = self._line.take(rest)
                found += self._told([line] if line else [])
                rest = rest[taken:]
        return found

    def idle(self) -> list[object]:
        data = bytes(self._held)
        self._held.clear()
        found: list[Line | Refusal] = self._line.feed(data) if data else []
        return self._told([*found, *self._line.idle()])

    def _told(self, found: list[Line | Refusal]) -> list[object]:
        if not self._host_ack:
            return list(found)
        return [each for item in found for each in (item, _TAKEN if isinstance(item, Line) else _REFUSED)]


_HALF: Final = re.compile(rb"[0-9A-Za-z_:*^?|\-]{0,128}[\x05\x06\x15]?")


def _may_become_answer(data: bytes) -> bool:
    return _HALF.fullmatch(data) is not None


class HoneywellSpeech(Speech):
    asks = True

    @property
    def triggered(self) -> bool:
        return SERIAL_TRIGGER in self.profile.commands

    def session(self) -> Decoder:
        return Decoder(line=self.lines(), host_ack=self.profile.host_ack)

    async def hello(self, line: Asker) -> Identity:
        mode = await line.ask(query(MODE), lambda answer: echo(answer, MODE))
        for command in self.profile.commands:
            await _tell(line, command)
        return Identity(self.profile.title, True, software=mode)

    async def alive(self, line: Asker) -> bool:
        await line.ask(query(MODE), lambda answer: echo(answer, MODE))
        return True

    async def trigger(self, line: Asker, *, on: bool) -> None:
        """Nobody answers these; the scanner stops by itself after its read time-out."""
        await line.tell(TRIGGER_ON if on else TRIGGER_OFF)


async def _tell(line: Asker, command: str) -> None:
    await line.ask(setting(command), lambda answer: echo(answer, command[:6]))


def echo(answer: object, tag: str) -> str | None:
    """The echoed text when it is about ``tag``. Raises DeviceRefused when the scanner does not take it."""
    if not isinstance(answer, Answer) or not answer.text.startswith(tag):
        return None
    if answer.status != ACK:
        raise DeviceRefused(f"scanner: it does not know the command {tag}; choose another profile")
    return answer.text
