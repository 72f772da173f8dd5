"""The shop's API without a socket: the same bytes through the same server code, on the world's own time.

A client is ``terminal.client`` with another carrier, so what a till's program does here it does against a shop.
"""

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar

from aiohttp import web

from terminal.client import AsyncClient, Client
from terminal.client.calls import Ask, Plan, Reply
from terminal.web.connection import Doorkeeper
from terminal.web.edge import EDGE, EdgeLimits

if TYPE_CHECKING:
    from terminal.testing.rig import Counter

__tracebackhide__ = True  # a failed test shows its own line
HOST: Final = "127.0.0.1"
PORT: Final = 7600
URL: Final = f"http://{HOST}:{PORT}"
STOP_S: Final = 2.0
BREATH_S: Final = 0.25
T = TypeVar("T")
Answer = tuple[int, Mapping[str, str], bytes]
NOTHING: Final[Answer] = (0, {}, b"")


class Wire(asyncio.Transport):
    """What a server writes, and when it hangs up."""

    def __init__(self) -> None:
        super().__init__({"peername": (HOST, 50_000), "sockname": (HOST, PORT)})
        self.written = bytearray()
        self.ended = asyncio.get_running_loop().create_future()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += data

    def close(self) -> None:
        if not self.ended.done():
            self.ended.set_result(None)

    abort = close

    def is_closing(self) -> bool:
        return self.ended.done()

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None: ...


class Door:
    """``lose``: answers to so many POSTs never arrive, though the work is done. ``away``: nobody answers."""

    def __init__(self, app: web.Application) -> None:
        self._edge = app[EDGE]
        self._runner = Doorkeeper(app, EdgeLimits(), STOP_S)
        self.lose, self.away = 0, False

    async def open(self) -> None:
        await self._runner.setup()
        self._edge.allow(HOST, PORT, None)

    async def close(self) -> None:
        await self._runner.cleanup()

    async def ask(self, ask: Ask) -> Answer:
        """Status, headers in lower case, body; status 0: no answer came."""
        server = self._runner.server
        if self.away or server is None:
            return NOTHING
        far, wire = server(), Wire()
        far.connection_made(wire)
        body = ask.body or b""
        told = {"Host": f"{HOST}:{PORT}", "Connection": "close", "Content-Length": str(len(body)), **ask.headers}
        head = f"{ask.method} {ask.path} HTTP/1.1\r\n" + "".join(
            f"{name}: {text}\r\n" for name, text in told.items()
        )
        try:
            far.data_received(head.encode() + b"\r\n" + body)
            await wire.ended
        finally:
            far.connection_lost(None)
        if ask.method == "POST" and self.lose:
            self.lose -= 1
            return NOTHING
        return _read(bytes(wire.written))


def _read(answer: bytes) -> Answer:
    head, _, body = answer.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    if len(lines[0].split()) < 2:
        return NOTHING  # killed in the middle
    headers = {name.lower(): text.strip() for name, _, text in (line.partition(":") for line in lines[1:])}
    return int(lines[0].split()[1]), headers, body


async def carry(counter: "Counter", ask: Ask | float, timeout_s: float) -> Reply:
    """One step of a client's plan on the counter's time."""
    loop = asyncio.get_running_loop()
    if not isinstance(ask, Ask):
        await asyncio.sleep(ask)
        return Reply(loop.time())
    counter.story.note("pos", f"{ask.method} {ask.path}", way="out")
    answer: Answer = NOTHING
    office = await counter.office()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(timeout_s + ask.wait_s):
            answer = await office.door.ask(ask) if office else NOTHING
    counter.story.note("pos", f"{answer[0] or 'no answer'} {ask.path}", way="in")
    return Reply(loop.time(), *answer)


async def key_of(counter: "Counter") -> str:
    """The key this life of the service made for the till; empty while it is down."""
    office = await counter.office()
    return office.key if office else ""


class CounterClient(Client):
    """``terminal.client.Client`` of a virtual counter: blocks the test while the counter's time runs."""

    def __init__(self, counter: "Counter", new_key: Callable[[], str], **more: Any) -> None:
        super().__init__(URL, "", new_key=new_key, **more)
        self._counter = counter

    def run(self, plan: Plan[T]) -> T:
        """After the answer a breath of time passes, as it does at a counter: voice and paper have begun."""
        self.api_key = self._counter.run(key_of(self._counter))
        done = super().run(plan)
        self._counter.run(asyncio.sleep(BREATH_S))
        return done

    def _play(self, ask: Ask | float) -> Reply:
        return self._counter.run(carry(self._counter, ask, self.timeout_s))


class AsyncCounterClient(AsyncClient):
    """``terminal.client.AsyncClient`` likewise, for coroutines that ``counter.run`` runs."""

    def __init__(self, counter: "Counter", new_key: Callable[[], str], **more: Any) -> None:
        super().__init__(URL, "", new_key=new_key, **more)
        self._counter = counter

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *ended: object) -> None: ...

    async def run(self, plan: Plan[T]) -> T:
        self.api_key = await key_of(self._counter)
        return await super().run(plan)

    async def _play(self, ask: Ask | float) -> Reply:
        return await carry(self._counter, ask, self.timeout_s)
