"""Several displays on one counter: one carries the code, the next takes over, an old code never comes back."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial

import pytest

from drivers.display.nextion import NextionPanel, NextionProfile
from drivers.display.pole import PolePanel, PoleProfile
from drivers.display.profile import DisplayProfile, load_panel
from firmware_stubs.display import DisplayStub
from firmware_stubs.display_nextion import NextionStub
from firmware_stubs.display_pole import PoleStub
from firmware_stubs.wire import Wire
from terminal.counter.glass import Glass
from terminal.counter.ports import CodeScreen, HealthState, IdleScreen, ResultScreen, Screen
from terminal.counter.settings import CounterSettings, House, Limits
from terminal.help.catalogue import Catalogue
from terminal.payments.event import Ledger
from terminal.payments.money import Money
from terminal.peripherals.artwork import receipt_fits
from terminal.peripherals.build_display import HURRY_MS
from terminal.peripherals.display import CodeDisplay
from terminal.peripherals.fallback_display import FallbackDisplay, Glassware
from terminal.peripherals.panel_display import PanelDisplay, Wording
from terminal.virtual_time import VirtualClock
from tests.devices.peripheral_rig import painting, play, running, until
from tests.devices.wires import wire

AMOUNT = Money(2850, "CNY")
HOUSE = House("m", "s", "Tea", ledger=Ledger.TEST)
FIRST = CodeScreen(7, "weixin://wxpay/bizpayurl?pr=first", AMOUNT, 120, True, "Tea")
SECOND = CodeScreen(8, "weixin://wxpay/bizpayurl?pr=second", AMOUNT, 120, True, "Tea")
PAID = ResultScreen(7, "paid", AMOUNT, "7KQ2", True)
RECEIPT = replace(PAID, receipt="https://192.168.1.20:7643/r/01J8ZQ4Y7N3M5K2B6C9D0E1F2GABCDEFGHIJ234567")
CODE_SHOWN, IDLE_SHOWN = 1, 4


@dataclass
class Counter:
    """A glass over our own display, a Nextion panel and a pole, as a counter has them."""

    glass: Glass
    together: FallbackDisplay
    own: DisplayStub
    panel: NextionStub
    pole: PoleStub
    cables: dict[str, Wire]
    shown: list[Screen]

    @property
    def codes(self) -> list[str]:
        """Which glasses carry a code now."""
        carried = {"own": self.own.screen == CODE_SHOWN, "panel": bool(self.panel.payload)}
        return [name for name, holds in carried.items() if holds]

    def right(self, payload: str) -> bool:
        """Nothing that is plugged in shows another code, and at most one of them this one."""
        here = [name for name in self.codes if self.cables[name].plugged]
        return len(here) <= bool(payload) and ("panel" not in here or self.panel.payload == payload)

    async def shows(self, *names: str, limit_s: float = 3.0) -> float:
        return await until(lambda: self.codes == list(names), limit_s)


@asynccontextmanager
async def counter(*roles: str) -> AsyncIterator[Counter]:
    own, panel, pole = DisplayStub(), NextionStub(), PoleStub()
    cables = {"own": wire(own), "panel": wire(panel), "pole": wire(pole)}
    words = Catalogue.load("en")
    wording = Wording(words.text, words.money, title="Tea")
    clock = VirtualClock()
    built: dict[str, Glassware] = {
        "own": CodeDisplay("own", cables["own"].open, clock, profile=DisplayProfile(keep_alive_ms=HURRY_MS)),
        "panel": PanelDisplay(
            "panel",
            cables["panel"].open,
            clock,
            make=lambda transport: NextionPanel(transport, NextionProfile(code_max=100)),
            wording=wording,
            shows_codes=True,
        ),
        "pole": PanelDisplay(
            "pole",
            cables["pole"].open,
            clock,
            make=lambda transport: PolePanel(transport, load_panel(PoleProfile, "cd5220")),
            wording=wording,
            shows_codes=False,
        ),
    }
    displays = [built[role] for role in roles or ("own", "panel", "pole")]
    together, shown = FallbackDisplay(displays), list[Screen]()

    async def noted(screen: Screen) -> None:
        shown.append(screen)

    glass = Glass(CounterSettings("1"), HOUSE, together, Limits(), noted)
    async with running(*(display.run for display in displays), together.run, painting(glass)):
        await until(lambda: together.health().state is not HealthState.FAULT and bool(shown), 5)
        await asyncio.sleep(1)
        yield Counter(glass, together, own, panel, pole, cables, shown)


@pytest.mark.row(48, 49)
def test_the_first_glass_carries_the_code_the_second_none_and_the_pole_the_amount() -> None:
    async def story() -> None:
        async with counter() as shop:
            shop.glass.want(FIRST)
            await shop.shows("own")
            await until(lambda: "¥28.50" in shop.pole.screen, 1)
            assert "TEST" in shop.pole.screen
            assert shop.panel.texts["idle.test"].startswith(b"TEST")
            shop.glass.want(PAID)
            await until(lambda: shop.pole.screen.startswith("Paid"), 1)
            await until(lambda: shop.panel.screen == "result", 1)
            assert shop.codes == []
            assert shop.glass.failing == ""

    play(story())


def test_i25_a_glass_beside_the_code_says_training_where_somebody_learns() -> None:
    async def story() -> None:
        async with counter() as shop:
            shop.glass.want(replace(FIRST, training=True))
            await shop.shows("own")
            await until(lambda: shop.panel.texts["idle.test"].startswith(b"TRAINING"), 1)

    play(story())


@pytest.mark.row(43, 49)
def test_i10_i24_the_second_takes_over_within_three_seconds_and_the_first_never_comes_back_with_the_old_code() -> (
    None
):
    async def story() -> None:
        async with counter() as shop:
            shop.glass.want(FIRST)
            await shop.shows("own")
            shop.cables["own"].unplug()
            assert await until(lambda: shop.panel.payload == FIRST.payload, 3) <= 3
            assert shop.glass.failing == "", "the till's screen stays the cashier's"
            health = shop.together.health()
            assert (health.state, health.reason) == (HealthState.FAULT, "display_fallback")
            shop.cables["own"].plug()
            await until(lambda: shop.own.screen == IDLE_SHOWN, 3)
            await asyncio.sleep(10)
            assert shop.codes == ["panel"], "a code that is on does not wander"
            shop.glass.want(SECOND)
            await shop.shows("own")
            shop.glass.want(PAID)
            await shop.shows()
            assert shop.together.health().reason == ""

    play(story())


@pytest.mark.row(49)
@pytest.mark.parametrize("first", ["own", "panel"])
def test_l7_a_glass_that_falls_silent_under_a_code_is_replaced_within_four_seconds(first: str) -> None:
    """Within 3 s for ours; a panel at 9600 baud has three tries of half a second."""

    async def story() -> None:
        second = "panel" if first == "own" else "own"
        async with counter(first, second) as shop:
            shop.glass.want(FIRST)
            await shop.shows(first)
            if first == "own":
                shop.own.mute = True
                assert await until(lambda: shop.panel.payload == FIRST.payload, 3.5) <= 3.5
            else:
                shop.panel.mute = True
                assert await until(lambda: shop.own.screen == CODE_SHOWN, 4) <= 4

    play(story())


@pytest.mark.row(49)
@pytest.mark.parametrize("lost", ["mute", "unplug"])
def test_l7_a_glass_lost_while_idle_costs_the_next_sale_less_than_three_seconds(lost: str) -> None:
    async def story() -> None:
        async with counter("panel", "own", "pole") as shop:
            if lost == "mute":
                shop.panel.mute = True
            else:
                shop.cables["panel"].unplug()
            shop.glass.want(FIRST)
            assert await until(lambda: shop.own.screen == CODE_SHOWN, 3) <= 3
            await until(lambda: "¥28.50" in shop.pole.screen, 1)

    play(story())


@pytest.mark.row(49)
def test_bad_input_a_code_too_long_for_the_first_glass_stands_on_the_second() -> None:
    async def story() -> None:
        async with counter("panel", "own") as shop:
            shop.glass.want(CodeScreen(9, "https://qr.example/" + "x" * 100, AMOUNT, 120, True, "Tea"))
            await shop.shows("own")
            assert shop.panel.screen == "idle"
            shop.glass.want(FIRST)
            await shop.shows("panel")

    play(story())


@pytest.mark.row(47, 49)
def test_i24_when_no_glass_can_the_till_is_told_and_the_pole_still_shows_the_amount() -> None:
    async def story() -> None:
        async with counter() as shop:
            shop.cables["own"].unplug()
            shop.cables["panel"].unplug()
            shop.glass.want(FIRST)
            await until(lambda: shop.glass.failing == "display_gone", 3)
            await until(lambda: "¥28.50" in shop.pole.screen, 1)
            assert FIRST not in shop.shown
            shop.cables["panel"].plug()
            await until(lambda: shop.glass.failing == "", 3)
            assert shop.panel.payload == FIRST.payload

    play(story())


@pytest.mark.row(47, 48)
def test_a_counter_with_a_pole_alone_sends_the_code_to_the_till() -> None:
    async def story() -> None:
        async with counter("pole") as shop:
            shop.glass.want(FIRST)
            await until(lambda: shop.glass.failing == "display_no_codes", 3)
            await until(lambda: "¥28.50" in shop.pole.screen, 1)
            shop.glass.want(IdleScreen("Tea", True))
            await until(lambda: "Tea" in shop.pole.screen and shop.glass.failing == "", 1)

    play(story())


@pytest.mark.row(49, 66)
def test_i9_a_receipts_code_counts_only_on_a_glass_that_proved_its_own_screen() -> None:
    """The first proves "paid" and draws no codes of receipts; whether the second is well says nothing yet."""

    async def story() -> None:
        stub = DisplayStub()
        small = CodeDisplay("small", wire(DisplayStub()).open, VirtualClock())
        big = CodeDisplay("big", wire(stub).open, VirtualClock(), fits=receipt_fits)
        together = FallbackDisplay([small, big])
        async with running(small.run, big.run, together.run):
            await until(lambda: together.health().state is HealthState.OK, 5)
            await together.show(RECEIPT)
            assert await together.draws_receipt(RECEIPT.receipt)
            await together.show(FIRST)
            stub.mute = True
            await together.show(RECEIPT)
            assert together.health().state is HealthState.OK, "it has not been found out yet"
            assert not await together.draws_receipt(RECEIPT.receipt)

    play(story())


@pytest.mark.row(43)
def test_i10_over_a_whole_afternoon_of_pulled_plugs_no_glass_keeps_a_code_that_is_over() -> None:
    async def story() -> None:
        async with counter() as shop:
            for number in range(60):
                name = ("own", "panel", "pole")[number % 3]
                cable = shop.cables[name]
                if cable.plugged:
                    cable.unplug()
                else:
                    cable.plug()
                sale = number // 2
                payload = f"weixin://{sale}" if sale % 3 else ""
                code = CodeScreen(100 + sale, payload, AMOUNT, 120, True, "Tea")
                shop.glass.want(code if payload else PAID)
                await asyncio.sleep((0.1, 0.7, 2.0, 6.0)[number % 4])
                await until(partial(shop.right, payload), 5)
            for cable in shop.cables.values():
                cable.plug()
            shop.glass.want(SECOND)
            await until(lambda: len(shop.codes) == 1, 5)

    play(story())
