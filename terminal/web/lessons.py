"""Lessons and exams over HTTP: only where a counter practises, never beside live money."""

import contextlib
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web

from terminal.errors import Conflict, NotAllowed, NotFound, TerminalError
from terminal.help.catalogue import Catalogue
from terminal.help.languages import accepted
from terminal.payments.event import Actor
from terminal.payments.money import Money
from terminal.people.roles import Action, Role
from terminal.training.desk import LessonDesk, Run
from terminal.training.exam_desk import Exam, ExamDesk
from terminal.training.lesson import Act, Play, shared
from terminal.web.callers import who
from terminal.web.calls import Answer, Call
from terminal.web.shapes.lessons import (
    ButtonView,
    ExamView,
    LessonView,
    NewAct,
    NewAnswer,
    NewExam,
    NewLesson,
    NewPlay,
    PlayName,
)

TRAINERS: Final = frozenset({Role.OWNER, Role.ONBOARDING})
PLAYS: Final[Mapping[PlayName, Play]] = {
    "pays": Play("pays"),
    "refuses": Play("refuses"),
    "bank_silent": Play("break", fault="timeout-before-debit", call="any", count=999),
    "no_funds": Play("break", fault="no-funds"),
    "heal": Play("heal"),
}
SYSTEM: Final = Actor("system", "lesson")
_SEEN: Final[tuple[tuple[str, "re.Pattern[str]", Act], ...]] = (
    ("POST", re.compile(r"/api/v1/counters/([^/]+)/proof"), "checked_proof"),
    ("GET", re.compile(r"/reports()"), "saw_report"),
)


Seal = Callable[[Mapping[str, Any]], bytes]
"""A certificate, sealed with the key of the shop's visits."""


@dataclass(frozen=True, slots=True)
class Classroom:
    """What practises behind these pages. ``seal`` raises BadSettings: the shop's key cannot be read."""

    lessons: LessonDesk
    exams: ExamDesk
    seal: Seal


CLASSROOM: Final = web.AppKey("classroom", Classroom)


def teach(app: web.Application, classroom: Classroom) -> None:
    """This application's counters practise: lessons are there, and see which of its pages were used."""
    app[CLASSROOM] = classroom
    app.middlewares.append(_watch)


def classroom_of(request: web.Request) -> Classroom:
    """Raises NotFound: here nobody practises."""
    found = request.app.get(CLASSROOM)
    if found is None:
        raise NotFound("not_found")
    return found


@web.middleware
async def _watch(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """A page of the till that was used is an act of the lesson under way."""
    answer = await handler(request)
    for method, path, act in _SEEN:
        match = path.fullmatch(request.path)
        if match and request.method == method and answer.status < 400:
            lessons = request.app[CLASSROOM].lessons
            for run in lessons.runs():
                if match[1] in ("", run.counter):
                    with contextlib.suppress(TerminalError):  # it has just ended, or is another's exam
                        await lessons.act(run.counter, act, _presser(request))
    return answer


def _presser(request: web.Request) -> Actor:
    """Whoever is signed in, or the till: the record of an exam tells them apart."""
    found = who(request)
    return found.actor if found else SYSTEM


def _place(call: Call[Any], *, going: bool = True) -> tuple[Classroom, str]:
    """The classroom, and a counter that the caller may use.

    No fresh PIN: it was asked for when training began, and nothing here moves money.
    """
    found, counter = classroom_of(call.request), call.part("counter")
    lane = call.edge.service.lane(counter)
    principal = call.known.principal
    if not (principal.may(Action.TRAIN, counter) or principal.may(Action.TAKE_MONEY, counter)):
        raise NotAllowed("not_allowed", action=Action.TRAIN.value)
    if going and lane.away.slug:
        raise Conflict(lane.away.slug, counter=counter)
    return found, counter


def words_of(request: web.Request) -> Catalogue:
    return Catalogue.load(accepted(request.headers.get("Accept-Language", "")))


async def read_lesson(call: Call[Any]) -> Answer:
    found, counter = _place(call, going=False)
    return _answer(call, found.lessons.run(counter))


async def begin_lesson(call: Call[NewLesson]) -> Answer:
    found, counter = _place(call)
    wish = call.form
    if wish.exam:
        _own_exam(call, found, wish.exam, counter)
        run = await found.exams.begin_task(wish.exam, call.actor)
    else:
        run = await found.lessons.begin(wish.lesson, counter, call.actor, track=wish.track, seed=wish.seed)
    answer = _answer(call, run)
    answer.status = 201
    return answer


async def act_in_lesson(call: Call[NewAct]) -> Answer:
    found, counter = _place(call, going=False)
    if call.form.act == "leave":
        await found.lessons.leave(counter)
    else:
        await found.lessons.act(counter, call.form.act, call.actor)
    return _answer(call, found.lessons.run(counter))


async def play_in_lesson(call: Call[NewPlay]) -> Answer:
    found, counter = _place(call)
    if call.known.principal.role not in TRAINERS:
        raise NotAllowed("not_allowed", action=Action.TRAIN.value)
    await found.lessons.play(counter, PLAYS[call.form.play], call.actor)
    return _answer(call, found.lessons.run(counter))


async def begin_exam(call: Call[NewExam]) -> Answer:
    """Of a person: its certificate bears a name, and a till at which nobody signed in has none."""
    found, counter = _place(call)
    if call.actor.kind != "person":
        raise NotAllowed("not_signed_in")
    exam = await found.exams.begin(counter, call.actor, seed=call.form.seed, track=call.form.track)
    return Answer(_exam_view(exam), 201)


async def answer_exam(call: Call[NewAnswer]) -> Answer:
    found, counter = _place(call, going=False)
    form = call.form
    _own_exam(call, found, form.exam, counter)
    return Answer(_exam_view(await found.exams.answer(form.exam, form.question, form.answer, call.actor)))


def _own_exam(call: Call[Any], found: Classroom, exam: str, counter: str) -> None:
    """Another's, or another counter's, is as unknown as one that never was. Raises NotFound("exam_unknown")."""
    told = found.exams.exam(exam)
    if (told.actor, told.counter) != (str(call.actor), counter):
        raise NotFound("exam_unknown", exam=exam)


def _exam_view(exam: Exam) -> ExamView:
    got = exam.mark
    ended = bool(exam.ended_ms)
    return ExamView(
        exam.id,
        exam.counter,
        exam.paper.seed,
        exam.next_task,
        exam.next_question,
        ended,
        ended and got.passed,
        got.percent if ended else 0,
    )


def _answer(call: Call[Any], run: Run | None) -> Answer:
    if run is None:
        return Answer(LessonView())
    words, service = words_of(call.request), call.edge.service
    return Answer(lesson_view(run, words, service.house.currency, run.at_ms(service.parts.clock.mono_ns())))


def lesson_view(run: Run, words: Catalogue, currency: str, now_ms: int) -> LessonView:
    """``now_ms``: by the run's own time."""
    language, page, progress = words.language, shared().page, run.progress
    step = run.lesson.steps[progress.step]

    def filled(text: str) -> str:
        return text.replace("{amount}", words.money(Money(run.due_minor, currency)))

    told = " ".join(shared().findings[each.rule][language] for each in progress.findings)
    left_ms = progress.step_began_ms + step.limit_s * 1000 - now_ms
    red = any(each.kind == "checked_sticker" for each in run.happened)
    return LessonView(
        run=run.id,
        lesson=run.lesson.id,
        title=run.lesson.title[language],
        track=run.track,
        step=progress.step + 1,
        steps=len(run.lesson.steps),
        now=filled(step.fast[language]),
        large=filled(step.calm[language]) if run.track == "calm" else "",
        says_who=page[step.says_who][language],
        says=filled(step.says[language]) if step.says else "",
        warning=page["red"][language] if red else "",
        code_told=page["phone"][language],
        code=run.code if not progress.outcome else "",
        buttons=[ButtonView(each, shared().acts[each][language]) for each in run.lesson.buttons],
        leave=page["leave"][language],
        seconds_left=max(0, left_ms) // 1000,
        outcome=progress.outcome,
        word=page[progress.outcome][language] if progress.outcome else "",
        told=told,
        go_on=page["go_on" if run.exam else "to_list"][language],
        exam=run.exam,
    )
