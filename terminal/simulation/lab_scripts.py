"""What people do in a headless lab run, by name: who acts when, and when things break."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from terminal.simulation.lab_bills import next_morning
from terminal.simulation.lab_shop import LabShop
from terminal.simulation.lab_update import update

Script = Callable[[LabShop], Awaitable[None]]


async def push(shop: LabShop) -> None:
    """The customer scans the glass and pays."""
    await shop.hands.open()
    payload = await shop.hands.code()
    await shop.break_now()
    await asyncio.sleep(2)
    shop.hands.pay(payload)


async def push_rest(shop: LabShop) -> None:
    """A part is taken, the next code asks for the rest, and the customer pays that too."""
    await push(shop)
    paid = shop.hands.glass()
    for _ in range(20):
        await asyncio.sleep(0.5)
        if (payload := shop.hands.glass()) not in ("", paid):
            shop.hands.pay(payload)
            return
    shop.note("customer", "is asked for nothing more")


async def pull(shop: LabShop) -> None:
    """The cashier scans the phone; no code was shown before."""
    await shop.hands.open(("pull",))
    await shop.break_now()
    await asyncio.sleep(1)
    shop.hands.shoot(shop.hands.phone_code())


async def scan(shop: LabShop) -> None:
    """A code is shown, the customer prefers to show theirs."""
    await shop.hands.open()
    await shop.hands.code()
    await shop.break_now()
    shop.hands.shoot(shop.hands.phone_code())


async def scan_again(shop: LabShop) -> None:
    """The first shot went wrong, the cashier shoots again."""
    await shop.hands.open()
    await shop.hands.code()
    await shop.break_now()
    code = shop.hands.phone_code()
    shop.hands.shoot(code)
    await asyncio.sleep(4)
    shop.hands.shoot(code)


async def forged(shop: LabShop) -> None:
    """A stranger lies while the customer hesitates, and then leaves."""
    await shop.hands.open()
    await shop.hands.code()
    await shop.break_now()
    await asyncio.sleep(8)
    shop.note_state()
    await shop.hands.cancel()


async def push_late(shop: LabShop) -> None:
    """The code's time is over before the customer pays."""
    await shop.hands.open()
    await shop.hands.code()
    await shop.break_now()
    profile = shop.world.service.provider(shop.channel).profile
    await asyncio.sleep(profile.timings.code_life_s + 5)
    shop.note_state()
    shop.hands.pay_late()


async def push_cancel(shop: LabShop) -> None:
    """The cashier cancels with the code on the glass."""
    await shop.hands.open()
    await shop.hands.code()
    await shop.break_now()
    await shop.hands.cancel()


async def refund(shop: LabShop) -> None:
    await push(shop)
    await shop.until_ended()
    await asyncio.sleep(5)
    await shop.hands.refund()


async def kill(shop: LabShop) -> None:
    """The process dies with a code on the glass; the customer pays while it is down."""
    await shop.hands.open()
    payload = await shop.hands.code()
    await shop.world.crash()
    shop.note("service", "killed")
    await asyncio.sleep(1)
    shop.hands.pay(payload)
    await asyncio.sleep(2)
    await shop.world.start()
    shop.note("service", "started again")


async def stop(shop: LabShop) -> None:
    """A well-behaved end in the middle of a sale; the customer pays while it is down."""
    await shop.hands.open()
    payload = await shop.hands.code()
    await shop.world.stop()
    shop.note("service", "stopped")
    shop.hands.pay(payload)
    await asyncio.sleep(5)
    await shop.world.start()
    shop.note("service", "started again")


async def race(shop: LabShop) -> None:
    """Glass paid and phone scanned at nearly the same moment, which first is the seed's choice."""
    await shop.hands.open()
    payload = await shop.hands.code()
    offset_ms = shop.world.chance.between(-400, 400)
    code = shop.hands.phone_code()

    async def customer() -> None:
        await asyncio.sleep(max(offset_ms, 0) / 1000)
        shop.hands.pay(payload)

    async def cashier() -> None:
        await asyncio.sleep(max(-offset_ms, 0) / 1000)
        shop.hands.shoot(code)

    async with asyncio.TaskGroup() as both:
        both.create_task(customer())
        both.create_task(cashier())
    shop.happened = True


async def cancel_race(shop: LabShop) -> None:
    await shop.hands.open()
    payload = await shop.hands.code()
    offset_ms = shop.world.chance.between(-300, 300)

    async def customer() -> None:
        await asyncio.sleep(max(offset_ms, 0) / 1000)
        shop.hands.pay(payload)

    async def cashier() -> None:
        await asyncio.sleep(max(-offset_ms, 0) / 1000)
        await shop.hands.cancel()

    async with asyncio.TaskGroup() as both:
        both.create_task(customer())
        both.create_task(cashier())
    shop.happened = True


async def clock(shop: LabShop) -> None:
    """Somebody sets the machine's clock in the middle of a sale."""
    await shop.hands.open()
    payload = await shop.hands.code()
    by_ms = int(shop.fault.params["ms"])
    shop.world.clock.jump_wall(by_ms)
    shop.happened = True
    shop.note("lab", f"the clock jumps by {by_ms} ms")
    await asyncio.sleep(5)
    shop.hands.pay(payload)
    await shop.until_ended()
    shop.world.clock.jump_wall(-by_ms)


async def bill(shop: LabShop) -> None:
    """A sale is paid; the next morning its bill is fetched."""
    await push(shop)
    await shop.until_ended()
    shop.note_state()
    await next_morning(shop)


SCRIPTS: Final[Mapping[str, Script]] = {
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
