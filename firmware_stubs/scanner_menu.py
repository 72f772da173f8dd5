"""Simulated scanners with text commands: Honeywell's menu commands and Newland's unified commands.

Written from Honeywell's "N3680 Decoded Engine User Guide" and "2020-5 User's Guide" (serial programming commands)
and from Newland's "NLS-HR42 User Guide" (programming commands). Both send plain lines.
"""

import re
from dataclasses import dataclass, field
from typing import Final

from firmware_stubs.scanner import LineScanner

ACK, ENQ, NAK = "\x06", "\x05", "\x15"
_ONE: Final = re.compile(r"[^,;!.]*[,;!.]")
_COMMAND_MAX: Final = 512


@dataclass
class _MenuScanner(LineScanner):
    """What both have in common: settings by name, a trigger, faults.

    Faults: ``mute``, ``lose_answers`` so many; ``saves`` counts permanent settings.
    """

    mute: bool = False
    lose_answers: int = 0
    saves: int = 0
    settings: dict[str, str] = field(default_factory=dict)
    _reading: bool = False
    _input: bytearray = field(default_factory=bytearray)

    @property
    def on_demand(self) -> bool:
        raise AssertionError("each maker has a word of its own for this")

    @property
    def reads(self) -> bool:
        return self._reading or not self.on_demand

    def scan(self, code: str | bytes, **how: object) -> None:
        """As a line scanner; on demand nothing is read outside a trigger."""
        if not self.reads:
            return
        self._reading = False
        super().scan(code, **how)  # type: ignore[arg-type]  # passed through as they came

    def _say(self, answer: str) -> bytes:
        if self.mute or self.lose_answers > 0:
            self.lose_answers -= 1
            return b""
        return answer.encode("ascii")


@dataclass
class HoneywellScanner(_MenuScanner):
    """``wants_ack``: the ACK/NAK option is on, the same code is sent again after NAK (``repeats`` counts)."""

    wants_ack: bool = False
    acknowledged: int = 0
    refused: int = 0

    def __post_init__(self) -> None:
        self.settings |= {"TRGMOD": "3", "CBRENA": "1", "232BAD": "5"}

    @property
    def on_demand(self) -> bool:
        return self.settings["TRGMOD"] == "0"

    def receive(self, data: bytes, now_ms: int) -> bytes:
        self.heard += data[:4096]
        del self.heard[:-4096]
        self._input += data
        said = b""
        while self._input:
            head = bytes(self._input[:3])
            if head in (b"\x16T\r", b"\x16U\r"):
                self._reading = head[1:2] == b"T"
                del self._input[:3]
            elif head == b"\x16M\r":
                end = min((at for mark in b".!" if (at := self._input.find(mark)) > 0), default=-1)
                if end < 0:
                    break
                said += self._menu(self._input[3 : end + 1].decode("ascii", "replace"))
                del self._input[: end + 1]
            elif b"\x16M\r".startswith(head) or b"\x16T\r".startswith(head):
                break
            else:
                self._heard_one(self._input.pop(0))
        del self._input[_COMMAND_MAX:]
        return said + self.tick(now_ms)

    def _heard_one(self, byte: int) -> None:
        if self.wants_ack:
            self.acknowledged += byte == 0x06
            self.refused += byte == 0x15

    def _menu(self, text: str) -> bytes:
        permanent = text.endswith(".")
        answer, tag = "", ""
        for one in _ONE.findall(text):
            body, mark = one[:-1].upper(), one[-1]
            name = body[:6] if len(body) >= 6 else tag + body[:3]
            value = body[6:] if len(body) >= 6 else body[3:]
            tag = name[:3]
            answer += self._do(body, name, value, permanent) + mark
        return self._say(answer)

    def _do(self, body: str, name: str, value: str, permanent: bool) -> str:
        if name not in self.settings:
            return body + ENQ
        if value.startswith("?"):
            return name + self.settings[name] + ACK
        if not value.isdigit():
            return body + NAK
        self.settings[name] = value
        self.saves += permanent
        return body + ACK


@dataclass
class NewlandScanner(_MenuScanner):
    """Fault: ``gap_ms``, a command that comes sooner behind the last one is ``missed``."""

    gap_ms: int = 0
    missed: int = 0
    _free_ms: int = 0

    def __post_init__(self) -> None:
        self.settings |= {"SCNMOD": "2", "C11ENA": "0", "C11MIN": "4", "C11MAX": "127", "GRBENA": "1"}
        self.settings |= {"ORTSET": "3000", "RRDDUR": "1000"}

    @property
    def on_demand(self) -> bool:
        return self.settings["SCNMOD"] == "0"

    def receive(self, data: bytes, now_ms: int) -> bytes:
        self.heard += data[:4096]
        del self.heard[:-4096]
        self._input += data
        said = b""
        while (start := self._input.find(b"\x7e\x010000")) >= 0:
            end = self._input.find(b";\x03", start)
            if end < 0:
                break
            if now_ms >= self._free_ms:
                said += self._unified(self._input[start + 6 : end + 1].decode("ascii", "replace"))
            else:
                self.missed += 1
            self._free_ms = now_ms + self.gap_ms
            del self._input[: end + 2]
        del self._input[:-_COMMAND_MAX]
        return said + self.tick(now_ms)

    def _unified(self, text: str) -> bytes:
        storage, answer, tag = text[:1], "", ""
        for one in _ONE.findall(text[1:]):
            body, mark = one[:-1], one[-1]
            name, value = (body[:6], body[6:]) if len(body) >= 6 else (tag + body[:3], body[3:])
            short = len(body) < 6 or body[3:4] in "*&^"
            tag = name[:3]
            answer += self._do(body, name, value, storage == "@", short) + mark
        return self._say(f"\x02\x010000{storage}{answer}\x03")

    def _do(self, body: str, name: str, value: str, permanent: bool, short: bool) -> str:
        if name == "SCNTRG":
            self._reading = value == "1"
            return body + ACK
        if name not in self.settings:
            return body + ENQ
        if value == "*":
            return (name[3:] if short else name) + self.settings[name] + ACK
        if not value.isdigit() or len(value) > 5:
            return body + NAK
        self.settings[name] = value
        self.saves += permanent
        return body + ACK
