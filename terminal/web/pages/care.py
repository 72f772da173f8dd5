"""Pages of care: whom to call, what protects, the guides, complaints. All but complaints are for everybody."""

from collections.abc import Sequence
from typing import Final
from urllib.parse import urlencode

from aiohttp import web
from markupsafe import Markup

from terminal.care.cases import REASONS
from terminal.errors import NotFound
from terminal.help import guides
from terminal.people.roles import Action
from terminal.web.desks.care import CARE, EndingCertificate
from terminal.web.pages.code_picture import code_svg
from terminal.web.pages.frame import (
    PARTS,
    allowed,
    counter_titles,
    error_words,
    page,
    people_facts,
    render,
    words_for,
)
from terminal.web.pages.safety import safety_lines

_WORDS: Final = ("people", "page", "till", "access", "care", "state", "refund")


def care_routes() -> list[web.RouteDef]:
    return [
        web.get("/help/contact", page(contact)),
        web.get("/help/safety", page(safety)),
        web.get("/help/guide/{name}", page(guide)),
        web.get("/cases", page(cases)),
    ]


def ids_text(request: web.Request) -> str:
    """What the code on the contact page holds: shop and terminal, nothing secret."""
    desk, house = request.app[CARE], request.app[PARTS].service.house
    return "countertop:?" + urlencode({"shop": house.merchant, "store": house.store, "terminal": desk.terminal})


async def contact(request: web.Request) -> web.Response:
    """Without a network, and on a locked till too: links there are addresses to read, nothing to follow."""
    words, desk, house = words_for(request), request.app[CARE], request.app[PARTS].service.house
    shown = Markup(code_svg(ids_text(request)))  # noqa: S704  # our own encoder's path
    return render(
        request,
        "contact.html",
        words,
        care=desk.shop,
        shop_id=f"{house.merchant}/{house.store}",
        terminal=desk.terminal,
        code=shown,
        ending=[(each, words.date(each.until_ms, request.app[PARTS].zone)) for each in await _ending(request)],
        facts=_facts(request),
    )


async def _ending(request: web.Request) -> Sequence[EndingCertificate]:
    return await request.app[CARE].parts.certificates(request.app[PARTS].service.parts.clock.wall_ms())


async def safety(request: web.Request) -> web.Response:
    words, desk = words_for(request), request.app[CARE]
    counters = counter_titles(request.app[PARTS])
    lines = safety_lines(desk.protection(words.language), words)
    return render(request, "safety.html", words, lines=lines, counters=counters, facts=_facts(request))


async def guide(request: web.Request) -> web.Response:
    words = words_for(request)
    made = guides.page(request.match_info["name"], words.language)
    if made is None:
        raise NotFound("not_found")
    body = Markup(made[1])  # noqa: S704  # every text in it is escaped by guide_text
    listed = [(name, guides.title(name, words.language)) for name in guides.NAMES]
    name = request.match_info["name"]
    return render(request, "guide.html", words, name=name, guide_title=made[0], body=body, guides=listed)


async def cases(request: web.Request) -> web.Response:
    """The list, and beside it a new complaint where the address names the sale."""
    allowed(request, Action.SEE_SALES)
    words, sale = words_for(request), request.query.get("sale", "")[:64]
    return render(request, "cases.html", words, sale=sale, reasons=REASONS, facts=_facts(request) | {"sale": sale})


def _facts(request: web.Request) -> dict[str, object]:
    parts, words = request.app[PARTS], words_for(request)
    who = parts.who(request)
    return {
        "words": words.section(*_WORDS),
        "errors": error_words(words.language),
        "people": people_facts(parts) if who is not None else [],
        "me": who.id if who is not None and who.kind == "person" else "",
        "language": words.language,
        "zone": str(parts.zone),
        "counters": list(parts.service.lanes),
    }
