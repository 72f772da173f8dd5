"""``countertop lab serve --virtual``: the same API and control API over a counter whose time is a number.

The counter of the pytest plugin lives in one thread with a loop of its own. Time passes there while a request
waits for something, a breath after each, and by ``clock/advance``; between two requests it stands still.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, asynccontextmanager
from typing import Any, Final, TypeVar

from aiohttp import web

from terminal.client import Pieces
from terminal.lab.bank_link import BankRefuses
from terminal.lab.control import PREFIX, VERBS, Control, VirtualTime
from terminal.lab.control_openapi import Verb, document
from terminal.lab.control_refusals import in_words
from terminal.lab.door import Door
from terminal.lab.laboratory import Laboratory
from terminal.lab.service_process import NoService
from terminal.lab.stand import Stand
from terminal.lab.timeline import Timeline
from terminal.sandbox.engine import CustomerCannot, plain_view
from terminal.simulation.api_door import NOTHING, Ask, in_time
from terminal.system import SystemEntropy
from terminal.testing.counter import Counter
from terminal.testing.setup import Setup

T = TypeVar("T")
BREATH_S: Final = 0.25
ANSWER_S: Final = 90.0  # of virtual time, longer than any wait a caller may ask for
STREAM_S: Final = 20.0
STREAM: Final = "/api/v1/events/stream"
DOWN_S: Final = 1.0
SALES: Final = 5
ORDERS: Final = 12
LATE_MS: Final = 90_000
PASSWORD_MS: Final = 4_000
HOP: Final = ("host", "connection", "content-length", "transfer-encoding", "keep-alive", "expect", "date")
NO_SOCKETS: Final = "On virtual time nothing stays open: read GET /api/v1/events?after=N."
SOCKET: Final = "/api/v1/live"
DAY_S: Final = 86_400.0  # the longest clock/advance
API_BODY_MAX: Final = 1024 * 1024  # the service refuses earlier, in its own words


class VirtualBank:
    """What the laboratory asks of the sandbox's door, asked of the bank in the same world."""

    def __init__(self, counter: Counter) -> None:
        self._counter = counter

    @property
    def _now_ms(self) -> int:
        return self._counter.world.bank_clock.wall_ms()

    async def scan(self, code: str) -> dict[str, Any]:
        try:
            return dict(plain_view(self._counter.world.bank.customer_scans(code, self._now_ms)))
        except CustomerCannot as refused:
            raise BankRefuses(refused.reason) from None

    async def act(self, act: str, order_no: str, mchid: str = "", delay_ms: int = 0) -> dict[str, Any]:
        bank, now_ms, result = self._counter.world.bank, self._now_ms, "paid"
        try:
            if act == "refuse":
                bank.customer_refuses(order_no, now_ms, mchid=mchid)
                result = "refused"
            elif act == "confirm":
                bank.customer_confirms_password(order_no, now_ms, mchid=mchid)
            else:
                wait_ms = {"late": LATE_MS, "password": PASSWORD_MS}.get(act, delay_ms)
                result = bank.customer_pays(order_no, now_ms, delay_ms=wait_ms, mchid=mchid)
        except CustomerCannot as refused:
            raise BankRefuses(refused.reason) from None
        finally:
            self._counter.world.bank_worked()
        return {"result": result}

    async def payment_code(self, behaviour: str = "pays", confirm_after_ms: int = 0) -> str:
        bank = self._counter.world.bank
        return bank.new_customer_code(self._now_ms, behaviour, confirm_after_ms=confirm_after_ms)

    async def set_fault(
        self, slug: str, params: dict[str, Any], *, count: int | None, seconds: int | None
    ) -> None:
        duration_ms = None if seconds is None else seconds * 1000
        world = self._counter.world
        world.bank.set_fault(slug, self._now_ms, count=count, duration_ms=duration_ms, params=params)
        world.bank_worked()

    async def clear_faults(self, slug: str = "") -> None:
        self._counter.world.bank.faults.clear(slug)

    async def set_account_fault(self, currency: str, slug: str, count: int) -> None:
        """This shop has no account without an API."""


class VirtualProcess:
    """The service as something that can be killed; it comes back by itself, as under a supervisor."""

    def __init__(self, counter: Counter) -> None:
        self._counter = counter

    def pid(self) -> int:
        if not self._counter.world.alive:
            raise NoService
        return 1

    def send(self, name: str) -> None:
        self.pid()
        self._counter.aside(self._again(graceful=name == "TERM"))

    async def _again(self, *, graceful: bool) -> None:
        await self._counter.down(graceful=graceful)
        await asyncio.sleep(DOWN_S)
        await self._counter.up()


class VirtualSales:
    def __init__(self, counter: Counter) -> None:
        self._counter = counter

    async def sales(self) -> list[dict[str, Any]]:
        if not self._counter.world.alive:
            return []
        service = self._counter.service
        found = [service.book.sale(each.subject) for each in service.feed.list("sale", limit=SALES)]
        return [
            {"id": x.id, "no": x.no, "state": str(x.state), "word": x.word, "amount_minor": x.amount.minor,
             "currency": x.amount.currency}
            for x in found
        ]  # fmt: skip


class VirtualLab:
    """Everything on one thread: made there, asked there, closed there."""

    def __init__(self, seed: str) -> None:
        self._thread = ThreadPoolExecutor(1, "virtual counter")
        self._seed = seed
        self.key = ""
        self._counter: Counter
        self._lab: Laboratory
        self.control: Control

    async def open(self) -> None:
        await self._there(self._open)

    async def close(self) -> None:
        if self.key:
            await self._there(self._counter.close)
        self._thread.shutdown()

    def _open(self) -> None:
        counter = self._counter = Counter.open(Setup(seed=self._seed or 1))
        timeline = Timeline(counter.world.bank_clock)
        stand = Stand(counter.devices.wires, timeline)
        self._lab = Laboratory(stand, VirtualBank(counter), VirtualProcess(counter), timeline)  # type: ignore[arg-type]  # by shape
        self.control = Control(
            self._lab, VirtualSales(counter), time=VirtualTime(self._advance, self._counter.world.clock.jump_wall)
        )
        self.key = counter.run(counter.line.key())

    async def _advance(self, seconds: int) -> int:
        await asyncio.sleep(seconds)
        return self._counter.world.clock.wall_ms()

    async def api(self, request: web.Request) -> web.Response:
        """One request of a till, as bytes through the service's own server code."""
        if request.path == SOCKET:
            raise web.HTTPNotImplemented(text=NO_SOCKETS)
        headers = {name: text for name, text in request.headers.items() if name.lower() not in HOP}
        ask = Ask(request.method, request.path_qs, await request.read(), headers)
        status, told, body = await self._there(lambda: self._run(self._ask(ask)))
        if not status:
            raise web.HTTPServiceUnavailable(text="The service is down, or its answer was lost.")
        kept = {name: text for name, text in told.items() if name not in HOP}
        return web.Response(status=status, headers=kept, body=body)

    async def _ask(self, ask: Ask) -> tuple[int, Any, bytes]:
        office = await self._counter.office()
        if office is None:
            return 0, {}, b""
        if ask.path.startswith(STREAM):
            return await _first_events(office.door.pieces(ask))
        try:
            async with asyncio.timeout(ANSWER_S):
                return await office.door.ask(ask)
        except TimeoutError:
            return 0, {}, b""

    async def verb(self, verb: Verb, request: web.Request) -> web.Response:
        data = await request.read()
        status, body = await self._there(lambda: self._run(self._play(verb, request, data)))
        return web.Response(status=status, body=body, content_type="application/json")

    async def _play(self, verb: Verb, request: web.Request, data: bytes) -> tuple[int, bytes]:
        self._look()
        answer = await self.control.play(verb, request, data)
        self._look()
        return answer

    def _look(self) -> None:
        active = self._counter.world.bank.faults.active()
        self._lab.bank_faults = [{"slug": each.row.slug} for each in active]
        newest = self._counter.world.bank.ledger.orders.newest(ORDERS)
        self._lab.books = {
            "waiting": [
                {"order_no": order.out_trade_no, "mchid": order.mchid}
                for order in newest
                if order.state == "USERPAYING"
            ]
        }

    def _run(self, act: Coroutine[Any, Any, T]) -> T:
        done = self._counter.run(act, limit_s=DAY_S + ANSWER_S)
        self._counter.run(asyncio.sleep(BREATH_S))
        return done

    async def _there(self, act: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, act)


async def _first_events(pieces: Pieces) -> tuple[int, Any, bytes]:
    """A stream that ends with the first events it brings, or after a while: whoever follows it comes again."""
    status, headers, body = NOTHING
    async with aclosing(in_time(pieces, STREAM_S)) as coming:
        async for status, headers, piece in coming:  # noqa: B007 - of the last piece
            body += piece
            if b"\ndata: " in piece:
                break
    return status, {name.lower(): text for name, text in headers.items()}, body


def virtual_app(lab: VirtualLab, door: Door) -> web.Application:
    """The till's API with the till's key, the control API with the lab's token, on one port."""
    app = web.Application(client_max_size=API_BODY_MAX, middlewares=[in_words, _guarded(door)])

    def played(verb: Verb) -> Callable[[web.Request], Coroutine[Any, Any, web.Response]]:
        async def play(request: web.Request) -> web.Response:
            return await lab.verb(verb, request)

        return play

    async def openapi(_: web.Request) -> web.Response:
        return web.json_response(document(VERBS, PREFIX))

    app.add_routes([web.route(verb.method, PREFIX + verb.path, played(verb)) for verb in VERBS])
    app.add_routes([web.get(f"{PREFIX}/openapi.json", openapi), web.route("*", "/api/v1/{rest:.*}", lab.api)])
    return app


def _guarded(door: Door) -> Any:
    @web.middleware
    async def guard(request: web.Request, handler: Any) -> web.StreamResponse:
        if request.path.startswith("/api/v1/"):  # the service asks for its own key
            if request.headers.get("Host", "") not in door.hosts or "Origin" in request.headers:
                raise web.HTTPForbidden
            answer: web.StreamResponse = await handler(request)
            return answer
        guarded: web.StreamResponse = await door.guard(request, handler)
        return guarded

    return guard


@asynccontextmanager
async def virtual_lab(port: int, seed: str) -> AsyncIterator[tuple[str, str, str]]:
    """Answer on loopback: address, the till's key, the control API's token. Raises OSError: the port is taken."""
    lab, token = VirtualLab(seed), SystemEntropy().bytes(16).hex()
    door = Door(token)
    runner = web.AppRunner(virtual_app(lab, door), access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        port = runner.addresses[0][1]
        await lab.open()
        door.hosts |= {f"127.0.0.1:{port}", f"localhost:{port}"}
        yield f"http://127.0.0.1:{port}", lab.key, token
    finally:
        await runner.cleanup()
        await lab.close()
