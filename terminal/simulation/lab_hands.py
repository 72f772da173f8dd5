"""The hands of the people in a headless lab run: a cashier at the till, a customer with a phone."""

import asyncio
from collections.abc import Callable
from typing import Final

from terminal.counter.claims import Key
from terminal.errors import TerminalError
from terminal.lab.qr_reader import NotReadable
from terminal.lab.stand import Stand
from terminal.payments.attempt import Direction
from terminal.payments.decide import OpenSale
from terminal.payments.event import Actor
from terminal.payments.money import Money
from terminal.sandbox.engine import CustomerCannot
from terminal.simulation.oracle import Oracle
from terminal.simulation.rails import RAILS
from terminal.simulation.world import Gone, World

AMOUNT_MINOR: Final = 2850
CASHIER: Final = Actor("person", "cashier")
BOTH: Final[tuple[Direction, ...]] = ("push", "pull")
LOOK_S: Final = 0.25
GLASS_S: Final = 30.0
Note = Callable[[str, str], None]


class Hands:
    """The acts of cashier and customer; ``sale`` is the last one opened, ``note`` writes who did what."""

    def __init__(self, world: World, stand: Stand, oracle: Oracle, *, channel: str, note: Note) -> None:
        self._world, self._stand, self._oracle, self._channel = world, stand, oracle, channel
        self._note = note
        self.sale = ""
        self._opened = 0

    async def open(self, directions: tuple[Direction, ...] = BOTH, amount_minor: int = AMOUNT_MINOR) -> str:
        amount = Money(amount_minor, self._world.house.currency)
        request = OpenSale("1", amount, title="goods", directions=directions)
        self._opened += 1
        mark = "lab" if self._opened == 1 else f"lab-{self._opened}"
        key = Key("till", "open", mark, mark)
        sale = await self._world.call(lambda service: service.checkout.open_sale(request, actor=CASHIER, key=key))
        self._note("cashier", f"opens a sale of {amount.plain()}")
        self._oracle.opened(key.key, sale.id)
        self.sale = sale.id
        return sale.id

    async def code(self) -> str:
        """What the customer sees: the glass, else the cashier's screen turned round."""
        payload = ""
        for _ in range(round(GLASS_S / LOOK_S)):
            payload = self.glass() or payload
            if payload or (self._on_the_till() and not self._stand.cables["display"].plugged):
                break
            await asyncio.sleep(LOOK_S)
        if not payload and self._world.alive:
            payload = self._on_the_till()
            self._note("cashier", "turns the screen: the glass shows nothing")
        self._note("customer", f"sees {payload or 'no code'}")
        return payload

    def _on_the_till(self) -> str:
        if not self._world.alive:
            return ""
        return str(getattr(self._world.service.lanes["1"].glass.screen, "payload", ""))

    def glass(self) -> str:
        try:
            return self._stand.read_glass()
        except NotReadable:
            return ""

    def pay(self, payload: str) -> bool:
        """The phone scans and pays; False when the wallet says no."""
        try:
            paid = self._world.pay(payload)
        except CustomerCannot as refused:
            self._note("customer", f"cannot pay: {refused.reason}")
            return False
        self._note("customer", f"pays ({paid})")
        return True

    def pay_late(self) -> None:
        """The phone still has the order open, however long ago its code went from the glass."""
        order = self._world.bank.ledger.orders.newest(1)[0]
        try:
            self._world.bank.customer_pays(order.out_trade_no, self._world.bank_clock.wall_ms())
        except CustomerCannot as refused:
            self._note("customer", f"cannot pay late: {refused.reason}")
        else:
            self._note("customer", "pays too late")
        self._world.bank_worked()

    def phone_code(self, behaviour: str = "pays", wallet: str = "") -> str:
        """A payment code on the customer's phone; one with a password waits for nobody."""
        bank, now_ms = self._world.bank, self._world.bank_clock.wall_ms()
        return bank.new_customer_code(now_ms, behaviour, wallet=wallet or RAILS[self._channel].wallet)

    def shoot(self, code: str) -> None:
        self._note("cashier", f"scans {code}")
        self._stand.scan(code)

    async def cancel(self) -> None:
        self._note("cashier", "cancels")
        sale = self.sale
        try:
            await self._world.call(
                lambda service: service.checkout.cancel(sale, why="customer_left", actor=CASHIER)
            )
        except (TerminalError, Gone) as refused:
            self._note("cashier", f"is told {refused}")

    async def refund(self) -> None:
        self._note("cashier", "gives it back")
        mark = "lab-refund" if self._opened == 1 else f"lab-refund-{self._opened}"
        key = Key("till", "refund", mark, mark if self._opened > 1 else "lab")
        sale = self.sale
        try:
            _, refund = await self._world.call(
                lambda service: service.aftercare.refund(sale, None, reason="broken", actor=CASHIER, key=key)
            )
        except TerminalError as refused:
            self._note("cashier", f"is told {refused.slug}")
        else:
            self._oracle.refund_told(refund.id)
