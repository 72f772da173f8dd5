"""A slip that is expected: the printer's state is asked before its time, and nothing else changes."""

import asyncio

import pytest

from drivers.printer.document import Row
from drivers.printer.driver import EscPosPrinter, Outcome, PrintFault
from firmware_stubs.printer import PrinterStub
from tests.devices.printer_rig import EPSON, GENERIC, SHORT, WORDS, fault_of, last_slip, stub_for, virtual, words
from tests.devices.wires import wire

ASKED = b"\x10\x04\x01\x10\x04\x04"


def test_an_expected_slip_reaches_no_paper_and_its_first_byte_waits_for_no_question() -> None:
    async def story() -> None:
        stub = stub_for(EPSON)
        printer = EscPosPrinter(wire(stub), EPSON)
        await printer.expect()
        assert bytes(stub.received) == ASKED
        assert await printer.print(SHORT, "job-1") is Outcome.CONFIRMED
        assert bytes(stub.received).startswith(ASKED + b"\x1b@")
        assert last_slip(stub) == WORDS

    virtual(story())


def test_what_was_heard_long_before_the_slip_is_asked_again() -> None:
    async def story() -> None:
        stub = stub_for(EPSON)
        printer = EscPosPrinter(wire(stub), EPSON)
        await printer.expect()
        stub.open_cover()
        await asyncio.sleep(2)  # the disk took its time
        fault = await fault_of(printer)
        assert isinstance(fault, PrintFault)
        assert (fault.reason, fault.touched) == ("cover_open", False)
        assert words(stub) == []

    virtual(story())


@pytest.mark.parametrize("act", ["paper_ends", "open_cover", "jam_cutter"])
def test_p2_a_fault_heard_while_the_slip_was_expected_leaves_the_paper_untouched(act: str) -> None:
    async def story() -> None:
        stub = stub_for(EPSON)
        printer = EscPosPrinter(wire(stub), EPSON)
        getattr(stub, act)()
        await printer.expect()
        before = len(stub.received)
        fault = await fault_of(printer)
        assert isinstance(fault, PrintFault)
        assert (fault.touched, fault.definite, len(stub.received)) == (False, True, before)

    virtual(story())


def test_p4_a_printer_that_says_nothing_is_waited_for_once() -> None:
    async def story() -> None:
        stub = stub_for(EPSON)
        stub.mute = True
        printer = EscPosPrinter(wire(stub), EPSON)
        loop = asyncio.get_running_loop()
        await printer.expect()
        since_s = loop.time()
        fault = await fault_of(printer)
        assert isinstance(fault, PrintFault)
        assert (fault.reason, fault.touched, loop.time() - since_s) == ("no_answer", False, 0.0)

    virtual(story())


def test_p4_a_clone_that_never_answers_is_not_asked_again_for_every_slip_that_is_expected() -> None:
    async def story() -> None:
        stub = PrinterStub(answers=frozenset())
        printer = EscPosPrinter(wire(stub), GENERIC)
        await printer.expect()
        loop, asked = asyncio.get_running_loop(), len(stub.received)
        since_s = loop.time()
        await printer.print(SHORT, "job-1")
        slip = len(stub.received) - asked
        for number in (2, 3):
            await printer.expect()
            await printer.print(SHORT, f"job-{number}")
        assert (len(stub.received), words(stub)) == (asked + 3 * slip, WORDS * 3)
        assert loop.time() - since_s < 1, "nobody waits for an answer that never came"

    virtual(story())


def test_l1_a_cable_pulled_while_the_slip_was_expected_is_told_when_it_is_printed() -> None:
    async def story() -> None:
        stub = stub_for(EPSON)
        cable = wire(stub)
        printer = EscPosPrinter(cable, EPSON)
        await cable.close()
        await printer.expect()
        fault = await fault_of(printer)
        assert isinstance(fault, PrintFault)
        assert (fault.reason, fault.touched) == ("gone", False)

    virtual(story())


def test_p5_a_slip_expected_while_another_one_prints_disturbs_it_in_nothing() -> None:
    async def story() -> None:
        stub = stub_for(EPSON, bytes_per_s=2000)
        printer = EscPosPrinter(wire(stub), EPSON)
        async with asyncio.TaskGroup() as group:
            first = group.create_task(printer.print((Row("first"),), "job-1"))
            await asyncio.sleep(0)
            await printer.expect()
            assert not first.done()
        assert await printer.print(SHORT, "job-2") is Outcome.CONFIRMED
        assert words(stub) == ["first", *WORDS]

    virtual(story())
