"""The hardware proxy over HTTP: a till's page in a browser calls it, so its site is named exactly in the settings.

Source: WHATWG Fetch, "CORS protocol"; W3C Private Network Access, "CORS preflight"; the routes as ``hw_proxy.py``.
"""

import asyncio
import contextlib
import hmac
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
from aiohttp import web

from terminal.errors import InvalidRequest, NotAllowed, NotFound, TerminalError
from terminal.pos.hw_proxy import DRIVER, Call, Unreadable, failure, read_call, read_payment, result
from terminal.pos.hw_proxy_till import HwProxy
from terminal.pos.peers import Peers

CALL_MAX: Final = 1024 * 1024  # a receipt as a picture is read in order to be refused in words
BODY_S: Final = 10.0
MISSING: Final = -32601
REFUSED: Final = -32000
NAMES: Final = ("localhost", "127.0.0.1", "[::1]")
TEXT_MAX: Final = 40  # of the two lines of a customer display
_HERE: Final = Peers(())
_STRANGERS: Final = frozenset({403, 404, 421, 429})  # what they are told, no page of another site reads
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Gate:
    """Who gets in. ``secret``: the first part of every path; ``hosts``: names this machine is called by."""

    secret: str = field(repr=False)
    origins: Collection[str]
    hosts: Collection[str] = NAMES
    peers: Peers = _HERE
    wait_s: Callable[[str], float] = lambda _who: 0.0
    """How long this caller has asked too much; 0: it may pass, which is counted."""

    def check(self, request: web.Request) -> None:
        """Raises web.HTTPException."""
        if not self.peers.admits(request.remote):
            raise web.HTTPForbidden(text="address not allowed\n")
        if self.wait_s(str(request.remote)) > 0:
            raise web.HTTPTooManyRequests(text="too many\n", headers={"Retry-After": "1"})
        self._check_host(request)
        if not hmac.compare_digest(request.match_info.get("secret", "").encode(), self.secret.encode()):
            raise web.HTTPNotFound(text="not found\n")
        origins = request.headers.getall("Origin", [])
        if origins and (len(origins) != 1 or origins[0] not in self.origins):
            raise web.HTTPForbidden(text="origin not allowed\n")

    def _check_host(self, request: web.Request) -> None:
        """Exactly one, exactly ours (S21)."""
        told = request.headers.getall("Host", [])
        name, _, port = told[0].rpartition(":") if len(told) == 1 else ("", "", "")
        here = request.transport.get_extra_info("sockname") if request.transport else None
        if name.lower() not in self.hosts or here is None or port != str(here[1]):
            raise web.HTTPMisdirectedRequest(text="host not allowed\n")

    def open_to(self, request: web.Request, answer: web.StreamResponse) -> None:
        """Only ever the one listed origin that asked; no credentials, no star (S23)."""
        answer.headers["Vary"] = "Origin"
        answer.headers["Cache-Control"] = "no-store"
        answer.headers["X-Content-Type-Options"] = "nosniff"
        if origin := request.headers.get("Origin"):
            answer.headers["Access-Control-Allow-Origin"] = origin


class Routes:
    """One method a route; its name is the route's."""

    def __init__(self, till: HwProxy) -> None:
        self._till = till
        self.told: list[dict[str, Any]] = []  # transactions in the answer

    async def handshake(self, _call: Call) -> object:
        return True

    async def status_json(self, _call: Call) -> object:
        now = self._till.status()
        self.told += now[DRIVER]["transactions"].values()
        return now

    async def payment_terminal_transaction_start(self, call: Call) -> object:
        try:
            began = await self._till.start(read_payment(call.params, self._till.desk.currency))
        except TerminalError as refused:
            self._till.refused(refused)
            return False  # "failed to start": the till lets its user try again
        self.told.append(began)
        return began

    async def display_show(self, call: Call) -> object:
        """On the idle glass; while it shows a payment the till's words wait for nobody."""
        text = call.params.get("text", "")
        if not isinstance(text, str):
            raise InvalidRequest("field_wrong", field="text")
        plain = "".join(each if each.isprintable() else " " for each in text)
        return self._till.desk.show_text(" ".join(plain.split())[:TEXT_MAX])

    async def print_xml_receipt(self, call: Call) -> object:
        await self._till.print_receipt(call.params.get("receipt"))
        return True

    async def default_printer_action(self, call: Call) -> object:
        data = call.params.get("data")
        action = data.get("action") if isinstance(data, dict) else None
        if action not in ("print_receipt", "print_xml_receipt", "cashbox"):
            raise InvalidRequest("field_wrong", field="action")
        if action == "print_xml_receipt":
            await self._till.print_receipt(data.get("receipt") if isinstance(data, dict) else None)
            return True
        self._till.refused(
            NotAllowed("drawer_not_by_till") if action == "cashbox" else InvalidRequest("receipt_picture")
        )
        return False

    async def open_cashbox(self, _call: Call) -> object:
        raise NotAllowed("drawer_not_by_till")

    async def scanner(self, _call: Call) -> object:
        return await self._till.product()


ROUTES: Final = (
    *("handshake", "status_json", "payment_terminal_transaction_start", "display_show", "print_xml_receipt"),
    *("default_printer_action", "open_cashbox", "scanner"),
)


def make_hw_proxy(till: HwProxy, gate: Gate, body_s: float = BODY_S) -> web.Application:
    """To be opened on a listener of its own. ``body_s``: a call's body comes within it."""

    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            gate.check(request)
            answer = await handler(request)
        except web.HTTPException as no:
            if no.status in _STRANGERS:
                raise
            gate.open_to(request, no)
            raise
        gate.open_to(request, answer)
        return answer

    async def call(request: web.Request) -> web.Response:
        routes = Routes(till)
        answer = _json(await _answer(routes, request, body_s))
        gate.open_to(request, answer)
        with contextlib.suppress(ConnectionError):  # the till is gone: it will ask
            await answer.prepare(request)
            await answer.write_eof()
            if request.transport is not None and not request.transport.is_closing():
                till.heard(routes.told)
        return answer

    app = web.Application(client_max_size=CALL_MAX, middlewares=[guard])
    app.router.add_get("/{secret}/hw_proxy/hello", _hello)
    app.router.add_post("/{secret}/hw_proxy/{route}", call)
    app.router.add_route("OPTIONS", "/{secret}/hw_proxy/{route}", _preflight)
    return app


async def _hello(_request: web.Request) -> web.Response:
    return web.Response(text="ping")


async def _preflight(request: web.Request) -> web.Response:
    if "Origin" not in request.headers:
        raise web.HTTPBadRequest(text="no origin\n")
    headers = {
        "Access-Control-Allow-Methods": "GET, POST",
        "Access-Control-Allow-Headers": "Content-Type",
        "Access-Control-Max-Age": "600",
    }
    if request.headers.get("Access-Control-Request-Private-Network") == "true":
        headers["Access-Control-Allow-Private-Network"] = "true"
    return web.Response(status=204, headers=headers)


async def _answer(routes: Routes, request: web.Request, body_s: float) -> dict[str, Any]:
    if request.content_type != "application/json" or "Content-Encoding" in request.headers:
        raise web.HTTPUnsupportedMediaType(text="JSON, please\n")
    try:
        async with asyncio.timeout(body_s):
            call = read_call(await request.read(), CALL_MAX)
    except TimeoutError:
        raise web.HTTPRequestTimeout(text="too slow\n") from None
    except Unreadable as no:
        return failure(no.code, no.error, no.id)
    route = request.match_info["route"]
    if route not in ROUTES:
        return failure(MISSING, NotFound("not_found"), call.id)
    try:
        return result(call, await getattr(routes, route)(call))
    except TerminalError as refused:
        return failure(REFUSED, refused, call.id)


def _json(told: dict[str, Any]) -> web.Response:
    return web.Response(body=msgspec.json.encode(told), content_type="application/json")
