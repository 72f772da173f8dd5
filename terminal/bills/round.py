"""When to ask a channel for which bills: of every settlement day since the journal began, once it can be there."""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

from terminal.counter.ports import Clock, Journal
from terminal.payments.bill import BillKind, BillRefused, NoBill
from terminal.payments.profile import Profile
from terminal.settlement.absent import bill_key
from terminal.settlement.matching import day_begins_ms
from terminal.settlement.ports import BillChannel
from terminal.settlement.reconcile import Report

log = logging.getLogger(__name__)
PAUSES_S: Final = (60.0, 300.0, 900.0, 3600.0)  # after rounds that left something; the last for all further ones
LOOK_S: Final = 3600.0  # at the latest: a wall clock may have been set
DAYS_BACK: Final = 31  # where a profile does not say how long bills can be had
DAYS_MAX: Final = 92
AWAY_MS: Final = 3 * 86_400_000  # then a person hears of it
FAILED_MAX: Final = 6  # in one round; a provider that is down is not asked for three months' bills
BREATH_MS: Final = 60_000  # the provider's clock may be behind ours
_DAY: Final = timedelta(days=1)
_DAY_MS: Final = 86_400_000
Wish = tuple[date, BillKind]


@dataclass(slots=True)
class Round:
    """One channel's. ``run`` asks for ever; it ends only when it is cancelled.

    Args:
        bring: fetches and reads one bill; raises BillRefused when it cannot be believed.
        missing: told once for each bill that stays away.
        tidy: drops old files; told today's date.
        runs: whether somebody looks now and then, so that ``now`` comes to an end.
    """

    channel: BillChannel
    profile: Profile
    journal: Journal
    clock: Clock
    bring: Callable[[date, BillKind], Awaitable[Report | NoBill]]
    missing: Callable[[], Awaitable[object]]
    tidy: Callable[[date], object]
    runs: bool = False
    _failed: Counter[Wish] = field(default_factory=Counter)  # how often it was asked for in vain
    _never: set[Wish] = field(default_factory=set)  # the provider has no such bill
    _told: set[Wish] = field(default_factory=set)
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _done: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        self.runs, vain = True, 0
        try:
            while True:
                self._wake.clear()
                left = await self.look()
                vain = vain + 1 if left else 0
                pause_s = PAUSES_S[min(vain, len(PAUSES_S)) - 1] if left else self._until_next_s()
                if not self._wake.is_set():
                    self._done.set()
                await self._sleep(pause_s)
        finally:
            self.runs = False
            self._done.set()  # who waits shall not wait for a job that ended

    async def now(self) -> None:
        """A whole round from now on; returns when it is over."""
        self._done.clear()
        self._wake.set()
        await self._done.wait()

    async def look(self) -> int:
        """One round, oldest first; what failed before comes last. Returns how many bills are still wanted."""
        self.tidy(self._today())
        wishes = self.due()
        self._forget(wishes)
        left = 0
        for wish in sorted(wishes, key=self._in_vain):
            if left >= FAILED_MAX:
                break
            left += not await self._got(*wish)
        return left

    def _in_vain(self, wish: Wish) -> bool:
        """A balance stays behind the trades of its day."""
        return bool(self._failed[wish] or self._failed[wish[0], "trade"])

    def due(self) -> list[Wish]:
        """Bills that should be there and are not taken over, the oldest day first, trades before the balance."""
        newest, back = self._newest(), min(self.profile.bill_days_back or DAYS_BACK, DAYS_MAX)
        began = self.journal.after(0, limit=1)
        if not began:
            return []
        day = max(self._day_of(began[0].wall_ms), newest - timedelta(days=back - 1))
        found: list[Wish] = []
        kinds: tuple[BillKind, ...] = ("trade", "funds")
        while day <= newest:
            found += [
                (day, kind) for kind in kinds if kind in self.profile.bill_formats and self._wants(day, kind)
            ]
            day += _DAY
        return found

    def _wants(self, day: date, kind: BillKind) -> bool:
        return (day, kind) not in self._never and not self._has(day, kind)

    def _has(self, day: date, kind: BillKind) -> bool:
        return self.journal.claimed("bill_day", bill_key(self.channel.name, kind, day)) is not None

    async def _got(self, day: date, kind: BillKind) -> bool:
        if kind == "funds" and self._waits_for_trade(day):
            return False
        try:
            got = await self.bring(day, kind)
        except BillRefused as refused:
            log.warning("%s: the %s bill of %s is refused: %s", self.channel.name, kind, day, refused)
            got = NoBill("unclear", refused.slug)
        if not isinstance(got, NoBill):
            return True
        if got.why == "not_offered":
            log.info("%s: there is no %s bill of %s: %s", self.channel.name, kind, day, got.text)
            self._never.add((day, kind))
            return True
        log.info("%s: no %s bill of %s yet: %s %s", self.channel.name, kind, day, got.why, got.text)
        self._failed[day, kind] += 1
        await self._tell(day, kind)
        return False

    def _waits_for_trade(self, day: date) -> bool:
        """The balance is held against the trades of its day, so these come first."""
        return "trade" in self.profile.bill_formats and self._wants(day, "trade")

    async def _tell(self, day: date, kind: BillKind) -> None:
        late_ms = self.clock.wall_ms() - self._ready_ms(day)
        if late_ms >= AWAY_MS and (day, kind) not in self._told:
            self._told.add((day, kind))
            log.error("%s: the %s bill of %s stays away", self.channel.name, kind, day)
            await self.missing()

    def _forget(self, wishes: list[Wish]) -> None:
        """What is no longer wanted, or too old to be had."""
        wanted, newest = set(wishes), self._newest()
        self._failed = Counter({wish: count for wish, count in self._failed.items() if wish in wanted})
        self._told &= wanted
        self._never = {wish for wish in self._never if wish[0] > newest - timedelta(days=DAYS_MAX)}

    # --- days ---------------------------------------------------------------------------------------------

    def _ready_ms(self, day: date) -> int:
        """From then on the bill of ``day`` should be there: at ``bill_ready`` of the next one."""
        hours, _, minutes = (self.profile.bill_ready or "00:00").partition(":")
        return day_begins_ms(day + _DAY, self.channel) + (int(hours) * 60 + int(minutes)) * 60_000 + BREATH_MS

    def _newest(self) -> date:
        today = self._today()
        return today - _DAY if self.clock.wall_ms() >= self._ready_ms(today - _DAY) else today - 2 * _DAY

    def _today(self) -> date:
        return self._day_of(self.clock.wall_ms())

    def _day_of(self, wall_ms: int) -> date:
        return date(1970, 1, 1) + timedelta(days=(wall_ms + self.channel.offset_min * 60_000) // _DAY_MS)

    def _until_next_s(self) -> float:
        left_ms = self._ready_ms(self._newest() + _DAY) - self.clock.wall_ms()
        return min(max(left_ms / 1000, 1.0), LOOK_S)

    async def _sleep(self, pause_s: float) -> None:
        try:
            async with asyncio.timeout(pause_s):
                await self._wake.wait()
        except TimeoutError:
            return
