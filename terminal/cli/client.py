"""The commands' way to a running service: its public API and a key file, nothing else."""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import aiohttp
import msgspec

from terminal.cli.words import Problem, language
from terminal.errors import BadSettings, Unavailable
from terminal.people.key_file import read_key

__all__ = ["KEY_FILES", "URL", "Api", "Problem", "api", "stands_at"]

URL: Final = "http://127.0.0.1:7600"
KEY_FILES: Final = (Path(".demo/state/api-key"), Path(".demo/api-key"), Path("/var/lib/countertop/api-key"))
TOTAL_S: Final = 30.0
UPLOAD_S: Final = 600.0
_KEY: Final = re.compile(r"[!-~]+")  # anything else would not go into a header
_ADDRESS: Final = re.compile(r"https?://[^/?#\s]+/?")


def refusal(status: int, document: Any) -> Problem:
    told = document if isinstance(document, dict) else {}
    facts = told.get("facts")
    return Problem(status, str(told.get("slug", "internal")), facts if isinstance(facts, dict) else {})


class Api:
    def __init__(self, session: aiohttp.ClientSession, url: str, key_file: Path) -> None:
        self._session, self._url, self._key_file = session, url, key_file

    async def get(self, path: str, **query: str | int) -> Any:
        return await self._ask("GET", path, params={k: str(v) for k, v in query.items() if v != ""})

    async def page(self, path: str, **query: str) -> bytes:
        """An answer that is no JSON, as it came."""
        try:
            async with self._session.get(f"/api/v1{path}", params=query, allow_redirects=False) as answer:
                body = await answer.read()
                if answer.status >= 400:
                    raise self._refusal(answer.status, msgspec.json.decode(body))
                return body
        except (TimeoutError, msgspec.DecodeError):
            raise Unavailable("service_no_answer", url=self._url) from None
        except aiohttp.ClientError:
            raise Unavailable("service_not_running", url=self._url) from None

    async def post(self, path: str, body: Mapping[str, Any], *, key: str = "") -> Any:
        headers = {"Idempotency-Key": key} if key else {}
        return await self._ask("POST", path, json=body, headers=headers)

    async def upload(self, path: str, file: Path, **query: str) -> Any:
        """A file as the body, piece by piece."""
        params = {name: value for name, value in query.items() if value}
        with file.open("rb") as body:
            whole = aiohttp.ClientTimeout(total=UPLOAD_S, connect=3.0)
            kind = {"Content-Type": "application/octet-stream"}
            return await self._ask("POST", path, params=params, data=body, headers=kind, timeout=whole)

    def _refusal(self, status: int, document: Any) -> Problem:
        """A terminal has no sign-in page: who is not known here came with another service's key, or an old one."""
        told = refusal(status, document)
        if told.slug != "not_signed_in":
            return told
        return Problem(status, "api_key_refused", {"path": str(self._key_file), "url": self._url})

    async def _ask(self, method: str, path: str, **rest: Any) -> Any:
        try:
            async with self._session.request(method, f"/api/v1{path}", allow_redirects=False, **rest) as answer:
                body = await answer.read()
                told = msgspec.json.decode(body) if body else None
                if answer.status >= 400:
                    raise self._refusal(answer.status, told)
                return told
        except (TimeoutError, msgspec.DecodeError):
            raise Unavailable("service_no_answer", url=self._url) from None
        except aiohttp.ClientError:
            raise Unavailable("service_not_running", url=self._url) from None


@asynccontextmanager
async def api(url: str, key_file: Path | None) -> AsyncIterator[Api]:
    """Open a client.

    Raises:
        BadSettings: ``api_key_file_missing``, and those of ``read_key``.
        Unavailable("service_not_running"): ``url`` is no address of a service.
    """
    if not _ADDRESS.fullmatch(url):
        raise Unavailable("service_not_running", url=url)
    candidates = (key_file,) if key_file else KEY_FILES
    path, key = next(((each, found) for each in candidates if (found := read_key(each)) is not None), (None, ""))
    if path is None:
        raise BadSettings("api_key_file_missing", path=str(candidates[0]))
    if not _KEY.fullmatch(key):
        raise BadSettings("key_file_not_ours", path=str(path), why="it holds no key")
    timeout = aiohttp.ClientTimeout(total=TOTAL_S, connect=3.0)
    try:
        session = aiohttp.ClientSession(
            url, headers={"Authorization": f"Bearer {key}", "Accept-Language": language()}, timeout=timeout
        )
    except ValueError:
        raise Unavailable("service_not_running", url=url) from None
    async with session:
        yield Api(session, url, path)


async def stands_at(url: str) -> bool:
    """Whether a service answers there: one that does not know us says so."""
    try:
        async with aiohttp.ClientSession(url, timeout=aiohttp.ClientTimeout(total=3.0)) as session:
            await Api(session, url, Path()).get("/devices")
    except Problem as told:
        return told.slug == "api_key_refused"
    except (Unavailable, ValueError):
        return False
    return True
