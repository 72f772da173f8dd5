"""The training plan, and whether training did any good: from two journals' rows (row 106)."""

from collections.abc import Sequence
from typing import Any

import pytest

from terminal.payments.event import Event, Ledger, Summary
from terminal.training.lesson import lessons
from terminal.training.plan import DAY_MS, LATE_MS, effects, plan

pytestmark = pytest.mark.row(106)
MEI = "person:mei"
EXAM_MS = 10 * DAY_MS


def row(subject: str, at_ms: int, **body: Any) -> Summary:
    return Summary(subject, "", 1, 1, at_ms, at_ms, {"actor": MEI, **body})


def tried(lesson: str, state: str, number: int) -> Summary:
    return row(f"run{number}", number, kind="lesson", lesson=lesson, state=state)


def exam(state: str = "ended", at_ms: int = EXAM_MS, *, passed: bool = True) -> Summary:
    return row(f"exam{at_ms}", at_ms, kind="exam", state=state, passed=passed, percent=90)


class Shelf:
    """The real journal, only read."""

    def __init__(self, *events: tuple[str, int, str, str], how: str = "seen") -> None:
        body = {"exception": "e1", "how": how}
        self._events = tuple(
            Event(
                *(number, "counter:1", number, kind, 1, Ledger.LIVE, "m", "s", "1", subject, actor),
                *(at_ms, 0, body if kind.startswith("exception") else {}, b""),
            )
            for number, (kind, at_ms, actor, subject) in enumerate(events, 1)
        )

    def after(self, number: int, *, limit: int = 256) -> tuple[Event, ...]:
        return self._events[number : number + limit]

    def list(
        self, kind: str, *, counter: str = "", before: int | None = None, limit: int = 20, search: str = ""
    ) -> tuple[Summary, ...]:
        raise AssertionError("the report reads events")


def newest_first(*rows: Summary) -> Sequence[Summary]:
    return rows[::-1]


def test_the_last_try_decides_and_weak_ones_are_repeated_first() -> None:
    rows = newest_first(
        tried("take-money", "failed", 1),
        tried("take-money", "passed", 2),
        tried("refund", "passed", 3),
        tried("refund", "failed", 4),
        tried("paper-out", "left", 5),
        tried("paper-out", "interrupted", 6),
    )
    (person,) = plan(rows, ())
    skills = {each.lesson: each for each in person.skills}
    assert (skills["take-money"].state, skills["take-money"].tries, skills["take-money"].failed) == ("done", 2, 1)
    assert (skills["refund"].state, skills["paper-out"].state) == ("weak", "open")
    assert person.again[0] == "refund"
    assert set(person.again) == set(lessons()) - {"take-money"}


def test_exams_are_counted_and_an_open_one_is_not() -> None:
    (person,) = plan((), newest_first(exam(passed=False, at_ms=5), exam(at_ms=9), exam("begun", 11)))
    assert (person.exams, person.passed_ms) == (2, 9)
    assert plan((), ()) == ()


def test_the_report_counts_only_the_persons_weeks_after_the_exam() -> None:
    inside, outside = EXAM_MS + DAY_MS, EXAM_MS + 15 * DAY_MS
    live = Shelf(
        ("sale_opened", EXAM_MS - 1, MEI, "s0"),
        ("sale_opened", inside, MEI, "s1"),
        ("cancel_requested", inside, MEI, "s1"),
        ("cancel_requested", inside, "person:li", "s2"),
        ("reprint_requested", inside, MEI, "s1"),
        ("cancel_requested", outside, MEI, "s3"),
    )
    (told,) = effects(newest_first(exam()), live, 2, EXAM_MS + 30 * DAY_MS)
    assert (told.sales, told.cancels, told.reprints, told.late) == (1, 1, 1, 0)
    assert (told.percent, told.passed, told.until_ms) == (90, True, EXAM_MS + 14 * DAY_MS)


def test_a_doubt_settled_within_the_hour_is_no_mistake_and_a_later_one_is() -> None:
    since = EXAM_MS + DAY_MS
    for took_ms, how, late in ((LATE_MS, "seen", 0), (LATE_MS + 1, "seen", 1), (LATE_MS + 1, "proven", 0)):
        closed = ("exception_closed", since + took_ms, MEI, "s1")
        live = Shelf(("exception_opened", since, "system:engine", "s1"), closed, how=how)
        (told,) = effects(newest_first(exam()), live, 2, since + DAY_MS)
        assert told.late == late
        assert told.until_ms == since + DAY_MS, "weeks that are not over count up to now"


def test_the_last_exam_of_each_counts_and_without_one_nothing_is_told() -> None:
    told = effects(newest_first(exam(at_ms=5, passed=False), exam(at_ms=9)), Shelf(), 2, EXAM_MS)
    assert [(each.exam, each.passed) for each in told] == [("exam9", True)]
    assert effects((), Shelf(), 2, EXAM_MS) == ()
    assert effects(newest_first(exam("begun")), Shelf(), 2, EXAM_MS) == ()
