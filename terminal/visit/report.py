"""What visits cost: seconds by step, what failed, and how often somebody had to come again (row 101)."""

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from terminal.visit.steps import Visit

AGAIN_MS: Final = 4 * 3_600_000  # who goes on after a longer pause came a second time


@dataclass(frozen=True, slots=True)
class Row:
    """One visit. ``ended_ms``: of its newest step or its acceptance."""

    visit: str
    state: str
    begun_ms: int
    ended_ms: int
    seconds: int
    steps: Mapping[str, int]
    failed: tuple[str, ...]
    left_out: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """Newest first. ``second_percent``: accepted ones that took more than one coming, of all accepted."""

    rows: tuple[Row, ...]
    accepted: int
    second_percent: int


def told_of(visits: Iterable[Visit]) -> Told:
    """A visit was a second one when it came after a dropped one, or went on hours after it was interrupted."""
    newest = list(visits)
    rows = tuple(map(_row, newest))
    accepted = [(place, each) for place, each in enumerate(newest) if each.accepted_ms]
    second = sum(_again(each, newest[place + 1 : place + 2]) for place, each in accepted)
    return Told(rows, len(accepted), 100 * second // len(accepted) if accepted else 0)


def _row(visit: Visit) -> Row:
    state = "open" if visit.open else "dropped" if visit.dropped else "accepted"
    done = visit.steps.values()
    ended_ms = max((visit.accepted_ms, visit.begun_ms, *(each.at_ms for each in done)))
    return Row(
        visit.id,
        state,
        visit.begun_ms,
        ended_ms,
        visit.seconds,
        {str(step): each.seconds for step, each in visit.steps.items()},
        tuple(str(each.step) for each in done if each.result == "failed"),
        tuple(str(each.step) for each in done if each.result == "left_out"),
    )


def _again(visit: Visit, before: list[Visit]) -> bool:
    moments = sorted([visit.begun_ms, *(each.at_ms for each in visit.steps.values()), visit.accepted_ms])
    pauses = (later - earlier for earlier, later in itertools.pairwise(moments))
    return any(pause > AGAIN_MS for pause in pauses) or any(each.dropped for each in before)
