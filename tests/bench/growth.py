"""Goal 8: does year five feel like day one? The journal with 10^4, 10^5 and N payments, by the same questions.

Histories are made by ``history`` on this disk and deleted at the end. A payment is all that one sale leaves.
"""

import asyncio
import os
import random
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from terminal.journal.keys import JournalKeys
from terminal.journal.place import side
from terminal.journal.records import Identity
from terminal.journal.sqlite import SqliteJournal
from terminal.payments.event import Actor, Ledger, NewEvent
from terminal.system import SystemClock, SystemEntropy
from tests.bench.history import Grower, Pattern, order_no
from tests.bench.table import Figure
from tests.bench.timing import ROUNDS, fdatasyncs, p50, p99

FIRST: Final = 10_000
LOOKUPS: Final = 1500  # a round
COMMITS: Final = 40  # a round; few enough that no checkpoint of the write-ahead log falls among them
JOURNAL: Final = "journal.db"


@dataclass(slots=True)
class Age:
    """One journal's answers."""

    payments: int
    folder: Path
    size_mb: float = 0.0
    open_ms: list[float] = field(default_factory=list)
    lookup_us: list[float] = field(default_factory=list)
    list_us: list[float] = field(default_factory=list)
    commit_ms: list[float] = field(default_factory=list)
    sync_ms: list[float] = field(default_factory=list)
    wal_kb: list[float] = field(default_factory=list)  # a payment

    @property
    def commit_ratio(self) -> float:
        return p50(self.commit_ms) / p50(self.sync_ms)


@dataclass(slots=True)
class Ages:
    ages: list[Age]
    built_s: float

    @property
    def last(self) -> Age:
        return self.ages[-1]


def sizes(most: int) -> list[int]:
    steps = [FIRST * 10**power for power in range(8) if FIRST * 10**power < most]
    return [*steps, most]


def build(state: Path, pattern: Pattern, most: int, folder: Path) -> Ages:
    """Histories of every size from a stopped service's state; each step is a copy, the last one grows on."""
    growing = folder / "growing"
    shutil.copytree(state, growing)
    grower, ages, began_s = Grower(growing / JOURNAL, pattern), [], time.monotonic()
    for count in sizes(most):
        grower.grow(count)
        if count == most:
            ages.append(Age(count, growing))
        else:
            shutil.copytree(growing, folder / str(count))
            ages.append(Age(count, folder / str(count)))
    os.sync()  # else the disk writes this history while it answers
    return Ages(ages, time.monotonic() - began_s)


def ask(ages: Ages, pattern: Pattern) -> None:
    for age in ages.ages:
        age.size_mb = (age.folder / JOURNAL).stat().st_size / 1e6
    for turn in range(ROUNDS):
        for age in ages.ages:
            asyncio.run(_round(age, pattern, turn))


async def _round(age: Age, pattern: Pattern, turn: int) -> None:
    chance, path = random.Random(turn), age.folder / JOURNAL
    keys = JournalKeys.load(age.folder / "keys")
    who = pattern.events[0]
    identity = Identity(who.merchant, who.store, Ledger(who.ledger))
    began = time.perf_counter()
    journal = SqliteJournal.open(path, identity=identity, clock=SystemClock(), entropy=SystemEntropy(), keys=keys)
    journal.unfinished(), journal.owed()  # what a recovery reads
    age.open_ms.append((time.perf_counter() - began) * 1e3)
    async with journal:
        for _ in range(LOOKUPS):
            number = order_no(chance.randint(1, age.payments))
            began = time.perf_counter()
            sale = journal.claimed("order", number)
            assert sale
            assert journal.of_subject(sale)
            age.lookup_us.append((time.perf_counter() - began) * 1e6)
        for _ in range(LOOKUPS // 10):
            began = time.perf_counter()
            journal.list("sale", counter="1")
            age.list_us.append((time.perf_counter() - began) * 1e6)
        age.sync_ms += [value * 1e3 for value in fdatasyncs(age.folder, COMMITS)]
        before = side(path, "-wal").stat().st_size
        for place in range(COMMITS):
            events = list(_payment(pattern, 10**9 * (turn + 1) + place))
            began = time.perf_counter()
            await journal.append(events)
            age.commit_ms.append((time.perf_counter() - began) * 1e3)
        age.wal_kb.append((side(path, "-wal").stat().st_size - before) / COMMITS / 1e3)


def _payment(pattern: Pattern, number: int) -> Iterator[NewEvent]:
    """All events of one more sale; together they are one commit here, seven in the service."""
    for row, body in pattern.copy(number):
        kind, _, name = row.actor.partition(":")
        yield NewEvent(row.stream, row.type, row.subject, Actor(kind, name), body)  # type: ignore[arg-type]  # it was one


def figures(ages: Ages) -> list[Figure]:
    first, last = ages.ages[0], ages.last
    told = [_told(age) for age in ages.ages]
    name, size = f"at {first.payments:,}", f"{last.payments:,} payments"
    ratios = last.commit_ratio, first.commit_ratio
    wal, opened = (p50(last.wal_kb), p50(first.wal_kb)), (p50(last.open_ms), p50(first.open_ms))
    what = f"commit of a payment / fdatasync beside, {size}"
    made = [Figure(8, what, ratios[0], "", name, ratios[1], most=2, why=told)]
    what = f"order number → its events, p99, {size}"
    made.append(Figure(8, what, p99(last.lookup_us), "µs", "limit", 500, most=1, why=told))
    what = f"write-ahead log of a payment, {size}"
    made.append(Figure(8, what, wal[0], "KB", name, wal[1], most=2.2, why=told))
    made.append(Figure(8, f"open and read what is unfinished, {size}", opened[0], "ms", name, opened[1]))
    made.append(
        Figure(8, f"journal of {size} (made in {ages.built_s:.0f} s)", last.size_mb, "MB", name, first.size_mb)
    )
    return made


def _told(age: Age) -> str:
    return (
        f"{age.payments:>10,} payments: {age.size_mb:,.0f} MB, open {p50(age.open_ms):.1f} ms,"
        f" look-up p50 {p50(age.lookup_us):.0f} p99 {p99(age.lookup_us):.0f} µs,"
        f" last 20 of a counter {p50(age.list_us):.0f} µs,"
        f" commit p50 {p50(age.commit_ms):.2f} ms = {age.commit_ratio:.1f} syncs, {p50(age.wal_kb):.0f} KB of WAL"
    )
