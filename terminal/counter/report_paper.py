"""Reports on paper: owed like slips, begun in the journal before their bytes leave, never waited for.

A report can be read again at any time, so one whose printing may have happened is not asked about: a person who
misses it prints it again, as a copy.
"""

import asyncio
import logging
from collections.abc import Sequence
from typing import Any, Final

from terminal.counter.floor import Floor
from terminal.counter.lane import Lane
from terminal.counter.ports import Printer, PrintStopped, Slip
from terminal.errors import Conflict
from terminal.payments.event import Actor, NewEvent, Owed
from terminal.payments.receipt import Receipt, from_json, to_json

log = logging.getLogger(__name__)
KIND: Final = "report"
WAITING_MAX: Final = 8  # of one counter; more would only pile up before an empty printer
AGAIN_S: Final = 5.0
_ACTOR: Final = Actor("system", "outbox")


def effect(effect_id: str, counter: str, lines: Receipt, copy: int = 0) -> dict[str, Any]:
    """What an event owes that wants its report printed at this counter."""
    return {"id": effect_id, "kind": KIND, "counter": counter, "lines": to_json(lines), "copy": copy}


class ReportPaper:
    def __init__(self, floor: Floor) -> None:
        self._floor = floor
        self._stream = f"store:{floor.house.store}"
        self._turns: dict[str, asyncio.Lock] = {}  # by counter
        self._waiting: dict[str, int] = {}

    def room(self, counter: str) -> None:
        """Raises NotFound("counter_unknown"), Conflict: ``report_no_printer``, ``report_prints_wait``."""
        lane = self._floor.lane(counter)
        if not lane.devices.printer or not lane.settings.receipts:
            raise Conflict("report_no_printer", counter=counter)
        if self._waiting.get(counter, 0) >= WAITING_MAX:
            raise Conflict("report_prints_wait", counter=counter)

    async def ask(
        self,
        counter: str,
        subject: str,
        lines: Receipt,
        *,
        actor: Actor,
        copy: int = 0,
        claims: Sequence[tuple[str, str, str]] = (),
    ) -> None:
        """Print it here, now or when the printer can. Durable on return; raises as ``room``."""
        self.room(counter)
        owed = effect(f"{subject}:{self._floor.parts.ids.ulid()}", counter, lines, copy)
        index = {"owes": [owed], "claims": [list(each) for each in claims]}
        body = {"counter": counter, "effect": owed["id"], "copy": copy, "index": index}
        asked = NewEvent(self._stream, "report_print_asked", subject, actor, body)
        self._count(counter, 1)  # before it is durable: who asks meanwhile finds its place taken
        try:
            [event] = await self._floor.feed.append([asked])
            self.owe(Owed(owed["id"], KIND, counter, subject, event.number, event.wall_ms, owed))
        finally:
            self._count(counter, -1)

    def _count(self, counter: str, more: int) -> None:
        self._waiting[counter] = self._waiting.get(counter, 0) + more

    def owe(self, owed: Owed) -> None:
        self._count(owed.counter, 1)
        self._floor.tasks.start(f"report {owed.id}", lambda: self._run(owed))

    def recover(self, owed: Owed) -> None:
        """After a start; ``_run`` finds in the journal whether it was begun before."""
        self.owe(owed)

    async def _run(self, owed: Owed) -> None:
        turn = self._turns.setdefault(owed.counter, asyncio.Lock())
        async with turn:
            outcome = await self._outcome(owed)
        body = {"effect": owed.id, "outcome": outcome, "index": {"settles": [owed.id]}}
        await self._floor.feed.append([NewEvent(self._stream, "report_printed", owed.subject, _ACTOR, body)])
        self._count(owed.counter, -1)

    async def _outcome(self, owed: Owed) -> str:
        if self._begun(owed):
            return "may_have_printed"  # by a process that is no more
        young_s = self._floor.limits.receipt_young_s
        age_s = (self._floor.parts.clock.wall_ms() - owed.owed_ms) / 1000
        lane = self._floor.adopt(owed.counter)
        if not 0 <= age_s <= young_s:
            return "old"
        if not lane.devices.printer:
            return "no_printer"
        try:
            async with asyncio.timeout(young_s - age_s):
                return await self._print(owed, lane, lane.devices.printer)
        except TimeoutError:
            return "old"

    def _begun(self, owed: Owed) -> bool:
        events = self._floor.feed.of_subject(owed.subject)
        return any(x.type == "report_print_started" and x.body["effect"] == owed.id for x in events)

    async def _print(self, owed: Owed, lane: Lane, printer: Printer) -> str:
        lines, first = from_json(list(owed.body["lines"])), int(owed.body["copy"])
        copy = first
        while True:
            body = {"effect": owed.id, "copy": copy}
            await self._floor.feed.append(
                [NewEvent(self._stream, "report_print_started", owed.subject, _ACTOR, body)]
            )
            mark = (self._floor.parts.slips.copy_mark(lane.settings, copy),) if copy else ()
            try:
                printed = await printer.print(Slip(owed.id, (*mark, *lines), copy))
            except PrintStopped as stopped:
                log.warning("report at counter %s stopped: %s", lane.id, stopped.reason)
                if stopped.touched and not stopped.definite:
                    return "may_have_printed"
                copy += stopped.touched
                if copy - first > self._floor.limits.copies_by_itself:
                    return "broke_off"
                await asyncio.sleep(AGAIN_S)
                await printer.ready()
                continue
            return printed.value
