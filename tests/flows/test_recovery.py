"""Killed at every step of a sale: one truth comes out and nobody is charged twice."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest

from terminal.counter.ports import HttpRequest
from terminal.payments.sale import Sale, SaleState
from terminal.sandbox.notifications import Delivery
from terminal.sandbox.outcome import Reply
from terminal.simulation.witness import Witness
from terminal.simulation.world import Gone, Killed, World
from tests.flows.shop import Shop, story

pytestmark = pytest.mark.no_cover  # many cases of few lines: other tests measure those

T = TypeVar("T")


class Steps(Witness):
    """Counts every step the process takes towards the world; at some of them it is killed."""

    def __init__(self, world: World, *fatal: int) -> None:
        self._world, self._fatal = world, set(fatal)
        self.names: list[str] = []
        self.death: asyncio.Task[None] | None = None

    def step(self, name: str) -> None:
        if self.dying:
            return
        self.names.append(name)
        if len(self.names) not in self._fatal:
            return
        if self._world.alive and self._world.service.ready:  # a start that is killed clears away by itself
            self.death = asyncio.ensure_future(self._world.crash())
        if name.endswith("_commit"):
            raise Killed

    @property
    def dying(self) -> bool:
        return self.death is not None and not self.death.done()

    def request(self, request: HttpRequest) -> None:
        self.step(f"sends {request.method}")

    def worked(self, request: HttpRequest, reply: Reply, at_ms: int) -> None:
        self.step("bank worked")

    def reply(self, request: HttpRequest, reply: Reply) -> None:
        self.step("answer")

    def letter(self, delivery: Delivery) -> None:
        self.step("letter")


class Evening:
    """One sale, with people who do what people do when a till goes dark and comes back."""

    def __init__(self, shop: Shop, *fatal: int) -> None:
        self.shop, self.steps = shop, Steps(shop.world, *fatal)
        shop.world.witness, shop.world.at_point = self.steps, self.steps.step
        for device in shop.counter.each():
            device.at_work = self.steps.step

    async def alive(self) -> None:
        """Whoever looks after the shop starts the service again, until it stays."""
        for _ in range(10):
            if self.steps.death is not None:
                await self.steps.death
            if self.shop.world.alive:
                return
            await self.shop.wait(0.5)
            with contextlib.suppress(Gone):
                await self.shop.world.start()
        raise AssertionError("it does not start")

    async def asked(self, call: Callable[[], Awaitable[T]]) -> T:
        """The till asks until it is answered."""
        while True:
            await self.alive()
            with contextlib.suppress(Gone):
                return await self.shop.world.call(lambda _service: call())

    async def sale(self, *, push: bool) -> Sale:
        return await self.asked(lambda: self.shop.open(order_no="POS-1", push=push))

    async def pushed(self) -> None:
        """The customer pays once, as soon as a code is on the glass."""
        sale = await self.sale(push=True)
        for _ in range(80):
            await self.shop.wait(0.25)
            await self.alive()
            if self.shop.attempt(sale).payload:
                self.shop.pay(sale)
                return

    async def pulled(self, behaviour: str = "pays") -> None:
        """The code is scanned once; a till that died is not believed to have charged it."""
        code = self.shop.customer_code(behaviour, confirm_after_ms=6_000)
        await self.sale(push=False)
        with contextlib.suppress(Gone):
            await self.shop.world.call(lambda _service: self.shop.scan(code))

    async def play(self, scene: str) -> None:
        await (self.pushed() if scene == "push" else self.pulled("password" if scene == "password" else "pays"))
        for _ in range(16):
            await self.shop.wait(50)
            await self.alive()


def audit(shop: Shop) -> None:
    (row,) = shop.service.feed.list("sale")
    sale = shop.service.book.sale(row.subject)
    assert sale.live_attempt is None, "I4"
    assert sale.ended, "I4"
    assert (sale.state is SaleState.PAID) == (shop.kept_minor == 2850), "I1, I2"
    assert shop.kept_minor in {0, 2850}, "I3"
    assert [word for word, _ in shop.counter.speaker.words].count("paid") <= 1, "I11"
    assert [slip.copy for slip in shop.counter.printer.begun].count(0) <= 1, "I9"
    listed = set(shop.lane().paper.listed)
    if sale.state is SaleState.PAID:
        assert shop.counter.printer.whole or listed, "I9"
    assert {each.id for each in shop.service.feed.owed()} == listed
    assert shop.lane().current is None
    assert shop.counter.glass.words[-1] == "idle", "I10"


STEPS = {"push": 22, "pull": 22, "password": 31}


@pytest.mark.parametrize("scene", STEPS)
@story()
async def test_d1_a_sale_takes_no_more_steps_than_are_killed_below(shop: Shop, scene: str) -> None:
    tonight = Evening(shop)
    await tonight.play(scene)
    audit(shop)
    assert len(tonight.steps.names) <= STEPS[scene], tonight.steps.names


@pytest.mark.row(26, 29, 52, 94)
@pytest.mark.parametrize("again", [0, 3])
@pytest.mark.parametrize(
    ("scene", "fatal"), [(scene, step) for scene, n in STEPS.items() for step in range(1, n + 1)]
)
@story()
async def test_d1_d3_killed_at_any_step_and_again_while_it_recovers(
    shop: Shop, scene: str, fatal: int, again: int
) -> None:
    tonight = Evening(shop, fatal, fatal + again)
    await tonight.play(scene)
    audit(shop)
    assert shop.world.lives >= 2
