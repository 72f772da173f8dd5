"""The sandbox as a server on loopback: provider paths, wallet page, laboratory, and real notifications.

Everything it says it is: TEST. It takes merchants' requests like the provider and posts to the merchants'
notify_url, but only to loopback addresses.
"""

import asyncio
import contextlib
import logging
import ssl
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import aiohttp
from aiohttp import web

from terminal.sandbox.account_desk import AccountDesk, Place
from terminal.sandbox.client_tls import FILES, listening
from terminal.sandbox.desk import Clock, Desk
from terminal.sandbox.engine import Rules
from terminal.sandbox.keyring import Entropy
from terminal.sandbox.keys_folder import KeysFolder
from terminal.sandbox.notifications import ANSWER_WITHIN_S, Delivery
from terminal.sandbox.outcome import Reply
from terminal.sandbox.pages import Pages
from terminal.sandbox.store import Store
from terminal.sandbox.wechatpay import BODY_MAX, Bank
from terminal.tls.trust import trusting

log = logging.getLogger(__name__)
SILENCE_S: Final = 65.0  # a request that gets no answer is held this long, then its connection ends
DELIVERIES_AT_ONCE: Final = 16
_IDLE_S: Final = 60.0
_LOOPBACK: Final = {"127.0.0.1", "localhost", "::1"}
DEFAULT_RULES: Final = Rules(scripted_payers=True, opening_balance=1_000_000_00)  # fen
ADMIN_FILE: Final = "admin-token"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Sandbox:
    """A running sandbox. Close it with ``close``.

    Attributes:
        url: "http://127.0.0.1:7610", the gateway for merchants; the wallet is at ``url + "/wallet"``.
        pix_url: "https://…" where the Pix API asks for the client's certificate; empty when it listens at ``url``.
        admin_token: for the Authorization header ("Bearer …") of /admin/…; also in the file ``admin-token``.
        credentials: folder with credentials.json and the PEM files of the first merchant.
        bank: the bank itself, for tests in the same process.
    """

    def __init__(self, desk: Desk, keys: KeysFolder, store: Store, woken: asyncio.Event) -> None:
        self.url, self.pix_url, self.admin_token = "", "", ""
        self.credentials = keys.credentials()
        self.bank = desk.bank
        self._desk, self._keys, self._store, self._woken = desk, keys, store, woken
        self._hosts: set[str] = set()
        self._runner: web.AppRunner | None = None
        self._post: asyncio.Task[None] | None = None

    async def start(
        self,
        host: str,
        port: int,
        pages: Pages,
        notify_tls: ssl.SSLContext | None,
        pix_tls: tuple[int, ssl.SSLContext] | None = None,
    ) -> None:
        app = web.Application(client_max_size=BODY_MAX, middlewares=[self._check_host])
        app.add_routes(
            [
                *pages.routes(),
                web.route("*", "/v3/{rest:.*}", self._provider),
                web.route("*", "/gateway.do", self._provider),
                web.route("GET", "/downloadBillFile.resource", self._provider),
                web.route("*", "/pix/{rest:.*}", self._pix),
            ]
        )
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5, handler_cancellation=True)
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port)
        await site.start()
        port = self._runner.addresses[0][1]
        self.url = f"http://{host}:{port}"
        self._hosts = {f"{name}:{port}" for name in (host, "localhost", "127.0.0.1")}
        if pix_tls is not None:
            await self._listen_for_pix(host, *pix_tls)
        self._keys.write_gateway(self.url, (self.pix_url, FILES) if self.pix_url else None)
        self.bank.address = self.url
        self._post = asyncio.create_task(self._deliver_for_ever(notify_tls), name="sandbox-notifications")

    async def _listen_for_pix(self, host: str, port: int, tls: ssl.SSLContext) -> None:
        assert self._runner is not None
        await web.TCPSite(self._runner, host, port, ssl_context=tls).start()
        port = self._runner.addresses[-1][1]
        self.pix_url = f"https://{host}:{port}"
        self._hosts |= {f"{name}:{port}" for name in (host, "localhost", "127.0.0.1")}

    async def close(self) -> None:
        """Stop answering and posting; what is owed is owed after the next start."""
        if self._post is not None:
            self._post.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._post
        if self._runner is not None:
            await self._runner.cleanup()
        self._desk.save()
        self._store.close()

    # --- the provider's paths ---------------------------------------------------------------------------

    @web.middleware
    async def _check_host(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.headers.get("Host", "") not in self._hosts:
            raise web.HTTPMisdirectedRequest
        return await handler(request)

    async def _provider(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        reply = self._desk.handle(request.method, request.raw_path, request.headers, body)
        if reply.delay_ms:
            await asyncio.sleep(reply.delay_ms / 1000)
        if reply.lost:
            return await self._unanswered(request, reply)
        return web.Response(status=reply.status, headers=reply.headers, body=reply.body)

    async def _pix(self, request: web.Request) -> web.StreamResponse:
        """With TLS of its own it is nowhere else."""
        if request.secure is not bool(self.pix_url):
            raise web.HTTPNotFound
        return await self._provider(request)

    async def _unanswered(self, request: web.Request, reply: Reply) -> web.StreamResponse:
        if reply.lost == "silent":
            await asyncio.sleep(SILENCE_S)
        if request.transport is not None:
            request.transport.abort()
        return web.Response()  # goes nowhere: the connection is gone

    # --- notifications ----------------------------------------------------------------------------------

    async def _deliver_for_ever(self, tls: ssl.SSLContext | None) -> None:
        timeout = aiohttp.ClientTimeout(total=ANSWER_WITHIN_S)
        limit = asyncio.Semaphore(DELIVERIES_AT_ONCE)
        async with aiohttp.ClientSession(timeout=timeout) as session, asyncio.TaskGroup() as group:
            while True:
                self._woken.clear()
                now_ms = self._desk.clock.wall_ms()
                deliveries = self.bank.due(now_ms)
                self._desk.save()
                for delivery in deliveries:
                    group.create_task(self._deliver(session, limit, delivery, tls))
                next_ms = self.bank.next_due_ms()
                wait_s = _IDLE_S if next_ms is None else max(0.001, (next_ms - now_ms) / 1000)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(min(wait_s, _IDLE_S)):
                        await self._woken.wait()

    async def _deliver(
        self,
        session: aiohttp.ClientSession,
        limit: asyncio.Semaphore,
        delivery: Delivery,
        tls: ssl.SSLContext | None,
    ) -> None:
        async with limit:
            ok = await _post_once(session, delivery, tls)
        self.bank.delivered(delivery.id, ok, self._desk.clock.wall_ms())
        self._desk.save()
        self._woken.set()


async def _post_once(session: aiohttp.ClientSession, delivery: Delivery, tls: ssl.SSLContext | None) -> bool:
    if urlsplit(delivery.url).hostname not in _LOOPBACK:
        log.warning("sandbox: %s is not on loopback, nothing is sent there", delivery.url)
        return False
    try:
        async with session.post(
            delivery.url,
            data=delivery.body,
            headers=dict(delivery.headers),
            ssl=tls if tls is not None else True,
            allow_redirects=False,
        ) as answer:
            if delivery.yes:
                return (await answer.content.read(64)).decode(errors="replace").strip() == delivery.yes
            return answer.status in (200, 204)
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        log.info("sandbox: %s did not take a notification: %s", delivery.url, error)
        return False


async def start_sandbox(
    state_dir: Path,
    *,
    clock: Clock,
    entropy: Entropy,
    host: str = "127.0.0.1",
    port: int = 7610,
    rules: Rules | None = None,
    shops: Sequence[str] = ("TEST Shop 测试商店",),
    notify_ca: Path | None = None,
    embed_origins: tuple[str, ...] = (),
    pix_tls_port: int | None = None,
    accounts: Sequence[Place] = (),
) -> Sandbox:
    """Start the bank, continuing from ``state_dir``.

    Args:
        port: 0 takes a free one; the answer's ``url`` says which.
        rules: what the provider's documents leave open.
        shops: names of the merchants made at the first start; each gets keys and a folder.
        notify_ca: PEM file of the authority behind the merchants' https notify_url.
        embed_origins: pages that may show the wallet in a frame.
        pix_tls_port: the Pix API listens there instead, with TLS that demands the shop's certificate; 0: any.
        accounts: at a bank without an API, with the folders its statements go to.

    Raises:
        ValueError: ``host`` is not a loopback address.
        OSError: the port is taken, or the folder cannot be written.
    """
    if host not in _LOOPBACK:
        raise ValueError(f"the sandbox listens on loopback only, not on {host}")
    keys, woken = KeysFolder(state_dir, entropy), asyncio.Event()
    keyring = await asyncio.to_thread(keys.open, clock.wall_ms(), shops)  # new keys take about a second
    bank = Bank(keyring, rules=rules or DEFAULT_RULES)
    store = Store(state_dir / "bank.db")
    bank.load(store.rows())
    desk = Desk(bank, clock, store, keys, woken.set, AccountDesk(accounts, state_dir))
    sandbox = Sandbox(desk, keys, store, woken)
    sandbox.admin_token = admin = _admin_token(state_dir / ADMIN_FILE, entropy)
    pages = Pages(desk, admin_token=admin, page_token=entropy.bytes(16).hex(), embed_origins=embed_origins)
    tls = trusting(notify_ca) if notify_ca is not None else None
    pix = None
    if pix_tls_port is not None:
        pix = pix_tls_port, listening(keys.bank, keys.shops(), clock.wall_ms(), entropy)
    try:
        await sandbox.start(host, port, pages, tls, pix)
    except BaseException:
        await sandbox.close()
        raise
    return sandbox


def _admin_token(path: Path, entropy: Entropy) -> str:
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(entropy.bytes(24).hex() + "\n")
    return path.read_text().strip()
