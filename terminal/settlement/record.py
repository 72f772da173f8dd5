"""What a reconciliation leaves in the journal: rows settled, differences found and ended, the bill itself last.

Each append is whole by itself and each fact is written once: a run that was killed in the middle is run again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from terminal.counter.ports import Clock, Journal
from terminal.payments.event import Actor, NewEvent, Summary
from terminal.payments.settled import ROWS_MAX, SettledRow
from terminal.settlement.differences import Difference, ended_row
from terminal.settlement.payouts import Payout, day_name, payout_name
from terminal.settlement.ports import BillHead

EVENTS_AT_ONCE: Final = 32  # in one append, so that sales beside it do not wait long
RECONCILER: Final = Actor("system", "reconciliation")
PAGE: Final = 200
_CHANGES: Final = frozenset({"difference_ended", "difference_reopened"})
OPEN_MAX: Final = 10_000  # open differences of one channel that are looked at


@dataclass(slots=True)
class Recorder:
    """Writes for one store. ``settle`` and ``found`` wait until a full event or append is worth it."""

    journal: Journal
    clock: Clock
    store: str
    actor: Actor = RECONCILER
    settled: int = 0
    _rows: list[SettledRow] = field(default_factory=list)
    _events: list[NewEvent] = field(default_factory=list)
    _waiting: set[str] = field(default_factory=set)  # subjects of rows and ids of differences not written yet

    def settle(self, channel: str, row: SettledRow) -> bool:
        """False: the same id waits already."""
        if row.subject in self._waiting:
            return False
        self._waiting.add(row.subject)
        self._rows.append(row)
        if len(self._rows) == ROWS_MAX:
            self._settle_now(channel)
        return True

    def found(self, difference: Difference) -> bool:
        """False: it was found before, and perhaps ended since."""
        if difference.id in self._waiting or self.journal.claimed("difference", difference.id):
            return False
        self._waiting.add(difference.id)
        row = difference.row()
        body: dict[str, Any] = {
            "difference": difference.id,
            "kind": difference.kind.value,
            "channel": difference.channel,
            "day": difference.day,
            "currency": difference.currency,
            "here_minor": difference.here_minor,
            "there_minor": difference.there_minor,
            "sale": difference.sale,
            "attempt": difference.attempt,
            "fix": difference.suggested.value,
            "facts": dict(difference.facts),
            "at_ms": self.clock.wall_ms(),
            "index": {"claims": [["difference", difference.id, difference.day]], "summary": row},
        }
        self._events.append(NewEvent(self._stream, "difference_found", difference.id, self.actor, body))
        return True

    def ended(self, row: Summary, how: str) -> None:
        if row.subject not in self._waiting:
            index = {"summary": ended_row(row.body, how)}
            body = {"difference": row.subject, "how": how, "at_ms": self.clock.wall_ms(), "index": index}
            self._wait(NewEvent(self._stream, "difference_ended", row.subject, self.actor, body))

    def reopened(self, row: Summary) -> None:
        """It was carried to a bill that has come, and still stands."""
        if row.subject not in self._waiting:
            until, index = row.body["until"], {"summary": {**row.body, "state": "open", "until": ""}}
            body = {"difference": row.subject, "until": until, "at_ms": self.clock.wall_ms(), "index": index}
            self._wait(NewEvent(self._stream, "difference_reopened", row.subject, self.actor, body))

    def paid_out(self, file: BillHead, payout: Payout, source: str) -> None:
        """A payout and the days it is for; what is known of it already is not told again.

        Args:
            source: where it was told, from the first one on its days are missed there.
        """
        subject, claims = payout_name(file, payout.key), self._payout_claims(file, payout, source)
        if not claims or subject in self._waiting:
            return
        state = "matched" if payout.days else "open"
        told = {"channel": file.channel.name, "about": file.kind, "key": payout.key, "minor": payout.minor}
        row = {**told, "kind": "payout", "state": state, "final": True, "open": False, "on": payout.on.isoformat()}
        body: dict[str, Any] = {
            "channel": file.channel.name,
            "about": file.kind,
            "key": payout.key,
            "on": payout.on.isoformat(),
            "minor": payout.minor,
            "days": [day.isoformat() for day in payout.days],
            "at_ms": self.clock.wall_ms(),
            "index": {"claims": claims, "summary": {**row, "search": [state, file.channel.name]}},
        }
        self._wait(NewEvent(self._stream, "payout_told", subject, self.actor, body))

    def _payout_claims(self, file: BillHead, payout: Payout, source: str) -> list[list[str]]:
        subject, claimed = payout_name(file, payout.key), self.journal.claimed
        claims = [["payout", subject, payout.key]] if not claimed("payout", subject) else []
        free = [day for day in payout.days if not claimed("payout_day", day_name(file, day))]
        claims += [["payout_day", day_name(file, day), payout.key] for day in free]
        if free and not claimed("payout_first", source) and source not in self._waiting:
            self._waiting.add(source)
            claims.append(["payout_first", source, min(free).isoformat()])
        return claims

    def _wait(self, event: NewEvent) -> None:
        self._waiting.add(event.subject)
        self._events.append(event)

    async def keep_up(self) -> None:
        """Write when there is enough of it."""
        if len(self._events) >= EVENTS_AT_ONCE:
            await self._write()

    async def flush(self, channel: str) -> None:
        if self._rows:
            self._settle_now(channel)
        await self._write()

    async def imported(self, subject: str, told: Mapping[str, Any], claims: Sequence[Sequence[str]]) -> None:
        """The last word of a run: only now the file counts as taken over."""
        row = {
            **{"kind": "bill", "state": "imported", "final": True, "open": False, **told},
            "search": [told["channel"], told["day"]],
        }
        body: dict[str, Any] = {
            "channel": told["channel"],
            "kind": told["about"],
            "day": told["day"],
            "sha256": told["sha256"],
            "lines": told["lines"],
            "sums": told["sums"],
            "matched": told["matched"],
            "notes": told["notes"],
            "at_ms": self.clock.wall_ms(),
            "index": {"claims": [list(each) for each in claims], "summary": row},
        }
        await self.journal.append([NewEvent(self._stream, "bill_imported", subject, self.actor, body)])

    @property
    def _stream(self) -> str:
        return f"store:{self.store}"

    def _settle_now(self, channel: str) -> None:
        body = {
            "channel": channel,
            "rows": len(self._rows),
            "settle_minor": sum(each.settle_minor for each in self._rows if each.kind == "payment"),
            "refund_minor": sum(each.settle_minor for each in self._rows if each.kind == "refund"),
            "fee_milli": sum(each.fee_milli for each in self._rows),
            "at_ms": self.clock.wall_ms(),
            "index": {"settled": [channel, [list(each) for each in self._rows]]},
        }
        self._events.append(NewEvent(self._stream, "settled", f"settled:{channel}", self.actor, body))
        self.settled += len(self._rows)
        self._rows.clear()

    def _stands(self, event: NewEvent) -> bool:
        """False: a person ended the difference while its bill was read, and that is its end."""
        told = self.journal.of_subject(event.subject) if event.type in _CHANGES else ()
        rows = (each.body["index"]["summary"] for each in reversed(told) if "summary" in each.body["index"])
        return bool(next(rows, {"open": True})["open"])

    async def _write(self) -> None:
        self._events = [each for each in self._events if self._stands(each)]
        while self._events:
            await self.journal.append(self._events[:EVENTS_AT_ONCE])
            del self._events[:EVENTS_AT_ONCE]
        self._waiting = {each.subject for each in self._rows}  # the rest can be read from the journal now


def open_differences(journal: Journal, channel: str = "", *, limit: int = OPEN_MAX) -> list[Summary]:
    """Newest first; of one channel or of all."""
    found: list[Summary] = []
    before: int | None = None
    while len(found) < limit:
        page = journal.list("difference", before=before, limit=PAGE, search=f"open {channel}".strip())
        found += [each for each in page if each.body["open"] and channel in {"", each.body["channel"]}]
        if len(page) < PAGE:
            break
        before = page[-1].first_number
    return found[:limit]
