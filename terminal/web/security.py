"""Who may reach the handlers at all: exact Host, our own pages' Origin, sizes, and headers on every answer.

Sources: Fetch Metadata Request Headers (W3C), RFC 6454 (Origin), RFC 9110 section 7.4 (misdirected requests),
CSP Level 3, OWASP ASVS 5.0 sections 3.4, 3.5 and 4.1.
"""

from collections.abc import Collection
from typing import Final

from aiohttp import web

from terminal.counter.receipt_links import PATH as GUEST  # its address is its only right: nothing to ride on
from terminal.errors import InvalidRequest, NotAllowed
from terminal.web.edge import EDGE
from terminal.web.lan import check_lan
from terminal.web.problems import Handler

SAFE: Final = frozenset({"GET", "HEAD"})
METHODS: Final = SAFE | {"POST"}
PAGE_HEADERS: Final = ("X-Requested-With", "Idempotency-Key")  # no form or image of another site can send these
UPLOADS: Final = frozenset({"/api/v1/bills/import"})  # bodies that are files, each bounded by its handler
_POLICY: Final = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
HEADERS: Final = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=()",
    "Cache-Control": "no-store",
}


async def protect(request: web.Request, response: web.StreamResponse) -> None:
    """Security headers on every answer; what a page set itself stays (signal on_response_prepare)."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if request.app[EDGE].tls:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    response.headers["Server"] = "countertop"


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    edge = request.app[EDGE]
    lan = edge.lan if request.secure else None
    check_host(request, edge.hosts if lan is None else lan.hosts)
    if sum(len(name) + len(value) + 4 for name, value in request.raw_headers) > edge.limits.headers_bytes:
        raise InvalidRequest("headers_too_large")
    refused = request.match_info.http_exception
    if isinstance(refused, web.HTTPMethodNotAllowed):
        raise refused  # it knows what this address takes
    if request.method not in METHODS:
        raise web.HTTPMethodNotAllowed(request.method, sorted(METHODS))
    check_browser(request, edge.origins() if lan is None else lan.origins)
    if lan is not None:
        check_lan(request, edge.device)
    if request.method not in SAFE and not request.path.startswith(GUEST):
        check_change(request)
    return await handler(request)


def check_host(request: web.Request, hosts: Collection[str]) -> None:
    """Exactly one Host, exactly ours; no absolute address and no X-Forwarded-* speaks over it (S21)."""
    named = request.headers.getall("Host", [])
    if len(named) != 1 or named[0].lower() not in hosts or not request.raw_path.startswith("/"):
        raise NotAllowed("host_not_allowed")


def check_browser(request: web.Request, origins: frozenset[str]) -> None:
    """What a browser says about the page behind a request (S22).

    A link on another page may lead to our pages, but never to the API and never with a body.
    """
    origin = request.headers.getall("Origin", [])
    if origin and (len(origin) != 1 or origin[0] not in origins):
        raise NotAllowed("origin_not_allowed")
    site = request.headers.get("Sec-Fetch-Site", "")
    if site in {"", "same-origin"}:
        return
    follows = request.method in SAFE and request.headers.get("Sec-Fetch-Mode") == "navigate"
    outside = site in {"same-site", "cross-site"} and not request.path.startswith("/api/v")
    if not follows or not (site == "none" or outside) or request.headers.get("Sec-Fetch-Dest") != "document":
        raise NotAllowed("origin_not_allowed")


def check_change(request: web.Request) -> None:
    """A body of JSON, or a file where one is taken; of a page also a header no other site can send (S22)."""
    wanted = is_file(request) if request.path in UPLOADS else is_json(request)
    if request.headers.get("Content-Encoding", "identity") != "identity" or not wanted:
        raise InvalidRequest("media_type")
    if "Authorization" in request.headers:
        return
    if not any(name in request.headers for name in PAGE_HEADERS):
        raise NotAllowed("csrf_header")


def is_file(request: web.Request) -> bool:
    """No form of another site can send this type unasked."""
    return request.headers.get("Content-Type", "").lower() == "application/octet-stream"


def is_json(request: web.Request) -> bool:
    kind, _, parameters = request.headers.get("Content-Type", "").lower().partition(";")
    return kind.strip() == "application/json" and parameters.strip() in {"", "charset=utf-8", 'charset="utf-8"'}
