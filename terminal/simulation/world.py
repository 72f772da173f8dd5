"""A whole shop on virtual time: the unmodified service, the sandbox bank, simulated devices, people (decision 4).

What survives a crash stays in the world (disk, bank, devices, time); what dies with the process is the life.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Final, TypeVar

from terminal.banks.channel import Channel
from terminal.banks.profile_file import load_profile
from terminal.chance import Chance
from terminal.counter.feed import Feed
from terminal.counter.floor import Parts
from terminal.counter.ports import Devices, HttpRequest, Journal, Provider
from terminal.counter.service import Service
from terminal.counter.settings import CounterSettings, House, Limits
from terminal.counter.slips import Slips
from terminal.errors import JournalError, NotEvidence, TerminalError
from terminal.help.wording import CatalogueWording
from terminal.journal.keys import JournalKeys
from terminal.journal.records import Identity
from terminal.journal.sqlite import SqliteJournal
from terminal.payments.event import Ledger
from terminal.payments.profile import Profile
from terminal.sandbox.alipay import AlipayDoor
from terminal.sandbox.notifications import ANSWER_WITHIN_S, Delivery
from terminal.sandbox.outcome import Reply
from terminal.sandbox.payment_codes import read
from terminal.sandbox.pix import PixDoor
from terminal.sandbox.wechatpay import Bank
from terminal.simulation.account import AccountSide
from terminal.simulation.line import BankLine
from terminal.simulation.power import PowerDisk
from terminal.simulation.rails import BANK, RAILS, Access, currency_of
from terminal.simulation.rings import Ring, mac_ring
from terminal.simulation.witness import Witness
from terminal.virtual_time import VirtualClock, VirtualEntropy, VirtualIds

T = TypeVar("T")
NOTIFY_URL: Final = "https://shop.example/notify/wechatpay"
START_ROUNDS: Final = 100_000
MakeDevices = Callable[[str], Devices]
Lanes = Sequence[tuple[CounterSettings, Devices]]


class Gone(Exception):
    """The process is not there, or it died before it answered: the client knows nothing."""


class Killed(BaseException):
    """A fault point ends the process here."""


@dataclass(frozen=True, slots=True)
class Outfit:
    """What the product is built from. Tests hand in deliberately broken parts; nothing else does."""

    feed: Callable[[Journal], Feed] = Feed
    provider: Callable[[Channel], Provider] = lambda channel: channel
    service: Callable[[Parts, Lanes], Service] = Service
    devices: MakeDevices = field(default=lambda _counter: Devices())
    disk: Callable[[str], PowerDisk] = PowerDisk
    channels: tuple[str, ...] = ("wechatpay",)  # of every counter, the first shows its code; names of RAILS
    currency: str = ""  # empty: the channels' own


@cache
def _wording() -> CatalogueWording:
    return CatalogueWording()


@cache
def _profile() -> Profile:
    return load_profile("wechatpay")


class World:
    """One seed. Build it on a running virtual loop, ``start`` a life, let people act, ``crash`` or ``stop`` it.

    Args:
        folder: where the journal lives; a memory file system makes mass runs fast, FULL sync stays on.
        disk: what the journal is written through, where the power may be cut.
    """

    def __init__(
        self,
        seed: int | str,
        folder: Path,
        *,
        counters: Sequence[str] = ("1",),
        limits: Limits | None = None,
        outfit: Outfit | None = None,
        witness: Witness | None = None,
        ring: Ring | None = None,
        profile: Profile | None = None,
        disk: PowerDisk | None = None,
    ) -> None:
        self.disk = disk
        self.seed, self.folder, self.chance = seed, folder, Chance(seed).split("world")
        self.counters = tuple(counters)
        self.clock, self.bank_clock = VirtualClock(), VirtualClock()
        self.entropy = VirtualEntropy(seed, "product")
        self.ids = VirtualIds(self.clock, seed)
        self.ring = ring or mac_ring(VirtualEntropy(seed, "bank"))
        self.bank, self.profile = Bank(self.ring.bank), profile or _profile()
        self.bank.address = BANK
        self.witness = witness or Witness()
        self.line = BankLine(self.bank, self.bank_clock, self.chance.split("line"), self)
        self.alipay_line = BankLine(AlipayDoor(self.bank), self.bank_clock, self.chance.split("alipay"), self)
        self.pix_door = PixDoor(self.bank)
        self.pix_line = BankLine(self.pix_door, self.bank_clock, self.chance.split("pix"), self)
        self.limits, self.outfit = limits or Limits(), outfit or Outfit()
        currency = self.outfit.currency or currency_of(self.outfit.channels)
        self.house = House("m1", "s1", "Countertop Test Shop", currency=currency, ledger=Ledger.TEST)
        self.account = self._account_side() if "any_bank" in self.outfit.channels else None
        self.keys = JournalKeys.make(VirtualEntropy(seed, "keys"))
        self.at_point: Callable[[str], None] = lambda _point: None
        self._post_news = asyncio.Event()
        self._post_due_ms: int | None = None  # when the postman looks again by himself
        self._post: asyncio.Task[None] | None = None
        self._life: asyncio.Task[None] | None = None
        self._journal: SqliteJournal | None = None
        self._service: Service | None = None
        self._calls: set[asyncio.Task[object]] = set()
        self.lives = 0

    def _account_side(self) -> AccountSide:
        return AccountSide(
            self.folder / "statements",
            books=self.bank,
            mchid=self.ring.shop.mchid,
            clock=self.bank_clock,
            witness=lambda: self.witness,
        )

    @property
    def journal_path(self) -> Path:
        return self.folder / "journal.db"

    @property
    def service(self) -> Service:
        assert self._service is not None, "no life is running"
        return self._service

    @property
    def journal(self) -> SqliteJournal:
        assert self._journal is not None, "no life is running"
        return self._journal

    @property
    def alive(self) -> bool:
        return self._service is not None

    @property
    def dying(self) -> bool:
        """The life has ended by itself, or its journal is dead: somebody must clear it away."""
        assert self._life is not None
        assert self._journal is not None
        return self._life.done() or self._journal.dead is not None

    # --- lives ------------------------------------------------------------------------------------------

    async def start(self) -> Service:
        """A new process over the same disk; returns when it is ready.

        Raises:
            Gone: it was killed while it started; the next start may follow.
        """
        assert self._service is None
        self.lives += 1
        try:
            self._journal = SqliteJournal.open(
                self.journal_path,
                identity=Identity(self.house.merchant, self.house.store, self.house.ledger),
                clock=self.clock,
                entropy=self.entropy,
                keys=self.keys,
                inline=True,
                fault=self._fault,
                vfs=self.disk.name if self.disk else "",
            )
        except Killed:
            raise Gone from None
        self.witness.born(self.journal_path)
        outfit = self.outfit
        parts = Parts(
            house=self.house,
            feed=outfit.feed(self._journal),
            clock=self.clock,
            ids=self.ids,
            providers={name: self._open(name) for name in outfit.channels},
            slips=Slips(self.house, _wording()),
            code_key=b"simulated code key",
            notify_url=NOTIFY_URL,
            limits=self.limits,
        )
        lanes = [(CounterSettings(each, channels=outfit.channels), outfit.devices(each)) for each in self.counters]
        self._service = outfit.service(parts, lanes)
        if self.account is not None:
            self.account.open(self._service)
        self._life = asyncio.ensure_future(self._service.run())
        await self._ready()
        if self.account is not None:
            self.account.begin(self._service)
        if self._post is None:
            self._post = asyncio.ensure_future(self._carry_post())
        return self._service

    async def _ready(self) -> None:
        """Raises Gone."""
        for _ in range(START_ROUNDS):
            if self.service.ready:
                return
            if self.dying:
                await self.crash()
                raise Gone
            await asyncio.sleep(0)
        self.witness.wrong("I22", "not ready in time")

    def _open(self, name: str) -> Provider:
        mine = (self.ring, self.clock, self.entropy, self.profile, self.bank)
        made = RAILS[name].open(Access(*mine, self.line, self.alipay_line, self.pix_line))
        return self.outfit.provider(made) if isinstance(made, Channel) else made

    @property
    def lines(self) -> tuple[BankLine, ...]:
        """To every provider; a counter's own are among them."""
        return (self.line, self.alipay_line, self.pix_line)

    def _fault(self, point: str) -> None:
        """The journal's named points: whoever wants to may raise here (Killed, OSError)."""
        self.at_point(point)
        if point == "after_commit":
            self.witness.committed()

    async def crash(self) -> None:
        """kill -9: tasks are gone where they stood, what was not durable never was."""
        await self._end(graceful=False)

    async def cut_power(self) -> int:
        """The same, and of what no sync has confirmed only a part is on the disk; how many writes that were."""
        assert self.disk is not None
        await self._end(graceful=False)
        return self.disk.cut(self.chance.split(f"power {self.lives}"))

    async def stop(self) -> None:
        """SIGTERM: what a well-behaved end does."""
        self.service.stopping = True
        await self._end(graceful=True)

    async def _end(self, *, graceful: bool) -> None:
        life, journal = self._life, self._journal
        assert life is not None
        assert journal is not None
        self.witness.died()
        if not graceful:
            journal.abandon()
        self._service = self._life = self._journal = None
        life.cancel()
        for call in self._calls:
            call.cancel()
        await asyncio.wait({life})
        if not life.cancelled() and (error := life.exception()) is not None:
            self._judge_end(error)
        if graceful:
            with contextlib.suppress(JournalError):
                await journal.close()

    def _judge_end(self, error: BaseException) -> None:
        """Only a journal that cannot be written may end the service by itself (I20, D11)."""
        others = error.split(JournalError)[1] if isinstance(error, BaseExceptionGroup) else error
        if others is not None and not isinstance(others, JournalError):
            self.witness.wrong("D11", f"the service ended by {others!r}")

    async def close(self) -> None:
        if self._service is not None:
            await self.stop()
        if self._post is not None:
            self._post.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._post
        if self.account is not None:
            await self.account.close()
        if self.disk is not None:
            self.disk.close()

    # --- clients ----------------------------------------------------------------------------------------

    async def call(self, act: Callable[[Service], Awaitable[T]]) -> T:
        """One request of a client. Raises Gone, or what the service answers with (TerminalError)."""
        service = self._service
        if service is None or not service.ready:
            raise Gone
        task = asyncio.ensure_future(_awaited(act, service))
        self._calls.add(task)
        try:
            await asyncio.wait({task})
        finally:
            self._calls.discard(task)
            task.cancel()
        if task.cancelled() or self._service is not service:
            if not task.cancelled():
                task.exception()
            raise Gone
        return task.result()

    # --- the bank's side --------------------------------------------------------------------------------

    def request(self, request: HttpRequest) -> None:
        self.witness.request(request)

    def reply(self, request: HttpRequest, reply: Reply) -> None:
        self.witness.reply(request, reply)

    def worked(self, request: HttpRequest, reply: Reply) -> None:
        self.witness.worked(request, reply, self.bank_clock.wall_ms())
        self.bank_worked()

    # --- customers --------------------------------------------------------------------------------------

    def scan(self, payload: str) -> tuple[str, int]:
        """What the customer's phone shows of a code: order number and amount. Raises CustomerCannot."""
        if self.account is not None and (number := self.account.order_of(payload)):
            return number, read(payload).amount_minor
        view = self.bank.customer_scans(payload, self.bank_clock.wall_ms())
        return view.order_no, view.amount

    def pay(self, payload: str, *, delay_ms: int = 0) -> str:
        """The customer pays what the code asks for ("paid" or "later"). Raises CustomerCannot."""
        now_ms = self.bank_clock.wall_ms()
        try:
            if self.account is not None and self.account.order_of(payload):
                self.account.pays(payload, now_ms)
                return "paid"
            number = self.bank.customer_scans(payload, now_ms).order_no
            return self.bank.customer_pays(number, now_ms, delay_ms=delay_ms)
        finally:
            self.bank_worked()

    def bank_worked(self) -> None:
        """Somebody dealt with the bank: it may owe a notification sooner than the postman thought."""
        due = self.bank.next_due_ms()
        if due is not None and (self._post_due_ms is None or due < self._post_due_ms):
            self._post_news.set()

    async def _carry_post(self) -> None:
        """The bank's postman: delivers what is due, tells the bank whether the shop said yes."""
        async with asyncio.TaskGroup() as deliveries:
            while True:
                self._post_news.clear()
                for delivery in self.bank.due(self.bank_clock.wall_ms()):
                    deliveries.create_task(self._carry(delivery))
                due = self._post_due_ms = self.bank.next_due_ms()
                wait_s = None if due is None else max(due - self.bank_clock.wall_ms(), 1) / 1000
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(wait_s):
                        await self._post_news.wait()

    async def _carry(self, delivery: Delivery) -> None:
        yes = False
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(ANSWER_WITHIN_S):
                yes = await self._deliver(delivery)
        if yes:
            self.witness.letter_taken(delivery)
        self.bank.delivered(delivery.id, yes, self.bank_clock.wall_ms())
        self.bank_worked()

    async def _deliver(self, delivery: Delivery) -> bool:
        self.witness.letter(delivery)
        channel = delivery.kind or "wechatpay"
        try:
            await self.call(lambda service: service.notices.take(channel, dict(delivery.headers), delivery.body))
        except (Gone, NotEvidence, TerminalError):
            return False
        return True


async def _awaited(act: Callable[[Service], Awaitable[T]], service: Service) -> T:
    return await act(service)
