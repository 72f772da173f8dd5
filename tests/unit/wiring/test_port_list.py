"""The list of ports while the kernel does not come back from looking at one of them (L8)."""

import asyncio
import threading
from collections.abc import AsyncIterator
from threading import Event

import pytest

from drivers.hotplug import Port
from drivers.transport import OpenTransport, Transport
from firmware_stubs.printer import PrinterStub
from firmware_stubs.scanner import LineScanner
from firmware_stubs.wire import Wire
from terminal.virtual_time import run
from terminal.web.shapes.devices import ProposalView
from terminal.wiring.port_list import PortList
from tests.watchdog import watched

WATCHDOG_S = 30.0
SOON_S = 0.02  # a limit that is meant to pass
SEEN = Port("/dev/ttyUSB0", "serial", "a scanner", "usb-serial:7")


class SlowKernel:
    """Looks that come back when they are let go."""

    def __init__(self) -> None:
        self.count, self.came_back = 0, False
        self.go = Event()

    def __call__(self, _used: dict[str, str]) -> tuple[dict[str, Port], dict[str, str]]:
        self.count += 1
        self.go.wait(WATCHDOG_S)
        self.came_back = True
        return {SEEN.path: SEEN}, {}


@pytest.fixture(autouse=True)
async def watchdog() -> AsyncIterator[None]:
    with watched(WATCHDOG_S):
        yield


async def test_l8_a_look_that_hangs_is_waited_for_once_and_pages_get_what_was_seen_last() -> None:
    kernel = SlowKernel()
    ports = PortList(dict, look=kernel, fresh_s=0.0, within_s=SOON_S)
    while not kernel.count:
        assert await ports.now() == []
    assert [await ports.now() for _ in range(3)] == [[], [], []]
    assert kernel.count == 1
    kernel.go.set()
    while not (found := await ports.now()):
        pass  # it has been let go, and is on its way
    assert [view.port for view in found] == [SEEN.binding]


def test_d12_a_look_that_hangs_holds_up_no_end_of_the_service() -> None:
    kernel = SlowKernel()
    ports = PortList(dict, look=kernel, within_s=SOON_S)
    asyncio.run(ports.now())
    assert not kernel.came_back
    kernel.go.set()
    while late := [each for each in threading.enumerate() if each.name == "port"]:
        late[0].join(WATCHDOG_S)  # what it still does belongs to no other test's world


class Noisy(LineScanner):
    """What a question at the wrong speed may bring back."""

    def receive(self, data: bytes, now_ms: int) -> bytes:
        super().receive(data, now_ms)
        return bytes(range(0x80, 0xA0))


@pytest.mark.row(41, 97)
def test_who_answers_is_proposed_with_the_speed_of_its_answer() -> None:
    """A printer set to 9600 by its switches is silent at its profile's 115200."""
    stub = PrinterStub()

    def opens(_binding: str, *, baud: int) -> OpenTransport:
        return Wire(stub if baud == 9600 else Noisy(), baud=baud).open

    async def asked() -> ProposalView | None:
        return (await PortList(dict, opens=opens).who_is("link:/dev/printer")).proposal

    found = run(asked(), seed=1)
    assert found is not None
    assert (found.role, found.baud) == ("printer", 9600)


@pytest.mark.row(41, 97)
def test_who_answers_at_every_speed_is_proposed_with_its_usual_one() -> None:
    """USB serial has no speeds; what is written down for it should be right behind a real line, too."""
    stub = PrinterStub()

    def opens(_binding: str, *, baud: int) -> OpenTransport:
        return Wire(stub, baud=baud).open

    async def asked() -> ProposalView | None:
        return (await PortList(dict, opens=opens).who_is("link:/dev/printer")).proposal

    found = run(asked(), seed=1)
    assert found is not None
    assert (found.role, found.baud) == ("printer", 0)


@pytest.mark.row(41)
def test_l10_only_who_is_spoken_to_over_a_port_s_link_is_asked_there() -> None:
    """A USB printer has no speeds and hears printers' questions alone; a keyboard hears none."""
    opened: list[str] = []
    heard = {"usb-printer:TM-T88": LineScanner(), "evdev:/dev/input/by-id/keys": LineScanner()}

    def opens(binding: str, *, baud: int) -> OpenTransport:
        async def open_() -> Transport:
            opened.append(binding)
            return await Wire(heard[binding], baud=baud).open()

        return open_

    async def asked() -> None:
        ports = PortList(dict, opens=opens)
        for binding in heard:
            assert (await ports.who_is(binding)).state == "silent"

    run(asked(), seed=1)
    assert opened == list(heard), "once each"
    assert not any(stub.heard for binding, stub in heard.items() if binding.startswith("evdev"))
