"""Whatever lines and customers do, tills of both terminal doors end up believing what the bank took (A1-A3)."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import pytest

from terminal.chance import Chance
from terminal.payments.sale import SaleState
from terminal.sandbox.engine import CustomerCannot
from tests.flows.shop import Shop, story
from tests.flows.test_door_nexo import Line
from tests.flows.zvt_rig import Counter, counter_of
from tests.strangers.nexo_till import result
from tests.strangers.zvt_till import Closed, Till

PURCHASES = 5
CANCELLED, AGAIN = 0x6C, 0x9C
Then = Callable[[], Awaitable[None]]


class Customer:
    """Pays what the glass shows, at once, late or never."""

    def __init__(self, shop: Shop, counter: str, chance: Chance) -> None:
        self._shop, self._counter, self._chance = shop, counter, chance

    async def come(self) -> None:
        lane = self._shop.lane(self._counter)
        seen = ""
        while True:
            await self._shop.wait(0.3)
            if not lane.current or lane.current == seen:
                continue
            sale = self._shop.service.book.sale(lane.current)
            if sale.state is not SaleState.OPEN or not sale.attempts or not sale.attempts[-1].payload:
                continue
            seen = sale.id
            if self._chance.below(4):
                await self._shop.wait(self._chance.below(40) / 2)
                with contextlib.suppress(CustomerCannot):  # the code is gone by now
                    self._shop.pay(self._shop.sale(sale))


async def later(chance: Chance, act: Then) -> None:
    await asyncio.sleep(chance.below(60) / 2)
    await act()


async def by_nexo(line: Line, minor: int, chance: Chance) -> bool:
    """What the till believes in the end."""
    service_id = line.till.next_id()
    while True:
        asked = asyncio.ensure_future(line.till.pay(minor / 100, service_id=service_id))
        fault = chance.below(4)

        async def cut(asked: "asyncio.Future[object]" = asked) -> None:
            asked.cancel()

        async def abort() -> None:
            await line.till.abort(service_id)

        acting = asyncio.ensure_future(later(chance, cut if fault == 0 else abort)) if fault < 2 else None
        try:
            told = result(await asked)
        except asyncio.CancelledError:
            told = "lost"
        if acting:
            acting.cancel()
        while told in {"lost", "InProgress", "Busy"}:
            await asyncio.sleep(5)
            found = await line.till.status(service_id)
            told = result(found)
            if told == "Success":
                told = result(found["RepeatedMessageResponse"]["RepeatedResponseMessageBody"]["PaymentResponse"])
        if told != "NotFound":
            assert told in {"Success", "Aborted", "Cancel"}, told
            return told == "Success"


async def by_zvt(counter: Counter, minor: int, chance: Chance) -> bool:
    """A till that asks for its last receipt when in doubt, or one that only ever asks for the amount again."""
    asks = chance.below(2)
    till, cable = counter.plug()
    before = (await till.repeat()).status.get(0x87, "")
    while True:
        fault = chance.below(4)

        async def cut(pull: Callable[[], None] = cable.pull) -> None:
            pull()

        async def abort(till: Till = till) -> None:
            await till.abort()

        acting: list[asyncio.Future[None]] = []

        async def begin(fault: int = fault, acts: tuple[Then, Then] = (cut, abort)) -> None:
            if fault < 2:
                acting.append(asyncio.ensure_future(later(chance, acts[fault])))  # noqa: B023  # ended below

        try:
            heard = await till.pay(minor, meanwhile=begin)
            told = heard.code
        except Closed:
            told = AGAIN
        for each in acting:
            each.cancel()
        while told == AGAIN:
            await asyncio.sleep(5)
            till, cable = counter.plug()
            if not asks:
                break
            heard = await till.repeat()
            told = heard.code
            if told != AGAIN and heard.status.get(0x87, "") == before:
                break  # it never began
        else:
            assert told in {0, CANCELLED}, hex(told)
            return told == 0


async def shop_day(shop: Shop, seed: int) -> None:
    chance = Chance(f"doors {seed}")
    line = Line(shop)
    async with counter_of(shop, "2") as counter, asyncio.TaskGroup() as group:
        customers = [group.create_task(Customer(shop, each, chance.split(each)).come()) for each in ("1", "2")]
        believed = 0
        for number in range(PURCHASES):
            minor = 1000 + number
            here, there = chance.split(f"nexo {number}"), chance.split(f"zvt {number}")
            asked = [by_nexo(line, minor, here), by_zvt(counter, minor, there)]
            believed += sum(minor for paid in await asyncio.gather(*asked) if paid)
        for each in customers:
            each.cancel()
    assert believed == shop.kept_minor


@pytest.mark.row(91, 92)
@pytest.mark.no_cover
@pytest.mark.parametrize("seed", range(4))
@story(counters=("1", "2"))
async def test_a1_a3_tills_believe_what_the_bank_took(shop: Shop, seed: int) -> None:
    await shop_day(shop, seed)


@pytest.mark.slow
@pytest.mark.no_cover
@pytest.mark.parametrize("seed", range(100, 160))
@story(counters=("1", "2"))
async def test_a1_a3_tills_believe_what_the_bank_took_many_times(shop: Shop, seed: int) -> None:
    await shop_day(shop, seed)
