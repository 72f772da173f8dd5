"""The owner's page of people, tills and keys. What stands on it is asked for by its script, with a fresh PIN."""

from aiohttp import web

from terminal.errors import NotAllowed
from terminal.people.roles import SCOPES, Action
from terminal.web.pages_frame import PARTS, error_words, page, people_facts, render, words_for


def access_routes() -> list[web.RouteDef]:
    return [web.get("/people", page(people))]


async def people(request: web.Request) -> web.Response:
    parts, words = request.app[PARTS], words_for(request)
    who = parts.who(request)
    if who is None or who.kind != "person":
        raise NotAllowed("not_signed_in")
    if not who.may(Action.MANAGE_PEOPLE):
        raise NotAllowed("not_allowed", action=Action.MANAGE_PEOPLE.value)
    counters = [(lane.id, lane.settings.title or lane.id) for lane in parts.service.lanes.values()]
    facts = {
        "words": words.section("people", "page", "till", "access"),
        "errors": error_words(words.language),
        "people": people_facts(parts),
        "me": who.id,
        "language": words.language,
        "zone": str(parts.zone),
    }
    return render(request, "people.html", words, counters=counters, scopes=sorted(SCOPES), facts=facts)
