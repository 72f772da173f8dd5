"""Three tills at three doors, customers who pay or not, a service that is killed: nothing lost, nothing doubled.

Every till forgets, repeats and gives up at random. In the end the bank says what was taken, and each till's last
word about a purchase must be true of it (I1, I2, I3, I16; A1 to A3).
"""

import asyncio
import contextlib
import tempfile
from collections.abc import Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from terminal.chance import Chance
from terminal.errors import TerminalError
from terminal.payments.money import Money
from terminal.payments.sale import Sale, SaleState
from terminal.pos.amount_line import AmountLine
from terminal.pos.amount_lines import Rules
from terminal.pos.folder import FolderDoor
from terminal.pos.folder_shelf import Shelf
from terminal.pos.hw_proxy import DRIVER, Payment
from terminal.pos.hw_proxy_till import HwProxy
from terminal.simulation.world import Gone
from tests.flows.door_rig import desk_of
from tests.flows.shop import Shop, story
from tests.flows.test_door_amount_line import Line

PATIENCE_S = 300


@dataclass
class Life:
    """The doors of the service that runs now; a crash ends them where they stand."""

    shop: Shop
    folder: Path
    chance: Chance
    tasks: list["asyncio.Task[None]"] = field(default_factory=list)
    line: Line | None = None

    def begin(self) -> None:
        self.proxy = HwProxy(desk_of(self.shop), "front", "en", self.shop.world.ids.ulid)
        desk = desk_of(self.shop, door="files", counter="2")
        files = FolderDoor(desk, Shelf(self.folder), "en", look_s=2, unpaid_s=60)
        desk = desk_of(self.shop, door="line", counter="3")
        self.amounts = AmountLine(desk, Rules("CNY"), self.shop.world.ids.ulid, unpaid_s=60)
        self.tasks = [self._run(self.proxy.watch()), self._run(files.run()), self._run(self.amounts.watch())]
        self.plug()

    def _run(self, job: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        return asyncio.create_task(job)

    def plug(self) -> None:
        """Another connection of the old till, which begins where nothing was heard."""
        if not self.tasks:
            return  # nobody is there to connect to
        before, self.line = self.line, Line(self.shop)
        if before is not None:
            before.cut = True
        self.tasks.append(self._run(self._one_line(self.line)))

    async def _one_line(self, line: Line) -> None:
        await self.amounts.serve(line)

    async def crash(self) -> None:
        ended, self.tasks = self.tasks, []
        for task in ended:
            task.cancel()
        await asyncio.wait(ended)
        for task in ended:
            assert task.cancelled() or task.exception() is None, task.exception()
        await self.shop.restart(self.chance.between(0, 4) / 2)
        self.begin()


@dataclass
class Storm:
    life: Life
    chance: Chance
    told: dict[str, str] = field(default_factory=dict)  # sale -> the last word some till heard of it

    @property
    def shop(self) -> Shop:
        return self.life.shop

    def sales(self) -> list[Sale]:
        rows = self.shop.service.feed.list("sale", limit=1000)
        return [self.shop.service.book.sale(row.subject) for row in rows]

    async def customers(self) -> None:
        """Each open code is paid, or not, once; some pay late."""
        seen: set[str] = set()
        while True:
            await asyncio.sleep(2)
            if not self.shop.world.alive:
                continue
            for sale in self.sales():
                attempt = sale.last_attempt
                if attempt and attempt.state == "shown" and attempt.payload and attempt.id not in seen:
                    seen.add(attempt.id)
                    if self.chance.below(100) < 65:
                        self.shop.pay(sale, delay_ms=self.chance.between(0, 30_000))

    async def kills(self, count: int) -> None:
        for _ in range(count):
            await asyncio.sleep(self.chance.between(20, 90))
            await self.life.crash()

    async def browser(self, count: int) -> None:
        for number in range(count):
            payment = Payment(Money(100 + number, "CNY"), f"O{number}:p", f"O{number}", "")
            for _ in range(1 + self.chance.below(3)):  # the till tries again after an answer it did not get
                await self._start(payment)
            for _ in range(self.chance.between(1, 200)):  # or gives up, and its page is closed
                await asyncio.sleep(1)
                with contextlib.suppress(Gone):
                    known = await self.shop.world.call(self._status)
                    for sale_id, each in known.items():
                        if each["success"] is not None:
                            self.told[sale_id] = each["status"]

    async def _start(self, payment: Payment) -> None:
        with contextlib.suppress(Gone, TerminalError):
            await self.shop.world.call(lambda _service: self.life.proxy.start(payment))

    async def _status(self, _service: object) -> dict[str, Any]:
        return dict(self.life.proxy.status()[DRIVER]["transactions"])

    async def files(self, count: int) -> None:
        inbox, outbox = self.life.folder / "in", self.life.folder / "out"
        for number in range(count):
            name = f"f{number}.txt"
            for _ in range(1 + self.chance.below(2)):
                (inbox / name).write_text(f"AMOUNT=3.{number:02}\n")
                await asyncio.sleep(self.chance.between(0, 20))
            if self.chance.below(4) == 0:
                (inbox / f"c{number}.txt").write_text(f"ACTION=cancel\nSALE=f{number}\n")
            for _ in range(PATIENCE_S):
                await asyncio.sleep(1)
                if (outbox / name).exists():
                    told = dict(line.split("=", 1) for line in (outbox / name).read_text().splitlines())
                    if told["OUTCOME"] in ("paid", "not_paid"):
                        self.told[told["ID"]] = told["OUTCOME"]
                        break
                    if told["OUTCOME"] == "refused":
                        break

    async def amounts(self, count: int) -> None:
        for number in range(count):
            assert self.life.line is not None
            self.life.line.sends(f"5.{number:02}\r".encode())
            await asyncio.sleep(self.chance.between(1, 90))
            if self.chance.below(3) == 0:
                self.life.plug()

    def check(self) -> None:
        """Each purchase at most once, and no till was told what is not so."""
        paid: dict[int, int] = {}
        for sale in self.sales():
            assert sale.ended, f"{sale.id} never ended: {sale.state}"
            taken = sum(sum(self.shop.captured.get(each.id, [])) for each in sale.attempts)
            late = any(each.kind == "paid_late" for each in sale.exceptions)
            if sale.state is SaleState.PAID:
                assert taken == sale.amount.minor
                paid[sale.amount.minor] = paid.get(sale.amount.minor, 0) + 1
            else:
                assert not taken or late, "I1"
            if (word := self.told.get(sale.id)) == "paid":
                assert sale.state is SaleState.PAID, "I2"
            elif word == "not_paid":
                assert sale.state is not SaleState.PAID or late, "a till was told that nothing was charged"
        words = set(self.told.values())
        assert {"paid", "not_paid"} <= words, "the storm was a calm"
        assert all(times == 1 for amount, times in paid.items() if amount < 500), "A1: a repeat was charged"


async def storm(shop: Shop, seed: int, count: int) -> None:
    chance = Chance(seed).split("doors")
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        life = Life(shop, Path(folder), chance.split("life"))
        life.begin()
        await asyncio.sleep(1)
        weather = Storm(life, chance.split("tills"))
        people = asyncio.create_task(weather.customers())
        await asyncio.gather(
            weather.kills(count // 2), weather.browser(count), weather.files(count), weather.amounts(count)
        )
        await asyncio.sleep(PATIENCE_S)  # everything comes to its end
        for task in (people, *life.tasks):
            task.cancel()
        await asyncio.wait([people, *life.tasks])
        assert people.cancelled(), people.exception()
        assert len(weather.sales()) > count
        weather.check()


@pytest.mark.no_cover
@pytest.mark.row(92, 94)
@story(counters=("1", "2", "3"))
async def test_i1_i3_i16_three_doors_in_a_storm(shop: Shop) -> None:
    await storm(shop, 1, 5)


@pytest.mark.slow
@pytest.mark.no_cover
@pytest.mark.parametrize("seed", range(10, 16))
@story(counters=("1", "2", "3"))
async def test_i1_i3_i16_three_doors_in_many_storms(shop: Shop, seed: int) -> None:
    await storm(shop, seed, 30)
