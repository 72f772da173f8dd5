"""``lab run NAME``: one fault or scenario played headless, from the sale to the audit, and judged.

The service is the real one, the devices are the firmware stubs of the lab, the bank is the sandbox; the oracle
is the simulation's. Everything runs on virtual time from a seed.
"""

import asyncio
import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from terminal.lab.faults import Fault
from terminal.lab.scenario_files import named
from terminal.lab.scenarios import Scenario
from terminal.lab.timeline import Line
from terminal.simulation.audit import audit
from terminal.simulation.lab_scripts import SCRIPTS
from terminal.simulation.lab_shop import LabShop
from terminal.simulation.lab_verdict import fired, judge
from terminal.simulation.power import PowerDisk
from terminal.simulation.rails import IN_PART
from terminal.simulation.story import Story
from terminal.simulation.world import Gone
from terminal.virtual_time import run

GREET_S: Final = 3.0  # devices are found and greeted
SETTLE_S: Final = 30


@dataclass(frozen=True, slots=True)
class Verdict:
    """``agrees`` is true when the fault fired and nothing is in ``wrong``."""

    name: str
    seed: int
    fired: bool
    wrong: tuple[str, ...]
    ends: str
    captured: int
    said: tuple[str, ...]
    slips: tuple[str, ...]
    virtual_s: float
    lines: tuple[Line, ...]
    words: tuple[str, ...] = ()  # on the till's screen, in their order
    events: tuple[str, ...] = ()  # what a POS heard of the sale

    @property
    def agrees(self) -> bool:
        return self.fired and not self.wrong


def lab_run(name: str, folder: Path, *, seed: int = 1) -> Verdict:
    """Play a fault, a story, or a scenario file in ``folder``, which is empty.

    Raises:
        FaultUnknown, BadScenario; OSError: the file cannot be read.
    """
    return play(named(name), folder, seed=seed)


def play(what: Fault | Scenario, folder: Path, *, seed: int = 1) -> Verdict:
    """The same for one that is read already."""
    return run(LabRun(what, seed, folder).play(), seed=seed)


class LabRun:
    def __init__(self, what: Fault | Scenario, seed: int, folder: Path, *, channel: str = "wechatpay") -> None:
        fault = what if isinstance(what, Fault) else what.as_fault()
        self._scenario = what if isinstance(what, Scenario) else None
        self._fault, self._seed, self._folder = fault, seed, folder
        usual = IN_PART if fault.slug == "partial-approval" else channel  # no shipped one approves in part
        self._channels = (self._scenario.channels if self._scenario else ()) or (usual,)

    async def play(self) -> Verdict:
        shop = LabShop(self._fault, self._seed, self._folder, channels=self._channels, disk=self._disk())
        story = Story(shop, self._scenario) if self._scenario else None
        await shop.world.start()
        if story is not None:
            story.listen()
        await asyncio.sleep(GREET_S)
        shop.set_bank_faults()
        if self._fault.run.at == "before":
            await shop.break_()
        watch = asyncio.ensure_future(shop.watch())
        await (SCRIPTS[self._fault.run.direction](shop) if story is None else story.play())
        await shop.until_ended()
        await shop.mend()
        await asyncio.sleep(SETTLE_S)
        shop.note("lab", "everything healed")
        shop.world.bank.faults.clear()
        for line in shop.world.lines:
            line.faults.heal()
        watch.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watch
        listed = shop.listed()
        shop.note_told()
        wrong = judge(shop, story, slips_listed=bool(listed))
        await shop.days_later()
        return await self._judge(shop, story, wrong, listed)

    def _disk(self) -> PowerDisk | None:
        cut = self._scenario is not None and any(step.do == "cut_power" for step in self._scenario.step)
        return PowerDisk(f"lab-{self._folder.name}") if cut else None

    async def _judge(self, shop: LabShop, story: Story | None, wrong: list[str], listed: set[str]) -> Verdict:
        audit(shop.oracle, listed | shop.listed())
        report = await shop.world.journal.verify_all()
        shop.oracle.must(report.sound, "I18", f"{report}")
        if shop.oracle.blame:
            wrong = [shop.oracle.blame, *wrong]
        really = fired(shop, story)
        captures = shop.world.bank.captures(shop.world.ring.shop.mchid)
        with contextlib.suppress(Gone):
            await shop.world.close()
        shop.breakage.close()
        return Verdict(
            self._fault.slug,
            self._seed,
            really,
            tuple(wrong),
            shop.seen.state,
            sum(len(each) for each in captures.values()),
            tuple(shop.counter.transcript),
            tuple("\n".join(slip) for slip in shop.counter.paper),
            asyncio.get_running_loop().time(),
            tuple(shop.timeline.after(0)),
            shop.seen.words,
            shop.seen.events,
        )
