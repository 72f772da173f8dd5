"""Effects owed to ears and paper, one worker each a counter. Neither ever delays a result (I24).

Voice: taken from the journal's list *before* it is spoken, so it is spoken at most once (I11). Paper: begun in
the journal before its bytes leave, so a printing that may have happened is never forgotten and never an original
twice (I9).
"""

import asyncio
import heapq
import itertools
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol

from terminal.counter.book import Book
from terminal.counter.ports import Foreseeing, Played, Printed, Printer, PrintStopped, Slip, Speaker, Utterance
from terminal.counter.settings import CounterSettings, House, Limits
from terminal.counter.slips import frozen_lines, receipt_id
from terminal.errors import NotFound
from terminal.log_context import about
from terminal.on_demand import OnDemand
from terminal.payments.event import Actor, Owed
from terminal.payments.fact import Fact, Facts
from terminal.payments.receipt import Receipt, Row, to_json
from terminal.payments.sale import Sale

log = logging.getLogger(__name__)
OUTBOX: Final = Actor("system", "outbox")
PAPER_QUEUE: Final = 1000
AGAIN_S: Final = (0.0, 1.0, 5.0, 15.0, 30.0)  # before a slip is begun again

MakeSlip = Callable[[CounterSettings, Sale, Owed], Receipt]
CopyMark = Callable[[CounterSettings, int], Row]


class TaxNumbers(Protocol):
    """One for all counters of a house."""

    async def before_slip(self, owed: Owed) -> None:
        """Ask for what must stand on it, before anything is on paper. Raises for nothing that a device does."""
        ...

    def late(self, counter: CounterSettings, owed: Owed, lines: Receipt) -> Receipt:
        """What became known since these lines were frozen: a copy says it."""
        ...


async def settle(book: Book, owed: Owed, outcome: str, actor: Actor = OUTBOX) -> None:
    """Owed no more. A second settling of the same effect changes nothing."""
    body = {"effect": owed.id, "kind": owed.kind, "outcome": outcome, "at_ms": book.clock.wall_ms()}
    fact = Fact("effect_done", body, settles=(owed.id,))
    await book.commit(owed.subject, lambda _: (fact,), actor, together=actor is OUTBOX)


async def note(book: Book, sale_id: str, kind: str, **fields: Any) -> None:
    """A line of the timeline that changes nothing."""
    fact = Fact(kind, {**fields, "at_ms": book.clock.wall_ms()})
    await book.commit(sale_id, lambda _: (fact,), OUTBOX)


class Voice:
    """Says results in order, each once, only while they are news."""

    __slots__ = ("_book", "_counter", "_house", "_limits", "_queue", "_speaker", "work")

    def __init__(
        self, book: Book, speaker: Speaker | None, counter: CounterSettings, house: House, limits: Limits
    ) -> None:
        self._book, self._speaker = book, speaker
        self._counter, self._house, self._limits = counter, house, limits
        self._queue: list[tuple[int, Owed]] = []  # (when heard of, monotonic ns; what)
        self.work = OnDemand(self._say_all)

    def owe(self, owed: Owed) -> None:
        self._queue.append((self._book.clock.mono_ns(), owed))
        self.work.wake()

    def owe_stale(self, owed: Owed) -> None:
        """Owed before this process began: it is not known whether it was played, so it is not spoken."""
        self._queue.append((-(10**18), owed))
        self.work.wake()

    async def _say_all(self) -> None:
        while self._queue:
            with about(sale=self._queue[0][1].subject, counter=self._counter.id):
                await self._next()

    async def _next(self) -> None:
        dropped = len(self._queue) > self._limits.voice_queue
        heard_ns, owed = self._queue.pop(0)
        if dropped or not self._fresh(heard_ns):
            await settle(self._book, owed, "dropped" if dropped else "stale")
            return
        if not self._speaker or not self._counter.voice:
            await settle(self._book, owed, "no_speaker")
            return
        await settle(self._book, owed, "taken")
        played = Played.NOT_PLAYED  # no news any more: the disk took too long
        if self._fresh(heard_ns):
            played = await self._say(self._speaker, self._utterance(owed))
        await note(self._book, owed.subject, "voice_ended", effect=owed.id, outcome=played.value)
        if played not in {Played.DONE, Played.QUIET}:
            log.warning("voice of counter %s: %s", self._counter.id, played.value)

    def _fresh(self, heard_ns: int) -> bool:
        return (self._book.clock.mono_ns() - heard_ns) / 1e9 <= self._limits.voice_fresh_s

    def _utterance(self, owed: Owed) -> Utterance:
        sale = self._book.sale(owed.subject)
        attempt = sale.attempt(owed.body["attempt"]) if owed.body["attempt"] else None
        return Utterance(
            kind=owed.body["says"],
            amount=attempt.amount if attempt else sale.amount,
            wallet=(attempt.wallet or attempt.provider) if attempt else "",
            language=self._counter.language("voice"),
            test=self._house.test,
            training=self._house.training,
        )

    async def _say(self, speaker: Speaker, utterance: Utterance) -> Played:
        """Speakers are bounded by themselves; one that is not must not hold up the next customer's word."""
        try:
            async with asyncio.timeout(self._limits.voice_s):
                return await speaker.say(utterance)
        except TimeoutError:
            return Played.CANNOT_TELL


class Ahead:
    """The printer gets ready for an original while that is made durable; it ends with the printing."""

    def __init__(self, printer: Foreseeing | None) -> None:
        self._printer = printer
        self._task: asyncio.Task[None] | None = None

    def begin(self, lines: Receipt) -> None:
        if self._printer is not None:
            self._task = asyncio.create_task(self._printer.expect(lines), name="expected slip")

    async def end(self) -> None:
        if self._task is None:
            return
        if not self._task.done():
            self._task.cancel()
            await asyncio.wait([self._task])
        if not self._task.cancelled():
            self._task.result()


async def _paper_always(_owed: Owed) -> bool:
    """Nobody is shown a receipt instead: where somebody is, paper is for who asks."""
    return False


@dataclass(frozen=True, slots=True)
class _Job:
    """A slip whose turn comes.

    Args:
        heard_ns: when it was owed to this process, monotonic.
        asked_for: a person wants it on paper, whatever stands on the display.
    """

    owed: Owed
    heard_ns: int
    asked_for: bool = False


class Paper:
    """Prints what is owed; keeps what cannot be printed; asks a person what no device can tell."""

    __slots__ = (
        "_book",
        "_busy",
        "_copy_mark",
        "_counter",
        "_foreseeing",
        "_limits",
        "_make_slip",
        "_numbers",
        "_printer",
        "_queue",
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
        self._foreseeing = printer if isinstance(printer, Foreseeing) else None
        self._make_slip, self._copy_mark = make_slip, copy_mark
        self._queue: list[_Job] = []
        self.work = OnDemand(self._print_all)
        self._busy: tuple[_Job, int] | None = None  # the slip at work, and its printings when its turn came
        self.listed: dict[str, tuple[Owed, str]] = {}  # effect id -> (what, why a person is asked)
        self.on_phone: Callable[[Owed], Awaitable[bool]] = _paper_always
        self.tax: TaxNumbers | None = None
        self._numbers: dict[str, int] = {}  # effect id -> its sale's number, of those asked about now

    def owe(self, owed: Owed, *, asked_for: bool = False) -> None:
        if len(self._queue) >= PAPER_QUEUE:
            self.listed[owed.id] = (owed, "too_many")
            return
        self._queue.append(_Job(owed, self._book.clock.mono_ns(), asked_for))
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
            self._queue.append(job)

    def _left_s(self, job: _Job) -> float:
        """How long it is young enough to come by itself."""
        return self._limits.receipt_young_s - (self._book.clock.mono_ns() - job.heard_ns) / 1e9

    async def _next(self, job: _Job) -> None:
        if self.tax is not None:
            await self.tax.before_slip(job.owed)
        if not self._printer or not self._counter.receipts:
            await settle(self._book, job.owed, "no_printer")
        elif not job.asked_for and await self.on_phone(job.owed):
            await settle(self._book, job.owed, "on_phone")
        else:
            await self._print(job, self._printer)

    async def _print(self, job: _Job, printer: Printer) -> None:
        """One job, begun again while it is young and few copies were torn; then a person decides."""
        owed, torn = job.owed, 0
        for attempt in itertools.count():
            if (left_s := self._left_s(job)) <= 0:
                self.listed[owed.id] = (owed, "old")
                return
            if attempt and not await self._ready_within(printer, left_s, attempt):
                continue
            try:
                printed = await self._one(owed, printer)
            except TimeoutError:  # printers are bounded by themselves; one that is not keeps no slip from a person
                self.listed[owed.id] = (owed, "may_have_printed")
                return
            except PrintStopped as stopped:
                await note(
                    self._book,
                    owed.subject,
                    "print_stopped",
                    receipt=receipt_id(owed),
                    why=stopped.reason,
                    touched=stopped.touched,
                )
                torn += stopped.touched
                if why := self._why_asked(stopped, torn):
                    self.listed[owed.id] = (owed, why)
                    return
                continue
            await settle(self._book, owed, printed.value)
            return

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

    async def _one(self, owed: Owed, printer: Printer) -> Printed:
        """One printing. Raises PrintStopped, TimeoutError."""
        receipt = receipt_id(owed)
        known = self._book.sale(owed.subject).printings(receipt) > 0
        frozen = frozen_lines(self._book.feed.of_subject(owed.subject), receipt) if known else None
        lines = frozen or self._make_slip(self._counter, self._book.sale(owed.subject), owed)
        ahead = Ahead(self._foreseeing)
        try:
            slip = await self._begin(owed, lines, ahead, fresh=frozen is None)
            async with asyncio.timeout(self._limits.receipt_young_s):
                return await printer.print(slip)
        finally:
            await ahead.end()

    async def _begin(self, owed: Owed, lines: Receipt, ahead: Ahead, *, fresh: bool) -> Slip:
        """Durable before the first byte: the lines (frozen at the first printing) and the copy number."""
        receipt = receipt_id(owed)
        copy = 0

        def begin(sale: Sale | None) -> Facts:
            nonlocal copy
            assert sale is not None
            copy = sale.printings(receipt)
            body: dict[str, Any] = {"receipt": receipt, "copy": copy, "at_ms": self._book.clock.wall_ms()}
            if fresh:
                body["lines"] = to_json(lines)
            if not copy:
                ahead.begin(lines)  # a task: its first step is behind this append's, in the disk's time
            return (Fact("print_started", body),)

        await self._book.commit(owed.subject, begin, OUTBOX, together=True)
        if copy:
            late = self.tax.late(self._counter, owed, lines) if self.tax is not None else ()
            lines = (self._copy_mark(self._counter, copy), *late, *lines)
        return Slip(job=receipt, receipt=lines, copy=copy)
