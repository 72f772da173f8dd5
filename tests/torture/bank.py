"""The sandbox bank behind TLS, in this process, so that its own books can be held against what the shop says."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from terminal.sandbox.desk import Desk
from terminal.sandbox.engine import CustomerCannot
from terminal.sandbox.keys_folder import KeysFolder
from terminal.sandbox.pages import Pages
from terminal.sandbox.records import Order
from terminal.sandbox.server import DEFAULT_RULES, Sandbox
from terminal.sandbox.store import Store
from terminal.sandbox.wechatpay import Bank
from terminal.system import SystemClock, SystemEntropy
from terminal.tls.local_authority import ensure


@dataclass(frozen=True, slots=True)
class FarBank:
    """``url`` is https; ``authority`` is what a shop must trust to reach it."""

    sandbox: Sandbox
    desk: Desk
    authority: Path

    @property
    def url(self) -> str:
        return self.sandbox.pix_url

    def orders(self) -> list[Order]:
        return list(self.sandbox.bank.ledger.orders)

    def order(self, number: str) -> Order | None:
        return next((each for each in self.orders() if each.out_trade_no == number), None)

    def pay(self, number: str) -> bool:
        """The customer pays an order; False: the bank lets nobody pay it."""
        try:
            self.desk.act("pay", number)
        except CustomerCannot:
            return False
        return True

    def customer_code(self) -> str:
        return str(self.desk.code("pays")["auth_code"])


@asynccontextmanager
async def bank_over_tls(folder: Path, notify_ca: Path) -> AsyncIterator[FarBank]:
    """``notify_ca``: who signed the certificate of the shop's notification address."""
    clock, entropy = SystemClock(), SystemEntropy()
    keys = KeysFolder(folder, entropy)
    ring = await asyncio.to_thread(keys.open, clock.wall_ms(), ("Torture 测试",))
    bank = Bank(ring, rules=DEFAULT_RULES)
    store, woken = Store(folder / "bank.db"), asyncio.Event()
    bank.load(store.rows())
    desk = Desk(bank, clock, store, keys, woken.set)
    sandbox = Sandbox(desk, keys, store, woken)
    authority, server = ensure(folder / "tls", clock)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(server)
    pages = Pages(desk, admin_token="torture", page_token="torture", embed_origins=())
    await sandbox.start("127.0.0.1", 0, pages, ssl.create_default_context(cafile=str(notify_ca)), (0, tls))
    try:
        yield FarBank(sandbox, desk, authority)
    finally:
        await sandbox.close()
