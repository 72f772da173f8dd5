"""LNbits beside ours on the same work: sale → acquirer → code, then webhook → durable → event on its WebSocket.

Its Stripe provider is pointed at an acquirer on loopback that does before it answers what the sandbox does for us:
it keeps the order on the same disk and signs. No display, printer or QR is asked of it. Driven through its public
HTTP API alone.
"""

import asyncio
import base64
import contextlib
import hashlib
import hmac
import json
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

import aiohttp
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256

from terminal.sandbox.store import Store
from tests.bench.peers import PeerMissing, environment
from tests.bench.shop import free_port, stop
from tests.bench.timing import cpu_of, now_s, p50, rss_mb, wakeups

SECRET: Final = "whsec_bench"  # signs webhooks on loopback
START_S: Final = 60.0
EVENT_S: Final = 30.0
CURRENCY: Final = "USD"


@dataclass(slots=True)
class Stripe:
    """The acquirer: what its provider calls, and the prices it asks for."""

    books: Store
    sessions: dict[str, dict[str, Any]] = field(default_factory=dict)
    answers: list[float] = field(default_factory=list)  # seconds until an order's answer was ready
    _key: RSAPrivateKey = field(default_factory=lambda: generate_private_key(65537, 2048))

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_post("/v1/checkout/sessions", self._create)
        app.router.add_get("/v1/checkout/sessions/{id}", self._read)
        app.router.add_get("/v1/balance", self._balance)
        app.router.add_get("/rate/{currency}", self._rate)
        return app

    async def _create(self, request: web.Request) -> web.Response:
        began_s = now_s()
        form, number = await request.post(), f"cs_{len(self.sessions)}"
        metadata = {str(key)[9:-1]: str(value) for key, value in form.items() if key.startswith("metadata[")}
        total = int(str(form["line_items[0][price_data][unit_amount]"]))
        self.sessions[number] = {
            "id": number,
            "url": f"https://pay.test/{number}",
            "object": "checkout.session",
            "payment_status": "paid",  # asked only after the webhook
            "amount_total": total,
            "currency": CURRENCY.lower(),
            "metadata": metadata,
        }
        text = json.dumps(self.sessions[number]).encode()
        self.books.save([("session", number, text)])
        signature = base64.b64encode(self._key.sign(text, PKCS1v15(), SHA256())).decode()
        self.answers.append(now_s() - began_s)
        return web.Response(body=text, content_type="application/json", headers={"Signature": signature})

    async def _read(self, request: web.Request) -> web.Response:
        return web.json_response(self.sessions[request.match_info["id"]])

    async def _balance(self, _request: web.Request) -> web.Response:
        return web.json_response({"available": [{"amount": 0}]})

    async def _rate(self, _request: web.Request) -> web.Response:
        return web.json_response({"rates": {"median": 100_000}})


@dataclass(slots=True)
class Round:
    """Sales made one way; the lists grow with every round."""

    create_ms: list[float] = field(default_factory=list)
    notify_ms: list[float] = field(default_factory=list)
    cpu_s: list[float] = field(default_factory=list)
    rate: list[float] = field(default_factory=list)


class Lnbits:
    def __init__(self, http: aiohttp.ClientSession, url: str, stripe: Stripe, pid: int) -> None:
        self._http, self._url, self._stripe, self.pid = http, url, stripe, pid
        self.first_s = 0.0
        self._key = ""
        self._paid: dict[str, asyncio.Future[float]] = {}
        self.alone, self.together = Round(), Round()

    @property
    def rss_mb(self) -> float:
        return rss_mb(self.pid)

    @property
    def answer_ms(self) -> float:
        """How long its acquirer took to answer, the middle."""
        return p50(self._stripe.answers) * 1e3

    async def open_account(self) -> None:
        async with self._http.post("/api/v1/account", json={"name": "bench"}) as answer:
            told = await answer.json()
            if answer.status not in (200, 201):
                raise PeerMissing(f"LNbits makes no account: {told}")
            self._key = told["inkey"]

    async def listen(self) -> None:
        async with self._http.ws_connect(f"/api/v1/ws/{self._key}") as socket:
            async for message in socket:
                heard_s, told = now_s(), json.loads(message.data)
                paid = self._paid.pop(told.get("payment", {}).get("payment_hash", ""), None)
                if paid and not paid.done():
                    paid.set_result(heard_s)

    async def sale(self, kept: Round | None = None) -> None:
        began_s = now_s()
        number = await self.open_sale()
        created_s = now_s()
        paid = self._paid[number] = asyncio.get_running_loop().create_future()
        posted = SimpleNamespace(at_s=0.0)
        await self._webhook(number, posted)
        async with asyncio.timeout(EVENT_S):
            heard_s = await paid
        if kept is not None:
            kept.create_ms.append((created_s - began_s) * 1e3)
            kept.notify_ms.append((heard_s - posted.at_s) * 1e3)

    async def spread(self, count: int, rounds: int) -> float:
        """Seconds from the webhook until the last of so many listeners has the event, the middle of the rounds."""
        taken = []
        heard = asyncio.Semaphore(0)

        async def hear(socket: aiohttp.ClientWebSocketResponse) -> None:
            async for message in socket:
                if number in message.data:
                    heard.release()

        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(self._url, connector=connector) as session, asyncio.TaskGroup() as group:
            sockets = [await session.ws_connect(f"/api/v1/ws/{self._key}") for _ in range(count)]
            number = "nothing yet"
            listening = [group.create_task(hear(each)) for each in sockets]
            for _ in range(rounds):
                number = await self.open_sale()
                began_s = now_s()
                await self._webhook(number)
                async with asyncio.timeout(EVENT_S):
                    for _ in range(count):
                        await heard.acquire()
                taken.append(now_s() - began_s)
                number = "nothing more"
            for task in listening:
                task.cancel()
        return p50(taken)

    async def open_sale(self) -> str:
        body = {"out": False, "amount": 28.5, "unit": CURRENCY, "fiat_provider": "stripe", "memo": "bench"}
        async with self._http.post("/api/v1/payments", json=body, headers={"X-Api-Key": self._key}) as answer:
            told = await answer.json()
            if answer.status != 201:
                raise PeerMissing(f"LNbits opens no sale: {str(told)[:200]}")
        return str(told["payment_hash"])

    async def _webhook(self, number: str, posted: SimpleNamespace | None = None) -> None:
        """``posted``: is told when it was written to the line, as our bank's stop-watch tells it of ours."""
        session = next(
            each for each in self._stripe.sessions.values() if each["metadata"]["payment_hash"] == number
        )
        event = {"id": f"evt_{number[:8]}", "type": "checkout.session.completed", "data": {"object": session}}
        text, stamp = json.dumps(event), int(time.time())
        signature = hmac.new(SECRET.encode(), f"{stamp}.{text}".encode(), hashlib.sha256).hexdigest()
        headers = {"Stripe-Signature": f"t={stamp},v1={signature}", "Content-Type": "application/json"}
        url = "/api/v1/callback/stripe"
        async with self._http.post(url, data=text, headers=headers, trace_request_ctx=posted) as answer:
            if answer.status != 200:
                raise PeerMissing(f"LNbits refuses the webhook: {(await answer.text())[:200]}")

    async def round(self, kept: Round, at_once: int, count: int) -> None:
        cpu, began_s = cpu_of(self.pid), now_s()

        async def till() -> None:
            for _ in range(count):
                await self.sale(kept)

        await asyncio.gather(*(till() for _ in range(at_once)))
        kept.rate.append(at_once * count / (now_s() - began_s))
        kept.cpu_s.append((cpu_of(self.pid) - cpu) / (at_once * count))

    async def idle(self, over_s: float) -> tuple[float, float]:
        """Wake-ups a second and share of a core while nobody asks anything."""
        count, cpu, began_s = wakeups(self.pid), cpu_of(self.pid), now_s()
        await asyncio.sleep(over_s)
        took_s = now_s() - began_s
        return (wakeups(self.pid) - count) / took_s, (cpu_of(self.pid) - cpu) / took_s


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[Lnbits]:
    """Start it on an empty SQLite database. Raises PeerMissing with what it said when it does not come up."""
    python = await asyncio.to_thread(_prepared, folder)
    stripe = Stripe(Store(folder / "acquirer.db"))
    runner = web.AppRunner(stripe.app(), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    bank, port = f"http://127.0.0.1:{runner.addresses[0][1]}", free_port()
    try:
        with (folder / "lnbits.log").open("wb") as out:
            began_s = now_s()
            process = await asyncio.create_subprocess_exec(
                str(python), "-m", "uvicorn", "lnbits.__main__:app", "--loop", "uvloop", "--port", str(port),
                "--log-level", "warning", cwd=folder, env=_settings(folder, bank), stdout=out, stderr=out,
            )  # fmt: skip
        try:
            url = f"http://127.0.0.1:{port}"
            watch = aiohttp.TraceConfig()
            watch.on_request_chunk_sent.append(_written)
            async with aiohttp.ClientSession(url, trace_configs=[watch]) as http:
                made = Lnbits(http, url, stripe, process.pid)
                await _first_sale(made, process, folder / "lnbits.log")
                made.first_s = now_s() - began_s
                listening = asyncio.create_task(made.listen())
                try:
                    await asyncio.sleep(1.0)  # it greets the socket
                    yield made
                finally:
                    listening.cancel()
                    with contextlib.suppress(asyncio.CancelledError):
                        await listening
        finally:
            await stop(process)
    finally:
        await runner.cleanup()
        stripe.books.close()


async def _written(
    _session: aiohttp.ClientSession, context: SimpleNamespace, _params: aiohttp.TraceRequestChunkSentParams
) -> None:
    if context.trace_request_ctx is not None:
        context.trace_request_ctx.at_s = now_s()


def _prepared(folder: Path) -> Path:
    python = environment()
    folder.mkdir()
    package = next((python.parents[1] / "lib").glob("python3*/site-packages/lnbits"))
    (folder / "lnbits").symlink_to(package)  # it looks for ./lnbits/static
    return python


async def _first_sale(made: Lnbits, process: asyncio.subprocess.Process, log: Path) -> None:
    """Until it answers and has opened a sale: what its cold start is measured to."""
    end_s = now_s() + START_S
    while now_s() < end_s:
        if process.returncode is not None:
            break
        try:
            await made.open_account()
            await made.open_sale()
            return
        except aiohttp.ClientConnectionError:
            await asyncio.sleep(0.02)
    said = await asyncio.to_thread(log.read_text, errors="replace")
    raise PeerMissing(f"LNbits did not start: {said.strip()[-300:]}")


def _settings(folder: Path, bank: str) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "LNBITS_DATA_FOLDER": str(folder / "data"),
        "LNBITS_EXTENSIONS_PATH": str(folder),
        "LNBITS_BACKEND_WALLET_CLASS": "FakeWallet",
        "LNBITS_ADMIN_UI": "false",
        "LNBITS_EXTENSIONS_MANIFESTS": "[]",
        "LNBITS_EXTENSIONS_DEFAULT_INSTALL": "[]",
        "LNBITS_PRICE_AGGREGATOR_URL": bank,
        "LNBITS_RATE_LIMIT_NO": "100000000",
        "STRIPE_ENABLED": "true",
        "STRIPE_API_ENDPOINT": bank,
        "STRIPE_API_SECRET_KEY": "sk_test_bench",
        "STRIPE_WEBHOOK_SIGNING_SECRET": SECRET,
        "LOG_LEVEL": "WARNING",
        "DEBUG": "false",
    }
