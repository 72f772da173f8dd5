"""The receipt printer through its adapter: what is on paper, what may be, and what it cannot tell."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from drivers.printer.profile import load
from firmware_stubs.printer import PrinterStub
from terminal.counter.ports import HealthState, Printed, PrintStopped, Slip
from terminal.payments.receipt import Blank, Code, Receipt, Row, Rule
from terminal.peripherals.printer import SlipPrinter
from terminal.simulation.devices import SimulatedCounter
from terminal.virtual_time import VirtualClock
from tests.devices.peripheral_rig import now_s, play, running, until, well
from tests.devices.wires import wire

RECEIPT: Receipt = (
    Row("老王牛肉面 Lao Wang", align="center", size=2, bold=True),
    Rule(),
    Row("牛肉面 Beef noodles", "¥28.50"),
    Row("Paid", "¥28.50", size=2),
    Blank(),
    Code("https://shop.example/r/1"),
)


def slip(copy: int = 0) -> Slip:
    return Slip("r1", RECEIPT, copy)


@asynccontextmanager
async def printing(counter: SimulatedCounter) -> AsyncIterator[SlipPrinter]:
    printer = counter.devices().printer
    assert isinstance(printer, SlipPrinter)
    async with running(printer.run):
        await well(printer.health)
        yield printer


async def stopped(printer: SlipPrinter) -> PrintStopped:
    with pytest.raises(PrintStopped) as caught:
        await printer.print(slip())
    return caught.value


@pytest.mark.row(41, 60)
@pytest.mark.parametrize("profile", ["epson-serial", "generic-80", "generic-58"])
def test_a_mixed_receipt_reaches_paper_whole(profile: str) -> None:
    async def story() -> None:
        counter = SimulatedCounter(printer_profile=profile)
        async with printing(counter) as printer:
            outcome = await printer.print(slip())
        assert (
            outcome
            is {
                "epson-serial": Printed.CONFIRMED,
                "generic-80": Printed.PROCESSED,
                "generic-58": Printed.SENT,
            }[profile]
        )
        lines = counter.paper[0] if counter.paper else counter.hanging
        assert any("牛肉面 Beef noodles" in line and line.endswith("￥28.50") for line in lines)
        assert counter.printer.head.not_understood == []

    play(story())


@pytest.mark.row(46)
@pytest.mark.parametrize(
    ("fault", "mended", "reason"),
    [
        ("paper-out", "load-paper", "printer_paper_out"),
        ("open-cover", "close-cover", "printer_cover_open"),
    ],
)
def test_p1_p2_a_fault_before_the_slip_is_named_and_waited_for(fault: str, mended: str, reason: str) -> None:
    async def story() -> None:
        counter = SimulatedCounter()
        async with printing(counter) as printer:
            counter.fault(fault)
            await until(lambda: printer.health().reason == reason, 6)
            error = await stopped(printer)
            assert (error.reason, error.touched, error.definite) == (reason, False, True)
            ready = asyncio.ensure_future(printer.ready())
            await asyncio.sleep(60)
            assert not ready.done()
            counter.fault(mended)
            await until(ready.done, 6)
            assert await printer.print(slip()) is Printed.CONFIRMED
            assert len(counter.paper) == 1
            await until(lambda: printer.health().state is HealthState.OK, 6)

    play(story())


@pytest.mark.row(63)
def test_p1_paper_that_ends_inside_a_slip_is_a_definite_stop_at_every_byte() -> None:
    async def story(after: int) -> None:
        counter = SimulatedCounter()
        async with printing(counter) as printer:
            counter.fault("paper-out", after_bytes=after)
            error = await stopped(printer)
            assert (error.reason, error.definite) == ("printer_paper_out", True)
            assert error.touched or after < 20
            counter.fault("load-paper")
            await printer.ready()
            await printer.print(slip(copy=1))
            last = counter.paper[-1]
            assert any("Lao Wang" in line for line in last)
            assert "[QR https://shop.example/r/1]" in [line.strip() for line in last]

    for after in (1, 7, 40, 90, 140):
        play(story(after))


def test_p2_a_jammed_cutter_is_named() -> None:
    async def story() -> None:
        counter = SimulatedCounter()
        async with printing(counter) as printer:
            counter.printer.jam_cutter()
            assert (await stopped(printer)).reason == "printer_cutter"

    play(story())


@pytest.mark.row(46)
def test_p4_a_printer_that_falls_silent_inside_a_slip_leaves_the_question_to_a_person() -> None:
    async def story() -> None:
        counter = SimulatedCounter()
        async with printing(counter) as printer:
            counter.fault("mute-printer")
            began_s = now_s()
            error = await stopped(printer)
            assert (error.reason, error.definite) == ("printer_no_answer", False)
            assert now_s() - began_s < 20
            assert printer.health().state is not HealthState.OK

    play(story())


@pytest.mark.row(46)
def test_p4_a_model_that_never_tells_is_never_called_well() -> None:
    async def story() -> None:
        counter = SimulatedCounter(printer_profile="generic-58")
        counter.printer.answers = frozenset()
        async with printing(counter) as printer:
            assert printer.health().state is HealthState.CANNOT_TELL
            assert await printer.print(slip()) is Printed.SENT
            await asyncio.sleep(20)
            assert printer.health().state is HealthState.CANNOT_TELL
            assert printer.health().detail["paper"] == "cannot_tell"
            await printer.ready()

    play(story())


@pytest.mark.row(61)
def test_l1_a_printer_that_is_away_touches_nothing_and_ready_waits_for_its_return() -> None:
    async def story() -> None:
        counter = SimulatedCounter()
        async with printing(counter) as printer:
            counter.unplug("printer")
            error = await stopped(printer)
            assert (error.reason, error.touched) == ("printer_gone", False)
            ready = asyncio.ensure_future(printer.ready())
            await asyncio.sleep(30)
            assert not ready.done()
            counter.replug("printer")
            await until(ready.done, 4)
            assert await printer.print(slip()) is Printed.CONFIRMED

    play(story())


def test_l1_a_cable_pulled_inside_a_slip_is_no_definite_stop() -> None:
    async def story() -> None:
        stub = PrinterStub()
        cable = wire(stub, cut_after=150)
        printer = SlipPrinter("x", cable.open, VirtualClock(), profile=load("epson-serial"))
        async with running(printer.run):
            await well(printer.health)
            error = await stopped(printer)
            assert (error.reason, error.touched, error.definite) == ("printer_gone", True, False)

    play(story())


def test_l8_a_printer_that_takes_no_bytes_is_tried_ever_less_often() -> None:
    async def story() -> None:
        counter = SimulatedCounter(printer_profile="generic-58")
        counter.printer.answers = frozenset()
        async with printing(counter) as printer:
            counter.wires["printer"].stalled = True
            tries = 0
            began_s = now_s()
            while now_s() - began_s < 600:
                await stopped(printer)
                await printer.ready()
                tries += 1
            assert tries < 40

    play(story())
