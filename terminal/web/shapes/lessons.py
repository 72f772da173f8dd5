"""Lessons and exams as the API's callers see them: everything in the words of one language."""

from typing import Annotated, Literal

import msgspec

from terminal.training.exam import SEED_MAX
from terminal.training.lesson import Act, Track
from terminal.web.shapes.form import Form, Name, Text

Seed = Annotated[int, msgspec.Meta(ge=0, le=SEED_MAX)]
PlayName = Literal["pays", "refuses", "bank_silent", "no_funds", "heal"]


class NewLesson(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``exam``: the id of the exam whose next task begins; ``lesson`` is then empty."""

    lesson: Text = ""
    exam: Text = ""
    track: Track = "fast"
    seed: Seed = 0


class NewAct(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    act: Act | Literal["leave"]


class NewPlay(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    play: PlayName


class NewExam(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    seed: Seed
    track: Track = "fast"


class NewAnswer(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``answer`` counts from 0 as the question's answers stand in the product's file."""

    exam: Name
    question: Name
    answer: Annotated[int, msgspec.Meta(ge=0, le=9)]


class ButtonView(msgspec.Struct, frozen=True):
    act: str
    label: str


class LessonView(msgspec.Struct, frozen=True):
    """``run`` is empty when nothing is practised. ``outcome``: empty, passed or failed; then ``told`` says why.

    ``large``: of the calm track, to be shown alone. ``code``: on the customer's phone now, to be scanned.
    ``exam``: of which this is a task.
    """

    run: str = ""
    lesson: str = ""
    title: str = ""
    track: str = ""
    step: int = 0
    steps: int = 0
    now: str = ""
    large: str = ""
    says_who: str = ""
    says: str = ""
    warning: str = ""
    code_told: str = ""
    code: str = ""
    buttons: list[ButtonView] = msgspec.field(default_factory=list)
    leave: str = ""
    seconds_left: int = 0
    outcome: str = ""
    word: str = ""
    told: str = ""
    go_on: str = ""
    exam: str = ""


class ExamView(msgspec.Struct, frozen=True):
    """``next_task`` and ``next_question`` are empty once the exam has ended."""

    exam: str
    counter: str
    seed: int
    next_task: str
    next_question: str
    ended: bool
    passed: bool
    percent: int
