"""The pages of a visit: the terminal's sheet, ten steps with one on a screen each, cards, the record as a page."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from aiohttp import web

from terminal.errors import NotAllowed, NotFound
from terminal.help.catalogue import Catalogue
from terminal.help.registry import describe
from terminal.payments.sale import Sale
from terminal.people.roles import Action, Principal, Role
from terminal.visit.cards import record_page
from terminal.visit.proofs import FAULTS, SMALLEST_MINOR, TICKS
from terminal.visit.seal import check
from terminal.visit.steps import Step
from terminal.web.cards import POSTER, card_lines, card_names, card_pdf, pdf_of
from terminal.web.desks.care import CARE
from terminal.web.edge import EDGE
from terminal.web.pages.code_picture import code_svg
from terminal.web.pages.frame import (
    PARTS,
    PLAIN_HEADERS,
    error_words,
    money_marks,
    page,
    people_facts,
    printers_of,
    render,
    words_for,
)
from terminal.web.sheet import address, marked, seal_key, software, terminal_id, way_in
from terminal.web.visit_reasons import in_words

SALES_LOOKED: Final = 40
CENTS_MAX: Final = 8
_WORDS: Final = ("people", "page", "till", "bar", "setup", "sheet", "card", "wizard", "training", "pack")
QUESTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "sells": ("stall", "convenience", "restaurant", "pharmacy", "other"),
    "peak": ("under_20", "under_60", "over_60"),
    "printer": ("yes", "no"),
    "scanner": ("yes", "no"),
    "internet": ("cable", "wifi", "mobile"),
    "works": ("alone", "family", "staff"),
}


def visit_routes() -> list[web.RouteDef]:
    return [
        web.get("/setup/sheet", page(sheet)),
        web.get("/setup/visit.svg", page(picture)),
        web.get("/setup/cards", page(cards)),
        web.get("/setup/cards/{card}.{kind}", page(card)),
        web.get("/setup/pack", page(pack)),
        web.get("/setup/visit", page(visit)),
        web.get("/setup/visit/cents", cents),
        web.get("/setup/visit/record.pdf", page(record)),
        web.get("/setup/visit/{step}", page(step)),
    ]


def _facts(request: web.Request, words: Catalogue, who: Principal, **more: object) -> dict[str, object]:
    parts = request.app[PARTS]
    return {
        "words": words.section(*_WORDS),
        "errors": error_words(words.language),
        "people": people_facts(parts),
        "me": who.id if who.kind == "person" else "",
        "language": words.language,
        "currency": parts.service.house.currency,
        "money": money_marks(words, {parts.service.house.currency}),
        **more,
    }


def _counters(request: web.Request) -> list[tuple[str, str]]:
    lanes = request.app[PARTS].service.lanes.values()
    return [(each.id, each.settings.title or each.id) for each in lanes]


def _sees(request: web.Request) -> Principal:
    """Whoever sells or visits; the API asks for more where something is done."""
    who = request.app[PARTS].who(request)
    if who is None or not who.may(Action.SEE_HEALTH):
        raise NotAllowed("not_signed_in" if who is None else "not_allowed", action=Action.SEE_HEALTH.value)
    return who


def _visits(request: web.Request) -> Principal:
    """Who sets a shop up. A fresh PIN is asked for where somebody signs, not for looking."""
    who = request.app[PARTS].who(request)
    if who is None or not who.may(Action.SIGN_VISIT):
        helps = who is None or who.role is Role.TILL  # to sign in
        raise NotAllowed("not_signed_in" if helps else "not_allowed", action=Action.SIGN_VISIT.value)
    return who


async def sheet(request: web.Request) -> web.Response:
    who, words = _sees(request), words_for(request)
    edge = request.app[EDGE]
    rows = [
        (words.text("sheet.terminal"), terminal_id(edge)),
        (words.text("sheet.version"), software()),
        (words.text("sheet.open"), way_in(edge, request)),
        *([(words.text("sheet.compare"), edge.lan.fingerprint)] if edge.lan is not None else []),
        *([(words.text("sheet.key"), key)] if (key := seal_key(edge)) else []),
    ]
    printers, owner = printers_of(request), who.may(Action.MANAGE_PEOPLE)
    facts = _facts(request, words, who, counter=_counters(request)[0][0], printers=[each[0] for each in printers])
    local, lanes = edge.lan is None, request.app[PARTS].service.lanes.values()
    return render(
        request,
        "visit_sheet.html",
        words,
        facts=facts,
        rows=rows,
        owner=owner,
        local=local,
        counters=_counters(request),
        printers=printers,
        speakers=[each.id for each in lanes if each.devices.speaker],
    )


async def picture(request: web.Request) -> web.Response:
    """Where a visitor signs in, for their phone. The digits are not in it: a photograph opens nothing."""
    _sees(request)
    where = code_svg(way_in(request.app[EDGE], request))
    return web.Response(text=where, content_type="image/svg+xml", headers=PLAIN_HEADERS)


async def cards(request: web.Request) -> web.Response:
    who, words = _sees(request), words_for(request)
    service = request.app[PARTS].service
    names = card_names(service)
    titled = [(each, _title(request, each, words)) for each in names]
    printers = printers_of(request)
    facts = _facts(request, words, who)
    first = _counters(request)[0][0]
    return render(
        request,
        "visit_cards.html",
        words,
        facts=facts,
        cards=titled,
        posters=bool(service.house.offline.posters),
        printers=printers,
        first=first,
    )


def _title(request: web.Request, name: str, words: Catalogue) -> str:
    channel = name.removeprefix(POSTER)
    if channel == name:
        return words.text(f"card.{name}_title")
    method = request.app[PARTS].service.parts.slips.method(channel, words.language)
    return words.text("card.poster", method=method)


async def card(request: web.Request) -> web.Response:
    """One card as PNG, or on a page as PDF, in the language of the page that asks."""
    _sees(request)
    name, kind = request.match_info["card"], request.match_info["kind"]
    parts, edge, words = request.app[PARTS], request.app[EDGE], words_for(request)
    if kind not in {"png", "pdf"}:
        raise NotFound("not_found")
    own = request.app[CARE].own_card(words.language) if name == "safety" else ()
    lines = card_lines(parts.service, parts.people, name, address(request, "/help"), words.language, own)
    if edge.picture is None:
        raise NotFound("receipt_picture_unavailable")
    if kind == "png":
        png = await edge.picture(lines)
        return web.Response(body=png, content_type="image/png", headers=PLAIN_HEADERS)
    return _pdf(await card_pdf(parts.service, lines, name, words, edge.picture), name)


def _pdf(data: bytes, name: str) -> web.Response:
    headers = {**PLAIN_HEADERS, "Content-Disposition": f'inline; filename="{name}.pdf"'}
    return web.Response(body=data, content_type="application/pdf", headers=headers)


async def pack(request: web.Request) -> web.Response:
    """How this shop is run, shown to the next one's scanner; or another shop's, read here."""
    who, words = _visits(request), words_for(request)
    facts = _facts(request, words, who)
    return render(request, "visit_pack.html", words, facts=facts, printers=printers_of(request))


async def visit(request: web.Request) -> web.Response:
    """The ten steps with their state; its script begins a visit or goes on with it."""
    who, words = _visits(request), words_for(request)
    facts = _facts(request, words, who, step="", steps=[each.value for each in Step])
    second = who.lacks == "code_set_up"  # nobody signs without it, so it is told at the beginning
    return render(request, "visit.html", words, facts=facts, steps=[each.value for each in Step], second=second)


async def step(request: web.Request) -> web.Response:
    """One step, one screen."""
    who, words = _visits(request), words_for(request)
    named = request.match_info["step"]
    steps = [each.value for each in Step]
    if named not in steps:
        raise NotFound("visit_step_unknown", step=named[:40])
    at, counters = steps.index(named), _counters(request)
    parts = request.app[PARTS]
    titles = {each: parts.service.parts.slips.method(each, words.language) for each in parts.service.providers()}
    facts = _facts(
        request, words, who, step=named, steps=steps, faults=FAULTS, ticks=TICKS, counter=counters[0][0],
        questions=QUESTIONS, channels=titles,
    )  # fmt: skip
    return render(
        request,
        "visit_step.html",
        words,
        facts=facts,
        step=named,
        number=at + 1,
        count=len(steps),
        before=steps[at - 1] if at else "",
        after=steps[at + 1] if at + 1 < len(steps) else "",
        counters=counters,
        questions=QUESTIONS,
        faults=FAULTS,
        practises=who.may(Action.TRAIN) and not parts.service.house.training,
    )


async def cents(request: web.Request) -> web.Response:
    """The smallest sales of the open visit and how far each is, for the step that takes them: read repeatedly."""
    parts, visitor = request.app[PARTS], request.app[EDGE].visitor
    _visits(request)
    now = visitor.now() if visitor is not None else None
    going = now is not None and now.open  # else every sale of the smallest amount is a customer's
    rows = parts.service.feed.list("sale", limit=SALES_LOOKED) if going else ()
    smallest = [each for each in rows if each.body["amount_minor"] == SMALLEST_MINOR]
    mine = [each for each in smallest if now is not None and each.first_number > now.number]
    told = [_cent(parts.service.book.sale(each.subject)) for each in mine[:CENTS_MAX]]
    body = msgspec.json.encode(told)
    return web.Response(body=body, content_type="application/json", headers=PLAIN_HEADERS)


def _cent(sale: Sale) -> dict[str, Any]:
    paid = next((each for each in sale.attempts if each.captured), None)
    back = any(each.state == "refunded" for each in sale.refunds)
    return {
        "id": sale.id,
        "no": sale.no,
        "way": (paid or sale.attempts[-1]).direction if sale.attempts else "",
        "paid": paid is not None,
        "back": back,
        "reference": paid.provider_txn if paid else "",
    }


async def record(request: web.Request) -> web.Response:
    """The newest acceptance record on one page; the sealed file beside it is what counts."""
    _visits(request)
    parts, edge, words = request.app[PARTS], request.app[EDGE], words_for(request)
    kept = [each for each in edge.visitor.visits() if each.record] if edge.visitor is not None else []
    if edge.visitor is None or not kept:
        raise NotFound("visit_unknown", visit="–")
    if edge.picture is None:
        raise NotFound("receipt_picture_unavailable")
    data = await edge.visitor.sealed(kept[0])
    checked = check(data, kind="acceptance")
    lines = record_page(
        checked.document,
        kept[0].record,
        checked.key,
        words.section("card", "wizard", "bar", "people"),
        lambda wall_ms: words.date_time(wall_ms, parts.zone),
        lambda slug, told: describe(slug, in_words(told, words.language), words.language).sentence,
    )
    png = await edge.picture(marked(parts.service, lines, words))
    return _pdf(await pdf_of(png, "acceptance"), f"acceptance-{kept[0].id}")
