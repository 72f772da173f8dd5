"""A bill against the journal: read to its end, matched line by line, written down, its absences looked for.

Memory does not grow with the file. Between chunks others go on: a sale never waits for a bill.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Final, Literal

from terminal.counter.ports import Clock, Journal
from terminal.payments.bill import BillEnd, BillLine, BillReader, LineKind, LineState
from terminal.payments.settled import SettledRow
from terminal.settlement.absent import absent_on, bill_key, days_decided, missing_there
from terminal.settlement.cause import over
from terminal.settlement.differences import Difference, Kind, Note
from terminal.settlement.fee_gaps import FeeGaps
from terminal.settlement.line_owner import Known, Owners
from terminal.settlement.local import Standing, sale_of
from terminal.settlement.matching import SPAN, Outcome, Seen, judge, not_taken_back_here, partly_taken_back
from terminal.settlement.payouts import Payout, Payouts
from terminal.settlement.ports import BillHead, Evidence, SettledViews
from terminal.settlement.proof import notice_of
from terminal.settlement.record import Recorder, open_differences
from terminal.settlement.spool import CHUNK, Spool, repeat_key, reverses

LISTED_MAX: Final = 1_000  # differences of one kind written one by one; the rest of them are one with a count
AGAIN_MAX: Final = 1_000  # open differences of a channel that are looked at again in one run
ASKED_MAX: Final = 50  # orders the provider is asked about again in one run
REFERRED: Final = 100  # lines asked about at once where each may carry several numbers
TOLD_MAX: Final = 200  # differences and notes a report holds
_MONEY: Final = (LineKind.PAYMENT, LineKind.REFUND)


@dataclass(slots=True)
class Report:
    """How a run ended. ``repeated``: the same file was taken over before, and nothing was written now.

    ``differences``: those of this bill, found now or before; ``found`` counts them all, ``new`` those written now.
    """

    channel: str
    kind: str
    day: str
    lines: int = 0
    matched: int = 0
    settled: int = 0
    found: int = 0
    new: int = 0
    ended: int = 0
    repeated: bool = False
    sums: dict[str, int] = field(default_factory=dict)
    notes: dict[str, int] = field(default_factory=dict)
    kinds: dict[str, int] = field(default_factory=dict)
    differences: list[Difference] = field(default_factory=list)

    @property
    def equal(self) -> bool:
        return not self.found


@dataclass(frozen=True, slots=True)
class Reconciler:
    """One house's. ``evidence`` is the engine, or what stands for it beside a stopped service."""

    journal: Journal
    views: SettledViews
    clock: Clock
    store: str
    evidence: Evidence
    pause: Callable[[], Any] = lambda: asyncio.sleep(0)
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def run(self, file: BillHead, reader: BillReader) -> Report:
        """Import one file; the same one again changes nothing.

        Raises:
            BillRefused: the file cannot be believed; nothing of it is written. JournalError.
        """
        async with self.turn:
            key = f"{file.channel.name}/{file.kind}/{file.sha256}"
            if (subject := self.journal.claimed("bill", key)) and self._nothing_of_another_day(subject, file):
                key = f"{key}/{file.day}"
                subject = self.journal.claimed("bill", key)
            if subject:
                return self._again(subject, file)
            spool = Spool()
            try:
                for _ in spool.fill(reader):
                    await self.pause()
                spool.refuse_other(file.channel)
                return await _Run(self, file, spool).finish(key)
            finally:
                spool.close()

    def _nothing_of_another_day(self, subject: str, file: BillHead) -> bool:
        """Files without lines are alike; that nothing happened is told of each day anew."""
        told = self._told(subject, file)
        return told["lines"] == 0 and file.day is not None and told["day"] != file.day.isoformat()

    def _told(self, subject: str, file: BillHead) -> Mapping[str, Any]:
        events = self.journal.of_subject(subject)
        return next(each.body for each in events if each.body.get("sha256") == file.sha256)

    def _again(self, subject: str, file: BillHead) -> Report:
        told = self._told(subject, file)
        kinds: dict[str, int] = told["sums"].get("differences", {})
        return Report(
            file.channel.name,
            file.kind,
            told["day"],
            lines=told["lines"],
            matched=told["matched"],
            found=sum(kinds.values()),
            repeated=True,
            sums={name: value for name, value in told["sums"].items() if isinstance(value, int)},
            notes=dict(told["notes"]),
            kinds=dict(kinds),
        )


class _Run:
    """One file, once."""

    def __init__(self, reconciler: Reconciler, file: BillHead, spool: Spool) -> None:
        self._house, self._file, self._spool = reconciler, file, spool
        self._recorder = Recorder(reconciler.journal, reconciler.clock, reconciler.store)
        rule = file.channel.rule
        self._owners = Owners(reconciler.journal, reconciler.views, rule.id if rule else "")
        self._gaps = FeeGaps()
        self._notes: Counter[str] = Counter()
        self._kinds: Counter[str] = Counter()
        self._more: Counter[Kind] = Counter()
        self._seen: set[str] = set()  # of the keys that stand in the file more than once
        end = spool.end
        assert end is not None, "filled"
        self._day = file.day or end.last_day
        self._iso = self._day.isoformat() if self._day else ""
        self._span = _several_days(file, end)
        self._report = Report(file.channel.name, file.kind, self._iso)
        channel = file.channel.name
        rows = open_differences(reconciler.journal, channel)
        self._open = {(each.body["about"], each.body["key"]): each for each in rows}

    async def finish(self, key: str) -> Report:
        report, spool, file = self._report, self._spool, self._file
        for chunk in spool.chunks():
            if file.kind != "funds":
                told = map(self._reversed, chunk) if spool.taken_back else chunk
                await self._match([each for each in told if each.kind in _MONEY])
            await self._recorder.keep_up()
            await self._house.pause()
        for difference in self._gaps.differences(file.channel.name, report.day, file.channel.currencies[0]):
            self._found(difference)
        self._payouts()
        self._tell_more()
        if file.kind == "trade" and self._day and not self._span:
            await self._look_for_absent(self._day)
        self._end_gone()
        self._reopen_carried()
        await self._recorder.flush(file.channel.name)
        report.lines, report.settled = spool.sums["lines"], self._recorder.settled
        report.sums = dict(spool.sums)
        report.notes, report.kinds = dict(self._notes), dict(self._kinds)
        await self._seal(key)
        return report

    async def _seal(self, key: str) -> None:
        report, file = self._report, self._file
        whole = self._day and not self._span  # several days in one file: each is still asked for by itself
        day = bill_key(file.channel.name, file.kind, self._day) if self._day and whole else key
        subject = f"bill:{day}"[:128]
        told = {
            **{"channel": file.channel.name, "about": file.kind, "day": report.day, "sha256": file.sha256},
            **{"lines": report.lines, "matched": report.matched, "notes": report.notes},
            "sums": {**report.sums, "differences": report.kinds},
        }
        claims = [["bill", key, subject]]
        if not self._house.journal.claimed("bill_day", day):
            claims.append(["bill_day", day, subject])
        await self._recorder.imported(subject, told, claims)

    def _reversed(self, line: BillLine) -> BillLine:
        """A payment that the same file takes back never stayed, whichever of the two lines comes first."""
        taken = self._spool.taken_back
        if line.kind is not LineKind.PAYMENT or line.state is not LineState.DONE:
            return line
        return replace(line, state=LineState.REVOKED) if taken.get(line.order_no) == line.gross_minor else line

    def _taken_back(self, line: BillLine) -> None:
        """The reverse itself: told with its payment; alone, it is of a payment of another day's file."""
        paid, went = self._spool.payment(line.order_no), self._spool.taken_back[line.order_no]
        if paid is not None and paid.gross_minor == went:
            self._notes[Note.REVOKED.value] += 1
            return
        local = self._owners.of_order(line.order_no)
        seen = self._seen_with(line, Known(line.kind, local=local))
        if paid is not None or (local is not None and went != local.amount.minor):
            self._found(partly_taken_back(line, seen))
            return
        if local is not None and local.standing is Standing.PAID:
            self._found(not_taken_back_here(line, seen))
            return
        self._notes[Note.REVOKED.value] += 1
        if local is not None:
            self._end(Kind.STATUS, local.id, "matched")

    async def _match(self, lines: list[BillLine]) -> None:
        size = CHUNK if all(not each.references for each in lines) else REFERRED
        for first in range(0, len(lines), size):
            some = lines[first : first + size]
            for line, found in zip(some, self._owners.of(some), strict=True):
                await self._line(line, found)

    async def _line(self, line: BillLine, known: Known) -> None:
        if known.local is None and reverses(line):
            self._taken_back(line)
            return
        seen = self._seen_with(line, known)
        if known.local and (seen.again or known.before):  # a sale's row does not say which capture it knows
            seen = seen._replace(local=self._owners.again(known).local)
        outcome = judge(line, seen)
        if outcome.evidence:
            channel = self._file.channel
            await self._house.evidence.take(channel.name, notice_of(line, known, channel, self._file.sha256))
            fresh = self._owners.again(known)
            seen = seen._replace(local=fresh.local, before=fresh.before, heard=True)
            outcome = judge(line, seen)
        if line.provisional:  # the day's statement settles it; until then it only proves
            self._notes[(Note.HEALED if seen.heard else Note.IGNORED).value] += 1
            return
        self._take(line, seen, outcome)

    def _seen_with(self, line: BillLine, known: Known) -> Seen:
        again, repeated = False, self._spool.repeated
        key = repeat_key(line) if repeated else None
        if key is not None and key in repeated:
            again = key in self._seen
            self._seen.add(key)
        if known.number != line.order_no and line.kind is LineKind.PAYMENT and known.local and not again:
            again = repeat_key(line) != f"payment:{known.number}" and self._spool.has_payment(known.number)
        own_day = self._file.kind == "statement" or not self._iso or self._span
        day = line.at[:10] if own_day else self._iso
        return Seen(self._file.channel, day, known.local, known.before, again, span=bool(self._span))

    def _take(self, line: BillLine, seen: Seen, outcome: Outcome) -> None:
        local = seen.local
        if outcome.settled and local:
            fee = line.fee_milli
            kind: Literal["payment", "refund"] = "refund" if line.kind is LineKind.REFUND else "payment"
            if seen.before is None:
                row = SettledRow(local.id, kind, seen.day, self._batch(seen.day), line.settle_minor, fee)
                self._recorder.settle(self._file.channel.name, row)
            if self._open:
                for about in (Kind.MISSING_THERE, Kind.MISSING_HERE):
                    self._end(about, local.id, "matched")
        for note in outcome.notes:
            self._notes[note.value] += 1
        if outcome.difference:
            self._found(outcome.difference)
        elif outcome.settled:
            self._report.matched += 1
        if outcome.gap:
            self._gaps.add(outcome.gap)

    def _batch(self, day: str) -> str:
        end = self._spool.end
        document = end.document if end else ""
        return document[:64] or f"{self._file.channel.name}/{self._span or day}"

    def _found(self, difference: Difference) -> None:
        report, kind = self._report, difference.kind
        self._kinds[kind.value] += 1
        report.found += 1
        if len(report.differences) < TOLD_MAX:
            report.differences.append(difference)
        if self._kinds[kind.value] > LISTED_MAX:
            self._more[kind] += 1
        else:
            report.new += self._recorder.found(difference)

    def _tell_more(self) -> None:
        """A file of another shop, or a journal that was lost, must not fill this one."""
        for kind, count in self._more.items():
            facts: dict[str, str | int] = {"number": f"+{count}", "more": count}
            name = self._file.channel.name
            key = f"{self._report.day}/{self._file.sha256[:16]}/more"
            self._report.new += self._recorder.found(
                Difference(kind, name, key, self._report.day, self._file.channel.currencies[0], facts=facts)
            )

    def _end(self, kind: Kind, key: str, how: str) -> None:
        if row := self._open.pop((kind.value, key), None):
            self._recorder.ended(row, how)
            self._report.ended += 1

    def _payouts(self) -> None:
        file, day = self._file, self._day
        if file.kind == "trade" or day is None:
            return
        house = self._house
        found = Payouts(house.journal, house.views, file, day, self._spool, span=bool(self._span))
        for each in found.differences():
            if isinstance(each, Payout):
                for paid in each.days:
                    self._end(Kind.PAYOUT_LATE, paid.isoformat(), "matched")
                self._recorder.paid_out(file, each, found.source)
            else:
                self._found(each)

    def _end_gone(self) -> None:
        """What was taken care of in the sale itself since it was found: attached, refunded, taken back."""
        for (kind, key), row in list(self._open.items())[:AGAIN_MAX]:
            difference = Difference.of_row(row.body)
            sale = sale_of(self._house.journal.of_subject(difference.sale)) if difference.sale else None
            if over(difference, sale, None):
                self._end(Kind(kind), key, "healed")

    def _reopen_carried(self) -> None:
        """What waited for this bill and is not ended by it is before a person again."""
        money, file = {Kind.PAYOUT, Kind.PAYOUT_LATE}, self._file
        for (kind, _key), row in self._open.items():
            of_file = file.kind != "trade" if Kind(kind) in money else file.kind != "funds"
            if of_file and row.body["state"] == "carried" and row.body["until"] <= self._iso:
                self._recorder.reopened(row)

    async def _look_for_absent(self, day: date) -> None:
        """Also of days the bill of which was there before this one's."""
        await self._recorder.flush(self._file.channel.name)  # what this bill settles is no longer absent
        journal, views, channel = self._house.journal, self._house.views, self._file.channel
        decided, asked = days_decided(journal, channel.name, "trade", day), 0
        for each in (*decided, *((day,) if day not in decided else ())):
            sure = each in decided
            async for absent in absent_on(journal, views, channel, each, sure=sure):
                if absent is None:
                    await self._house.pause()
                elif absent.local.standing.value == "open":
                    self._notes[Note.REFUND_PENDING.value] += 1
                elif not sure:
                    self._notes[Note.CARRIED.value] += 1
                else:
                    said, asked = await self._ask(absent.local.id, absent.what, asked)
                    self._found(missing_there(absent, channel, each, said))
            await self._recorder.keep_up()

    async def _ask(self, number: str, what: str, asked: int) -> tuple[str, int]:
        """The provider once more, before a person has to (row 111); bounded."""
        if what != "payment" or asked >= ASKED_MAX:
            return "", asked
        return await self._house.evidence.ask(self._file.channel.name, number), asked + 1


def _several_days(file: BillHead, end: BillEnd) -> str:
    """``2026-11-01..2026-11-30`` of a file that nobody fetched for one day and that tells of more; else empty."""
    first, last = end.first_day, end.last_day
    if file.day or file.kind == "statement" or not first or not last or first == last:
        return ""
    return f"{first.isoformat()}{SPAN}{last.isoformat()}"
