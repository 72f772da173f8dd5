"""A ZVT till and its terminal on a cable in memory, at the shop on virtual time."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from terminal.payments.sale import Sale, SaleState
from terminal.pos.desk import Desk
from terminal.pos.zvt import Session
from terminal.pos.zvt_links import LinkClosed, LinkLost, SerialLink, StreamLink
from terminal.pos.zvt_till import ZvtTill
from tests.flows.door_rig import desk_of
from tests.flows.shop import Shop
from tests.strangers.zvt_till import Closed, Heard, SerialWire, TcpWire, Till


def local(wall_ms: int) -> datetime:
    return datetime.fromtimestamp(wall_ms / 1000, UTC)


class Cable:
    """``door`` and ``till`` are its two ends; pulled out, both read the end."""

    def __init__(self) -> None:
        self._ways: tuple[asyncio.Queue[bytes], asyncio.Queue[bytes]] = (asyncio.Queue(), asyncio.Queue())
        self.door, self.till = End(self, 0), TillEnd(self, 1)
        self.pulled = self.hung_up = False

    def way(self, number: int) -> asyncio.Queue[bytes]:
        return self._ways[number % 2]

    def hang_up(self) -> None:
        """The till ends the connection, in order."""
        self.hung_up = True
        self.pull()

    def pull(self) -> None:
        self.pulled = True
        for way in self._ways:
            way.put_nowait(b"")


class End:
    def __init__(self, cable: Cable, number: int) -> None:
        self._cable, self._number = cable, number

    async def read(self) -> bytes:
        data = await self._cable.way(self._number).get()
        if not data:
            raise LinkClosed("hung up") if self._cable.hung_up else LinkLost("pulled out")
        return data

    async def write(self, data: bytes) -> None:
        if self._cable.pulled:
            raise LinkLost("pulled out")
        self._cable.way(self._number + 1).put_nowait(data)

    def frame_seen(self) -> None:
        return

    async def close(self) -> None:
        self._cable.pull()


class TillEnd(End):
    async def read(self) -> bytes:
        return await self._cable.way(self._number).get()

    async def write(self, data: bytes) -> None:
        self._cable.way(self._number + 1).put_nowait(data)


class Counter:
    """The terminal side: one for every life of the service, with as many cables as a story wants."""

    def __init__(self, shop: Shop, counter: str = "1", kind: type[Desk] = Desk) -> None:
        self.shop, self.name, self._kind, self._count = shop, counter, kind, 0
        self._tasks: list[asyncio.Task[None]] = []
        self.terminal = self.connect_service()

    def connect_service(self) -> ZvtTill:
        clock = self.shop.world.clock

        def named() -> str:
            self._count += 1
            return f"{self._count}-{clock.wall_ms()}"

        desk = desk_of(self.shop, door="old", counter=self.name, kind=self._kind)
        self.terminal = ZvtTill(desk, clock, named, local, lambda now_ms: now_ms - 3_600_000, "52500038")
        self._tasks.append(asyncio.create_task(self.terminal.followed.watch()))
        return self.terminal

    def plug(self, *, serial: bool = False, prefix: bool = False, **wire: Any) -> tuple[Till, Cable]:
        cable = Cable()
        link: Any = SerialLink(cable.door) if serial else StreamLink(cable.door)
        self._tasks.append(asyncio.create_task(Session(link, self.terminal).run()))
        side = SerialWire(cable.till, **wire) if serial else TcpWire(cable.till, prefix=prefix)
        return Till(side), cable

    def again(self) -> Till:
        """Another connection of the same till."""
        return self.plug()[0]

    async def raw(self, command: str) -> tuple[TcpWire, Cable]:
        """A connection on which a till sends this and acknowledges nothing by itself."""
        _, cable = self.plug()
        wire = TcpWire(cable.till)
        await wire.send(bytes.fromhex(command))
        return wire, cable

    def cut(self) -> None:
        """The newest connection is ended by us, as by a listener that has too many."""
        self._tasks[-1].cancel()

    async def end(self) -> None:
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    # --- verbs of a story ---

    async def shown(self) -> Sale:
        lane = self.shop.lane(self.name)
        await self.shop.until(lambda: lane.current is not None, 5)
        sale = self.shop.service.book.sale(str(lane.current))
        await self.shop.until(lambda: bool(self.shop.attempt(sale).payload), 5)
        return sale

    async def pays(self) -> None:
        self.shop.pay(await self.shown())

    async def paid(self, till: Till, minor: int = 2850) -> Heard:
        return await till.pay(minor, meanwhile=self.pays)

    async def lost(self, minor: int = 2850, *, pays: bool = False) -> Sale:
        """A till asks for money and its line is pulled while the code is shown; ``pays``: the customer goes on."""
        till, cable = self.plug()
        asked = asyncio.ensure_future(till.pay(minor))
        sale = await self.shown()
        await self.unanswered(cable, asked)
        if pays:
            self.shop.pay(sale)
            await self.until_paid(sale)
        return sale

    async def unanswered(self, cable: Cable, asked: "asyncio.Future[Heard]") -> None:
        """The line is pulled before the till hears what became of what it asked for."""
        cable.pull()
        with contextlib.suppress(Closed):
            raise AssertionError(f"it heard {await asked}")

    async def until_paid(self, sale: Sale) -> None:
        await self.shop.until(lambda: self.shop.sale(sale).state is SaleState.PAID, 5)

    @property
    def sales(self) -> int:
        return len(self.shop.service.feed.list("sale", limit=100))


@asynccontextmanager
async def counter_of(shop: Shop, name: str = "1", kind: type[Desk] = Desk) -> AsyncIterator[Counter]:
    counter = Counter(shop, name, kind)
    try:
        yield counter
    finally:
        await counter.end()
