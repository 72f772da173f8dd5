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

EVENTS_AT_ONCE: Final = 32  # in one append, so that sales beside it do not wait long
RECONCILER: Final = Actor("system", "reconciliation")
PAGE: Final = 200
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
        if row.subject in self._waiting:
            return
        self._waiting.add(row.subject)
        body = {
            "difference": row.subject,
            "how": how,
            "at_ms": self.clock.wall_ms(),
            "index": {"summary": ended_row(row.body, how)},
        }
        self._events.append(NewEvent(self._stream, "difference_ended", row.subject, self.actor, body))

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

    async def _write(self) -> None:
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
