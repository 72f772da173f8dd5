"""Lessons and scam drills as data: what the trainee is told, what the customer does, what is right and wrong.

Files: ``terminal/data/lessons/<id>.toml``; words that all share (buttons, findings): ``shared.toml``. Texts are in
three languages, in two tracks: ``fast`` for who knows keyboards, ``calm`` one large sentence at a time.
"""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal, get_args

import msgspec

from terminal.errors import NotFound

FOLDER: Final = Path(__file__).parents[1] / "data" / "lessons"
SHARED: Final = "shared.toml"
QUESTIONS: Final = "questions.toml"
EXAM: Final = "exam.toml"
NO_LESSONS: Final = frozenset({SHARED, QUESTIONS, EXAM})
LANGUAGES: Final = ("zh-CN", "en", "pt-BR")
WITHOUT_ACTION_S: Final = 180  # nobody listens longer than this without doing something

Texts = Mapping[str, str]
Track = Literal["fast", "calm"]
Module = Literal["basics", "operation", "trouble", "safety"]
Audience = Literal["shopkeeper", "bank_staff"]
Act = Literal[
    "handed_over", "kept", "checked_sticker", "checked_proof", "checked_bank", "hung_up", "took_cash", "did_it",
    "saw_report",
]  # fmt: skip
"""What a trainee does beside the till's own keys: a button of the strip, or a page of the till that was used."""
Seen = Literal["opened", "paid", "checking", "ended", "refund", "overridden"]
"""What the practice journal says of sales at the counter."""
Does = Literal[
    "pays", "refuses", "shows_code", "break", "heal", "paper_out", "paper_back",
]  # fmt: skip
"""What customer, bank and devices do."""
Rule = Literal[
    "handed_over_unpaid", "handed_over_checking", "sticker_ignored", "receipt_reused", "refunded_to_caller",
    "smaller_amount", "charged_twice", "kept_though_paid", "overridden", "out_of_time",
]  # fmt: skip
Trainee = Literal[
    "charge", "charge_less", "charge_again", "scan", "wait_paid", "wait_checking", "hand_over", "keep", "cancel",
    "refund", "check_sticker", "check_proof", "hang_up", "take_cash", "do_it", "see_report",
]  # fmt: skip
"""What the scripted trainee of ``--auto`` does."""
TRACKS: Final[tuple[Track, ...]] = get_args(Track)
MODULES: Final[tuple[Module, ...]] = get_args(Module)
ACTS: Final[tuple[Act, ...]] = get_args(Act)
RULES: Final[tuple[Rule, ...]] = get_args(Rule)
ALWAYS: Final[tuple[Act, ...]] = ("handed_over", "kept")
FROM_PAGES: Final = frozenset({"checked_proof", "checked_bank", "saw_report"})  # done on the till, no button


class Play(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``after_s`` seconds after the step began, or ``when`` was seen in it. ``fault``: of terminal/data/faults."""

    do: Does
    when: Seen | Act | Literal["begin"] = "begin"
    after_s: int = 0
    fault: str = ""
    count: int = 1
    call: str = ""


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Done when each of ``done`` was seen since it began; ``a|b``: one of them.

    ``right`` and ``wrong`` are what scripted trainees do; a step without ``wrong`` is done rightly by both.
    """

    fast: Texts
    calm: Texts
    limit_s: int
    done: tuple[str, ...]
    says: Texts = msgspec.field(default_factory=dict)  # the customer, or a caller
    says_who: Literal["customer", "caller"] = "customer"
    plays: tuple[Play, ...] = ()
    right: tuple[Trainee, ...] = ()
    wrong: tuple[Trainee, ...] = ()

    def ways(self) -> tuple[tuple[str, ...], ...]:
        return tuple(tuple(each.split("|")) for each in self.done)


class Lesson(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"audience": "for"}):
    """``amounts_minor``: one is drawn. ``par_s``: who is not slower than this gets the points for time."""

    id: str
    module: Module
    audience: tuple[Audience, ...]
    title: Texts
    amounts_minor: tuple[int, ...]
    par_s: int
    steps: tuple[Step, ...]
    rules: tuple[Rule, ...]
    acts: tuple[Act, ...] = ()
    needs: tuple[Literal["scan"], ...] = ()
    skill: str = ""
    video: str = ""  # a file below the lessons' folder (video.py); the lesson itself never waits for it

    @property
    def drill(self) -> bool:
        return self.module == "safety"

    @property
    def buttons(self) -> tuple[Act, ...]:
        return tuple(each for each in (*ALWAYS, *self.acts) if each not in FROM_PAGES)

    @property
    def limit_s(self) -> int:
        return sum(step.limit_s for step in self.steps)


class Shared(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Words of every lesson: what a finding means, what a button says."""

    findings: Mapping[Rule, Texts]
    acts: Mapping[Act, Texts]
    modules: Mapping[Module, Texts]
    page: Mapping[str, Texts]  # the pages about lessons


def decode(text: str) -> Lesson:
    """Raises tomllib.TOMLDecodeError, msgspec.ValidationError: what the linter says in sentences."""
    return msgspec.convert(tomllib.loads(text), Lesson, strict=True)


@cache
def lessons() -> Mapping[str, Lesson]:
    """Every lesson, modules in their order, drills last."""
    files = sorted(each for each in FOLDER.glob("*.toml") if each.name not in NO_LESSONS)
    read = [decode(each.read_text("utf-8")) for each in files]
    return {each.id: each for each in sorted(read, key=lambda each: (MODULES.index(each.module), each.id))}


def drills() -> tuple[Lesson, ...]:
    return tuple(each for each in lessons().values() if each.drill)


def lesson(lesson_id: str) -> Lesson:
    """Raises NotFound("lesson_unknown")."""
    try:
        return lessons()[lesson_id]
    except KeyError:
        raise NotFound("lesson_unknown", lesson=lesson_id) from None


@cache
def shared() -> Shared:
    return msgspec.convert(tomllib.loads((FOLDER / SHARED).read_text("utf-8")), Shared, strict=True)


def finding_text(rule: Rule, language: str) -> str:
    return shared().findings[rule][language]


def raw(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text("utf-8"))
