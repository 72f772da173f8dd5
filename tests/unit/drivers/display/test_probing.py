"""The question to an unknown device: our display answers it, everything else is as it was."""

from collections.abc import Callable

import pytest

from drivers.catalogue import of_role
from drivers.display.bonrix import BonrixPanel, BonrixProfile
from drivers.display.cobs import Decoder
from drivers.display.dgus import DgusPanel, DgusProfile
from drivers.display.messages import Type
from drivers.display.nextion import NextionPanel, NextionProfile
from drivers.display.panel import Panel
from drivers.display.probing import HARMLESS, QUESTION, probe
from firmware_stubs.display import DisplayStub
from firmware_stubs.display_bonrix import BonrixStub
from firmware_stubs.display_dgus import DgusStub
from firmware_stubs.display_nextion import NextionStub
from firmware_stubs.display_pole import PoleStub
from firmware_stubs.wire import Stub, Wire
from tests.devices.peripheral_rig import now_s, play
from tests.devices.wires import wire


def test_the_question_is_one_sound_hello_of_bytes_that_mean_nothing_anywhere() -> None:
    [frame] = Decoder().feed(QUESTION)
    assert frame.type == Type.HELLO
    assert set(QUESTION) <= HARMLESS
    assert all(
        byte < 0x20 and byte not in b"\x05\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x12\x13\x14\x18\x1a\x1b"
        for byte in HARMLESS
    )


@pytest.mark.row(97)
def test_our_display_is_found_with_its_number_and_shows_what_it_showed() -> None:
    async def story() -> None:
        stub = DisplayStub(serial="CT-0001")
        before = stub.glass()
        found = await probe(wire(stub, chunk=1, noise=b"\x00junk"))
        assert found is not None
        assert (found.protocol, found.serial, found.detail["size"]) == ("countertop", "CT-0001", "240x320")
        assert (stub.glass(), stub.beeps) == (before, [])

    play(story())


def test_a_display_whose_first_answer_is_lost_is_found_by_the_second() -> None:
    async def story() -> None:
        assert await probe(wire(DisplayStub(), drop_answers=1)) is not None

    play(story())


@pytest.mark.parametrize(
    "stub", [BonrixStub(), NextionStub(), DgusStub(), PoleStub(), PoleStub("escpos-vfd"), PoleStub("led8n")]
)
def test_another_display_is_not_found_and_shows_what_it_showed(
    stub: BonrixStub | NextionStub | DgusStub | PoleStub,
) -> None:
    async def story() -> None:
        before = stub.screen
        began_s = now_s()
        assert await probe(wire(stub)) is None
        assert now_s() - began_s <= 1.5
        assert stub.screen == before

    play(story())


@pytest.mark.parametrize("faults", [{"echo": True}, {"stall_after": 0}, {"flood": bytes(range(256)) * 8}])
def test_echo_deafness_and_garbage_are_nobody_within_the_time(faults: dict[str, object]) -> None:
    async def story() -> None:
        began_s = now_s()
        assert await probe(wire(Silent(), **faults)) is None
        assert now_s() - began_s <= 1.5

    play(story())


@pytest.mark.parametrize(
    ("stub", "driver"),
    [
        (BonrixStub(), lambda cable: BonrixPanel(cable, BonrixProfile())),
        (NextionStub(), lambda cable: NextionPanel(cable, NextionProfile())),
        (DgusStub(), lambda cable: DgusPanel(cable, DgusProfile())),
    ],
    ids=["bonrix", "nextion", "dgus"],
)
def test_who_was_asked_in_vain_greets_its_own_driver_as_ever(stub: Stub, driver: Callable[[Wire], Panel]) -> None:
    async def story() -> None:
        cable = wire(stub)
        assert await probe(cable) is None
        assert (await driver(cable).greet())["model"]

    play(story())


def test_it_stands_in_the_catalogue() -> None:
    asked = {protocol.name for protocol in of_role("display") if protocol.probe}
    assert asked == {"countertop"}, "the others' questions hold letters, which a printer would print"


class Silent(Stub):
    def receive(self, data: bytes, now_ms: int) -> bytes:
        return b""

    def tick(self, now_ms: int) -> bytes:
        return b""
