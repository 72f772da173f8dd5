"""The commands' way in as a person, where a key is not enough: PIN, second step, a session that ends with them."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import aiohttp
import msgspec

from terminal.cli.client import api, refusal
from terminal.cli.words import Problem
from terminal.errors import NotFound, Unavailable

TOTAL_S: Final = 30.0
Ask = Callable[[str], str]
"""What is asked for, "PIN" or "Code" in its words; what a person typed."""


async def person_named(name: str, url: str, key_file: Path | None) -> str:
    """The id of whom the sign-in page shows by this name. Raises NotFound("person_unknown"): none, or two."""
    async with api(url, key_file) as service:
        people = (await service.get("/people"))["people"]
    found = [each["id"] for each in people if each["label"] == name]
    if len(found) != 1:
        raise NotFound("person_unknown")
    return str(found[0])


@asynccontextmanager
async def signed_in(url: str, person: str, ask: Ask) -> AsyncIterator["PeopleDoor"]:
    """Sign in with PIN and, where there is one, the second step; signed out at the end.

    Raises Problem: it was refused; Unavailable.
    """
    timeout = aiohttp.ClientTimeout(total=TOTAL_S)
    async with aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()) as session:
        door = PeopleDoor(session, url.rstrip("/"))
        wish = {"person": person, "pin": ask("PIN")}
        try:
            await door.post("/sign-in", wish)
        except Problem as missing:
            if missing.slug != "code_needed":
                raise
            await door.post("/sign-in", {**wish, "code": ask("Code")})
        try:
            yield door
        finally:
            await door.post("/sign-out", {})


class PeopleDoor:
    """Where people go, with a session's cookie; it is Secure, so the client's own jar would not send it here."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session, self._url, self._cookie = session, url, ""

    async def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """Raises Problem: it was refused; Unavailable("service_not_running")."""
        return _read(await self._ask("POST", path, body), self._url)

    async def get(self, path: str) -> Any:
        return _read(await self._ask("GET", path), self._url)

    async def file(self, path: str) -> bytes:
        """An answer as it came."""
        return await self._ask("GET", path)

    async def _ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> bytes:
        headers = {"X-Requested-With": "countertop", **({"Cookie": self._cookie} if self._cookie else {})}
        try:
            async with self._session.request(
                method, f"{self._url}/api/v1{path}", json=body, headers=headers
            ) as answer:
                data = await answer.read()
                for name, morsel in answer.cookies.items():
                    self._cookie = f"{name}={morsel.value}"
        except (aiohttp.ClientError, TimeoutError):
            raise Unavailable("service_not_running", url=self._url) from None
        if answer.status >= 400:
            raise refusal(answer.status, _read(data, self._url))
        return data


def _read(data: bytes, url: str) -> Any:
    try:
        return msgspec.json.decode(data) if data else None
    except msgspec.DecodeError:
        raise Unavailable("service_not_running", url=url) from None
