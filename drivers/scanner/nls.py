"""Newland scanners: unified commands beside plain lines; also engines inside Sunmi terminals, and RTscan.

``7E 01 30 30 30 30`` + ``@`` permanent or ``#`` temporary + text + ``; 03``; answers begin ``02 01 30 30 30 30``
and echo the text with 06 (done), 15 (out of range) or 05 (unknown) before each ``,`` and ``;``. ``*``
asks what is set now.

Source: Newland "NLS-HR42 2D Handheld Barcode Scanner User Guide" and "NLS-HR52 User Manual", programming commands.
"""

import asyncio
import math
import re
from dataclasses import dataclass
from typing import Final

from drivers.device_protocol import Found as Device
from drivers.errors import DeviceRefused
from drivers.scanner.line import LineDecoder, Refusal
from drivers.scanner.probing import first_answer
from drivers.scanner.profile import ScannerProfile
from drivers.scanner.speech import Asker, Identity, Speech
from drivers.transport import Transport

ACK, ENQ, NAK = 0x06, 0x05, 0x15
ANSWER_MAX: Final = 512  # bytes
GAP_S: Final = 0.05  # between two commands, as a public driver keeps it
_ASK: Final = b"\x7e\x010000"
_ANSWER: Final = b"\x02\x010000"
_END: Final = b";\x03"
_COMMAND: Final = re.compile(r"[0-9A-Z]{6,64}(?:[,;][0-9A-Z]{3,64})*")
_ECHO: Final = re.compile(rb"[@#]?([\x20-\x2b\x2d-\x3a\x3c-\x7e]*)([\x05\x06\x15])[,;]")
MODE: Final = "SCNMOD"
ON_DEMAND: Final = "SCNMOD0"


@dataclass(frozen=True, slots=True)
class Answer:
    """The echo of one command: its text, without the storage mark, and its status."""

    text: str
    status: int


def setting(text: str) -> bytes:
    """Change something until power is off, such as ``SCNMOD0``, or act, such as ``SCNTRG1``."""
    assert _COMMAND.fullmatch(text), text
    return _ASK + b"#" + text.encode("ascii") + _END


def permanent(text: str) -> bytes:
    """Change a setting for ever: for a person who sets a scanner up, never at each start."""
    assert _COMMAND.fullmatch(text), text
    return _ASK + b"@" + text.encode("ascii") + _END


def query(tag: str) -> bytes:
    assert _COMMAND.fullmatch(tag), tag
    return _ASK + b"#" + tag.encode("ascii") + b"*" + _END


def trigger(on: bool = True) -> bytes:
    return setting("SCNTRG1" if on else "SCNTRG0")


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
            end = -1 if self._line.pending else _answer_end(rest)
            if end == 0:
                self._frame += rest
                break
            answers = _echoes(rest[:end]) if end > 0 else []
            if answers:
                found += answers
                rest = rest[end:]
                continue
            taken, line = self._line.take(rest)
            found += [line] if line else []
            rest = rest[taken:]
        return found

    def idle(self) -> list[object]:
        found: list[object] = [*self._line.idle()]
        if self._frame:
            self._frame.clear()
            found.append(Refusal.INCOMPLETE)
        return found


def _answer_end(data: bytes) -> int:
    """Length of the answer that starts here; 0: not whole yet; -1: none starts here."""
    head = data[: len(_ANSWER)]
    if not _ANSWER.startswith(head):
        return -1
    at = data.find(_END, len(_ANSWER))
    if at < 0:
        return 0 if len(data) < ANSWER_MAX else -1
    return at + len(_END) if at + len(_END) <= ANSWER_MAX else -1


def _echoes(frame: bytes) -> list[Answer]:
    """Every command of one answer; none when it does not read as one."""
    body = frame[len(_ANSWER) : -1]  # with its last semicolon
    found, at = [], 0
    while at < len(body):
        match = _ECHO.match(body, at)
        if match is None:
            return []
        found.append(Answer(match[1].decode("ascii"), match[2][0]))
        at = match.end()
    return found


class NewlandSpeech(Speech):
    asks = True

    def __init__(self, profile: ScannerProfile) -> None:
        super().__init__(profile)
        self._turn = asyncio.Lock()
        self._free_s = -math.inf  # when the next command may follow

    @property
    def triggered(self) -> bool:
        return ON_DEMAND in self.profile.commands

    def session(self) -> Decoder:
        return Decoder(line=self.lines())

    async def hello(self, line: Asker) -> Identity:
        await self.alive(line)
        for command in self.profile.commands:
            await self._tell(line, command)
        return Identity(self.profile.title, True)

    async def alive(self, line: Asker) -> bool:
        await self._ask(line, query(MODE), MODE)
        return True

    async def trigger(self, line: Asker, *, on: bool) -> None:
        await self._tell(line, "SCNTRG1" if on else "SCNTRG0")

    async def _tell(self, line: Asker, command: str) -> None:
        await self._ask(line, setting(command), command[:6])

    async def _ask(self, line: Asker, frame: bytes, tag: str) -> None:
        loop = asyncio.get_running_loop()
        async with self._turn:  # else two would wait for the same end, and ask one behind the other
            await asyncio.sleep(max(0.0, self._free_s - loop.time()))
            try:
                await line.ask(frame, lambda answer: echo(answer, tag))
            finally:
                self._free_s = loop.time() + GAP_S


def echo(answer: object, tag: str) -> str | None:
    """The echoed text when it is about ``tag``. Raises DeviceRefused when the scanner does not take it."""
    if not isinstance(answer, Answer) or not answer.text.startswith(tag):
        return None
    if answer.status != ACK:
        raise DeviceRefused(f"scanner: it does not take the command {tag}; choose another profile")
    return answer.text


async def probe(transport: Transport) -> Device | None:
    """Ask for the scan mode: any answer in this frame, also "unknown", is a Newland's."""
    answer = await first_answer(
        transport, query(MODE), Decoder(), lambda item: item if isinstance(item, Answer) else None
    )
    if answer is None:
        return None
    return Device("scanner", "nls", "nls", "Newland scanner", detail={"mode": answer.text})
