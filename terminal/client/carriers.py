"""What carries the plans: a client that blocks, and one that awaits."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from functools import wraps
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Concatenate, Final, ParamSpec, Self, TypeVar
from urllib.parse import urlsplit

from terminal.client import calls
from terminal.client.answers import Event
from terminal.client.calls import Ask, Plan, Reply, Service

P = ParamSpec("P")
T = TypeVar("T")
BODY_MAX: Final = 8 * 1024 * 1024


def _now(call: Callable[Concatenate[Service, P], Plan[T]]) -> Callable[Concatenate["Client", P], T]:
    @wraps(call)
    def run(client: "Client", /, *args: P.args, **kwargs: P.kwargs) -> T:
        return client.run(call(client, *args, **kwargs))

    return run


def _soon(
    call: Callable[Concatenate[Service, P], Plan[T]],
) -> Callable[Concatenate["AsyncClient", P], Awaitable[T]]:
    @wraps(call)
    def run(client: "AsyncClient", /, *args: P.args, **kwargs: P.kwargs) -> Awaitable[T]:
        return client.run(call(client, *args, **kwargs))

    return run


class Client(Service):
    """Blocks. A connection a call, so that threads may share it."""

    ask, open_sale, pay, cancel = _now(calls.ask), _now(calls.open_sale), _now(calls.pay), _now(calls.cancel)
    scan, refund, sale, find = _now(calls.scan), _now(calls.refund), _now(calls.read_sale), _now(calls.find)
    events, next_page, wait = _now(calls.events), _now(calls.next_page), _now(calls.wait)

    def follow(self, after: int) -> Iterator[Event]:
        """Every event after a number, for ever. Write ``number`` down once the work on it is done."""
        while page := self.next_page(after):
            yield from page.events
            after = page.next

    def run(self, plan: Plan[T]) -> T:
        try:
            step = next(plan)
            while True:
                step = plan.send(self._play(step))
        except StopIteration as end:
            done: T = end.value
            return done

    def _play(self, ask: Ask | float) -> Reply:
        if not isinstance(ask, Ask):
            time.sleep(ask)
            return Reply(time.monotonic())
        to, limit_s, body = urlsplit(self.url), self.timeout_s + ask.wait_s, b""
        link = (HTTPSConnection if to.scheme == "https" else HTTPConnection)(to.netloc, timeout=limit_s)
        end_s = time.monotonic() + limit_s
        try:
            link.request(ask.method, to.path.rstrip("/") + ask.path, ask.body, ask.headers)
            answer = link.getresponse()
            while len(body) <= BODY_MAX and time.monotonic() < end_s and (piece := answer.read1(65536)):
                body += piece
            headers = {name.lower(): text for name, text in answer.getheaders()}
            return Reply(time.monotonic(), answer.status, headers, body)
        except (OSError, HTTPException):
            return Reply(time.monotonic())
        finally:
            link.close()


class AsyncClient(Service):
    """``async with AsyncClient(url, api_key) as client``: one session, closed with the block."""

    ask, open_sale, pay, cancel = _soon(calls.ask), _soon(calls.open_sale), _soon(calls.pay), _soon(calls.cancel)
    scan, refund, sale, find = _soon(calls.scan), _soon(calls.refund), _soon(calls.read_sale), _soon(calls.find)
    events, next_page, wait = _soon(calls.events), _soon(calls.next_page), _soon(calls.wait)

    async def __aenter__(self) -> Self:
        import aiohttp

        self._session = aiohttp.ClientSession()
        return self

    async def __aexit__(self, *ended: object) -> None:
        await self._session.close()

    async def follow(self, after: int) -> AsyncIterator[Event]:
        """Every event after a number, for ever. Write ``number`` down once the work on it is done."""
        while page := await self.next_page(after):
            for event in page.events:
                yield event
            after = page.next

    async def run(self, plan: Plan[T]) -> T:
        try:
            step = next(plan)
            while True:
                step = plan.send(await self._play(step))
        except StopIteration as end:
            done: T = end.value
            return done

    async def _play(self, ask: Ask | float) -> Reply:
        import aiohttp

        now, body, url = asyncio.get_running_loop().time, b"", self.url.rstrip("/")
        if not isinstance(ask, Ask):
            await asyncio.sleep(ask)
            return Reply(now())
        try:
            async with asyncio.timeout(self.timeout_s + ask.wait_s):
                sent = self._session.request(
                    ask.method, url + ask.path, data=ask.body, headers=ask.headers, allow_redirects=False
                )
                async with sent as answer:
                    while len(body) <= BODY_MAX and (piece := await answer.content.read(65536)):
                        body += piece
                    headers = {name.lower(): text for name, text in answer.headers.items()}
                    return Reply(now(), answer.status, headers, body)
        except (aiohttp.ClientError, OSError):
            return Reply(now())
