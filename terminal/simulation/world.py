"""A whole shop on virtual time: the unmodified service, the sandbox bank, simulated devices, people (decision 4).

What survives a crash stays in the world (disk, bank, devices, time); what dies with the process is the life.
"""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from terminal.banks.channel import Channel
from terminal.banks.connector import Keys, ProviderKey
from terminal.banks.open_wechatpay import WeChatPaySettings, open_wechatpay
from terminal.banks.signing import MacSigner, MacVerifier
from terminal.chance import Chance
from terminal.counter.feed import Feed
from terminal.counter.lane import Devices
from terminal.counter.service import Parts, Service
from terminal.counter.settings import CounterSettings, House, Limits
from terminal.counter.slips import Slips
from terminal.errors import NotEvidence, TerminalError
from terminal.help.wording import CatalogueWording
from terminal.journal.keys import JournalKeys
from terminal.journal.records import Identity
from terminal.journal.sqlite import SqliteJournal
from terminal.payments.event import Ledger
from terminal.sandbox.keyring import simulated_keyring
from terminal.sandbox.wechatpay import Bank
from terminal.simulation.line import BankLine
from terminal.virtual_time import VirtualClock, VirtualEntropy, VirtualIds

NOTIFY_URL: Final = "https://shop.example/notify/wechatpay"
MakeDevices = Callable[[str], Devices]


def no_devices(_counter: str) -> Devices:
    return Devices()


class World:
    """One seed. Build it on a running virtual loop, ``start`` a life, let people act, ``crash`` or ``stop`` it.

    Args:
        folder: where the journal lives; a memory file system makes mass runs fast, FULL sync stays on.
        devices: makes the devices of a counter for each life; the stubs behind them live in the world.
    """

    def __init__(
        self,
        seed: int | str,
        folder: Path,
        *,
        counters: Sequence[str] = ("1",),
        devices: MakeDevices = no_devices,
        limits: Limits | None = None,
    ) -> None:
        self.seed, self.folder, self.chance = seed, folder, Chance(seed).split("world")
        self.counters = tuple(counters)
        self.clock = VirtualClock()
        self.entropy = VirtualEntropy(seed, "product")
        self.ids = VirtualIds(self.clock, seed)
        keyring, merchants = simulated_keyring(VirtualEntropy(seed, "bank"))
        self.bank, self.merchant = Bank(keyring), merchants[0]
        self.line = BankLine(self.bank, self.clock, self.chance.split("line"))
        self.house = House("m1", "s1", "Countertop Test Shop", currency="CNY", ledger=Ledger.TEST)
        self.limits = limits or Limits()
        self._make_devices = devices
        self._keys = JournalKeys.make(VirtualEntropy(seed, "keys"))
        self._post: asyncio.Task[None] | None = None
        self._life: asyncio.Task[None] | None = None
        self._journal: SqliteJournal | None = None
        self._service: Service | None = None
        self.lives = 0

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

    async def start(self) -> Service:
        """A new process over the same disk; returns when it is ready."""
        assert self._service is None
        self.lives += 1
        self._journal = SqliteJournal.open(
            self.folder / "journal.db",
            identity=Identity(self.house.merchant, self.house.store, self.house.ledger),
            clock=self.clock,
            entropy=self.entropy,
            keys=self._keys,
            inline=True,
        )
        channel = self._channel()
        parts = Parts(
            house=self.house,
            feed=Feed(self._journal),
            clock=self.clock,
            ids=self.ids,
            providers={"wechatpay": channel},
            slips=Slips(self.house, CatalogueWording()),
            code_key=b"simulated code key",
            notify_url=NOTIFY_URL,
            limits=self.limits,
        )
        lanes = [(CounterSettings(each), self._make_devices(each)) for each in self.counters]
        self._service = Service(parts, lanes)
        self._life = asyncio.ensure_future(self._service.run())
        while not self._service.ready:
            if self._life.done():
                await self._life
            await asyncio.sleep(0)
        if self._post is None:
            self._post = asyncio.ensure_future(self._carry_notifications())
        return self._service

    def _channel(self) -> Channel:
        mine = self.merchant
        settings = WeChatPaySettings(
            mine.mchid, mine.appid, mine.serial, mine.apiv3_key, platform_key_id=mine.platform_serial
        )
        keys: Keys = {mine.platform_serial: ProviderKey(MacVerifier(mine.platform_key))}
        return open_wechatpay(
            settings,
            clock=self.clock,
            entropy=self.entropy,
            test=True,
            http=self.line,
            signer=MacSigner(mine.merchant_key, mine.serial),
            keys=keys,
        )

    async def crash(self) -> None:
        """kill -9: tasks are gone where they stood, what was not durable never was."""
        await self._end(graceful=False)

    async def stop(self) -> None:
        """SIGTERM: what a well-behaved end does."""
        await self._end(graceful=True)

    async def _end(self, *, graceful: bool) -> None:
        life, journal = self._life, self._journal
        assert life is not None
        assert journal is not None
        if not graceful:
            journal.abandon()
        self._service = self._life = self._journal = None
        life.cancel()
        with contextlib.suppress(asyncio.CancelledError, TerminalError, BaseExceptionGroup):
            await life
        if graceful:
            await journal.close()

    async def close(self) -> None:
        if self._service is not None:
            await self.stop()
        if self._post is not None:
            self._post.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._post

    async def _carry_notifications(self) -> None:
        """The bank's postman: delivers what is due, tells the bank whether the shop said yes."""
        while True:
            due = self.bank.next_due_ms()
            now = self.clock.wall_ms()
            wait_s = 0.25 if due is None else min(max(due - now, 0) / 1000, 0.25)
            await asyncio.sleep(wait_s or 0.001)
            for delivery in self.bank.due(self.clock.wall_ms()):
                yes = await self._deliver(dict(delivery.headers), delivery.body)
                self.bank.delivered(delivery.id, yes, self.clock.wall_ms())

    async def _deliver(self, headers: dict[str, str], body: bytes) -> bool:
        service = self._service
        if service is None or not service.ready:
            return False
        try:
            await service.notices.take("wechatpay", headers, body)
        except (NotEvidence, TerminalError):
            return False
        return self._service is service
