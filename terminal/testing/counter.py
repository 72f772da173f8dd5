"""A whole counter on virtual time, for tests written from top to bottom: each act runs the world until it is done.

The service, its journal, its API and its drivers are the product's own; bank and devices are simulated. Nothing
waits really, and no other thread or socket is involved.
"""

import asyncio
import shutil
import tempfile
from collections.abc import Awaitable
from pathlib import Path
from typing import Any, Final, Self

from terminal.client import AsyncClient, Client
from terminal.counter.lane import Lane
from terminal.counter.ports import Devices
from terminal.counter.service import Service
from terminal.lab.stand import Stand
from terminal.lab.timeline import Timeline
from terminal.payments.attempt import Direction
from terminal.payments.decide import OpenSale
from terminal.payments.event import Actor, Event
from terminal.payments.money import Money
from terminal.payments.refund import REFUND_ENDED
from terminal.payments.sale import Refund, Sale
from terminal.simulation.devices import SimulatedCounter
from terminal.simulation.rings import mac_ring, rsa_ring
from terminal.simulation.world import Outfit, World
from terminal.testing.clients import AsyncCounterClient, CounterClient, Line
from terminal.testing.live_sale import LiveSale, Till
from terminal.testing.office import Office
from terminal.testing.setup import ROLES, Fault, Setup
from terminal.testing.story import Story
from terminal.testing.trouble import Params, Trouble
from terminal.testing.turns import Turns, alone
from terminal.virtual_time import VirtualEntropy, VirtualLoop

__tracebackhide__ = True  # a failed test shows its own line
MEMORY: Final = Path("/dev/shm")  # noqa: S108  # a private folder is made in it
CASHIER: Final = Actor("person", "cashier")
COUNTER: Final = "1"
BOTH: Final[tuple[Direction, ...]] = ("push", "pull")
GREET_S: Final = 3.0  # devices are found and greeted
SETTLE_S: Final = 10.0
OWED_S: Final = 0.25  # a question to the journal
DOWN_S: Final = 1.0  # a process that a fault killed is away so long
WAITS_S: Final = 3600.0  # it waits so long for its moment
DOWN: Final = "the service is down: counter.start() brings it back"


class Counter(Turns):
    """Made by ``open``; ``close`` ends it. Every method that acts lets virtual time run until it is done."""

    def __init__(self, setup: Setup, folder: Path) -> None:
        super().__init__(VirtualLoop(setup.seed))
        self.setup, self.seed, self._folder = setup, setup.seed, folder
        self.story = Story(self.loop.time_ns)
        self.till = Till(lambda: self.service, COUNTER)
        self.line = Line(self, self.story, self.office)  # of a till's own program
        self.world: World
        self.stand: Stand
        self.devices: SimulatedCounter
        self._trouble: Trouble
        self._office: Office | None = None
        self._till_chance = VirtualEntropy(setup.seed, "keys of the till")
        self._opening = asyncio.Lock()

    @classmethod
    def open(cls, setup: Setup | None = None) -> Self:
        place = str(MEMORY) if MEMORY.is_dir() else None
        counter = cls(setup or Setup(), Path(tempfile.mkdtemp(prefix="countertop-", dir=place)))
        try:
            counter.run(counter._start())
            for each in counter.setup.faults:
                counter.fault(each)
        except BaseException:
            counter.close()
            raise
        return counter

    async def _start(self) -> None:
        setup, seed = self.setup, self.seed
        self.devices = SimulatedCounter(language="en", captions=setup.captions)
        outfit = Outfit(channels=(setup.channel,), devices=self._stand_there)
        ring = (rsa_ring if setup.signatures == "rsa" else mac_ring)(VirtualEntropy(seed, "bank"))
        self.world = World(seed, self._folder, outfit=outfit, witness=self.story, ring=ring)
        self.stand = Stand(self.devices.wires, Timeline(self.world.bank_clock))
        for role, cable in self.stand.cables.items():
            cable.tap = self.story.tap(role)
        self._trouble = Trouble(self, self.world, self.stand, story=self.story, kill=self._kill_at)
        service = await self.world.start()
        self.profile = service.provider(setup.channel).profile
        if setup.devices:
            await asyncio.sleep(GREET_S)

    def _stand_there(self, _counter: str) -> Devices:
        here, all_ = self.setup.devices, self.devices.devices()
        there: dict[str, Any] = {role: getattr(all_, role) for role in ROLES if role in here}
        return Devices(**there, jobs={role: job for role, job in all_.jobs.items() if role in here})

    def close(self) -> None:
        """Raises AssertionError: a task of the service broke, or it ended by itself, which no test should hide."""
        try:
            broken = self._end() if hasattr(self, "world") else []
        finally:
            self.loop.close()
            shutil.rmtree(self._folder, ignore_errors=True)
        if broken:
            raise AssertionError("\n".join(["the counter itself failed:", *broken]))

    def _end(self) -> list[str]:
        tasks = self.service.tasks.broken if self.world.alive else {}
        broken = [f"{name}: {error}" for name, error in tasks.items()]
        self.run(self._close())
        if left := asyncio.all_tasks(self.loop):
            for task in left:
                task.cancel()
            with alone():
                self.loop.run_until_complete(asyncio.wait(left))
        return [*broken, *self.failed, *self.story.wrongs]

    async def _close(self) -> None:
        self.drop()
        self._trouble.close()
        await self._close_office()
        await self.world.close()

    async def settled(self, sale_id: str, limit_s: float = SETTLE_S) -> None:
        """Until the sale ended and said and printed what it owes; where that takes longer, until the limit."""
        service, begun_s = self.service, self.loop.time()
        await service.until(sale_id, lambda now: now.ended, limit_s)
        left_s = limit_s - (self.loop.time() - begun_s)
        if left_s > 0 and self.setup.devices and service.book.sale(sale_id).ended:
            await self.reach(lambda: not self.world.alive or not self.world.journal.owed(), left_s, look_s=OWED_S)

    # --- the cashier ----------------------------------------------------------------------------------------

    @property
    def service(self) -> Service:
        """The running service itself. Raises AssertionError while it is down."""
        self._is_up()
        return self.world.service

    def _is_up(self) -> None:
        if not self.world.alive:
            raise AssertionError(DOWN)

    @property
    def lane(self) -> Lane:
        return self.service.lane(COUNTER)

    def sell(
        self, amount_minor: int = 2850, *, order_no: str = "", title: str = "", code: bool = True
    ) -> LiveSale:
        """Open a sale and wait until its code is before the customer.

        Args:
            code: False shows none: the customer's own code will be scanned.
        """
        return self.run(self._sell(amount_minor, order_no, title, BOTH if code else ("pull",)))

    async def _sell(
        self, amount_minor: int, order_no: str, title: str, directions: tuple[Direction, ...]
    ) -> LiveSale:
        if type(amount_minor) is not int:
            raise TypeError(f"{amount_minor!r}: an amount counts the smallest unit, 2850 is 28.50")
        amount = Money(amount_minor, self.world.house.currency)
        request = OpenSale(COUNTER, amount, title, order_no, directions=directions)
        self.story.note("till", f"sale of {amount.plain()} {amount.currency}")
        sale = await self.service.checkout.open_sale(request, actor=CASHIER)
        if "push" in directions and self.profile.push:
            await self.service.until(sale.id, coded, SETTLE_S)
            if "display" in self.setup.devices:
                await self.reach(lambda: not self.world.alive or self.code_there(sale.id), SETTLE_S)
        return LiveSale(lambda: self.service, sale.id)

    def code_there(self, sale_id: str) -> bool:
        """Whether its code is before the customer, or none will be."""
        sale = self.service.book.sale(sale_id)
        attempt = sale.last_attempt
        if sale.ended or attempt is None or not attempt.live:
            return True
        return coded(sale) and ("display" not in self.setup.devices or self.stand.screen == "code")

    def sale_of(self, payload: str) -> str:
        """Whose code this is: of the open sale or the last one; empty: nobody's here."""
        known = self.till.sale
        return known.id if known and any(each.payload == payload for each in known.attempts) else ""

    def cancel(self, sale: LiveSale | None = None, *, why: str = "customer_left") -> None:
        """The cashier cancels the sale, or the open one. Raises what the till would be told (TerminalError)."""
        sale_id = self._meant(sale)
        self.story.note("till", "cancel")
        self.run(self._then_settle(self.service.checkout.cancel(sale_id, why=why, actor=CASHIER), sale_id))

    def refund(
        self, sale: LiveSale | None = None, minor: int | None = None, *, reason: str = "returned"
    ) -> Refund:
        """Give money back, all of it by default; how the refund stands after a few seconds."""
        sale_id = self._meant(sale)
        self.story.note("till", f"refund {minor or 'all'}")

        async def give_back() -> Refund:
            _, refund = await self.service.aftercare.refund(sale_id, minor, reason=reason, actor=CASHIER)
            await self.reach(
                lambda: self.service.book.sale(sale_id).refund(refund.id).state in REFUND_ENDED, SETTLE_S
            )
            await self.reach(lambda: not self.world.journal.owed(), SETTLE_S)
            return self.service.book.sale(sale_id).refund(refund.id)

        return self.run(give_back())

    async def _then_settle(self, act: Awaitable[object], sale_id: str) -> None:
        await act
        await self.settled(sale_id)

    def _meant(self, sale: LiveSale | None) -> str:
        found = sale or self.till.sale
        if found is None:
            raise AssertionError("there is no sale yet")
        return found.id

    # --- a till's own program -------------------------------------------------------------------------------

    @property
    def client(self) -> Client:
        """A ``terminal.client.Client`` of this counter, over its whole API; it blocks while virtual time runs."""
        return CounterClient(self.line, self._new_key)

    @property
    def async_client(self) -> AsyncClient:
        """The same to await, in a coroutine that ``run`` or ``begin`` runs."""
        return AsyncCounterClient(self.line, self._new_key)

    def _new_key(self) -> str:
        return self._till_chance.bytes(12).hex()

    @property
    def owner(self) -> dict[str, str]:
        """Who approves what a till may not do alone: ``client.refund(…, approver=counter.owner)``."""
        return dict(self._opened().owner)

    def lose_answers(self, count: int = 1) -> None:
        """So many next answers to the till's POSTs never arrive, although the service has done the work."""
        self._opened().door.lose = count
        self.story.note("pos", f"the next {count} answers will be lost")

    def _opened(self) -> Office:
        office = self.run(self.office())
        if office is None:
            raise AssertionError(DOWN)
        return office

    async def office(self) -> Office | None:
        """Its people and its API, of this life; None while the service is down."""
        async with self._opening:
            if not self.world.alive:
                return None
            if self._office is None or self._office.service is not self.world.service:
                await self._close_office()
                self._office = await Office.open(self.world)
            return self._office

    async def _close_office(self) -> None:
        office, self._office = self._office, None
        if office is not None:
            await office.door.close()

    # --- faults ---------------------------------------------------------------------------------------------

    @property
    def faults(self) -> list[Fault]:
        """Every one that was ever switched on."""
        return self._trouble.begun

    def fault(
        self, name: str | Fault, *, count: int | None = None, seconds: int | None = None, **params: int | str
    ) -> None:
        """Switch a fault of ``countertop lab list`` on.

        Raises:
            FaultUnknown: name, parameters, count or seconds; or a scenario, which ``countertop lab run`` plays.
        """
        self._trouble.begin(name if isinstance(name, Fault) else Fault(name, count, seconds, params))

    def heal(self, name: str = "") -> None:
        """End one fault, or all of them. Raises FaultUnknown."""
        self._trouble.heal(name)

    # --- the process ----------------------------------------------------------------------------------------

    def kill(self) -> None:
        """kill -9: what was durable is all that is left. Raises AssertionError while it is down."""
        self._is_up()
        self.run(self.down(graceful=False))

    def stop(self) -> None:
        """SIGTERM. Raises AssertionError while it is down."""
        self._is_up()
        self.run(self.down(graceful=True))

    async def down(self, *, graceful: bool) -> None:
        self.story.note("service", "is stopped" if graceful else "is killed")
        await self._close_office()
        await (self.world.stop() if graceful else self.world.crash())

    async def _kill_at(self, params: Params) -> None:
        """Now, or when a code is before the customer; a little later it is started again."""
        if params["when"] != "now":
            await self.reach(self._shows_code, WAITS_S)
        await self.down(graceful=params["signal"] == "TERM")
        await asyncio.sleep(DOWN_S)
        await self.up()

    def _shows_code(self) -> bool:
        if not self.world.alive:
            return False
        sale = self.lane.current
        return sale is not None and self.code_there(sale)

    def start(self) -> None:
        """A new process over the same disk. Raises AssertionError: it runs already."""
        if self.world.alive:
            raise AssertionError("the service runs already")
        self.run(self.up())

    async def up(self) -> None:
        await self.world.start()
        self.story.note("service", "started again")
        if self.setup.devices:
            await asyncio.sleep(GREET_S)

    # --- what is told of it ---------------------------------------------------------------------------------

    @property
    def events(self) -> list[Event]:
        """Everything in the journal."""
        found: list[Event] = []
        while batch := self.world.journal.after(found[-1].number if found else 0):
            found += batch
        return found

    def told(self, test: str) -> list[str]:
        """What a failed test shows: its story, and how to play it again."""
        return [*self.timeline(), "", f"seed {self.seed}; again: pytest '{test}' --counter-seed {self.seed}"]

    def timeline(self) -> list[str]:
        """What happened, in order: bytes on cables, calls at the bank, acts of people, the journal's events."""
        journal = self.events if self.world.alive else []
        return self.story.lines([(each.mono_ns, each) for each in journal])


def coded(sale: Sale) -> bool:
    """Its code is known, or there will be none."""
    attempt = sale.last_attempt
    return sale.ended or attempt is None or not attempt.live or bool(attempt.payload)
