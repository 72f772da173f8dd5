"""A shop's service as one real process after the other over the same disk: killed where a test wants it."""

import asyncio
import signal
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Literal

import aiohttp
import msgspec

from terminal.sandbox.server import Sandbox
from tests.flows.cli_rig import WATCHDOG_S, Place, Serving, serving

Cut = Literal["", "before", "amid", "after"]
ANY_PORT = "[training]\nport = 0\n"
_HEADERS = {"X-Requested-With": "countertop"}


class Lives:
    """``kill`` is a kill -9 and the next start; the owner signs in anew with the PIN of the first start."""

    def __init__(self, place: Place, bank: Sandbox) -> None:
        self.place, self.bank, self.lives = place, bank, 0
        self.owner = ""
        self.pins: dict[str, str] = {}
        self._cookie = ""
        self._asked = 0
        self._stack = AsyncExitStack()
        self.now: Serving

    @property
    def here(self) -> tuple[str | Path, ...]:
        """What a command is told of this shop."""
        return "--url", self.place.url, "--key-file", self.place.key_file

    async def begin(self) -> None:
        self.lives += 1
        self.now = await self._stack.enter_async_context(serving(self.place))
        self.pins = msgspec.json.decode((self.place.state / "demo-pins").read_bytes())
        _, told = await self.now.ask("GET", "/people")
        self.owner = self.owner or next(each["id"] for each in told["people"] if each["role"] == "owner")
        self._cookie = ""
        await self.told("POST", "/sign-in", {"person": self.owner, "pin": self.pins["owner"]})

    async def end(self) -> None:
        await self._stack.aclose()

    async def kill(self) -> None:
        self.now.send(signal.SIGKILL)
        assert await self.now.ended() == -signal.SIGKILL
        await self._stack.aclose()
        self._stack = AsyncExitStack()
        await self.begin()

    async def ask(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, *, url: str = ""
    ) -> tuple[int, bytes]:
        """A request of the owner's browser; ``url``: of the pages of practice."""
        self._asked += 1
        headers = {**_HEADERS, "Idempotency-Key": f"life-{self.lives}-{self._asked:06}"}
        headers |= {"Cookie": self._cookie} if self._cookie else {}
        async with (
            aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), headers=headers) as session,
            session.request(
                method, f"{url or self.place.url}/api/v1{path}", json=body or {} if method == "POST" else None
            ) as answer,
        ):
            for name, morsel in answer.cookies.items():
                self._cookie = f"{name}={morsel.value}"
            return answer.status, await answer.read()

    async def told(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, *, url: str = ""
    ) -> dict[str, Any]:
        status, data = await self.ask(method, path, body, url=url)
        assert 200 <= status < 300, (method, path, status, data)
        return dict(msgspec.json.decode(data))

    async def cut(
        self,
        cut: Cut,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        wait_s: float = 0.0,
        url: str = "",
    ) -> dict[str, Any] | None:
        """A POST that the power goes out over: before it, amid it, or straight after its answer.

        What it answered; None: nobody heard. ``wait_s``: of "amid", from the sending on; whatever became of it
        until then must hold.
        """
        if cut == "before":
            await self.kill()
            return None
        if cut == "amid":
            asking = asyncio.create_task(self.ask("POST", path, body, url=url))
            await asyncio.wait({asking}, timeout=wait_s)
            await self.kill()
            async with asyncio.timeout(WATCHDOG_S):
                heard = await asyncio.gather(asking, return_exceptions=True)
            assert isinstance(heard[0], tuple | aiohttp.ClientError | OSError), heard
            return None
        told = await self.told("POST", path, body, url=url)
        if cut == "after":
            await self.kill()
        return told


@asynccontextmanager
async def lives(place: Place, bank: Sandbox) -> AsyncIterator[Lives]:
    place.write(bank, counter=ANY_PORT)
    told = Lives(place, bank)
    await told.begin()
    try:
        yield told
    finally:
        await told.end()
