"""A shop on virtual time in verbs a shopkeeper knows: the real service, journal and protocol, the sandbox bank.

``@story()`` turns ``async def test_x(shop)`` into a test; when it has been told, what must hold in every shop is
checked: nothing taken twice, nothing taken and forgotten, nothing called paid that is not.
"""

import asyncio
import inspect
import tempfile
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

from terminal.banks.channel import Channel
from terminal.counter.claims import Key
from terminal.counter.lane import Lane
from terminal.counter.ports import Provider
from terminal.counter.service import Service
from terminal.counter.settings import Limits
from terminal.errors import TerminalError
from terminal.payments.decide import OpenSale
from terminal.payments.event import Actor, Event
from terminal.payments.money import Money
from terminal.payments.sale import Attempt, Refund, Sale, SaleState
from terminal.sandbox.faults import Value
from terminal.simulation.line import BankLine
from terminal.simulation.rails import currency_of
from terminal.simulation.world import MakeDevices, Outfit, World
from terminal.virtual_time import VirtualLoop, run
from tests.flows.counter_devices import OnCounter, now_s

T = TypeVar("T")
MEMORY: Final = "/dev/shm"  # FULL sync stays on, it only costs nothing here
CASHIER: Final = Actor("person", "01CASHIER")
TILL: Final = Actor("pos", "key:till")
BANK_MS: Final = 100  # there and back
DAY_S: Final = 86400.0


def key(name: str, meaning: str = "meaning") -> Key:
    return Key("till", "open", name, meaning)


class Shop:
    def __init__(
        self,
        folder: Path,
        *,
        seed: int,
        counters: Sequence[str],
        limits: Limits | None,
        provider: Callable[[Channel], Provider] | None,
        channels: tuple[str, ...] = ("wechatpay",),
    ) -> None:
        self.on = {each: OnCounter() for each in counters}
        devices: MakeDevices = lambda each: self.on[each].devices()  # noqa: E731  # typed
        self.currency = currency_of(channels)
        outfit = Outfit(provider=provider or _honest, devices=devices, channels=channels, currency=self.currency)
        self.world = World(seed, folder, counters=counters, limits=limits, outfit=outfit)
        self.bank_takes(BANK_MS)

    def bank_takes(self, ms: int) -> None:
        """How far away the bank is; before the first start."""
        world, one_way = self.world, (ms // 2, ms // 2)
        world.line = BankLine(world.bank, world.bank_clock, world.chance.split("line"), world, latency_ms=one_way)
        world.pix_line = BankLine(
            world.pix_door, world.bank_clock, world.chance.split("pix"), world, latency_ms=one_way
        )

    # --- the counter --------------------------------------------------------------------------------------

    @property
    def service(self) -> Service:
        return self.world.service

    def lane(self, counter: str = "1") -> Lane:
        return self.service.lane(counter)

    @property
    def counter(self) -> OnCounter:
        return self.on["1"]

    async def open(
        self,
        minor: int = 2850,
        *,
        counter: str = "1",
        order_no: str = "",
        key: Key | None = None,
        push: bool = True,
        new_key: bool = False,
    ) -> Sale:
        directions: Any = ("push", "pull") if push else ("pull",)
        request = OpenSale(counter, Money(minor, self.currency), order_no=order_no, directions=directions)
        return await self.service.checkout.open_sale(request, actor=CASHIER, key=key, new_key=new_key)

    async def with_code(self, minor: int = 2850, *, counter: str = "1") -> Sale:
        """An open sale whose code is on the glass."""
        sale = await self.open(minor, counter=counter)
        await self.until(lambda: bool(self.attempt(sale).payload), 5)
        await self.wait(0.2)
        return self.sale(sale)

    async def paid(self, minor: int = 2850, *, counter: str = "1") -> Sale:
        sale = await self.with_code(minor, counter=counter)
        self.pay(sale)
        await self.until(lambda: self.sale(sale).state is SaleState.PAID, 5)
        await self.wait(0.5)
        return self.sale(sale)

    async def cancel(self, sale: Sale) -> Sale:
        return await self.service.checkout.cancel(sale.id, why="till", actor=CASHIER)

    async def scan(self, code: str, *, counter: str = "1") -> Sale:
        return await self.service.checkout.take_scan(counter, code, actor=CASHIER)

    async def refund(
        self, sale: Sale, minor: int | None = None, *, reason: str = "wrong size", key: Key | None = None
    ) -> Refund:
        _, refund = await self.service.aftercare.refund(sale.id, minor, reason=reason, actor=CASHIER, key=key)
        return refund

    # --- looking ------------------------------------------------------------------------------------------

    def sale(self, sale: Sale) -> Sale:
        return self.service.book.sale(sale.id)

    def attempt(self, sale: Sale) -> Attempt:
        """The newest."""
        return self.sale(sale).attempts[-1]

    def events(self, kind: str = "") -> list[Event]:
        found: list[Event] = []
        while batch := self.service.feed.after(found[-1].number if found else 0):
            found += batch
        return [each for each in found if kind in ("", each.type)]

    def states(self, sale: Sale) -> list[str]:
        """Every state its attempts moved to, in order."""
        return [str(each.body["to"]) for each in self.events("attempt_moved") if each.subject == sale.id]

    def outcomes(self) -> dict[str, str]:
        """Effect, without its attempt's id -> how it ended."""
        ends = self.events("effect_done")
        return {str(each.body["effect"]).partition(":")[2]: str(each.body["outcome"]) for each in ends}

    # --- time ---------------------------------------------------------------------------------------------

    async def wait(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def until(self, holds: Callable[[], bool], limit_s: float) -> float:
        """Wait, looking every 5 ms (later every half per cent of the wait); returns the seconds it took."""
        begun = now_s()
        while not holds():
            assert now_s() - begun <= limit_s, f"not within {limit_s} s"
            await asyncio.sleep(max(0.005, (now_s() - begun) / 200))
        return now_s() - begun

    @property
    def loop(self) -> VirtualLoop:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        return loop

    async def restart(self, after_s: float = 0.5) -> None:
        await self.world.crash()
        await asyncio.sleep(after_s)
        await self.world.start()

    # --- the customer and the bank ------------------------------------------------------------------------

    @property
    def bank_ms(self) -> int:
        return self.world.bank_clock.wall_ms()

    def pay(self, sale: Sale, *, delay_ms: int = 0) -> None:
        """The customer scans what is on the glass and pays."""
        view = self.world.bank.customer_scans(self.attempt(sale).payload, self.bank_ms)
        self.world.bank.customer_pays(view.order_no, self.bank_ms, delay_ms=delay_ms)
        self.world.bank_worked()

    def customer_code(
        self, behaviour: str = "pays", confirm_after_ms: int = 0, *, wallet: str = "wechatpay"
    ) -> str:
        return self.world.bank.new_customer_code(
            self.bank_ms, behaviour, confirm_after_ms=confirm_after_ms, wallet=wallet
        )

    def fault(
        self,
        slug: str,
        params: Mapping[str, Value] | None = None,
        *,
        count: int | None = 1,
        for_s: float | None = None,
        **more: Value,
    ) -> None:
        duration_ms = None if for_s is None else round(for_s * 1000)
        count = None if for_s is not None else count
        given = {**(params or {}), **more}
        self.world.bank.set_fault(slug, self.bank_ms, count=count, duration_ms=duration_ms, params=given)
        self.world.bank_worked()

    def no_notifications(self) -> None:
        self.fault("notify-lost", count=10_000)

    def cut_line(self) -> None:
        """Not a byte leaves the shop."""
        self.world.line.faults.refused = 1000

    def mend_line(self) -> None:
        self.world.line.faults.heal()

    @property
    def captured(self) -> dict[str, list[int]]:
        return self.world.bank.captures()

    @property
    def kept_minor(self) -> int:
        """What the bank took from customers and did not give back."""
        taken = sum(sum(each) for each in self.captured.values())
        return taken - sum(self.world.bank.returned().values())

    # --- what holds in every shop -------------------------------------------------------------------------

    def check(self) -> None:
        captured, returned = self.captured, self.world.bank.returned()
        for order, amounts in captured.items():
            sale_id = self.service.feed.claimed("order", order)
            assert sale_id is not None, "I1: money for an order that we do not know"
            sale = self.service.book.sale(sale_id)
            attempt = sale.attempt(order)
            back = returned.get(order, 0)
            known = attempt.captured or attempt.live or back == sum(amounts)
            assert known, f"I1: {order} was taken and the journal says {attempt.state}"
            assert len(amounts) == 1 or any(each.kind == "excess" for each in sale.exceptions), "I3"
        for summary in self.service.feed.list("sale", limit=1000):
            sale = self.service.book.sale(summary.subject)
            for attempt in sale.attempts:
                assert not attempt.pays or attempt.id in captured, "I2: paid without money"
            net = [x for x in sale.attempts if x.id in captured and x.id not in returned]
            parts = sum(x.amount.minor for x in net) <= sale.amount.minor and any(x.asked_minor for x in net)
            assert len(net) <= 1 or parts or any(x.kind == "excess" for x in sale.exceptions), "I3: taken twice"


def _honest(channel: Channel) -> Provider:
    return channel


def story(
    *,
    seed: int = 1,
    counters: Sequence[str] = ("1",),
    limits: Limits | None = None,
    provider: Callable[[Channel], Provider] | None = None,
    broken: bool = False,
    channels: tuple[str, ...] = ("wechatpay",),
) -> Callable[[Callable[..., Awaitable[None]]], Callable[..., None]]:
    """``broken``: the story breaks drivers on purpose; else a task that failed fails the test."""

    def wrap(tell: Callable[..., Awaitable[None]]) -> Callable[..., None]:
        def test(**params: Any) -> None:
            with tempfile.TemporaryDirectory(dir=MEMORY if Path(MEMORY).is_dir() else None) as folder:
                run(told(Path(folder), params), seed=seed)

        async def told(folder: Path, params: Mapping[str, Any]) -> None:
            shop = Shop(folder, seed=seed, counters=counters, limits=limits, provider=provider, channels=channels)
            await shop.world.start()
            await asyncio.sleep(0.1)  # the devices have their first screen
            try:
                await tell(shop, **params)
                shop.check()
                assert broken or not shop.service.tasks.broken, shop.service.tasks.broken
            finally:
                await shop.world.close()

        signature = inspect.signature(tell)
        rest = [each for name, each in signature.parameters.items() if name != "shop"]
        test.__name__, test.__doc__, test.__module__ = tell.__name__, tell.__doc__, tell.__module__
        test.__signature__ = signature.replace(parameters=rest, return_annotation=None)  # type: ignore[attr-defined]  # pytest reads it
        return test

    return wrap


async def refused(call: Awaitable[object]) -> TerminalError:
    """What the call was refused with."""
    try:
        await call
    except TerminalError as error:
        return error
    raise AssertionError("it was not refused")
