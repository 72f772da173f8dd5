"""What people do in a headless lab run: a cashier, a customer with a phone, and when things break."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Final

from terminal.counter.checkout import Key
from terminal.errors import TerminalError
from terminal.lab.qr_reader import NotReadable
from terminal.payments.attempt import Direction
from terminal.payments.decide import OpenSale
from terminal.payments.event import Actor
from terminal.payments.money import Money
from terminal.sandbox.engine import CustomerCannot
from terminal.simulation.lab_bills import next_morning
from terminal.simulation.lab_update import update
from terminal.simulation.rails import RAILS
from terminal.simulation.world import Gone

if TYPE_CHECKING:
    from terminal.simulation.lab_run import LabRun

AMOUNT_MINOR: Final = 2850
CASHIER: Final = Actor("person", "cashier")
BOTH: Final[tuple[Direction, ...]] = ("push", "pull")
LOOK_S: Final = 0.25
GLASS_S: Final = 30.0
Script = Callable[["LabRun"], Awaitable[None]]


class Hands:
    """The acts of cashier and customer on one run's world."""

    def __init__(self, run: "LabRun") -> None:
        self._run = run
        self.sale = ""
        self._opened = 0

    async def open(self, directions: tuple[Direction, ...] = BOTH, amount_minor: int = AMOUNT_MINOR) -> str:
        amount = Money(amount_minor, self._run.world.house.currency)
        request = OpenSale("1", amount, title="goods", directions=directions)
        self._opened += 1
        mark = "lab" if self._opened == 1 else f"lab-{self._opened}"
        key = Key("till", "open", mark, mark)
        sale = await self._run.world.call(
            lambda service: service.checkout.open_sale(request, actor=CASHIER, key=key)
        )
        self._run.note("cashier", f"opens a sale of {amount.plain()}")
        self._run.oracle.opened(key.key, sale.id)
        self.sale = sale.id
        return sale.id

    async def code(self) -> str:
        """What the customer sees: the glass, else the cashier's screen turned round."""
        payload = ""
        for _ in range(round(GLASS_S / LOOK_S)):
            payload = self.glass() or payload
            if payload or (self._on_the_till() and not self._run.stand.cables["display"].plugged):
                break
            await asyncio.sleep(LOOK_S)
        if not payload and self._run.world.alive:
            payload = self._on_the_till()
            self._run.note("cashier", "turns the screen: the glass shows nothing")
        self._run.note("customer", f"sees {payload or 'no code'}")
        return payload

    def _on_the_till(self) -> str:
        if not self._run.world.alive:
            return ""
        return str(getattr(self._run.world.service.lanes["1"].glass.screen, "payload", ""))

    def glass(self) -> str:
        try:
            return self._run.stand.read_glass()
        except NotReadable:
            return ""

    def pay(self, payload: str) -> bool:
        """The phone scans and pays; False when the wallet says no."""
        try:
            paid = self._run.world.pay(payload)
        except CustomerCannot as refused:
            self._run.note("customer", f"cannot pay: {refused.reason}")
            return False
        self._run.note("customer", f"pays ({paid})")
        return True

    def pay_late(self) -> None:
        """The phone still has the order open, however long ago its code went from the glass."""
        order = self._run.world.bank.ledger.orders.newest(1)[0]
        try:
            self._run.world.bank.customer_pays(order.out_trade_no, self._run.world.bank_clock.wall_ms())
        except CustomerCannot as refused:
            self._run.note("customer", f"cannot pay late: {refused.reason}")
        else:
            self._run.note("customer", "pays too late")
        self._run.world.bank_worked()

    def phone_code(self, behaviour: str = "pays", wallet: str = "") -> str:
        """A payment code on the customer's phone; one with a password waits for nobody."""
        bank, now_ms = self._run.world.bank, self._run.world.bank_clock.wall_ms()
        return bank.new_customer_code(now_ms, behaviour, wallet=wallet or RAILS[self._run.channel].wallet)

    def shoot(self, code: str) -> None:
        self._run.note("cashier", f"scans {code}")
        self._run.stand.scan(code)

    async def cancel(self) -> None:
        self._run.note("cashier", "cancels")
        sale = self.sale
        try:
            await self._run.world.call(
                lambda service: service.checkout.cancel(sale, why="customer_left", actor=CASHIER)
            )
        except (TerminalError, Gone) as refused:
            self._run.note("cashier", f"is told {refused}")

    async def refund(self) -> None:
        self._run.note("cashier", "gives it back")
        mark = "lab-refund" if self._opened == 1 else f"lab-refund-{self._opened}"
        key = Key("till", "refund", mark, mark if self._opened > 1 else "lab")
        sale = self.sale
        try:
            _, refund = await self._run.world.call(
                lambda service: service.aftercare.refund(sale, None, reason="broken", actor=CASHIER, key=key)
            )
        except TerminalError as refused:
            self._run.note("cashier", f"is told {refused.slug}")
        else:
            self._run.oracle.refund_told(refund.id)


# --- the scripts -------------------------------------------------------------------------------------------


async def push(run: "LabRun") -> None:
    """The customer scans the glass and pays."""
    await run.hands.open()
    payload = await run.hands.code()
    await run.break_now()
    await asyncio.sleep(2)
    run.hands.pay(payload)


async def push_rest(run: "LabRun") -> None:
    """A part is taken, the next code asks for the rest, and the customer pays that too."""
    await push(run)
    paid = run.hands.glass()
    for _ in range(20):
        await asyncio.sleep(0.5)
        if (payload := run.hands.glass()) not in ("", paid):
            run.hands.pay(payload)
            return
    run.note("customer", "is asked for nothing more")


async def pull(run: "LabRun") -> None:
    """The cashier scans the phone; no code was shown before."""
    await run.hands.open(("pull",))
    await run.break_now()
    await asyncio.sleep(1)
    run.hands.shoot(run.hands.phone_code())


async def scan(run: "LabRun") -> None:
    """A code is shown, the customer prefers to show theirs."""
    await run.hands.open()
    await run.hands.code()
    await run.break_now()
    run.hands.shoot(run.hands.phone_code())


async def scan_again(run: "LabRun") -> None:
    """The first shot went wrong, the cashier shoots again."""
    await run.hands.open()
    await run.hands.code()
    await run.break_now()
    code = run.hands.phone_code()
    run.hands.shoot(code)
    await asyncio.sleep(4)
    run.hands.shoot(code)


async def forged(run: "LabRun") -> None:
    """A stranger lies while the customer hesitates, and then leaves."""
    await run.hands.open()
    await run.hands.code()
    await run.break_now()
    await asyncio.sleep(8)
    run.note_state()
    await run.hands.cancel()


async def push_late(run: "LabRun") -> None:
    """The code's time is over before the customer pays."""
    await run.hands.open()
    await run.hands.code()
    await run.break_now()
    profile = run.world.service.provider(run.channel).profile
    await asyncio.sleep(profile.timings.code_life_s + 5)
    run.note_state()
    run.hands.pay_late()


async def push_cancel(run: "LabRun") -> None:
    """The cashier cancels with the code on the glass."""
    await run.hands.open()
    await run.hands.code()
    await run.break_now()
    await run.hands.cancel()


async def refund(run: "LabRun") -> None:
    await push(run)
    await run.until_ended()
    await asyncio.sleep(5)
    await run.hands.refund()


async def kill(run: "LabRun") -> None:
    """The process dies with a code on the glass; the customer pays while it is down."""
    await run.hands.open()
    payload = await run.hands.code()
    await run.world.crash()
    run.note("service", "killed")
    await asyncio.sleep(1)
    run.hands.pay(payload)
    await asyncio.sleep(2)
    await run.world.start()
    run.note("service", "started again")


async def stop(run: "LabRun") -> None:
    """A well-behaved end in the middle of a sale; the customer pays while it is down."""
    await run.hands.open()
    payload = await run.hands.code()
    await run.world.stop()
    run.note("service", "stopped")
    run.hands.pay(payload)
    await asyncio.sleep(5)
    await run.world.start()
    run.note("service", "started again")


async def race(run: "LabRun") -> None:
    """Glass paid and phone scanned at nearly the same moment, which first is the seed's choice."""
    await run.hands.open()
    payload = await run.hands.code()
    offset_ms = run.world.chance.between(-400, 400)
    code = run.hands.phone_code()

    async def customer() -> None:
        await asyncio.sleep(max(offset_ms, 0) / 1000)
        run.hands.pay(payload)

    async def cashier() -> None:
        await asyncio.sleep(max(-offset_ms, 0) / 1000)
        run.hands.shoot(code)

    async with asyncio.TaskGroup() as both:
        both.create_task(customer())
        both.create_task(cashier())
    run.happened = True


async def cancel_race(run: "LabRun") -> None:
    await run.hands.open()
    payload = await run.hands.code()
    offset_ms = run.world.chance.between(-300, 300)

    async def customer() -> None:
        await asyncio.sleep(max(offset_ms, 0) / 1000)
        run.hands.pay(payload)

    async def cashier() -> None:
        await asyncio.sleep(max(-offset_ms, 0) / 1000)
        await run.hands.cancel()

    async with asyncio.TaskGroup() as both:
        both.create_task(customer())
        both.create_task(cashier())
    run.happened = True


async def clock(run: "LabRun") -> None:
    """Somebody sets the machine's clock in the middle of a sale."""
    await run.hands.open()
    payload = await run.hands.code()
    by_ms = int(run.fault.params["ms"])
    run.world.clock.jump_wall(by_ms)
    run.happened = True
    run.note("lab", f"the clock jumps by {by_ms} ms")
    await asyncio.sleep(5)
    run.hands.pay(payload)
    await run.until_ended()
    run.world.clock.jump_wall(-by_ms)


async def bill(run: "LabRun") -> None:
    """A sale is paid; the next morning its bill is fetched."""
    await push(run)
    await run.until_ended()
    run.note_state()
    await next_morning(run)


async def story(run: "LabRun") -> None:
    """The steps of a scenario file."""
    assert run.story is not None
    await run.story.play()


SCRIPTS: Final[Mapping[str, Script]] = {
    "story": story,
    "push": push,
    "push-rest": push_rest,
    "pull": pull,
    "scan": scan,
    "scan-again": scan_again,
    "forged": forged,
    "push-late": push_late,
    "push-cancel": push_cancel,
    "refund": refund,
    "kill": kill,
    "stop": stop,
    "update": update,
    "race": race,
    "cancel-race": cancel_race,
    "clock": clock,
    "bill": bill,
}
