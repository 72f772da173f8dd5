"""Training at a real machine: its own numbers, its own journal, and never beside live money (row 102)."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from terminal.app import running
from terminal.counter.lane import Lane
from terminal.counter.service import Service
from terminal.errors import Conflict, Unavailable
from terminal.payments.decide import OpenSale
from terminal.payments.event import Actor, Ledger
from terminal.payments.money import Money
from terminal.payments.sale import Sale
from terminal.people.roles import Principal, Role
from terminal.settings import load
from terminal.training.lesson import Play
from terminal.training.stage import Stage, Till
from terminal.web.edge import EDGE
from terminal.wiring.practice import World, started
from terminal.wiring.training import Training
from tests.flows.browser.shop import Shop, open_shop

pytestmark = pytest.mark.row(102)
WATCHDOG_S = 30
MEI = Actor("person", "mei")


async def until(service: Service, sale: str, holds: Callable[[Sale], bool]) -> None:
    assert await service.until(sale, holds, WATCHDOG_S)


async def sell(service: Service, minor: int = 2850) -> str:
    sale = await service.checkout.open_sale(OpenSale("1", Money(minor, "CNY")), actor=MEI)
    await until(service, sale.id, lambda now: bool(now.attempts[-1].payload))
    return sale.id


def pay(world: World, sale_id: str) -> None:
    order = world.service.book.sale(sale_id).attempts[-1].id
    assert world.bank.bank.customer_pays(order, world.service.parts.clock.wall_ms())


def training_of(shop: Shop) -> tuple[Training, World]:
    training = shop.running.training
    assert training.world is not None
    return training, training.world


@dataclass
class Watched:
    """A stage, and whether its counter still practised when it was cleared."""

    stage: Stage
    lane: Lane
    away: list[str] = field(default_factory=list)

    @property
    def scans(self) -> bool:
        return self.stage.scans

    def till(self, sale: str) -> Till:
        return self.stage.till(sale)

    async def play(self, counter: str, play: Play) -> str:
        return await self.stage.play(counter, play)

    async def clear(self, counter: str) -> None:
        self.away.append(self.lane.away.slug)
        await self.stage.clear(counter)


async def test_a_counter_practises_on_its_own_and_none_of_it_is_the_shops(tmp_path: Path) -> None:
    async with open_shop(tmp_path, counters=2) as shop:
        live = shop.running.service
        await shop.running.training.begin("1", MEI)
        training, world = training_of(shop)
        with pytest.raises(Conflict, match="training_on"):
            await sell(live)
        with pytest.raises(Conflict, match="training_off"):
            await world.service.checkout.open_sale(OpenSale("2", Money(100, "CNY")), actor=MEI)
        before = live.feed.last_number()
        practised = await sell(world.service)
        assert world.service.lane("1").glass.screen.training
        pay(world, practised)
        await until(world.service, practised, lambda now: now.state == "paid")
        events = world.service.feed.of_subject(practised)
        assert {event.ledger for event in events} == {Ledger.TRAINING}
        assert world.service.book.sale(practised).no == 1
        assert live.feed.last_number() == before, "practice wrote into the shop's journal"
        assert live.feed.list("sale", counter="1") == ()

        rights, cashier = world.pages[EDGE].refunds, Principal("person", "mei", Role.CASHIER)
        assert not await rights.alone(cashier, 500, by_pin=False), "the shop's own policy holds in practice too"
        await rights.count(MEI, Money(500, "CNY"))
        assert live.feed.last_number() == before, "practice uses up the shop's allowance of the day (I5)"
        assert world.service.feed.after(0)[-1].type == "refund_counted"

        lessons = world.classroom.lessons
        begun = await lessons.begin("drill-fake-screenshot", "1", MEI)
        unpaid = await sell(world.service, 999)
        lessons.stage = watched = Watched(lessons.stage, world.service.lane("1"))
        await training.end("1", MEI)
        assert set(watched.away) == {"training_off"}, "a lesson could begin while the last one was being left"
        assert world.service.feed.of_subject(begun.id)[-1].body["outcome"] == "left"
        assert world.service.book.sale(unpaid).state == "cancelled"
        assert world.service.lane("1").away.url == shop.running.url
        sale = await sell(live)
        assert live.book.sale(sale).no == 1
        with pytest.raises(Conflict, match="sale_live"):
            await training.begin("1", MEI)
        told = [each.type for each in live.feed.of_subject("training:1")]
        assert told == ["training_begun", "training_ended"]


async def test_a_machine_that_stopped_while_somebody_trained_sells_again_and_says_so(tmp_path: Path) -> None:
    async with open_shop(tmp_path, counters=1) as shop:
        await shop.running.training.begin("1", MEI)
    async with running(load(tmp_path / "countertop.toml")) as again:
        assert not again.training.on("1")
        assert again.service.lane("1").away.slug == ""
        ended = again.service.feed.of_subject("training:1")[-1]
        assert (ended.type, ended.body["why"]) == ("training_ended", "restart")


async def test_practice_ends_in_order_also_in_the_midst_of_a_sale_s_opening_and_of_its_own_closing(
    tmp_path: Path,
) -> None:
    async with open_shop(tmp_path, counters=1) as shop:
        await shop.running.training.begin("1", MEI)
        training, world = training_of(shop)
        practised = world.service.lane("1")
        opening = asyncio.create_task(
            world.service.checkout.open_sale(OpenSale("1", Money(2850, "CNY")), actor=MEI)
        )
        for _ in range(100):
            await asyncio.sleep(0)
            if practised.turn.locked():
                break
        closing, go_on, closed = asyncio.Event(), asyncio.Event(), asyncio.Event()

        async def slow() -> None:
            closing.set()
            await go_on.wait()
            closed.set()

        world.stack.push_async_callback(slow)
        training.linger_s = 0.0
        await training.end("1", MEI)
        sale = await opening
        assert world.service.book.sale(sale.id).state == "cancelled", "open for ever behind a counter that sells"
        assert practised.current is None

        await asyncio.wait_for(closing.wait(), WATCHDOG_S)
        stopping = asyncio.create_task(training.stop())
        for _ in range(10):
            await asyncio.sleep(0)
        assert not stopping.done(), "the service stopped before practice had closed"
        go_on.set()
        await asyncio.wait_for(stopping, WATCHDOG_S)
        assert closed.is_set()
        assert world.life.done()


async def test_practice_that_broke_gives_its_counters_back_and_what_begins_next_has_another(
    tmp_path: Path,
) -> None:
    async with open_shop(tmp_path, counters=2) as shop:
        live = shop.running.service
        for counter in ("1", "2"):
            await shop.running.training.begin(counter, MEI)
        training, world = training_of(shop)
        await sell(world.service)
        await world.stack.aclose()  # its journal takes nothing any more
        await asyncio.wait({world.life}, timeout=WATCHDOG_S)
        await training.end("1", MEI)
        assert live.book.sale(await sell(live)).no == 1, "the counter is held by practice that is gone"
        await training.begin("2", MEI)
        _, again = training_of(shop)
        assert again is not world
        assert live.feed.of_subject("training:2")[1].body["why"] == "broken"
        assert live.lane("2").away.url == again.url


async def test_practice_that_ends_before_it_is_ready_is_refused_and_holds_no_counter(tmp_path: Path) -> None:
    async with open_shop(tmp_path, counters=1) as shop:

        async def breaks() -> None:
            raise RuntimeError("its journal makes no sense")

        service = Service(shop.running.service.parts, [])
        with pytest.raises(Unavailable, match="RuntimeError"):
            await asyncio.wait_for(started(service, asyncio.create_task(breaks())), WATCHDOG_S)
