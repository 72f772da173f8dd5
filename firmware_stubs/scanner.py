"""Simulated scanners: one that only sends lines, and a module of the GM65 family with its settings zone.

Written from Hangzhou Grow's "GM65 Bar Code Reader Module" manual (serial programming) and, for heartbeat and
framed output, from what Tasmota's driver documents of a GM861. A person's act is a method; ``tick`` sends.
"""

from dataclasses import dataclass, field
from typing import Final

from firmware_stubs.wire import Stub

_INCOMPLETE_MS: Final = 400  # a command not whole by then is dropped
# The start of a GM861's zone as it left the factory; the rest is zeros but for the versions.
_FACTORY: Final = bytes.fromhex("D6 00 20 00 00 0A 32 01 2C 00 87 3C 01 A1 1C 32 03 00 80 00 06")


@dataclass
class LineScanner(Stub):
    """Sends what is scanned, then the suffix. Takes no commands.

    ``scan`` is the same for every simulated scanner, whatever it sends. ``heard`` keeps what the host sent, which
    a plain scanner ignores.
    """

    suffix: bytes = b"\r"
    prefix: bytes = b""
    aim_ids: bool = False
    heard: bytearray = field(default_factory=bytearray)
    taken: int = 0  # codes it read
    _waiting: list[tuple[int, bytes]] = field(default_factory=list)  # ms after the next tick
    _planned: list[tuple[int, bytes]] = field(default_factory=list)  # at ms

    def scan(
        self,
        code: str | bytes,
        *,
        aim: str = "]Q1",
        times: int = 1,
        every_ms: int = 0,
        pause_after: int | None = None,
        pause_ms: int = 0,
    ) -> None:
        """A code is held before the window; poke the cable afterwards.

        Args:
            times, every_ms: double fire.
            pause_after, pause_ms: the transmission stops so long after so many bytes.
        """
        self.taken += 1
        line = self._line(code.encode("utf-8") if isinstance(code, str) else code, aim)
        for number in range(times):
            start = number * every_ms
            if pause_after is None:
                self._waiting.append((start, line))
            else:
                self._waiting.append((start, line[:pause_after]))
                self._waiting.append((start + pause_ms, line[pause_after:]))

    def _line(self, code: bytes, aim: str) -> bytes:
        return self.prefix + (aim.encode("ascii") if self.aim_ids else b"") + code + self.suffix

    def receive(self, data: bytes, now_ms: int) -> bytes:
        self.heard += data[:4096]
        del self.heard[:-4096]
        return self.tick(now_ms)

    def tick(self, now_ms: int) -> bytes:
        self._planned += [(now_ms + after, line) for after, line in self._waiting]
        self._waiting.clear()
        self._planned.sort(key=lambda entry: entry[0])
        ready = [line for at, line in self._planned if at <= now_ms]
        del self._planned[: len(ready)]
        return b"".join(ready)

    def due(self, now_ms: int) -> int | None:
        if self._waiting:
            return now_ms
        return min((at for at, _ in self._planned), default=None)


@dataclass
class Gm65(LineScanner):
    """The module: answers commands, reads codes as its mode allows, blinks and beeps.

    Faults: ``mute`` answers nothing; ``lose_answers`` so many answers are lost; ``says_unknown`` knows no
    command; ``sticky`` settings do not change; ``bad_crc_answer`` reports a bad check as EM3095 does, where
    GM65 stays silent.
    """

    mute: bool = False
    lose_answers: int = 0
    says_unknown: bool = False
    sticky: bool = False
    bad_crc_answer: bool = False
    beeps: int = 0
    saves: int = 0
    light_log: list[str] = field(default_factory=list)
    zone: bytearray = field(default_factory=lambda: bytearray(256))
    _input: bytearray = field(default_factory=bytearray)
    _input_since_ms: int = 0
    _reading_until_ms: int | None = None
    _now_ms: int = 0

    def __post_init__(self) -> None:
        self.zone[: len(_FACTORY)] = _FACTORY
        self.zone[0x60] = 0x01
        self.zone[0xE1:0xE4] = bytes((0x64, 0x45, 24))

    @property
    def light(self) -> str:
        return ("off", "while reading", "always", "always")[self.zone[0] >> 2 & 3]

    @property
    def reads(self) -> bool:
        """Whether a code before the window would be read now (a person pulls the trigger in manual mode)."""
        if self.zone[0] & 3 != 1:
            return True
        return self._reading_until_ms is not None and self._now_ms <= self._reading_until_ms

    def scan(self, code: str | bytes, **how: object) -> None:
        """As a line scanner, and ``beeps`` counts; in command mode nothing is read unless triggered."""
        if not self.reads:
            return
        if self.zone[0] & 0x40:
            self.beeps += 1
        self._reading_until_ms = None
        self.zone[2] = 0
        super().scan(code, **how)  # type: ignore[arg-type]  # passed through as they came

    def _line(self, code: bytes, aim: str) -> bytes:
        text = (aim.encode("ascii") if self.zone[0xD0] & 0x80 else b"") + code
        if self.zone[0x60] & 0x80:
            return b"\x03" + len(text).to_bytes(2, "big") + text
        return text + (b"\r" if self.zone[0x60] & 1 else b"")

    def receive(self, data: bytes, now_ms: int) -> bytes:
        self._now_ms = now_ms
        if self._input and now_ms - self._input_since_ms > _INCOMPLETE_MS:
            self._input.clear()
        if not self._input:
            self._input_since_ms = now_ms
        self._input += data
        answers = b""
        while (frame := self._next_frame()) is not None:
            answers += self._answer(frame)
        return answers + self.tick(now_ms)

    def tick(self, now_ms: int) -> bytes:
        self._now_ms = now_ms
        return super().tick(now_ms)

    def _next_frame(self) -> bytes | None:
        """Type to check of one command; bytes that start none are skipped."""
        while len(self._input) >= 2 and self._input[:2] != b"\x7e\x00":
            del self._input[0]
        if len(self._input) < 4 or len(self._input) < self._input[3] + 8:
            return None
        size = self._input[3] + 8
        frame = bytes(self._input[2:size])
        del self._input[:size]
        return frame

    def _answer(self, frame: bytes) -> bytes:
        body, check = frame[:-2], int.from_bytes(frame[-2:], "big")
        if self.mute or self.lose_answers > 0:
            self.lose_answers -= 1
            return b""
        if check not in (0xABCD, crc16(body)):
            return reply(1, b"\0") if self.bad_crc_answer else b""
        kind, address, data = body[0], int.from_bytes(body[2:4], "big"), body[4:]
        if self.says_unknown or kind not in (0x07, 0x08, 0x09, 0x0A):
            return reply(3, b"\0")
        if kind == 0x07:
            count = data[0] or 256
            return reply(0, bytes(self.zone[address : address + count]).ljust(count, b"\0"))
        if kind == 0x08:
            self._write(address, data)
        elif kind == 0x09:
            self.saves += 1
        elif kind == 0x0A:
            return b"\x03\x00\x00\x01\x00" + crc16(b"\x00\x01\x00").to_bytes(2, "big")
        return reply(0, b"\0")

    def _write(self, address: int, data: bytes) -> None:
        if self.sticky:
            return
        before = self.light
        self.zone[address : address + len(data)] = data
        del self.zone[256:]
        if address == 2 and self.zone[0] & 3 == 1:
            limit_ms = self.zone[6] * 100
            on = data[0] & 1
            self._reading_until_ms = self._now_ms + (limit_ms or 1 << 40) if on else None
        if self.light != before:
            self.light_log.append(self.light)


def crc16(data: bytes) -> int:
    """CRC-16/XMODEM, bit by bit as the manual prints it."""
    crc = 0
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
    return crc


def reply(kind: int, data: bytes) -> bytes:
    body = bytes((kind, len(data) & 0xFF)) + data
    return b"\x02\x00" + body + crc16(body).to_bytes(2, "big")
