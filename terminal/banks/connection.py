"""One connection to a provider: a request leaves in one piece, its answer is read within bounds (RFC 9112).

The grammar is httptools' (llhttp, the parser below aiohttp too). It is as forgiving as aiohttp is with answers: a
line may end without its CR. Nothing of an answer is believed for that; the provider signed its bytes.
"""

import asyncio
from collections.abc import Callable
from typing import Final

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from terminal.counter.ports import HttpReply

BODY_MAX: Final = 1 << 20
LINE_MAX: Final = 8190
FIELDS_MAX: Final = 64
HEADERS_MAX: Final = 32 * 1024
APART_MAX: Final = HEADERS_MAX + LINE_MAX  # of bytes as they come, in which neither a head ends nor a body goes on
_NO_BODY: Final = frozenset({204, 304})
Sink = Callable[[bytes], None]


class BadAnswer(Exception):
    """No whole answer within bounds; the text says why and quotes nothing of it."""


class HungUp(BadAnswer):
    """The provider closed the connection and had not begun to answer."""


class Connection(asyncio.Protocol):
    """For one exchange after another, until it is no longer ``open``. ``on_lost`` is called once, at its end."""

    __slots__ = (
        "_answer",
        "_apart",
        "_begun",
        "_body",
        "_fields",
        "_head",
        "_head_size",
        "_headers",
        "_keep",
        "_parser",
        "_sink",
        "_status",
        "_transport",
        "_trouble",
        "_until_closed",
        "idle_since_s",
        "lost",
        "on_lost",
    )

    def __init__(self, on_lost: Callable[["Connection"], None]) -> None:
        self.on_lost = on_lost
        self.idle_since_s = 0.0
        self.lost: Final[asyncio.Future[None]] = asyncio.get_running_loop().create_future()
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[HttpReply] | None = None  # while an exchange runs
        self._keep = True  # until an answer says otherwise
        self._until_closed = False

    @property
    def open(self) -> bool:
        """Another request may be sent over it."""
        return self._keep and self._transport is not None and not self._transport.is_closing()

    async def ask(self, request: bytes, sink: Sink | None = None) -> HttpReply:
        """Send these bytes and read their answer; the body of a 200 goes into ``sink``, where there is one.

        Raises:
            BadAnswer, OSError: no whole answer came; HungUp: not even its beginning.
            What ``sink`` raises. Whatever it is, a cancellation too, the connection is closed then.
        """
        assert self._answer is None
        assert self._transport is not None
        self._parser = HttpResponseParser(self)
        self._parser.set_dangerous_leniencies(
            lenient_headers=True, lenient_optional_cr_before_lf=True, lenient_spaces_after_chunk_size=True
        )
        self._sink = sink
        self._trouble: Exception | None = None
        self._begun = False  # a byte of the answer came
        self._until_closed = False  # its body has no length: the end of the connection is its end
        self._apart = 0  # bytes since anything of a head or a body was complete, see APART_MAX
        self._forget()
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        try:
            return await self._answer
        except BaseException:
            self.close()
            raise
        finally:
            self._answer = None

    def close(self) -> None:
        """At once: nobody waits for anything that is still on its way, and no body ends by that."""
        self._keep = self._until_closed = False
        if self._transport is not None:
            self._transport.abort()

    # --- what the transport tells -----------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        if self._answer is None or self._answer.done():  # nobody asked: what follows is no answer to anything
            self.close()
            return
        self._begun = True
        self._apart += len(data)
        try:
            self._parser.feed_data(data)
            if self._apart > APART_MAX:  # what has no end is kept by the parser, behind the body too
                raise BadAnswer("headers too large")
        except BadAnswer as error:
            self._end(error)
        except (HttpParserError, HttpParserUpgrade):  # one of the calls below may be what failed
            self._end(self._trouble or BadAnswer("not HTTP"))

    def eof_received(self) -> None:
        """Nothing may be asked any more. Over TLS a body without a length is whole only if TLS was ended, too.

        Whoever is on the way can end a connection, but cannot say close_notify (RFC 9112, 9.8).
        """
        self._keep = False
        assert self._transport is not None
        tls = self._transport.get_extra_info("ssl_object")
        try:
            self._until_closed = self._until_closed and (tls is None or not tls.read(1))
        except OSError:  # it wants more: nobody said that this is all
            self._until_closed = False

    def connection_lost(self, error: Exception | None) -> None:
        self._keep = False
        if self._answer is not None:
            if self._until_closed and error is None:
                self._whole()
            elif not self._begun:
                self._end(HungUp("hung up"))
            else:
                self._end(error or BadAnswer("cut short"))
        if not self.lost.done():
            self.lost.set_result(None)
        self.on_lost(self)

    def _end(self, error: Exception) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error)

    # --- what the parser tells; whatever these raise ends it -----------------------------------------------------

    def on_message_begin(self) -> None:
        if self._answer is None or self._answer.done():  # a second answer behind the first
            self._keep = False
            self._fail(BadAnswer("not asked"))

    def on_header(self, name: bytes, value: bytes) -> None:
        size = len(name) + len(value)
        self._fields += 1
        self._head_size += size
        if self._fields > FIELDS_MAX or size > LINE_MAX or self._head_size > HEADERS_MAX:
            self._fail(BadAnswer("headers too large"))
        if 0 in value:  # the one thing that leniency lets in and no text should hold
            self._fail(BadAnswer("not HTTP"))
        if self._head:  # behind the body: no header field, whatever its name (RFC 9110, 6.5.1)
            return
        lower = name.decode("ascii", "replace").lower()
        text = value.rstrip(b" \t").decode("utf-8", "surrogateescape")  # blanks in front the parser takes
        before = self._headers.get(lower)
        self._headers[lower] = text if before is None else f"{before}, {text}"  # no reader picks the one he likes

    def on_headers_complete(self) -> None:
        self._status, self._head = self._parser.get_status_code(), True
        if self._status < 200:
            return
        self._apart = 0
        if self._headers.get("content-encoding", "identity") != "identity":
            self._fail(BadAnswer("compressed"))
        bounded = self._headers.keys() & {"content-length", "transfer-encoding"}
        self._until_closed = not bounded and self._status not in _NO_BODY

    def on_body(self, data: bytes) -> None:
        self._apart = 0
        if self._sink is not None and self._status == 200:
            try:
                self._sink(data)
            except Exception as error:
                self._trouble = error
                raise
            return
        self._body += data
        if len(self._body) > BODY_MAX:
            self._fail(BadAnswer("body too large"))

    def on_message_complete(self) -> None:
        if self._status < 200:  # informational: the answer is still to come
            self._forget()
            return
        self._keep = self._keep and self._parser.should_keep_alive()
        self._whole()

    def _forget(self) -> None:
        self._status, self._body = 0, bytearray()
        self._headers: dict[str, str] = {}
        self._head, self._head_size, self._fields = False, 0, 0

    def _whole(self) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(HttpReply(self._status, self._headers, bytes(self._body)))

    def _fail(self, error: BadAnswer) -> None:
        self._trouble = error
        raise error
