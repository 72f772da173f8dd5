"""Every door of a service in one world: a kill ends them where they stand, the next life opens them again."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

from terminal.chance import Chance
from terminal.client import AsyncClient, Pieces
from terminal.counter.service import Service
from terminal.payments.event import Actor
from terminal.payments.sale import Sale
from terminal.people.service import People
from terminal.pos.amount_line import AmountLine
from terminal.pos.amount_lines import Rules
from terminal.pos.desk import Desk
from terminal.pos.folder import FolderDoor
from terminal.pos.folder_shelf import Shelf
from terminal.pos.hw_proxy_till import HwProxy, Patience
from terminal.sandbox.engine import CustomerCannot
from terminal.simulation.api_door import NOTHING, Door, asked, in_time
from terminal.simulation.world import Gone
from terminal.web.app import make_api
from tests.flows.door_rig import FREE, days_of, desk_of
from tests.flows.shop import Shop
from tests.flows.test_door_amount_line import Line
from tests.flows.test_door_nexo import Line as NexoLine
from tests.flows.zvt_rig import Cable, Counter
from tests.strangers import nexo_till, zvt_till

T = TypeVar("T")
BROWSER, FILES, AMOUNTS, NEXO, ZVT, ONE, OTHER = COUNTERS = ("1", "2", "3", "4", "5", "6", "7")
UNPAID_S: Final = 60.0
PAGE: Final = 200


class Wire(Line):
    """A cut one carries nothing any more, also of what was on it."""

    async def read(self) -> bytes:
        data = await super().read()
        return b"" if self.cut else data

    def pull(self) -> None:
        self.cut = True
        self.sends(b"")


@dataclass
class Life:
    """The doors of the service that runs now. Planted mistakes take the place of a door."""

    shop: Shop
    folder: Path
    chance: Chance
    tasks: list["asyncio.Task[None]"] = field(default_factory=list)
    line: Wire | None = None
    cables: list[Cable] = field(default_factory=list)
    keys: dict[str, str] = field(default_factory=dict)  # of the API, by till
    kills: int = 0
    calming: bool = False
    make_proxy: Callable[..., HwProxy] = HwProxy
    nexo_desk: type[Desk] = Desk

    async def begin(self) -> None:
        shop, new_id = self.shop, self.shop.world.ids.ulid
        patience = Patience(silent_s=30, unpaid_s=UNPAID_S)
        self.proxy = self.make_proxy(
            desk_of(shop, counter=BROWSER), "front", "en", new_id, days_of(shop), patience
        )
        files = desk_of(shop, door="files", counter=FILES)
        folder = FolderDoor(files, Shelf(self.folder), "en", look_s=2, unpaid_s=UNPAID_S)
        amounts = desk_of(shop, door="line", counter=AMOUNTS)
        self.amounts = AmountLine(amounts, Rules("CNY"), new_id, unpaid_s=UNPAID_S)
        self.nexo = NexoLine(shop, counter=NEXO, kind=self.nexo_desk)
        self.zvt = Counter(shop, ZVT)
        self.tasks = [_run(self.proxy.watch()), _run(folder.run()), _run(self.amounts.watch())]
        self.api = await self._open_api()

    async def _open_api(self) -> Door:
        world, service = self.shop.world, self.shop.service
        clock, entropy = world.clock, world.entropy
        people = People(
            world.house.store, journal=service.feed, clock=clock, entropy=entropy, ids=world.ids, pepper=bytes(32),
            settings=FREE, simulated=True,
        )  # fmt: skip
        for till in ("api-1", "api-2", "api-3", "api-4"):
            if till not in self.keys:
                scopes = ("sales", "refunds")
                system = Actor("system", "test")
                made = await people.make_api_key(system, label=till, scopes=scopes, counters=(), days=365)
                self.keys[till] = made.key
        door = Door(make_api(service, people, clock=clock, entropy=entropy))
        await door.open()
        return door

    async def call(self, act: Callable[[Service], Awaitable[T]]) -> T:
        """One request of a till; the service may be killed under it. Raises Gone."""
        return await self.shop.world.call(act)

    # --- what tills are plugged into ----------------------------------------------------------------------

    async def plug_line(self) -> Wire:
        """Another connection of the old till, which begins where nothing was heard."""
        if self.line is not None:
            self.line.pull()
        await self.up()
        self.line = Wire(self.shop)
        self.tasks.append(_run(self.amounts.serve(self.line)))
        return self.line

    async def plug_zvt(self) -> tuple[zvt_till.Till, Cable]:
        await self.up()
        till, cable = self.zvt.plug()
        self.cables = [*self.cables[-8:], cable]
        return till, cable

    def nexo_till(self) -> nexo_till.Till:
        async def send(data: bytes) -> bytes:
            return await self.call(lambda _service: self.nexo.send(data))

        return nexo_till.Till(send)

    async def up(self) -> None:
        """Whoever finds nobody there comes again."""
        while not (self.tasks and self.shop.world.alive and self.shop.service.ready):  # noqa: ASYNC110  # as tills do
            await asyncio.sleep(0.5)

    # --- kill -9 ------------------------------------------------------------------------------------------

    async def crash(self) -> None:
        self.kills += 1
        ended, self.tasks = self.tasks, []
        for task in ended:
            task.cancel()
        if self.line is not None:
            self.line.pull()
        for cable in self.cables:
            cable.pull()
        await asyncio.gather(*ended, return_exceptions=True)
        for task in ended:
            assert task.cancelled() or task.exception() is None, task.exception()
        await self.zvt.end()
        await self.shop.world.crash()
        await self.api.close()
        self.lies_still()
        await asyncio.sleep(self.chance.between(0, 4) / 2)
        await self.shop.world.start()
        await self.begin()

    def lies_still(self) -> None:
        """Between two lives."""

    async def kills_it(self, every_s: tuple[int, int]) -> None:
        """Until it calms: at any moment, or right behind what became durable and nobody has heard of."""
        world = self.shop.world
        while not self.calming:
            await asyncio.sleep(self.chance.between(*every_s))
            if self.calming:
                break
            if self.chance.below(2):
                durable = asyncio.Event()
                world.at_point = partial(_behind_commit, durable)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(every_s[1]):
                        await durable.wait()
                world.at_point = lambda _point: None
            await self.crash()

    async def calm(self, killer: "asyncio.Task[None]") -> None:
        """No kill any more; one that has begun goes on to the next start."""
        self.calming = True
        await killer
        await self.up()

    async def end(self) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.wait(self.tasks)
        await self.zvt.end()
        await self.api.close()


def _behind_commit(durable: asyncio.Event, point: str) -> None:
    if point == "after_commit":
        durable.set()


def _run(job: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
    return asyncio.create_task(job)


class ApiTill(AsyncClient):
    """``terminal.client`` on a line that loses requests and answers; ``seed`` says which."""

    def __init__(self, life: Life, name: str, chance: Chance) -> None:
        super().__init__(
            "http://127.0.0.1:7600", life.keys[name], tries=3, new_key=lambda: f"{chance.below(10**12):012}-k"
        )
        self._life, self._line = life, chance.split("line")

    async def _pieces(self, path: str, body: bytes = b"", key: str = "", limit_s: float = 0) -> Pieces:
        fate, ask = self._line.below(100), asked(self, path, body, key)
        if fate < 5:
            await asyncio.sleep(1)
            return  # the request was lost
        if limit_s:  # a stream of events
            async with aclosing(in_time(self._life.api.pieces(ask), 3 if fate < 10 else limit_s)) as pieces:
                async for piece in pieces:
                    yield piece
            return
        answer = NOTHING
        with contextlib.suppress(Gone, TimeoutError):
            async with asyncio.timeout(self.timeout_s):
                answer = await self._life.call(lambda _service: self._life.api.ask(ask))
        if fate >= 10 and answer[0]:  # else the answer was
            yield answer
        else:
            await asyncio.sleep(0.2)


class Customers:
    """In front of every counter: they pay what the glass shows, soon, late or too late, refuse, or go away."""

    def __init__(self, shop: Shop, chance: Chance) -> None:
        self._shop, self._chance = shop, chance
        self._seen: dict[str, str] = {}

    async def come(self) -> None:
        while True:
            await asyncio.sleep(0.5)
            if self._shop.world.alive:
                for counter in COUNTERS:
                    self._look(counter)

    def _look(self, counter: str) -> None:
        live = self._shop.lane(counter).current
        attempt = self._shop.service.book.sale(live).last_attempt if live else None
        if attempt is None or not attempt.payload or attempt.id == self._seen.get(counter):
            return
        self._seen[counter] = attempt.id
        plan = self._chance.below(100)
        with contextlib.suppress(CustomerCannot):  # the code is gone by now
            view = self._shop.world.bank.customer_scans(attempt.payload, self._shop.bank_ms)
            if plan < 5:
                return
            if plan < 10:
                self._shop.world.bank.customer_refuses(view.order_no, self._shop.bank_ms)
            else:
                delay_ms = self._chance.between(5_000, 90_000) if plan >= 85 else self._chance.between(0, 3_000)
                self._shop.world.bank.customer_pays(view.order_no, self._shop.bank_ms, delay_ms=delay_ms)
            self._shop.world.bank_worked()


def sales(shop: Shop) -> list[Sale]:
    """All of them, oldest last."""
    found: list[Sale] = []
    before = None
    while rows := shop.service.feed.list("sale", limit=PAGE, before=before):
        found += [shop.service.book.sale(row.subject) for row in rows]
        before = rows[-1].first_number
    return found


async def put_right(shop: Shop, late: Sequence[Sale]) -> None:
    """A person gives back what came too late, as the exceptions of the till say."""
    owed = shop.captured.keys() - shop.world.bank.returned().keys()
    for sale in late:
        for attempt in sale.attempts:
            if attempt.id in owed:
                await shop.service.aftercare.refund(
                    sale.id, None, reason="late", actor=Actor("person", "owner"), attempt_id=attempt.id
                )
