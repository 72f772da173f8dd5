"""X and Z: what was taken since the last Z, read at any time; and the Z that seals it, one event, once.

A Z covers the journal's numbers after the last Z's, up to its own ``last``. What comes later has a higher number,
so nothing can be put into a sealed day. Numbers count up without gaps: each is a name taken once for ever in the
same append, so two presses make one Z, and a power cut leaves it whole or not at all.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from terminal.counter.ports import Clock, Journal
from terminal.errors import Conflict, JournalError, NotFound
from terminal.payments.anchor import Anchor, anchor_of
from terminal.payments.event import Actor, Event, Ledger, NewEvent, Summary
from terminal.payments.refund import REFUND_ENDED
from terminal.payments.sale import Sale, evolve
from terminal.settlement.business_day import ShopTime
from terminal.settlement.stretch import ChainHead, Stretch, in_turns, span
from terminal.settlement.totals import MATTERS, Totals

log = logging.getLogger(__name__)
KIND: Final = "z_report"
OPEN_MAX: Final = 200  # carried-over sales named in one report; the rest is counted
TRIES: Final = 3
KEPT: Final = 64  # counters whose day is kept folded
_QUIET: Final = frozenset({"cancelled", "expired"})  # with nothing before a person: only swept at the bank


@dataclass(frozen=True, slots=True)
class OpenSale:
    """A sale that a report could not count to its end: in doubt, money before a person, or a refund under way."""

    id: str
    no: int
    counter: str
    amount_minor: int
    currency: str
    word: str
    parked: bool
    opened_ms: int
    waits_for: tuple[str, ...]  # kinds of open exceptions, "refund" while one is under way


@dataclass(frozen=True, slots=True)
class Report:
    """``n`` is 0 for an X.

    Args:
        day: the business day it closes; of an X the day it is read on.
        days: business days on which something moved, oldest first.
        first: number of the first event it covers; ``last`` of the last one.
        since_ms: when the Z before it was sealed; 0: there is none.
        heads: by counter stream, where its chain stood at ``last``.
        open: at most OPEN_MAX of the ``open_n`` sales carried over.
        number: of the event that sealed it, 0 for an X.
    """

    n: int
    day: date
    days: tuple[date, ...]
    first: int
    last: int
    at_ms: int
    since_ms: int
    ledger: Ledger
    counter: str
    totals: Totals
    open: tuple[OpenSale, ...]
    open_n: int
    heads: Mapping[str, ChainHead]
    by: str = ""
    number: int = 0
    store: str = ""

    @property
    def anchor(self) -> Anchor:
        """Of a Z: what its paper says of the journal, and nobody can cut or rewrite it behind (S52)."""
        heads = {stream: (each.position, each.hash) for stream, each in self.heads.items()}
        return anchor_of(self.store, self.n, self.last, heads)


@dataclass(frozen=True, slots=True)
class Last:
    """What a new stretch begins behind."""

    n: int = 0
    day: date = date.min
    last: int = 0
    at_ms: int = 0


Owes = Callable[[Report], Sequence[Mapping[str, Any]]]  # effects owed with the seal, such as its slip
Claims = Callable[[int], Sequence[tuple[str, str, str]]]  # further names taken with the seal, by its number


def nothing_owed(_report: Report) -> Sequence[Mapping[str, Any]]:
    return ()


def no_claims(_n: int) -> Sequence[tuple[str, str, str]]:
    return ()


class Reports:
    """X and Z of one store.

    Args:
        sealed: awaited after each Z: the place for a signed checkpoint outside the database.
        heal: awaited before each Z, bounded in time by itself: bills may end doubts of the day (row 111).
    """

    def __init__(
        self,
        journal: Journal,
        clock: Clock,
        shop: ShopTime,
        *,
        store: str,
        ledger: Ledger,
        sealed: Callable[[], Awaitable[object]] | None = None,
        heal: Callable[[], Awaitable[object]] | None = None,
    ) -> None:
        self.journal, self.shop, self.store, self.ledger = journal, shop, store, ledger
        self._clock, self._sealed, self._heal = clock, sealed, heal
        self._turn = asyncio.Lock()
        self._running: Stretch | None = None  # since the last Z, all counters
        self._today: dict[str, tuple[date, Stretch]] = {}  # by counter, "" is all of them

    # --- what was sealed ------------------------------------------------------------------------------

    def subject(self, n: int) -> str:
        return f"z:{self.store}:{n}"

    def zs(self, *, before: int | None = None, limit: int = 20) -> tuple[Summary, ...]:
        """Rows of the sealed ones, newest first: ``body`` has n, day, at_ms; ``before`` pages by first_number."""
        return self.journal.list(KIND, before=before, limit=limit)

    def last(self) -> Last:
        rows = self.zs(limit=1)
        if not rows:
            return Last()
        body = rows[0].body
        return Last(body["n"], date.fromisoformat(body["day"]), body["last"], body["at_ms"])

    def z(self, n: int) -> Report:
        """Raises NotFound("z_unknown")."""
        for event in self.journal.of_subject(self.subject(n)):
            if event.type == "z_sealed":
                return _read(event)
        raise NotFound("z_unknown", n=n)

    # --- X ----------------------------------------------------------------------------------------------

    def today(self) -> date:
        return self.shop.business_day(self._clock.wall_ms())

    async def x(self, counter: str = "") -> Report:
        """What was taken since the last Z; seals nothing."""
        async with self._turn:
            return await self._x(counter)

    async def unsealed(self) -> tuple[date, ...]:
        """Ended business days with sales and without a Z, oldest first: to be closed before today is."""
        async with self._turn:
            _last, stretch = await self._since()
            return self._ended(stretch)

    async def today_totals(self, counter: str = "") -> Totals:
        """Of the business day that runs now; kept folded, so a page may ask often."""
        async with self._turn:
            day = self.today()
            kept = self._today.get(counter)
            if kept is None or kept[0] != day:
                if len(self._today) >= KEPT:
                    self._today.clear()
                kept = self._today[counter] = (day, await self._of_day(day, counter))
            await kept[1].read(self.journal, self.journal.last_number())
            return kept[1].totals()

    async def day_totals(self, day: date, counter: str = "") -> Totals:
        """Of one business day by the wall clock of its events, whatever Z they are in."""
        async with self._turn:
            return (await self._of_day(day, counter)).totals()

    async def _of_day(self, day: date, counter: str) -> Stretch:
        first, last = span(self.journal, *self.shop.bounds(day))
        history = self.journal.of_subject
        stretch = Stretch(history, self.shop, first=first, ledger=self.ledger, counter=counter, only=day)
        await stretch.read(self.journal, last)
        return stretch

    async def _since(self) -> tuple[Last, Stretch]:
        """The running stretch, read up to now; it is begun again behind a new Z."""
        last = self.last()
        if self._running is None or self._running.first != last.last + 1:
            self._running = self._new(last)
        await self._running.read(self.journal, self.journal.last_number())
        return last, self._running

    def _new(self, last: Last, counter: str = "") -> Stretch:
        history = self.journal.of_subject
        return Stretch(history, self.shop, first=last.last + 1, ledger=self.ledger, counter=counter, day=last.day)

    async def _x(self, counter: str) -> Report:
        if counter:
            last = self.last()
            stretch = self._new(last, counter)
            await stretch.read(self.journal, self.journal.last_number())
        else:
            last, stretch = await self._since()
        return await self._report(0, last, stretch, self.today(), counter)

    def _ended(self, stretch: Stretch) -> tuple[date, ...]:
        today = self.today()
        return tuple(day for day in stretch.days if day < today)

    # --- Z ----------------------------------------------------------------------------------------------

    async def seal(
        self,
        day: date | None = None,
        *,
        actor: Actor,
        empty: bool = False,
        claims: Claims = no_claims,
        owes: Owes = nothing_owed,
    ) -> Report:
        """Close a business day, today's unless named.

        Args:
            empty: also when nothing moved since the last Z.
            owes: effects owed in the same append; told the report with its number.

        Raises:
            Conflict: ``z_empty``, ``z_day_first`` (an earlier day has none yet), ``z_day_not_begun``.
        """
        if self._heal is not None:
            await self._heal()
        async with self._turn:
            for _ in range(TRIES):
                report = await self._ready(day, empty=empty)
                try:
                    sealed = await self._append(report, actor, claims, owes)
                except Conflict as taken:
                    if taken.facts.get("kind") != KIND:
                        raise
                    continue  # another process was quicker: what is left is a new stretch
                self._running = None
                await self._tell()
                return sealed
        raise Conflict("z_empty", n=self.last().n)

    async def _ready(self, day: date | None, *, empty: bool) -> Report:
        today = self.today()
        day = day or today
        if day > today:
            raise Conflict("z_day_not_begun", day=day.isoformat())
        last, stretch = await self._since()
        earlier = [each for each in self._ended(stretch) if each < day]
        if earlier:
            raise Conflict("z_day_first", day=earlier[0].isoformat())
        if day < today:
            stretch = self._new(last)
            await stretch.read(self.journal, self.journal.last_number(), lambda each: each > day)
        if not stretch.days and not empty:
            raise Conflict("z_empty", n=last.n)
        return await self._report(last.n + 1, last, stretch, day, "")

    async def _report(self, n: int, last: Last, stretch: Stretch, day: date, counter: str) -> Report:
        still = await self._open(stretch.at, counter)
        before = self.z(last.n).heads if last.n else {}
        return Report(
            n=n,
            day=day,
            days=stretch.days,
            first=stretch.first,
            last=stretch.at,
            at_ms=self._clock.wall_ms(),
            since_ms=last.at_ms,
            ledger=self.ledger,
            counter=counter,
            totals=stretch.totals(),
            open=tuple(still[:OPEN_MAX]),
            open_n=len(still),
            heads={**before, **stretch.heads},
            store=self.store,
        )

    async def _append(self, report: Report, actor: Actor, claims: Claims, owes: Owes) -> Report:
        subject = self.subject(report.n)
        row = {"kind": KIND, "state": "sealed", "final": True, "open": False, "n": report.n}
        row |= {"day": report.day.isoformat(), "last": report.last, "at_ms": report.at_ms}
        body: dict[str, Any] = {
            "n": report.n,
            "day": report.day.isoformat(),
            "days": [each.isoformat() for each in report.days],
            "first": report.first,
            "last": report.last,
            "at_ms": report.at_ms,
            "since_ms": report.since_ms,
            "zone": self.shop.zone.key,
            "cut_off": self.shop.cut_off.isoformat("minutes"),
            "totals": report.totals.fields(),
            "open": [_open_fields(each) for each in report.open],
            "open_n": report.open_n,
            "heads": {stream: [each.position, each.hash] for stream, each in report.heads.items()},
            "index": {
                "claims": [[KIND, f"{self.store}/{report.n}", subject], *map(list, claims(report.n))],
                "summary": row,
                "owes": [dict(each) for each in owes(report)],
            },
        }
        [event] = await self.journal.append([NewEvent(f"store:{self.store}", "z_sealed", subject, actor, body)])
        return _read(event)

    async def _tell(self) -> None:
        if self._sealed is None:
            return
        try:
            await self._sealed()
        except JournalError as error:  # the Z stands; the next checkpoint covers it
            log.error("no checkpoint after the Z report: %s", error)

    async def _open(self, last: int, counter: str) -> list[OpenSale]:
        """Sales that stood open at ``last``: of those unfinished now, and of those that moved since."""
        rows = [row for row in self.journal.unfinished() if row.body["kind"] == "sale"]
        subjects = {
            row.subject
            for row in rows
            if row.last_number > last or row.body["state"] not in _QUIET or row.body["exceptions"]
        }
        async for event in in_turns(self.journal, last + 1, self.journal.last_number()):
            if event.type in MATTERS and event.counter:
                subjects.add(event.subject)
        found = (self._at(subject, last) for subject in sorted(subjects))
        sales = [each for each in found if each is not None and (not counter or each.counter == counter)]
        return [told for each in sales if (told := _still(each)) is not None]

    def _at(self, subject: str, last: int) -> Sale | None:
        sale: Sale | None = None
        for event in self.journal.of_subject(subject):
            ours = event.number <= last and event.ledger is self.ledger
            if ours and (sale is not None or event.type == "sale_opened"):
                sale = evolve(sale, event.type, event.body)
        return sale


def _still(sale: Sale) -> OpenSale | None:
    waits = [each.kind for each in sale.exceptions if not each.closed]
    waits += ["refund"] * any(each.state not in REFUND_ENDED for each in sale.refunds)
    if sale.ended and not waits and not any(each.live for each in sale.attempts):
        return None
    return OpenSale(
        sale.id, sale.no, sale.counter, sale.amount.minor, sale.amount.currency,
        sale.word, sale.parked, sale.opened_ms, tuple(waits),
    )  # fmt: skip


def _open_fields(sale: OpenSale) -> dict[str, Any]:
    return {
        "id": sale.id,
        "no": sale.no,
        "counter": sale.counter,
        "amount_minor": sale.amount_minor,
        "currency": sale.currency,
        "word": sale.word,
        "parked": sale.parked,
        "opened_ms": sale.opened_ms,
        "waits_for": list(sale.waits_for),
    }


def _read(event: Event) -> Report:
    body = event.body
    return Report(
        n=body["n"],
        day=date.fromisoformat(body["day"]),
        days=tuple(map(date.fromisoformat, body["days"])),
        first=body["first"],
        last=body["last"],
        at_ms=body["at_ms"],
        since_ms=body["since_ms"],
        ledger=event.ledger,
        counter="",
        totals=Totals.from_fields(body["totals"]),
        open=tuple(OpenSale(**{**each, "waits_for": tuple(each["waits_for"])}) for each in body["open"]),
        open_n=body["open_n"],
        heads={stream: ChainHead(*each) for stream, each in body["heads"].items()},
        by=event.actor,
        number=event.number,
        store=event.store,
    )
