"""The only outgoing HTTP: one link with warm connections to one provider, hardened (S16, B2, B3, B9).

TLS is always verified and never below 1.2; plain HTTP exists only to a loopback gateway in test mode. No
redirect is followed, no proxy used, no cookie kept, no compression accepted; every size and wait has a bound.
"""

import asyncio
import ipaddress
import re
import socket
import ssl
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import urlsplit

from aiohappyeyeballs import AddrInfoType, start_connection

from terminal.banks.connection import BadAnswer, Connection, HungUp, Sink
from terminal.counter.ports import HttpReply, HttpRequest, NoAnswer, NothingSent
from terminal.errors import BadSettings
from terminal.tls.trust import trusting

CONNECTIONS: Final = 8
KEEP_WARM_S: Final = 50.0  # below the minute after which gateways commonly hang up
NEXT_ADDRESS_S: Final = 0.25  # of a host with several (RFC 8305)
AGAIN: Final = frozenset({"GET", "PUT", "DELETE"})  # idempotent: once more when a warm connection was cold
Identity = tuple[Path, Path]
_USUAL: Final = (("accept", "Accept: */*"), ("user-agent", "User-Agent: Countertop"))
_FRAMING: Final = frozenset({"host", "connection", "content-length", "transfer-encoding"})  # ours to say
_CONTROL: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_NO_TARGET: Final = re.compile(r"[\x00-\x20\x7f]")
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

    def connects(self) -> None:
        if self.outbound is not None:
            self.outbound.connecting(self.origin)

    def sends(self) -> None:
        """The ledger's entry is made later, by a timer: somebody stands before a dark glass."""
        self.sending = True
        if self.outbound is not None:
            asyncio.get_running_loop().call_later(0, self.outbound.sent, self.origin, self.request)


class ProviderLink:
    """ProviderHttp over HTTP/1.1 connections that stay warm.

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
        scheme, _, authority = self._base.partition("://")
        self._host = "Host: " + authority.removesuffix(":443" if scheme == "https" else ":80")  # as all say it
        self._ca_file, self._identity = ca_file, identity
        self._tls = self._context()
        self._outbound = OUTBOUND.get()
        self._idle: list[Connection] = []  # the warmest last
        self._all: set[Connection] = set()
        self._places = asyncio.Semaphore(CONNECTIONS)
        self._cooling: asyncio.TimerHandle | None = None
        self._finding: asyncio.Future[list[AddrInfoType]] | None = None
        self._closings = 0

    @property
    def origin(self) -> str:
        """``https://host[:port]``, as every request goes there."""
        return self._base

    async def send(self, request: HttpRequest, *, connect_s: float, answer_s: float) -> HttpReply:
        """One exchange; ``answer_s`` bounds all of it, connecting included.

        Raises:
            NothingSent: no request byte was written. NoAnswer: it may have arrived.
        """
        progress = _Progress(self._base, request, self._outbound)
        try:
            async with asyncio.timeout(answer_s):
                return await self._exchange(request, connect_s, progress)
        except (BadAnswer, TimeoutError, OSError) as error:
            why = _why(error)
            if progress.sending:
                raise NoAnswer(why) from error
            raise NothingSent(why) from error

    async def download(self, request: HttpRequest, sink: Sink, *, connect_s: float, whole_s: float) -> HttpReply:
        """As ``send``, but the body of a 200 goes into ``sink`` piece by piece; what that raises ends it."""
        progress = _Progress(self._base, request, self._outbound)
        refused: list[Exception] = []

        def take(data: bytes) -> None:
            try:
                sink(data)
            except Exception as error:
                refused.append(error)
                raise

        try:
            async with asyncio.timeout(whole_s):
                return await self._exchange(request, connect_s, progress, take)
        except (BadAnswer, TimeoutError, OSError) as error:
            if error in refused:  # a full disk is not the provider's
                raise
            raise NoAnswer(_why(error)) from error

    def trust_again(self) -> None:
        """Read authorities and identity anew, for connections made from now on. Raises as the constructor."""
        self._tls = self._context()

    def _context(self) -> ssl.SSLContext:
        if self._base.startswith("http://") and self._ca_file is None and self._identity is None:
            return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # needs nobody, trusts nobody: no authorities to read
        return _tls(self._ca_file, self._identity)

    async def aclose(self) -> None:
        """What is under way gets no answer, and nothing new is sent for it. Asked again, the link begins anew."""
        self._closings += 1
        if self._cooling is not None:
            self._cooling.cancel()
            self._cooling = None
        ended = [*self._all]
        for connection in ended:
            connection.close()
        for connection in ended:
            await connection.lost

    async def _exchange(
        self, request: HttpRequest, connect_s: float, progress: _Progress, sink: Sink | None = None
    ) -> HttpReply:
        data, closings = self._bytes(request), self._closings
        if self._places.locked():
            async with asyncio.timeout(connect_s):
                await self._places.acquire()
        else:
            await self._places.acquire()
        try:
            if (warm := self._warm()) is not None:
                try:
                    return await self._over(warm, data, progress, sink)
                except HungUp:
                    if request.method not in AGAIN:
                        raise
            self._unless_closed(closings)
            async with asyncio.timeout(connect_s):
                fresh = await self._connect(progress)
            try:
                self._unless_closed(closings)
            except ConnectionError:
                fresh.close()
                raise
            return await self._over(fresh, data, progress, sink)
        finally:
            self._places.release()

    async def _over(
        self, connection: Connection, data: bytes, progress: _Progress, sink: Sink | None
    ) -> HttpReply:
        progress.sends()
        reply = await connection.ask(data, sink)
        if connection.open:
            self._keep_warm(connection)
        else:
            connection.close()
        return reply

    async def _connect(self, progress: _Progress) -> Connection:
        progress.connects()
        parts = urlsplit(self._base)
        host, https = parts.hostname or "", parts.scheme == "https"
        loop = asyncio.get_running_loop()
        found = await self._addresses(host, parts.port or (443 if https else 80))
        opened = await start_connection(found, happy_eyeballs_delay=NEXT_ADDRESS_S, interleave=1, loop=loop)
        connection = Connection(self._lost)
        try:
            await loop.create_connection(
                lambda: connection,
                sock=opened,
                ssl=self._tls if https else None,
                server_hostname=host if https else None,
            )
        except BaseException:
            connection.close()  # asyncio says goodbye, and waits for half a minute to hear it
            raise
        self._all.add(connection)
        return connection

    async def _addresses(self, host: str, port: int) -> list[AddrInfoType]:
        """One question for all who wait: it holds a thread, and those few sign for every provider (B9)."""
        if self._finding is None:
            self._finding = asyncio.get_running_loop().run_in_executor(None, _find, host, port)
            self._finding.add_done_callback(self._found)
        return await asyncio.shield(self._finding)

    def _found(self, found: asyncio.Future[list[AddrInfoType]]) -> None:
        self._finding = None
        if not found.cancelled():
            found.exception()  # is told to those who still wait

    def _warm(self) -> Connection | None:
        """One that is not known to end: what comes or closes meanwhile is told a moment before it is lost."""
        while self._idle:
            if (connection := self._idle.pop()).open:
                return connection
        return None

    def _unless_closed(self, closings: int) -> None:
        if self._closings != closings:
            raise ConnectionAbortedError("closed meanwhile")

    def _keep_warm(self, connection: Connection) -> None:
        loop = asyncio.get_running_loop()
        connection.idle_since_s = loop.time()
        self._idle.append(connection)
        if self._cooling is None:
            self._cooling = loop.call_later(KEEP_WARM_S, self._cool)

    def _cool(self) -> None:
        """Close what nobody used for so long; the first in the list is the one that waits for longest."""
        loop, self._cooling = asyncio.get_running_loop(), None
        while self._idle and (left_s := self._idle[0].idle_since_s + KEEP_WARM_S - loop.time()) <= 0:
            self._idle.pop(0).close()
        if self._idle:
            self._cooling = loop.call_later(left_s, self._cool)

    def _lost(self, connection: Connection) -> None:
        self._all.discard(connection)
        if connection in self._idle:
            self._idle.remove(connection)

    def _bytes(self, request: HttpRequest) -> bytes:
        """Raises ValueError for what would be more than one request."""
        given = {name.lower() for name, _ in request.headers}
        headers = [self._host, "Accept-Encoding: identity"]
        headers += [line for name, line in _USUAL if name not in given]
        headers += [f"{name}: {value}" for name, value in request.headers]
        if request.body or request.method in {"POST", "PUT", "PATCH"}:
            headers.append(f"Content-Length: {len(request.body)}")
        if _NO_TARGET.search(request.target) or _CONTROL.search("".join(headers)):
            raise ValueError("a control character in a request")
        if not given.isdisjoint(_FRAMING):
            raise ValueError("a header that says where a request ends")
        head = "\r\n".join((f"{request.method} {request.target} HTTP/1.1", *headers, "", ""))
        return head.encode() + request.body


def _find(host: str, port: int) -> list[AddrInfoType]:
    return [*socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def _why(error: Exception) -> str:
    """Others' text may quote the request."""
    return str(error) if isinstance(error, BadAnswer) else type(error).__name__


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
