"""Listening with TLS: how long a handshake may take, and how many may be under way at once (S28).

asyncio makes an application's connection only once hands were shaken, within a minute, and counts none before:
one phone could hold every file the service may open. Here a connection is counted from its first moment.
"""

import asyncio
import ssl
from collections import Counter
from typing import Final, cast

from aiohttp import web
from aiohttp.web_runner import BaseSite

from terminal.precedence import ahead
from terminal.web.connection import Doorkeeper
from terminal.web.edge import EdgeLimits

END_S: Final = 2.0


class HastySite(web.TCPSite):
    """``limits``: ``head_s`` of one handshake, ``handshakes`` of all and ``handshakes_per_address`` at once.

    ``first``: whoever has shaken hands goes before everything else that is ready.
    """

    __slots__ = ("_context", "_first", "_limits", "_under_way")

    def __init__(
        self,
        runner: Doorkeeper,
        host: str,
        port: int,
        tls: ssl.SSLContext,
        limits: EdgeLimits,
        *,
        first: bool = False,
    ) -> None:
        super().__init__(runner, host, port, ssl_context=tls)
        self._context, self._limits, self._first = tls, limits, first
        self._under_way: dict[asyncio.Task[None], str] = {}

    async def start(self) -> None:
        await BaseSite.start(self)
        loop = asyncio.get_running_loop()
        make = lambda: Arrival(self)  # noqa: E731  # create_server asks for a factory
        self._server = await loop.create_server(make, self._host, self._port, backlog=self._backlog)

    async def stop(self) -> None:
        for task in self._under_way:
            task.cancel()
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=END_S)
        await super().stop()

    def arrived(self, transport: asyncio.Transport, arrival: "Arrival") -> None:
        """Shake hands, or send it away at once: there is no room."""
        peer = transport.get_extra_info("peername")
        address = str(peer[0]) if peer else "unknown"
        here = Counter(self._under_way.values())[address]
        if len(self._under_way) >= self._limits.handshakes or here >= self._limits.handshakes_per_address:
            transport.abort()
            return
        transport.pause_reading()  # what comes is for the handshake
        task = asyncio.get_running_loop().create_task(self._shake(transport, arrival), name=f"handshake {address}")
        self._under_way[task] = address
        task.add_done_callback(self._under_way.pop)

    async def _shake(self, transport: asyncio.Transport, arrival: "Arrival") -> None:
        server, loop = self._runner.server, asyncio.get_running_loop()
        assert server is not None, "the runner is set up"
        try:
            secure = await loop.start_tls(
                transport, arrival, self._context, server_side=True, ssl_handshake_timeout=self._limits.head_s
            )
        except OSError:  # of TLS, of the line, or too late: nobody is answered without it
            transport.abort()
            return
        if secure is None or arrival.lost:
            return
        if not self._first:
            self._enter(server, secure, arrival)
            return
        with ahead():
            if transport.is_reading():  # the loop keeps who reads with the context it was begun in
                transport.pause_reading()
                transport.resume_reading()
            self._enter(server, secure, arrival)

    @staticmethod
    def _enter(server: web.Server, secure: asyncio.Transport, arrival: "Arrival") -> None:
        door = server()
        secure.set_protocol(door)
        door.connection_made(secure)
        if arrival.early:
            door.data_received(bytes(arrival.early))


class Arrival(asyncio.Protocol):
    """Who has connected and not shaken hands yet. ``early``: what came in one piece with the handshake's end."""

    def __init__(self, site: HastySite) -> None:
        self._site = site
        self.early, self.lost = bytearray(), False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._site.arrived(cast(asyncio.Transport, transport), self)  # other loops' are not of this class

    def data_received(self, data: bytes) -> None:
        self.early += data  # of one turn of the loop: no more than one read of the line

    def connection_lost(self, _exc: Exception | None) -> None:
        self.lost = True
