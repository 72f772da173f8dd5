"""A browser as the counter's display: its pages are its plug, and another glass takes over without them."""

import asyncio
from types import SimpleNamespace
from typing import cast

import pytest

from drivers.display.bonrix import BonrixPanel, BonrixProfile
from firmware_stubs.display_bonrix import BonrixStub
from terminal.counter.lane import Lane
from terminal.counter.ports import CodeScreen, Devices, HealthState
from terminal.errors import BadSettings, PeripheralFailed
from terminal.help.catalogue import Catalogue
from terminal.payments.money import Money
from terminal.people.roles import Principal, Role
from terminal.peripherals.browser_display import BrowserDisplay
from terminal.peripherals.build import build_devices
from terminal.peripherals.fallback_display import FallbackDisplay
from terminal.peripherals.panel_display import PanelDisplay, Wording
from terminal.settings import CounterTable, DeviceTable
from terminal.virtual_time import VirtualClock, run
from terminal.web.callers import Caller
from terminal.web.edge import Edge, EdgeLimits
from terminal.web.live.hub import Hub, Listener
from tests.devices.peripheral_rig import now_s, play, running, until, well
from tests.devices.wires import wire

WORDS = Catalogue.load("en")
CODE = CodeScreen(7, "weixin://wxpay/bizpayurl?pr=abc", Money(2850, "CNY"), 120, True, "Tea")
PAGE = Principal("device", "d1", Role.DISPLAY, counters=frozenset({"1"}))
TILL = Principal("device", "t1", Role.TILL, counters=frozenset({"1"}))


class Pages:
    """A hub and one counter with these devices; pages of customers' displays and tills come and go."""

    def __init__(self, devices: Devices) -> None:
        self.hub = Hub(cast("Edge", SimpleNamespace(limits=EdgeLimits())))
        self._lane = cast("Lane", SimpleNamespace(id="1", devices=devices, listen=lambda _told: None))

    def open(self, who: Principal = PAGE) -> Listener:
        listener = Listener(Caller(who, who.id, lambda: who, by_key=False), self._lane, 0)
        self.hub.add(listener)
        return listener


@pytest.mark.row(47)
def test_a_browser_display_is_there_while_a_paired_page_follows_its_counter() -> None:
    async def story() -> None:
        counter = CounterTable(id="1", display=DeviceTable(port="browser:"))
        devices = build_devices(counter, clock=VirtualClock(), words=WORDS.text, money=WORDS.money)
        display, told = devices.display, list[int]()
        assert isinstance(display, BrowserDisplay)
        display.on_back(lambda: told.append(1))
        pages = Pages(devices)
        pages.open(TILL)
        with pytest.raises(PeripheralFailed):
            await display.show(CODE)
        assert display.health().reason == "display_gone"
        first, second = pages.open(), pages.open()
        assert told == [1]
        await display.show(CODE)
        assert display.health().state is HealthState.CANNOT_TELL
        await asyncio.sleep(60)
        assert display.health().checked_mono_ns == now_s() * 1e9  # who follows is known at every moment
        pages.hub.remove(first)
        await display.show(CODE)
        pages.hub.remove(second)
        assert told == [1, 1]
        with pytest.raises(PeripheralFailed):
            await display.show(CODE)

    run(story(), seed=1)


@pytest.mark.row(47, 49)
def test_the_browser_takes_over_when_the_glass_dies_and_the_glass_when_the_page_closes() -> None:
    async def story() -> None:
        stub = BonrixStub()
        cable, clock = wire(stub), VirtualClock()
        glass = PanelDisplay(
            "glass",
            cable.open,
            clock,
            make=lambda transport: BonrixPanel(transport, BonrixProfile()),
            wording=Wording(WORDS.text, WORDS.money),
            shows_codes=True,
        )
        browser = BrowserDisplay("browser:", clock)
        together = FallbackDisplay([browser, glass])
        pages = Pages(Devices(together, watched=browser.watched))
        async with running(glass.run, together.run):
            await well(glass.health)
            page = pages.open()
            await together.show(CODE)
            assert stub.payload == ""
            pages.hub.remove(page)
            await together.show(CODE)
            assert stub.payload == CODE.payload
            pages.open()
            cable.unplug()
            await until(lambda: glass.health().state is HealthState.FAULT, 3)
            await together.show(CODE)
            assert together.health().reason == "display_fallback"

    play(story())


def test_bad_input_two_browsers_on_one_counter_are_one_too_many() -> None:
    table = DeviceTable(port="browser:")

    async def story() -> None:
        with pytest.raises(BadSettings, match="displays"):
            build_devices(
                CounterTable(id="1", display=table, displays=(table,)),
                clock=VirtualClock(),
                words=WORDS.text,
                money=WORDS.money,
            )

    run(story(), seed=1)
