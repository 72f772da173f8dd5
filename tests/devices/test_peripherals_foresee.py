"""A result foreseen through what stands between a counter and its display: who passes it on, and when."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from drivers.display.cobs import Decoder, Frame
from drivers.display.driver import Screen as Lit
from drivers.display.messages import Type
from drivers.display.nextion import NextionPanel, NextionProfile
from drivers.display.tiles import Tile
from firmware_stubs.display import DisplayStub
from firmware_stubs.display_nextion import NextionStub
from firmware_stubs.wire import Wire
from terminal.counter.book import Releases
from terminal.counter.ports import (
    CodeScreen,
    Devices,
    Display,
    Health,
    HealthState,
    IdleScreen,
    Release,
    ResultScreen,
    ScanScreen,
    Screen,
)
from terminal.errors import PeripheralFailed
from terminal.help.catalogue import Catalogue
from terminal.payments.attempt import State
from terminal.payments.money import Money
from terminal.payments.sale import SaleState
from terminal.peripherals.display import FORESEEN_S, Captions, CodeDisplay, no_captions
from terminal.peripherals.fallback_display import FallbackDisplay
from terminal.peripherals.panel_display import PanelDisplay, Wording
from terminal.peripherals.shared import Shared
from terminal.peripherals.slots import DisplaySlot
from terminal.simulation.devices import SimulatedCounter
from terminal.virtual_time import VirtualClock
from tests.devices.peripheral_rig import Job, play, running, until, well
from tests.devices.wires import wire
from tests.flows.counter_rig import opened

AMOUNT = Money(2850, "CNY")
CODE = CodeScreen(7, "weixin://wxpay/bizpayurl?pr=abcdefg00", AMOUNT, 120, True, "Tea")
PAID = ResultScreen(7, "paid", AMOUNT, "7KQ2", True)
SCAN = ScanScreen(8, "scan", AMOUNT, True, "Tea")
IDLE = IdleScreen("Tea", True)
CAPTION = Tile(20, 290, 40, 8, bytes(40))


class Own:
    """The counter's own display on a wire; ``frames`` are the host's."""

    def __init__(self, captions: Captions = no_captions, **options: Any) -> None:
        self.stub, self.frames, decoder = DisplayStub(), list[Frame](), Decoder()
        self.cable: Wire = wire(self.stub)
        self.cable.tap = lambda who, data: self.frames.extend(decoder.feed(data)) if who == "host" else None
        self.display = CodeDisplay("own", self.cable.open, VirtualClock(), captions=captions, **options)

    def sent(self, kind: int) -> int:
        return [frame.type for frame in self.frames].count(kind)

    def results(self) -> int:
        return self.sent(Type.SHOW_RESULT)


@asynccontextmanager
async def with_code(place: Display, *displays: Own, beside: Sequence[Job] = ()) -> AsyncIterator[None]:
    async with running(*(each.display.run for each in displays), *beside):
        for each in displays:
            await well(each.display.health)
        await place.show(CODE)
        await asyncio.sleep(0.1)
        yield


def test_i2_a_result_is_lit_by_its_release_and_proven_by_the_show_that_follows() -> None:
    async def story() -> None:
        own = Own()
        async with with_code(own.display, own):
            release = own.display.foresee(PAID)
            assert release is not None
            await asyncio.sleep(FORESEEN_S / 2)
            assert own.stub.screen == Lit.CODE
            release()
            await own.display.show(PAID)
            assert (own.stub.screen, own.stub.text, own.results()) == (Lit.RESULT, "28.50", 1)

    play(story())


def test_nothing_but_a_result_is_foreseen_and_none_while_nobody_is_there() -> None:
    async def story() -> None:
        drawn = asyncio.Event()

        async def slow(_screen: Screen, _width: int, _height: int) -> AsyncIterator[Tile]:
            yield CAPTION
            await drawn.wait()
            yield CAPTION

        own = Own(slow)
        assert own.display.foresee(PAID) is None, "not opened yet"
        async with running(own.display.run):
            await well(own.display.health)
            await own.display.show(CODE)
            await until(lambda: own.sent(Type.TILE) > 0, 1)
            for screen in (CODE, SCAN, IDLE):
                assert own.display.foresee(screen) is None
            await asyncio.sleep(0.1)
            release = own.display.foresee(PAID)
            assert release is not None, "the next one is being drawn"
            drawn.set()
            await asyncio.sleep(FORESEEN_S / 2)
            assert own.sent(Type.TILE) == 1
            assert release()
            await own.display.show(PAID)
            own.cable.unplug()
            assert own.display.foresee(PAID) is None

    play(story())


def test_i10_a_display_that_tells_of_the_result_before_it_was_shown_is_not_painted_with_the_code_again() -> None:
    """The question that keeps its screen alive goes out between the release and ``show``."""

    async def story() -> None:
        own, back = Own(), list[str]()
        async with with_code(own.display, own):
            own.display.on_back(lambda: back.append("again"))
            release = own.display.foresee(PAID)
            assert release is not None
            release()
            asked = len(own.frames)
            await until(lambda: Type.STATE in [each.type for each in own.frames[asked:]], 6)
            await asyncio.sleep(1)
            assert (own.stub.screen, back) == (Lit.RESULT, [])
            await own.display.show(PAID)
            own.stub.restart()
            own.cable.poke()
            await until(lambda: bool(back), 6)

    play(story())


@pytest.mark.row(49)
def test_i2_a_place_passes_it_on_but_not_while_a_test_has_it_or_nothing_stands_there() -> None:
    async def story() -> None:
        own, slot = Own(), DisplaySlot(VirtualClock())
        assert slot.foresee(PAID) is None, "nothing stands there"
        slot.put(own.display, ())
        async with with_code(slot, own):
            with slot.lent(CODE.id):
                assert slot.foresee(PAID) is None
                own.frames.clear()
                await slot.show(PAID)
                assert slot.taken
                await asyncio.sleep(0.1)
                assert slot.foresee(replace(PAID, id=9)) is not None, "a customer's screen stands there"
            release = slot.foresee(PAID)
            assert release is None, "one is out"
            slot.put(panel(), ())
            assert slot.foresee(PAID) is None, "a panel foresees nothing"

    play(story())


def test_i2_only_who_has_the_devices_foresees() -> None:
    async def story() -> None:
        own = Own()
        shared = Shared(Devices(display=own.display))
        real, training = shared.real.display, shared.training.display
        async with with_code(own.display, own):
            for lent, has, has_not in ((False, real, training), (True, training, real)):
                shared.lend(lent)
                assert has_not.foresee(PAID) is None  # type: ignore[union-attr]  # a face, which can
                assert has.foresee(PAID) is not None  # type: ignore[union-attr]  # likewise
                await own.display.show(CODE)
                await asyncio.sleep(0.1)

    play(story())


def test_i2_of_several_the_one_that_is_served_first_foresees_while_nothing_is_under_way_there() -> None:
    async def story() -> None:
        first, second = Own(), Own()
        both = FallbackDisplay([first.display, second.display])
        async with with_code(both, first, second, beside=[both.run]):
            await asyncio.sleep(1)
            assert both.foresee(CODE) is None
            release = both.foresee(PAID)
            assert release is not None
            assert (first.stub.screen, second.stub.screen) == (Lit.CODE, Lit.IDLE)
            release()
            await both.show(PAID)
            await until(lambda: second.stub.screen == Lit.RESULT, 1)
            assert (first.stub.screen, first.results(), second.results()) == (Lit.RESULT, 1, 1)

            first.cable.unplug()
            await asyncio.sleep(1)
            await both.show(replace(CODE, id=9))
            await asyncio.sleep(1)
            release = both.foresee(replace(PAID, id=9))
            assert release is not None
            release()
            await both.show(replace(PAID, id=9))
            assert second.results() == 2, "the one with the code"

            showing = asyncio.ensure_future(both.show(IDLE))
            await asyncio.sleep(0)
            assert both.foresee(PAID) is None, "it is painted this moment"
            await showing

    play(story())


class Slow:
    """Shows when it is let, fails when it is told to, and would foresee at any time."""

    shows_codes = shows_tests = True

    def __init__(self) -> None:
        self.let, self.fails = asyncio.Event(), False

    async def run(self) -> None:
        await asyncio.Event().wait()

    async def show(self, screen: Screen) -> None:
        await self.let.wait()
        if self.fails:
            raise PeripheralFailed("display_gone", port="slow")

    def foresee(self, screen: Screen) -> Release | None:
        return lambda: True

    def on_back(self, again: Callable[[], None]) -> None:
        """It never goes."""

    def health(self) -> Health:
        return Health(HealthState.OK, "", 0, {})


def test_of_several_one_that_is_painted_or_may_be_at_any_moment_foresees_nothing() -> None:
    async def story() -> None:
        slow = Slow()
        both = FallbackDisplay([slow, Slow()])
        assert both.foresee(PAID) is not None
        assert both.foresee(CODE) is None, "its turn is another"
        showing = asyncio.ensure_future(both.show(IDLE))
        await asyncio.sleep(0)
        assert both.foresee(PAID) is None, "it is painted this moment"
        slow.let.set()
        await showing
        assert both.foresee(PAID) is not None
        slow.fails = True
        with pytest.raises(PeripheralFailed):
            await both.show(IDLE)
        assert both.foresee(PAID) is None, "it is told again what it refused"

    play(story())


def panel() -> PanelDisplay:
    words = Catalogue.load("en")
    return PanelDisplay(
        "panel",
        wire(NextionStub()).open,
        VirtualClock(),
        make=lambda transport: NextionPanel(transport, NextionProfile()),
        wording=Wording(words.text, words.money, title="Tea"),
        shows_codes=True,
    )


def test_of_several_a_first_one_that_cannot_foresee_keeps_it_from_all() -> None:
    async def story() -> None:
        own, first = Own(), panel()
        both = FallbackDisplay([first, own.display])
        async with running(first.run, own.display.run, both.run):
            await well(own.display.health)
            await well(first.health)
            await both.show(CODE)
            await asyncio.sleep(1)
            assert both.foresee(PAID) is None
            assert own.results() == 0

    play(story())


@pytest.mark.row(49)
def test_i2_a_counter_foresees_for_the_sale_it_is_busy_with_and_for_no_other(tmp_path: Path) -> None:
    async def story() -> None:
        counter = SimulatedCounter()
        async with opened(tmp_path, counter) as shop:
            sale_id = await shop.open()
            await shop.until(lambda: counter.screen == "code")
            await asyncio.sleep(1)
            lane, sale = shop.service.lane("1"), shop.sale(sale_id)
            attempts = (replace(sale.attempts[-1], state=State.PAID),)
            paid = replace(sale, state=SaleState.PAID, attempts=attempts)
            other = replace(sale, id="another", no=sale.no - 1)
            assert lane.foresee(other, replace(paid, id="another", no=other.no)) == Releases()
            (release,) = lane.foresee(sale, paid).durable
            await asyncio.sleep(0.1)
            assert (counter.screen, lane.current) == ("code", sale_id)
            release()
            lane.changed(sale, paid)
            await shop.until(lambda: counter.screen == "result", 1)
            assert lane.current is None

    play(story())
