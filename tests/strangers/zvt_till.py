"""A till that drives a payment terminal by ZVT, written from the public specification alone (PA00P015).

Knows nothing of the door it talks to: it acknowledges everything, and reads the status information and the end.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol

RECEIVED = bytes.fromhex("800000")
PASSWORD = bytes.fromhex("000000")


class Pipe(Protocol):
    async def read(self) -> bytes:
        """At least one byte; none at the end."""
        ...

    async def write(self, data: bytes) -> None: ...


class Closed(Exception):
    pass


@dataclass
class Heard:
    """What came between a command and its end."""

    first: bytes = b""
    status: dict[int, str] = field(default_factory=dict)  # bitmap -> hex
    lines: list[str] = field(default_factory=list)
    waits: int = 0
    end: bytes = b""
    all: list[bytes] = field(default_factory=list)

    @property
    def paid(self) -> bool:
        return self.end[:2] == b"\x06\x0f" and self.status.get(0x27) == "00"

    @property
    def code(self) -> int:
        """Of an abort, or of a refusal in place of the acknowledgement; 0 when all is well."""
        if self.first[:1] == b"\x84":
            return self.first[1]
        return self.end[3] if self.end[:2] == b"\x06\x1e" else 0


class TcpWire:
    """Commands one after the other; ``prefix``: two bytes of length before each."""

    def __init__(self, pipe: Pipe, *, prefix: bool = False) -> None:
        self._pipe, self._prefix = pipe, prefix
        self._rest = b""

    async def send(self, apdu: bytes) -> None:
        await self._pipe.write(len(apdu).to_bytes(2, "big") + apdu if self._prefix else apdu)

    async def receive(self) -> bytes:
        if self._prefix:
            size = int.from_bytes(await self._take(2), "big")
            return await self._take(size)
        head = await self._take(3)
        size = head[2]
        if size == 0xFF:
            more = await self._take(2)
            head, size = head + more, more[0] + 256 * more[1]
        return head + await self._take(size)

    async def _take(self, count: int) -> bytes:
        while len(self._rest) < count:
            data = await self._pipe.read()
            if not data:
                raise Closed
            self._rest += data
        taken, self._rest = self._rest[:count], self._rest[count:]
        return taken


class SerialWire:
    """The same in frames. ``spoil``: so many frames leave with a wrong check first; ``deaf``: come unheard."""

    def __init__(self, pipe: Pipe, *, spoil: int = 0, deaf: int = 0) -> None:
        self._pipe, self._spoil, self._deaf = pipe, spoil, deaf
        self._rest = b""
        self._frames: deque[bytes] = deque()

    async def send(self, apdu: bytes) -> None:
        for _ in range(4):
            check = crc16(apdu + b"\x03")
            if self._spoil:
                self._spoil, check = self._spoil - 1, check ^ 1
            body = apdu.replace(b"\x10", b"\x10\x10")
            await self._pipe.write(b"\x10\x02" + body + b"\x10\x03" + bytes((check & 255, check >> 8)))
            if await self._byte() == 0x06:
                return
        raise Closed

    async def receive(self) -> bytes:
        while True:
            while await self._byte() != 0x10:
                pass
            if await self._byte() != 0x02:
                continue
            apdu = await self._content()
            if self._deaf:
                self._deaf -= 1
                await self._pipe.write(b"\x15")
                continue
            await self._pipe.write(b"\x06")
            return apdu

    async def _content(self) -> bytes:
        found = b""
        while True:
            byte = await self._byte()
            if byte == 0x10 and (byte := await self._byte()) == 0x03:
                break
            found += bytes((byte,))
        low, high = await self._byte(), await self._byte()
        assert crc16(found + b"\x03") == low + 256 * high
        return found

    async def _byte(self) -> int:
        if not self._rest:
            self._rest = await self._pipe.read()
            if not self._rest:
                raise Closed
        byte, self._rest = self._rest[0], self._rest[1:]
        return byte


def crc16(data: bytes) -> int:
    """By long division, bit for bit."""
    register = 0
    for byte in data:
        for bit in range(8):
            top = (register ^ (byte >> bit)) & 1
            register = (register >> 1) ^ (0x8408 * top)
    return register


class Till:
    """One command at a time; ``meanwhile`` is called once, when the command is acknowledged."""

    def __init__(self, wire: TcpWire | SerialWire, *, patience_s: float = 180.0) -> None:
        self.wire, self._patience_s = wire, patience_s

    async def register(self, config: int = 0xBA, rest: str = "") -> Heard:
        return await self.ask(b"\x06\x00", PASSWORD + bytes((config,)) + bytes.fromhex(rest))

    async def pay(
        self, minor: int, more: str = "", meanwhile: Callable[[], Awaitable[None]] | None = None
    ) -> Heard:
        return await self.ask(b"\x06\x01", amount(minor) + bytes.fromhex(more), meanwhile)

    async def repeat(self) -> Heard:
        return await self.ask(b"\x06\x20", PASSWORD)

    async def reverse(self, receipt: str, more: str = "") -> Heard:
        return await self.ask(b"\x06\x30", PASSWORD + bytes.fromhex("87" + receipt + more))

    async def refund(self, minor: int, receipt: str = "") -> Heard:
        named = bytes.fromhex("87" + receipt) if receipt else b""
        return await self.ask(b"\x06\x31", PASSWORD + amount(minor) + named)

    async def status(self) -> Heard:
        return await self.ask(b"\x05\x01", PASSWORD)

    async def end_of_day(self) -> Heard:
        return await self.ask(b"\x06\x50", PASSWORD)

    async def abort(self) -> None:
        await self.wire.send(b"\x06\xb0\x00")

    async def ask(
        self, command: bytes, data: bytes = b"", meanwhile: Callable[[], Awaitable[None]] | None = None
    ) -> Heard:
        length = bytes((len(data),)) if len(data) < 255 else b"\xff" + len(data).to_bytes(2, "little")
        heard = Heard()
        async with asyncio.timeout(self._patience_s):
            await self.wire.send(command + length + data)
            heard.first = await self.wire.receive()
            heard.all.append(heard.first)
            if heard.first != RECEIVED or command in (b"\x06\x02", b"\x06\xb0"):
                return heard
            if meanwhile:
                await meanwhile()
            while not heard.end:
                await self._hear(heard)
        return heard

    async def _hear(self, heard: Heard) -> None:
        apdu = await self.wire.receive()
        heard.all.append(apdu)
        if apdu == RECEIVED:  # to our abort
            return
        await self.wire.send(RECEIVED)
        match apdu[:2]:
            case b"\x04\x0f":
                heard.status = bitmaps(apdu[3:] if apdu[2] != 0xFF else apdu[5:])
            case b"\x04\xff":
                heard.waits += 1
            case b"\x06\xd1":
                heard.lines.append(apdu[4:].decode("cp437"))
            case b"\x06\x0f" | b"\x06\x1e":
                heard.end = apdu
            case _:
                raise AssertionError(apdu.hex(" "))


def amount(minor: int) -> bytes:
    return b"\x04" + bytes.fromhex(f"{minor:012d}")


SIZES = {0x04: 6, 0x0B: 3, 0x0C: 3, 0x0D: 2, 0x19: 1, 0x27: 1, 0x29: 4, 0x49: 2, 0x87: 2}
COUNTED = {0x8B: 2, 0x3C: 3}


def bitmaps(data: bytes) -> dict[int, str]:
    found = {}
    while data:
        number, data = data[0], data[1:]
        size = SIZES.get(number, 0)
        if number in COUNTED:
            digits = COUNTED[number]
            size, data = int("".join(str(each - 0xF0) for each in data[:digits])), data[digits:]
        found[number], data = data[:size].hex(), data[size:]
    return found
