"""Signing in with a PIN, pairing, first set-up, and the one-time link of the start window."""

from urllib.parse import urlsplit

from aiohttp import web

from terminal.people.roles import Role
from terminal.web.connection import is_near
from terminal.web.edge import EDGE
from terminal.web.pages.frame import PARTS, error_words, page, people_facts, render, words_for


def signing_in_routes() -> list[web.RouteDef]:
    return [
        web.get("/sign-in", page(sign_in)),
        web.get("/link/{token}", page(link)),
    ]


def inside(address: str) -> str:
    """Where to go after signing in: a path of this service, never another one's address."""
    parts = urlsplit(address)
    path = parts.path
    foreign = parts.scheme or parts.netloc or not path.startswith("/") or path.startswith("//") or "\\" in path
    return "/" if foreign else path


async def sign_in(request: web.Request) -> web.Response:
    words, edge = words_for(request), request.app[EDGE]
    by_lan = request.secure and edge.lan is not None
    stranger = by_lan and request.app[PARTS].who(request) is None
    facts = {
        "people": [] if stranger else people_facts(request.app[PARTS]),  # names are not for the whole Wi-Fi
        "next": inside(request.query.get("next", "/")),
        "words": words.section("people", "page", "till"),
        "errors": error_words(words.language, "A", "U"),
        "language": words.language,
    }
    first = request.app[PARTS].people.set_up_needed() and not by_lan
    visits = "visit" in request.query  # the sheet's code led here: what a visitor types stands first
    return render(request, "sign_in.html", words, facts=facts, first=first, stranger=stranger, visits=visits)


async def link(request: web.Request) -> web.Response:
    """Pair this browser and perhaps sign a person in. Used once; the page then goes on by itself.

    It answers with a page, not with a redirect: cookies of the strict kind are not sent along a redirect that
    began at another program's window.
    """
    parts = request.app[PARTS]
    where = inside(request.query.get("to", ""))
    here, words = request.remote or "?", words_for(request)
    label = words.text("people.browser_here" if is_near(here) else "people.browser_at", place=here)
    opened = await parts.people.use_link(request.match_info["token"], label=label, device=here)
    device = parts.people.who(opened.device_token)
    display = device is not None and device.role is Role.DISPLAY
    counter = next(iter(device.counters), "") if device else ""
    if where == "/" and counter:
        where = f"/c/{counter}/{'display' if display else 'till'}"
    answer = render(request, "link.html", words, facts={"next": where}, where=where)
    parts.greet(answer, opened.session_token, opened.device_token)
    return answer
