"""Devices of the counters on one page: what stands where, whether it is well, tests, another one put there."""

from aiohttp import web

from terminal.errors import NotAllowed
from terminal.people.roles import Action
from terminal.web.edge import EDGE
from terminal.web.pages.frame import PARTS, error_words, page, people_facts, render, words_for


def setup_routes() -> list[web.RouteDef]:
    return [web.get("/setup", page(setup)), web.get("/devices", page(setup))]


async def setup(request: web.Request) -> web.Response:
    """Whoever sells may look and test; choosing needs an owner and a fresh PIN, and the script asks for it."""
    parts, words = request.app[PARTS], words_for(request)
    who = parts.who(request)
    if who is None or not who.may(Action.SEE_HEALTH):
        raise NotAllowed("not_signed_in" if who is None else "not_allowed", action=Action.SEE_HEALTH.value)
    facts = {
        "words": words.section("people", "page", "till", "bar", "setup"),
        "errors": error_words(words.language),
        "people": people_facts(parts),
        "me": who.id if who.kind == "person" else "",
        "language": words.language,
        "chooses": who.may(Action.FIT_DEVICES),
    }
    return render(request, "setup.html", words, chooses=facts["chooses"], lan=request.app[EDGE].lan, facts=facts)
