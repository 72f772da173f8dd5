"""The pages of the counter: till, customer display and the way to them."""

import itertools
from typing import Final

import msgspec
from aiohttp import web

from terminal.counter.commands import quick_amounts
from terminal.counter.ports import CodeScreen
from terminal.errors import NotFound
from terminal.help.catalogue import Catalogue
from terminal.payments.event import Summary
from terminal.payments.sale import ENDED
from terminal.people.roles import Action
from terminal.web.desks.care import CARE
from terminal.web.pages.code_picture import code_svg
from terminal.web.pages.frame import (
    PARTS,
    PLAIN_HEADERS,
    allowed,
    counter_titles,
    error_words,
    money_marks,
    page,
    people_facts,
    render,
    words_for,
)
from terminal.web.shapes.sales import sale_view

ATTENTION_MAX: Final = 20
_TILL_WORDS: Final = (
    *("state", "customer", "key", "till", "help", "bar", "page"),
    *("refund", "refusal", "exception", "language", "people", "override", "care"),
)


def till_routes() -> list[web.RouteDef]:
    return [
        web.get("/", page(home)),
        web.get("/checkout", page(first_till)),
        web.get("/display", page(first_display)),
        web.get("/c/{counter}/till", page(till, "till")),
        web.get("/c/{counter}/display", page(display, "display")),
        web.get("/c/{counter}/code.svg", code),
        web.get("/c/{counter}/attention", attention),
    ]


async def home(request: web.Request) -> web.Response:
    parts = request.app[PARTS]
    words, principal = words_for(request), parts.who(request)
    facts = {
        "words": words.section("people", "page", "till", "refund"),
        "errors": error_words(words.language, "A", "T", "U"),
        "people": people_facts(parts),
        "me": principal.id if principal and principal.kind == "person" else "",
        "language": words.language,
    }
    owner = principal is not None and principal.may(Action.MANAGE_DEVICES)
    practises = principal is not None and principal.may(Action.TRAIN) and not parts.service.house.training
    return render(
        request,
        "home.html",
        words,
        counters=counter_titles(parts),
        who=_name(request),
        owner=owner,
        practises=practises,
        visits=principal is not None and principal.may(Action.SIGN_VISIT),
        facts=facts,
    )


def _name(request: web.Request) -> str:
    """Who is signed in, by name; empty for a till and for strangers."""
    parts = request.app[PARTS]
    principal = parts.who(request)
    if principal is None or principal.kind != "person":
        return ""
    return next((each.label for each in parts.people.people() if each.id == principal.id), "")


def _first(request: web.Request) -> str:
    return next(iter(request.app[PARTS].service.lanes))


async def first_till(request: web.Request) -> web.Response:
    raise web.HTTPSeeOther(f"/c/{_first(request)}/till")


async def first_display(request: web.Request) -> web.Response:
    raise web.HTTPSeeOther(f"/c/{_first(request)}/display")


async def till(request: web.Request) -> web.Response:
    parts, counter = request.app[PARTS], request.match_info["counter"]
    lane = parts.service.lane(counter)
    who = allowed(request, Action.TAKE_MONEY, counter)
    words = words_for(request, "till", lane.settings.language("cashier"))
    house = parts.service.house
    facts = {
        **_shared(request, words, counter),
        "words": words.section(*_TILL_WORDS),
        "errors": error_words(words.language),
        "quick": [each.minor for each in quick_amounts(house.currency)],
        "favourites": [[each.name, each.price_minor] for each in house.favourites],
        "life_s": {
            name: provider.profile.timings.code_life_s for name, provider in parts.service.providers().items()
        },
        "statements": [
            name
            for name, provider in parts.service.providers().items()
            if provider.profile.confirms_by == "statement"
        ],
        "wallets": parts.service.parts.slips.methods(words.language),
        "channels": [name for name in lane.settings.channels if parts.service.provider(name).profile.push],
        "people": people_facts(parts),
        "me": who.id if who.kind == "person" else "",
        "event": parts.service.feed.published,
    }
    title = lane.settings.title or house.title
    return render(request, "till.html", words, counter=counter, title=title, facts=facts)


def _shared(request: web.Request, words: Catalogue, counter: str) -> dict[str, object]:
    """What till and display both need to read the live counter."""
    service = request.app[PARTS].service
    currencies = {service.house.currency}
    for provider in service.providers().values():
        currencies |= set(provider.profile.currencies)
    return {
        "counter": counter,
        "language": words.language,
        "currency": service.house.currency,
        "zone": str(request.app[PARTS].zone),
        "money": money_marks(words, currencies),
        "now_ms": service.parts.clock.wall_ms(),
    }


async def display(request: web.Request) -> web.Response:
    """For the customer's side: it needs a paired browser too, so that no stranger's screen joins a counter."""
    parts, counter = request.app[PARTS], request.match_info["counter"]
    lane = parts.service.lane(counter)
    allowed(request, Action.SEE_DISPLAY, counter)
    words = words_for(request, "display", lane.settings.language("display"))
    facts = {**_shared(request, words, counter), "words": words.section("customer", "state", "care")}
    title = lane.settings.title or parts.service.house.title
    rating = request.app[CARE].parts.rating
    return render(request, "display.html", words, counter=counter, title=title, rating=rating, facts=facts)


async def code(request: web.Request) -> web.Response:
    """The picture of the code that is on the glass now; asked for with its text, so never of another sale."""
    counter = request.match_info["counter"]
    allowed(request, Action.SEE_DISPLAY, counter)
    screen = request.app[PARTS].service.lane(counter).glass.screen
    if not isinstance(screen, CodeScreen) or screen.payload != request.query.get("for"):
        raise NotFound("not_found")
    return web.Response(text=code_svg(screen.payload), content_type="image/svg+xml", headers=PLAIN_HEADERS)


async def attention(request: web.Request) -> web.Response:
    """Sales of this counter that wait for a person or were parked, oldest first."""
    parts, counter = request.app[PARTS], request.match_info["counter"]
    allowed(request, Action.SEE_SALES, counter)
    service = parts.service
    rows = (each for each in service.feed.unfinished() if each.counter == counter and _waits(each))
    waiting = [service.book.sale(each.subject) for each in itertools.islice(rows, ATTENTION_MAX)]
    views = [
        sale_view(each, test=service.house.simulated, check_code=service.check_code(each)) for each in waiting
    ]
    body = msgspec.json.encode(views)
    return web.Response(body=body, content_type="application/json", headers=PLAIN_HEADERS)


def _waits(row: Summary) -> bool:
    """Told by the row alone, so that only what is shown is read whole. Neither ended nor open: parked."""
    body = row.body
    if body["kind"] != "sale":
        return False
    return bool(body["exceptions"]) or (body["state"] not in ENDED and not body["open"])
