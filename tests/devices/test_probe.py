"""Every device of the catalogue is asked who it is, and nothing happens there."""

import asyncio
from pathlib import Path
from typing import Any, Final

import pytest

from drivers.catalogue import all_protocols, of_role
from drivers.device_protocol import Found
from drivers.errors import DeviceRefused
from drivers.probe import ORDER, Stranger, named, plan, who
from drivers.transport import OpenTransport
from firmware_stubs.cables import PtyCable
from firmware_stubs.display import DisplayStub
from firmware_stubs.display_bonrix import BonrixStub
from firmware_stubs.display_dgus import DgusStub
from firmware_stubs.display_nextion import NextionStub
from firmware_stubs.display_pole import PoleStub
from firmware_stubs.printer import PrinterStub
from firmware_stubs.star_printer import StarPrinterStub
from firmware_stubs.wire import Stub, Wire
from terminal.cli.devices.find import ask as named_on_port
from terminal.virtual_time import run
from tests.devices.conformance.case import DeviceCase
from tests.devices.conformance.cases import CASES
from tests.devices.wires import wire

pytestmark = pytest.mark.no_cover  # many cases of few lines: other tests measure those

each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.key)
each_speed = pytest.mark.parametrize("speed", [9600, 115200])
LONG_LINE: Final = 80
WATCHDOG_S: Final = 30.0


class Port:
    """A device on a line of its own speed: what is sent at another arrives as its receiver would hear it."""

    def __init__(self, stub: Stub, speed: int, **faults: Any) -> None:
        self.wire = wire(stub, baud=speed, **faults)
        self.speed, self.opened = speed, 0

    def at(self, baud: int) -> OpenTransport:
        async def open_() -> Wire:
            self.opened += 1
            same = baud == self.speed
            self.wire.to_device = (lambda data: data) if same else lambda data: heard_at(data, baud, self.speed)
            self.wire.to_host = (lambda data: data) if same else lambda data: heard_at(data, self.speed, baud)
            return await self.wire.open()

        return open_


def heard_at(data: bytes, sent: int, heard: int) -> bytes:
    """What a receiver at ``heard`` bit/s makes of ``data`` sent at ``sent``: sampled in the middle of its bits."""
    levels = [level for byte in data for level in (0, *((byte >> bit) & 1 for bit in range(8)), 1)]

    def level(at: float) -> int:
        index = int(at * sent)
        return levels[index] if index < len(levels) else 1

    found, at, end, step = bytearray(), 0.0, len(levels) / sent, 1 / max(sent, heard) / 16
    while at < end:
        if level(at):
            at += step
            continue
        found.append(sum(level(at + (1.5 + bit) / heard) << bit for bit in range(8)))
        at += 9.5 / heard
        while not level(at):  # a break: one character, however long it lasts
            at += step
    return bytes(found)


def ask(port: Port, **how: Any) -> Found | None:
    async def story() -> Found | None:
        return await who(port.at, **how)

    return run(story(), seed=1)


def quiet(stub: Stub) -> None:
    """Nothing that a person would see, hear or find changed."""
    match stub:
        case PrinterStub():
            assert (stub.slips, stub.hanging.lines, stub.drawer_pulses) == ([], [], 0)
        case StarPrinterStub():
            assert (stub.slips, stub.hanging.lines, stub.drawer_pulses) == ([], [], 0)
        case PoleStub():
            assert (stub.screen.strip(), stub.lamp) == ("", "0")
        case BonrixStub() | NextionStub() | DgusStub():
            assert (stub.payload, stub.codes) == ("", 0)
    for name in ("heard", "played", "beeps"):
        said = getattr(stub, name, None)
        assert not said or isinstance(said, bytearray), f"{name}: {said}"  # scanners keep what they heard as bytes
    assert getattr(stub, "saves", 0) == 0


def settings(stub: Stub) -> dict[str, object]:
    names = ("zone", "settings", "params", "volume", "brightness", "code_page", "baud")
    return {name: repr(getattr(stub, name)) for name in names if hasattr(stub, name)}


@pytest.mark.row(42)
@each_speed
@each_case
def test_l10_probing_names_a_device_right_or_not_at_all_and_nothing_happens_there(
    case: DeviceCase, speed: int
) -> None:
    for faults in ({}, {"drop_answers": 10**9}):
        stub = case.stub()
        before = settings(stub)
        found = ask(Port(stub, speed, **faults))
        quiet(stub)
        assert settings(stub) == before
        assert not case.did(stub) or case.key == "display/countertop"
        asked = {each.key: speed in each.bauds for each in all_protocols() if each.probe}
        key = case.key.split(" ")[0]
        if not faults and asked.get(key):
            assert found, "it can be asked"
        if found:
            assert (f"{found.role}/{found.protocol}", found.detail["baud"]) == (key, str(speed))


@each_case
def test_a_scanner_is_named_by_who_looks_for_scanners_alone(case: DeviceCase) -> None:
    if not case.key.startswith("scanner/"):
        return
    stub = case.stub()
    before = settings(stub)
    found = ask(Port(stub, case.baud), protocols=of_role("scanner"))
    key = case.key.split(" ")[0]
    askable = {each.key for each in of_role("scanner") if each.probe}
    assert (found and f"scanner/{found.protocol}") == (key if key in askable else None)
    quiet(stub)
    assert settings(stub) == before


def test_every_protocol_that_can_be_asked_has_its_place_in_the_order() -> None:
    assert {each.key for each in all_protocols() if each.probe} == set(ORDER)
    careful = [[each.key for each in asked] for _, asked in plan(all_protocols())]
    assert all(keys[:2] == ["printer/star", "printer/escpos"] for keys in careful)
    assert [speed for speed, _ in plan(all_protocols())] == [9600, 115200]


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (b"$GPGGA,120000.00,3000.0,N,09000.0,W,1,08,0.9,10.0,M,46.9,M,,*47\r\n", "gps"),
        (b"AT\rAT\r", "modem"),
        (b"\r\nOK\r\n", "modem"),
        (b"\r\nRING\r\n", "modem"),
        (b"GROSS 1.250 kg\r\n", "text"),
        (bytes(range(0x80, 0xA0)), "garbage"),
    ],
)
def test_l10_a_stranger_is_named(said: bytes, kind: str) -> None:
    class Talker(Stub):
        def receive(self, data: bytes, now_ms: int) -> bytes:
            return b""

        def tick(self, now_ms: int) -> bytes:
            return b""

    with pytest.raises(Stranger) as caught:
        ask(Port(Talker(), 9600, flood=said))
    assert caught.value.kind == kind
    assert isinstance(caught.value, DeviceRefused)


def test_l5_an_echo_of_our_own_bytes_is_named_and_never_an_answer() -> None:
    class Nobody(Stub):
        def receive(self, data: bytes, now_ms: int) -> bytes:
            return b""

        def tick(self, now_ms: int) -> bytes:
            return b""

    with pytest.raises(Stranger) as caught:
        ask(Port(Nobody(), 9600, echo=True))
    assert caught.value.kind == "echo"


def test_a_modem_that_answers_what_it_does_not_understand_is_named() -> None:
    class Modem(Stub):
        def receive(self, data: bytes, now_ms: int) -> bytes:
            return b"\r\nERROR\r\n"

        def tick(self, now_ms: int) -> bytes:
            return b""

    with pytest.raises(Stranger) as caught:
        ask(Port(Modem(), 115200))
    assert caught.value.kind == "modem"


@pytest.mark.parametrize(
    ("said", "key"),
    [
        (b"\0\0\0\xff\xff\xff\x88\xff\xff\xff", "display/nextion"),
        (bytes.fromhex("7eff063f000002feba ef"), "speaker/dfplayer"),
    ],
)
def test_l9_who_says_of_itself_that_it_starts_is_believed_unasked(said: bytes, key: str) -> None:
    class Starting(Stub):
        heard = b""

        def receive(self, data: bytes, now_ms: int) -> bytes:
            self.heard += data
            return b""

        def tick(self, now_ms: int) -> bytes:
            return b""

    stub = Starting()
    found = ask(Port(stub, 9600, flood=said))
    assert found
    assert f"{found.role}/{found.protocol}" == key
    assert stub.heard == b"", "who has said it is not asked"


def test_a_port_that_takes_no_bytes_is_given_up_in_time_and_closed() -> None:
    async def story() -> None:
        port = Port(PrinterStub(), 9600, stall_after=0)
        assert await who(port.at) is None
        assert port.opened == 3

    run(story(), seed=1)


def test_l9_a_board_whose_loader_talks_before_our_firmware_answers_is_found_all_the_same() -> None:
    rom = b"ets Jul 29 2019 12:21:46\r\n\r\nrst:0x1 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)\r\n"
    found = ask(Port(DisplayStub(), 115200, flood=rom))
    assert found
    assert found.protocol == "countertop"


def test_over_usb_and_the_network_nobody_else_is_asked_and_once() -> None:
    asked = [[each.key for each in askable] for _, askable in plan(all_protocols(), link="usb-printer")]
    assert asked == [["printer/star", "printer/escpos"]]
    assert len(plan(all_protocols(), link="tcp")) == 1


async def test_on_a_real_port_by_its_path(tmp_path: Path) -> None:
    cable = PtyCable(StarPrinterStub(), tmp_path / "printer")
    await cable.plug()
    async with asyncio.timeout(WATCHDOG_S):
        found = await named_on_port(str(cable.link))
    assert found
    assert found.protocol == "star"
    await cable.unplug()


def test_a_short_noise_is_no_stranger() -> None:
    assert named(b"") is None
    assert named(b"\xff\x00\xfe") is None
    assert named(b"A" * LONG_LINE) is not None
