"""Simulated scanners that speak SSI: a Zebra or Symbol decoder, and a Grow module of the GM67 family.

Written from Symbol's "SE-923 Scan Engine Integration Guide" (chapter 6) and "MS4404/MS4407 Integration Guide"
(table 8-1), and from Hangzhou Grow's "GM72 User Manual" (serial commands).
"""

from dataclasses import dataclass, field
from typing import Final

from firmware_stubs.scanner import LineScanner

_CHARACTER_MS: Final = 200  # longest gap inside a command
_REPEATS: Final = 2
_TYPES: Final = {"]E0": 0x0B, "]E4": 0x0A, "]C0": 0x03, "]C1": 0x0F, "]A0": 0x01}  # else QR
_PLAIN: Final = (0xE4, 0xE5, 0xE6, 0xE7, 0xE8, 0xE9, 0xEA, 0xD2, 0xC8)


@dataclass
class _Sending:
    """A packet on its way to a host that has to acknowledge it."""

    opcode: int
    status: int
    data: bytes
    left: int = _REPEATS
    due_ms: int = 0


@dataclass
class SsiScanner(LineScanner):
    """Sends each code as DECODE_DATA and waits for the acknowledgement; repeats it twice, marked.

    ``chunk`` is how much text one packet takes; ``handshake`` off waits for nothing. ``lost`` counts codes nobody
    acknowledged. Faults: ``mute`` answers nothing; ``lose_answers`` so many answers are lost; ``asleep`` takes
    nothing until a first byte wakes it; ``deny`` refuses settings, ``plain`` beeps and lamps; ``garble`` spoils
    the check of so many packets.
    """

    revision: str = "NBRFMAAC N SE923 0A1B"
    trigger: int = 0x07  # 08: only between START_SESSION and STOP_SESSION
    packets: bool = True
    handshake: bool = True
    chunk: int = 250
    response_ms: int = 2000
    mute: bool = False
    lose_answers: int = 0
    asleep: bool = False
    deny: bool = False
    plain: bool = False
    garble: int = 0
    beeps: int = 0
    lost: int = 0
    permanent: int = 0  # settings that wear the memory out
    led: bool = False
    light_log: list[str] = field(default_factory=list)
    parameters: dict[int, int] = field(default_factory=dict)
    _session: bool = False
    _input: bytearray = field(default_factory=bytearray)
    _heard_ms: int = 0
    _codes: list[tuple[int, bytes, str, int | None, int]] = field(default_factory=list)  # at ms, planned
    _fresh: list[tuple[int, bytes, str, int | None, int]] = field(default_factory=list)  # after the next tick
    _outbox: list[_Sending] = field(default_factory=list)
    _cut: tuple[int | None, int] = (None, 0)

    @property
    def reads(self) -> bool:
        return self._session or self.trigger != 0x08

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
        """As a line scanner does; with a host trigger nothing is read outside a session."""
        if not self.reads:
            return
        if self.trigger == 0x08:
            self._session = False  # a good read ends it
        data = code.encode("utf-8") if isinstance(code, str) else code
        if not self.packets:
            super().scan(data, aim=aim, times=times, every_ms=every_ms, pause_after=pause_after, pause_ms=pause_ms)
            return
        self.taken += 1
        for number in range(times):
            self._fresh.append((number * every_ms, data, aim, pause_after, pause_ms))

    # --- what it says -------------------------------------------------------------------------------------

    def tick(self, now_ms: int) -> bytes:
        said = super().tick(now_ms)
        self._codes += [(now_ms + after, *rest) for after, *rest in self._fresh]  # type: ignore[misc]  # the rest is as it was
        self._fresh.clear()
        self._codes.sort(key=lambda entry: entry[0])
        while self._codes and self._codes[0][0] <= now_ms:
            _, data, aim, pause_after, pause_ms = self._codes.pop(0)
            self._pack(data, aim)
            self._cut = (pause_after, pause_ms)
        return said + self._send(now_ms)

    def due(self, now_ms: int) -> int | None:
        if self._fresh:
            return now_ms
        plans = [entry[0] for entry in self._codes] + [super().due(now_ms)]
        if self._outbox:
            plans.append(self._outbox[0].due_ms)
        return min((plan for plan in plans if plan is not None), default=None)

    def _pack(self, data: bytes, aim: str) -> None:
        kind = bytes((_TYPES.get(aim, 0x1C),))
        text = (aim.encode("ascii") if self.aim_ids else b"") + data
        parts = [text[at : at + self.chunk] for at in range(0, len(text), self.chunk)] or [b""]
        for number, part in enumerate(parts):
            more = 0x02 if number < len(parts) - 1 else 0
            self._outbox.append(_Sending(0xF3, more, kind + part))

    def _send(self, now_ms: int) -> bytes:
        said = b""
        while self._outbox:
            sending = self._outbox[0]
            if sending.due_ms > now_ms:
                break
            if sending.due_ms:
                if not sending.left:
                    self._outbox.clear()  # nobody listens: the whole code is lost
                    self.lost += 1
                    break
                sending.left -= 1
                sending.status |= 0x01
            said += self._wire(packet(sending.opcode, sending.status, sending.data), now_ms)
            sending.due_ms = max(1, now_ms + self.response_ms)
            if not self.handshake:
                self._outbox.pop(0)
        return said

    def _wire(self, data: bytes, now_ms: int) -> bytes:
        if self.garble > 0:
            self.garble -= 1
            data = data[:-1] + bytes((data[-1] ^ 0x40,))
        (cut, pause_ms), self._cut = self._cut, (None, 0)
        if cut is None:
            return data
        self._planned.append((now_ms + pause_ms, data[cut:]))
        return data[:cut]

    # --- what it hears ------------------------------------------------------------------------------------

    def receive(self, data: bytes, now_ms: int) -> bytes:
        self.heard += data[:4096]
        del self.heard[:-4096]
        if self.asleep:
            self.asleep = False  # whatever woke it is lost
            data = data[1:]
        if self._input and now_ms - self._heard_ms > _CHARACTER_MS:
            self._input.clear()
        self._heard_ms = now_ms
        self._input += data
        said = b""
        while (command := self._next()) is not None:
            said += self._answer(*command, now_ms)
        return said + self.tick(now_ms)

    def _next(self) -> tuple[int, int, bytes] | None:
        while self._input:
            size = self._input[0]
            if size < 4 or (len(self._input) > 2 and self._input[2] != 0x04):
                del self._input[0]
                continue
            if len(self._input) < size + 2:
                return None
            body = bytes(self._input[:size])
            sound = bytes(self._input[size : size + 2]) == total(body)
            del self._input[: size + 2 if sound else 1]
            if sound:
                return body[1], body[3], body[4:]
        return None

    def _answer(self, opcode: int, status: int, data: bytes, now_ms: int) -> bytes:
        if self.mute:
            return b""
        if opcode == 0xD0:
            self._outbox = self._outbox[1:]
            return b""
        if opcode == 0xD1:
            if self._outbox:
                self._outbox[0].due_ms = now_ms
            return b""
        if self.lose_answers > 0:
            self.lose_answers -= 1
            return b""
        if opcode == 0xA3:
            return packet(0xA4, 0, self.revision.encode("ascii"))
        if opcode == 0xC6:
            return self._set(status, data)
        if opcode not in _PLAIN or (self.plain and 0xE6 <= opcode <= 0xE8):
            return packet(0xD1, 0, b"\x06")
        self._act(opcode)
        return packet(0xD0, 0, b"")

    def _set(self, status: int, data: bytes) -> bytes:
        if self.deny:
            return packet(0xD1, 0, b"\x06")
        self.permanent += 1 if status & 0x08 else 0
        numbers = iter(data[1:])
        self.parameters.update(zip(numbers, numbers, strict=False))
        self.trigger = self.parameters.get(0x8A, self.trigger)
        self.packets = bool(self.parameters.get(0xEE, self.packets))
        return packet(0xD0, 0, b"")

    def _act(self, opcode: int) -> None:
        if opcode in (0xE4, 0xE5):
            self._session = opcode == 0xE4
        elif opcode in (0xE7, 0xE8):
            self.led = opcode == 0xE7
            self.light_log.append("on" if self.led else "off")
        elif opcode == 0xE6:
            self.beeps += 1
        elif opcode == 0xD2:
            self._outbox.clear()


@dataclass
class GrowSsi(SsiScanner):
    """A GM67, GM69, GM72 or GM73: plain lines from the factory, few commands, sleeps between them."""

    revision: str = "GM72_V1.0"
    packets: bool = False
    asleep: bool = True

    def _act(self, opcode: int) -> None:
        if opcode in (0xE4, 0xE5):
            super()._act(opcode)


def total(body: bytes) -> bytes:
    """Two's complement of the sum of the message, high byte first."""
    amount = 0
    for byte in body:
        amount = (amount + byte) % 0x10000
    amount = (0x10000 - amount) % 0x10000
    return bytes((amount >> 8, amount & 0xFF))


def packet(opcode: int, status: int, data: bytes) -> bytes:
    body = bytes((len(data) + 4, opcode, 0x00, status)) + data
    return body + total(body)
