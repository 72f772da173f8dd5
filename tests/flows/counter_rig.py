"""A shop on virtual time with simulated devices: a cashier, a customer with a phone, and eyes on the glass."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from PIL import Image

from terminal.counter.service import Service
from terminal.payments.decide import OpenSale
from terminal.payments.event import Actor
from terminal.payments.money import Money
from terminal.payments.sale import Sale
from terminal.simulation.devices import SimulatedCounter
from terminal.simulation.world import Outfit, World
from terminal.virtual_time import run
from tests.qr_seen import texts_in

CASHIER = Actor("person", "cashier")
AMOUNT = Money(2850, "CNY")


class Shop:
    def __init__(self, folder: Path, *counters: SimulatedCounter) -> None:
        self.counters = {each.name: each for each in counters}
        self.world = World(
            1,
            folder,
            counters=[*self.counters],
            outfit=Outfit(devices=lambda name: self.counters[name].devices()),
        )

    @property
    def service(self) -> Service:
        return self.world.service

    def sale(self, sale_id: str) -> Sale:
        return self.service.book.sale(sale_id)

    async def open(self, counter: str = "1") -> str:
        sale = await self.service.checkout.open_sale(OpenSale(counter, AMOUNT, title="noodles"), actor=CASHIER)
        return sale.id

    async def until(self, holds: Callable[[], bool], limit_s: float = 10.0) -> float:
        """In steps of 10 ms; returns how long it took."""
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        while not holds():
            assert loop.time() - began_s < limit_s, f"not within {limit_s} s"
            await asyncio.sleep(0.01)
        return loop.time() - began_s

    def pay(self, sale_id: str) -> None:
        """The customer pays what the glass shows."""
        attempt = self.sale(sale_id).last_attempt
        assert attempt is not None
        self.world.bank.customer_pays(attempt.id, self.world.clock.wall_ms())
        self.world.bank_worked()

    def types(self, sale_id: str) -> list[str]:
        return [event.type for event in self.service.feed.of_subject(sale_id)]


def read_glass(counter: SimulatedCounter) -> list[str]:
    """What a phone before the glass reads."""
    width, height, pixels = counter.display.glass()
    return texts_in(Image.frombytes("L", (width, height), pixels))


@asynccontextmanager
async def opened(folder: Path, *counters: SimulatedCounter) -> AsyncIterator[Shop]:
    shop = Shop(folder, *(counters or (SimulatedCounter(),)))
    await shop.world.start()
    try:
        await asyncio.sleep(3)  # devices have been greeted
        yield shop
    finally:
        await shop.world.close()


def play(story: Coroutine[Any, Any, None]) -> None:
    run(story, seed=1)
