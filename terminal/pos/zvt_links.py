"""A till's line as commands: over TCP one after the other, over a serial line in frames that are acknowledged."""

import asyncio
from collections import deque
from typing import Final, Protocol

from terminal.pos.zvt_codec import Apdu, Decoder, Misread, read_one
from terminal.pos.zvt_frames import ACK, NAK, FrameDecoder, frame

REST_S: Final = 5.0  # for the rest of a command that has begun
CHARACTER_S: Final = 1.0  # for the rest of a frame on a serial line
ACK_S: Final = 2.0  # for the acknowledgement of a frame
SENDS: Final = 3  # of a frame that is not acknowledged


class LinkLost(Exception):
    """The line is gone, or what comes over it is no ZVT."""


class LinkClosed(LinkLost):
    """The till itself ended it, in order."""


class Line(Protocol):
    """Bytes both ways, of a socket or a serial port."""

    async def read(self) -> bytes:
        """At least one byte. Raises LinkLost."""
        ...

    async def write(self, data: bytes) -> None:
        """Raises LinkLost."""
        ...

    def frame_seen(self) -> None:
        """What arrives is no garbage."""
        ...

    async def close(self) -> None: ...


class Link(Protocol):
    """Commands both ways; ``receive`` is called again and again by one task."""

    async def receive(self) -> Apdu:
        """Raises LinkLost."""
        ...

    async def send(self, apdu: Apdu) -> None:
        """Raises LinkLost."""
        ...

    async def close(self) -> None: ...


class StreamLink:
    def __init__(self, line: Line) -> None:
        self._line, self._decoder = line, Decoder()
        self._ready: deque[Apdu] = deque()

    async def receive(self) -> Apdu:
        while not self._ready:
            try:
                async with asyncio.timeout(REST_S if self._decoder.partial else None):
                    data = await self._line.read()
            except TimeoutError:
                raise LinkLost("the rest of a command did not come") from None
            self._ready += self._decoder.feed(data)
            if self._decoder.broken and not self._ready:
                raise LinkLost("no command begins so")
        self._line.frame_seen()
        return self._ready.popleft()

    async def send(self, apdu: Apdu) -> None:
        raw = apdu.to_bytes()
        await self._line.write(len(raw).to_bytes(2, "big") + raw if self._decoder.prefixed else raw)

    async def close(self) -> None:
        await self._line.close()


class SerialLink:
    def __init__(self, line: Line) -> None:
        self._line, self._decoder = line, FrameDecoder()
        self._ready: deque[Apdu] = deque()
        self._answers: asyncio.Queue[str] = asyncio.Queue(8)
        self._turn = asyncio.Lock()

    async def receive(self) -> Apdu:
        while not self._ready:
            try:
                async with asyncio.timeout(CHARACTER_S if self._decoder.partial else None):
                    data = await self._line.read()
            except TimeoutError:
                self._decoder.drop()
                await self._line.write(bytes((NAK,)))
                continue
            for event in self._decoder.feed(data):
                if event.kind in {"ack", "nak"}:
                    if not self._answers.full():
                        self._answers.put_nowait(event.kind)
                elif event.kind == "frame" and (apdu := _whole(event.content)):
                    await self._line.write(bytes((ACK,)))
                    self._ready.append(apdu)
                else:
                    await self._line.write(bytes((NAK,)))
        self._line.frame_seen()
        return self._ready.popleft()

    async def send(self, apdu: Apdu) -> None:
        async with self._turn:
            for _ in range(SENDS):
                while not self._answers.empty():
                    self._answers.get_nowait()  # to a frame that was given up
                await self._line.write(frame(apdu.to_bytes()))
                if await self._acknowledged():
                    return
        raise LinkLost("the till does not acknowledge")

    async def _acknowledged(self) -> bool:
        try:
            async with asyncio.timeout(ACK_S):
                return await self._answers.get() == "ack"
        except TimeoutError:
            return False

    async def close(self) -> None:
        await self._line.close()


def _whole(content: bytes) -> Apdu | None:
    try:
        return read_one(content)
    except Misread:
        return None
