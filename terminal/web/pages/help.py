"""Help without a network: by symptom, and every printed code with its sentence and fix, searchable."""

from aiohttp import web

from terminal.errors import NotFound
from terminal.help import guides
from terminal.help.registry import by_code, describe
from terminal.help.search import QUERY_MAX, by_symptom, found
from terminal.web.pages.frame import error_words, page, render, words_for


def help_routes() -> list[web.RouteDef]:
    return [web.get("/help", page(index)), web.get("/help/{code}", page(entry))]


async def index(request: web.Request) -> web.Response:
    words = words_for(request)
    query = request.query.get("q", "")[:QUERY_MAX]
    seen = by_symptom(query, words.language)
    entries = found(query, words.language)
    listed = [(name, guides.title(name, words.language)) for name in guides.NAMES]
    parts = guides.search(query, words.language)
    facts = {"words": words.section("people", "page", "till", "care"), "errors": error_words(words.language)}
    return render(
        request,
        "help.html",
        words,
        query=query,
        symptoms=seen,
        entries=entries,
        guides=listed,
        parts=parts,
        facts=facts | {"people": [], "me": "", "language": words.language},
    )


async def entry(request: web.Request) -> web.Response:
    words = words_for(request)
    slug = by_code(request.match_info["code"])
    if slug is None:
        raise NotFound("not_found")
    return render(request, "help_entry.html", words, slug=slug, told=describe(slug, {}, words.language))
