"""Receipt printers: one whole job is a slip in three scripts with a code, cut or hanging out whole, once."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final

from drivers.errors import DeviceTimeout
from drivers.printer.document import Code, Document, Modules, Row, Rule
from drivers.printer.driver import EscPosPrinter
from drivers.printer.profile import load
from drivers.printer.star import StarPrinter
from drivers.qr import encode
from drivers.transport import Transport
from firmware_stubs.paper import StubSlip
from firmware_stubs.printer import PrinterStub
from firmware_stubs.star_printer import StarPrinterStub
from firmware_stubs.wire import Stub
from tests.devices.conformance.case import DeviceCase
from tests.devices.printer_rig import stub_for

_CODE: Final = encode("HELLO")
SLIP: Final[Document] = (
    Row("Corner Café", align="center", size=2, bold=True),
    Rule(),
    Row("Pão de açúcar", "R$ 12,50"),
    Code("HELLO", Modules(_CODE.size, _CODE.packed)),
    *(Row(f"{number:02} Tea", "5.00") for number in range(30)),
    Row("Thank you"),
)


def _make(name: str) -> Callable[[Transport], EscPosPrinter]:
    profile = replace(load(name), speed_mm_s=1000)  # on real links the paper's time is real
    return lambda transport: (StarPrinter if name == "star-line" else EscPosPrinter)(transport, profile)


def _greet(name: str) -> Callable[[Transport], Awaitable[object]]:
    async def greet(transport: Transport) -> None:
        printer = _make(name)(transport)
        status = await printer.status()
        if printer.profile.sure and not status.known:
            raise DeviceTimeout(f"printer: {name} tells nothing of itself")

    return greet


def _act(name: str) -> Callable[[Transport], Awaitable[object]]:
    async def act(transport: Transport) -> None:
        await _make(name)(transport).print(SLIP, "conformance")

    return act


def _once(slips: list[StubSlip], hanging: StubSlip) -> bool:
    """Every line once and in order, on one slip."""
    whole = [
        slip
        for slip in (*slips, hanging)
        if [line.split()[0] for line in slip.lines if "Tea" in line] == [f"{number:02}" for number in range(30)]
        and "Thank you" in slip.lines
        and (slip.codes or slip.images)
    ]
    return len(whole) == 1


def _did(stub: Stub) -> bool:
    assert isinstance(stub, PrinterStub | StarPrinterStub)
    return _once(stub.slips, stub.hanging) and stub.drawer_pulses == 0


def _case(name: str, stub: Callable[[], Stub], *, key: str, vectors: str, answers: bool) -> DeviceCase:
    return DeviceCase(
        key=key,
        stub=stub,
        greet=_greet(name),
        act=_act(name),
        did=_did,
        answers=answers,
        vectors=vectors,
        baud=115200,
    )


def _escpos(name: str) -> DeviceCase:
    profile = load(name)
    return _case(
        name, lambda: stub_for(profile), key=f"printer/escpos {name}", vectors="escpos.hex", answers=profile.sure
    )  # fmt: skip


CASES: Final = (
    _escpos("epson-serial"),
    _escpos("generic-80"),
    _escpos("generic-58"),
    _case("star-line", StarPrinterStub, key="printer/star", vectors="star_line.hex", answers=True),
)
