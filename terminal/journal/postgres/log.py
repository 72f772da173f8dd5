"""What is asked of the database about the log, one statement each: append, look, fetch, erase.

An append is one statement and so one transaction, one wait for the disk and one way there and back. It compares
before it swaps: the log must stand where this instance last saw it, and no counter may have changed hands since.
So it may be sent again after a lost connection: what was recorded by the first cannot be recorded by the second.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import asyncpg

from terminal.journal.postgres.place import Place
from terminal.journal.records import Row

PAGE: Final = 1000  # rows fetched at once
_TEXT, _BIG, _BYTES = "text", "bigint", "bytea"
_EVENT: Final = (
    *(_BIG, _TEXT, _BIG, _TEXT, _BIG, _TEXT, _TEXT, _TEXT, _TEXT, _TEXT, _TEXT, _BIG, _BIG, _TEXT, _TEXT),
    _BYTES,
)
_CLAIM: Final = (_TEXT, _TEXT, _TEXT, _BIG)
_PERSONAL: Final = (_BIG, _TEXT, _TEXT, _TEXT, _BYTES)

Claim = tuple[str, str, str, int]
Personal = tuple[int, str, str, str, bytes]
Erasure = tuple[int, str, int]
"""Its number, whose clear values went, and up to which event: what was recorded later stays."""


def _unnest(first: int, kinds: Sequence[str]) -> str:
    return "unnest(" + ", ".join(f"${first + n}::{kind}[]" for n, kind in enumerate(kinds)) + ")"


def _append(*, claims: bool, personal: bool) -> str:
    """A statement for what is there: planning an empty unnest costs as much as a full one."""
    at = 6
    tables: list[tuple[str, tuple[str, ...]]] = [("event", _EVENT)]
    tables += [("claim", _CLAIM)] * claims + [("personal", _PERSONAL)] * personal
    parts = ["here AS (UPDATE log SET number = number + $3 WHERE number = $1 AND fence = $2 RETURNING 1)"]
    for table, kinds in tables:
        run = ", $5::bigint" if table == "event" else ""
        rows = f"SELECT each.*{run} FROM here, {_unnest(at, kinds)} AS each"  # noqa: S608  # constants
        parts.append(f"{table}s AS (INSERT INTO {table} {rows})")
        at += len(kinds)
    told = "SELECT pg_notify($4, ($1::bigint + $3::bigint)::text) FROM here"
    return f"WITH {', '.join(parts)} {told}"


_APPEND: Final = {
    (claims, personal): _append(claims=claims, personal=personal)
    for claims in (False, True)
    for personal in (False, True)
}
_STAND: Final = """SELECT number, fence,
    (SELECT count(*) FROM holder WHERE stream = ANY($1::text[]) AND holder.fence = $2) FROM log"""
_FIELDS: Final = ", ".join(Row._fields)
_AFTER: Final = f"SELECT {_FIELDS} FROM event WHERE number > $1 AND number <= $2 ORDER BY number"  # noqa: S608  # constants


@dataclass(frozen=True, slots=True)
class Batch:
    """Sealed rows and what goes with them, ready to be recorded after event ``number`` of the log."""

    number: int
    rows: tuple[Row, ...]
    claims: tuple[Claim, ...] = ()
    personal: tuple[Personal, ...] = ()


@dataclass(frozen=True, slots=True)
class Stand:
    """Where the log is, the last change of hands of any counter, and how many counters are still ours."""

    number: int
    fence: int
    held: int


async def append(connection: asyncpg.Connection, place: Place, batch: Batch, fence: int, run: int) -> bool:
    """Record the batch; False when the log stands elsewhere or a counter changed hands: nothing was recorded."""
    sql = _APPEND[bool(batch.claims), bool(batch.personal)]
    columns: list[Any] = [*_columns(batch.rows)]
    if batch.claims:
        columns += _columns(batch.claims)
    if batch.personal:
        columns += _columns(batch.personal)
    done = await connection.fetch(sql, batch.number, fence, len(batch.rows), place.schema, run, *columns)
    return bool(done)


def _columns(rows: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]


async def stand(connection: asyncpg.Connection, streams: Sequence[str], fence: int) -> Stand:
    """All of it as of one moment; ``fence``: the one these streams were taken with."""
    return Stand(*await connection.fetchrow(_STAND, list(streams), fence))


async def rows_after(connection: asyncpg.Connection, number: int, *, limit: int = PAGE) -> list[Row]:
    """Committed events in order, ``limit`` of them at most."""
    found = await connection.fetch(_AFTER, number, number + limit)
    return [Row._make(each) for each in found]


async def run_of(connection: asyncpg.Connection, number: int) -> int | None:
    """Whose event this is, None while there is none."""
    found: int | None = await connection.fetchval("SELECT run FROM event WHERE number = $1", number)
    return found


async def new_run(connection: asyncpg.Connection) -> int:
    """A number that no other start of any instance has."""
    found: int = await connection.fetchval("SELECT nextval('run')")
    return found


async def personal_of(connection: asyncpg.Connection, rows: Sequence[Row]) -> list[Personal]:
    """The clear values of these events, which follow each other, as far as they were not erased."""
    if not any('"personal":{' in row.body for row in rows):
        return []
    first, last = rows[0].number, rows[-1].number
    found = await connection.fetch(
        "SELECT number, name, subject, key_id, hidden FROM personal WHERE number BETWEEN $1 AND $2", first, last
    )
    return [(number, name, subject, key_id, hidden) for number, name, subject, key_id, hidden in found]


async def erase(connection: asyncpg.Connection, place: Place, subject: str) -> int:
    """Delete a subject's clear values and leave word for the other instances; returns how many there were."""
    async with connection.transaction():
        gone = await connection.fetch("DELETE FROM personal WHERE subject = $1 RETURNING 1", subject)
        await connection.execute("INSERT INTO erasure (subject, until) SELECT $1, number FROM log", subject)
        await connection.execute("SELECT pg_notify($1, 'erased')", place.schema)
    return len(gone)


async def erasures_after(connection: asyncpg.Connection, number: int) -> list[Erasure]:
    sql = "SELECT number, subject, until FROM erasure WHERE number > $1 ORDER BY number"
    return [(count, subject, until) for count, subject, until in await connection.fetch(sql, number)]
