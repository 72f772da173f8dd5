"""Somebody's server that gets webhooks: it checks signatures with code of its own, and can behave badly."""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from aiohttp import web

from terminal.hooks.desk import HookParts, Hooks
from terminal.hooks.limits import HookLimits
from terminal.hooks.sender import HttpSender
from terminal.people.second_step import Sealer
from terminal.web.desks.hooks import shape
from tests.flows.api_rig import WATCHDOG_S, Shop

NAME: Final = "backoffice.shop.test"
FAST: Final = HookLimits((1,), 0, 24, 2, 2, 1000, 16, 1000, 1, 32)  # a story waits a second, not five


def fits(secret: str, headers: Any, body: bytes) -> bool:
    """By the specification, not by our code: HMAC-SHA256 over id, time and body; any of the signatures may fit."""
    key = base64.b64decode(secret.split("_", 1)[1])
    text = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    mine = "v1," + base64.b64encode(hmac.new(key, text, hashlib.sha256).digest()).decode()
    return mine in headers["webhook-signature"].split(" ")


@dataclass
class Receiver:
    """``answer`` gets what came and says the status; ``came`` holds id and event of all that arrived."""

    answer: Callable[[dict[str, Any]], int] = lambda _event: 200
    secret: str = ""
    port: int = 0
    came: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    requests: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    forged: int = 0
    _more: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        return f"http://{NAME}:{self.port}/countertop/events?shop=1"

    async def take(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.requests.append(({name.lower(): value for name, value in request.headers.items()}, body))
        if self.secret and not fits(self.secret, request.headers, body):
            self.forged += 1
            return web.Response(status=400)
        event = json.loads(body)
        status = self.answer(event)
        self.came.append((request.headers["webhook-id"], event))
        self._more.set()
        return web.Response(status=status, text="x" * 5000)

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(WATCHDOG_S):
            while not holds():
                self._more.clear()
                await self._more.wait()


@asynccontextmanager
async def receiving(receiver: Receiver) -> AsyncIterator[Receiver]:
    app = web.Application()
    app.router.add_post("/countertop/events", receiver.take)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    receiver.port = runner.addresses[0][1]
    try:
        yield receiver
    finally:
        await runner.cleanup()


async def in_this_shop(host: str, _port: int) -> tuple[str, ...]:
    if host != NAME:
        raise OSError("no such name")
    return ("127.0.0.1",)


def delivering(shop: Shop) -> Hooks:
    """The desk as the service wires it, with a name server of this story."""
    return Hooks(
        HookParts(
            "s1",
            shop.service.feed,
            shop.clock,
            shop.entropy,
            shop.ids,
            Sealer(bytes(32), shop.entropy),
            shape,
            HttpSender(FAST, shop.sent, resolve=in_this_shop),
            frozenset({NAME}),
            FAST,
        )
    )
