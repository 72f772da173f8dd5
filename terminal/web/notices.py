"""The listener banks reach: one address a channel, and yes only when what they said is durable (S15, I6)."""

import logging
from typing import Final

import msgspec
from aiohttp import web

from terminal.counter.service import Service
from terminal.errors import InvalidRequest, JournalError, NotEvidence, NotFound, TerminalError, Unavailable
from terminal.precedence import stand_in_line
from terminal.web.calls import read_bytes
from terminal.web.edge import EdgeLimits
from terminal.web.pages.guest import Guests
from terminal.web.problems import Handler
from terminal.web.rates import Buckets

log = logging.getLogger(__name__)
_WAY: Final = "/notify/"
BODY_MAX: Final = 64 * 1024
BODY_S: Final = 5.0
LIMITS: Final = EdgeLimits(handshakes=256, handshakes_per_address=64)  # a bank's gateways come by few addresses
_HEADERS: Final = {"Server": "countertop", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


class _No(msgspec.Struct, frozen=True):
    """WeChat Pay API v3, "Callbacks": a refusal is a status of 4xx or 5xx with a code and a message."""

    message: str
    code: str = "FAIL"


def notices_app(service: Service, limits: EdgeLimits, guests: Guests | None = None) -> web.Application:
    """``POST /notify/{channel}``, also with ``/pix`` after it, and nothing else: no session, no detail.

    ``guests``: customers' receipts too, where a public address leads here.
    """
    buckets = Buckets(service.parts.clock, per_s=limits.notices_per_s, burst=limits.notices_burst)
    app = web.Application(client_max_size=BODY_MAX, middlewares=[_banks_first])

    async def take(request: web.Request) -> web.Response:
        if buckets.take(request.remote or "unknown"):
            return _no(429, "later")
        return await _answer(service, request)

    async def nothing(_request: web.Request) -> web.Response:
        return _no(404, "nothing here")

    app.router.add_post(_WAY + "{channel}", take)
    app.router.add_post(_WAY + "{channel}/pix", take)  # Pix API: a PSP adds this to the address it was given
    app.add_routes(guests.routes() if guests else [])
    app.router.add_route("*", "/{rest:.*}", nothing)
    return app


@web.middleware
async def _banks_first(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Whoever comes this way for something else, a customer's phone or who looks for gaps, is no bank's word."""
    if not request.path.startswith(_WAY):
        await stand_in_line()
    return await handler(request)


async def _answer(service: Service, request: web.Request) -> web.Response:
    try:
        if not service.ready or service.stopping:
            return _no(503, "later")
        body = await read_bytes(request, BODY_MAX, BODY_S)
        names = [name.lower() for name, _ in request.raw_headers]
        if len(names) != len(set(names)):
            return _no(400, "unreadable")  # a header twice could be verified as one and read as the other (S10)
        channel = request.match_info["channel"]
        await service.notices.take(channel, request.headers, body)
    except NotEvidence:
        return _no(401, "not accepted")
    except NotFound:
        return _no(404, "nothing here")
    except InvalidRequest as refused:
        return _no({"body_too_large": 413, "request_timeout": 408}.get(refused.slug, 400), "unreadable")
    except (JournalError, Unavailable) as error:
        log.error("notification not recorded, the bank will send it again: %s", error.slug)
        return _no(503, "later")
    except TerminalError as error:
        log.error("notification: %s", error)
        return _no(500, "later")
    return _yes(service.provider(channel).profile.notification_yes)


def _yes(words: str) -> web.Response:
    """What this provider counts as taken: no words at all, or the ones it asks for."""
    return web.Response(status=200 if words else 204, text=words or None, headers=_HEADERS)


def _no(status: int, message: str) -> web.Response:
    body = msgspec.json.encode(_No(message))
    return web.Response(body=body, status=status, content_type="application/json", headers=_HEADERS)
