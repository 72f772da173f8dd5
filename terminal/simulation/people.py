"""Cashiers with their tills, and customers: they open, show, scan, pay, leave, cancel and ask for money back."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, Protocol, TypeVar

from terminal.chance import Chance
from terminal.counter.claims import Key
from terminal.counter.service import Service
from terminal.errors import Conflict, InvalidRequest, NotFound, TerminalError
from terminal.payments.decide import OpenSale
from terminal.payments.event import Actor
from terminal.payments.lines import ONE, SaleLine
from terminal.payments.money import Money
from terminal.payments.sale import Sale, SaleState
from terminal.sandbox.engine import CustomerCannot
from terminal.simulation.models import Props
from terminal.simulation.rails import RAILS
from terminal.simulation.swarm import Swarm
from terminal.simulation.trace import Trace
from terminal.simulation.world import Gone, World

T = TypeVar("T")
TRIES: Final = 40
POS: Final = Actor("pos", "key:till")
PLANS: Final = (
    *("pays",) * 8,
    *("pays_slowly", "pays_late", "leaves", "cancelled", "pays_while_cancelled", "pays_while_cancelled"),
    *("shows", "shows", "shows", "shows_password", "shows_password_never", "shows_no_funds", "pays_and_shows"),
)


def _what_for(minor: int, number: int) -> tuple[SaleLine, ...]:
    """Two sales of three say what they are for, without a draw: whoever judges money must not notice."""
    if number % 3 == 0:
        return ()
    twice = SaleLine.made("茶 tea", minor // 3, quantity_milli=2 * ONE)
    return (twice, SaleLine.made("rest", minor - twice.amount_minor + 1, discount_minor=1))


class Told(Protocol):
    def opened(self, key: str, sale_id: str) -> None: ...

    def told(self, sale_id: str, state: str) -> None: ...

    def refund_told(self, refund_id: str) -> None: ...


class GaveUp(Exception):
    """The client was answered no, or never."""


class Cashier:
    """One counter's cashier and till, and the customers in front of it."""

    def __init__(
        self, world: World, swarm: Swarm, counter: str, told: Told, trace: Trace, model: Props | None
    ) -> None:
        self._world, self._swarm, self._counter, self._told, self._trace = world, swarm, counter, told, trace
        self._model = model
        self._chance = Chance(world.seed).split(f"cashier {counter}")
        self._owner = Chance(world.seed).split("owner").below(2) == 0  # is there, in one shop of two
        self._codes: list[str] = []
        self._wallets = [RAILS[each].wallet for each in world.outfit.channels if RAILS[each].wallet]
        plans = swarm.plans or PLANS
        self._plans = plans if self._wallets else [each for each in plans if "shows" not in each]

    async def work(self, sales: int) -> None:
        async with asyncio.TaskGroup() as customers:
            for number in range(sales):
                await asyncio.sleep(self._chance.between(200, 8000) / 1000)
                try:
                    await self._serve(number, customers)
                except GaveUp:
                    self._trace.count("client gave up")

    async def _serve(self, number: int, customers: asyncio.TaskGroup) -> None:
        chance = self._chance
        plan = chance.choice(self._plans)
        minor = chance.between(1, 9) * 100 if chance.below(4) == 0 else chance.between(1, 20000)
        order_no = f"{self._counter}-{number}" if chance.below(2) else ""
        scanned_only = plan.startswith("shows") and chance.below(4) > 0
        request = OpenSale(
            self._counter,
            Money(minor, self._world.house.currency),
            title="goods",
            order_no=order_no,
            directions=("pull",) if scanned_only else ("push", "pull"),
            lines=_what_for(minor, number),
        )
        key = Key("till", "open", f"{self._counter}-{number}", f"{minor}")
        sale = await self._open(request, key)
        self._trace.count(f"plan {plan}")
        customers.create_task(self._customer(plan, minor))
        if plan.startswith("shows") or plan == "pays_and_shows":
            await self._scan(plan)
        ended = await self._attend(sale.id, plan)
        if ended.state is SaleState.CHECKING and self._owner:
            ended = await self._pay_again(ended, f"{self._counter}-{number}", customers)
        if ended.state is SaleState.PAID:
            await self._after(ended, number)

    # --- the till ---------------------------------------------------------------------------------------

    async def _ask(self, act: Callable[[Service], Awaitable[T]], *, patient: bool = True) -> T:
        """Repeat until the service answers. Raises GaveUp, or its refusal when that cannot change."""
        for _ in range(TRIES if patient else 3):
            try:
                answer = await self._world.call(act)
            except Gone:
                await asyncio.sleep(self._chance.between(300, 3000) / 1000)
            except (Conflict, InvalidRequest, NotFound):
                raise
            except TerminalError:
                await asyncio.sleep(self._chance.between(1000, 5000) / 1000)
            else:
                if self._chance.below(1000) >= self._swarm.rate("client_drops"):
                    return answer
                self._trace.count("client_drops")  # the answer did not arrive
        raise GaveUp

    async def _open(self, request: OpenSale, key: Key) -> Sale:
        async def act(service: Service) -> Sale:
            return await service.checkout.open_sale(request, actor=POS, key=key)

        for _ in range(20):
            try:
                twice = self._chance.below(1000) < self._swarm.rate("double_click")
                sale = await (self._twice(act) if twice else self._ask(act))
            except Conflict as conflict:
                if conflict.slug not in {"sale_live", "key_taken"}:
                    raise GaveUp from conflict
                await self._free_the_counter(str(conflict.facts.get("sale", "")))
            except TerminalError as refused:
                raise GaveUp from refused
            else:
                self._told.opened(key.key, sale.id)
                return sale
        raise GaveUp

    async def _twice(self, act: Callable[[Service], Awaitable[Sale]]) -> Sale:
        """A double click, or two cashiers: both requests run at once."""
        self._trace.count("double_click")
        both = await asyncio.gather(self._ask(act), self._ask(act), return_exceptions=True)
        sales = [each for each in both if isinstance(each, Sale)]
        if not sales:
            error = both[0]
            assert isinstance(error, BaseException)
            raise error
        return sales[-1]

    async def _free_the_counter(self, sale_id: str) -> None:
        """Somebody's sale is still there: wait, cancel it, or park it while it is checked."""
        await asyncio.sleep(self._chance.between(500, 4000) / 1000)
        if not sale_id:
            return
        try:
            sale = await self._ask(lambda service: _read(service, sale_id))
            if sale.state is SaleState.CHECKING and self._chance.below(3) == 0:
                await self._ask(lambda service: service.checkout.park(sale_id, actor=POS))
            elif sale.state in {SaleState.OPEN, SaleState.PART_PAID}:
                await self._ask(lambda service: service.checkout.cancel(sale_id, why="next_customer", actor=POS))
        except TerminalError:
            return

    async def _attend(self, sale_id: str, plan: str) -> Sale:
        """Watch the sale until it ended or the counter is free again; sometimes lose patience."""
        chance = self._chance
        cancel_at = chance.between(1, 12) if "cancelled" in plan else 10**6
        patience = chance.between(10, 100)
        waited = 0
        while True:
            limit = chance.between(3, 12)
            sale = await self._wait(sale_id, limit)
            waited += limit
            if sale.ended or sale.parked:
                self._told.told(sale_id, sale.state.value)
                return sale
            if waited >= cancel_at or waited >= patience:
                cancel_at = 10**6
                patience += 30
                await self._impatient(sale)

    async def _wait(self, sale_id: str, limit_s: int) -> Sale:
        async def act(service: Service) -> Sale:
            await service.until(sale_id, lambda sale: sale.ended or sale.parked, limit_s)
            return service.book.sale(sale_id)

        return await self._ask(act)

    async def _pay_again(self, sale: Sale, key: str, customers: asyncio.TaskGroup) -> Sale:
        """The owner lets the customer pay once more although the first payment is still in doubt (3.4)."""
        named = Key("owner", "again", key, sale.id)
        try:
            again = await self._ask(
                lambda service: service.checkout.begin_again(sale.id, reason="in a hurry", actor=POS, key=named)
            )
        except TerminalError as refused:
            self._trace.count(f"override refused: {refused.slug}")
            return sale
        self._trace.count("override")
        customers.create_task(self._customer("pays", sale.amount.minor))
        return await self._attend(again.id, "pays")

    async def _impatient(self, sale: Sale) -> None:
        acts: list[Callable[[Service], Awaitable[Sale]]] = [
            lambda service: service.checkout.cancel(sale.id, why="customer_left", actor=POS),
            lambda service: service.checkout.cancel(sale.id, why="customer_left", actor=POS),
            lambda service: _check_again(service, sale.id),
        ]
        if sale.state is SaleState.CHECKING:
            acts.append(lambda service: service.checkout.park(sale.id, actor=POS))
        try:
            await self._ask(self._chance.choice(acts))
        except TerminalError:
            self._trace.count("refused impatience")

    async def _after(self, sale: Sale, number: int) -> None:
        if self._chance.below(8) == 0:
            try:
                await self._ask(lambda service: service.aftercare.reprint(sale.id, actor=POS))
            except TerminalError:
                self._trace.count("refused reprint")
        if self._chance.below(self._swarm.refunds):
            return
        count = self._chance.between(1, 4)
        parts = [self._chance.choice([None, sale.amount.minor * 6 // 10 or 1, 1]) for _ in range(count)]
        await asyncio.gather(*(self._refund(sale.id, minor, f"r{number}-{i}") for i, minor in enumerate(parts)))

    async def _refund(self, sale_id: str, minor: int | None, key: str) -> None:
        named = Key("till", "refund", f"{self._counter}-{key}", f"{minor}")
        try:
            _, refund = await self._ask(
                lambda service: service.aftercare.refund(sale_id, minor, reason="broken", actor=POS, key=named)
            )
        except (TerminalError, GaveUp):
            self._trace.count("refused refund")
            return
        self._told.refund_told(refund.id)

    # --- the customer -----------------------------------------------------------------------------------

    async def _customer(self, plan: str, minor: int) -> None:
        if not plan.startswith("pays"):
            return
        await asyncio.sleep(self._chance.between(300, 5000) / 1000)
        payload = await self._reads_the_glass(minor)
        if not payload:
            return
        await self._pay_what_is_shown(plan, payload)
        if any(RAILS[each].of for each in self._world.outfit.channels):
            await self._pay_the_rest(payload)

    async def _pay_the_rest(self, paid: str) -> None:
        """Their bank took a part of it: the next code asks for the rest, most of them pay that too."""
        for _ in range(self._chance.between(0, 12)):
            await asyncio.sleep(self._chance.between(500, 3000) / 1000)
            payload = self.glass_code()
            if payload not in ("", paid):
                paid = payload
                await self._pay_what_is_shown("pays", payload)

    async def _pay_what_is_shown(self, plan: str, payload: str) -> None:
        if plan == "pays_late":
            await asyncio.sleep(self._chance.between(40_000, 75_000) / 1000)
        delay_ms = self._chance.between(1000, 15_000) if plan == "pays_slowly" else 0
        try:
            self._world.pay(payload, delay_ms=delay_ms)
            self._trace.count("customer paid")
        except CustomerCannot as cannot:
            self._trace.count(f"customer cannot: {cannot.reason}")

    async def _reads_the_glass(self, minor: int) -> str:
        """The code on the glass, when it asks for the right amount."""
        for _ in range(10):
            payload = self.glass_code()
            if payload:
                try:
                    return payload if self._world.scan(payload)[1] == minor else ""
                except CustomerCannot:
                    return ""
            await asyncio.sleep(self._chance.between(500, 2500) / 1000)
        return ""

    def glass_code(self) -> str:
        """What is on the customer's display: the device, or the browser that shows what the service wants."""
        if self._model is not None:
            return self._model.code
        if not self._world.alive:
            return ""
        return getattr(self._world.service.lanes[self._counter].glass.screen, "payload", "")

    async def _scan(self, plan: str) -> None:
        """The customer shows a code, the cashier scans it; sometimes twice, sometimes an old one."""
        chance = self._chance
        await asyncio.sleep(chance.between(200, 3000) / 1000)
        behaviour = {"shows_no_funds": "no-funds"}.get(plan, "password" if "password" in plan else "pays")
        after_ms = 0 if plan.endswith("never") else chance.choice((1000, 2000, 4000, 8000, 30_000))
        wallet = self._wallets[0] if len(self._wallets) == 1 else chance.choice(self._wallets)
        code = self._world.bank.new_customer_code(
            self._world.bank_clock.wall_ms(), behaviour, confirm_after_ms=after_ms, wallet=wallet
        )
        self._world.bank_worked()
        if self._codes and chance.below(6) == 0:
            code = chance.choice(self._codes)
        self._codes.append(code)
        times = 1
        if chance.below(1000) < self._swarm.rate("same_scan"):
            self._trace.count("same_scan")
            times = 2
        await asyncio.gather(*(self._scan_once(code) for _ in range(times)))

    async def _scan_once(self, code: str) -> None:
        if self._model is not None and self._chance.below(2):
            self._model.scan(code)
            return
        try:
            await self._ask(
                lambda service: service.checkout.take_scan(self._counter, code, actor=POS), patient=False
            )
        except (TerminalError, GaveUp) as refused:
            self._trace.count(f"scan refused: {getattr(refused, 'slug', 'no answer')}")


async def _read(service: Service, sale_id: str) -> Sale:
    return service.book.sale(sale_id)


async def _check_again(service: Service, sale_id: str) -> Sale:
    return service.checkout.check_again(sale_id)
