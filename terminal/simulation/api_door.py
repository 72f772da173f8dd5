"""The shop's API without a socket: the same bytes through the same server code, on the world's own time."""

import asyncio
from collections.abc import Mapping
from contextlib import aclosing
from typing import Final, NamedTuple

from aiohttp import web
from multidict import CIMultiDict

from terminal.client import Calls, Pieces
from terminal.web.connection import Doorkeeper
from terminal.web.edge import EDGE, EdgeLimits

__tracebackhide__ = True  # a failed test shows its own line
HOST: Final = "127.0.0.1"
PORT: Final = 7600
URL: Final = f"http://{HOST}:{PORT}"
STOP_S: Final = 2.0
Answer = tuple[int, Mapping[str, str], bytes]
NOTHING: Final[Answer] = (0, {}, b"")


class Ask(NamedTuple):
    method: str
    path: str
    body: bytes | None
    headers: Mapping[str, str]


class Wire(asyncio.Transport):
    """What a server writes, and when it hangs up."""

    def __init__(self) -> None:
        super().__init__({"peername": (HOST, 50_000), "sockname": (HOST, PORT)})
        self._written = bytearray()
        self._news = asyncio.Event()
        self._ended = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self._written += data
        self._news.set()

    async def read(self) -> bytes:
        """What came since; nothing when no more will."""
        while not self._written and not self._ended:
            self._news.clear()
            await self._news.wait()
        data = bytes(self._written)
        self._written.clear()
        return data

    def close(self) -> None:
        self._ended = True
        self._news.set()

    abort = close

    def is_closing(self) -> bool:
        return self._ended

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None: ...


class Door:
    """``lose``: answers to so many POSTs never arrive, though the work is done. ``away``: nobody answers."""

    def __init__(self, app: web.Application) -> None:
        self._edge = app[EDGE]
        self._runner = Doorkeeper(app, EdgeLimits(), STOP_S)
        self.lose, self.away = 0, False

    async def open(self) -> None:
        await self._runner.setup()
        self._edge.allow(HOST, PORT, None)

    async def close(self) -> None:
        await self._runner.cleanup()

    async def ask(self, ask: Ask) -> Answer:
        """Status, headers in lower case, body; status 0: no answer came."""
        status, headers, body = NOTHING
        async with aclosing(self.pieces(ask)) as pieces:
            async for status, headers, piece in pieces:  # noqa: B007  # of the last piece
                body += piece
        return status, {name.lower(): text for name, text in headers.items()}, body

    async def pieces(self, ask: Ask) -> Pieces:
        """An answer as it comes, which of a stream is without an end; no piece: no answer came."""
        server = self._runner.server
        if self.away or server is None:
            return
        far, wire = server(), Wire()
        far.connection_made(wire)
        body = ask.body or b""
        told = {"Host": f"{HOST}:{PORT}", "Connection": "close", "Content-Length": str(len(body)), **ask.headers}
        head = f"{ask.method} {ask.path} HTTP/1.0\r\n" + "".join(
            f"{name}: {text}\r\n" for name, text in told.items()
        )
        try:
            far.data_received(head.encode() + b"\r\n" + body)
            lost = ask.method == "POST" and self.lose > 0
            async for piece in _pieces(wire):
                if not lost:
                    yield piece
            self.lose -= lost
        finally:
            wire.close()
            far.connection_lost(None)


async def _pieces(wire: Wire) -> Pieces:
    """HTTP/1.0: the head, then the body until the line's end."""
    data = b""
    while b"\r\n\r\n" not in data:
        if not (piece := await wire.read()):
            return  # killed in the middle
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    found = CIMultiDict((name, text.strip()) for name, _, text in (line.partition(":") for line in lines[1:]))
    while True:
        yield int(lines[0].split()[1]), found, body
        if not (body := await wire.read()):
            return


def asked(client: Calls, path: str, body: bytes, key: str) -> Ask:
    """What a client sends."""
    headers = {"Authorization": f"Bearer {client.api_key}", "Accept-Language": client.language}
    headers |= {"Content-Type": "application/json"} | ({"Idempotency-Key": key} if key else {})
    return Ask("POST" if body else "GET", f"/api/v1{path}", body, headers)


async def in_time(pieces: Pieces, limit_s: float) -> Pieces:
    """As many as come until then."""
    end_s = asyncio.get_running_loop().time() + limit_s
    async with aclosing(pieces):
        while True:
            try:
                async with asyncio.timeout_at(end_s):
                    piece = await anext(pieces)
            except (TimeoutError, StopAsyncIteration):
                return
            yield piece
