"""The only outgoing HTTP: one link with warm connections to one provider, hardened (S16, B2, B3, B9).

TLS is always verified and never below 1.2; plain HTTP exists only to a loopback gateway in test mode. No
redirect is followed, no proxy used, no cookie kept, no compression accepted; every size and wait has a bound.
"""

import asyncio
import ipaddress
import re
import ssl
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Final, Protocol
from urllib.parse import urlsplit

import aiohttp
from yarl import URL

from terminal.counter.ports import HttpReply, HttpRequest, NoAnswer, NothingSent
from terminal.errors import BadSettings
from terminal.tls.trust import trusting

BODY_MAX: Final = 1 << 20
LINE_MAX: Final = 8190
FIELDS_MAX: Final = 64
HEADERS_MAX: Final = 32 * 1024
CONNECTIONS: Final = 8
KEEP_WARM_S: Final = 50.0  # below the minute after which gateways commonly hang up
Identity = tuple[Path, Path]
_NAME: Final = re.compile(r"(?=.{1,253}$)[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})*")


class Outbound(Protocol):
    """Who is told of everything that leaves: of a socket before it is opened, of a request as it goes (PR5)."""

    def connecting(self, origin: str) -> None: ...
    def sent(self, origin: str, request: HttpRequest) -> None: ...


OUTBOUND: Final[ContextVar[Outbound | None]] = ContextVar("outbound", default=None)
"""Set by who wires, for every link that is made from then on, wherever that is."""


@dataclass(slots=True)
class _Progress:
    """How far one exchange came: once its head is handed to the socket it may have happened."""

    origin: str
    request: HttpRequest
    outbound: Outbound | None
    sending: bool = False


class ProviderLink:
    """ProviderHttp over aiohttp.

    Args:
        gateway: ``https://host[:port]``, no path; ``http://`` only for a loopback address in test mode.
        ca_file: PEM of the authorities to trust instead of the system's.
        identity: PEM files of our own certificate (with its chain) and its key, where the provider asks for one.

    Raises:
        BadSettings: ``gateway_unusable``, ``gateway_not_https``, ``ca_file_unreadable``,
            ``key_file_unreadable``, ``key_not_of_certificate``.
    """

    def __init__(
        self, gateway: str, *, ca_file: Path | None = None, identity: Identity | None = None, test: bool = False
    ) -> None:
        self._base = _origin(gateway, test=test)
        self._ca_file, self._identity = ca_file, identity
        self._tls = self._context()
        self._outbound = OUTBOUND.get()
        self._session: aiohttp.ClientSession | None = None

    @property
    def origin(self) -> str:
        """``https://host[:port]``, as every request goes there."""
        return self._base

    async def send(self, request: HttpRequest, *, connect_s: float, answer_s: float) -> HttpReply:
        """One exchange; ``answer_s`` bounds all of it, connecting included.

        Raises:
            NothingSent: no request byte was written. NoAnswer: it may have arrived.
        """
        progress = self._progress(request)
        try:
            async with asyncio.timeout(answer_s):
                return await self._exchange(request, connect_s, progress)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            why = type(error).__name__  # its text may quote the request
            if progress.sending:
                raise NoAnswer(why) from error
            raise NothingSent(why) from error

    async def download(
        self, request: HttpRequest, sink: Callable[[bytes], None], *, connect_s: float, whole_s: float
    ) -> HttpReply:
        """As ``send``, but the body of a 200 goes into ``sink`` piece by piece; what that raises ends it."""
        progress = self._progress(request)
        try:
            async with asyncio.timeout(whole_s):
                return await self._exchange(request, connect_s, progress, sink)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise NoAnswer(type(error).__name__) from error

    def _progress(self, request: HttpRequest) -> _Progress:
        return _Progress(self._base, request, self._outbound)

    def trust_again(self) -> None:
        """Read authorities and identity anew, for connections made from now on. Raises as the constructor."""
        self._tls = self._context()

    def _context(self) -> ssl.SSLContext:
        if self._base.startswith("http://") and self._ca_file is None and self._identity is None:
            return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # needs nobody, trusts nobody: no authorities to read
        return _tls(self._ca_file, self._identity)

    async def aclose(self) -> None:
        if self._session is not None:
            session, self._session = self._session, None
            await session.close()

    async def _exchange(
        self,
        request: HttpRequest,
        connect_s: float,
        progress: _Progress,
        sink: Callable[[bytes], None] | None = None,
    ) -> HttpReply:
        async with self._open().request(
            request.method,
            URL(self._base + request.target, encoded=True),
            headers=request.headers,
            data=request.body or None,
            allow_redirects=False,
            ssl=self._tls,
            timeout=aiohttp.ClientTimeout(total=None, connect=connect_s),
            trace_request_ctx=progress,
        ) as reply:
            headers = _headers(reply)
            if headers.get("content-encoding", "identity") != "identity":
                raise aiohttp.ClientPayloadError("compressed")
            if sink is None or reply.status != 200:
                return HttpReply(reply.status, headers, await _body(reply))
            async for piece in reply.content.iter_any():
                sink(piece)
            return HttpReply(reply.status, headers, b"")

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            trace = aiohttp.TraceConfig()
            trace.on_request_headers_sent.append(_sending)
            trace.on_connection_create_start.append(_connecting)
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=CONNECTIONS, keepalive_timeout=KEEP_WARM_S),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"Accept-Encoding": "identity"},
                auto_decompress=False,
                trust_env=False,
                max_line_size=LINE_MAX,
                max_field_size=LINE_MAX,
                max_headers=FIELDS_MAX,
                trace_configs=[trace],
            )
        return self._session


async def _sending(
    _session: aiohttp.ClientSession, context: SimpleNamespace, _params: aiohttp.TraceRequestHeadersSentParams
) -> None:
    """aiohttp calls this with a connection in hand, directly before the first byte.

    The ledger's entry is made behind the task that writes it, by a timer: somebody stands before a dark glass.
    """
    progress: _Progress = context.trace_request_ctx
    progress.sending = True
    if progress.outbound is not None:
        asyncio.get_running_loop().call_later(0, progress.outbound.sent, progress.origin, progress.request)


async def _connecting(
    _session: aiohttp.ClientSession, context: SimpleNamespace, _params: aiohttp.TraceConnectionCreateStartParams
) -> None:
    progress: _Progress = context.trace_request_ctx
    if progress.outbound is not None:
        progress.outbound.connecting(progress.origin)


def _headers(reply: aiohttp.ClientResponse) -> dict[str, str]:
    """Lower-case names; a header sent twice is joined, so that no reader can pick the one it likes."""
    if sum(len(name) + len(value) for name, value in reply.raw_headers) > HEADERS_MAX:
        raise aiohttp.ClientPayloadError("headers too large")
    found: dict[str, str] = {}
    for name, value in reply.headers.items():
        lower = name.lower()
        found[lower] = f"{found[lower]}, {value}" if lower in found else value
    return found


async def _body(reply: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for chunk in reply.content.iter_any():
        body += chunk
        if len(body) > BODY_MAX:
            reply.close()
            raise aiohttp.ClientPayloadError("body too large")
    return bytes(body)


def _origin(gateway: str, *, test: bool) -> str:
    try:
        parts = urlsplit(gateway)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise BadSettings("gateway_unusable", gateway=gateway) from None
    extra = parts.path.rstrip("/") or parts.query or parts.fragment or parts.username or parts.password
    if parts.scheme not in {"https", "http"} or not (_NAME.fullmatch(host) or _address(host)) or extra:
        raise BadSettings("gateway_unusable", gateway=f"{parts.scheme}://{host}")
    if parts.scheme == "http" and not (test and _loopback(host)):
        raise BadSettings("gateway_not_https", gateway=f"http://{host}")
    name = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{name}" + (f":{port}" if port is not None else "")


def _loopback(host: str) -> bool:
    address = _address(host)
    return host == "localhost" if address is None else address.is_loopback


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _tls(ca_file: Path | None, identity: Identity | None) -> ssl.SSLContext:
    try:
        context = trusting(ca_file)
    except (OSError, ssl.SSLError) as error:
        raise BadSettings("ca_file_unreadable", file=str(ca_file), why=error.strerror or "no PEM") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if identity is not None:
        _identify(context, *identity)
    return context


def _identify(context: ssl.SSLContext, certificate: Path, key: Path) -> None:
    """A key with a password is refused: nobody is there to type it."""
    try:
        context.load_cert_chain(certificate, key, password="")
    except ssl.SSLError as error:
        raise BadSettings("key_not_of_certificate", file=str(key), certificate=str(certificate)) from error
    except OSError as error:
        why = error.strerror or "unknown"
        raise BadSettings("key_file_unreadable", file=f"{certificate}, {key}", why=why) from error
