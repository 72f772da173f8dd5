"""What the service keeps in memory does not grow with the sales it made, however many they are."""

import asyncio
import gc
from collections import Counter
from pathlib import Path
from typing import Final

import pytest

from terminal.counter.claims import Key
from terminal.payments.decide import OpenSale
from terminal.payments.event import Actor
from terminal.payments.money import Money
from terminal.simulation.devices import SimulatedCounter
from terminal.simulation.world import Outfit, World
from terminal.virtual_time import run

POS: Final = Actor("pos", "key:till")
WARM: Final = 700  # the newest sales and events are kept folded: a few hundred of them
MORE: Final = 300
FEW: Final = 40  # objects of one kind that may be under way at one look and not at the other
ELSEWHERE: Final = ("terminal.sandbox.", "terminal.simulation.")  # the simulated bank keeps its books


def kept() -> Counter[str]:
    """Our own objects by kind, and tasks: what these hold grows with them."""
    gc.collect()
    names = (f"{type(each).__module__}.{type(each).__qualname__}" for each in gc.get_objects())
    found = Counter(each for each in names if each.startswith("terminal.") and not each.startswith(ELSEWHERE))
    found["tasks"] = len(asyncio.all_tasks())
    return found


async def sell(world: World, number: int) -> None:
    key, wish = Key("till", "open", f"kept-{number}", ""), OpenSale("1", Money(100 + number, "CNY"))
    sale = await world.call(lambda s: s.checkout.open_sale(wish, actor=POS, key=key))
    await asyncio.sleep(5)
    world.pay(world.service.book.sale(sale.id).attempts[0].payload)
    await asyncio.sleep(20)


@pytest.mark.slow  # half a minute of processor
@pytest.mark.no_cover
def test_nothing_is_kept_for_every_sale(tmp_path: Path) -> None:
    counter = SimulatedCounter("1", language="en")

    async def story() -> None:
        world = World(7, tmp_path, outfit=Outfit(devices=lambda _counter: counter.devices()))
        await world.start()
        for number in range(WARM):
            await sell(world, number)
        before = kept()
        for number in range(WARM, WARM + MORE):
            await sell(world, number)
        grown = {kind: count - before[kind] for kind, count in kept().items() if count - before[kind] > FEW}
        assert grown == {}
        assert world.service.book.sale(world.service.lane("1").last_sale or "").no == WARM + MORE
        await world.close()

    run(story(), seed=7)
