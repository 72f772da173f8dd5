"""The simulated counter of a headless lab run, with its fault: what its people and its judge take hold of."""

import asyncio
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from terminal.counter.lane import Devices
from terminal.lab.device_faults import Breakage
from terminal.lab.faults import Fault, find
from terminal.lab.stand import Stand
from terminal.lab.timeline import Timeline
from terminal.payments.sale import Sale
from terminal.simulation.devices import SimulatedCounter
from terminal.simulation.lab_hands import Hands
from terminal.simulation.lab_told import pos_events, till_words
from terminal.simulation.oracle import Oracle
from terminal.simulation.power import PowerDisk
from terminal.simulation.trace import Trace
from terminal.simulation.world import Outfit, World

ENDS_S: Final = 1800
QUIET_H: Final = 80
LOOK_S: Final = 0.5
GLASS_IN_DOUBT_S: Final = 25.0  # a display that hears nothing goes dark by itself after 15 s


@dataclass(slots=True)
class Seen:
    """What the world did, beside what the oracle noted."""

    state: str = ""  # of the sale when a script asked for it, else at its end
    unplugged: set[str] = field(default_factory=set)
    written: int = 0  # bytes to the broken device while it was broken
    paper_out: bool = False
    words: tuple[str, ...] = ()
    events: tuple[str, ...] = ()


class LabShop:
    """Build it on a running virtual loop; ``world.start`` opens it.

    Args:
        channels: of its counter; the first shows its code.
        folder: where the journal lives; it is empty.
    """

    def __init__(
        self, fault: Fault, seed: int, folder: Path, *, channels: tuple[str, ...], disk: PowerDisk | None
    ) -> None:
        self.fault, self.folder, self.channel = fault, folder, channels[0]
        self.happened = False  # set by scripts that are the fault themselves
        self.seen = Seen()
        self._blind_until_s = 0.0
        self.counter = SimulatedCounter(captions=False)
        self._outfit = Outfit(channels=channels)
        self.world = World(seed, folder, outfit=self._outfit, disk=disk)
        self.timeline = Timeline(self.world.bank_clock)
        trace = Trace(asyncio.get_running_loop().time, self._traced)
        self.oracle = Oracle(self.world.bank, self.world.ring.shop, trace, self.world.house.currency)
        if self.world.account is not None:
            self.oracle.codes = self.world.account.order_of
        self.world.witness = self.oracle
        self.world.outfit = replace(self._outfit, devices=self._devices)
        self.stand = Stand(self.counter.wires, self.timeline)
        self.breakage = Breakage(self.stand)
        self.hands = Hands(self.world, self.stand, self.oracle, channel=self.channel, note=self.note)

    def _devices(self, _counter: str) -> Devices:
        return self.counter.devices()

    def _traced(self, line: str) -> None:
        self.timeline.add("shop", "", line[13:])

    def note(self, who: str, what: str) -> None:
        self.timeline.add(who, "", what)

    # --- faults -----------------------------------------------------------------------------------------

    def set_bank_faults(self) -> None:
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
            await self.break_()

    async def break_(self) -> None:
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
        self._mending = asyncio.ensure_future(self.mend())

    async def mend(self) -> None:
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

    # --- waiting ----------------------------------------------------------------------------------------

    def sale(self) -> Sale | None:
        return self.world.service.book.sale(self.hands.sale) if self.world.alive and self.hands.sale else None

    def note_state(self) -> None:
        """This is how the sale stands; what comes later is not the fault's doing."""
        sale = self.sale()
        self.seen.state = str(sale.state) if sale else ""

    def note_told(self) -> None:
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

    def listed(self) -> set[str]:
        """Effects of which a person is asked."""
        return {effect for lane in self.world.service.lanes.values() for effect in lane.paper.listed}

    async def days_later(self) -> None:
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

    async def watch(self) -> None:
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
