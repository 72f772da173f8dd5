"""What a counter's printer owes: begun in the journal before its bytes leave.

So a printing that may have happened is never forgotten, and never an original twice (I9).
"""

import asyncio
import heapq
import itertools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

from terminal.counter.book import Book
from terminal.counter.outbox import OUTBOX, settle
from terminal.counter.ports import ForeseeingPrinter, Printed, Printer, PrintStopped, Release, Slip
from terminal.counter.settings import CounterSettings, Limits
from terminal.counter.slips import frozen_lines, receipt_id
from terminal.errors import NotFound
from terminal.log_context import about
from terminal.on_demand import OnDemand
from terminal.payments.event import Actor, Owed
from terminal.payments.fact import Fact, Facts
from terminal.payments.receipt import Receipt, Row, to_json
from terminal.payments.sale import Sale

PAPER_QUEUE: Final = 1000
AGAIN_S: Final = (0.0, 1.0, 5.0, 15.0, 30.0)  # before a slip is begun again

MakeSlip = Callable[[CounterSettings, Sale, Owed], Receipt]
CopyMark = Callable[[CounterSettings, int], Row]


class TaxNumbers(Protocol):
    """One for all counters of a house."""

    @property
    def asks(self) -> bool:
        """Slips may have to wait for a number."""
        ...

    async def before_slip(self, owed: Owed) -> None:
        """Ask for what must stand on it, before anything is on paper. Raises for nothing that a device does."""
        ...

    def late(self, counter: CounterSettings, owed: Owed, lines: Receipt) -> Receipt:
        """What became known since these lines were frozen: a copy says it."""
        ...


async def _paper_always(_owed: Owed) -> bool:
    """Nobody is shown a receipt instead: where somebody is, paper is for who asks."""
    return False


@dataclass(frozen=True, slots=True)
class _Job:
    """A slip whose turn comes.

    Args:
        heard_ns: when it was owed to this process, monotonic.
        asked_for: a person wants it on paper, whatever stands on the display.
        begun: its first printing is in the journal with what owes it; its lines are not yet.
    """

    owed: Owed
    heard_ns: int
    asked_for: bool = False
    begun: bool = False


class Paper:
    """Prints what is owed; keeps what cannot be printed; asks a person what no device can tell."""

    __slots__ = (
        "_book",
        "_busy",
        "_copy_mark",
        "_counter",
        "_expected",
        "_foreseeing",
        "_limits",
        "_make_slip",
        "_numbers",
        "_printer",
        "_queue",
        "instead",
        "listed",
        "on_phone",
        "tax",
        "work",
    )

    def __init__(
        self,
        book: Book,
        printer: Printer | None,
        counter: CounterSettings,
        limits: Limits,
        make_slip: MakeSlip,
        copy_mark: CopyMark,
    ) -> None:
        self._book, self._printer, self._counter, self._limits = book, printer, counter, limits
        self._foreseeing = printer if isinstance(printer, ForeseeingPrinter) else None
        self._expected = False  # a slip began with an append that is about to be handed in
        self._make_slip, self._copy_mark = make_slip, copy_mark
        self._queue: list[_Job] = []
        self.work = OnDemand(self._print_all)
        self._busy: tuple[_Job, int] | None = None  # the slip at work, and its printings when its turn came
        self.listed: dict[str, tuple[Owed, str]] = {}  # effect id -> (what, why a person is asked)
        self.on_phone: Callable[[Owed], Awaitable[bool]] = _paper_always
        self.instead: Callable[[Sale, Owed], str] = lambda _sale, _owed: ""
        self.tax: TaxNumbers | None = None
        self._numbers: dict[str, int] = {}  # effect id -> its sale's number, of those asked about now

    def begin(self, sale: Sale, owed: Owed) -> Facts:
        """The printer is free and nobody is asked first: its original begins with what owes it.

        Its lines are drawn up after that and kept with its end: "paid" is not kept waiting for them. When the
        power goes between the two they are made anew, from the same sale, for a copy.
        """
        receipt, prints = receipt_id(owed), bool(self._printer) and self._counter.receipts
        asked = (self.tax is not None and self.tax.asks) or self.instead(sale, owed)
        if self._queue or not self.work.idle or sale.printings(receipt) or asked or not prints:
            return ()
        self._expected = True
        return (self._started(receipt, 0),)

    def foresee(self) -> Release | None:
        """What asks the printer for its state while the beginning of a slip is made durable."""
        expected, self._expected = self._expected, False
        return self._foreseeing.foresee() if expected and self._foreseeing is not None else None

    def _started(self, receipt: str, copy: int, lines: Receipt | None = None) -> Fact:
        body: dict[str, Any] = {"receipt": receipt, "copy": copy, "at_ms": self._book.clock.wall_ms()}
        if lines is not None:
            body["lines"] = to_json(lines)
        return Fact("print_started", body, actor=OUTBOX)

    def owe(self, owed: Owed, *, asked_for: bool = False, begun: bool = False) -> None:
        if len(self._queue) >= PAPER_QUEUE:
            self.listed[owed.id] = (owed, "too_many")
            return
        self._queue.append(_Job(owed, self._book.clock.mono_ns(), asked_for, begun))
        self.work.wake()

    def recover(self, owed: Owed) -> None:
        """After a start: young and untouched prints by itself; old or begun before is a person's to decide."""
        age_s = (self._book.clock.wall_ms() - owed.owed_ms) / 1000
        if self._begun(owed):
            self.listed[owed.id] = (owed, "may_have_printed")
        elif not 0 <= age_s <= self._limits.receipt_young_s:
            self.listed[owed.id] = (owed, "old")
        else:
            self.owe(owed)

    def _begun(self, owed: Owed) -> bool:
        """Something of it may be on paper. Of a copy somebody asked for counts what came after the wish."""
        if not owed.body.get("again"):
            return self._printings(owed) > 0
        events = self._book.feed.of_subject(owed.subject)
        since = [x for x in events if x.number > owed.number and x.body.get("receipt") == receipt_id(owed)]
        begun = sum(x.type == "print_started" for x in since)
        return begun > sum(x.type == "print_stopped" and not x.body["touched"] for x in since)

    def asked(self, most: int) -> list[tuple[Owed, str, int]]:
        """The oldest listed slips, why a person is asked, and the number of each one's sale, read once."""
        chosen = heapq.nsmallest(most, self.listed.values(), key=lambda each: (each[0].number, each[0].id))
        known, self._numbers = self._numbers, {}
        for owed, _ in chosen:
            no = known.get(owed.id)
            self._numbers[owed.id] = self._book.sale(owed.subject).no if no is None else no
        return [(owed, why, self._numbers[owed.id]) for owed, why in chosen]

    async def decide(self, effect: str, *, print_it: bool, actor: Actor) -> None:
        """A person's answer about a listed slip. Raises NotFound("receipt_not_listed")."""
        if effect not in self.listed:
            raise NotFound("receipt_not_listed", effect=effect)
        owed, _ = self.listed[effect]
        if not print_it:
            await settle(self._book, owed, "dropped_by_person", actor)
        if self.listed.pop(effect, None) and print_it:
            self.owe(owed, asked_for=True)

    async def _print_all(self) -> None:
        self._rescue()
        while self._queue:
            job = self._queue.pop(0)
            self._busy = job, self._printings(job.owed)
            with about(sale=job.owed.subject, counter=self._counter.id):
                await self._next(job)
            self._busy = None

    def _printings(self, owed: Owed) -> int:
        return self._book.sale(owed.subject).printings(receipt_id(owed))

    def _rescue(self) -> None:
        """This worker failed in the middle of a slip, which is not forgotten (D11).

        A person is asked where a printing was begun; what never came so far has its turn after the others, while
        it is young.
        """
        if self._busy is None:
            return
        (job, printings), self._busy = self._busy, None
        if self._printings(job.owed) > printings:
            self.listed[job.owed.id] = (job.owed, "may_have_printed")
        elif self._left_s(job) <= 0:
            self.listed[job.owed.id] = (job.owed, "old")
        else:
            self._queue.append(replace(job, begun=job.begun and printings > 0))  # one that stopped is begun anew

    def _left_s(self, job: _Job) -> float:
        """How long it is young enough to come by itself."""
        return self._limits.receipt_young_s - (self._book.clock.mono_ns() - job.heard_ns) / 1e9

    async def _next(self, job: _Job) -> None:
        if self.tax is not None and not job.begun:
            await self.tax.before_slip(job.owed)
        if not self._printer or not self._counter.receipts:
            if job.begun:  # it was taken away before it had a byte
                await self._stopped(job.owed, PrintStopped("printer_gone", touched=False, definite=True))
            await settle(self._book, job.owed, "no_printer")
        elif not job.begun and not job.asked_for and await self.on_phone(job.owed):
            await settle(self._book, job.owed, "on_phone")
        else:
            await self._print(job, self._printer)

    async def _print(self, job: _Job, printer: Printer) -> None:
        """One job, begun again while it is young and few copies were torn; then a person decides."""
        owed, torn = job.owed, 0
        for attempt in itertools.count():
            begun = job.begun and not attempt
            if (left_s := self._left_s(job)) <= 0:
                self.listed[owed.id] = (owed, "may_have_printed" if begun else "old")
                return
            if attempt and not await self._ready_within(printer, left_s, attempt):
                continue
            slip = self._drawn_up(owed) if begun else await self._begin(owed)
            if begun:
                self._busy = job, 0  # from here on it may be on paper
            try:
                printed = await self._one(slip, printer)
            except TimeoutError:  # printers are bounded by themselves; one that is not keeps no slip from a person
                if begun:
                    unknown = PrintStopped("printer_no_answer", touched=True, definite=False)
                    await self._stopped(owed, unknown, slip)
                self.listed[owed.id] = (owed, "may_have_printed")
                return
            except PrintStopped as stopped:
                await self._stopped(owed, stopped, slip if begun and stopped.touched else None)
                torn += stopped.touched
                if why := self._why_asked(stopped, torn):
                    self.listed[owed.id] = (owed, why)
                    return
                continue
            await settle(self._book, owed, printed.value, slip=slip if begun else None)
            return

    async def _stopped(self, owed: Owed, stopped: PrintStopped, slip: Slip | None = None) -> None:
        """``slip``: what is on paper of it is kept, for a copy repeats it."""
        body: dict[str, Any] = {"receipt": receipt_id(owed), "why": stopped.reason, "touched": stopped.touched}
        body["at_ms"] = self._book.clock.wall_ms()
        if slip is not None:
            body["lines"] = to_json(slip.receipt)
        fact = Fact("print_stopped", body)
        await self._book.commit(owed.subject, lambda _: (fact,), OUTBOX)

    def _why_asked(self, stopped: PrintStopped, torn: int) -> str:
        """Empty: it comes again by itself. A fault that comes back with each copy would use up the roll."""
        if stopped.touched and not stopped.definite:
            return "may_have_printed"
        return "broke_off" if torn > self._limits.copies_by_itself else ""

    async def _ready_within(self, printer: Printer, seconds: float, attempt: int) -> bool:
        """A printer that says it is ready and stops each time is tried ever more seldom."""
        try:
            async with asyncio.timeout(seconds):
                await asyncio.sleep(AGAIN_S[min(attempt, len(AGAIN_S)) - 1])
                await printer.ready()
        except TimeoutError:
            return False
        return True

    async def _one(self, slip: Slip, printer: Printer) -> Printed:
        """One printing. Raises PrintStopped, TimeoutError."""
        async with asyncio.timeout(self._limits.receipt_young_s):
            return await printer.print(slip)

    def _drawn_up(self, owed: Owed) -> Slip:
        lines = self._make_slip(self._counter, self._book.sale(owed.subject), owed)
        return Slip(job=receipt_id(owed), receipt=lines, copy=0)

    async def _begin(self, owed: Owed) -> Slip:
        """Durable before the first byte: the lines (frozen at the first printing) and the copy number."""
        receipt = receipt_id(owed)
        known = self._book.sale(owed.subject).printings(receipt) > 0
        frozen = frozen_lines(self._book.feed.of_subject(owed.subject), receipt) if known else None
        lines = self._drawn_up(owed).receipt if frozen is None else frozen
        fresh, copy = lines if frozen is None else None, 0

        def begin(sale: Sale | None) -> Facts:
            nonlocal copy
            assert sale is not None
            copy = sale.printings(receipt)
            return (self._started(receipt, copy, fresh),)

        await self._book.commit(owed.subject, begin, OUTBOX, together=True)
        if copy:
            late = self.tax.late(self._counter, owed, lines) if self.tax is not None else ()
            lines = (self._copy_mark(self._counter, copy), *late, *lines)
        return Slip(job=receipt, receipt=lines, copy=copy)
