"""What visits cost, and which of them were second ones."""

import pytest

from terminal.visit.report import AGAIN_MS, told_of
from terminal.visit.steps import Done, Step, Visit

pytestmark = pytest.mark.row(101)


def visit(name: str, at_ms: int, *, pause_ms: int = 60_000, accepted: bool = True, dropped: bool = False) -> Visit:
    steps = {
        Step.SHEET: Done(Step.SHEET, "passed", 40, at_ms + 40_000, "person:li", {}),
        Step.CENT: Done(Step.CENT, "failed", 80, at_ms + 40_000 + pause_ms, "person:li", {}, "visit_cent_missing"),
        Step.CARDS: Done(Step.CARDS, "left_out", 0, at_ms + 40_000 + pause_ms, "person:li", {}),
    }
    ended = at_ms + 100_000 + pause_ms if accepted else 0
    return Visit(name, at_ms, "person:li", steps, ended, "ab" if accepted else "", dropped)


def test_seconds_of_each_step_and_what_failed() -> None:
    row = told_of([visit("V", 1000)]).rows[0]
    assert (row.state, row.seconds, row.steps) == ("accepted", 120, {"sheet": 40, "cent": 80, "cards": 0})
    assert (row.failed, row.left_out, row.ended_ms) == (("cent",), ("cards",), 161_000)


def test_none_is_none() -> None:
    assert (told_of([]).accepted, told_of([]).second_percent) == (0, 0)


def test_who_comes_again_hours_later_or_after_a_dropped_visit_came_twice() -> None:
    at_once = visit("A", 10_000_000)
    resumed = visit("B", 20_000_000, pause_ms=AGAIN_MS + 1)
    after_dropped = [visit("D", 90_000_000), visit("C", 80_000_000, accepted=False, dropped=True)]
    told = told_of([*after_dropped, resumed, at_once])
    assert (told.accepted, told.second_percent) == (3, 66)
    assert told_of([at_once]).second_percent == 0
    assert [each.state for each in told.rows] == ["accepted", "dropped", "accepted", "accepted"]
