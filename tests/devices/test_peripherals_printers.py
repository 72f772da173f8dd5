"""A second printer takes over: a slip comes out whole, original or COPY, once. Signs, drawer, low paper."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from drivers.printer.document import Picture
from drivers.printer.driver import EscPosPrinter
from drivers.printer.profile import load
from drivers.printer.star import StarPrinter
from firmware_stubs.paper import StubSlip
from firmware_stubs.printer import PrinterStub
from firmware_stubs.star_printer import StarPrinterStub
from firmware_stubs.wire import Wire
from terminal.counter.ports import Devices, ForeseeingPrinter, HealthState, Printed, PrintStopped, Slip
from terminal.errors import PeripheralFailed
from terminal.payments.receipt import Row
from terminal.peripherals.fallback_printer import FallbackPrinter
from terminal.peripherals.printer import SlipPrinter
from terminal.peripherals.shared import Shared
from terminal.peripherals.slots import PrinterSlot
from terminal.peripherals.sweep import Sweeper
from terminal.virtual_time import VirtualClock
from tests.devices.peripheral_rig import play, running, until
from tests.devices.printer_rig import SMALL, stub_for
from tests.devices.wires import wire

TEAS = range(20)
RECEIPT = (
    Row("Corner Café", align="center"),
    *(Row(f"Tea {number}", "5.00") for number in TEAS),
    Row("Paid", "9.00"),
)


def slip(copy: int = 0) -> Slip:
    head = (Row(f"COPY {copy}", size=2),) if copy else ()
    return Slip("sale-1:receipt", (*head, *RECEIPT), copy)


class Pair:
    """An Epson and, on another binding, a small printer of another kind: both on one counter."""

    def __init__(self, second: PrinterStub | None = None) -> None:
        self.stubs = PrinterStub(bytes_per_s=4000), second or stub_for(SMALL)
        self.wires: list[Wire] = [
            wire(stub, name=name, paced=True) for stub, name in zip(self.stubs, "AB", strict=True)
        ]
        sweep = Sweeper().counter("1")
        self.adapters = [
            SlipPrinter(cable.name, cable.open, VirtualClock(), profile=load(profile), sweep=sweep)
            for cable, profile in zip(self.wires, ("epson-serial", "generic-58"), strict=True)
        ]
        self.printer = FallbackPrinter(self.adapters)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[FallbackPrinter]:
        async with running(self.printer.run):
            await until(lambda: all(each.health().detail.get("model") for each in self.adapters), 10)
            yield self.printer

    def slips(self) -> list[list[str]]:
        """Every slip of both printers, torn off, its lines without columns."""
        self.stubs[1].tear()
        found: list[StubSlip] = [slip for stub in self.stubs for slip in (*stub.slips, stub.hanging)]
        return [
            lines for slip in found if (lines := [" ".join(line.split()) for line in slip.lines if line.strip()])
        ]


def said(paper: StubSlip) -> list[str]:
    return [" ".join(line.split()) for line in paper.lines if line.strip()]


WHOLE = ["Corner Café", *(f"Tea {number} 5.00" for number in range(20)), "Paid 9.00"]


@pytest.mark.row(44, 61)
@pytest.mark.parametrize("fault", ["unplug", "paper_ends", "open_cover"])
def test_a_printer_dead_before_the_slip_hands_the_original_to_the_other(fault: str) -> None:
    async def story() -> None:
        pair = Pair()
        async with pair.open() as printer:
            if fault == "unplug":
                pair.wires[0].unplug()
            else:
                getattr(pair.stubs[0], fault)()
            assert await printer.print(slip()) is Printed.SENT
            assert pair.slips() == [WHOLE]
            assert printer.health().detail["port"] == "B"
            assert printer.health().detail["instead_of"] == "A"

    play(story())


@pytest.mark.row(44, 63, 64)
def test_p1_paper_that_ends_inside_the_slip_gives_one_whole_copy_on_the_other() -> None:
    async def story() -> None:
        pair = Pair()
        async with pair.open() as printer:
            pair.stubs[0].byte_budget = 200
            with pytest.raises(PrintStopped) as stopped:
                await printer.print(slip())
            assert (stopped.value.touched, stopped.value.definite) == (True, True)
            await printer.ready()
            assert await printer.print(slip(copy=1)) is Printed.SENT
            torn, copy = pair.slips()
            assert torn == WHOLE[: len(torn)]
            assert len(torn) < len(WHOLE)
            assert copy == ["COPY 1", *WHOLE]

    play(story())


@pytest.mark.row(44, 63)
def test_p3_a_printer_that_dies_inside_the_slip_is_not_guessed_about() -> None:
    """The cable went with bytes under way: a person looks at the paper before the other one prints."""

    async def story() -> None:
        pair = Pair()
        async with pair.open() as printer:
            task = asyncio.ensure_future(printer.print(slip()))
            await until(lambda: len(pair.stubs[0].received) > 150, 5)
            pair.wires[0].unplug()
            with pytest.raises(PrintStopped) as stopped:
                await task
            assert (stopped.value.reason, stopped.value.touched, stopped.value.definite) == (
                "printer_gone",
                True,
                False,
            )
            assert pair.stubs[1].hanging.lines == []
            assert await printer.print(slip(copy=1)) is Printed.SENT
            assert pair.slips()[-1] == ["COPY 1", *WHOLE]

    play(story())


@pytest.mark.row(44)
def test_the_first_prints_again_once_it_is_well() -> None:
    async def story() -> None:
        pair = Pair()
        async with pair.open() as printer:
            pair.stubs[0].open_cover()
            await printer.print(slip())
            pair.stubs[0].close_cover()
            await until(lambda: pair.adapters[0].health().state is HealthState.OK, 70)
            assert await printer.print(slip()) is Printed.CONFIRMED
            assert len(pair.stubs[0].slips) == 1

    play(story())


@pytest.mark.row(44, 61)
def test_another_model_on_the_same_binding_prints_what_waited_once() -> None:
    """The dead one is pulled, a Star stands there after the person named it; the queued slip is the original."""

    async def story() -> None:
        cable = wire(PrinterStub(), name="A", paced=True)
        first = SlipPrinter("A", cable.open, VirtualClock(), profile=load("epson-serial"))
        async with running(first.run):
            await until(lambda: bool(first.health().detail.get("model")), 5)
            cable.unplug()
            with pytest.raises(PrintStopped) as stopped:
                await first.print(slip())
            assert not stopped.value.touched
        other = StarPrinterStub()
        cable.stub = other
        cable.plug()
        second = SlipPrinter("A", cable.open, VirtualClock(), profile=load("star-line"), family=StarPrinter)
        async with running(second.run):
            await second.ready()
            assert await second.print(slip()) is Printed.CONFIRMED
        assert [said(each) for each in other.slips] == [WHOLE]

    play(story())


def test_when_none_can_print_the_first_ones_reason_is_told_and_any_is_waited_for() -> None:
    async def story() -> None:
        pair = Pair()
        async with pair.open() as printer:
            pair.stubs[0].open_cover()
            pair.stubs[1].paper_ends()
            with pytest.raises(PrintStopped) as stopped:
                await printer.print(slip())
            assert (stopped.value.reason, stopped.value.touched) == ("printer_cover_open", False)
            ready = asyncio.ensure_future(printer.ready())
            await asyncio.sleep(30)
            assert not ready.done()
            pair.stubs[1].load_paper()
            pair.wires[1].poke()
            await until(ready.done, 10)
            assert await printer.print(slip()) is Printed.SENT

    play(story())


# --- near the end of the roll, the drawer, the sign -------------------------------------------------------------


@pytest.mark.row(46)
def test_a_roll_that_ends_soon_is_told_while_everything_still_prints() -> None:
    async def story() -> None:
        pair = Pair()
        async with pair.open() as printer:
            await printer.print(slip())
            pair.stubs[0].paper_low()
            await until(lambda: printer.health().detail["paper"] == "near_end", 70)
            assert printer.health().state is HealthState.OK
            assert await printer.print(slip()) is Printed.CONFIRMED

    play(story())


@pytest.mark.row(53)
def test_s61_the_drawer_opens_when_asked_and_never_by_a_slip() -> None:
    async def story() -> None:
        pair = Pair()
        async with pair.open() as printer:
            await printer.print(Slip("x", (Row("note \x1bp\x00\x19\xfa \x10\x14\x01\x00\x01", "\x1bp0"),), 0))
            assert pair.stubs[0].drawer_pulses == 0
            await printer.open_drawer()
            await until(lambda: pair.stubs[0].drawer_pulses == 1, 5)
            pair.wires[0].unplug()
            with pytest.raises(PeripheralFailed):
                await printer.open_drawer()

    play(story())


@pytest.mark.row(59)
@pytest.mark.parametrize(("profile", "family"), [("epson-serial", EscPosPrinter), ("star-line", StarPrinter)])
def test_the_shops_sign_stands_above_every_slip(profile: str, family: type[EscPosPrinter]) -> None:
    async def story() -> None:
        sign = Picture(40, tuple((1 << 40) - 1 if row in (0, 23) else 1 << 39 | 1 for row in range(24)))
        stub = PrinterStub() if family is EscPosPrinter else StarPrinterStub()
        cable = wire(stub)
        printer = SlipPrinter("x", cable.open, VirtualClock(), profile=load(profile), logo=sign, family=family)
        async with running(printer.run):
            await until(lambda: bool(printer.health().detail.get("model")), 5)
            assert await printer.print(slip()) is Printed.CONFIRMED
        images = stub.slips[0].images
        right = images[0].width - 40 - (0 if family is EscPosPrinter else (576 - 40) // 2)
        rows = [row for image in images for row in image.rows]
        assert [row >> right & ((1 << 40) - 1) for row in rows] == list(sign.rows)
        assert stub.slips[0].lines[0].split() == ["Corner", "Café"]

    play(story())


# --- foreseen --------------------------------------------------------------------------------------------------

ASKED = b"\x10\x04\x01\x10\x04\x04"


def test_of_two_printers_the_one_that_prints_next_is_asked_ahead() -> None:
    async def story() -> None:
        pair = Pair()
        assert pair.printer.foresee() is None, "not opened yet"
        async with pair.open() as printer:
            counts = [len(stub.received) for stub in pair.stubs]
            ask = printer.foresee()
            assert ask is not None
            ask()
            assert await printer.print(slip()) is Printed.CONFIRMED
            first, second = (bytes(stub.received[at:]) for stub, at in zip(pair.stubs, counts, strict=True))
            assert first.startswith(ASKED + b"\x1b@")
            assert second == b""

            ask = printer.foresee()
            assert ask is not None
            pair.wires[0].unplug()
            ask()
            assert await printer.print(slip()) is Printed.SENT
            counts = [len(stub.received) for stub in pair.stubs]
            ask = printer.foresee()
            assert ask is not None, "now it is the other one"
            ask()
            await asyncio.sleep(0.1)
            assert [len(stub.received) - at for stub, at in zip(pair.stubs, counts, strict=True)] == [0, 3]
            assert await printer.print(slip()) is Printed.SENT
            assert pair.slips() == [WHOLE, WHOLE * 2]

    play(story())


def test_only_who_has_the_printer_has_it_asked_ahead() -> None:
    async def story() -> None:
        pair = Pair()
        slot = PrinterSlot(VirtualClock())
        assert slot.foresee() is None, "nothing stands there"
        slot.put(pair.printer, ())
        shared = Shared(Devices(printer=slot))
        real, training = shared.real.printer, shared.training.printer
        assert isinstance(real, ForeseeingPrinter)
        assert isinstance(training, ForeseeingPrinter)
        async with pair.open() as printer:
            for lent, has, has_not in ((False, real, training), (True, training, real)):
                shared.lend(lent)
                assert has_not.foresee() is None
                assert has.foresee() is not None
                await printer.print(slip())
            slot.put(None, ())
            assert training.foresee() is None

    play(story())


def test_a_star_is_not_asked_ahead_and_prints() -> None:
    async def story() -> None:
        cable = wire(StarPrinterStub(), name="A", paced=True)
        printer = SlipPrinter("A", cable.open, VirtualClock(), profile=load("star-line"), family=StarPrinter)
        async with running(printer.run):
            await until(lambda: bool(printer.health().detail.get("model")), 10)
            assert printer.foresee() is None
            assert await printer.print(slip()) is Printed.CONFIRMED

    play(story())
