"""Goal 14: a sale's event to 1, 100 and 1,000 listeners on WebSockets, beside aiohttp that sends one so long."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import aiohttp
from aiohttp import web

from terminal.payments.event import Actor
from terminal.web.edge import EdgeLimits
from tests.bench.peers.lnbits import Lnbits
from tests.bench.table import Figure
from tests.bench.timing import now_s, p50
from tests.flows.api_rig import open_shop

LISTENERS: Final = (1, 100, 1000)
ROUNDS: Final = 9
MANY: Final = 4000
LIMITS: Final = EdgeLimits(
    connections=MANY, connections_per_address=MANY, sockets_per_credential=MANY, known_burst=MANY
)
WATCHDOG_S: Final = 60.0
OPENED: Final = "sale_opened"
Tell = Callable[[], Awaitable[None]]


async def measure(folder: Path) -> list[Figure]:
    """Clients and server share this process and one core, in both: what differs is our work."""
    made = []
    for count in LISTENERS:
        bare = await _bare(count)
        ours = await _ours(folder, count)
        what = f"POST sale → its event at the last of {count:,} listeners, p50"
        made.append(Figure(14, what, ours * 1e3, "ms", "bare aiohttp", bare * 1e3))
    return made


async def beside(lnbits: Lnbits, ours: Sequence[Figure]) -> list[Figure]:
    """What ``measure`` found, beside the peer: its listeners hear of a payment, from the webhook on."""
    made = []
    for count, figure in zip(LISTENERS, ours, strict=True):
        theirs = await lnbits.spread(count, ROUNDS)
        what = f"the same, last of {count:,} listeners; LNbits from its webhook on"
        made.append(Figure(14, what, figure.ours, "ms", "LNbits", theirs * 1e3, most=1))
    return made


async def _ours(folder: Path, count: int) -> float:
    with TemporaryDirectory(dir=folder) as state:
        return await _of_shop(Path(state), count)


async def _of_shop(folder: Path, count: int) -> float:
    async with open_shop(folder, limits=LIMITS) as shop:
        machine = await shop.machine("sales")
        key, cancels = machine.headers["Authorization"], Actor("system", "bench")

        async def tell() -> None:
            told = await machine.post("/sales", {"counter": "1", "amount_minor": 2850})
            assert told.status == 201, told

        async def rest() -> None:
            sale = shop.service.lane("1").current
            assert sale
            await shop.service.checkout.cancel(sale, why="bench", actor=cancels)
            await shop.service.until(sale, lambda now: now.ended, WATCHDOG_S)
            await asyncio.sleep(0.2)  # the events of its end are with everybody

        return await _spread(f"{shop.url}/api/v1/live", {"Authorization": key}, count, tell, rest)


async def _bare(count: int) -> float:
    async with _socket_server() as (url, tell):
        return await _spread(url, {}, count, tell, _nothing)


async def _nothing() -> None: ...


@asynccontextmanager
async def _socket_server() -> AsyncIterator[tuple[str, Tell]]:
    sockets: list[web.WebSocketResponse] = []
    text = '{"type":"event","event_type":"sale_opened","body":"' + "x" * 500 + '"}'

    async def live(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        sockets.append(socket)
        async for _ in socket:
            pass
        return socket

    async def tell() -> None:
        for socket in sockets:
            await socket.send_str(text)

    app = web.Application()
    app.router.add_get("/", live)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield "http://127.0.0.1:{1}/".format(*runner.addresses[0]), tell
    finally:
        await runner.cleanup()


async def _spread(url: str, headers: dict[str, str], count: int, tell: Tell, rest: Tell) -> float:
    """Seconds from asking until the last listener has it, the middle of the rounds."""
    taken = []
    heard = asyncio.Semaphore(0)

    async def listen(socket: aiohttp.ClientWebSocketResponse) -> None:
        async for message in socket:
            if OPENED in message.data:
                heard.release()

    connector = aiohttp.TCPConnector(limit=0)
    async with (
        aiohttp.ClientSession(headers=headers, connector=connector) as session,
        asyncio.TaskGroup() as group,
    ):
        sockets = [await session.ws_connect(url) for _ in range(count)]
        tasks = [group.create_task(listen(each)) for each in sockets]
        await asyncio.sleep(0.2)
        for _ in range(ROUNDS):
            began_s = now_s()
            telling = asyncio.ensure_future(tell())
            async with asyncio.timeout(WATCHDOG_S):
                for _ in range(count):
                    await heard.acquire()
            taken.append(now_s() - began_s)
            await telling
            await rest()
        for task in tasks:
            task.cancel()
    return p50(taken)
