"""Asking an unknown device whether it is a printer: found, never fooled, and nothing comes out of any device."""

import asyncio
from typing import Any

import pytest

from drivers.catalogue import of_role
from drivers.device_protocol import Found
from drivers.errors import DeviceGone
from drivers.printer.driver import EscPosPrinter, PrintFault
from drivers.printer.probing import probe_escpos, probe_star
from drivers.printer.profile import PrinterProfile
from drivers.tcp_port import open_tcp
from firmware_stubs.paper import StubSlip
from firmware_stubs.printer import PrinterStub
from firmware_stubs.star_printer import StarPrinterStub
from firmware_stubs.wire import Stub
from terminal.virtual_time import run
from tests.devices.conformance.case import DeviceCase
from tests.devices.conformance.cases import CASES
from tests.devices.printer_rig import EPSON, SHORT, SMALL, stub_for, virtual
from tests.devices.wires import wire

LIMIT_S = 1.5


async def probed(stub: Stub, **faults: Any) -> tuple[Found | None, Found | None]:
    cable = wire(stub, **faults)
    loop = asyncio.get_running_loop()
    answers: list[Found | None] = []
    for probe in (probe_escpos, probe_star):
        began_s = loop.time()
        answers.append(await probe(cable))
        assert loop.time() - began_s <= LIMIT_S
    return answers[0], answers[1]


@pytest.mark.row(41)
def test_each_family_is_found_by_its_own_question() -> None:
    escpos, star = virtual(probed(PrinterStub()))
    assert escpos
    assert (escpos.protocol, escpos.profile, star) == ("escpos", "generic-80", None)
    small, _ = virtual(probed(stub_for(SMALL)))
    assert small
    assert small.profile == "generic-58"
    escpos, star = virtual(probed(StarPrinterStub()))
    assert star
    assert (escpos, star.protocol, star.detail) == (None, "star", {"paper": "ok"})


@pytest.mark.row(97)
@pytest.mark.parametrize("profile", [EPSON, SMALL], ids=lambda profile: profile.name)
def test_l10_a_printer_whose_answers_never_come_is_asked_all_day_and_prints_nothing(
    profile: PrinterProfile,
) -> None:
    """What scanners were asked stays in its line buffer: it must not fill a line, nor stand on the next slip."""

    async def story() -> None:
        stub = stub_for(profile)
        for _ in range(5):
            cable = wire(stub, baud=9600, drop_answers=10**9)
            for protocol in (*of_role("printer"), *of_role("display"), *of_role("scanner")):
                assert not protocol.probe or await protocol.probe(cable) is None
        assert (stub.slips, stub.hanging.lines) == ([], [])

    virtual(story())


def test_a_printer_out_of_paper_is_found_and_says_so() -> None:
    stub = PrinterStub()
    stub.paper_ends()
    found, _ = virtual(probed(stub, chunk=1))
    assert found
    assert found.detail == {"paper": "out"}


@pytest.mark.row(41)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.key)
def test_no_other_device_is_taken_for_a_printer_and_nothing_is_printed(case: DeviceCase) -> None:
    stub = case.stub()
    answers = virtual(probed(stub))
    if isinstance(stub, PrinterStub | StarPrinterStub):
        ours = isinstance(stub, PrinterStub)
        assert [answer is not None for answer in answers] == [ours, not ours]
        assert stub.slips == []
        assert stub.hanging == StubSlip()
        assert stub.drawer_pulses == 0
    else:
        assert answers == (None, None)


@pytest.mark.parametrize(
    "noise", [b"22", b"6212\r\n", b"\x12\x12\x12", b"\x23\x06\x00", b"\x81" * 9, b"\x10\x04\x01\x10\x04\x04"]
)
def test_l10_what_other_devices_say_is_no_printer(noise: bytes) -> None:
    class Talker(Stub):
        def receive(self, data: bytes, now_ms: int) -> bytes:
            return noise

        def tick(self, now_ms: int) -> bytes:
            return b""

    assert virtual(probed(Talker())) == (None, None)


def test_a_silent_line_and_one_that_takes_no_bytes_are_nobody() -> None:
    stub = PrinterStub()
    stub.mute = True
    assert virtual(probed(stub)) == (None, None)
    assert virtual(probed(PrinterStub(), stall_after=0)) == (None, None)


def test_a_pulled_cable_is_told() -> None:
    async def story() -> None:
        cable = wire(PrinterStub())
        cable.unplug()
        with pytest.raises(DeviceGone):
            await probe_escpos(cable)

    run(story(), seed=1)


@pytest.mark.row(46)
async def test_p4_a_network_printer_that_accepts_and_says_nothing_is_never_online() -> None:
    """Port 9100 of a box whose printer is off: connected, and nobody there."""

    left = asyncio.Event()

    async def deaf(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()
        await writer.wait_closed()
        left.set()

    server = await asyncio.start_server(deaf, "127.0.0.1", 0)
    try:
        transport = await open_tcp("127.0.0.1", server.sockets[0].getsockname()[1])
        printer = EscPosPrinter(transport, EPSON)
        with pytest.raises(PrintFault) as fault:
            await printer.print(SHORT, "job")
        assert (fault.value.reason, fault.value.touched, fault.value.definite) == ("no_answer", False, False)
        await transport.close()
        async with asyncio.timeout(30):
            await left.wait()  # a socket that outlives its test is some other test's warning
    finally:
        server.close()
