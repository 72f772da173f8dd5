"""What open pages hear, over WebSocket: the world as it is, and the timeline's lines they have not seen."""

import asyncio
import contextlib
from typing import Final

import msgspec
from aiohttp import WSMsgType, web

from terminal.lab.laboratory import Laboratory

SOCKETS_MAX: Final = 16
GATHER_S: Final = 0.08  # changes of one burst go out together
LINES_MAX: Final = 400
BEAT_S: Final = 20.0


class Live:
    def __init__(self, lab: Laboratory) -> None:
        self._lab = lab
        self._wakers: set[asyncio.Event] = set()
        self._sockets: set[web.WebSocketResponse] = set()
        lab.on_change = self._wake

    def _wake(self) -> None:
        for waker in self._wakers:
            waker.set()

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """``?after=N``: lines from N + 1 on. Each message: {"state": …, "lines": […]}."""
        if request.headers.get("Origin") is None or len(self._wakers) >= SOCKETS_MAX:
            raise web.HTTPForbidden
        socket = web.WebSocketResponse(heartbeat=BEAT_S, max_msg_size=1024)
        await socket.prepare(request)
        after = request.query.get("after", "0")
        waker = asyncio.Event()
        self._wakers.add(waker)
        self._sockets.add(socket)
        self._lab.watched += 1
        telling = asyncio.ensure_future(self._tell(socket, waker, int(after) if after.isdecimal() else 0))
        try:
            async for message in socket:
                if message.type is WSMsgType.ERROR:
                    break
        finally:
            self._lab.watched -= 1
            self._wakers.discard(waker)
            self._sockets.discard(socket)
            telling.cancel()
            with contextlib.suppress(asyncio.CancelledError, ConnectionError):
                await telling
        return socket

    async def close(self) -> None:
        for socket in tuple(self._sockets):
            await socket.close()

    async def _tell(self, socket: web.WebSocketResponse, waker: asyncio.Event, seen: int) -> None:
        while not socket.closed:
            waker.clear()
            lines = self._lab.timeline.after(seen)[-LINES_MAX:]
            seen = lines[-1].number if lines else seen
            told = {"state": self._lab.snapshot(), "lines": lines}
            await socket.send_str(msgspec.json.encode(told).decode())
            await waker.wait()
            await asyncio.sleep(GATHER_S)
