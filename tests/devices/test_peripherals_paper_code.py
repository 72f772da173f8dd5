"""A code on paper, when a counter says so and no glass can show it: once, whole, and never instead of a glass."""

import asyncio

import pytest

from firmware_stubs.display import DisplayStub
from terminal.counter.glass import Glass
from terminal.counter.ports import CodeScreen, IdleScreen, ResultScreen
from terminal.counter.settings import CounterSettings, House, Limits
from terminal.errors import PeripheralFailed
from terminal.help.catalogue import Catalogue
from terminal.payments.event import Ledger
from terminal.payments.money import Money
from terminal.peripherals.display import CodeDisplay
from terminal.peripherals.fallback_display import FallbackDisplay
from terminal.peripherals.panel_display import Wording
from terminal.peripherals.paper_display import TRIES, PaperDisplay
from terminal.peripherals.printer import SlipPrinter
from terminal.simulation.devices import SimulatedCounter
from terminal.virtual_time import VirtualClock
from tests.devices.peripheral_rig import now_s, painting, play, running, until, well
from tests.devices.wires import wire

WORDS = Catalogue.load("en")
CODE = CodeScreen(7, "weixin://wxpay/bizpayurl?pr=abcdefg00", Money(2850, "CNY"), 120, True, "老王")
HOUSE = House("m", "s", "Tea", ledger=Ledger.TEST)


def paper_of(counter: SimulatedCounter) -> tuple[SlipPrinter, PaperDisplay]:
    printer = counter.devices().printer
    assert isinstance(printer, SlipPrinter)
    return printer, PaperDisplay("printer:", printer, Wording(WORDS.text, WORDS.money))


@pytest.mark.row(49)
def test_i25_a_code_is_printed_once_with_amount_name_and_test() -> None:
    async def story() -> None:
        counter = SimulatedCounter()
        printer, paper = paper_of(counter)
        async with running(printer.run):
            await well(printer.health)
            for _ in range(3):
                await paper.show(CODE)
            await paper.show(ResultScreen(7, "paid", CODE.amount, "7KQ2", True))
            await paper.show(IdleScreen("Tea", True))
            [slip] = counter.printer.slips
            assert [code.payload for code in slip.codes] == [CODE.payload]
            assert any("28.50" in line for line in counter.paper[0])
            assert any("老王" in line for line in counter.paper[0])
            assert sum("TEST" in line for line in counter.paper[0]) == 2

    play(story())


@pytest.mark.row(45)
def test_its_health_is_as_old_as_the_printers() -> None:
    async def story() -> None:
        counter = SimulatedCounter()
        printer, paper = paper_of(counter)
        async with running(printer.run):
            await well(printer.health)
            await asyncio.sleep(10)
            await paper.show(CODE)
            assert paper.health().checked_mono_ns == printer.health().checked_mono_ns
            assert now_s() - paper.health().checked_mono_ns / 1e9 < 5

    play(story())


@pytest.mark.row(49)
def test_p1_a_printer_without_paper_says_so_and_prints_when_it_has_some() -> None:
    async def story() -> None:
        counter = SimulatedCounter()
        printer, paper = paper_of(counter)
        async with running(printer.run):
            await well(printer.health)
            counter.fault("paper-out")
            for _ in range(TRIES + 3):
                with pytest.raises(PeripheralFailed) as caught:
                    await paper.show(CODE)
            assert caught.value.slug == "printer_paper_out"
            counter.fault("load-paper")
            await paper.show(CODE)
            assert [code.payload for slip in counter.printer.slips for code in slip.codes] == [CODE.payload]

    play(story())


@pytest.mark.row(43, 49)
def test_the_last_glass_dies_the_code_comes_out_on_paper_and_the_next_one_is_on_the_glass_again() -> None:
    async def story() -> None:
        counter, stub = SimulatedCounter(), DisplayStub()
        printer, paper = paper_of(counter)
        cable = wire(stub)
        glass_display = CodeDisplay("own", cable.open, VirtualClock())
        together = FallbackDisplay([glass_display, paper])

        async def shown(_screen: object) -> None:
            """Nobody listens."""

        glass = Glass(CounterSettings("1"), HOUSE, together, Limits(), shown)
        async with running(printer.run, glass_display.run, together.run, painting(glass)):
            await well(printer.health)
            await well(glass_display.health)
            glass.want(CODE)
            await until(lambda: stub.screen == 1, 3)
            assert counter.printer.slips == []
            cable.unplug()
            await until(lambda: len(counter.printer.slips) == 1, 10)
            cable.plug()
            await asyncio.sleep(20)
            assert len(counter.printer.slips) == 1
            assert stub.screen == 4, "the glass that is back shows no code before the next sale"
            glass.want(CodeScreen(8, "weixin://second", CODE.amount, 120, True, "Tea"))
            await until(lambda: stub.screen == 1, 3)
            assert len(counter.printer.slips) == 1
            assert glass.failing == ""

    play(story())
