"""One row a call of the API: its address, what it takes and gives, who may ask. Handlers get it all checked."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final, Generic, Literal, TypeVar

import msgspec
from aiohttp import web
from msgspec.structs import replace

from terminal.counter.claims import Key
from terminal.errors import InvalidRequest, NotAllowed, NotFound, TerminalError, Unavailable
from terminal.payments.event import Actor
from terminal.payments.sale import Sale
from terminal.people.roles import ON_TEST_SALE, Action, Principal, guarded
from terminal.strict_json import parse
from terminal.web.callers import Caller, admit
from terminal.web.edge import EDGE, Edge
from terminal.web.idempotency import alone, key_of, meaning, remember_refusal
from terminal.web.rights import opens
from terminal.web.shapes.form import Form, Nothing, read, read_query
from terminal.web.versions import Deprecation, mark, wanted_version

B = TypeVar("B", bound=Form)
PREFIX: Final = "/api/v1"
encode: Final = msgspec.json.Encoder().encode


@dataclass(slots=True)
class Answer:
    """``view`` is encoded as JSON; a ready ``response`` is given as it is. ``etag``: its version."""

    view: msgspec.Struct | None = None
    status: int = 200
    response: web.Response | None = None
    etag: str = ""


@dataclass(slots=True)
class Call(Generic[B]):
    """A request with its body or query read and its caller known; ``key`` where one is required.

    ``version``: what the change was made from, where the row takes one; None: whatever it is now.
    """

    request: web.Request
    edge: Edge
    caller: Caller | None
    form: B
    version: int | None = None
    key: Key | None = None
    repeated: bool = False  # the same key was answered before

    def part(self, name: str) -> str:
        return self.request.match_info[name]

    @property
    def known(self) -> Caller:
        if self.caller is None:
            raise NotAllowed("not_signed_in")
        return self.caller

    def require(self, action: Action, counter: str = "") -> Principal:
        return self.edge.people.require(self.caller.principal if self.caller else None, action, counter)

    @property
    def actor(self) -> Actor:
        return self.known.principal.actor

    def sees(self, counter: str) -> bool:
        allowed = self.known.principal.counters
        return not allowed or counter in allowed

    def sale(self, action: Action) -> Sale:
        """The sale of the address. Another counter's is as unknown as one that never was (S31).

        Who may try a counter with the smallest amount sees those sales of their own, and no other.
        """
        trying = action in ON_TEST_SALE and not self.known.principal.may(action)
        wanted = Action.TEST_SALE if trying else action
        self.require(wanted)
        sale = self.edge.service.book.sale(self.part("sale"))
        mine = not trying or self.edge.service.feed.of_subject(sale.id)[0].actor == str(self.actor)
        if not self.sees(sale.counter) or not mine:
            raise NotFound("sale_unknown", sale=sale.id)
        self.require(wanted, sale.counter)
        return sale

    def counter(self, action: Action, counter: str) -> str:
        """A counter of this house the caller may act on. Raises NotFound("counter_unknown")."""
        self.require(action)
        if not self.sees(counter):
            raise NotFound("counter_unknown", counter=counter)
        self.edge.service.lane(counter)
        self.require(action, counter)
        return counter


Handler = Callable[[Call[Any]], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Operation:
    """A row of the route table and of the OpenAPI document.

    Args:
        path: below PREFIX; names in braces are parts of the address.
        form: the body of a POST, the query of a GET.
        answer: the type of a success; None for a stream.
        stores: the answer is kept under the required Idempotency-Key.
        upload: of a POST; its fields are the query, its body is a file that the handler reads piece by piece.
        open_to: "known" callers only, or "anyone".
        problems: slugs a caller should be ready for beside those every call can give.
        whole: of a list that is told at once: why it cannot grow. Every other list is read page by page.
        if_match: whether it takes, or asks for, the version that a change was made from.
        deprecated: it will end; every answer says so.
        body_bytes: of a form that may need more than the limit of all bodies.
    """

    method: Literal["GET", "POST"]
    path: str
    name: str
    handler: Handler
    says: str
    answer: type[msgspec.Struct] | None
    form: type[Form] = Nothing
    status: int = 200
    stores: bool = False
    open_to: Literal["known", "anyone"] = "known"
    problems: tuple[str, ...] = ()
    media: tuple[str, ...] = field(default=("application/json",))
    upload: bool = False
    whole: str = ""
    if_match: Literal["", "optional", "required"] = ""
    deprecated: Deprecation | None = None
    body_bytes: int = 0


def route(operation: Operation) -> web.RouteDef:
    async def handle(request: web.Request) -> web.StreamResponse:
        edge = request.app[EDGE]
        mark(request, operation.deprecated, PREFIX)
        caller = admit(request)
        if caller is None and operation.open_to == "known":
            raise NotAllowed("not_signed_in")
        if operation.open_to == "known":
            await _let_in(edge, operation, caller)
            if not edge.service.ready:
                raise Unavailable("starting")
        if operation.method == "GET" or operation.upload:
            form = read_query(operation.form, request.query)
        else:
            form = _whole(read(operation.form, await read_body(request, edge, operation.body_bytes)), edge)
        call = Call(request, edge, caller, form)
        if operation.if_match:  # before an answer is told again: no repeat makes a wrong header right
            call.version = wanted_version(request, required=operation.if_match == "required")
        answer = await (_stored(operation, call) if operation.stores else operation.handler(call))
        if answer.response is not None:
            return answer.response
        headers = {"Idempotency-Replayed": "true"} if call.repeated else {}
        if answer.etag:
            headers["ETag"] = answer.etag
        return web.Response(
            body=encode(answer.view), status=answer.status, content_type="application/json", headers=headers
        )

    return web.route(operation.method, PREFIX + operation.path, handle)


async def _let_in(edge: Edge, operation: Operation, caller: Caller | None) -> None:
    """The one door of all operations: what ``rights`` does not give is refused here, whatever a handler forgot."""
    assert caller is not None, "strangers were refused before"
    try:
        guarded(caller.principal, opens(operation.name))
    except NotAllowed as refused:
        if operation.method != "GET":
            await edge.note_refused(caller.principal, operation.name, refused.slug)
        raise
    if caller.by_key and edge.service.ready:
        await edge.note_key(caller.principal.id)


def _whole(form: Form, edge: Edge) -> Form:
    """The shop's own currency by name, so that leaving it out means the same."""
    return replace(form, currency=edge.service.house.currency) if getattr(form, "currency", None) == "" else form


async def _stored(operation: Operation, call: Call[Any]) -> Answer:
    edge = call.edge
    subject = "/".join(call.request.match_info.values())
    digest = meaning(edge.service.parts.code_key, subject, call.form)
    call.key = Key(call.known.credential, operation.name, key_of(call.request), digest)
    with alone(edge, call.key) as call.repeated:
        try:
            return await operation.handler(call)
        except TerminalError as error:
            await remember_refusal(edge, call.key, error, call.actor)
            raise


async def read_body(request: web.Request, edge: Edge, larger: int = 0) -> object:
    """The JSON value of a body; no body is an empty object. ``larger``: as many bytes as its form may need.

    Raises:
        InvalidRequest: ``body_too_large``, ``request_timeout``, or as ``strict_json.parse``.
    """
    limit = max(edge.limits.body_bytes, larger)
    data = await read_bytes(request, limit, edge.limits.body_s)
    return parse(data, limit=limit) if data else {}


async def read_bytes(request: web.Request, limit: int, seconds: float) -> bytes:
    """At most ``limit`` bytes within ``seconds``; what is refused is not read to its end."""
    _check_size(request.content_length or 0, limit)
    data = bytearray()
    try:
        if request.content.is_eof():  # it came with its head: nothing to wait for
            data += request.content.read_nowait()
            _check_size(len(data), limit)
            return bytes(data)
        async with asyncio.timeout(seconds):
            while chunk := await request.content.readany():
                data += chunk
                _check_size(len(data), limit)
    except TimeoutError:
        raise InvalidRequest("request_timeout") from None
    except (web.RequestPayloadError, ConnectionResetError):  # nobody reads the answer; the log stays quiet
        raise InvalidRequest("request_malformed") from None
    return bytes(data)


def _check_size(size: int, limit: int) -> None:
    if size > limit:
        raise InvalidRequest("body_too_large", limit=limit)
