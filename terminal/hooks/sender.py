"""The one place that opens sockets for webhooks: resolve once, judge, connect to what was judged (S16, S18).

No redirect is followed, no proxy used, no cookie kept, no connection kept. Of the answer's body as much is read as
lets a receiver end well, and nothing is kept of it.
"""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Final, Protocol
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from terminal.counter.ports import HttpRequest
from terminal.hooks.address import Target, all_may
from terminal.hooks.delivery import Delivery, Outcome, outcome_of
from terminal.hooks.limits import HookLimits

LINE_MAX: Final = 8190
FIELDS_MAX: Final = 64
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""(name, port) -> addresses. Raises OSError."""


class Told(Protocol):
    """Who is told of everything that leaves, before it does (PR5)."""

    def connecting(self, origin: str) -> None: ...
    def sent(self, origin: str, request: HttpRequest) -> None: ...


class Inside(Exception):
    """A name led to an address that must not be called."""


async def resolve(host: str, port: int) -> Sequence[str]:
    """The machine's own resolver, off the loop."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(each[4][0]) for each in found))


class HttpSender:
    """``Sender`` over aiohttp. ``told`` hears of each connection and request before it is made."""

    def __init__(
        self,
        limits: HookLimits,
        told: Told,
        *,
        resolve: Resolve = resolve,
        trust: Callable[[], ssl.SSLContext] = ssl.create_default_context,
    ) -> None:
        self._limits, self._told, self._resolve, self._trust = limits, told, resolve, trust
        self._tls: ssl.SSLContext | None = None

    async def send(self, target: Target, delivery: Delivery) -> Outcome:
        try:
            async with asyncio.timeout(self._limits.answer_s):
                return await self._exchange(target, delivery)
        except TimeoutError:
            return Outcome(False, why="timeout")
        except Inside:
            return Outcome(False, why="inside")
        except (aiohttp.ClientSSLError, ssl.SSLError):
            return Outcome(False, why="tls")
        except (aiohttp.ClientError, OSError, ValueError):
            return Outcome(False, why="unreachable")

    async def _exchange(self, target: Target, delivery: Delivery) -> Outcome:
        judged = await self._judged(target)
        async with (
            self._session(judged, target) as session,
            session.post(
                URL(target.url, encoded=True),
                headers={**dict(delivery.headers), "Accept-Encoding": "identity"},
                data=delivery.body,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=None, connect=self._limits.connect_s),
                trace_request_ctx=_Leaving(target.origin, _request(target, delivery), self._told),
            ) as reply,
        ):
            outcome = outcome_of(reply.status, reply.headers.get("Retry-After", ""))
            await self._drain(reply)
            return outcome

    async def _judged(self, target: Target) -> "_Judged":
        """Asked once; what is connected to are these very addresses, whatever the name answers next."""
        found = await self._resolve(target.host, target.port)
        if not all_may(found, allowed=target.allowed):
            raise Inside(target.host)
        return _Judged(found)

    def _session(self, judged: "_Judged", target: Target) -> aiohttp.ClientSession:
        trace = aiohttp.TraceConfig()
        trace.on_connection_create_start.append(_connecting)
        trace.on_request_headers_sent.append(_sending)
        tls = self._context() if target.url.startswith("https:") else True
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                resolver=judged, use_dns_cache=False, force_close=True, limit=1, ssl=tls
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
            max_line_size=LINE_MAX,
            max_field_size=LINE_MAX,
            max_headers=FIELDS_MAX,
            trace_configs=[trace],
        )

    async def _drain(self, reply: aiohttp.ClientResponse) -> None:
        """Enough for a receiver to end its answer; who goes on talking is hung up on."""
        left = self._limits.answer_bytes
        try:
            while left > 0 and (piece := await reply.content.read(left)):
                left -= len(piece)
        except aiohttp.ClientError:
            pass  # the status stood before it
        reply.close()

    def _context(self) -> ssl.SSLContext:
        """Made when it is first needed: reading the machine's authorities takes a moment."""
        if self._tls is None:
            self._tls = self._trust()
            self._tls.minimum_version = ssl.TLSVersion.TLSv1_2
        return self._tls


@dataclass(frozen=True, slots=True)
class _Leaving:
    origin: str
    request: HttpRequest
    told: Told


def _request(target: Target, delivery: Delivery) -> HttpRequest:
    parts = urlsplit(target.url)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return HttpRequest("POST", path, delivery.headers, delivery.body)


class _Judged(AbstractResolver):
    """Knows one name, and for it what was judged."""

    def __init__(self, addresses: Sequence[str]) -> None:
        self._addresses = addresses

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        del family  # both kinds are tried
        return [
            ResolveResult(
                hostname=host,
                host=each,
                port=port,
                family=socket.AF_INET6 if ":" in each else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for each in self._addresses
        ]

    async def close(self) -> None:
        """Holds nothing."""


async def _connecting(
    _session: aiohttp.ClientSession, context: SimpleNamespace, _params: aiohttp.TraceConnectionCreateStartParams
) -> None:
    leaving: _Leaving = context.trace_request_ctx
    leaving.told.connecting(leaving.origin)


async def _sending(
    _session: aiohttp.ClientSession, context: SimpleNamespace, _params: aiohttp.TraceRequestHeadersSentParams
) -> None:
    """aiohttp calls this with a connection in hand, directly before the first byte."""
    leaving: _Leaving = context.trace_request_ctx
    leaving.told.sent(leaving.origin, leaving.request)
