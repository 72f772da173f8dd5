"""Simple Serial Interface (SSI) of Zebra, Motorola and Symbol scanners and engines.

``length opcode source status data… check``: length counts everything but the check; source 00 decoder, 04 host;
the check is the two's complement of the 16-bit sum of the bytes before it.

Sources: Symbol "SE-923 Scan Engine Integration Guide", chapter 6; "MS4404/MS4407 Integration Guide", table 8-1;
Zebra "DS2208 Product Reference Guide", SSI chapter.
"""

import asyncio
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

from drivers.device_protocol import Found as Device
from drivers.errors import DeviceRefused
from drivers.scanner.line import LINE_MAX, Line, Refusal, parse_line
from drivers.scanner.probing import first_answer
from drivers.scanner.speech import FLASH_S, AskAgain, Asker, Identity, Send, Session, Speech, undone
from drivers.transport import Transport


class Op(IntEnum):
    REQUEST_REVISION = 0xA3
    REPLY_REVISION = 0xA4
    PARAM_SEND = 0xC6
    ACK = 0xD0
    NAK = 0xD1
    FLUSH_QUEUE = 0xD2
    START_SESSION = 0xE4
    STOP_SESSION = 0xE5
    BEEP = 0xE6
    LED_ON = 0xE7
    LED_OFF = 0xE8
    SCAN_ENABLE = 0xE9
    SCAN_DISABLE = 0xEA
    DECODE_DATA = 0xF3
    LONG_DATA = 0xF4  # Grow modules only: see ``measure``
    EVENT = 0xF6


class Cause(IntEnum):
    RESEND = 0x01
    BAD_CONTEXT = 0x02
    DENIED = 0x06
    CANCELLED = 0x0A


DECODER, HOST = 0x00, 0x04
RESENT, MORE, PERMANENT = 0x01, 0x02, 0x08
_STATUS_BITS: Final = 0x0F
_LONG_MIN: Final = 8  # bytes before the text of a long packet
NO_BEEP: Final = 0xFF
TRIGGER_MODE, DECODE_PACKETS = 0x8A, 0xEE  # parameters
HOST_TRIGGER: Final = 0x08
_SPOKEN: Final = frozenset({Op.REPLY_REVISION, Op.PARAM_SEND, Op.ACK, Op.NAK, Op.DECODE_DATA, Op.EVENT})
QUIET_MAX: Final = 15  # gaps of 0.2 s a scan of several packets may pause; then its head is dropped
# Code types with the AIM letter people know; the 2D ones are not in a maker's document we could read.
SYMBOLOGY: Final = {
    0x01: "]A", 0x02: "]F", 0x03: "]C0", 0x06: "]I", 0x07: "]G", 0x08: "]E0", 0x09: "]E0", 0x0A: "]E4",
    0x0B: "]E0", 0x0E: "]M", 0x0F: "]C1", 0x11: "]L", 0x1A: "]L", 0x1B: "]d", 0x1C: "]Q1", 0x2C: "]Q1",
    0x2D: "]z", 0x30: "]e0", 0x31: "]e0", 0x32: "]e0",
    0xF0: "]L", 0xF1: "]Q1", 0xF2: "]d", 0xF3: "]z", 0xF7: "]h",  # as Grow modules number them
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Packet:
    """One sound packet of the scanner. ``data`` may hold a payment code."""

    op: int
    status: int
    data: bytes = field(repr=False)


def frame(op: int, data: bytes = b"", *, status: int = 0) -> bytes:
    """A command of the host."""
    assert len(data) <= 251, len(data)
    body = bytes((4 + len(data), op, HOST, status)) + data
    return body + check(body)


def check(body: bytes) -> bytes:
    return (-sum(body) & 0xFFFF).to_bytes(2, "big")


SAY_AGAIN: Final = Send(frame(Op.NAK, bytes((Cause.RESEND,))), sound=False)


def again(sent: bytes) -> bytes:
    """The same command, marked as sent before."""
    body = bytes((*sent[:3], sent[3] | RESENT, *sent[4:-2]))
    return body + check(body)


def param(number: int, value: int, *, beep: int = NO_BEEP) -> bytes:
    """Set a parameter until power is off. The permanent form wears the memory out and is never sent."""
    return frame(Op.PARAM_SEND, bytes((beep, number, value)))


def measure(data: bytes, *, long: bool = False) -> int:
    """Bytes of the packet that starts here, check included; 0: more are needed to tell; -1: none starts here.

    ``long``: also ``FF F4 lengthH lengthL F4 source status``, for codes that do not fit into one packet, as a
    public GM67 driver reads them.
    """
    if long and data[:2] == b"\xff\xf4":
        size = int.from_bytes(data[2:4], "big")
        return 0 if len(data) < 4 else size + 2 if _LONG_MIN <= size <= LINE_MAX + _LONG_MIN else -1
    if not data or data[0] < 4 or (len(data) > 1 and data[1] not in _SPOKEN):  # most of what is no packet
        return -1
    if (len(data) > 2 and data[2] != DECODER) or (len(data) > 3 and data[3] & ~_STATUS_BITS):
        return -1
    return data[0] + 2 if len(data) > 3 else 0


def read(packet: bytes) -> Packet | None:
    """A whole packet as ``measure`` found it; None: its check is wrong."""
    if check(packet[:-2]) != packet[-2:]:
        return None
    if packet[1] == Op.LONG_DATA:
        return Packet(Op.DECODE_DATA, packet[6], packet[7:-2])
    return Packet(packet[1], packet[3], packet[4:-2])


class Receiver:
    """Sound packets -> acknowledgements, codes out of one packet or several, and answers."""

    def __init__(self, *, aim_ids: bool = False) -> None:
        self._aim_ids = aim_ids
        self._last: Packet | None = None  # of a code, as acknowledged
        self._parts: list[bytes] = []  # never more than LINE_MAX together
        self._flooded = False  # too long: the rest of it is dropped
        self._several = False  # the last code came in several packets
        self._quiet = 0

    @property
    def pending(self) -> bool:
        return bool(self._parts)

    def take(self, packet: Packet) -> list[object]:
        if packet.op == Op.EVENT:
            return [Send(frame(Op.ACK))]
        if packet.op != Op.DECODE_DATA:
            return [packet]
        self._quiet = 0
        found: list[object] = [Send(frame(Op.ACK))]
        resent = bool(packet.status & RESENT)
        plain = Packet(packet.op, packet.status & ~RESENT, packet.data)
        repeated, self._last = resent and plain == self._last, plain
        if repeated and (self._parts or self._several):
            return found  # our acknowledgement was lost; a part is never added twice
        first = not self._parts
        if sum(map(len, self._parts)) + len(packet.data) - 1 <= LINE_MAX:
            self._parts.append(packet.data[1:])
        elif not self._flooded:
            self._flooded = True
            found.append(Refusal.TOO_LONG)
        if not packet.status & MORE:
            self._several = not first
            found += self._whole(packet, resent=resent and first)
        return found

    def idle(self) -> list[object]:
        self._quiet += 1
        if not self._parts or self._quiet < QUIET_MAX:
            return []
        flooded = self._flooded
        self._parts.clear()
        self._flooded = False
        return [] if flooded else [Refusal.INCOMPLETE]

    def _whole(self, packet: Packet, *, resent: bool) -> list[object]:
        text = b"".join(self._parts)
        flooded, self._flooded = self._flooded, False
        self._parts.clear()
        if not text or flooded:
            return []
        item = parse_line(text, aim_ids=self._aim_ids)
        if isinstance(item, Refusal):
            return [item]
        kind = int.from_bytes(packet.data[:1], "big")  # a last part may be empty
        return [Line(item.text, item.symbology or SYMBOLOGY.get(kind, ""), resent)]


class Decoder:
    """Packets in any split, with noise between them. What starts none is skipped byte by byte."""

    def __init__(self, *, aim_ids: bool = False) -> None:
        self._receiver = Receiver(aim_ids=aim_ids)
        self._buffer = bytearray()  # never longer than a packet between calls

    @property
    def pending(self) -> bool:
        return bool(self._buffer) or self._receiver.pending

    def feed(self, data: bytes) -> list[object]:
        self._buffer += data
        found: list[object] = []
        at = 0
        while at < len(self._buffer):
            size = measure(bytes(self._buffer[at : at + 4]))
            if size == 0 or size > len(self._buffer) - at:
                break
            packet = read(bytes(self._buffer[at : at + size])) if size > 0 else None
            if packet:
                found += self._receiver.take(packet)
            elif size > 0:
                found.append(SAY_AGAIN)
            at += size if packet else 1
        del self._buffer[:at]
        return found

    def idle(self) -> list[object]:
        """The host's character time-out: the rest of a packet is not coming."""
        found = self._receiver.idle()
        if self._buffer:
            self._buffer.clear()
            found += [Refusal.INCOMPLETE, SAY_AGAIN]
        return found


class SsiSpeech(Speech):
    asks = True
    wake = b"\0"  # wakes a sleeping decoder, and is no packet

    @property
    def triggered(self) -> bool:
        return self.profile.setup.get(TRIGGER_MODE) == HOST_TRIGGER

    def session(self) -> Session:
        return Decoder(aim_ids=self.profile.aim_ids)

    async def hello(self, line: Asker) -> Identity:
        revision = await line.ask(frame(Op.REQUEST_REVISION), revision_of, wake=self.wake)
        if self.stranger(revision):
            raise DeviceRefused(f"scanner: {revision!r} speaks another dialect of SSI; choose another driver")
        for number, value in self.profile.setup.items():
            await self.tell(line, param(number, value))
        software, _, rest = revision.partition(" ")
        return Identity(self.profile.title, True, rest, software)

    def stranger(self, revision: str) -> bool:
        return revision.startswith("GM")  # a Grow module

    async def alive(self, line: Asker) -> bool:
        await line.ask(frame(Op.REQUEST_REVISION), revision_of, wake=self.wake)
        return True

    async def feedback(self, line: Asker, *, good: bool) -> bool:
        """The scanner beeps by itself at each read; no is one beep more and its LED for a moment."""
        if good:
            return True
        try:
            await self.tell(line, frame(Op.LED_ON, b"\x01"))
            async with undone(lambda: self.tell(line, frame(Op.LED_OFF, b"\x01"))):
                await self.tell(line, frame(Op.BEEP, b"\0"))
                await asyncio.sleep(FLASH_S)
        except DeviceRefused:  # it has no lamp or beeper for the host: a sign less, and no fault
            return False
        return True

    async def trigger(self, line: Asker, *, on: bool) -> None:
        await self.tell(line, frame(Op.START_SESSION if on else Op.STOP_SESSION))

    async def tell(self, line: Asker, command: bytes) -> None:
        await line.ask(command, acknowledged, again=again(command), wake=self.wake)


def acknowledged(answer: object) -> bool | None:
    if not isinstance(answer, Packet) or answer.op not in (Op.ACK, Op.NAK):
        return None
    if answer.op == Op.ACK:
        return True
    cause = answer.data[0] if answer.data else 0
    if cause in (Cause.RESEND, Cause.BAD_CONTEXT):
        raise AskAgain
    raise DeviceRefused(
        f"scanner: it denies this command (cause {cause:02X}); check its trigger and host settings"
    )


def revision_of(answer: object) -> str | None:
    """``software board scanner checksum``, as the decoder puts it."""
    if isinstance(answer, Packet) and answer.op == Op.REPLY_REVISION:
        return printable(answer.data)
    if isinstance(answer, Packet) and answer.op == Op.NAK:
        acknowledged(answer)
    return None


def printable(data: bytes) -> str:
    return "".join(chr(byte) for byte in data[:64] if 0x20 <= byte < 0x7F)


async def probe(transport: Transport) -> Device | None:
    """Ask for the revision: nothing changes. A revision that names a Grow module is theirs."""
    question = frame(Op.REQUEST_REVISION)
    revision = await first_answer(transport, question, Decoder(), asked_revision, wake=SsiSpeech.wake)
    if revision is None or revision.startswith("GM"):
        return None
    return Device("scanner", "ssi", "ssi", "Zebra / Symbol scanner (SSI)", detail={"revision": revision})


def asked_revision(answer: object) -> str | None:
    sound = isinstance(answer, Packet) and answer.op == Op.REPLY_REVISION
    return printable(answer.data) if sound and isinstance(answer, Packet) else None
