"""One seed from its first sale to its audit: faults on, everything healed, everything checked."""

import asyncio
import contextlib
import gc
import itertools
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, Final

from terminal.errors import JournalError
from terminal.payments.sale import Sale
from terminal.simulation.audit import audit
from terminal.simulation.bytes_models import StubCounter
from terminal.simulation.models import CounterModel, Props
from terminal.simulation.oracle import Oracle
from terminal.simulation.people import Cashier
from terminal.simulation.rings import mac_ring, rsa_ring
from terminal.simulation.rows import counted
from terminal.simulation.swarm import Swarm, draw
from terminal.simulation.trace import Print, Trace
from terminal.simulation.trouble import Trouble
from terminal.simulation.world import Killed, Outfit, World
from terminal.virtual_time import Deadlock, VirtualEntropy, run

SAFETY_S: Final = 4 * 3600  # more than any honest run of thirty sales takes
TICK_S: Final = 2
DEVICES_REST_S: Final = 120
LIVENESS_H: Final = 80  # three sweeps of a day, should a restart begin them anew
_DISKS: Final = itertools.count()  # SQLite knows a disk by its name, one process several
MEMORY: Final = Path("/dev/shm")  # noqa: S108  # a private folder is made in it


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one seed ended; ``blame`` is empty when every invariant held."""

    seed: int
    sales: int
    digest: str
    steps: int
    virtual_s: float
    blame: str
    last: tuple[str, ...]
    counts: dict[str, int] = field(default_factory=dict)


def simulate(
    seed: int,
    *,
    sales: int = 0,
    outfit: Outfit | None = None,
    swarm: Swarm | None = None,
    show: Print | None = None,
) -> Outcome:
    """Run a seed. The same seed and code give the same ``digest`` in every process."""
    place = MEMORY if os.access(MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="countertop-simulation-", dir=place) as folder:
        shop = _Shop(seed, swarm or draw(seed, sales=sales), Path(folder), outfit or Outfit(), show)
        with _collected_at_the_end(), counted() as taken:
            outcome = run(shop.play(), seed=seed)
        outcome.counts.update(taken)
        return outcome


@cache
def _leave_out_what_is_there() -> None:
    """Once a process: counting what is frozen would walk through all of it."""
    gc.collect()
    gc.freeze()


@contextlib.contextmanager
def _collected_at_the_end() -> Iterator[None]:
    """Finalisers run at one place, the same in every run; what was there before is not looked at again."""
    _leave_out_what_is_there()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


class _Shop:
    def __init__(self, seed: int, swarm: Swarm, folder: Path, outfit: Outfit, show: Print | None) -> None:
        self._seed, self._swarm, self._folder, self._show = seed, swarm, folder, show
        self._outfit = outfit
        self._loop_errors: list[str] = []
        self._stubs: list[StubCounter] = []

    async def play(self) -> Outcome:
        self._build()
        asyncio.get_running_loop().set_exception_handler(self._loop_error)
        try:
            await self._phases()
        except* JournalError as refused:
            self._oracle.wrong("I22", f"the journal does not open: {refused.exceptions[0]}")
        return self._outcome()

    async def _phases(self) -> None:
        try:
            await self._world.start()
            await self._safety()
            if not self._oracle.blame:
                await self._liveness()
            if not self._oracle.blame:
                await self._audit()
        except Deadlock as deadlock:
            self._oracle.wrong("D11", str(deadlock))

    def _build(self) -> None:
        swarm, loop = self._swarm, asyncio.get_running_loop()
        entropy = VirtualEntropy(self._seed, "bank")
        ring = rsa_ring(entropy) if swarm.real_keys else mac_ring(entropy)
        counters = [str(each + 1) for each in range(swarm.counters)]
        self._trace = Trace(loop.time, self._show)
        self._models: dict[str, Props] = {}
        outfit = self._outfit = replace(self._outfit, channels=swarm.channels)
        self._world = World(
            self._seed, self._folder, counters=counters, ring=ring, profile=swarm.profile(), outfit=outfit,
            disk=outfit.disk(f"power-{next(_DISKS)}") if swarm.power else None,
        )  # fmt: skip
        self._oracle = Oracle(self._world.bank, ring.shop, self._trace, self._world.house.currency)
        self._world.witness = self._oracle
        if self._world.account is not None:
            self._oracle.codes = self._world.account.order_of
        if swarm.devices == "models":
            self._models.update({each: CounterModel(each, self._world.clock, self._oracle) for each in counters})
        elif swarm.devices == "stubs":
            self._stubs = [StubCounter(each, self._oracle, self._world.bank.ledger) for each in counters]
            self._models.update({each.counter: each for each in self._stubs})
        if self._models:
            outfit = replace(outfit, devices=lambda counter: self._models[counter].devices())
        self._world.outfit = outfit
        self._trouble = Trouble(self._world, swarm, self._trace, list(self._models.values()))

    # --- phases -----------------------------------------------------------------------------------------

    async def _safety(self) -> None:
        trouble = asyncio.ensure_future(self._trouble.play())
        people = asyncio.ensure_future(self._work())
        watch = asyncio.ensure_future(self._watch())
        try:
            async with asyncio.timeout(SAFETY_S):
                await asyncio.wait({trouble, people, watch}, return_when=asyncio.FIRST_COMPLETED)
        except TimeoutError:
            self._oracle.wrong("I4", "the sales never came to an end")
        async with self._trouble.turn:
            for task in (trouble, people, watch):
                await self._ended(task)

    async def _ended(self, task: "asyncio.Future[None]") -> None:
        if not task.done():
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    async def _work(self) -> None:
        swarm, counters = self._swarm, self._world.counters
        async with asyncio.TaskGroup() as tills:
            for place, counter in enumerate(counters):
                share = swarm.sales // len(counters) + (place < swarm.sales % len(counters))
                model = self._models.get(counter)
                cashier = Cashier(self._world, swarm, counter, self._oracle, self._trace, model)
                tills.create_task(cashier.work(share))

    async def _watch(self) -> None:
        """Now and then: what every glass shows, and whether the service is in order. Ends at the first blame."""
        while not self._oracle.blame:
            self._look()
            await asyncio.sleep(TICK_S)

    def _look(self) -> None:
        world = self._world
        if not world.alive or world.dying or not world.service.ready:
            self._oracle.blind()
            return
        now_ns = world.clock.mono_ns()
        for counter, lane in world.service.lanes.items():
            model = self._models.get(counter)
            payload = model.code if model else getattr(lane.glass.screen, "payload", "")
            if model is None or not model.unplugged:
                self._oracle.look(counter, payload, now_ns)
        tasks = world.service.tasks
        self._oracle.must(not tasks.broken, "D11", f"a task failed: {tasks.broken}")

    async def _liveness(self) -> None:
        """Nothing goes wrong any more: within the longest window every doubt must end by itself."""
        self._trace.note("healed")
        self._trouble.heal()
        world = self._world
        if world.alive and world.dying:
            await world.crash()
        await self._trouble.keep_alive()
        world.clock.jump_wall(world.bank_clock.wall_ms() - world.clock.wall_ms())
        await asyncio.sleep(DEVICES_REST_S)  # the last sale's slip is still in the printer
        if self._stubs:
            await self._devices_away()
        for _ in range(LIVENESS_H):
            if self._oracle.blame or self._quiet():
                return
            await asyncio.sleep(3600)
            self._look()

    async def _devices_away(self) -> None:
        """The rest of the days needs no heartbeats; a person has decided about the slips that waited."""
        self._look()
        for stub in self._stubs:
            stub.judge()
        await self._world.stop()
        self._world.outfit = self._outfit
        self._models.clear()
        await self._world.start()

    def _quiet(self) -> bool:
        """Nothing left but what waits for a person."""
        if self._world.account is not None and not self._world.account.rested:
            return False
        for each in self._world.service.feed.unfinished():
            if each.body["kind"] != "sale":
                continue
            sale = self._world.service.book.sale(each.subject)
            settled = replace(sale, exceptions=(), refunds=tuple(x for x in sale.refunds if x.state != "manual"))
            if not settled.final:
                return False
        return True

    def _listed(self) -> set[str]:
        """Slips the product shows to a person."""
        return {effect for lane in self._world.service.lanes.values() for effect in lane.paper.listed}

    async def _slips_out(self) -> None:
        """A refund that ended just now has its slip in the printer; one that is lost comes out of none."""
        for _ in range(DEVICES_REST_S // TICK_S):
            if set(self._oracle.log.owed) <= self._listed():
                return
            await asyncio.sleep(TICK_S)

    async def _audit(self) -> None:
        world, oracle = self._world, self._oracle
        service = world.service
        await self._slips_out()
        audit(oracle, self._listed())
        report = await world.journal.verify_all()
        oracle.must(report.sound, "I18", f"{report}")
        before = {sale: service.book.sale(sale) for sale in oracle.log.sales}
        await world.crash()
        await self._trouble.keep_alive()
        for sale_id, sale in before.items():
            same = _without_live(world.service.book.sale(sale_id)) == _without_live(sale)
            oracle.must(same, "I1", f"{sale_id} is another after a restart")
        await world.close()
        gc.collect()
        oracle.must(not self._loop_errors, "D11", "; ".join(self._loop_errors))

    # --- the end ----------------------------------------------------------------------------------------

    def _loop_error(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        if not isinstance(context.get("exception"), Killed):
            self._loop_errors.append(f"{context.get('message')}: {context.get('exception')!r}")

    def _outcome(self) -> Outcome:
        trace, world = self._trace, self._world
        for line in world.lines:
            for kind, count in line.faults.counts.items():
                trace.counts[f"line {kind}"] += count
        if world.account is not None:
            trace.counts.update(world.account.fired)
        for kind, count in world.bank.faults.fired.items():
            trace.counts[f"bank {kind}"] = count
        trace.counts["lives"] += world.lives
        trace.counts[f"devices {self._swarm.devices}"] += 1
        trace.counts["real keys"] += world.ring.real
        trace.counts["channels " + " and ".join(self._swarm.channels)] += 1
        trace.counts["sales"] += len(self._oracle.log.sales)
        return Outcome(
            self._seed,
            len(self._oracle.log.sales),
            trace.digest,
            trace.steps,
            asyncio.get_running_loop().time(),
            self._oracle.blame,
            tuple(trace.last),
            dict(trace.counts),
        )


def _without_live(sale: Sale) -> Sale:
    """A refund that is still under way goes on after a restart, in another state."""
    return replace(sale, refunds=tuple(each for each in sale.refunds if each.state not in {"sent", "unknown"}))
