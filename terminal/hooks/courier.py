"""One endpoint's deliveries: in order, at least once, from where the journal says that it is (S19, I6).

What is taken moves the endpoint's place on; the place is written down some seconds later, so that a busy shop does
not pay a second commit for every event. After a crash what came in between is delivered again, under the same id.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Final, Protocol

from terminal.counter.feed import Feed
from terminal.counter.ports import Clock
from terminal.hooks import letters, schedule
from terminal.hooks.delivery import Outcome
from terminal.hooks.endpoint import Endpoint
from terminal.hooks.letters import Letter, Told
from terminal.hooks.limits import HookLimits
from terminal.hooks.register import Register
from terminal.payments.event import Actor, Event

Shape = Callable[[Event], bytes | None]
"""An event as the API tells it, or None: it is for nobody outside."""
log = logging.getLogger(__name__)
BATCH: Final = 64
SKIPPED_MAX: Final = 4096  # events nobody here wants, before the place is written down all the same
SYSTEM: Final = Actor("system", "hooks")


class _Overtaken(Exception):
    """What was about to be written down is not so any more."""


class Office(Protocol):
    """What every courier of a shop has in common."""

    feed: Feed
    clock: Clock
    shape: Shape
    limits: HookLimits
    register: Register

    async def deliver(self, hook: Endpoint, event: Event, body: bytes) -> Outcome:
        """One try."""

    def draw(self) -> int:
        """0 to 255, by chance."""


class Courier:
    """``news``: something may be there to deliver; ``poke``: do not wait any longer."""

    def __init__(self, desk: Office, hook: str) -> None:
        self._desk, self._hook = desk, hook
        self.news, self.poke = asyncio.Event(), asyncio.Event()
        self._noted = self._place = desk.register.find(hook).position
        self._noted_s = 0.0
        self._delivered = False  # since the place was written down
        self._tries = 0

    async def run(self) -> None:
        """Until the endpoint is removed."""
        while (hook := self._desk.register.active(self._hook)) is not None:
            self.news.clear()
            self.poke.clear()
            if hook.position != self._noted:  # a person moved it
                self._noted = self._place = hook.position
            if hook.state != "on":
                self._tries = 0
                await self.news.wait()
            elif not (await self._again(hook) or await self._go_on(hook)):
                await self._rest()

    # --- the journal's events, in order ---

    async def _go_on(self, hook: Endpoint) -> bool:
        """Deliver what comes next. False: nothing is there."""
        batch = self._desk.feed.after(self._place, limit=BATCH)
        for event in batch:
            body = self._desk.shape(event) if hook.wants(event) else None
            if body is not None:
                outcome = await self._desk.deliver(hook, event, body)
                if self._desk.register.active(hook.id) != hook:  # changed, moved or removed meanwhile
                    return True
                if not outcome.taken:
                    await self._failed(hook, event, outcome)
                    return True
                self._delivered, self._tries = True, 0
            self._place = event.number
            if hook.failing_ms and body is not None:
                await self._at_place("hook_well")
                return True
            if self._loop_s() - self._noted_s >= self._desk.limits.note_s and self._delivered:
                await self.write_down()
                return True
        return bool(batch)

    async def _failed(self, hook: Endpoint, event: Event, outcome: Outcome) -> None:
        desk, now_ms = self._desk, self._desk.clock.wall_ms()
        if outcome.gone:
            log.warning("webhook %s answered 410: it is switched off", hook.id)
            await self._at_place("hook_gone")
            return
        if not hook.failing_ms:
            log.warning("webhook %s takes nothing: %s %d", hook.id, outcome.why, outcome.status)
            await self._at_place("hook_failing", at_ms=now_ms, why=outcome.why, status=outcome.status)
        self._tries += 1
        failing_ms = hook.failing_ms or now_ms
        if schedule.given_up(
            desk.limits, failing_ms=failing_ms, tries=self._tries, event_ms=event.wall_ms, now_ms=now_ms
        ):
            await self._give_up(hook, outcome, now_ms)
            return
        await self._wait(schedule.pause_s(desk.limits, self._tries, desk.draw(), outcome.retry_after_s))

    async def _give_up(self, hook: Endpoint, outcome: Outcome, now_ms: int) -> None:
        """All that is too old by now goes onto the list, some at a time, without a try each."""
        desk, found, place = self._desk, list[Letter](), self._place
        for event in desk.feed.after(self._place, limit=BATCH):
            if now_ms - event.wall_ms < desk.limits.give_up_ms:
                break
            place = event.number
            if hook.wants(event) and desk.shape(event) is not None:
                found.append(
                    Letter(hook.id, event.number, event.type, event.counter, outcome.why, outcome.status, now_ms)
                )
        self._place = place
        over = max(desk.register.count(hook.id) + len(found) - desk.limits.letters, 0)
        oldest = desk.register.letters(hook.id)[:over]
        found = found[over - len(oldest) :]
        stream = desk.register.stream
        told: list[Told] = [letters.dropped(stream, SYSTEM, each, "full") for each in oldest]
        told += [letters.kept(stream, SYSTEM, each) for each in found]
        log.warning("webhook %s: %d events became dead letters", hook.id, len(found))
        if await self._at_place("letters_made", told, count=len(found), lost=over):
            desk.register.put(told)

    # --- letters that a person wants delivered again ---

    async def _again(self, hook: Endpoint) -> bool:
        """One try each; the first that fails sends the others back to the list. False: nobody asked."""
        register = self._desk.register
        wanted = register.asked(hook.id)
        if not wanted:
            return False
        letter, stream = wanted[0], register.stream
        event = next(iter(self._desk.feed.after(letter.number - 1, limit=1)), None)
        body = self._desk.shape(event) if event is not None and event.number == letter.number else None
        if event is None or body is None:  # what may be told was changed by an update
            await register.write([letters.dropped(stream, SYSTEM, letter, "removed")])
            return True
        outcome = await self._desk.deliver(hook, event, body)
        if register.active(hook.id) is None:
            return True
        if outcome.taken:
            await register.write([letters.delivered(stream, SYSTEM, letter)])
            return True
        await register.write([letters.kept(stream, SYSTEM, each) for each in register.asked(hook.id)])
        if outcome.gone:
            await self._at_place("hook_gone")
        return True

    # --- the place ---

    async def _rest(self) -> None:
        """Nothing to do: wait for news, and write down where we are once it is quiet."""
        dirty = self._delivered or self._place - self._noted >= SKIPPED_MAX
        try:
            async with asyncio.timeout(self._desk.limits.note_s if dirty else None):
                await self.news.wait()
        except TimeoutError:
            await self.write_down()

    async def write_down(self) -> None:
        """Write the place down, unless a person moved it meanwhile."""
        hook = self._desk.register.active(self._hook)
        if hook is not None and hook.position == self._noted != self._place:
            await self._at_place("hook_moved")

    async def _at_place(self, kind: str, told: list[Told] | None = None, **body: Any) -> bool:
        """False: a person moved, switched off or removed it first, and that stands."""
        events, place = [each.event for each in told or ()], self._place
        try:
            await self._desk.register.record(
                kind, self._hook, SYSTEM, events, (), self._still_mine, position=place, **body
            )
        except _Overtaken:
            return False
        self._noted, self._noted_s, self._delivered = place, self._loop_s(), False
        return True

    def _still_mine(self, hook: Endpoint | None) -> None:
        if hook is None or hook.position != self._noted or hook.state != "on":
            raise _Overtaken

    async def _wait(self, pause_s: float) -> None:
        try:
            async with asyncio.timeout(pause_s):
                await self.poke.wait()
        except TimeoutError:
            return

    def _loop_s(self) -> float:
        return asyncio.get_running_loop().time()
