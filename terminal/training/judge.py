"""What a trainee did, judged: pure, from what the practice journal says and nothing else (row 104).

A lesson's run is a list of ``Happened`` in their order. The step one is at, what was wrong and how it ended follow
from it and the time; asked again after a power cut, the same list gives the same answer.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from terminal.training.lesson import Lesson, Rule, Step

Outcome = Literal["", "passed", "failed"]


@dataclass(frozen=True, slots=True)
class Happened:
    """One thing seen at the counter.

    Args:
        kind: an ``Act`` of the trainee or what was ``Seen`` of a sale.
        minor: of ``opened`` its amount; of an act what the newest sale of the lesson had paid.
        word: of an act: what the till said of that sale at that moment, empty without one.
    """

    at_ms: int
    kind: str
    sale: str = ""
    minor: int = 0
    word: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    rule: Rule
    at_ms: int
    step: int


@dataclass(frozen=True, slots=True)
class Progress:
    """``step`` counts from 0 and is the last one when the lesson ended. ``seen``: of this step."""

    step: int
    step_began_ms: int
    seen: tuple[Happened, ...]
    outcome: Outcome = ""
    findings: tuple[Finding, ...] = ()
    ended_ms: int = 0

    def missing(self, step: Step) -> tuple[tuple[str, ...], ...]:
        kinds = {each.kind for each in self.seen}
        return tuple(way for way in step.ways() if not kinds & set(way))


@dataclass(slots=True)
class _Before:
    """What has happened in the lesson so far."""

    due_minor: int
    kinds: set[str] = field(default_factory=set)
    open_sales: set[str] = field(default_factory=set)
    paid: set[str] = field(default_factory=set)

    def take(self, seen: Happened) -> None:
        self.kinds.add(seen.kind)
        if seen.kind == "opened":
            self.open_sales.add(seen.sale)
        elif seen.kind in ("ended", "refund"):
            self.open_sales.discard(seen.sale)
        elif seen.kind == "paid":
            self.paid.add(seen.sale)


def _unpaid(before: _Before, seen: Happened) -> bool:
    if seen.kind != "handed_over" or "took_cash" in before.kinds:
        return False
    return seen.word != "paid" or seen.minor < before.due_minor


_WRONG: Final[Mapping[str, Callable[[_Before, Happened], bool]]] = {
    "handed_over_checking": lambda _, seen: seen.kind == "handed_over" and seen.word == "checking",
    "sticker_ignored": lambda before, seen: _unpaid(before, seen) and "checked_sticker" in before.kinds,
    "receipt_reused": _unpaid,
    "handed_over_unpaid": _unpaid,
    "refunded_to_caller": lambda _, seen: seen.kind == "refund",
    "smaller_amount": lambda before, seen: seen.kind == "opened" and seen.minor < before.due_minor,
    "charged_twice": lambda before, seen: seen.kind == "opened" and bool(before.open_sales),
    "kept_though_paid": lambda _, seen: seen.kind == "kept" and seen.word == "paid",
    "overridden": lambda _, seen: seen.kind == "overridden",
}


def judge(lesson: Lesson, due_minor: int, happened: Sequence[Happened], began_ms: int, now_ms: int) -> Progress:
    """Where a run stands. The first wrong act ends it: the goods are gone, or the money."""
    at, step_began_ms = 0, began_ms
    seen: list[Happened] = []
    before = _Before(due_minor)
    for each in happened:
        if late := _late(lesson, at, step_began_ms, each.at_ms):
            return Progress(at, step_began_ms, tuple(seen), "failed", (Finding("out_of_time", late, at),), late)
        wrong = _wrong(lesson, before, each)
        before.take(each)
        seen.append(each)
        if wrong:
            return Progress(
                at, step_began_ms, tuple(seen), "failed", (Finding(wrong, each.at_ms, at),), each.at_ms
            )
        if Progress(at, step_began_ms, tuple(seen)).missing(lesson.steps[at]):
            continue
        if at + 1 == len(lesson.steps):
            return Progress(at, step_began_ms, tuple(seen), "passed", (), each.at_ms)
        at, step_began_ms, seen = at + 1, each.at_ms, []
    if late := _late(lesson, at, step_began_ms, now_ms):
        return Progress(at, step_began_ms, tuple(seen), "failed", (Finding("out_of_time", late, at),), late)
    return Progress(at, step_began_ms, tuple(seen))


def _late(lesson: Lesson, at: int, began_ms: int, now_ms: int) -> int:
    """When the step's time was over; 0: it is not."""
    over_ms = began_ms + lesson.steps[at].limit_s * 1000
    return over_ms if now_ms > over_ms else 0


def _wrong(lesson: Lesson, before: _Before, seen: Happened) -> Rule | None:
    """The first of the lesson's rules that this breaks."""
    return next((rule for rule in lesson.rules if rule in _WRONG and _WRONG[rule](before, seen)), None)


def withheld(happened: Sequence[Happened]) -> bool:
    """Whether goods stayed here whenever the till was not green; cash counts as money."""
    cash = False
    for each in happened:
        cash = cash or each.kind == "took_cash"
        if each.kind == "handed_over" and each.word != "paid" and not cash:
            return False
    return True
