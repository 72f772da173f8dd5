"""The owner's page of people, tills and keys. What stands on it is asked for by its script, with a fresh PIN."""

from aiohttp import web

from terminal.people.roles import SCOPES, VISITORS, Action
from terminal.web.pages.frame import (
    PARTS,
    counter_titles,
    error_words,
    page,
    people_facts,
    person_allowed,
    render,
    words_for,
)


def people_routes() -> list[web.RouteDef]:
    return [web.get("/people", page(people)), web.get("/me", page(me))]


async def people(request: web.Request) -> web.Response:
    parts, words = request.app[PARTS], words_for(request)
    who = person_allowed(request, Action.MANAGE_PEOPLE)
    facts = {
        "words": words.section("people", "page", "till", "access"),
        "errors": error_words(words.language),
        "people": people_facts(parts),
        "me": who.id,
        "language": words.language,
        "zone": str(parts.zone),
    }
    visitors = sorted(role.value for role in VISITORS)
    return render(
        request,
        "people.html",
        words,
        counters=counter_titles(parts),
        scopes=sorted(SCOPES),
        visitors=visitors,
        facts=facts,
    )


async def me(request: web.Request) -> web.Response:
    """One's own second step. The secret is asked for by the script, with a fresh PIN."""
    parts, words = request.app[PARTS], words_for(request)
    who = person_allowed(request, Action.OWN_SECOND_STEP)
    person = next(each for each in parts.people.people() if each.id == who.id)
    facts = {
        "words": words.section("people", "page", "till"),
        "errors": error_words(words.language),
        "people": people_facts(parts),
        "me": who.id,
        "language": words.language,
    }
    return render(
        request,
        "me.html",
        words,
        name=person.label,
        role=person.role.value,
        enrolled=bool(person.second),
        facts=facts,
    )
