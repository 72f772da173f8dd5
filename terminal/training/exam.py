"""The practical exam: drawn by a seed, marked by the system (row 103). Pure.

The marks are data (``terminal/data/lessons/exam.toml``): the same for every shop, and a bank may change them.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final, TypeVar

import msgspec

from terminal.chance import Chance
from terminal.errors import InvalidRequest, NotFound
from terminal.training.lesson import EXAM, FOLDER, QUESTIONS, Texts, drills, lessons

T = TypeVar("T")
SEED_MAX: Final = 999_999_999


class Question(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``right`` counts from 0 among ``answers``. They are asked in an order that the seed draws."""

    id: str
    text: Texts
    answers: tuple[Texts, ...]
    right: int


class Rules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Points, and what to reach of them in percent. ``always`` lessons are in every exam."""

    always: tuple[str, ...]
    drills: int
    questions: int
    pass_percent: int
    outcome_points: int
    withheld_points: int
    time_points: int
    question_points: int


class _Questions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    question: tuple[Question, ...]


@cache
def rules() -> Rules:
    return msgspec.convert(tomllib.loads((FOLDER / EXAM).read_text("utf-8")), Rules, strict=True)


@cache
def questions() -> Mapping[str, Question]:
    read = msgspec.convert(tomllib.loads((FOLDER / QUESTIONS).read_text("utf-8")), _Questions, strict=True)
    return {each.id: each for each in read.question}


@dataclass(frozen=True, slots=True)
class Task:
    """``seed`` draws its amount."""

    lesson: str
    seed: int


@dataclass(frozen=True, slots=True)
class Paper:
    """What one seed asks: tasks, then questions, each with the order of its answers."""

    seed: int
    tasks: tuple[Task, ...]
    questions: tuple[tuple[str, tuple[int, ...]], ...]


def draw(seed: int, *, scans: bool) -> Paper:
    """The exam of this seed; where no phone can be scanned, lessons that need it are not in it.

    Raises:
        InvalidRequest("exam_seed"): not between 0 and SEED_MAX.
    """
    if not 0 <= seed <= SEED_MAX:
        raise InvalidRequest("exam_seed", limit=SEED_MAX)
    chance, plan = Chance(seed).split("exam"), rules()
    known = lessons()
    always = [each for each in plan.always if scans or not known[each].needs]
    pool = [each.id for each in drills() if scans or not each.needs]
    wanted = [*always, *_some(chance.split("drills"), pool, plan.drills)]
    amounts, order = chance.split("amounts"), chance.split("answers")
    tasks = tuple(Task(each, amounts.next64() % 1_000_000) for each in wanted)
    asked = _some(chance.split("questions"), [*questions()], plan.questions)
    sizes = {each: len(questions()[each].answers) for each in asked}
    return Paper(
        seed, tasks, tuple((each, tuple(_some(order, range(sizes[each]), sizes[each]))) for each in asked)
    )


def _some(chance: Chance, pool: Sequence[T], count: int) -> list[T]:
    """``count`` of them without repetition, in a drawn order."""
    left = list(pool)
    return [left.pop(chance.next64() % len(left)) for _ in range(min(count, len(pool)))]


@dataclass(frozen=True, slots=True)
class Worked:
    """How one task ended. ``others``: who pressed something beside the trainee; None: an older record's."""

    lesson: str
    passed: bool
    withheld: bool
    seconds: int
    findings: tuple[str, ...] = ()
    others: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Mark:
    """``gave_away``: goods left without money; such an exam is not passed, whatever its points."""

    points: int
    possible: int
    tasks: tuple[int, ...]
    right_answers: int
    gave_away: bool
    passed: bool

    @property
    def percent(self) -> int:
        return self.points * 100 // self.possible if self.possible else 0


def mark(worked: Sequence[Worked], answered: Sequence[bool]) -> Mark:
    """Points of everything that was done, of all that could be reached with it."""
    plan, known = rules(), lessons()
    each_task = plan.outcome_points + plan.withheld_points + plan.time_points
    tasks = tuple(
        each.passed * plan.outcome_points
        + each.withheld * plan.withheld_points
        + (each.passed and each.seconds <= known[each.lesson].par_s) * plan.time_points
        for each in worked
    )
    right = sum(answered)
    points = sum(tasks) + right * plan.question_points
    possible = len(worked) * each_task + len(answered) * plan.question_points
    gave_away = not all(each.withheld for each in worked)
    enough = possible > 0 and points * 100 >= possible * plan.pass_percent
    return Mark(points, possible, tasks, right, gave_away, enough and not gave_away)


def question(question_id: str) -> Question:
    """Raises NotFound("exam_question")."""
    try:
        return questions()[question_id]
    except KeyError:
        raise NotFound("exam_question", question=question_id) from None
