"""The three clients behind one face, so that one set of stories is played by each."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

import msgspec
import playwright

from terminal.client import MODULE, AsyncClient, Client, Event, NoAnswer, NotPaid, Order, Paid, Refused, Unknown

NODE = Path(playwright.__file__).parent / "driver" / "node"  # the one the browser's driver brings along
SCRIPT = Path(__file__).with_name("client_player.mjs")


@dataclass
class Said:
    """``told``: the answer as JSON; of a pay or cancel ``kind``, ``sale``, ``key`` and the name of ``why``."""

    told: Any = None
    refused: dict[str, Any] = field(default_factory=dict)
    no_answer: str | None = None
    kept: list[Any] = field(default_factory=list)


@dataclass(frozen=True)
class Where:
    url: str
    key: str
    tries: int = 4
    pause_s: float = 0.02


class Player(Protocol):
    async def play(self, to: Where, call: str, *args: Any, **options: Any) -> Said: ...


JS_NAMES = {"open_sale": "openSale"}
JS_OPTIONS = {"limit_s": "limitS", "wait_s": "waitS"}


class Python:
    """``waits``: through the client that awaits; else through the one that blocks, in a thread of its own."""

    def __init__(self, *, waits: bool) -> None:
        self._waits = waits

    async def play(self, to: Where, call: str, *args: Any, **options: Any) -> Said:
        said = Said()
        named: dict[str, Any] = {
            "tries": to.tries,
            "pause_s": to.pause_s,
            "keep": lambda key, body: said.kept.append([key, dict(body)]),
        }
        if call in {"open_sale", "pay"}:
            args = (Order(**args[0]), *args[1:])
        try:
            if self._waits:
                async with AsyncClient(to.url, to.key, **named) as waiting:
                    said.told = _plain(await self._awaited(waiting, call, *args, **options))
            else:
                said.told = _plain(
                    await asyncio.to_thread(self._blocked, Client(to.url, to.key, **named), call, args, options)
                )
        except Refused as no:
            said.refused = {name: getattr(no, name) for name in ("status", "slug", "code", "detail", "fix")}
        except NoAnswer as lost:
            said.no_answer = lost.key
        return said

    async def _awaited(self, client: AsyncClient, call: str, *args: Any, **options: Any) -> Any:
        if call != "follow":
            return await getattr(client, call)(*args, **options)
        found: list[Any] = []
        async for event in client.follow(args[0]):
            found.append(_event(event))
            if len(found) == args[1]:
                break
        return found

    def _blocked(self, client: Client, call: str, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
        if call != "follow":
            return getattr(client, call)(*args, **options)
        return [_event(event) for event in islice(client.follow(args[0]), args[1])]


def _event(event: Event) -> dict[str, Any]:
    return {name: getattr(event, name) for name in ("number", "type", "counter", "subject", "body")}


def _plain(found: Any) -> Any:
    if isinstance(found, Paid | NotPaid):
        return {"kind": "paid" if isinstance(found, Paid) else "not_paid", "sale": _plain(found.sale)}
    if isinstance(found, Unknown):
        why = found.why and type(found.why).__name__
        return {"kind": "unknown", "sale": _plain(found.sale), "key": found.key, "why": why}
    return msgspec.to_builtins(found)


class JavaScript:
    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._count = 0

    async def play(self, to: Where, call: str, *args: Any, **options: Any) -> Said:
        self._count += 1
        asked = {
            "id": self._count,
            "to": {"url": to.url, "key": to.key, "options": {"tries": to.tries, "pauseS": to.pause_s}},
            "call": JS_NAMES.get(call, call),
            "args": args,
            "options": {JS_OPTIONS.get(name, name): told for name, told in options.items()},
        }
        answer = self._waiting[self._count] = asyncio.get_running_loop().create_future()
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(asked).encode() + b"\n")
        told = await answer
        return Said(**{name: value for name, value in told.items() if name != "id"})

    async def listen(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            told = json.loads(line)
            self._waiting.pop(told["id"]).set_result(told)


@contextlib.asynccontextmanager
async def javascript() -> AsyncIterator[JavaScript]:
    process = await asyncio.create_subprocess_exec(
        NODE, SCRIPT, MODULE.as_uri(), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=1 << 20
    )
    player = JavaScript(process)
    listening = asyncio.create_task(player.listen())
    try:
        yield player
    finally:
        process.kill()
        await process.wait()
        await listening
