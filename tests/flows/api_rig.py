"""A shop behind its real HTTP edge on loopback: real journal, sandbox bank, real notifications over HTTP."""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import aiohttp
import msgspec

from terminal.banks.channel import Channel
from terminal.banks.connector import Keys, ProviderKey
from terminal.banks.open_wechatpay import WeChatPaySettings, open_wechatpay
from terminal.banks.signing import MacSigner, MacVerifier
from terminal.bills.desk import BillDesk
from terminal.chance import Chance
from terminal.counter.feed import Feed
from terminal.counter.floor import Parts
from terminal.counter.lane import Devices
from terminal.counter.service import Service
from terminal.counter.settings import CounterSettings, House, Limits
from terminal.counter.slips import Slips
from terminal.errors import TerminalError
from terminal.help.wording import CatalogueWording
from terminal.hooks.desk import Hooks
from terminal.journal.keys import JournalKeys
from terminal.journal.records import Identity
from terminal.journal.sqlite import SqliteJournal
from terminal.payments.event import Actor, Ledger
from terminal.people.pins import PinCost
from terminal.people.roles import RefundPolicy, Role
from terminal.people.service import People, PeopleSettings
from terminal.privacy.ledger import Ledger as Sent
from terminal.sandbox.keyring import simulated_keyring
from terminal.sandbox.wechatpay import Bank
from terminal.system import SystemIds
from terminal.web.app import make_api, make_notices_app
from terminal.web.callers import DISPLAY, SESSION, TILL
from terminal.web.desks.care import CARE, CareDesk
from terminal.web.desks.hooks import HOOKS
from terminal.web.desks.reports import DESK, Desk, ReportParts
from terminal.web.desks.risk import RISK, RiskWords
from terminal.web.edge import EDGE, Edge, EdgeLimits
from terminal.web.listen import listen
from terminal.web.live.hub import HUB, Hub
from tests.flows.api_parts import Clock, Disk, Line, PaperRoll

BANK: Final = "https://bank.example"  # its gateway, where its bills lie as well
WATCHDOG_S: Final = 30.0  # ends a hang; nothing here is measured
OWNER_PIN: Final = "837465"
CASHIER_PIN: Final = "294857"
_FRESH: Final = itertools.count(1)  # of all callers: a restarted shop remembers what any of them used
KEYS: Final = JournalKeys.make(Chance("keys"))
CHEAP: Final = PinCost(passes=1, memory_kib=8)
POLICY: Final = RefundPolicy(cashier_alone_minor=1000, cashier_day_minor=1500)
PEOPLE: Final = PeopleSettings(pin_cost=CHEAP, refunds=POLICY)
WHO: Final = ("/people", "/keys", "/visitors", "/rotate", "/hooks")
MONEY_CALLS: Final = ("/sales", "/refunds", "/code", "/scan", *WHO)  # whose answer is stored


@dataclass(frozen=True, slots=True)
class Told:
    """An answer: its status, JSON and headers."""

    status: int
    body: Any
    headers: Mapping[str, str]
    cookies: Mapping[str, str] = field(default_factory=dict)

    @property
    def slug(self) -> str:
        return str(self.body.get("slug", "")) if isinstance(self.body, dict) else ""


class Client:
    """One caller. ``headers`` go with every request; a new idempotency key goes with every POST that wants one."""

    def __init__(self, url: str, session: aiohttp.ClientSession, headers: Mapping[str, str]) -> None:
        self.url, self.session, self.headers = url, session, dict(headers)

    async def get(self, path: str, **headers: str) -> Told:
        return await self.ask("GET", path, headers=_dashed(headers))

    async def post(self, path: str, body: object = None, *, key: str | None = None, **headers: str) -> Told:
        """``key`` None makes a new one, "" sends none."""
        sent = {"Content-Type": "application/json", **_dashed(headers)}
        if key is None and path.endswith(MONEY_CALLS):
            key = f"key-{next(_FRESH):06d}"
        if key:
            sent["Idempotency-Key"] = key
        data = msgspec.json.encode({} if body is None else body)
        return await self.ask("POST", path, headers=sent, data=data)

    async def ask(self, method: str, path: str, *, headers: Mapping[str, str], data: bytes | None = None) -> Told:
        address = (
            path if path.startswith("http") else self.url + ("" if path.startswith("/api") else "/api/v1") + path
        )
        sent = {**self.headers, **headers}
        async with self.session.request(method, address, data=data, headers=sent, allow_redirects=False) as answer:
            raw = await answer.read()
            body = msgspec.json.decode(raw) if "json" in answer.content_type and raw else raw.decode()
            cookies = {name: morsel.value for name, morsel in answer.cookies.items()}
            return Told(answer.status, body, answer.headers, cookies)


def _dashed(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


HooksOf = Callable[["Shop"], Hooks]


class Shop:
    """Start it, call it, kill it, start it again on the same disk."""

    def __init__(
        self,
        folder: Path,
        counters: Sequence[str] = ("1", "2"),
        limits: EdgeLimits | None = None,
        *,
        people: PeopleSettings = PEOPLE,
        simulated: bool = True,
    ) -> None:
        self.folder, self.counters, self.edge_limits = folder, counters, limits
        self.rules, self.simulated = people, simulated
        self.clock, self.entropy, self.ids = Clock(), Chance("shop"), SystemIds()
        keyring, merchants = simulated_keyring(Chance("bank"))
        self.bank, self.merchant = Bank(keyring), merchants[0]
        self.bank.address = BANK
        self.line = Line(self.bank, self.clock)
        self.house = House("m1", "s1", "Tea 茶", currency="CNY", ledger=Ledger.TEST)
        self.printers = {each: PaperRoll() for each in counters}
        self.limits = Limits(cancel_answer_s=1.0)
        self.hooks_of: HooksOf | None = None  # a desk that delivers; without one endpoints wait
        self.sent = Sent(self.clock)
        self.session: aiohttp.ClientSession
        self._stack: AsyncExitStack
        self._abandoned = False

    async def start(self) -> None:
        self._stack = AsyncExitStack()
        self.session = await self._stack.enter_async_context(aiohttp.ClientSession())
        self.journal = SqliteJournal.open(
            self.folder / "journal.db",
            identity=Identity("m1", "s1", Ledger.TEST),
            clock=self.clock,
            entropy=self.entropy,
            keys=KEYS,
            inline=True,
        )
        self._stack.push_async_callback(self._close_journal)
        self.disk = Disk(self.journal)
        feed = Feed(self.disk)
        self.notices_url = ""
        parts = Parts(
            house=self.house,
            feed=feed,
            clock=self.clock,
            ids=self.ids,
            providers={"wechatpay": self._channel()},
            slips=Slips(self.house, CatalogueWording()),
            code_key=b"code key of these tests",
            notify_url="https://shop.test/notify/wechatpay",
            limits=self.limits,
        )
        lanes = [(CounterSettings(each), Devices(printer=self.printers[each])) for each in self.counters]
        self.service = Service(parts, lanes)
        self.people = People(
            "s1", journal=feed, clock=self.clock, entropy=self.entropy, ids=self.ids, pepper=bytes(32),
            settings=self.rules, simulated=self.simulated,
        )  # fmt: skip
        self.bills = BillDesk(self.service, self.journal.settled, self.folder / "bills")
        app = make_api(
            self.service,
            self.people,
            clock=self.clock,
            entropy=self.entropy,
            limits=self.edge_limits,
            reports=ReportParts(settled=self.journal.settled),
            bills=self.bills,
        )
        if self.hooks_of is not None:
            app[HOOKS] = self.hooks_of(self)
        self.hooks: Hooks = app[HOOKS]
        self.edge: Edge = app[EDGE]
        self.hub: Hub = app[HUB]
        self.desk: Desk = app[DESK]
        self.risk: RiskWords = app[RISK]
        self.care: CareDesk = app[CARE]
        self.url = await listen(self._stack, app, "127.0.0.1", 0)
        self.notices_url = await listen(self._stack, make_notices_app(self.service), "127.0.0.1", 0)
        self._life = asyncio.create_task(self.service.run())
        self._stack.push_async_callback(self._end)
        ready = asyncio.create_task(self.service.until_ready())
        await asyncio.wait({ready, self._life}, return_when=asyncio.FIRST_COMPLETED)
        assert ready.done(), self._life.exception()
        if self.hooks_of is not None:
            self.hooks.start(self.service.tasks)
        self._post = asyncio.create_task(self._carry())
        self._stack.push_async_callback(_cancel, self._post)

    def _channel(self) -> Channel:
        mine = self.merchant
        settings = WeChatPaySettings(
            mine.mchid, mine.appid, mine.serial, mine.apiv3_key, platform_key_id=mine.platform_serial, gateway=BANK
        )
        keys: Keys = {mine.platform_serial: ProviderKey(MacVerifier(mine.platform_key))}
        return open_wechatpay(
            settings,
            clock=self.clock,
            entropy=self.entropy,
            test=True,
            http=self.line,
            downloads=lambda _origin: self.line,
            signer=MacSigner(mine.merchant_key, mine.serial),
            keys=keys,
        )

    async def _end(self) -> None:
        self._life.cancel()
        with contextlib.suppress(asyncio.CancelledError, TerminalError, BaseExceptionGroup):
            await self._life

    async def _close_journal(self) -> None:
        if not self._abandoned:
            await self.journal.close()
        self._abandoned = False

    async def stop(self) -> None:
        await self._stack.aclose()

    async def crash(self) -> None:
        """The process dies where it stands; the disk keeps what was durable."""
        self.journal.abandon()
        self._abandoned = True
        await self._stack.aclose()

    async def restart(self) -> None:
        await self.crash()
        await self.start()

    # --- the bank's side ---

    async def _carry(self) -> None:
        """The bank's postman, over real HTTP."""
        while True:
            await asyncio.sleep(0.005)
            for delivery in self.bank.due(self.clock.wall_ms()):
                told = await self.notice(delivery.body, dict(delivery.headers))
                self.bank.delivered(delivery.id, told.status in {200, 204}, self.clock.wall_ms())

    def stop_post(self) -> None:
        """From now on the story carries notifications itself."""
        self._post.cancel()

    async def notice(self, body: bytes, headers: Mapping[str, str], channel: str = "wechatpay") -> "Told":
        return await self.client().ask("POST", f"{self.notices_url}/notify/{channel}", headers=headers, data=body)

    async def raw_notice(self, lines: Sequence[str], body: bytes) -> int:
        """A request as no HTTP library would write it; returns the status."""
        head = ["POST /notify/wechatpay HTTP/1.1", "Host: x", f"Content-Length: {len(body)}", *lines]
        return (await raw(self.notices_url, "\r\n".join(head).encode() + b"\r\n\r\n" + body))[0]

    def pay(self, attempt: str) -> None:
        """The customer pays the code on the glass."""
        assert self.bank.customer_pays(attempt, self.clock.wall_ms())

    def pay_after_close(self, attempt: str) -> None:
        """The customer presses pay now; the bank takes the money a minute later, whatever happened meanwhile."""
        self.bank.set_fault("capture-after-close", self.clock.wall_ms())
        self.bank.customer_pays(attempt, self.clock.wall_ms(), delay_ms=60_000)

    async def unheard(self) -> None:
        """Return when nobody listens live any more."""
        async with asyncio.timeout(WATCHDOG_S):
            while self.hub.count():  # noqa: ASYNC110  # the hub tells nobody, on purpose
                await asyncio.sleep(0.01)

    def wallet_code(self) -> str:
        return self.bank.new_customer_code(self.clock.wall_ms())

    # --- callers ---

    def client(self, **headers: str) -> Client:
        return Client(self.url, self.session, _dashed(headers))

    async def machine(self, *scopes: str, counters: Sequence[str] = ()) -> Client:
        made = await self.people.make_api_key(
            Actor("system", "test"), label="POS", scopes=scopes or ("sales", "refunds"), counters=counters, days=1
        )
        return self.client(Authorization=f"Bearer {made.key}")

    async def owner(self) -> Client:
        """Signed in a moment ago, on no till."""
        if self.people.set_up_needed():
            code = self.people.new_set_up_code()
            made = await self.people.set_up(code, label="Owner", pin=OWNER_PIN, device="here")
            self.owner_id, token = made.person, made.session_token
        else:
            token = await self.people.sign_in(self.owner_id, OWNER_PIN, device="here")
        return self.browser(**{SESSION: token})

    async def cashier(self) -> Client:
        await self.owner()
        session = await self.people.sign_in(self.owner_id, OWNER_PIN, device="here")
        self.cashier_id = await self.people.add_person(
            self.people.who("", session), Role.CASHIER, "Mei", CASHIER_PIN
        )
        return await self.cashier_again()

    async def cashier_again(self) -> Client:
        return self.browser(**{SESSION: await self.people.sign_in(self.cashier_id, CASHIER_PIN, device="here")})

    async def till(self, counter: str = "1") -> Client:
        return self.browser(**{TILL: (await self._device(counter, display=False))})

    async def display(self, counter: str = "1") -> Client:
        return self.browser(**{DISPLAY: (await self._device(counter, display=True))})

    async def _device(self, counter: str, *, display: bool) -> str:
        link = self.people.new_link(counter, display=display)
        return (await self.people.use_link(link, label="Browser", device="here")).device_token

    def browser(self, **cookies: str) -> Client:
        """A page of this service: its cookies, its Origin, and the header our scripts send."""
        jar = "; ".join(f"{name}={value}" for name, value in cookies.items())
        sent = {"Origin": self.url, "Sec-Fetch-Site": "same-origin", "X-Requested-With": "countertop"}
        return Client(self.url, self.session, {**sent, "Cookie": jar} if jar else sent)

    # --- stories ---

    async def until(self, sale: str, state: str) -> None:
        assert await self.service.until(sale, lambda now: now.state == state, WATCHDOG_S), self.service.book.sale(
            sale
        )

    async def shown(
        self, client: Client, amount: int = 2850, counter: str = "1", **more: object
    ) -> dict[str, Any]:
        """An open sale whose code is on the glass."""
        told = await client.post("/sales", {"counter": counter, "amount_minor": amount, **more})
        assert told.status == 201, told.body
        sale = str(told.body["id"])
        holds = await self.service.until(sale, lambda now: now.attempts[-1].state == "shown", WATCHDOG_S)
        assert holds
        return dict((await client.get(f"/sales/{sale}")).body)

    async def paid(self, client: Client, amount: int = 2850, counter: str = "1", **more: object) -> dict[str, Any]:
        sale = await self.shown(client, amount, counter, **more)
        self.pay(sale["attempts"][0]["id"])
        await self.until(sale["id"], "paid")
        return dict((await client.get(f"/sales/{sale['id']}")).body)


async def raw(url: str, sent: bytes) -> tuple[int, bytes]:
    """Send bytes as they are; the status and head of the answer."""
    host, _, port = url.removeprefix("http://").rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(sent)
        head = await reader.readuntil(b"\r\n\r\n")
        return int(head.split()[1]), head
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


async def _cancel(task: "asyncio.Task[None]") -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


@asynccontextmanager
async def open_shop(
    folder: Path,
    *,
    counters: Sequence[str] = ("1", "2"),
    limits: EdgeLimits | None = None,
    people: PeopleSettings = PEOPLE,
    simulated: bool = True,
) -> AsyncIterator[Shop]:
    """``simulated`` False: roles are those of a shop of live money; ``people``: its rules for them."""
    shop = Shop(folder, counters, limits, people=people, simulated=simulated)
    await shop.start()
    try:
        yield shop
    finally:
        await shop.stop()
