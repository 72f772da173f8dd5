"""One counter's devices for its real sales and for training: never both at once, and nothing is lost meanwhile."""

import asyncio
from pathlib import Path

import pytest

from terminal.counter.ports import Devices, ReceiptGlass
from terminal.peripherals.shared import Shared
from terminal.simulation.devices import SimulatedCounter
from tests.flows.counter_devices import GlassOnCounter
from tests.flows.counter_rig import Shop, opened, play, read_glass

pytestmark = pytest.mark.row(102)


class Lending(SimulatedCounter):
    def devices(self) -> Devices:
        self.shared = Shared(super().devices())
        return self.shared.real


class Borrowing(SimulatedCounter):
    """A second service's view of the same devices."""

    def __init__(self, lender: Lending) -> None:
        super().__init__()
        self._lender = lender

    def devices(self) -> Devices:
        return self._lender.shared.training


def code_of(shop: Shop) -> str:
    """The digits a customer's wallet shows."""
    return shop.world.bank.new_customer_code(shop.world.clock.wall_ms())


def test_whoever_has_the_devices_shows_speaks_and_prints_and_the_other_goes_on_when_they_are_back(
    tmp_path: Path,
) -> None:
    async def story() -> None:
        counter = Lending()
        async with opened(tmp_path / "real", counter) as real:
            late = await real.open()
            await real.until(lambda: len(read_glass(counter)) == 1)
            counter.shared.lend(True)
            async with opened(tmp_path / "practice", Borrowing(counter)) as practice:
                real.pay(late)
                await real.until(lambda: real.sale(late).state == "paid")
                practised = await practice.open()
                await practice.until(lambda: counter.screen == "code")
                code = practice.sale(practised).attempts[-1].payload
                assert read_glass(counter) == [code]
                practice.pay(practised)
                await practice.until(lambda: len(counter.paper) == 1, 30)
                await practice.until(lambda: "voice_ended" in practice.types(practised), 30)
                assert "print_stopped" in real.types(late)
                spoken = len(counter.transcript)
                counter.shared.lend(False)
                await real.until(lambda: len(counter.paper) == 2, 60)
                assert len(counter.transcript) == spoken
                await asyncio.sleep(30)
                assert len(counter.paper) == 2
                again = await real.open()
                await real.until(lambda: counter.screen == "code")
                assert read_glass(counter) == [real.sale(again).attempts[-1].payload]

    play(story())


def test_a_scan_reaches_only_whoever_has_the_scanner(tmp_path: Path) -> None:
    async def story() -> None:
        counter = Lending()
        async with opened(tmp_path / "real", counter) as real:
            counter.shared.lend(True)
            async with opened(tmp_path / "practice", Borrowing(counter)) as practice:
                practised, sale = await practice.open(), await real.open()
                await practice.until(lambda: counter.screen == "code")
                counter.scan(code_of(practice))
                await practice.until(lambda: practice.sale(practised).state == "paid", 30)
                counter.shared.lend(False)
                assert [each.direction for each in real.sale(sale).attempts] == ["push"]
                code_of(real)  # both banks begin with the same digits, and a scanner passes the same ones once
                counter.scan(code_of(real))
                await real.until(lambda: real.sale(sale).state == "paid", 30)

    play(story())


@pytest.mark.row(66)
async def test_i9_whoever_does_not_have_the_display_takes_no_slip_for_shown_on_it() -> None:
    glass = GlassOnCounter()
    glass.shows_receipts = True
    shared = Shared(Devices(glass))
    faces = [shared.real.display, shared.training.display]
    for lent in (False, True):
        shared.lend(lent)
        told = [isinstance(face, ReceiptGlass) and await face.draws_receipt("https://shop/r/1") for face in faces]
        assert told == [not lent, lent]
