"""The service of one house: its use cases over one floor, wired once and run until told to stop."""

import asyncio
import hmac
from collections.abc import Sequence

from terminal.counter.aftercare import Aftercare
from terminal.counter.checkout import Checkout
from terminal.counter.choosing import Choosing
from terminal.counter.commands import Commands
from terminal.counter.excess import Excess
from terminal.counter.floor import Floor, Parts
from terminal.counter.lane import Devices, Lane
from terminal.counter.moving import Moving
from terminal.counter.notices import Notices
from terminal.counter.overrides import Overrides
from terminal.counter.ports import Scanner
from terminal.counter.posters import Posters
from terminal.counter.recovery import recover
from terminal.counter.remainder import Remainder
from terminal.counter.report_paper import ReportPaper
from terminal.counter.scanning import take_scans
from terminal.counter.settings import CounterSettings
from terminal.counter.unverified import Unverified
from terminal.payments.attempt import State
from terminal.payments.sale import Sale
from terminal.payments.sale_parts import needs_sweep


class Service(Floor):
    def __init__(self, parts: Parts, counters: Sequence[tuple[CounterSettings, Devices]]) -> None:
        super().__init__(parts, counters, self._take_scans)
        self._ready = asyncio.Event()
        self.choosing, self.unverified, self.overrides = Choosing(self), Unverified(self), Overrides(self)
        self.aftercare, self.notices, self.report_paper = Aftercare(self), Notices(self), ReportPaper(self)
        self.posters = Posters(self, self.notices)
        self.excess = Excess(self, self.aftercare)
        self.checkout = Checkout(self, self.choosing, self.unverified)
        self.remainder = Remainder(self, self.aftercare, self.checkout)
        self.moving = Moving(self, self.checkout, self.choosing)
        key = hmac.digest(parts.code_key, b"command sheet", "sha256")
        self.commands = Commands(self, self.checkout, self.aftercare, self.moving, key)
        self.book.on_change = self._changed

    async def run(self) -> None:
        """Recover, then serve until cancelled. Ends by itself only when the journal fails (I20)."""
        async with asyncio.TaskGroup() as group:
            self.tasks.within(group)
            try:
                await recover(self, self.excess, self.remainder, self.report_paper)
                for lane in self.lanes.values():
                    self.start_lane(lane)
                self.tasks.start("expiries", self.expiries.run)
                self.tax.work.begin(self.tasks.start, "tax numbers")
                self.ready = True
                self._ready.set()
                raise await self.feed.failure()
            finally:
                self.tasks.close()

    async def until_ready(self) -> None:
        await self._ready.wait()

    async def _take_scans(self, lane: Lane, scanner: Scanner) -> None:
        await take_scans(self, self.checkout, self.commands, lane, scanner)

    def _changed(self, before: Sale | None, after: Sale) -> None:
        self.adopt(after.counter).changed(before, after)  # the glass first
        self.watches.changed(before, after)
        self.overrides.settled(after)
        self.moving.changed(after)
        self.excess.changed(after)
        self.remainder.changed(after)
        self.unverified.changed(before, after)
        self._look_after(before, after)

    def _look_after(self, before: Sale | None, after: Sale) -> None:
        """What nobody drove any more was ended by a bill or a person: the bank is asked about it all the same."""
        for was in before.attempts if before else ():
            idle = was.state is State.MANUAL and self.adopt(after.counter).drive(was.id) is None
            if idle and needs_sweep(after.attempt(was.id)) and self.channel(was.provider):
                self.drive(after, was.id, fresh=False)
