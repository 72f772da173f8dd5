"""A test's code stays on the glass until it is read: what the counter paints waits, but for a customer."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from terminal.counter.glass import Glass
from terminal.counter.ports import CodeScreen, IdleScreen, ResultScreen, Screen
from terminal.counter.settings import CounterSettings, House, Limits
from terminal.errors import Conflict
from terminal.lab.camera import USUAL, spoiled
from terminal.lab.eye import Eye
from terminal.lab.qr_reader import read_picture
from terminal.payments.lines import Entered
from terminal.payments.money import Money
from terminal.peripherals.proof import Proof, Verdict
from terminal.simulation.devices import SimulatedCounter
from terminal.simulation.proving import Proving, alone, proving
from terminal.virtual_time import VirtualEntropy
from tests.devices.peripheral_rig import painting, play, until

PRICE = Money(2850, "CNY")
PAID = ResultScreen(7, "paid", PRICE, "7KQ2", True, ttl_s=5)
OF_A_SALE = CodeScreen(8, "weixin://wxpay/bizpayurl?pr=abcdefg00", PRICE, 60, True)
NOBODY_LOOKS = Eye(glass=spoiled(USUAL, fade=0.9))
GOODS = "6901234567892"
TAKES_S = 3.0  # a hand until the scanner is before the glass


async def noted(_screen: Screen) -> None:
    """Nobody listens."""


@asynccontextmanager
async def at_a_counter() -> AsyncIterator[tuple[Proving, SimulatedCounter, Glass]]:
    counter = SimulatedCounter()
    async with proving(counter, VirtualEntropy(1), eye=NOBODY_LOOKS) as at:
        glass = Glass(CounterSettings("1"), House("m", "s", "Tea"), at.slots.display, Limits(), noted)
        counters = asyncio.ensure_future(painting(glass)())
        try:
            await until(lambda: counter.screen == "idle", 5)
            yield at, counter, glass
        finally:
            counters.cancel()
            await asyncio.gather(counters, return_exceptions=True)


async def read_by_hand(at: Proving, counter: SimulatedCounter, role: str) -> Proof:
    """A person presses Test and reads what stands there a while later."""
    test = asyncio.ensure_future(at.bench.test(role))  # type: ignore[arg-type]  # one of the roles
    await until(lambda: counter.screen == "code", 5)
    await asyncio.sleep(TAKES_S)
    if counter.screen == "code":
        counter.scan(read_picture(*counter.display.glass()))
    return await test


@pytest.mark.row(97)
@pytest.mark.parametrize("role", ["display", "scanner"])
def test_the_end_of_a_result_s_time_takes_no_test_s_code_from_under_the_scanner(role: str) -> None:
    async def story() -> None:
        async with at_a_counter() as (at, counter, glass):
            glass.want(PAID)
            await asyncio.sleep(PAID.ttl_s - 1)
            assert (await read_by_hand(at, counter, role)).passed
            assert isinstance(glass.screen, IdleScreen)
            await until(lambda: counter.screen == "idle", 1)

    play(story())


@pytest.mark.row(97)
def test_a_display_that_lost_its_screen_is_not_cleared_over_a_test_s_code() -> None:
    async def story() -> None:
        async with at_a_counter() as (at, counter, _):
            test = asyncio.ensure_future(read_by_hand(at, counter, "scanner"))
            await until(lambda: counter.screen == "code", 5)
            at.slots.display.again()
            assert (await test).passed

    play(story())


@pytest.mark.row(97)
@pytest.mark.parametrize(
    "customers", [OF_A_SALE, PAID, IdleScreen("Tea", True, entered=Entered("tea", PRICE, PRICE))]
)
def test_i10_i24_what_is_for_a_customer_is_shown_at_once_and_the_test_ends_without_a_verdict(
    customers: Screen,
) -> None:
    async def story() -> None:
        async with at_a_counter() as (at, counter, glass):
            test = asyncio.ensure_future(at.bench.test("display"))
            await until(lambda: counter.screen == "code", 5)
            tests = counter.glass_code
            glass.want(customers)
            await until(lambda: counter.glass_code != tests, 1)
            counter.scan(GOODS)
            await until(lambda: at.scanned == [GOODS], 1)  # as the test's it would be lost
            glass.clear()
            await until(lambda: counter.screen == "idle", 1)  # no longer the test's: nothing waits for it
            proof = await test
            assert (proof.verdict, proof.reason) == (Verdict.CANNOT_TELL, "proof_interrupted")
            assert (await read_by_hand(at, counter, "display")).passed

    play(story())


@pytest.mark.row(97)
@pytest.mark.parametrize("role", ["display", "scanner"])
def test_i24_a_test_whose_glass_a_customer_took_ends_at_once_and_the_next_may_begin(role: str) -> None:
    """It had waited for its scan all the same, up to half a minute in which no other device could be tested."""

    async def story() -> None:
        async with at_a_counter() as (at, counter, glass):
            test = asyncio.ensure_future(at.bench.test(role))  # type: ignore[arg-type]  # one of the roles
            await until(lambda: counter.screen == "code", 5)
            glass.want(PAID)
            await until(test.done, 0.1)
            proof = test.result()
            assert (proof.verdict, proof.reason) == (Verdict.CANNOT_TELL, "proof_interrupted")
            assert at.bench.testing is None
            await asyncio.sleep(1)
            assert counter.screen == "result", "what the test still painted is not put over it"
            glass.clear()
            assert (await read_by_hand(at, counter, role)).passed

    play(story())


@pytest.mark.row(97)
def test_each_test_of_a_scanner_shows_a_screen_of_its_own_number() -> None:
    """What has shown a number keeps it: paper would not print it again, a hand would not hold it again."""

    async def story() -> None:
        async with proving(SimulatedCounter(), VirtualEntropy(1)) as at:
            proofs = [await at.bench.test("scanner") for _ in range(2)]
            assert [each.passed for each in proofs] == [True, True]

    play(story())


@pytest.mark.row(97)
def test_i10_a_sale_that_opens_while_a_test_still_waits_for_its_device_keeps_its_code() -> None:
    """A device that was just plugged in is waited for; behind that wait its test had hidden the customer's."""

    async def story() -> None:
        async with at_a_counter() as (at, counter, glass):
            counter.wires["scanner"].unplug()
            at.slots.put("scanner", alone("scanner", counter.devices()))
            test = asyncio.ensure_future(at.bench.test("scanner"))
            await asyncio.sleep(1)
            at.customer = True
            glass.want(OF_A_SALE)
            await until(lambda: counter.screen == "code", 1)
            customers = counter.glass_code
            with pytest.raises(Conflict, match="device_test_busy"):
                await test
            assert counter.glass_code == customers
            assert at.bench.testing is None

    play(story())
