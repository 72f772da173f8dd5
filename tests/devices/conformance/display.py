"""The displays' cases: one whole job is a code on the glass, or the amount where a display draws no code."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from drivers import qr
from drivers.display.bonrix import BonrixPanel, BonrixProfile
from drivers.display.dgus import DgusPanel, DgusProfile
from drivers.display.driver import CounterDisplay
from drivers.display.mertech import MertechPanel, MertechProfile
from drivers.display.nextion import NextionPanel, NextionProfile
from drivers.display.panel import Panel, PanelScreen
from drivers.display.pole import PolePanel, PoleProfile
from drivers.display.profile import load_panel
from drivers.transport import Transport
from firmware_stubs.display import DisplayStub
from firmware_stubs.display_bonrix import BonrixStub
from firmware_stubs.display_dgus import DgusStub
from firmware_stubs.display_mertech import MertechStub
from firmware_stubs.display_nextion import NextionStub
from firmware_stubs.display_pole import PoleStub
from firmware_stubs.wire import Stub
from tests.devices.conformance.case import DeviceCase

PAYLOAD: Final = "weixin://wxpay/bizpayurl?pr=abcdefg00"
CODE: Final = PanelScreen(
    "code", payload=PAYLOAD, amount="28.50", digits="28.50", title="Tea", words="Scan this code"
)
Make = Callable[[Transport], Panel]


def _pole(name: str) -> Make:
    return lambda transport: PolePanel(transport, load_panel(PoleProfile, name))


PANELS: Final[Mapping[str, Make]] = {
    "bonrix": lambda transport: BonrixPanel(transport, BonrixProfile()),
    "mertech": lambda transport: MertechPanel(transport, MertechProfile()),
    "nextion": lambda transport: NextionPanel(transport, NextionProfile()),
    "dgus": lambda transport: DgusPanel(transport, load_panel(DgusProfile, "dgus")),
    "cd5220": _pole("cd5220"),
    "escpos-vfd": _pole("escpos-vfd"),
    "led8n": _pole("led8n"),
}
"""The driver of every display that is not our own, for tests that all of them stand."""


def _greet(make: Make) -> Callable[[Transport], Awaitable[object]]:
    return lambda transport: make(transport).greet()


def _act(make: Make) -> Callable[[Transport], Awaitable[object]]:
    async def act(transport: Transport) -> None:
        device = make(transport)
        await device.greet()
        await device.show(CODE)

    return act


def _case(
    name: str,
    stub: Callable[[], Stub],
    did: Callable[[Stub], bool],
    *,
    answers: bool = True,
    vectors: str,
    baud: int = 9600,
) -> DeviceCase:
    return DeviceCase(
        key=f"display/{name}",
        stub=stub,
        greet=_greet(PANELS[name]),
        act=_act(PANELS[name]),
        did=did,
        answers=answers,
        vectors=vectors,
        baud=baud,
    )


# --- our own --------------------------------------------------------------------------------------------------


async def _own_act(transport: Transport) -> None:
    display = CounterDisplay(transport)
    await display.hello()
    code = qr.encode(PAYLOAD)
    await display.show_qr(7, 120, code.version, code.packed)


def _own_did(stub: Stub) -> bool:
    assert isinstance(stub, DisplayStub)
    width, _height, pixels = stub.glass()
    return stub.screen == 1 and 0 in pixels[: width * width]


# --- panels and poles -----------------------------------------------------------------------------------------


def _shows_the_code(stub: Stub) -> bool:
    assert isinstance(stub, BonrixStub | MertechStub | NextionStub | DgusStub)
    return (stub.payload, stub.codes) == (PAYLOAD, 1)


def _shows_the_amount(stub: Stub) -> bool:
    assert isinstance(stub, PoleStub)
    return stub.lines[0] == "TOTAL          28.50"


def _shows_the_digits(stub: Stub) -> bool:
    assert isinstance(stub, PoleStub)
    return (stub.digits, stub.lamp) == ("28.50", "2")


CASES: Final[tuple[DeviceCase, ...]] = (
    DeviceCase(
        key="display/countertop",
        stub=DisplayStub,
        greet=lambda transport: CounterDisplay(transport).hello(),
        act=_own_act,
        did=_own_did,
        answers=True,
        vectors="display.hex",
        baud=115200,
    ),
    _case(
        "bonrix",
        BonrixStub,
        _shows_the_code,
        vectors="bonrix.hex",
        baud=115200,
    ),
    _case(
        "mertech",
        MertechStub,
        _shows_the_code,
        answers=False,
        vectors="mertech.hex",
        baud=115200,
    ),
    _case("nextion", NextionStub, _shows_the_code, vectors="nextion.hex"),
    _case("dgus", DgusStub, _shows_the_code, vectors="dgus.hex", baud=115200),
    _case("cd5220", PoleStub, _shows_the_amount, answers=False, vectors="pole.hex"),
    _case(
        "escpos-vfd",
        lambda: PoleStub("escpos-vfd"),
        _shows_the_amount,
        answers=False,
        vectors="pole.hex",
    ),
    _case(
        "led8n",
        lambda: PoleStub("led8n"),
        _shows_the_digits,
        answers=False,
        vectors="pole.hex",
        baud=2400,
    ),
)
