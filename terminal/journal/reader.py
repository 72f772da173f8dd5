"""Short reads on a connection that cannot write: look-ups of some ten microseconds, never in the writer's way."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import apsw
from cryptography.exceptions import InvalidTag

from terminal.errors import JournalError
from terminal.journal.failure import Fatal, diagnose, refusal
from terminal.journal.keys import JournalKeys
from terminal.journal.projection import split
from terminal.journal.records import Row, decode, event_of
from terminal.journal.schema import connect, refuse_newer
from terminal.payments.event import Body, Event, Owed, Summary

Upcaster = Callable[[Body], Body]
Upcasters = Mapping[tuple[str, int], Upcaster]
"""(type, version) -> a function giving the body of version + 1. The stored row and its hash never change."""

LIMIT_MAX: Final = 10_000
_COMMON: Final = 2_000  # words matching more than this are looked for from the newest row down
_SUMMARY: Final = "subject, counter, first_number, last_number, first_ms, last_ms, body"
_LAST: Final = "\U0010ffff"


class Reader:
    """Not for several threads at once. Without a running journal it reads a file by itself (``at``).

    Every read may raise JournalError: ``journal_corrupt``, ``journal_broken``, ``journal_locked``.
    """

    def __init__(
        self,
        connection: apsw.Connection,
        upcasters: Upcasters | None = None,
        *,
        failed: Callable[[Fatal], None] = lambda _fatal: None,
    ) -> None:
        """``failed`` is told of a disk that cannot be read, before the caller is."""
        self.connection = connection
        self._upcasters, self._failed = upcasters or {}, failed

    @classmethod
    def at(cls, path: Path) -> "Reader":
        """For commands beside a running service. Raises JournalError as ``connect`` and ``refuse_newer``."""
        connection = connect(path, read_only=True)
        refuse_newer(connection)
        return cls(connection)

    def close(self) -> None:
        self.connection.close()

    def claimed(self, kind: str, key: str) -> str | None:
        value: str | None = self._one("SELECT value FROM claim WHERE kind = ? AND key = ?", (kind, key))
        return value

    def of_subject(self, subject: str) -> tuple[Event, ...]:
        return self._events("SELECT * FROM event WHERE subject = ? ORDER BY number", (subject,))

    def after(self, number: int, *, limit: int = 256) -> tuple[Event, ...]:
        assert 0 < limit <= LIMIT_MAX, limit
        return self._events("SELECT * FROM event WHERE number > ? ORDER BY number LIMIT ?", (number, limit))

    def tail(self, count: int) -> tuple[Event, ...]:
        """The newest ``count`` events, oldest of them first."""
        assert 0 < count <= LIMIT_MAX, count
        newest = "SELECT * FROM event ORDER BY number DESC LIMIT ?"
        return self._events(f"SELECT * FROM ({newest}) ORDER BY number", (count,))  # noqa: S608  # only constants

    def every(self) -> Iterator[Row]:
        """Every event as it is stored, from the first on."""
        return map(Row._make, self.connection.execute("SELECT * FROM event ORDER BY number"))

    def last_number(self) -> int:
        number: int = self._one("SELECT coalesce(max(number), 0) FROM event", ())
        return number

    def unfinished(self) -> tuple[Summary, ...]:
        sql = f"SELECT {_SUMMARY} FROM summary WHERE final = 0 ORDER BY first_number"  # noqa: S608  # only constants
        return self._summaries(sql, ())

    def list(
        self, kind: str, *, counter: str = "", before: int | None = None, limit: int = 20, search: str = ""
    ) -> tuple[Summary, ...]:
        """Newest first. Every word of ``search`` must be the beginning of a word of the summary."""
        assert 0 < limit <= LIMIT_MAX, limit
        words = [self._matches(kind, word) for word in split(search)[:8]]
        # A plus keeps SQLite from walking a list's index when a rare word's index leads to the rows at once.
        plus = "+" if any(condition.startswith("subject") for condition, _values in words) else ""
        conditions: tuple[tuple[str, tuple[Any, ...]], ...] = (
            (f"{plus}kind = ?", (kind,)),
            *([(f"{plus}counter = ?", (counter,))] if counter else []),
            *([(f"{plus}first_number < ?", (before,))] if before is not None else []),
            *words,
        )
        where = " AND ".join(condition for condition, _values in conditions)
        sql = f"SELECT {_SUMMARY} FROM summary WHERE {where}"  # noqa: S608  # conditions are our own
        values = (value for _condition, some in conditions for value in some)
        return self._summaries(f"{sql} ORDER BY {plus}first_number DESC LIMIT ?", (*values, limit))

    def owed(self) -> tuple[Owed, ...]:
        sql = "SELECT id, kind, counter, subject, number, owed_ms, body FROM owed ORDER BY number, place"
        found = self.rows(sql)
        return tuple(
            Owed(name, kind, counter, subject, number, owed_ms, decode(body))
            for name, kind, counter, subject, number, owed_ms, body in found
        )

    def personal(self, number: int, keys: JournalKeys) -> dict[str, str]:
        """The clear personal values of one event that were not erased. A changed one is left out."""
        sql = "SELECT name, key_id, hidden FROM personal WHERE number = ?"
        clear = {}
        for name, key_id, hidden in self.rows(sql, (number,)):
            try:
                clear[name] = keys.show(key_id, f"{number}:{name}", hidden)[32:].decode()
            except (InvalidTag, KeyError):
                continue
        return clear

    def _matches(self, kind: str, word: str) -> tuple[str, tuple[str, ...]]:
        """Few matches are fetched by the word's index; many are met soon on the way down from the newest."""
        bounds = (kind, word, word + _LAST)
        found = "FROM word WHERE kind = ? AND word >= ? AND word < ?"
        some = f"SELECT count(*) FROM (SELECT 1 {found} LIMIT ?)"  # noqa: S608  # only constants
        many = self._one(some, (*bounds, _COMMON + 1))
        if many > _COMMON:
            return "instr(words, ?) > 0", (" " + word,)
        return f"subject IN (SELECT subject {found})", bounds

    def _one(self, sql: str, values: tuple[Any, ...]) -> Any:
        found = self.rows(sql, values)
        return found[0][0] if found else None

    def rows(self, sql: str, values: tuple[Any, ...] = ()) -> Sequence[Any]:
        """All rows of a short question; for the readers of this package."""
        try:
            return self.connection.execute(sql, values).fetchall()
        except apsw.BusyError as error:
            raise JournalError("journal_locked") from error
        except apsw.Error as error:
            fatal = diagnose(error, self.connection.system_errno, "journal_broken")
            self._failed(fatal)
            raise refusal(fatal) from error

    def _events(self, sql: str, values: tuple[Any, ...]) -> tuple[Event, ...]:
        return tuple(self._event(Row(*row)) for row in self.rows(sql, values))

    def _event(self, row: Row) -> Event:
        event = event_of(row)
        while upcast := self._upcasters.get((event.type, event.version)):
            event = replace(event, version=event.version + 1, body=upcast(event.body))
        return event

    def _summaries(self, sql: str, values: tuple[Any, ...]) -> tuple[Summary, ...]:
        return tuple(self.summary(row) for row in self.rows(sql, values))

    @staticmethod
    def summary(row: Sequence[Any]) -> Summary:
        """A row of the columns of ``_SUMMARY``."""
        subject, counter, first, last, first_ms, last_ms, body = row
        return Summary(subject, counter, first, last, first_ms, last_ms, decode(body))
