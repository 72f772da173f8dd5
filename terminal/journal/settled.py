"""What a reconciliation asks the journal: many at once, each question one statement, its answer bounded."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from terminal.journal.reader import Reader
from terminal.payments.event import Summary
from terminal.payments.settled import Settlement

AT_ONCE: Final = 1_000  # subjects or keys of one question, rows of one answer
_FIELDS: Final = "subject, kind, channel, day, batch, settle_minor, fee_milli, number"
_SUMMARY: Final = "s.subject, s.counter, s.first_number, s.last_number, s.first_ms, s.last_ms, s.body"


class SettledReader:
    """Beside a ``Reader``, on its connection and with its rules. Raises JournalError as it does."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def settlement(self, subject: str) -> Settlement | None:
        return self.settlements([subject]).get(subject)

    def settlements(self, subjects: Sequence[str]) -> Mapping[str, Settlement]:
        """Of those that are settled."""
        assert len(subjects) <= AT_ONCE, len(subjects)
        sql = f"SELECT {_FIELDS} FROM settlement WHERE subject IN (SELECT value FROM json_each(?))"  # noqa: S608  # constants
        return {row[0]: Settlement(*row) for row in self._reader.rows(sql, (json.dumps(list(subjects)),))}

    def settled_on(
        self, day: str, *, channel: str = "", after: str = "", limit: int = 256
    ) -> tuple[Settlement, ...]:
        """One bill day's, by subject; ``after`` is the last subject of the page before."""
        assert 0 < limit <= AT_ONCE, limit
        only = " AND channel = ?" if channel else ""
        sql = f"SELECT {_FIELDS} FROM settlement WHERE day = ?{only} AND subject > ? ORDER BY subject LIMIT ?"  # noqa: S608  # constants
        found = self._reader.rows(sql, (day, *([channel] if channel else []), after, limit))
        return tuple(Settlement(*row) for row in found)

    def standings(self, kind: str, keys: Sequence[str]) -> Mapping[str, Summary]:
        """By key, the row of the subject that each of these keys was claimed for."""
        assert len(keys) <= AT_ONCE, len(keys)
        sql = f"""SELECT c.key, {_SUMMARY} FROM claim c JOIN summary s ON s.subject = c.value
            WHERE c.kind = ? AND c.key IN (SELECT value FROM json_each(?))"""  # noqa: S608  # constants
        found = self._reader.rows(sql, (kind, json.dumps(list(keys))))
        return {key: self._reader.summary(row) for key, *row in found}

    def unsettled_sales(self, from_ms: int, until_ms: int, *, after: int = 0) -> tuple[Summary, ...]:
        """Sales begun in [from_ms, until_ms) whose newest attempt is not settled, oldest first, AT_ONCE at most.

        ``after``: the ``first_number`` of the last one of the page before.
        """
        bounds = (max(after + 1, self._number_at(from_ms)), self._number_at(until_ms))
        sql = f"""SELECT {_SUMMARY} FROM summary s
            WHERE s.kind = 'sale' AND s.first_number >= ? AND s.first_number < ?
              AND s.first_ms >= ? AND s.first_ms < ?
              AND NOT EXISTS (SELECT 1 FROM settlement t WHERE t.subject = s.body ->> 'attempt')
            ORDER BY s.first_number LIMIT ?"""  # noqa: S608  # constants
        found = self._reader.rows(sql, (*bounds, from_ms, until_ms, AT_ONCE))
        return tuple(self._reader.summary(row) for row in found)

    def sales_with_refunds(self, from_ms: int, until_ms: int) -> tuple[str, ...]:
        """Ids of sales whose refunds moved in [from_ms, until_ms), AT_ONCE of them at most."""
        sql = """SELECT DISTINCT subject FROM event
            WHERE type = 'refund_moved' AND wall_ms >= ? AND wall_ms < ? ORDER BY wall_ms LIMIT ?"""
        return tuple(row[0] for row in self._reader.rows(sql, (from_ms, until_ms, AT_ONCE)))

    def _number_at(self, wall_ms: int) -> int:
        """The first event not before this time, had the clock never been set back."""
        low, high = 1, self._reader.last_number() + 1
        while low < high:
            middle = (low + high) // 2
            found: Any = self._reader.rows("SELECT wall_ms FROM event WHERE number = ?", (middle,))
            if found[0][0] < wall_ms:
                low = middle + 1
            else:
                high = middle
        return low
