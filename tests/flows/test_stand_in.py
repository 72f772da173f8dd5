"""A printer that dies in the middle of a sale: another is plugged in, the till says yes, the slip comes once ."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from firmware_stubs.cables import PtyCable
from firmware_stubs.printer import PrinterStub
from terminal.counter.ports import Devices, HealthState, Printer, Slip
from terminal.payments.receipt import Row
from terminal.peripherals.place import PRINTER_BAUD
from terminal.settings import PrinterTable
from tests.flows.api_rig import WATCHDOG_S
from tests.flows.test_api_devices import Fitted, fitted


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(WATCHDOG_S):
        while not holds():  # noqa: ASYNC110  # a device tells nobody here
            await asyncio.sleep(0.02)


@pytest.mark.slow  # asking a port takes real seconds; tests/unit/wiring/test_stand_ins.py has the rules
@pytest.mark.row(44)
@pytest.mark.parametrize("there", [False, True], ids=["plugged in later", "there when the service starts"])
async def test_the_till_takes_another_printer_and_the_slip_that_waited_comes_out_once(
    tmp_path: Path, *, there: bool
) -> None:
    dev = tmp_path / "dev"
    dev.mkdir()
    stub = PrinterStub()
    if there:
        await PtyCable(stub, dev / "new").plug()
    async with fitted(tmp_path, printer=PrinterTable(port=f"link:{dev / 'old'}")) as at:
        devices, running = at.devices["1"], set[asyncio.Future[None]]()

        def start(_name: str, job: Callable[[], Awaitable[None]]) -> None:
            running.add(asyncio.ensure_future(_run(job)))

        devices.fitted(start, lambda: None)
        start("stand-ins", at.fittings.watch)
        try:
            await story(at, devices, dev, None if there else PtyCable(stub, dev / "new"), stub)
        finally:
            for each in running:
                each.cancel()
            await asyncio.gather(*running, return_exceptions=True)


@pytest.mark.row(44)
async def test_a_printer_that_is_out_tells_the_speed_its_port_was_opened_with(tmp_path: Path) -> None:
    """Also where the settings name none: one of the same kind at another speed is looked for by it."""
    async with fitted(tmp_path, printer=PrinterTable(port=f"link:{tmp_path / 'none'}")) as at:
        devices, running = at.devices["1"], set[asyncio.Future[None]]()
        devices.fitted(lambda _name, job: running.add(asyncio.ensure_future(_run(job))), lambda: None)
        try:
            await until(lambda: bool(at.fittings.ill(("printer",))))
            assert [each.baud for each in at.fittings.ill(("printer",))] == [PRINTER_BAUD]
        finally:
            for each in running:
                each.cancel()
            await asyncio.gather(*running, return_exceptions=True)


async def _run(job: Callable[[], Awaitable[None]]) -> None:
    await job()


async def story(at: Fitted, devices: Devices, dev: Path, cable: PtyCable | None, stub: PrinterStub) -> None:
    owner = await at.shop.owner()
    till, printer = await at.shop.till("1"), devices.printer
    assert printer is not None
    await until(lambda: printer.health().state is HealthState.FAULT)
    waiting = asyncio.ensure_future(_printed(printer))
    if cable is not None:
        await cable.plug()
    await until(lambda: bool(at.fittings.stand_ins("1")))
    [offer] = (await till.get("/counters/1")).body["stand_ins"]
    places = (await owner.get("/devices")).body["counters"][0]["places"]
    assert {each["role"]: each["stand_in"] for each in places if each["stand_in"]} == {"printer": offer}
    wish, path = {"port": offer["port"], "use": True}, "/counters/1/devices/printer/stand-in"
    assert (await (await at.shop.display("1")).post(path, wish)).status in {401, 403}
    told = await till.post(path, wish)
    assert (told.status, told.body["port"]) == (200, f"link:{dev / 'new'}")
    assert (await till.post(path, wish)).slug == "stand_in_gone"
    async with asyncio.timeout(WATCHDOG_S):
        await waiting
    await until(lambda: bytes(stub.received).count(b"kept slip") == 1)
    assert (await till.get("/counters/1")).body["stand_ins"] == []


async def _printed(printer: Printer) -> None:
    """As the outbox does: ready first, then the slip."""
    await printer.ready()
    await printer.print(Slip("J1:receipt", (Row("kept slip"),), 0))
