"""The closed loop on simulated counters: the scanner sees glass and slips, a person hears the voice and types.

The bench, slots and drivers are the service's own; the devices are the firmware stubs of the lab on virtual time.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from drivers.device_protocol import ROLES, Role
from terminal.counter.ports import Devices, Entropy
from terminal.errors import Conflict
from terminal.lab.eye import ByItself, Eye
from terminal.lab.stand import Stand
from terminal.lab.timeline import Timeline
from terminal.on_demand import Job
from terminal.peripherals.bench import Bench
from terminal.peripherals.proof import Manner, Proof
from terminal.peripherals.slots import Slots
from terminal.simulation.devices import SimulatedCounter
from terminal.virtual_time import VirtualClock

MANNER: Final = Manner("CNY", "zh-CN", test=True)


@dataclass
class Proving:
    """One counter ready for tests. ``customer``: somebody stands there."""

    bench: Bench
    slots: Slots
    hand: ByItself
    stand: Stand
    customer: bool = False
    scanned: list[str] = field(default_factory=list)  # what went to a sale

    async def drain(self) -> None:
        async for scan in self.slots.scanner.scans():
            self.scanned.append(scan.text)


@asynccontextmanager
async def proving(
    counter: SimulatedCounter, entropy: Entropy, *, eye: Eye | None = None, manner: Manner = MANNER
) -> AsyncIterator[Proving]:
    """On the virtual loop. ``eye``: how glass and paper come to the scanner of this counter."""
    slots = Slots(VirtualClock())
    made = counter.devices()
    slots.fill(lambda role: alone(role, made))
    stand = Stand(counter.wires, Timeline(VirtualClock()))
    ready: list[Proving] = []
    bench = Bench(slots, entropy, manner, lambda: bool(ready) and ready[0].customer)
    hand = ByItself(stand, eye or Eye(), lambda digits: _type(bench, digits))
    ready.append(Proving(bench, slots, hand, stand))
    tasks = [asyncio.ensure_future(job) for job in (hand.run(), ready[0].drain())]
    slots.begin(lambda _name, job: tasks.append(asyncio.ensure_future(job())), lambda: None)
    try:
        yield ready[0]
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def alone(role: Role, made: Devices) -> Devices:
    """Only this role's device of these, with its job."""
    jobs: dict[str, Job] = {role: made.jobs[role]}
    match role:
        case "display":
            return Devices(display=made.display, jobs=jobs)
        case "scanner":
            return Devices(scanner=made.scanner, jobs=jobs)
        case "printer":
            return Devices(printer=made.printer, jobs=jobs)
        case "speaker":
            return Devices(speaker=made.speaker, jobs=jobs)


def _type(bench: Bench, digits: str) -> None:
    try:
        bench.answer(digits)
    except Conflict:
        return  # the test is over


async def prove_lab(entropy: Entropy, roles: Sequence[Role] = ROLES) -> list[Proof]:
    """Every device of one simulated counter, as ``countertop devices test`` does it without hardware."""
    async with proving(SimulatedCounter(captions=True), entropy) as counter:
        return [await counter.bench.test(role) for role in roles]
