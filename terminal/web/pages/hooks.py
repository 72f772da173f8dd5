"""The page of programs that get events. What stands on it is asked for by its script, with a fresh PIN."""

from datetime import tzinfo
from typing import Final

from aiohttp import web

from terminal.help.catalogue import Catalogue
from terminal.help.registry import describe
from terminal.hooks.desk import Hooks
from terminal.people.roles import Action
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
from terminal.web.shapes.inbox import TillAlert

OFFERED: Final = (
    *("sale_opened", "sale_moved", "refund_moved", "exception_opened", "exception_closed"),
    *("payment_orphaned", "z_sealed"),
)
"""What most receivers want; without a choice everything comes, and the API takes every type."""


def hooks_routes() -> list[web.RouteDef]:
    return [web.get("/hooks", page(hooks))]


async def hooks(request: web.Request) -> web.Response:
    parts, words = request.app[PARTS], words_for(request)
    who = person_allowed(request, Action.MANAGE_HOOKS)
    facts = {
        "words": words.section("people", "page", "till", "access", "hooks", "state"),
        "errors": error_words(words.language),
        "people": people_facts(parts),
        "me": who.id,
        "language": words.language,
        "zone": str(parts.zone),
    }
    return render(request, "hooks.html", words, counters=counter_titles(parts), events=OFFERED, facts=facts)


def hook_alerts(desk: Hooks, words: Catalogue, zone: tzinfo) -> list[TillAlert]:
    """What every till should know: a program that takes no events. Whose address that is stands on no till."""
    found = []
    for each in desk.failing():
        slug = "hook_gone" if each.state == "gone" else "hook_failing"
        facts = {"label": each.label, "since": words.date_time(each.failing_ms, zone) if each.failing_ms else ""}
        told = describe(slug, facts, words.language)
        found.append(TillAlert(f"hook:{each.id}", told.sentence, told.fix, each.failing_ms))
    return found
