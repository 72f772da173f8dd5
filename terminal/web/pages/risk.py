"""The pages of risk: a customer's proof, the shop's stickers, and the owner's warnings."""

from aiohttp import web

from terminal.help.catalogue import Catalogue
from terminal.people.roles import Action
from terminal.web.desks.risk import RISK
from terminal.web.pages.frame import (
    PARTS,
    allowed,
    error_words,
    money_marks,
    page,
    people_facts,
    printers_of,
    render,
    words_for,
)

_WORDS = ("people", "page", "till", "refund", "risk")


def risk_routes() -> list[web.RouteDef]:
    return [
        web.get("/c/{counter}/proof", page(proof, "till")),
        web.get("/c/{counter}/stickers", page(stickers, "till")),
        web.get("/risk", page(risk)),
    ]


def _facts(request: web.Request, words: Catalogue, counter: str = "") -> dict[str, object]:
    parts = request.app[PARTS]
    who = parts.who(request)
    currencies = {parts.service.house.currency}
    for provider in parts.service.providers().values():
        currencies |= set(provider.profile.currencies)
    return {
        "counter": counter,
        "words": words.section(*_WORDS),
        "errors": error_words(words.language),
        "people": people_facts(parts),
        "me": who.id if who and who.kind == "person" else "",
        "language": words.language,
        "currency": parts.service.house.currency,
        "zone": str(parts.zone),
        "money": money_marks(words, currencies),
    }


def _till(request: web.Request) -> tuple[str, Catalogue]:
    counter = request.match_info["counter"]
    lane = request.app[PARTS].service.lane(counter)
    allowed(request, Action.TAKE_MONEY, counter)
    return counter, words_for(request, "till", lane.settings.language("cashier"))


async def proof(request: web.Request) -> web.Response:
    counter, words = _till(request)
    return render(request, "proof.html", words, counter=counter, facts=_facts(request, words, counter))


async def stickers(request: web.Request) -> web.Response:
    counter, words = _till(request)
    desk = request.app[RISK]
    rows = [desk.sticker(each) for each in desk.desk.stickers.registered()]
    facts = _facts(request, words, counter)
    return render(request, "stickers.html", words, counter=counter, stickers=rows, facts=facts)


async def risk(request: web.Request) -> web.Response:
    """It names people: for those who may see the reports."""
    allowed(request, Action.SEE_REPORTS)
    words, desk = words_for(request), request.app[RISK]
    told = desk.whole(words)
    service = request.app[PARTS].service
    alerts = [
        (each, desk.when(each.at_ms, words), desk.method(each.channel, words) if each.channel else "")
        for each in told.alerts
    ]
    return render(
        request,
        "risk.html",
        words,
        alerts=alerts,
        holds=[(each, desk.when(each.at_ms, words)) for each in told.holds],
        rules=told.rules,
        days=told.days,
        channels=[(name, desk.method(name, words)) for name in service.providers()],
        printers=printers_of(request),
        facts=_facts(request, words),
    )
