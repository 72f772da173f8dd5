"""Addresses whose code is loaded when one of them is first asked for: a shop at rest keeps none of it."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import Final

from aiohttp import web
from yarl import URL

Load = Callable[[], Iterable[web.AbstractRouteDef]]
_NOBODY: Final = (None, set[str]())


def _raising(error: BaseException) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """What is told where every handler's failure is."""

    async def fail(_request: web.Request) -> web.StreamResponse:
        raise error

    return fail


class Late(web.AbstractResource):
    """A family of addresses.

    Args:
        head: what all of them begin with, itself an address or the root.
        claims: a pattern that all of them fit, and nobody else's: what does not fit loads nothing.
        load: imports their code and tells their routes. It is called off the loop, once: a customer at another
            counter does not wait for it.
    """

    def __init__(self, head: str, claims: str, load: Load) -> None:
        super().__init__()
        self._head, self._claims, self._load = head, re.compile(claims), load
        self._inside: web.UrlDispatcher | None = None
        self._turn = asyncio.Lock()

    @property
    def canonical(self) -> str:
        return self._head

    async def resolve(self, request: web.Request) -> tuple[web.UrlMappingMatchInfo | None, set[str]]:
        if not self._claims.fullmatch(request.rel_url.path_safe):
            return _NOBODY
        async with self._turn:
            if self._inside is None:
                loading = asyncio.create_task(asyncio.to_thread(self._loaded), name=f"load {self._claims.pattern}")
                await asyncio.wait([loading])
                if (wrong := loading.exception()) is not None:  # the library's own answer would name the library
                    return web.UrlMappingMatchInfo({}, web.ResourceRoute("*", _raising(wrong), self)), set()
        assert self._inside is not None
        found = await self._inside.resolve(request)
        if isinstance(found.http_exception, web.HTTPMethodNotAllowed):
            return None, found.http_exception.allowed_methods
        return _NOBODY if found.http_exception is not None else (found, set())

    def _loaded(self) -> web.UrlDispatcher:
        inside = web.UrlDispatcher()
        inside.add_routes(self._load())
        inside.freeze()
        self._inside = inside
        return inside

    # --- what the router asks of every resource; pages are looked at by tests, and loaded for them ------------

    def __iter__(self) -> Iterator[web.AbstractRoute]:
        return iter((self._inside if self._inside is not None else self._loaded()).routes())

    def __len__(self) -> int:
        return len(list(iter(self)))

    def raw_match(self, path: str) -> bool:
        return bool(self._claims.fullmatch(path))

    def url_for(self, **_parts: str) -> URL:
        raise NotImplementedError("addresses are written out in pages and calls")

    def add_prefix(self, _prefix: str) -> None:
        raise NotImplementedError("these stand at the root")

    def get_info(self) -> dict[str, object]:  # type: ignore[override]  # the library's own type has a private name
        return {"pattern": self._claims}
