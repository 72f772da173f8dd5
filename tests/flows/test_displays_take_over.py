"""A sale on a counter with three displays: the glass dies under the customer's eyes, the sale does not notice."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from drivers.display.nextion import NextionPanel, NextionProfile
from drivers.display.pole import PolePanel, PoleProfile
from drivers.display.profile import load_panel
from firmware_stubs.display_nextion import NextionStub
from firmware_stubs.display_pole import PoleStub
from terminal.counter.ports import Devices, HealthState
from terminal.help.catalogue import Catalogue
from terminal.peripherals.display import CodeDisplay
from terminal.peripherals.fallback_display import FallbackDisplay
from terminal.peripherals.panel_display import PanelDisplay, Wording
from terminal.simulation.devices import SimulatedCounter
from terminal.virtual_time import VirtualClock
from tests.devices.wires import wire
from tests.flows.counter_rig import Shop, opened, play


class ManyDisplays(SimulatedCounter):
    """Our own glass, a Nextion panel behind it, and a pole for the amount."""

    def __init__(self) -> None:
        super().__init__()
        self.panel, self.pole = NextionStub(), PoleStub()
        self.panel_wire, self.pole_wire = wire(self.panel), wire(self.pole)

    def devices(self) -> Devices:
        devices, words, clock = super().devices(), Catalogue.load("en"), VirtualClock()
        assert isinstance(devices.display, CodeDisplay)
        wording = Wording(words.text, words.money)
        panel = PanelDisplay(
            "panel",
            self.panel_wire.open,
            clock,
            make=lambda transport: NextionPanel(transport, NextionProfile()),
            wording=wording,
            shows_codes=True,
        )
        pole = PanelDisplay(
            "pole",
            self.pole_wire.open,
            clock,
            make=lambda transport: PolePanel(transport, load_panel(PoleProfile, "cd5220")),
            wording=wording,
            shows_codes=False,
        )
        together = FallbackDisplay([devices.display, panel, pole])
        further = {"display 2": panel.run, "display 3": pole.run, "displays": together.run}
        return replace(devices, display=together, jobs={**devices.jobs, **further})


def payload(shop: Shop, sale: str) -> str:
    attempt = shop.sale(sale).last_attempt
    return attempt.payload if attempt else ""


@pytest.mark.row(43, 48, 49)
def test_i10_i24_the_glass_is_pulled_mid_sale_the_next_takes_over_in_3_s_and_the_sale_is_untouched(
    tmp_path: Path,
) -> None:
    async def story() -> None:
        counter = ManyDisplays()
        async with opened(tmp_path, counter) as shop:
            sale = await shop.open()
            await shop.until(lambda: counter.screen == "code", 3)
            await shop.until(lambda: "28.50" in counter.pole.screen, 1)
            assert "TEST" in counter.pole.screen, "the total stands there before the money is given"
            assert counter.panel.payload == ""
            counter.unplug("display")
            await shop.until(lambda: counter.panel.payload == payload(shop, sale) != "", 3)
            shop.pay(sale)
            await shop.until(lambda: shop.sale(sale).state == "paid", 5)
            await shop.until(lambda: counter.panel.screen == "result", 1)
            await shop.until(lambda: counter.pole.screen.startswith("Paid"), 1)
            assert len(shop.sale(sale).attempts) == 1
            counter.replug("display")
            await shop.until(lambda: counter.screen == "idle", 10)
            following = await shop.open()
            await shop.until(lambda: counter.screen == "code", 5)
            assert counter.panel.payload == ""
            shop.pay(following)
            await shop.until(lambda: shop.sale(following).state == "paid", 5)

    play(story())


@pytest.mark.row(47, 49)
def test_i24_with_every_glass_dead_the_till_has_the_code_and_the_money_is_as_fast(tmp_path: Path) -> None:
    async def story() -> None:
        counter = ManyDisplays()
        async with opened(tmp_path, counter) as shop:
            counter.unplug("display")
            counter.panel.mute = True
            counter.pole_wire.stalled = True
            sale = await shop.open()
            lane = shop.service.lane("1")
            await shop.until(lambda: lane.glass.failing != "" and payload(shop, sale) != "", 10)
            assert lane.devices.health()["display"].state is HealthState.FAULT
            shop.pay(sale)
            await shop.until(lambda: shop.sale(sale).state == "paid", 5)
            await asyncio.sleep(30)
            assert counter.panel.payload == ""

    play(story())
