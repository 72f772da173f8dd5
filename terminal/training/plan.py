"""The training plan of a shop, and whether training did any good (row 106). Pure reading of two journals."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, Protocol

import msgspec

from terminal.payments.event import Event, Summary
from terminal.training.lesson import lessons

DAY_MS: Final = 86_400_000
LATE_MS: Final = 3_600_000  # a doubt that a person settled later than this was handled late
BATCH: Final = 1024
ROWS_MAX: Final = 1000  # of lessons and exams that are looked through


class Readable(Protocol):
    """A journal, or a file of one that is only read."""

    def after(self, number: int, *, limit: int = 256) -> tuple[Event, ...]: ...

    def list(
        self, kind: str, *, counter: str = "", before: int | None = None, limit: int = 20, search: str = ""
    ) -> tuple[Summary, ...]: ...


MISTAKES: Final = {"cancel_requested": "cancels", "reprint_requested": "reprints"}


class Skill(msgspec.Struct, frozen=True):
    """``state``: done, weak (the last try failed), or open."""

    lesson: str
    module: str
    state: str
    tries: int
    failed: int


class Person(msgspec.Struct, frozen=True):
    """``again``: what to repeat on the next visit, weak ones first."""

    actor: str
    skills: tuple[Skill, ...]
    again: tuple[str, ...]
    exams: int
    passed_ms: int  # when the last exam was passed; 0: never


def plan(lesson_rows: Sequence[Summary], exam_rows: Sequence[Summary]) -> tuple[Person, ...]:
    """Everybody who practised here. Rows come newest first, as journals list them."""
    people: dict[str, list[Summary]] = {}
    for row in reversed(lesson_rows):
        people.setdefault(row.body["actor"], []).append(row)
    for row in exam_rows:
        people.setdefault(row.body["actor"], [])
    return tuple(_person(actor, rows, exam_rows) for actor, rows in sorted(people.items()))


def _person(actor: str, rows: Sequence[Summary], exam_rows: Sequence[Summary]) -> Person:
    skills = tuple(_skill(each.id, each.module, rows) for each in lessons().values())
    own = [each for each in exam_rows if each.body["actor"] == actor and each.body["state"] == "ended"]
    passed = [each.last_ms for each in own if each.body["passed"]]
    order = {"weak": 0, "open": 1}
    todo = sorted((each for each in skills if each.state in order), key=lambda each: order[each.state])
    return Person(actor, skills, tuple(each.lesson for each in todo), len(own), max(passed, default=0))


def _skill(lesson_id: str, module: str, rows: Sequence[Summary]) -> Skill:
    states = [each.body["state"] for each in rows if each.body["lesson"] == lesson_id]
    tries = [each for each in states if each in ("passed", "failed")]
    state = "open" if not tries else "done" if tries[-1] == "passed" else "weak"
    return Skill(lesson_id, module, state, len(tries), tries.count("failed"))


class Effect(msgspec.Struct, frozen=True):
    """Of the weeks after one exam, at the real till: what the person cancelled and printed again.

    ``late``: doubts of the whole shop in that time that were settled later than an hour.
    """

    actor: str
    exam: str
    percent: int
    passed: bool
    ended_ms: int
    until_ms: int
    sales: int
    cancels: int
    reprints: int
    late: int


def effects(exam_rows: Sequence[Summary], live: Readable, weeks: int, now_ms: int) -> tuple[Effect, ...]:
    """Each person's last exam, oldest first; weeks that are not over yet count up to ``now_ms``."""
    last: dict[str, Summary] = {}
    for row in reversed(exam_rows):
        if row.body["state"] == "ended":
            last[row.body["actor"]] = row
    if not last:
        return ()
    events = _Tally(tuple(_events(live)))
    rows = sorted(last.values(), key=lambda row: row.last_ms)
    return tuple(events.after(row, min(now_ms, row.last_ms + weeks * 7 * DAY_MS)) for row in rows)


def _events(journal: Readable) -> Iterator[Event]:
    """Those that a report counts; the rest is not kept in memory."""
    number = 0
    wanted = {*MISTAKES, "sale_opened", "exception_opened", "exception_closed"}
    while batch := journal.after(number, limit=BATCH):
        number = batch[-1].number
        yield from (each for each in batch if each.type in wanted)


class _Tally:
    def __init__(self, events: Sequence[Event]) -> None:
        self._events = events
        self._late = tuple(_late(events))

    def after(self, row: Summary, until_ms: int) -> Effect:
        actor, from_ms = row.body["actor"], row.last_ms
        own = Counter(
            each.type for each in self._events if each.actor == actor and from_ms < each.wall_ms <= until_ms
        )
        late = sum(from_ms < at_ms <= until_ms for at_ms in self._late)
        return Effect(
            actor,
            row.subject,
            row.body["percent"],
            row.body["passed"],
            from_ms,
            until_ms,
            own["sale_opened"],
            own["cancel_requested"],
            own["reprint_requested"],
            late,
        )


def _late(events: Iterable[Event]) -> Iterator[int]:
    """When each doubt began that somebody settled too late."""
    since: dict[tuple[str, str], int] = {}
    for event in events:
        key = (event.subject, str(event.body.get("exception", "")))
        if event.type == "exception_opened":
            since[key] = event.wall_ms
        elif event.type == "exception_closed":
            at_ms = since.pop(key, event.wall_ms)
            by_itself = event.body.get("how") == "proven"  # the bank was late, nobody else
            if event.wall_ms - at_ms > LATE_MS and not by_itself:
                yield at_ms


def rows_of(journal: Readable) -> tuple[Sequence[Summary], Sequence[Summary]]:
    """Lessons and exams of a practice journal, the newest first."""
    return journal.list("lesson", limit=ROWS_MAX), journal.list("exam", limit=ROWS_MAX)
