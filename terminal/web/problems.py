"""Every failure leaves as a problem document (RFC 9457) with the registry's words in the caller's language."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import msgspec
from aiohttp import web
from aiohttp.typedefs import Middleware

from terminal.counter.ports import Ids
from terminal.errors import Fact, InvalidRequest, NotAllowed, NotEvidence, NotFound, TerminalError
from terminal.help.languages import accepted
from terminal.help.registry import describe

log = logging.getLogger(__name__)
TYPE: Final = "application/problem+json"
PATH_LOGGED: Final = 200
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
ErrorPage = Callable[[web.Request, TerminalError], web.StreamResponse]


class Problem(msgspec.Struct, frozen=True):
    """What went wrong. ``slug`` is for programs and never changes, ``code`` is the one printed on screens.

    ``title`` names the area, ``detail`` says what happened, ``fix`` what to do; ``help`` is a page of this
    service; ``id`` finds this one case in the log.
    """

    type: str
    slug: str
    code: str
    status: int
    title: str
    detail: str
    fix: str
    help: str
    id: str
    facts: dict[str, Fact]


class TooMany(NotAllowed):
    """Rate limit reached; ``wait_s`` tells when to come again."""

    def __init__(self, wait_s: float) -> None:
        super().__init__("rate_limited")
        self.wait_s = wait_s


def problem(slug: str, facts: Mapping[str, Fact], language: str, case: str, *, status: int = 0) -> Problem:
    told = describe(slug, facts, language)
    return Problem(
        type=f"urn:countertop:{slug}",
        slug=slug,
        code=told.code,
        status=status or told.status,
        title=told.title,
        detail=told.sentence,
        fix=told.fix,
        help=told.help_path,
        id=case,
        facts=dict(facts),
    )


def status_of(error: TerminalError) -> int:
    return describe(error.slug, error.facts).status


def document(request: web.BaseRequest, error: TerminalError, case: str) -> web.Response:
    language = accepted(request.headers.get("Accept-Language", ""))
    told = problem(error.slug, error.facts, language, case)
    headers = {"Content-Language": language}
    if isinstance(error, TooMany):
        headers["Retry-After"] = str(max(1, round(error.wait_s + 0.5)))
    elif error.slug in {"idempotency_running", "starting"}:
        headers["Retry-After"] = "1"
    elif told.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return web.Response(body=msgspec.json.encode(told), status=told.status, content_type=TYPE, headers=headers)


def wants_page(request: web.BaseRequest) -> bool:
    return "text/html" in request.headers.get("Accept", "") and not request.path.startswith("/api/")


def of_http(error: web.HTTPException, limit: int) -> TerminalError:
    """aiohttp's own refusals in our words."""
    if error.status == 413:
        return InvalidRequest("body_too_large", limit=limit)
    if error.status == 404:
        return NotFound("not_found")
    if error.status == 405:
        return InvalidRequest("method_not_allowed")
    return InvalidRequest("request_malformed")


def _one_line(path: str) -> str:
    """A path comes decoded: what a stranger put there writes no lines of its own into the log (S54)."""
    return "".join(each if each.isprintable() else "?" for each in path[:PATH_LOGGED])


def middleware(ids: Ids, limit: int, page: ErrorPage | None) -> Middleware:
    """The outermost one: nothing behind it escapes as anything but an answer."""

    def answer(request: web.Request, error: TerminalError) -> web.StreamResponse:
        if page is not None and wants_page(request):
            return page(request, error)
        return document(request, error, ids.ulid())

    @web.middleware
    async def tell(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except NotEvidence as error:
            log.info("%s %s: %s", request.method, _one_line(request.path), error.slug)
            return answer(request, error)
        except TerminalError as error:
            return answer(request, error)
        except web.HTTPException as error:
            if error.status < 400:
                raise
            refused = answer(request, of_http(error, limit))
            if "Allow" in error.headers:
                refused.headers["Allow"] = error.headers["Allow"]
            return refused
        except (asyncio.CancelledError, ConnectionError):
            raise
        except Exception:  # process edge: a caller gets an id, the log gets the rest (S29)
            case = ids.ulid()
            log.exception("%s %s failed, id %s", request.method, _one_line(request.path), case)
            failed = TerminalError("internal", id=case)
            if page is not None and wants_page(request):
                return page(request, failed)
            return document(request, failed, case)

    return tell
