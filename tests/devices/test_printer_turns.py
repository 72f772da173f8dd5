"""Turns at the printer and lines that take no bytes (P5, L8), in virtual time."""

import asyncio

import pytest

from drivers.printer.document import Row
from drivers.printer.driver import EscPosPrinter, Outcome, PrintFault
from firmware_stubs.printer import BUFFER_BYTES, PrinterStub
from firmware_stubs.wire import Wire
from tests.devices.printer_rig import (
    EPSON,
    LONG,
    SHORT,
    WORDS,
    fault_of,
    last_slip,
    virtual,
)
from tests.devices.wires import wire

# --- P5 turns -------------------------------------------------------------------------------------------------


def test_p5_two_jobs_never_interleave() -> None:
    async def story() -> None:
        stub = PrinterStub(bytes_per_s=3000)
        printer = EscPosPrinter(wire(stub, paced=True), EPSON)
        documents = [tuple(Row(f"{name} {number}") for number in range(80)) for name in "AB"]
        jobs = (printer.print(document, "job") for document in documents)
        assert await asyncio.gather(*jobs) == [Outcome.CONFIRMED] * 2
        assert sorted(slip.lines for slip in stub.slips) == [[row.left for row in one] for one in documents]

    virtual(story())


def test_p5_a_health_check_during_a_slip_neither_waits_nor_disturbs() -> None:
    async def story() -> None:
        stub = PrinterStub(bytes_per_s=500)
        printer = EscPosPrinter(wire(stub), EPSON)
        task = asyncio.create_task(printer.print(LONG, "job"))
        await asyncio.sleep(0.5)
        loop = asyncio.get_running_loop()
        before = loop.time()
        assert (await printer.status()).known
        assert loop.time() == before
        assert await task is Outcome.CONFIRMED

    virtual(story())


def test_p5_a_cancelled_slip_does_not_swallow_the_next_one() -> None:
    async def story() -> None:
        stub = PrinterStub(bytes_per_s=2000)
        printer = EscPosPrinter(wire(stub, paced=True, baud=9600), EPSON)
        task = asyncio.create_task(printer.print(LONG, "job-1"))
        await asyncio.sleep(0.8)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert await printer.print(SHORT, "job-2") is Outcome.CONFIRMED
        assert last_slip(stub) == WORDS

    virtual(story())


# --- L8 stalls --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("taken", [0, 1, 6, 20, 100, 600])
def test_l8_a_printer_that_takes_no_more_bytes_is_left_within_bounds(taken: int) -> None:
    async def story() -> None:
        stub = PrinterStub()
        cable: Wire = wire(stub, stall_after=taken)
        printer = EscPosPrinter(cable, EPSON)
        fault = await fault_of(printer, LONG)
        took_s = asyncio.get_running_loop().time()
        assert took_s <= (2.1 if taken < 6 else 4.1), "two seconds for the bytes, two for why they stay"
        assert isinstance(fault, PrintFault)
        assert (fault.reason, fault.definite) == ("no_answer", False)
        assert fault.touched == (taken >= 6), "after the two queries"
        cable.stalled, cable.stall_after = False, None
        await printer.ready()
        assert await printer.print(SHORT, "job-2") is Outcome.CONFIRMED
        assert last_slip(stub) == WORDS

    virtual(story())


def test_l8_xoff_holds_bytes_back_and_xon_lets_them_go() -> None:
    document = tuple(Row(f"{number:04} " + "x" * 40) for number in range(200))

    async def story() -> None:
        stub = PrinterStub(bytes_per_s=6000, flow=True)
        assert await EscPosPrinter(wire(stub), EPSON).print(document, "job") is Outcome.CONFIRMED
        assert stub.lost == 0
        assert stub.slips[0].lines == [row.left for row in document]

    virtual(story())


def test_l8_a_printer_out_of_paper_behind_xoff_is_named_not_waited_for() -> None:
    document = tuple(Row(f"{number:04} " + "x" * 40) for number in range(200))

    async def story() -> None:
        stub = PrinterStub(flow=True)
        stub.byte_budget = 100
        fault = await asyncio.wait_for(fault_of(EscPosPrinter(wire(stub), EPSON), document), 20)
        assert isinstance(fault, PrintFault)
        assert (fault.reason, fault.definite) == ("paper_out", True)
        assert len(stub.received) < BUFFER_BYTES

    virtual(story())


def test_l8_an_xoff_that_is_never_lifted_ends_the_slip_after_two_seconds() -> None:
    document = tuple(Row(f"{number:04} " + "x" * 40) for number in range(200))

    async def story() -> None:
        stub = PrinterStub(flow=True, bytes_per_s=1)
        fault = await fault_of(EscPosPrinter(wire(stub), EPSON), document)
        assert isinstance(fault, PrintFault)
        assert (fault.reason, fault.touched, fault.definite) == ("no_answer", True, False)
        assert 2.0 <= asyncio.get_running_loop().time() <= 2.4, "beyond the time of 4 KB on the line"

    virtual(story())
