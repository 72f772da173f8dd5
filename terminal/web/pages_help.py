"""Help without a network: every printed code with its sentence and fix, searchable."""

from typing import NamedTuple

from aiohttp import web

from terminal.errors import NotFound
from terminal.help.registry import Described, by_code, describe, registry
from terminal.web.pages_frame import page, render, words_for

QUERY_MAX = 60


class Entry(NamedTuple):
    slug: str
    told: Described


def help_routes() -> list[web.RouteDef]:
    return [web.get("/help", page(index)), web.get("/help/{code}", page(entry))]


def found(query: str, language: str) -> list[Entry]:
    """Rows whose code, slug or words contain every word of the query; all of them for an empty one."""
    wanted = query.lower()[:QUERY_MAX].split()
    entries = [Entry(slug, describe(slug, {}, language)) for slug in registry().errors]
    entries.sort(key=lambda each: each.told.code)

    def fits(each: Entry) -> bool:
        told = each.told
        text = f"{told.code} {each.slug} {told.title} {told.sentence} {told.fix}".lower()
        return all(word in text for word in wanted)

    return [each for each in entries if fits(each)]


async def index(request: web.Request) -> web.Response:
    words = words_for(request)
    query = request.query.get("q", "")[:QUERY_MAX]
    return render(request, "help.html", words, query=query, entries=found(query, words.language))


async def entry(request: web.Request) -> web.Response:
    words = words_for(request)
    slug = by_code(request.match_info["code"])
    if slug is None:
        raise NotFound("not_found")
    return render(request, "help_entry.html", words, slug=slug, told=describe(slug, {}, words.language))
