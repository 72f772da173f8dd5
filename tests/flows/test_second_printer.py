"""Row 44 over the whole counter: the printer dies around a paid sale, another one has the slip, once."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from drivers.printer.profile import load
from firmware_stubs.printer import PrinterStub
from terminal.counter.ports import Devices
from terminal.peripherals.fallback_printer import FallbackPrinter
from terminal.peripherals.printer import SlipPrinter
from terminal.simulation.devices import SimulatedCounter
from terminal.virtual_time import VirtualClock
from tests.devices.printer_rig import stub_for
from tests.devices.wires import wire
from tests.flows.counter_rig import opened, play
from tests.flows.test_counter_devices import shown


class TwoPrinters(SimulatedCounter):
    """The counter's own, and a small one of another kind behind it."""

    def __init__(self) -> None:
        super().__init__()
        self.second: PrinterStub = stub_for(load("generic-58"))
        self._cable = wire(self.second, name="second")

    def devices(self) -> Devices:
        devices = super().devices()
        assert isinstance(devices.printer, SlipPrinter)
        small = SlipPrinter("second", self._cable.open, VirtualClock(), profile=load("generic-58"))
        both = FallbackPrinter([devices.printer, small])
        return replace(devices, printer=both, jobs={**devices.jobs, "printer": both.run})

    def on_second(self) -> list[str]:
        return [" ".join(line.split()) for line in self.second.hanging.lines if line.strip()]


@pytest.mark.row(44, 61, 63)
@pytest.mark.parametrize("fault", ["unplug-printer", "open-cover"])
def test_i9_a_printer_dead_before_the_slip_and_the_other_prints_the_original_once(
    tmp_path: Path, fault: str
) -> None:
    async def story() -> None:
        counter = TwoPrinters()
        async with opened(tmp_path, counter) as shop:
            counter.fault(fault)
            sale = await shop.open()
            await shown(shop, counter, sale)
            shop.pay(sale)
            await shop.until(lambda: "effect_done" in shop.types(sale), 20)
            await asyncio.sleep(60)
            assert (counter.paper, counter.hanging) == ([], [])
            lines = counter.on_second()
            assert len([line for line in lines if "28.50" in line]) == 1
            assert not [line for line in lines if "COPY" in line]
            assert shop.types(sale).count("print_started") == 1
            assert "print_stopped" not in shop.types(sale)

    play(story())


@pytest.mark.row(44, 63, 64)
@pytest.mark.parametrize("after", [60, 200])
def test_i9_p1_paper_that_ends_inside_the_slip_gives_one_whole_copy_on_the_other(
    tmp_path: Path, after: int
) -> None:
    async def story() -> None:
        counter = TwoPrinters()
        async with opened(tmp_path, counter) as shop:
            counter.fault("paper-out", after_bytes=after)
            sale = await shop.open()
            await shown(shop, counter, sale)
            shop.pay(sale)
            await shop.until(lambda: shop.sale(sale).state == "paid")
            await shop.until(lambda: bool(counter.on_second()), 60)
            await asyncio.sleep(60)
            lines = counter.on_second()
            assert [line for line in lines if "COPY" in line] == ["COPY 1"]
            assert len([line for line in lines if "28.50" in line]) == 1
            assert shop.types(sale).count("print_stopped") == 1
            assert shop.types(sale).count("print_started") == 2

    play(story())
