"""Who may use the lab's pages: whoever holds its key, on this machine, from its own pages only.

The key stands in the lab's state folder (0600) and in the address that ``make demo`` prints; the browser keeps it
as a cookie that no foreign page can send.
"""

import hmac
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final, Protocol

from aiohttp import web

KEY_FILE: Final = "lab-key"
COOKIE: Final = "countertop_lab"
DOORS: Final = ("/lab", "/lab/show")
OPEN_PATHS: Final = ("/lab/health", "/lab/static/", "/favicon.ico")
NO_KEY: Final = (
    "Pages: open the lab with the address that `make demo` or `countertop lab serve` printed (it has a key). "
    "Programs: send the header Authorization: Bearer TOKEN, with the token of the ready file, or of lab/lab-key."
)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
PLAIN_HEADERS: Final = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Entropy(Protocol):
    def bytes(self, count: int) -> bytes: ...


def lab_key(state: Path, entropy: Entropy) -> str:
    """The key of this state folder, made at the first start."""
    path = state / KEY_FILE
    if not path.exists():
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(entropy.bytes(16).hex() + "\n")
    return path.read_text().strip()


class Door:
    """A middleware. ``hosts`` is filled when the port is known."""

    def __init__(self, key: str) -> None:
        self._key = key
        self.hosts: set[str] = set()

    @web.middleware
    async def guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.headers.get("Host", "") not in self.hosts:
            raise web.HTTPMisdirectedRequest
        origin = request.headers.get("Origin")
        if origin is not None and origin.removeprefix("http://") not in self.hosts:
            raise web.HTTPForbidden(text="This page may only be used from itself.")
        if request.path in DOORS and self._is_key(request.query.get("key", "")):
            return self._welcome(request.path)
        if not request.path.startswith(OPEN_PATHS) and not self._knows(request):
            raise web.HTTPForbidden(text=NO_KEY)
        answer = await handler(request)
        if not answer.prepared:
            for name, value in PLAIN_HEADERS.items():
                answer.headers.setdefault(name, value)
        return answer

    def _knows(self, request: web.Request) -> bool:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        return self._is_key(given) or self._is_key(request.cookies.get(COOKIE, ""))

    def _is_key(self, given: str) -> bool:
        return hmac.compare_digest(given.encode(errors="replace"), self._key.encode())  # no text: of raw bytes

    def _welcome(self, path: str) -> web.Response:
        """The key leaves the address at once, so that it is in no history, log or screenshot."""
        answer = web.Response(status=303, headers={"Location": path, **PLAIN_HEADERS})
        answer.set_cookie(COOKIE, self._key, httponly=True, samesite="Strict", path="/lab", max_age=365 * 86_400)
        return answer
