"""A shop whose bank has no API: the whole counter on virtual time, an account that takes transfers, a folder."""

import asyncio
import inspect
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from terminal.banks.any_bank import AnyBank, AnyBankSettings
from terminal.banks.profile_file import load_profile
from terminal.bills.statement_folder import StatementDesk, StatementFolder
from terminal.bills.statement_intake import Intake
from terminal.counter.floor import Parts
from terminal.counter.ports import Order
from terminal.counter.service import Service
from terminal.counter.settings import CounterSettings
from terminal.payments.decide import OpenSale
from terminal.payments.event import Actor
from terminal.payments.money import Money
from terminal.payments.sale import Attempt, Sale
from terminal.regions import load_region
from terminal.sandbox.any_bank import ACCOUNT, AccountBank
from terminal.simulation.world import Killed, Lanes, Outfit, World
from terminal.virtual_time import run
from tests.flows.counter_devices import OnCounter
from tests.flows.shop import MEMORY

CASHIER = Actor("person", "01CASHIER")
OWNER = Actor("person", "01OWNER")
NAME = "account"
LOOKED = 12.0  # seconds: two looks into the folder and what follows


def scheme(region: str, name: str) -> Any:
    return next(each for each in load_region(region).schemes if each.name == name)


def epc_bank(intraday: Any = "confirms", window_s: float = 864_000.0) -> AnyBank:
    """The shipped profile, but for how long an unproven payment is waited for."""
    epc = scheme("eu", "epc")
    account = {"name": "Teehaus Süd", "iban": ACCOUNT}
    settings = AnyBankSettings(epc, account, ACCOUNT, intraday=intraday)
    profile = load_profile("any_bank")
    timings = msgspec.structs.replace(profile.timings, reverse_window_s=window_s)
    return AnyBank(settings, msgspec.structs.replace(profile, currencies=epc.currencies, timings=timings))


class BankShop:
    def __init__(self, folder: Path, intraday: str, window_s: float) -> None:
        self.folder, self._made = folder / "in", (intraday, window_s)
        self.on = OnCounter()
        self.world = World(1, folder, outfit=Outfit(service=self._service, devices=lambda _: self.on.devices()))
        self.bank = AccountBank(self.folder)
        self.desk: StatementDesk | None = None

    def _service(self, parts: Parts, lanes: Lanes) -> Service:
        mine = epc_bank(*self._made)
        lanes = [(CounterSettings(each.id, channels=(NAME,)), devices) for each, devices in lanes]
        service = Service(replace(parts, providers={NAME: mine}), lanes)
        folders = {NAME: StatementFolder(NAME, self.folder, None)}
        self.desk = StatementDesk(service, Intake(service, {NAME: mine}), folders)
        return service

    async def start(self) -> None:
        await self.world.start()
        assert self.desk is not None
        self.desk.start()
        await asyncio.sleep(0.1)

    @property
    def service(self) -> Service:
        return self.world.service

    async def with_code(self, minor: int = 2850) -> Sale:
        request = OpenSale("1", Money(minor, "EUR"), directions=("push",))
        sale = await self.service.checkout.open_sale(request, actor=CASHIER)
        await asyncio.sleep(0.5)
        assert self.attempt(sale).payload.startswith("BCD\n"), self.attempt(sale).state
        return self.sale(sale)

    def sale(self, sale: Sale) -> Sale:
        return self.service.book.sale(sale.id)

    def attempt(self, sale: Sale) -> Attempt:
        return self.sale(sale).attempts[-1]

    def pays(self, sale: Sale) -> None:
        """The customer's banking app reads what is on the glass."""
        self.bank.scan_and_pay(self.attempt(sale).payload, self.world.clock.wall_ms())

    async def day_ends(self) -> None:
        """The bank writes its statement, and the shop looks twice."""
        today = datetime.fromtimestamp(self.world.clock.wall_ms() // 1000, UTC).date()
        self.bank.end_day(today)
        await asyncio.sleep(LOOKED)

    def dies_at_point(self, fatal: int) -> Callable[[], Awaitable[None]]:
        """Kill -9 at this point of the journal's work from now on; the result waits until it is dead."""
        seen: list[str] = []
        deaths: list[asyncio.Future[None]] = []
        killed = asyncio.Event()

        def passed(point: str) -> None:
            seen.append(point)
            if len(seen) == fatal:
                deaths.append(asyncio.ensure_future(self.world.crash()))
                killed.set()
                if point.endswith("_commit"):
                    raise Killed

        async def dead() -> None:
            await killed.wait()
            await deaths[0]
            self.world.at_point = lambda _point: None

        self.world.at_point = passed
        return dead

    async def looks(self) -> None:
        await asyncio.sleep(LOOKED)

    def events(self, kind: str) -> list[Mapping[str, Any]]:
        found: list[Any] = []
        while batch := self.service.feed.after(found[-1].number if found else 0):
            found += batch
        return [each.body for each in found if each.type == kind]

    def files(self, where: str) -> list[str]:
        return sorted(each.name for each in (self.folder / where).iterdir())

    def told(self, where: str, name: str) -> str:
        return (self.folder / where / f"{name}.txt").read_text()


def story(
    *, intraday: str = "confirms", window_s: float = 864_000.0
) -> Callable[[Callable[..., Awaitable[None]]], Callable[..., None]]:
    def wrap(tell: Callable[..., Awaitable[None]]) -> Callable[..., None]:
        def test(**params: Any) -> None:
            with tempfile.TemporaryDirectory(dir=MEMORY if Path(MEMORY).is_dir() else None) as folder:
                run(told(Path(folder), params), seed=1)

        async def told(folder: Path, params: Mapping[str, Any]) -> None:
            shop = BankShop(folder, intraday, window_s)
            await shop.start()
            try:
                await tell(shop, **params)
                assert not shop.service.tasks.broken, shop.service.tasks.broken
            finally:
                await shop.world.close()

        signature = inspect.signature(tell)
        rest = [each for name, each in signature.parameters.items() if name != "shop"]
        test.__name__, test.__doc__, test.__module__ = tell.__name__, tell.__doc__, tell.__module__
        test.__signature__ = signature.replace(parameters=rest, return_annotation=None)  # type: ignore[attr-defined]  # pytest reads it
        return test

    return wrap


def order(order_no: str, minor: int, currency: str) -> Order:
    return Order(order_no, Money(minor, currency), "Tee", "1", 0)
