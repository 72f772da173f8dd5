"""``lab run NAME``: one fault or scenario played headless, from the sale to the audit, and judged.

The service is the real one, the devices are the firmware stubs of the lab, the bank is the sandbox; the oracle
is the simulation's. Everything runs on virtual time from a seed.
"""

import asyncio
import contextlib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from terminal.counter.lane import Devices
from terminal.lab.device_faults import Breakage
from terminal.lab.faults import Fault, find
from terminal.lab.scenario_files import named
from terminal.lab.scenarios import Scenario
from terminal.lab.stand import Stand
from terminal.lab.timeline import Line, Timeline
from terminal.payments.sale import Sale
from terminal.simulation.audit import audit
from terminal.simulation.devices import SimulatedCounter
from terminal.simulation.lab_scripts import SCRIPTS, Hands
from terminal.simulation.lab_told import pos_events, till_words
from terminal.simulation.lab_verdict import judge
from terminal.simulation.oracle import Oracle
from terminal.simulation.power import PowerDisk
from terminal.simulation.rails import IN_PART
from terminal.simulation.story import Story
from terminal.simulation.trace import Trace
from terminal.simulation.world import Gone, Outfit, World
from terminal.virtual_time import run

GREET_S: Final = 3.0  # devices are found and greeted
ENDS_S: Final = 1800
SETTLE_S: Final = 30
QUIET_H: Final = 80
LOOK_S: Final = 0.5
GLASS_IN_DOUBT_S: Final = 25.0  # a display that hears nothing goes dark by itself after 15 s


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


@dataclass(slots=True)
class Seen:
    """What the world did, beside what the oracle noted."""

    state: str = ""  # of the sale when a script asked for it, else at its end
    unplugged: set[str] = field(default_factory=set)
    written: int = 0  # bytes to the broken device while it was broken
    paper_out: bool = False
    words: tuple[str, ...] = ()
    events: tuple[str, ...] = ()


class LabRun:
    def __init__(self, what: Fault | Scenario, seed: int, folder: Path, *, channel: str = "wechatpay") -> None:
        fault = what if isinstance(what, Fault) else what.as_fault()
        self.fault, self._seed, self.folder = fault, seed, folder
        self.story = Story(self, what) if isinstance(what, Scenario) else None
        self._channels = what.channels if isinstance(what, Scenario) else ()
        self._power = self.story is not None and self.story.does("cut_power")
        channel = self._channels[0] if self._channels else channel
        self.channel = IN_PART if fault.slug == "partial-approval" else channel  # no shipped one approves in part
        self.happened = False  # set by scripts that are the fault themselves
        self.seen = Seen()
        self._blind_until_s = 0.0

    async def play(self) -> Verdict:
        self._build()
        await self.world.start()
        if self.story is not None:
            self.story.listen()
        await asyncio.sleep(GREET_S)
        self._set_bank_faults()
        if self.fault.run.at == "before":
            await self._break()
        watch = asyncio.ensure_future(self._watch())
        await SCRIPTS[self.fault.run.direction](self)
        await self.until_ended()
        await self._mend()
        await asyncio.sleep(SETTLE_S)
        self.note("lab", "everything healed")
        self.world.bank.faults.clear()
        for line in self.world.lines:
            line.faults.heal()
        watch.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watch
        listed = self._listed()
        self._note_told()
        wrong = judge(self, slips_listed=bool(listed))
        await self._days_later()
        return await self._judge(wrong, listed)

    def _build(self) -> None:
        loop = asyncio.get_running_loop()
        self.counter = SimulatedCounter(captions=False)
        self._outfit = Outfit(channels=self._channels or (self.channel,))
        disk = PowerDisk(f"lab-{self.folder.name}") if self._power else None
        self.world = World(self._seed, self.folder, outfit=self._outfit, disk=disk)
        self.timeline = Timeline(self.world.bank_clock)
        self.trace = Trace(loop.time, self._traced)
        self.oracle = Oracle(self.world.bank, self.world.ring.shop, self.trace, self.world.house.currency)
        if self.world.account is not None:
            self.oracle.codes = self.world.account.order_of
        self.world.witness = self.oracle
        self.world.outfit = replace(self._outfit, devices=self._devices)
        self.stand = Stand(self.counter.wires, self.timeline)
        self.breakage = Breakage(self.stand)
        self.hands = Hands(self)

    def _devices(self, _counter: str) -> Devices:
        return self.counter.devices()

    def _traced(self, line: str) -> None:
        self.timeline.add("shop", "", line[13:])

    def note(self, who: str, what: str) -> None:
        self.timeline.add(who, "", what)

    # --- faults -----------------------------------------------------------------------------------------

    def _set_bank_faults(self) -> None:
        slugs = [self.fault.slug] if self.fault.layer == "provider" else []
        if self.fault.run.with_:
            slugs.append(self.fault.run.with_)
        for slug in slugs:
            params: dict[str, Any] = dict(find(slug).params)
            if self.fault.run.call and "call" in params:
                params["call"] = self.fault.run.call
            if slug != "forged-notification":
                self.world.bank.set_fault(slug, self.world.bank_clock.wall_ms(), params=params)
                self.note("lab", f"{slug} waits at the bank")

    async def break_now(self) -> None:
        """The moment with the code on the glass."""
        if self.fault.slug == "forged-notification":
            self.world.bank.set_fault(self.fault.slug, self.world.bank_clock.wall_ms())
            self.world.bank_worked()
        if self.fault.run.at == "shown":
            await self._break()

    async def _break(self) -> None:
        if self.fault.layer not in {"device", "link"}:
            return
        self.note("lab", f"{self.fault.slug} begins")
        self._began = self.timeline.last
        await self.breakage.begin(self.fault.slug, self.fault.params)
        if "display" in self.fault.slug or "firmware" in self.fault.slug:
            self._blind_until_s = float("inf")
        if self.fault.run.heal:
            asyncio.get_running_loop().call_later(self.fault.run.heal, self._mend_later)

    def blind(self, *, for_ever: bool) -> None:
        """Nobody can know what the glass shows: from now on, or for a while after it was mended."""
        now_s = asyncio.get_running_loop().time()
        if for_ever:
            self._blind_until_s = float("inf")
        elif self._blind_until_s > now_s:
            self._blind_until_s = now_s + GLASS_IN_DOUBT_S

    def _mend_later(self) -> None:
        self._mending = asyncio.ensure_future(self._mend())

    async def _mend(self) -> None:
        self._note_damage()
        await self.breakage.mend()
        if self._blind_until_s:
            self._blind_until_s = min(self._blind_until_s, asyncio.get_running_loop().time() + GLASS_IN_DOUBT_S)

    def _note_damage(self) -> None:
        if self.fault.layer not in {"device", "link"}:
            return
        stand, seen = self.stand, self.seen
        seen.unplugged |= {role for role, cable in stand.cables.items() if not cable.plugged}
        seen.paper_out |= stand.printer.paper_out
        usual = "display" if "firmware" in self.fault.slug else "printer"
        roles = [role for role in stand.cables if role in self.fault.slug] or [usual]
        lines = self.timeline.after(self._began)
        seen.written += sum(line.bytes for line in lines if line.place in roles and line.way == "out")

    @property
    def _fired(self) -> bool:
        """Whether the fault really happened; a run in which it did not proves nothing."""
        slug, stand = self.fault.slug, self.stand
        match self.fault.layer:
            case "provider":
                return self.world.bank.faults.fired[slug] > 0
            case "process" | "update":
                return self.world.lives > 2  # the last restart is the audit's
            case "clock":
                return self.happened
            case "scenario" if self.story is not None:
                return self.story.happened
            case "scenario":
                also = self.fault.run.with_
                return self.happened or not also or self.world.bank.faults.fired[also] > 0
        match slug:
            case "paper-out" | "paper-out-mid-slip":
                return self.seen.paper_out
            case "scanner-double-fire":
                return stand.double_fire == 0
            case "scanner-half-read":
                return stand.half_read == 0
            case "display-loses-answers":
                return stand.cables["display"].drop_answers == 0
            case "printer-power-cycle":
                return stand.printer.power_cycle_after is None
            case "unplug-display" | "unplug-scanner" | "unplug-printer" | "unplug-speaker":
                return slug.removeprefix("unplug-") in self.seen.unplugged
        return self.seen.written > 0

    # --- waiting ----------------------------------------------------------------------------------------

    def sale(self) -> Sale | None:
        return self.world.service.book.sale(self.hands.sale) if self.world.alive and self.hands.sale else None

    def note_state(self) -> None:
        """This is how the sale stands; what comes later is not the fault's doing."""
        sale = self.sale()
        self.seen.state = str(sale.state) if sale else ""

    def _note_told(self) -> None:
        told = self.world.service.feed.of_subject(self.hands.sale) if self.hands.sale else ()
        self.seen.words, self.seen.events = till_words(told), pos_events(told)

    async def until_ended(self) -> None:
        """Until the sale ended, or stays open with nothing more going on: then the cashier cancels."""
        for _ in range(round(ENDS_S / LOOK_S)):
            sale = self.sale()
            if sale is not None and sale.ended:
                break
            if sale is not None and sale.attempts and sale.live_attempt is None:
                self.note_state()
                await self.hands.cancel()
            await asyncio.sleep(LOOK_S)
        if not self.seen.state:
            self.note_state()
        if self.world.alive and self.hands.sale:
            self.oracle.told(self.hands.sale, str(self.world.service.book.sale(self.hands.sale).state))

    def _listed(self) -> set[str]:
        """Effects of which a person is asked."""
        return {effect for lane in self.world.service.lanes.values() for effect in lane.paper.listed}

    async def _days_later(self) -> None:
        """A restart without devices, and then until nothing is in doubt: late money is looked for for days."""
        await self.world.stop()
        self.world.outfit = self._outfit
        await self.world.start()
        for _ in range(QUIET_H):
            if self.oracle.blame or self._quiet():
                return
            await asyncio.sleep(3600)

    def _quiet(self) -> bool:
        """Nothing left but what waits for a person."""
        service = self.world.service
        for each in service.feed.unfinished():
            if each.body["kind"] == "sale":
                sale = service.book.sale(each.subject)
                refunds = tuple(refund for refund in sale.refunds if refund.state != "manual")
                if not replace(sale, exceptions=(), refunds=refunds).final:
                    return False
        return True

    async def _watch(self) -> None:
        """The glass, twice a second, unless nobody could know what it shows."""
        while True:
            await asyncio.sleep(LOOK_S)
            blind = asyncio.get_running_loop().time() < self._blind_until_s
            if blind or not self.world.alive or not self.stand.cables["display"].plugged:
                self.oracle.blind()
            else:
                self.oracle.look("1", self.hands.glass(), self.world.clock.mono_ns())
                tasks = self.world.service.tasks
                self.oracle.must(not tasks.broken, "D11", f"a task failed: {tasks.broken}")

    # --- the end ----------------------------------------------------------------------------------------

    async def _judge(self, wrong: list[str], listed: set[str]) -> Verdict:
        audit(self.oracle, listed | self._listed())
        report = await self.world.journal.verify_all()
        self.oracle.must(report.sound, "I18", f"{report}")
        if self.oracle.blame:
            wrong = [self.oracle.blame, *wrong]
        fired = self._fired
        captures = self.world.bank.captures(self.world.ring.shop.mchid)
        with contextlib.suppress(Gone):
            await self.world.close()
        self.breakage.close()
        return Verdict(
            self.fault.slug,
            self._seed,
            fired,
            tuple(wrong),
            self.seen.state,
            sum(len(each) for each in captures.values()),
            tuple(self.counter.transcript),
            tuple("\n".join(slip) for slip in self.counter.paper),
            asyncio.get_running_loop().time(),
            tuple(self.timeline.after(0)),
            self.seen.words,
            self.seen.events,
        )
