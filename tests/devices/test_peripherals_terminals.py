"""Devices built from settings, on real pseudo-terminals and real time: what a shop's process does."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from firmware_stubs.cables import PtyCable
from firmware_stubs.display import DisplayStub
from firmware_stubs.printer import PrinterStub
from firmware_stubs.scanner import Gm65
from firmware_stubs.speaker import Syn6288
from firmware_stubs.wire import Stub
from terminal.counter.ports import CodeScreen, HealthState, Printed, Slip
from terminal.help.catalogue import Catalogue
from terminal.payments.money import Money
from terminal.payments.receipt import Row
from terminal.peripherals.build import build_devices
from terminal.settings import CounterTable, DeviceTable, PrinterTable, ScannerTable, SpeakerTable
from terminal.system import SystemClock
from tests.devices.peripheral_rig import running

WORDS = Catalogue.load("zh-CN")
CODE = CodeScreen(7, "weixin://wxpay/bizpayurl?pr=abcdefg00", Money(2850, "CNY"), 60, True, "老王")


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not holds():  # noqa: ASYNC110  # stubs change without telling anybody
            await asyncio.sleep(0.005)


@pytest.mark.row(41, 145)
async def test_l1_four_devices_from_settings_over_pseudo_terminals(tmp_path: Path) -> None:
    display, printer = DisplayStub(), PrinterStub()
    stubs: dict[str, Stub] = {"display": display, "scanner": Gm65(), "printer": printer, "speaker": Syn6288()}
    cables = {role: PtyCable(stub, tmp_path / role) for role, stub in stubs.items()}
    for cable in cables.values():
        await cable.plug()
    table = {role: DeviceTable(port=f"link:{cable.link}") for role, cable in cables.items()}
    counter = CounterTable(
        id="1",
        display=table["display"],
        scanner=ScannerTable(port=table["scanner"].port),
        printer=PrinterTable(port=table["printer"].port),
        speaker=SpeakerTable(port=table["speaker"].port),
    )
    devices = build_devices(counter, clock=SystemClock(), words=WORDS.text, money=WORDS.money)
    assert devices.display is not None
    assert devices.printer is not None
    try:
        async with running(*devices.jobs.values()):
            await until(lambda: {each.state for each in devices.health().values()} == {HealthState.OK})
            await devices.display.show(CODE)
            assert (display.screen, display.id) == (1, 7)
            bare = display.painted
            await until(lambda: display.painted > bare)
            assert await devices.printer.print(Slip("r1", (Row("老王", "¥28.50"),), 0)) is Printed.CONFIRMED
            assert printer.slips[0].lines[0].startswith("老王")
            await cables["display"].unplug()
            await until(lambda: devices.health()["display"].reason == "display_gone")
            await cables["display"].plug()
            await until(lambda: devices.health()["display"].state is HealthState.OK)
            await devices.display.show(CODE)
    finally:
        for cable in cables.values():
            await cable.unplug()
