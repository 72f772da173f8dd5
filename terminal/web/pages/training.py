"""The pages of training: lessons by module in two tracks, the exam, its certificate, and the trainer's phone.

Lessons themselves are practised at the real till page; a strip above it (static/train_strip.js) says what to do.
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from aiohttp import web

from terminal.errors import NotAllowed, NotFound
from terminal.help.catalogue import Catalogue
from terminal.people.roles import Action, Principal
from terminal.training.certificate import certificate, slip
from terminal.training.exam import SEED_MAX, question
from terminal.training.exam_desk import Exam
from terminal.training.lesson import MODULES, TRACKS, Lesson, lesson, lessons, shared
from terminal.training.video import KINDS, OWN, video_of
from terminal.web.edge import EDGE, STATE
from terminal.web.lessons import CLASSROOM, PLAYS, TRAINERS, Classroom, classroom_of
from terminal.web.pages.frame import PARTS, PLAIN_HEADERS, error_words, page, people_facts, render, words_for

DONE_MAX: Final = 200
NOWHERE: Final = Path("/nonexistent")


def train_routes() -> list[web.RouteDef]:
    return [
        web.get("/train", page(listed)),
        web.get("/train/exam", page(exam)),
        web.get("/train/exam/{exam}", page(certified)),
        web.get("/train/exam/{exam}/slip.png", page(picture)),
        web.get("/train/trainer", page(trainer)),
        web.get("/train/video/{lesson}", page(watched)),
        web.get("/train/video/{lesson}/file", page(video)),
    ]


def _who(request: web.Request) -> Principal:
    """Whoever may practise or sells here. Raises NotAllowed."""
    who = request.app[PARTS].who(request)
    if who is None:
        raise NotAllowed("not_signed_in")
    if not (who.may(Action.TRAIN) or who.may(Action.TAKE_MONEY)):
        raise NotAllowed("not_allowed", action=Action.TRAIN.value)
    return who


def _facts(request: web.Request, words: Catalogue, who: Principal) -> dict[str, object]:
    return {
        "words": words.section("people", "page", "till", "refund"),
        "errors": error_words(words.language, "A", "T", "U"),
        "people": people_facts(request.app[PARTS]),
        "me": who.id if who.kind == "person" else "",
        "language": words.language,
    }


def _show(request: web.Request, template: str, who: Principal, **context: Any) -> web.Response:
    words = words_for(request)
    say = {key: texts[words.language] for key, texts in shared().page.items()}
    return render(request, template, words, say=say, facts=_facts(request, words, who), **context)


def _counters(request: web.Request, who: Principal) -> list[tuple[str, str]]:
    """Where this one may practise: on the practice pages the counters that do, else all that could."""
    service, practising = request.app[PARTS].service, CLASSROOM in request.app
    return [
        (lane.id, lane.settings.title or lane.id)
        for lane in service.lanes.values()
        if not (practising and lane.away.slug) and (not who.counters or lane.id in who.counters)
    ]


async def listed(request: web.Request) -> web.Response:
    """Every lesson by module. Where nobody practises it leads to where one may begin."""
    who, words = _who(request), words_for(request)
    track = request.query.get("track", TRACKS[0])
    here = request.app.get(CLASSROOM)
    scans = here is None or here.lessons.stage.scans
    done = _done(here, str(who.actor)) if here else frozenset()
    modules = [
        (
            shared().modules[module][words.language],
            [
                (each.id, each.title[words.language], each.id in done, _video(request, each) is not None)
                for each in lessons().values()
                if each.module == module and (scans or not each.needs)
            ],
        )
        for module in MODULES
    ]
    counters = _counters(request, who)
    counter = request.query.get("counter", "") or (counters[0][0] if counters else "")
    return _show(
        request,
        "train.html",
        who,
        track=track if track in TRACKS else TRACKS[0],
        tracks=TRACKS,
        modules=modules,
        counters=counters,
        at=counter,
        here=here is not None,
        may_begin=who.may(Action.TRAIN),
        trains=who.role in TRAINERS,
    )


def _done(here: Classroom, actor: str) -> frozenset[str]:
    rows = here.lessons.newest()[:DONE_MAX]
    return frozenset(
        each.body["lesson"] for each in rows if each.body["state"] == "passed" and each.body["actor"] == actor
    )


async def exam(request: web.Request) -> web.Response:
    """What comes next in the exam of this counter: begin, a task, a question, or its certificate."""
    who, here = _who(request), classroom_of(request)
    counters = _counters(request, who)
    counter = request.query.get("counter", "") or (counters[0][0] if counters else "")
    going = here.exams.open_exam(counter, str(who.actor))
    if going is None and (last := request.query.get("exam", "")):
        raise web.HTTPSeeOther(f"/train/exam/{last}")
    seed = request.app[PARTS].service.parts.clock.wall_ms() % SEED_MAX
    asked = _asked(going, words_for(request).language) if going else {}
    return _show(request, "train_exam.html", who, at=counter, exam=going, seed=seed, **asked)


def _asked(going: Exam, language: str) -> dict[str, Any]:
    """The next task's title, or the next question with its answers in the drawn order."""
    paper = going.paper
    if going.next_task:
        facts: dict[str, Any] = {"n": len(going.worked) + 1, "of": len(paper.tasks)}
        return {**facts, "title": lessons()[going.next_task].title[language], "text": "", "answers": []}
    asked = question(going.next_question)
    order = dict(paper.questions)[asked.id]
    answers = [(place, asked.answers[place][language]) for place in order]
    facts = {"n": len(going.answers) + 1, "of": len(paper.questions)}
    return {**facts, "title": "", "text": asked.text[language], "answers": answers}


def _certificate(request: web.Request) -> dict[str, Any]:
    """One's own, or whoever's a trainer asks for. Raises NotFound("exam_unknown"), Conflict("exam_not_ended")."""
    who, here, parts = _who(request), classroom_of(request), request.app[PARTS]
    ended = here.exams.exam(request.match_info["exam"])
    if who.role not in TRAINERS and ended.actor != str(who.actor):
        raise NotFound("exam_unknown", exam=ended.id)  # another's is as unknown as one that never was
    head = parts.service.feed.of_subject(ended.id)[-1]
    return certificate(ended, parts.service.house.title, parts.people.label(ended.actor) or ended.actor, head)


def _day(request: web.Request, wall_ms: int) -> str:
    return datetime.fromtimestamp(wall_ms / 1000, UTC).astimezone(request.app[PARTS].zone).strftime("%Y-%m-%d")


async def certified(request: web.Request) -> web.Response:
    """The certificate of an exam that has ended; ``?format=json`` sealed: countertop verify checks it anywhere."""
    who, told = _who(request), _certificate(request)
    if request.query.get("format") == "json":
        named = {**PLAIN_HEADERS, "Content-Disposition": f'attachment; filename="certificate-{told["exam"]}.json"'}
        data = classroom_of(request).seal(told)
        return web.Response(body=data, content_type="application/json", headers=named)
    words = words_for(request).language
    findings = shared().findings
    mistakes = [
        (lessons()[each["lesson"]].title[words], [findings[rule][words] for rule in each["mistakes"]], each)
        for each in told["tasks"]
    ]
    day = _day(request, told["ended_ms"])
    return _show(request, "train_certificate.html", who, told=told, tasks=mistakes, day=day)


async def picture(request: web.Request) -> web.Response:
    """The certificate as the receipt printer would print it."""
    told, draw = _certificate(request), request.app[EDGE].picture
    if draw is None:
        raise NotFound("not_found")
    png = await draw(slip(told, words_for(request).language, _day(request, told["ended_ms"])))
    return web.Response(body=png, content_type="image/png", headers=PLAIN_HEADERS)


def _video(request: web.Request, lesson: Lesson) -> Path | None:
    return video_of(lesson, request.app.get(STATE, NOWHERE) / OWN)


def _asked_video(request: web.Request) -> tuple[Lesson, Path]:
    """Raises NotFound("lesson_unknown", "not_found")."""
    asked = lesson(request.match_info["lesson"])
    found = _video(request, asked)
    if found is None:
        raise NotFound("not_found")
    return asked, found


async def watched(request: web.Request) -> web.Response:
    """A lesson's video on a page of its own: the only one that may play any, and only from here."""
    who = _who(request)
    asked, _ = _asked_video(request)
    name = asked.title[words_for(request).language]
    return _show(request, "train_video.html", who, lesson=asked.id, name=name, plays=True)


async def video(request: web.Request) -> web.StreamResponse:
    """The file itself, in the pieces that a player asks for."""
    _who(request)
    _, found = _asked_video(request)
    headers = {
        "Content-Type": KINDS[found.suffix],
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return web.FileResponse(found, headers=headers)


async def trainer(request: web.Request) -> web.Response:
    """For the trainer's phone: makes customer and bank do things while somebody practises (row 105)."""
    who = _who(request)
    classroom_of(request)
    if who.role not in TRAINERS:
        raise NotAllowed("not_allowed", action=Action.TRAIN.value)
    words = words_for(request).language
    buttons = [(each, shared().page[each][words]) for each in PLAYS]
    return _show(request, "train_trainer.html", who, counters=_counters(request, who), buttons=buttons)
