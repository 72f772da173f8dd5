"""Who is calling: an API key, a person or till by cookie, a display by its own cookie. Looked up each time."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from terminal.errors import NotAllowed
from terminal.people.roles import Principal
from terminal.web.edge import EDGE
from terminal.web.problems import TooMany
from terminal.web.security import SAFE

SESSION: Final = "__Host-ct-session"
TILL: Final = "__Host-ct-till"
DISPLAY: Final = "__Host-ct-display"
TILL_COOKIE_S: Final = 400 * 86_400  # the longest browsers keep one (RFC 6265bis, 5.5)
_SCHEME: Final = "Bearer "


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody known.

    Args:
        credential: scope of idempotency keys, rate and sockets: the key, the till, or the person elsewhere.
        again: the same look-up once more, for connections that outlive a sign-out.
    """

    principal: Principal
    credential: str
    again: Callable[[], Principal | None]
    by_key: bool


def caller(request: web.Request) -> Caller | None:
    """None: no credential came along. Raises NotAllowed("not_signed_in"): one came and is worth nothing."""
    people = request.app[EDGE].people
    header = request.headers.get("Authorization")
    if header is not None:
        key = header.removeprefix(_SCHEME) if header.startswith(_SCHEME) else ""
        return _known(lambda: people.who_key(key), by_key=True)
    session, till = request.cookies.get(SESSION, ""), request.cookies.get(TILL, "")
    acting = request.method not in SAFE or request.headers.get("Sec-Fetch-Mode") == "navigate"
    principal = people.who(till, session, touch=acting)
    if principal is not None:
        return _known(lambda: people.who(till, session, touch=False), by_key=False)
    display = request.cookies.get(DISPLAY, "")
    return _known(lambda: people.who(display), by_key=False) if people.who(display) is not None else None


def _known(look: Callable[[], Principal | None], *, by_key: bool) -> Caller:
    principal = look()
    if principal is None:
        raise NotAllowed("not_signed_in")
    return Caller(principal, principal.device or principal.id, look, by_key)


def who(request: web.Request) -> Principal | None:
    """The principal behind a page, None for a stranger."""
    found = caller(request)
    return found.principal if found else None


def admit(request: web.Request) -> Caller | None:
    """``caller`` within its rate: a stranger, also one with a wrong key, is counted by address (S38)."""
    edge = request.app[EDGE]
    try:
        found = caller(request)
    except NotAllowed:
        _spend(edge.strangers.take(address(request)))
        raise
    if found is None:
        _spend(edge.strangers.take(address(request)))
    else:
        _spend(edge.known.take(found.credential))
    return found


def _spend(wait_s: float) -> None:
    if wait_s:
        raise TooMany(wait_s)


def address(request: web.Request) -> str:
    return request.remote or "unknown"


def place(request: web.Request) -> str:
    """What PIN tries are counted by beside the person: the till, else the address."""
    till = request.app[EDGE].people.who(request.cookies.get(TILL, ""))
    return till.device if till else address(request)


def greet(response: web.StreamResponse, session_token: str, device_token: str, *, display: bool = False) -> None:
    """Give a response the cookies of a session and of a paired device; either may be empty."""
    if session_token:
        _set(response, SESSION, session_token, None)
    if device_token:
        _set(response, DISPLAY if display else TILL, device_token, TILL_COOKIE_S)


def part(response: web.StreamResponse) -> None:
    """Signed out; the till stays paired."""
    response.del_cookie(SESSION, path="/", secure=True, httponly=True, samesite="Strict")


def _set(response: web.StreamResponse, name: str, value: str, max_age_s: int | None) -> None:
    response.set_cookie(name, value, max_age=max_age_s, path="/", secure=True, httponly=True, samesite="Strict")
