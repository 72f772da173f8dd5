"""The terminal's sheet: who it is, which leg is dead, the code of a visit; and the cards a visit leaves."""

import asyncio
import logging
from collections.abc import Sequence
from typing import Final, Literal
from zoneinfo import ZoneInfo

from aiohttp import web
from msgspec.structs import replace

from terminal.counter.ports import Played, PrintStopped, Slip, Utterance
from terminal.counter.service import Service
from terminal.counter.slips import mark_of
from terminal.errors import Conflict, TerminalError
from terminal.help.catalogue import Catalogue
from terminal.help.languages import accepted
from terminal.help.registry import describe
from terminal.payments.money import Money
from terminal.payments.receipt import Receipt, Row
from terminal.people.pairing import LIFE_S
from terminal.people.roles import Action
from terminal.visit.cards import SheetFacts, Told, sheet
from terminal.visit.legs import Leg
from terminal.visit.legs import said as said_legs
from terminal.web.callers import greet, place
from terminal.web.calls import Answer, Call, encode
from terminal.web.cards import card_lines
from terminal.web.desks.care import CARE
from terminal.web.edge import Edge
from terminal.web.pages.code_picture import code_svg
from terminal.web.shapes.form import Done, Nothing
from terminal.web.shapes.sheet import (
    LegView,
    NewVisitCode,
    SheetPrint,
    SheetQuery,
    SheetView,
    VisitCode,
    VisitSignIn,
)
from terminal.web.signing_in import me

log = logging.getLogger(__name__)
PRINT_S: Final = 20.0
VISIT_PAGE: Final = "/sign-in?visit=yes"


async def read_sheet(call: Call[SheetQuery]) -> Answer:
    edge, language = call.edge, accepted(call.request.headers.get("Accept-Language", ""))
    call.require(Action.SEE_HEALTH)
    counter = call.form.counter or next(iter(edge.service.lanes))
    found = await edge.looking.legs(counter)
    told = [replace(_leg_view(each, language), of=_method(edge.service, each.of, language)) for each in found]
    house = edge.service.house
    where = way_in(edge, call.request)
    view = SheetView(house.title, terminal_id(edge), counter, software(), where, told)
    return Answer(view)


async def print_sheet(call: Call[SheetPrint]) -> Answer:
    form, counter = call.form, call.counter(Action.TEST_DEVICES, call.form.counter)
    where = way_in(call.edge, call.request)
    why = await give(call.edge, counter, where, printed=form.printed, said=form.said)
    if why:
        raise Conflict(why, counter=counter)
    return Answer(Done())


async def give(edge: Edge, counter: str, where: str, *, printed: bool, said: bool) -> str:
    """The sheet on paper, its legs by voice; "" or the slug of what did not come out."""
    why = ""
    if said:
        legs_said = said_legs(await edge.looking.legs(counter))
        why = "" if await _said(edge, counter, "legs", legs=legs_said) else "sheet_not_said"
    if printed:
        why = await _printed(edge, counter, await _lines(edge, counter, where)) or why
    return why


async def new_visit_code(call: Call[NewVisitCode]) -> Answer:
    """The digits are in this answer, on the paper and in the air, in no journal."""
    edge, form = call.edge, call.form
    counter = call.counter(Action.MANAGE_PEOPLE, form.counter)
    code = edge.people.new_visit_code(call.known.principal, hours=form.hours)
    where, printed, said = way_in(edge, call.request), "", False
    if form.printed:
        printed = await _printed(edge, counter, await _lines(edge, counter, where, code))
    if form.said:
        said = await _said(edge, counter, "digits", digits=code)
    return Answer(VisitCode(code, LIFE_S, form.hours, where, code_svg(where), printed, said), 201)


async def void_visit_codes(call: Call[Nothing]) -> Answer:
    call.edge.people.void_visit_codes(call.known.principal)
    return Answer(Done())


async def visit_sign_in(call: Call[VisitSignIn]) -> Answer:
    form, people = call.form, call.edge.people
    display = next(iter(call.edge.service.lanes)) if call.request.secure and call.edge.lan is not None else ""
    made = await people.use_visit_code(
        form.code, label=form.label, pin=form.pin, device=place(call.request), display=display
    )
    who = people.who(made.device_token, made.session_token)
    assert who is not None, "signed in a moment ago"
    response = web.Response(body=encode(me(call.edge, who)), content_type="application/json")
    greet(response, made.session_token, made.device_token, display=True)
    return Answer(response=response)


async def print_card(call: Call[Nothing]) -> Answer:
    """Owed like a report: it comes when the printer can."""
    edge, card = call.edge, call.part("card")
    counter = call.counter(Action.TEST_DEVICES, call.part("counter"))
    language = edge.service.lane(counter).settings.language("receipt")
    own = call.request.app[CARE].own_card(language) if card == "safety" else ()
    lines = card_lines(edge.service, edge.people, card, address(call.request, "/help"), language, own)
    await edge.service.report_paper.ask(counter, f"card:{card}", lines, actor=call.actor)
    return Answer(Done())


# --- parts of it ---------------------------------------------------------------------------------------------


def terminal_id(edge: Edge) -> str:
    return f"{edge.service.house.merchant}/{edge.service.house.store}"


def software() -> str:
    from importlib.metadata import PackageNotFoundError, version  # megabytes of post and archives

    try:
        return version("countertop")
    except PackageNotFoundError:
        return "?"


def address(request: web.Request, path: str) -> str:
    """As the caller reached us, whose name was checked at the door."""
    return f"{request.scheme}://{request.host}{path}"


def _method(service: Service, channel: str, language: str) -> str:
    return service.parts.slips.method(channel, language) if channel else ""


def seal_key(edge: Edge) -> str:
    """What a record of this shop is compared with; empty where there is none, whatever is wrong with it."""
    if edge.visitor is None:
        return ""
    try:
        return edge.visitor.fingerprint
    except TerminalError as error:  # the sheet is for what does not work: it is printed all the same
        log.warning("the visit's key cannot be read: %s", error.slug)
        return ""


def way_in(edge: Edge, request: web.Request) -> str:
    """Where a visitor signs in: by the door for phones where there is one, else as the caller came."""
    return f"{edge.lan.urls[0]}?visit=yes" if edge.lan is not None else address(request, VISIT_PAGE)


def _leg_view(leg: Leg, language: str) -> LegView:
    if not leg.slug:
        return LegView(leg.name, leg.of, leg.state, "", "", "", "")
    told = describe(leg.slug, leg.facts, language)
    return LegView(leg.name, leg.of, leg.state, leg.slug, told.code, told.sentence, told.fix)


async def _lines(edge: Edge, counter: str, where: str, code: str = "") -> Receipt:
    """In the language of this counter's paper."""
    service = edge.service
    words = Catalogue.load(service.lane(counter).settings.language("receipt"))
    told = told_legs(service, await edge.looking.legs(counter), words)
    at = words.date_time(service.parts.clock.wall_ms(), ZoneInfo(edge.zone))
    facts = SheetFacts(
        service.house.title,
        terminal_id(edge),
        counter,
        software(),
        where,
        at,
        code=code,
        minutes=LIFE_S // 60,
        fingerprint=edge.lan.fingerprint if edge.lan is not None else "",
        key=seal_key(edge),
    )
    return marked(service, sheet(facts, told, words.section("sheet")), words)


def told_legs(service: Service, found: Sequence[Leg], words: Catalogue) -> list[Told]:
    told: list[Told] = []
    for leg in found:
        what = _method(service, leg.of, words.language)
        name = " · ".join(each for each in (words.text(f"sheet.{leg.name}"), what) if each)
        view = _leg_view(leg, words.language)
        told.append(Told(leg, name, words.text(f"sheet.{leg.state}"), view.code, view.sentence, view.fix))
    return told


def marked(service: Service, lines: Receipt, words: Catalogue) -> Receipt:
    """What moves no money says so on every paper (I25)."""
    mark = mark_of(service.house)
    return (Row(words.text(f"receipt.{mark}"), align="center", size=2, bold=True), *lines) if mark else lines


async def _printed(edge: Edge, counter: str, lines: Receipt) -> str:
    """At once and not owed: a sheet is asked for again, and its code belongs into no journal. "" or a slug."""
    printer = edge.service.lane(counter).devices.printer
    if not printer:
        return "sheet_no_printer"
    try:
        async with asyncio.timeout(PRINT_S):
            await printer.print(Slip(edge.ids.ulid(), lines, 0))
    except PrintStopped as stopped:
        return stopped.reason
    except TimeoutError:
        return "printer_no_answer"
    return ""


async def _said(
    edge: Edge, counter: str, kind: Literal["digits", "legs"], *, digits: str = "", legs: tuple[str, ...] = ()
) -> bool:
    lane, house = edge.service.lane(counter), edge.service.house
    if not lane.devices.speaker:
        return False
    language, nothing = lane.settings.language("voice"), Money(0, house.currency)
    utterance = Utterance(kind, nothing, "", language, house.test, house.training, digits, legs)
    return await lane.devices.speaker.say(utterance) is Played.DONE
