"""Care over HTTP: what is said of a sale, complaints with their evidence, cards, and the bundle for support."""

from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import web

from terminal.care.cases import MOVES, Case, CaseState
from terminal.care.paper import CaseFacts, case_slip
from terminal.errors import NotAllowed, NotFound
from terminal.help.catalogue import Catalogue
from terminal.help.languages import accepted
from terminal.payments.event import Actor
from terminal.payments.receipt import Receipt
from terminal.payments.slip import LOOKUP
from terminal.people.roles import Action
from terminal.web.callers import place
from terminal.web.calls import Answer, Call
from terminal.web.cards import card_lines
from terminal.web.desks.care import CARE, CareDesk
from terminal.web.shapes.care import (
    CaseList,
    CaseMove,
    CasesQuery,
    FeedbackList,
    FeedbackQuery,
    FeedbackReportQuery,
    HelpCall,
    NewCase,
    NewFeedback,
    NewRating,
    PrintAt,
    case_view,
    report_view,
    said_view,
)
from terminal.web.shapes.form import Approver, Done, Nothing
from terminal.web.shapes.sales import StoryQuery
from terminal.web.sheet import address
from terminal.web.story import CALLS, page_of, story


def _desk(call: Call[Any]) -> CareDesk:
    return call.request.app[CARE]


def _words(call: Call[Any]) -> Catalogue:
    return Catalogue.load(accepted(call.request.headers.get("Accept-Language", "")))


async def give_feedback(call: Call[NewFeedback]) -> Answer:
    counter = call.counter(Action.SEE_SALES, call.part("counter"))
    return Answer(said_view(await _desk(call).feedback.give(counter, call.form.what, call.actor)), 201)


async def give_rating(call: Call[NewRating]) -> Answer:
    """Pressed on the customer's display. No sale waits for it, and none hears of it."""
    counter = call.counter(Action.SEE_DISPLAY, call.part("counter"))
    await _desk(call).feedback.rate(counter, call.form.good, call.actor)
    return Answer(Done(), 201)


async def list_feedback(call: Call[FeedbackQuery]) -> Answer:
    call.require(Action.SEE_REPORTS)
    limit = call.form.limit
    found = _desk(call).feedback.said(before=call.form.before, limit=limit)
    rows = [said_view(each) for each in found if call.sees(each.counter)]
    return Answer(FeedbackList(rows, found[-1].number if len(found) == limit else None))


async def read_feedback(call: Call[FeedbackReportQuery]) -> Answer:
    """Of every counter at once: not for a key of some of them."""
    if call.require(Action.SEE_REPORTS).counters:
        raise NotAllowed("not_allowed", action=Action.SEE_REPORTS.value)
    return Answer(report_view(_desk(call).feedback.report(call.form.days)))


def _case(call: Call[Any]) -> Case:
    """Another counter's is as unknown as one that never was."""
    call.require(Action.SEE_SALES)
    case = _desk(call).cases.case(call.part("case"))
    if not call.sees(case.counter):
        raise NotFound("case_unknown", case=call.part("case"))
    return case


def _told(call: Call[Any], case: Case, status: int = 200) -> Answer:
    to = [each.value for each in CaseState if each in MOVES[case.state]]
    return Answer(case_view(case, call.edge.clock.wall_ms(), to), status)


async def list_cases(call: Call[CasesQuery]) -> Answer:
    call.require(Action.SEE_SALES)
    limit, now_ms = call.form.limit, call.edge.clock.wall_ms()
    found = _desk(call).cases.cases(before=call.form.before, limit=limit)
    views = [
        case_view(each, now_ms, [to.value for to in CaseState if to in MOVES[each.state]])
        for each in found
        if call.sees(each.counter)
    ]
    return Answer(CaseList(views, found[-1].number if len(found) == limit else None))


async def read_case(call: Call[Nothing]) -> Answer:
    return _told(call, _case(call))


async def open_case(call: Call[NewCase]) -> Answer:
    sale = call.sale(Action.SEE_SALES)
    case = await _desk(call).cases.open(
        sale.id, sale.counter, call.form.reason, call.actor, note=call.form.note.strip()
    )
    return _told(call, case, 201)


async def move_case(call: Call[CaseMove]) -> Answer:
    """Who sells writes down what was done; that it is over says an owner."""
    case, to = _case(call), CaseState(call.form.to)
    actor = await _closing(call, call.form.approver) if to is CaseState.CLOSED else call.actor
    return _told(call, await _desk(call).cases.move(case.id, to, actor, note=call.form.note.strip()))


async def _closing(call: Call[Any], given: Approver | None) -> Actor:
    if given is None:
        return call.require(Action.SETTLE_EXCEPTION).actor
    who = await call.edge.people.approve(
        Action.SETTLE_EXCEPTION, given.person, given.pin, device=place(call.request)
    )
    return who.actor


async def print_case(call: Call[PrintAt]) -> Answer:
    case = _case(call)
    counter = call.counter(Action.SEE_SALES, call.form.counter)
    await call.edge.service.report_paper.ask(counter, f"case:{case.id}", _slip(call, case), actor=call.actor)
    return Answer(Done())


def _slip(call: Call[Any], case: Case) -> Receipt:
    edge, desk, words = call.edge, _desk(call), _words(call)
    zone, house = ZoneInfo(edge.zone), edge.service.house
    sale = edge.service.book.sale(case.sale)
    mark = "training" if house.training else "test" if house.simulated else ""
    facts = CaseFacts(
        house.title,
        f"{sale.no:04}",
        words.date_time(case.due_ms, zone),
        words.date_time(case.opened_ms, zone),
        desk.shop.hotline,
        LOOKUP + sale.id,
        words.text(f"state.{mark}") if mark else "",
    )
    return case_slip(case, facts, words.text)


async def read_evidence(call: Call[StoryQuery]) -> Answer:
    """The sale's story without payer, staff or secrets, as it may leave the shop."""
    case, words = _case(call), _words(call)
    service = call.edge.service
    sale, events = service.book.sale(case.sale), service.feed.of_subject(case.sale)
    amounts = call.form.amounts == "yes"
    made = story(events, call.request.app.get(CALLS), words, word=sale.word, amounts=amounts)
    if call.form.format == "json":
        return Answer(made)
    headers = {"Content-Disposition": f'attachment; filename="case-{case.no:04}.html"'}
    return Answer(response=web.Response(text=page_of(made, words), content_type="text/html", headers=headers))


async def call_help(call: Call[Nothing]) -> Answer:
    """Whoever stands at the till may: the bundle stays here, redacted, and only a code is told."""
    call.require(Action.SEE_HEALTH)
    kept = await _desk(call).call()
    return Answer(HelpCall(kept.code, kept.file, list(kept.holds)), 201)


async def print_safety_card(call: Call[Nothing]) -> Answer:
    counter = call.counter(Action.SEE_SALES, call.part("counter"))
    edge, desk, words = call.edge, _desk(call), _words(call)
    own, help_page = desk.own_card(words.language), address(call.request, "/help")
    lines = card_lines(edge.service, edge.people, "safety", help_page, words.language, own)
    await call.edge.service.report_paper.ask(counter, "card:safety", lines, actor=call.actor)
    return Answer(Done())
