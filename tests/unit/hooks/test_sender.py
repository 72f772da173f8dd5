"""The one way out for webhooks, against real receivers on loopback, good and bad (S16, S18, S19)."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import msgspec
import pytest
from aiohttp import web

from terminal.counter.ports import HttpRequest
from terminal.hooks.address import target_of
from terminal.hooks.delivery import Delivery, Outcome
from terminal.hooks.limits import HookLimits, hook_limits
from terminal.hooks.sender import HttpSender, Resolve, resolve

NAME = "till.shop.test"
ALLOW = {NAME}
DELIVERY = Delivery((("Content-Type", "application/json"), ("webhook-id", "evt_1_00")), b'{"number":1}')
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Ledger:
    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []

    def connecting(self, origin: str) -> None:
        self.told.append(("connect", origin))

    def sent(self, origin: str, request: HttpRequest) -> None:
        self.told.append((f"{request.method} {request.target}", origin))


@asynccontextmanager
async def receiver(handler: Handler) -> AsyncIterator[int]:
    app = web.Application(client_max_size=1 << 20)
    app.router.add_route("*", "/{tail:.*}", handler)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


def here(calls: list[str] | None = None) -> Resolve:
    async def ask(host: str, _port: int) -> tuple[str, ...]:
        if calls is not None:
            calls.append(host)
        return ("127.0.0.1",)

    return ask


def limits(**changed: int) -> HookLimits:
    return msgspec.convert({**msgspec.to_builtins(hook_limits()), **changed}, HookLimits)


async def sent(port: int, sender: HttpSender, path: str = "/hooks?a=1") -> Outcome:
    return await sender.send(target_of(f"http://{NAME}:{port}{path}", ALLOW), DELIVERY)


@pytest.mark.row(122)
async def test_s16_s19_a_delivery_arrives_whole_asks_for_its_name_once_and_stands_in_the_ledger() -> None:
    came: list[tuple[str, str, bytes, dict[str, str]]] = []

    async def take(request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        came.append((request.method, request.path_qs, await request.read(), headers))
        return web.Response(text="thanks")

    asked: list[str] = []
    ledger = Ledger()
    async with receiver(take) as port:
        assert await sent(port, HttpSender(limits(), ledger, resolve=here(asked))) == Outcome(True, status=200)
        origin = f"http://{NAME}:{port}"
    [(method, path, body, headers)] = came
    assert (method, path, body) == ("POST", "/hooks?a=1", DELIVERY.body)
    assert headers["webhook-id"] == "evt_1_00"
    assert headers["host"] == f"{NAME}:{port}"
    assert "cookie" not in headers
    assert asked == [NAME]
    assert ledger.told == [("connect", origin), ("POST /hooks?a=1", origin)]


async def test_s18_a_name_that_leads_inside_is_not_called_and_nothing_leaves() -> None:
    ledger = Ledger()
    sender = HttpSender(limits(), ledger, resolve=here())
    assert (await sender.send(target_of("https://pos.example/", ()), DELIVERY)).why == "inside"
    assert ledger.told == []


async def test_s18_a_name_that_changes_between_asking_and_connecting_changes_nothing() -> None:
    """DNS rebinding: what was judged is what is connected to."""
    answers = iter([("127.0.0.1",), ("169.254.169.254",)])

    async def rebinding(_host: str, _port: int) -> tuple[str, ...]:
        return next(answers)

    async def take(_request: web.Request) -> web.Response:
        return web.Response()

    async with receiver(take) as port:
        sender = HttpSender(limits(), Ledger(), resolve=rebinding)
        assert (await sent(port, sender)).taken, "one question, one address"
        assert (await sent(port, sender)).why == "inside", "and the next delivery is judged anew"


async def test_s18_a_redirect_to_the_metadata_is_not_followed() -> None:
    paths: list[str] = []

    async def lead_away(request: web.Request) -> web.Response:
        paths.append(request.path)
        raise web.HTTPTemporaryRedirect("http://169.254.169.254/latest/meta-data/")

    asked: list[str] = []
    async with receiver(lead_away) as port:
        outcome = await sent(port, HttpSender(limits(), Ledger(), resolve=here(asked)))
    assert (outcome.taken, outcome.why, outcome.status) == (False, "redirect", 307)
    assert (len(paths), asked) == (1, [NAME])


@pytest.mark.parametrize("status", [200, 500])
async def test_w3_an_answer_without_end_is_cut_and_its_status_stands(status: int) -> None:
    written = 0

    async def flood(request: web.Request) -> web.StreamResponse:
        nonlocal written
        answer = web.StreamResponse(status=status)
        await answer.prepare(request)
        while True:
            await answer.write(b"x" * 65536)
            written += 65536

    async with receiver(flood) as port:
        outcome = await sent(port, HttpSender(limits(answer_bytes=1000), Ledger(), resolve=here()))
    assert (outcome.taken, outcome.status) == (status == 200, status)


async def test_s19_a_receiver_that_never_answers_is_waited_for_one_time_only() -> None:
    async def silent(_request: web.Request) -> web.Response:
        await asyncio.Event().wait()
        raise AssertionError("cancelled before")

    async with receiver(silent) as port:
        assert (await sent(port, HttpSender(limits(answer_s=1), Ledger(), resolve=here()))).why == "timeout"


async def test_s19_410_is_the_receivers_last_word() -> None:
    async def gone(_request: web.Request) -> web.Response:
        return web.Response(status=410)

    async with receiver(gone) as port:
        assert (await sent(port, HttpSender(limits(), Ledger(), resolve=here()))).gone


async def test_nobody_there_an_unknown_name_and_no_tls_are_failures_not_errors() -> None:
    async def unknown(_host: str, _port: int) -> tuple[str, ...]:
        raise OSError("no such name")

    async def take(_request: web.Request) -> web.Response:
        return web.Response()

    async with receiver(take) as port:
        plain = target_of(f"https://{NAME}:{port}/", ALLOW)
        assert (await HttpSender(limits(), Ledger(), resolve=here()).send(plain, DELIVERY)).why == "tls"
    assert (await sent(port, HttpSender(limits(), Ledger(), resolve=here()))).why == "unreachable"
    assert (await sent(port, HttpSender(limits(), Ledger(), resolve=unknown))).why == "unreachable"


async def test_the_machines_own_resolver_answers_with_addresses() -> None:
    assert list(await resolve("127.0.0.1", 443)) == ["127.0.0.1"]
