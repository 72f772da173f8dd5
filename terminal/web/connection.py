"""One connection of the edge: how many there may be, how long a request's head may take, what unreadable ones get.

aiohttp answers those cases by itself in plain words of its own; here they get the same problem documents as all
others (S28, S29). It offers no public way in, so this is the one file that reaches into it: the version is pinned.
"""

import asyncio
import logging
from typing import Any, Final

import msgspec
from aiohttp import web
from aiohttp.http_exceptions import BadHttpMessage, BadHttpMethod, LineTooLong
from aiohttp.web_protocol import RequestHandler

from terminal.errors import InvalidRequest
from terminal.web.edge import EdgeLimits
from terminal.web.problems import TYPE, document, problem
from terminal.web.security import HEADERS

log = logging.getLogger(__name__)
_LATE: Final = "request_timeout"
OWN_SHARE: Final = 4  # a fourth of all connections, which no neighbour takes


class Doorkeeper(web.AppRunner):
    """An application's runner whose connections are counted and limited."""

    def __init__(self, app: web.Application, limits: EdgeLimits, stop_s: float) -> None:
        super().__init__(
            app,
            access_log=None,
            handle_signals=False,
            shutdown_timeout=stop_s,
            keepalive_timeout=limits.idle_s,
            max_line_size=limits.line_bytes,
            max_field_size=limits.line_bytes,
            max_headers=limits.headers_count,
            lingering_time=2.0,
            auto_decompress=False,
        )
        self._limits = limits

    async def _make_server(self) -> web.Server:
        return Door(await super()._make_server(), self._limits)


class Door(web.Server):
    def __init__(self, server: web.Server, limits: EdgeLimits) -> None:
        self._answered = server.request_handler
        super().__init__(
            self._answer,
            request_factory=server.request_factory,
            handler_cancellation=server.handler_cancellation,
            **server._kwargs,
        )
        self.limits = limits
        self._addresses: dict[str, int] = {}

    def __call__(self) -> RequestHandler:
        return Connection(self, self.limits, loop=asyncio.get_running_loop(), **self._kwargs)

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """aiohttp would answer an expectation that it does not know before any handler of ours, and repeat it."""
        if request.headers.get("Expect", "100-continue").lower() != "100-continue":
            return refusal(request, "request_malformed")
        return await self._answered(request)

    def enter(self, address: str) -> bool:
        """Whether one more connection from here may stay. This machine's till comes in beside all neighbours."""
        here, room = self._addresses.get(address, 0), self.limits.connections
        self._addresses[address] = here + 1
        if is_near(address):
            return here < self.limits.connections_per_address and self.total() <= room
        away = sum(count for each, count in self._addresses.items() if not is_near(each))
        return here < self.limits.connections_per_address and away <= room - room // OWN_SHARE

    def leave(self, address: str) -> None:
        self._addresses[address] -= 1
        if not self._addresses[address]:
            del self._addresses[address]

    def total(self) -> int:
        return sum(self._addresses.values())


class Connection(RequestHandler):
    __slots__ = ("_address", "_door", "_head_timer", "_limits")

    def __init__(self, door: Door, limits: EdgeLimits, **rest: Any) -> None:
        super().__init__(door, **rest)
        self._door, self._limits = door, limits
        self._address = ""
        self._head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        peer = transport.get_extra_info("peername")
        self._address = str(peer[0]) if peer else "unknown"
        if not self._door.enter(self._address):
            self.force_close()

    def connection_lost(self, exc: BaseException | None) -> None:
        if self._address:
            self._door.leave(self._address)
            self._address = ""
        self._stop_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._mid_head():
            if self._head_timer is None:
                self._head_timer = self._loop.call_later(self._limits.head_s, self._head_late)
        else:
            self._stop_timer()

    def _mid_head(self) -> bool:
        """Bytes came and no request is whole: its head is still on the way."""
        return not (self._messages or self._request_in_progress or self._upgraded or self._force_close)

    def _stop_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _head_late(self) -> None:
        self._head_timer = None
        if self._mid_head() and self.transport is not None:
            told = problem(_LATE, {}, "en", "")
            body = msgspec.json.encode(told)
            head = (
                f"HTTP/1.1 408 Request Timeout\r\nContent-Type: {TYPE}\r\nContent-Length: {len(body)}\r\n"
                "Connection: close\r\nServer: countertop\r\n\r\n"
            )
            self.transport.write(head.encode() + body)
            self.force_close()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002  # aiohttp's signature
    ) -> web.StreamResponse:
        """Requests that never became one, unreadable or too large; and whatever escaped a handler."""
        if status >= 500:
            log.error("request failed", exc_info=exc)
        return refusal(request, _slug(status, exc))


def refusal(request: web.BaseRequest, slug: str) -> web.Response:
    """What no handler of ours sees; the connection ends with it."""
    answer = document(request, InvalidRequest(slug), "")
    answer.headers.update(HEADERS)
    answer.headers["Server"] = "countertop"
    answer.force_close()
    return answer


def is_near(address: str) -> bool:
    return address.startswith("127.") or address == "::1"


def _slug(status: int, error: BaseException | None) -> str:
    if status >= 500:
        return "internal"
    if isinstance(error, BadHttpMethod):
        return "method_not_allowed"
    if isinstance(error, LineTooLong):
        line = error.args[0]  # what was read so far: an address begins with its path
        address = isinstance(line, bytes | bytearray) and line.startswith(b"/")
        return "address_too_long" if address else "headers_too_large"
    many = isinstance(error, BadHttpMessage) and error.message.startswith("Too many headers")
    return "headers_too_large" if many else "request_malformed"
