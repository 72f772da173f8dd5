"""What stands between a client and the service in the clients' stories: a line that loses, breaks and is away."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Gate:
    """So many answers of POSTs are lost, after the service has done what was asked; ``away``: nobody is there.

    ``bites``: a stream of events breaks within the second event that it brings.
    """

    def __init__(self, to: str) -> None:
        self._host, _, port = to.removeprefix("http://").rpartition(":")
        self._port = int(port)
        self.url = ""
        self.lose = 0
        self.away = False
        self.bites = False
        self.asked: list[str] = []
        self._links: set[asyncio.StreamWriter] = set()

    def cut(self) -> None:
        """Every line that is open breaks now, in the middle of what it waits for."""
        for each in self._links:
            each.transport.abort()

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._links.add(writer)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while not self.away:
                asked = await _message(reader)
                if self.away:
                    break
                self.asked.append(asked.partition(b"\r\n")[0].decode())
                lost = asked.startswith(b"POST") and self.lose > 0
                self.lose -= lost
                if await self._answered(asked, writer, lost=lost):
                    break
        self._links.discard(writer)
        writer.transport.abort()

    async def _answered(self, asked: bytes, to: asyncio.StreamWriter, *, lost: bool) -> bool:
        """Whether the line ends here: the answer was lost, or was a stream and is over."""
        reader, writer = await asyncio.open_connection(self._host, self._port)
        self._links.add(writer)
        try:
            writer.write(asked)
            answer = await _message(reader)
            if not lost:
                to.write(answer)
                await to.drain()
            endless = b"text/event-stream" in answer
            while endless and (piece := await reader.read(4096)):
                first, _, more = piece.partition(b"}\n\n")
                to.write(first + b"}\n\n" + more[:20] if self.bites and more else piece)
                await to.drain()
                if self.bites and b"data: " in piece:
                    break
            return lost or endless
        finally:
            self._links.discard(writer)
            writer.close()


async def _message(reader: asyncio.StreamReader) -> bytes:
    """One request or answer, whole, or the head of a stream: all else says how long it is."""
    head = await reader.readuntil(b"\r\n\r\n")
    lengths = [
        line.partition(b":")[2] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")
    ]
    return head + await reader.readexactly(int(lengths[0]) if lengths else 0)


@asynccontextmanager
async def gate(to: str) -> AsyncIterator[Gate]:
    stands = Gate(to)
    server = await asyncio.start_server(stands.carry, "127.0.0.1", 0)
    stands.url = "http://127.0.0.1:{1}".format(*server.sockets[0].getsockname())
    async with server:
        yield stands
        stands.away = True
        stands.cut()
