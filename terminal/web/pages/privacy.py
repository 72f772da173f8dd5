"""The pages of privacy: the notice for everybody, the owner's panel, and the support bundle with its preview."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from aiohttp import web

from terminal.people.roles import Action
from terminal.privacy.bundle import zipped
from terminal.privacy.datamap import DataMap, data_map, sheet
from terminal.privacy.ledger import Entry
from terminal.privacy.notice import Provider, kept, providers_told
from terminal.web.pages.frame import PARTS, PLAIN_HEADERS, allowed, page, render, words_for

SHOWN_MAX: Final = 100


async def _empty() -> Mapping[str, bytes]:
    return {}


@dataclass(frozen=True, slots=True)
class PrivacyDesk:
    """What the pages tell. Without one (``None`` to the app) nothing has left and no provider is set.

    Args:
        data: the map with this shop's own periods.
        sent: what left the shop, newest first.
        bundle: gathers the support bundle's files by name.
    """

    providers: Sequence[Provider] = ()
    data: DataMap = field(default_factory=data_map)
    sent: Callable[[], Sequence[Entry]] = tuple
    bundle: Callable[[], Awaitable[Mapping[str, bytes]]] = _empty


DESK: Final = web.AppKey("privacy", PrivacyDesk)


def privacy_routes() -> list[web.RouteDef]:
    return [
        web.get("/help/privacy", page(notice)),
        web.get("/privacy", page(panel)),
        web.get("/support/bundle", page(preview)),
        web.get("/support/bundle.zip", page(bundle)),
    ]


async def notice(request: web.Request) -> web.Response:
    """For customers too: what is kept, by whom, how long. Made from the settings, never another shop's."""
    words, desk = words_for(request), request.app[DESK]
    data = desk.data
    told = providers_told(data, desk.providers, words.language)
    return render(request, "privacy_notice.html", words, kept=kept(data, "payer", words.language), providers=told)


async def panel(request: web.Request) -> web.Response:
    """For those who may change settings."""
    allowed(request, Action.SEE_REPORTS)
    words, desk = words_for(request), request.app[DESK]
    data, zone = desk.data, request.app[PARTS].zone
    sent = [
        (each, datetime.fromtimestamp(each.last_ms / 1000, UTC).astimezone(zone).strftime("%Y-%m-%d %H:%M"))
        for each in list(desk.sent())[:SHOWN_MAX]
    ]
    return render(
        request,
        "privacy.html",
        words,
        providers=providers_told(data, desk.providers, words.language),
        sent=sent,
        rows=sheet(data, words.language),
    )


async def preview(request: web.Request) -> web.Response:
    """Every file of the bundle as it will be packed."""
    allowed(request, Action.SEE_BUNDLE)
    files = await request.app[DESK].bundle()
    shown = [(name, len(data), data.decode()) for name, data in files.items()]
    return render(request, "support_bundle.html", words_for(request), files=shown)


async def bundle(request: web.Request) -> web.Response:
    allowed(request, Action.SEE_BUNDLE)
    files = await request.app[DESK].bundle()
    headers = {**PLAIN_HEADERS, "Content-Disposition": 'attachment; filename="support-bundle.zip"'}
    return web.Response(body=zipped(files), content_type="application/zip", headers=headers)
