"""What stands around the shop of the API's stories: its clock, its wire to the bank, its disk, its paper."""

import asyncio
from collections.abc import Callable, Sequence

from terminal.counter.ports import (
    Health,
    HealthState,
    HttpReply,
    HttpRequest,
    NoAnswer,
    Printed,
    PrintStopped,
    Slip,
    Ticket,
)
from terminal.errors import JournalError
from terminal.journal.sqlite import SqliteJournal
from terminal.payments.event import Event, NewEvent, Owed, Summary
from terminal.sandbox.wechatpay import Bank
from terminal.system import SystemClock


class Clock(SystemClock):
    """The machine's clock, moved ahead when a story skips time."""

    def __init__(self) -> None:
        self.ahead_s = 0

    def wall_ms(self) -> int:
        return super().wall_ms() + self.ahead_s * 1000

    def mono_ns(self) -> int:
        return super().mono_ns() + self.ahead_s * 1_000_000_000


class Line:
    """The wire to the bank: its real bytes, no network between. ``cut`` loses every answer."""

    def __init__(self, bank: Bank, clock: Clock) -> None:
        self._bank, self._clock = bank, clock
        self.cut = False
        self.requests: list[HttpRequest] = []

    async def send(self, request: HttpRequest, *, connect_s: float, answer_s: float) -> HttpReply:
        self.requests.append(request)
        await asyncio.sleep(0)
        sent = dict(request.headers)
        reply = self._bank.handle(request.method, request.target, sent, request.body, self._clock.wall_ms())
        if self.cut or reply.lost:
            raise NoAnswer("cut")
        return HttpReply(reply.status, {name.lower(): value for name, value in reply.headers.items()}, reply.body)

    async def download(
        self, request: HttpRequest, sink: Callable[[bytes], None], *, connect_s: float, whole_s: float
    ) -> HttpReply:
        """A bill on its way; the body of a 200 goes into ``sink``."""
        reply = await self.send(request, connect_s=connect_s, answer_s=whole_s)
        if reply.status != 200:
            return reply
        sink(reply.body)
        return HttpReply(reply.status, reply.headers, b"")

    async def aclose(self) -> None:
        """Nothing is open between two requests."""


class Disk:
    """The journal, on a disk that can be full."""

    def __init__(self, journal: SqliteJournal) -> None:
        self._journal = journal
        self.full = False

    async def append(self, events: Sequence[NewEvent], *, ticket: Ticket | None = None) -> tuple[Event, ...]:
        if self.full:
            await asyncio.sleep(0)  # it is found out while the disk works, and others get ready for what follows
            raise JournalError("disk_full", path="journal.db")
        return await self._journal.append(events, ticket=ticket)

    def claimed(self, kind: str, key: str) -> str | None:
        return self._journal.claimed(kind, key)

    def of_subject(self, subject: str) -> tuple[Event, ...]:
        return self._journal.of_subject(subject)

    def after(self, number: int, *, limit: int = 256) -> tuple[Event, ...]:
        return self._journal.after(number, limit=limit)

    def last_number(self) -> int:
        return self._journal.last_number()

    def unfinished(self) -> tuple[Summary, ...]:
        return self._journal.unfinished()

    def list(
        self, kind: str, *, counter: str = "", before: int | None = None, limit: int = 20, search: str = ""
    ) -> tuple[Summary, ...]:
        return self._journal.list(kind, counter=counter, before=before, limit=limit, search=search)

    def owed(self) -> tuple[Owed, ...]:
        return self._journal.owed()


class PaperRoll:
    """A printer that prints, or stops in the middle of a slip when told to."""

    def __init__(self) -> None:
        self.slips: list[Slip] = []
        self.tears = self.unplugged = False
        self.seen_ns = 0  # when it answered last

    async def print(self, slip: Slip) -> Printed:
        if self.tears:
            raise PrintStopped("printer_gone", touched=True, definite=False)
        self.slips.append(slip)
        return Printed.CONFIRMED

    async def ready(self) -> None:
        return

    def health(self) -> Health:
        state, why = (HealthState.FAULT, "printer_gone") if self.unplugged else (HealthState.OK, "")
        return Health(state, why, self.seen_ns, {"model": "paper roll"})
