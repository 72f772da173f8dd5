"""The bank as a process of its own: the sandbox with a stop-watch at both of its doors.

``python -m tests.bench.acquirer FOLDER CA`` says where it is in one JSON line, then answers one JSON line each:
``{"chars": n}`` makes the codes of later orders n characters long, ``{"log": true}`` tells the times since it was
asked last: begin and end of each order's answer, when each notification left, and why one did not.
"""

import asyncio
import json
import ssl
import sys
from collections.abc import Mapping
from contextvars import ContextVar
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

import aiohttp
from aiohttp import web

from terminal.sandbox.desk import Desk
from terminal.sandbox.keys_folder import KeysFolder
from terminal.sandbox.notifications import Delivery
from terminal.sandbox.outcome import Reply
from terminal.sandbox.pages import Pages
from terminal.sandbox.server import DEFAULT_RULES, Sandbox
from terminal.sandbox.store import Store
from terminal.sandbox.wechatpay import Bank
from terminal.system import SystemClock, SystemEntropy
from tests.bench.timing import now_s

FRAME_CHARS: Final = len("weixin://wxpay/bizpayurl?pr=") + len("TEST")
TOKEN: Final = "bench"  # opens a sandbox on loopback that lives for minutes
_ORDER: ContextVar[str] = ContextVar("order")  # whose notification this task posts
_CODE_BYTES: Final = 6  # what an order's code is made of, two characters a byte


class LongEntropy(SystemEntropy):
    """More chance than asked for makes a code longer: other schemes' codes are larger than WeChat's."""

    extra = 0
    ordering = False

    def bytes(self, count: int) -> bytes:
        return super().bytes(count + self.extra if self.ordering and count == _CODE_BYTES else count)


class LongDesk(Desk):
    entropy: LongEntropy

    def handle(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Reply:
        self.entropy.ordering = target.endswith("/native")
        try:
            return super().handle(method, target, headers, body)
        finally:
            self.entropy.ordering = False


class TimedSandbox(Sandbox):
    def __init__(self, desk: Desk, keys: KeysFolder, store: Store, woken: asyncio.Event) -> None:
        super().__init__(desk, keys, store, woken)
        self.answers: dict[str, tuple[float, float]] = {}  # order number -> begin and end, now_s
        self.posted: dict[str, float] = {}  # order number -> when its notification was written to the line, now_s
        self.unheard: dict[str, str] = {}  # order number -> why a notification of it did not get through
        self._watch = aiohttp.TraceConfig()
        self._watch.on_request_exception.append(self._failed)
        self._watch.on_request_chunk_sent.append(self._written)
        self._watch.freeze()

    async def _provider(self, request: web.Request) -> web.StreamResponse:
        began = now_s()
        answer = await super()._provider(request)
        if request.method == "POST" and request.path.endswith("/native"):
            order = json.loads(await request.read())["out_trade_no"]
            self.answers[order] = (began, now_s())
        return answer

    async def _deliver(
        self,
        session: aiohttp.ClientSession,
        limit: asyncio.Semaphore,
        delivery: Delivery,
        tls: ssl.SSLContext | None,
    ) -> None:
        _ORDER.set(delivery.about.rpartition("/")[2])
        if self._watch not in session.trace_configs:
            session.trace_configs.append(self._watch)
        await super()._deliver(session, limit, delivery, tls)

    async def _written(
        self,
        _session: aiohttp.ClientSession,
        _context: SimpleNamespace,
        _params: aiohttp.TraceRequestChunkSentParams,
    ) -> None:
        self.posted.setdefault(_ORDER.get(), now_s())

    async def _failed(
        self,
        _session: aiohttp.ClientSession,
        _context: SimpleNamespace,
        params: aiohttp.TraceRequestExceptionParams,
    ) -> None:
        self.unheard[_ORDER.get()] = str(params.exception) or type(params.exception).__name__


async def start(folder: Path, authority: Path, entropy: LongEntropy) -> TimedSandbox:
    clock = SystemClock()
    keys = KeysFolder(folder, entropy)
    bank = Bank(keys.open(clock.wall_ms(), ("Bench 测试",)), rules=DEFAULT_RULES)
    store = Store(folder / "bank.db")
    bank.load(store.rows())
    woken = asyncio.Event()
    desk = LongDesk(bank, clock, store, keys, woken.set)
    desk.entropy = entropy
    sandbox = TimedSandbox(desk, keys, store, woken)
    pages = Pages(desk, admin_token=TOKEN, page_token=TOKEN, embed_origins=())
    await sandbox.start("127.0.0.1", 0, pages, ssl.create_default_context(cafile=str(authority)))
    return sandbox


async def main(folder: Path, authority: Path) -> None:
    entropy = LongEntropy()
    sandbox = await start(folder, authority, entropy)
    say({"url": sandbox.url, "credentials": str(sandbox.credentials)})
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        asked = json.loads(line)
        if "chars" in asked:
            entropy.extra = (asked["chars"] - FRAME_CHARS) // 2 - _CODE_BYTES
        if "log" in asked:
            say({"answers": sandbox.answers, "posted": sandbox.posted, "unheard": sandbox.unheard})
            sandbox.answers, sandbox.posted, sandbox.unheard = {}, {}, {}
        else:
            say({})
    await sandbox.close()


def say(told: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2])))
