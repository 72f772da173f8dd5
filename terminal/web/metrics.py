"""Metrics over HTTP: beside the pages for those who may see health, or on a listener of this machine alone."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from terminal.errors import NotAllowed
from terminal.observe.calls import Calls
from terminal.observe.exposition import CONTENT_TYPE
from terminal.people.roles import Action
from terminal.web.callers import admit
from terminal.web.edge import EDGE, NAMES
from terminal.web.story import CALLS

PATH: Final = "/metrics"


@dataclass(frozen=True, slots=True)
class Observed:
    """``scrape`` gives the text of now; ``calls`` are this run's calls to banks."""

    calls: Calls
    scrape: Callable[[], str]


def observe(app: web.Application, observed: Observed | None) -> None:
    if observed is None:
        return
    app[CALLS] = observed.calls

    async def read(request: web.Request) -> web.Response:
        caller = admit(request)
        if caller is None:
            raise NotAllowed("not_signed_in")
        request.app[EDGE].people.require(caller.principal, Action.SEE_HEALTH)
        return _told(observed.scrape())

    app.router.add_get(PATH, read)


def metrics_app(scrape: Callable[[], str]) -> web.Application:
    """For a scraper on this machine: no key, one address, and no name but this machine's own (S21)."""

    async def read(request: web.Request) -> web.Response:
        named = request.headers.getall("Host", [])
        if len(named) != 1 or named[0].rpartition(":")[0] not in NAMES or "Origin" in request.headers:
            return web.Response(status=403, text="not from here\n")
        return _told(scrape())

    app = web.Application(client_max_size=0)
    app.router.add_get(PATH, read)
    return app


def _told(text: str) -> web.Response:
    headers = {"Content-Type": CONTENT_TYPE, "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return web.Response(body=text.encode(), headers=headers)
