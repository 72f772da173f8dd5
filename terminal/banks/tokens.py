"""Asking with a token: a ProviderHttp that fetches one, holds it until shortly before its end, and puts it on.

Sources: RFC 6749 sections 2.3.1 (client password) and 4.4 (client credentials), RFC 6750 section 2.1 (bearer).
"""

import asyncio
import base64
import logging
import re
from dataclasses import dataclass, field, replace
from typing import Final, Literal
from urllib.parse import quote, urlencode

from terminal.banks.fields import Unreadable, fields, text
from terminal.counter.ports import HttpReply, HttpRequest, NoAnswer, NothingSent, ProviderHttp

LIFE_S: Final = 300.0  # of a token whose answer names none
LIFE_MAX_S: Final = 86400.0
EARLY_S: Final = 60.0  # before its end, or a tenth of a short life: a request under way must not meet the end
AGAIN_S: Final = 2.0  # after a failure: whoever waits is told at once instead of asking one after the other
TOKEN_MAX: Final = 4096
ANSWER_MAX: Final = 64 * 1024
_TOKEN: Final = re.compile(r"[!-~]{1,4096}")
_log: Final = logging.getLogger(__name__)


class Bearer(str):
    """The value of an Authorization header; its repr shows nothing of it (S44)."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'Bearer …'"


@dataclass(frozen=True, slots=True)
class Grant:
    """How this client asks for tokens.

    Args:
        target: path of the token endpoint.
        way: ``basic`` sends id and secret as RFC 6749 prefers, ``body`` as form fields.
    """

    client_id: str
    secret: str = field(repr=False)
    target: str = "/oauth/token"
    scope: str = ""
    way: Literal["basic", "body"] = "basic"

    def request(self) -> HttpRequest:
        form = {"grant_type": "client_credentials"}
        if self.scope:
            form["scope"] = self.scope
        headers = [
            ("Accept", "application/json"),
            ("Content-Type", "application/x-www-form-urlencoded"),
            ("User-Agent", "Countertop"),
        ]
        if self.way == "basic":
            pair = f"{quote(self.client_id, safe='')}:{quote(self.secret, safe='')}"
            headers.append(("Authorization", Bearer("Basic " + base64.b64encode(pair.encode()).decode())))
        else:
            form |= {"client_id": self.client_id, "client_secret": self.secret}
        return HttpRequest("POST", self.target, tuple(headers), urlencode(form).encode())


@dataclass(frozen=True, slots=True)
class Token:
    """``until_s``: of the loop's clock, already early."""

    value: str = field(repr=False)
    until_s: float


class TokenHttp:
    """ProviderHttp with a token on every request.

    Args:
        issuer: the link to the token endpoint, when that is another address.
        token: one that is held already, for simulations.
    """

    def __init__(
        self, http: ProviderHttp, grant: Grant, *, issuer: ProviderHttp | None = None, token: Token | None = None
    ) -> None:
        self._http, self._issuer, self._grant = http, issuer or http, grant
        self._token = token
        self._turn = asyncio.Lock()
        self._not_before_s = float("-inf")
        self.fetched = 0

    async def send(self, request: HttpRequest, *, connect_s: float, answer_s: float) -> HttpReply:
        """As ProviderHttp. Without a token nothing of the request was sent; a refused one is renewed once."""
        end_s = _now() + answer_s
        token = await self._held(connect_s, end_s)
        left_s = _left(end_s)
        reply = await self._http.send(_with(request, token), connect_s=min(connect_s, left_s), answer_s=left_s)
        if reply.status != 401:
            return reply
        self._forget(token)
        try:
            token = await self._held(connect_s, end_s)
            left_s = _left(end_s)
        except NothingSent:
            return reply  # the no to the first token is the answer
        return await self._http.send(_with(request, token), connect_s=min(connect_s, left_s), answer_s=left_s)

    def _forget(self, token: Token) -> None:
        """Many requests may hear of it; only the first throws it away."""
        if self._token is token:
            self._token = None

    async def _held(self, connect_s: float, end_s: float) -> Token:
        """One fetch for all who wait. Raises NothingSent."""
        try:
            async with asyncio.timeout_at(end_s), self._turn:
                if self._token is not None and _now() < self._token.until_s:
                    return self._token
                if _now() < self._not_before_s:
                    raise NothingSent("no_token")
                self._token = await self._fetch(connect_s, _left(end_s))
                return self._token
        except TimeoutError:
            raise NothingSent("no_token_in_time") from None

    async def _fetch(self, connect_s: float, answer_s: float) -> Token:
        begun_s = _now()
        try:
            reply = await self._issuer.send(
                self._grant.request(), connect_s=min(connect_s, answer_s), answer_s=answer_s
            )
            token = _read(reply, begun_s)
        except (NothingSent, NoAnswer, Unreadable) as error:
            self._not_before_s = _now() + AGAIN_S
            _log.warning("no token for %s: %s", self._grant.client_id, error)
            raise NothingSent("no_token") from error
        self.fetched += 1
        return token


def _read(reply: HttpReply, begun_s: float) -> Token:
    """Raises Unreadable: another status than 200, or no bearer token."""
    if reply.status != 200:
        raise Unreadable(f"http_{reply.status}")
    found = fields(reply.body, limit=ANSWER_MAX)
    value, life = text(found, "access_token", TOKEN_MAX), found.get("expires_in")
    if not _TOKEN.fullmatch(value) or text(found, "token_type", 16).lower() != "bearer":
        raise Unreadable("token_type")
    life_s = float(life) if type(life) is int and life > 0 else LIFE_S
    life_s = min(life_s, LIFE_MAX_S)
    return Token(value, begun_s + life_s - min(EARLY_S, life_s / 10))


def _with(request: HttpRequest, token: Token) -> HttpRequest:
    return replace(request, headers=(*request.headers, ("Authorization", Bearer(f"Bearer {token.value}"))))


def _left(end_s: float) -> float:
    """Seconds until then. Raises NothingSent when it is over."""
    if (left_s := end_s - _now()) <= 0:
        raise NothingSent("no_time_left")
    return left_s


def _now() -> float:
    return asyncio.get_running_loop().time()
