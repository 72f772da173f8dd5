"""Differences before a person: listed, counted by day, ended by one key with use cases that exist without a bill.

A fix is written down with who chose it. What was only begun (asked, carried to tomorrow) leaves the difference
open; what is done ends it. The sale itself says what became of its money.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, Final, Protocol

from terminal.counter.ports import Clock, Journal
from terminal.errors import Conflict, InvalidRequest, NotFound, Unavailable
from terminal.payments.event import Actor, NewEvent, Summary
from terminal.payments.sale import Sale
from terminal.settlement import local as known
from terminal.settlement.cause import attachable, over, possible
from terminal.settlement.day_summary import DaySummary, summary_of
from terminal.settlement.differences import Difference, Fix, ended_row
from terminal.settlement.ports import Evidence, SettledViews
from terminal.settlement.record import RECONCILER, open_differences

BY_ITSELF: Final = "healed"  # how a difference ended whose cause went away
AGAIN_MAX: Final = 1_000  # open differences that are looked at again in one go
REASON_MAX: Final = 200
BILLS_MAX: Final = 100  # of one day
PAGE: Final = 200
PAGES_MAX: Final = 100  # no more are listed of one kind and day than reconciliation writes one by one
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_ENDS: Final = frozenset({Fix.REFUND, Fix.ATTACH, Fix.ACCEPT})
_WAITS: Final = {Fix.CARRY: "carried", Fix.ASK_BANK: "asked"}
Claim = tuple[str, str, str]


class Care(Protocol):
    """What a person does with a sale's money, with or without a bill; satisfied by ``Aftercare``."""

    async def refund(
        self, sale_id: str, amount_minor: int | None, *, reason: str, actor: Actor, attempt_id: str = ""
    ) -> object: ...

    async def close_exception(self, sale_id: str, exception: str, how: str, *, actor: Actor) -> object: ...


@dataclass(frozen=True, slots=True)
class Listed:
    """One difference as it stands.

    Args:
        cursor: for the next page; ``found_ms``: when it was found, UTC.
        state: open, asked (the bank), carried (to the bill of ``until``), ended.
        choices: what may be chosen now, the suggested one first; none once it ended.
        said: what the provider said when it was asked, a word of ``Trade``.
    """

    difference: Difference
    cursor: int
    found_ms: int
    state: str
    choices: tuple[Fix, ...] = ()
    how: str = ""
    until: str = ""
    said: str = ""

    @property
    def id(self) -> str:
        return self.difference.id

    @property
    def open(self) -> bool:
        return self.state != "ended"


@dataclass(slots=True)
class Differences:
    """One house's. ``zone`` says which day tomorrow is."""

    journal: Journal
    views: SettledViews
    clock: Clock
    store: str
    evidence: Evidence
    care: Care
    zone: tzinfo = UTC
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    # --- reading ------------------------------------------------------------------------------------------

    def open(self, channel: str = "") -> list[Listed]:
        """All that wait for a person, newest first; bounded."""
        return [self.listed(row) for row in open_differences(self.journal, channel)]

    def page(self, *words: str, before: int | None = None, limit: int = 50) -> list[Listed]:
        """Newest first; ``words``: any of ``open`` or ``ended``, a channel, a bill's day, a kind."""
        search = " ".join(each for each in words if each)
        rows = self.journal.list("difference", before=before, limit=limit, search=search)
        return [self.listed(row) for row in rows]

    def one(self, difference_id: str) -> Listed:
        """Raises NotFound("difference_unknown")."""
        return self.listed(self._row(difference_id))

    def listed(self, row: Summary) -> Listed:
        body, difference = row.body, Difference.of_row(row.body)
        return Listed(
            difference=difference,
            cursor=row.first_number,
            found_ms=row.first_ms,
            state=body["state"],
            choices=possible(difference, self._sale(difference)) if body["open"] else (),
            how=body["how"],
            until=body.get("until", ""),
            said=body.get("said", ""),
        )

    def summary(self, day: str) -> DaySummary:
        """One bill day, such as ``2026-11-21``."""
        bills = self.journal.list("bill", limit=BILLS_MAX, search=day)
        return summary_of(day, bills, self._of_day(day))

    def _of_day(self, day: str) -> Iterator[Summary]:
        before: int | None = None
        for _ in range(PAGES_MAX):
            rows = self.journal.list("difference", before=before, limit=PAGE, search=day)
            yield from rows
            if len(rows) < PAGE:
                return
            before = rows[-1].first_number

    def _row(self, difference_id: str) -> Summary:
        told = self.journal.of_subject(difference_id) if self.journal.claimed("difference", difference_id) else ()
        if not told:
            raise NotFound("difference_unknown", difference=difference_id[:64])
        first, last = told[0], told[-1]
        row = next(each.body["index"]["summary"] for each in reversed(told) if "summary" in each.body["index"])
        return Summary(difference_id, last.counter, first.number, last.number, first.wall_ms, last.wall_ms, row)

    def _sale(self, difference: Difference) -> Sale | None:
        return known.sale_of(self.journal.of_subject(difference.sale)) if difference.sale else None

    # --- ending -------------------------------------------------------------------------------------------

    async def fix(
        self,
        difference_id: str,
        choice: Fix,
        *,
        actor: Actor,
        reason: str = "",
        claims: Callable[[str], Sequence[Claim]] = lambda _: (),
    ) -> Listed:
        """Do it and write it down; only what is done ends the difference.

        Args:
            reason: needed to accept; kept with the decision.
            claims: what the journal shall remember of an idempotency key, given the difference's id.

        Raises:
            NotFound("difference_unknown"); Conflict: ``difference_ended``, ``fix_not_possible``, and those of the
            refund or attaching itself; InvalidRequest("difference_reason_missing");
            Unavailable("difference_not_answered"): the provider said nothing, nothing has changed.
        """
        async with self.turn:
            row = self._row(difference_id)
            difference = Difference.of_row(row.body)
            if not row.body["open"]:
                raise Conflict("difference_ended", how=row.body["how"])
            if self._over(difference):
                await self._write(row, [self._ended(row, BY_ITSELF, RECONCILER)])
                raise Conflict("difference_ended", how=BY_ITSELF)
            if choice is Fix.ACCEPT and not reason.strip():
                raise InvalidRequest("difference_reason_missing")
            said = await self._do(difference, choice, actor)
            ends = choice in _ENDS or (choice is Fix.QUERY and self._over(difference))
            await self._handled(row, choice, actor, reason, said, ends=ends, claims=claims(difference_id))
            return self.one(difference_id)

    async def look_again(self, channel: str = "") -> int:
        """End those whose cause went away; how many did."""
        async with self.turn:
            rows = open_differences(self.journal, channel, limit=AGAIN_MAX)
            gone = [row for row in rows if self._over(Difference.of_row(row.body))]
            for row in gone:
                await self._write(row, [self._ended(row, BY_ITSELF, RECONCILER)])
            return len(gone)

    def _over(self, difference: Difference) -> bool:
        number = difference.attempt or difference.key
        return over(difference, self._sale(difference), self.views.settlement(number))

    async def _do(self, difference: Difference, choice: Fix, actor: Actor) -> str:
        """What the provider said, where it was asked."""
        sale = self._sale(difference)
        if choice is Fix.REFUND and sale and self._refunded_before(difference, sale):
            return ""  # a run before this one ended between the refund and its note
        choices = possible(difference, sale)
        if choice not in choices:
            names = ", ".join(each.value for each in choices)
            raise Conflict("fix_not_possible", fix=choice.value, choices=names)
        if choice is Fix.QUERY:
            said = await self.evidence.ask(difference.channel, difference.attempt)
            if not said:
                raise Unavailable("difference_not_answered", number=difference.attempt)
            return said
        if sale and choice is Fix.REFUND:
            amount = min(sale.refundable_minor(sale.attempt(difference.attempt)), difference.there_minor or 0)
            reason, attempt = _reason(difference), difference.attempt
            await self.care.refund(sale.id, amount, reason=reason, actor=actor, attempt_id=attempt)
        if sale and choice is Fix.ATTACH and (late := attachable(difference, sale)):
            await self.care.close_exception(sale.id, late.id, "attached", actor=actor)
        return ""

    def _refunded_before(self, difference: Difference, sale: Sale) -> bool:
        return any(each.reason == _reason(difference) for each in sale.refunds)

    async def _handled(
        self,
        row: Summary,
        choice: Fix,
        actor: Actor,
        reason: str,
        said: str,
        *,
        ends: bool,
        claims: Sequence[Claim],
    ) -> None:
        until = self._tomorrow() if choice is Fix.CARRY else ""
        waiting = {**row.body, "state": _WAITS.get(choice, row.body["state"]), "said": said, "until": until}
        body: dict[str, Any] = {
            "difference": row.subject,
            "fix": choice.value,
            "reason": reason.strip()[:REASON_MAX],
            "said": said,
            "until": until,
            "at_ms": self.clock.wall_ms(),
            "index": {"claims": [list(each) for each in claims], "summary": waiting},
        }
        events = [NewEvent(self._stream, "difference_handled", row.subject, actor, body)]
        if ends:
            events.append(self._ended(replace(row, body=waiting), choice.value, actor))
        await self._write(row, events)

    def _ended(self, row: Summary, how: str, actor: Actor) -> NewEvent:
        body = {
            "difference": row.subject,
            "how": how,
            "at_ms": self.clock.wall_ms(),
            "index": {"summary": ended_row(row.body, how)},
        }
        return NewEvent(self._stream, "difference_ended", row.subject, actor, body)

    async def _write(self, row: Summary, events: Sequence[NewEvent]) -> None:
        assert all(each.subject == row.subject for each in events), row.subject
        await self.journal.append(events)

    def _tomorrow(self) -> str:
        now = (_EPOCH + timedelta(milliseconds=self.clock.wall_ms())).astimezone(self.zone)
        return (now.date() + timedelta(days=1)).isoformat()

    @property
    def _stream(self) -> str:
        return f"store:{self.store}"


def _reason(difference: Difference) -> str:
    """By it the refund is found again: one difference never gives back twice."""
    return f"bill difference {difference.id}"
