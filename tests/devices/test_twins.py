"""Equal devices are told apart by what a person does to one of them."""

import asyncio
from collections.abc import Callable

import pytest

from drivers.errors import DeviceGone, DeviceTimeout
from drivers.twins import PRINTER_STATE, which
from firmware_stubs.printer import PrinterStub
from firmware_stubs.scanner import Gm65
from firmware_stubs.wire import Stub, Wire
from terminal.virtual_time import run
from tests.devices.wires import wire


def find(
    stub: Callable[[], Stub], act: Callable[[Wire], None], *, question: bytes = b"", on: str = "b"
) -> tuple[str, dict[str, Wire]]:
    """``act`` is done to one of two equal devices after five seconds."""
    wires: dict[str, Wire] = {}

    async def story() -> str:
        wires.update({name: wire(stub()) for name in "ab"})

        def acts() -> None:
            act(wires[on])
            wires[on].poke()

        asyncio.get_running_loop().call_later(5.2, acts)
        return await which({name: each.open for name, each in wires.items()}, question=question)

    return run(story(), seed=1), wires


def press(cable: Wire) -> None:
    assert isinstance(cable.stub, Gm65)
    cable.stub.scan("4006381333931")


def open_cover(cable: Wire) -> None:
    assert isinstance(cable.stub, PrinterStub)
    cable.stub.cover_open = True


@pytest.mark.row(42, 97)
@pytest.mark.parametrize("on", ["a", "b"])
def test_l2_the_scanner_whose_trigger_is_pressed_is_the_one(on: str) -> None:
    assert find(Gm65, press, on=on)[0] == on


@pytest.mark.row(42, 97)
@pytest.mark.parametrize("on", ["a", "b"])
def test_l2_the_printer_whose_cover_is_opened_is_the_one_and_nothing_prints(on: str) -> None:
    name, wires = find(PrinterStub, open_cover, question=PRINTER_STATE, on=on)
    assert name == on
    for each in wires.values():
        assert isinstance(each.stub, PrinterStub)
        assert (each.stub.slips, each.stub.hanging.lines) == ([], [])


def test_nobody_acting_ends_in_time() -> None:
    with pytest.raises(DeviceTimeout, match="within 30 s"):
        find(Gm65, lambda cable: None)


def test_one_that_is_pulled_out_is_not_the_one_and_the_other_may_still_speak() -> None:
    async def story() -> str:
        one, two = wire(Gm65()), wire(Gm65())
        loop = asyncio.get_running_loop()
        loop.call_later(3, one.unplug)
        loop.call_later(6, press, two)
        loop.call_later(6.1, two.poke)
        return await which({"one": one.open, "two": two.open})

    assert run(story(), seed=1) == "two"


def test_all_pulled_out_is_told() -> None:
    with pytest.raises(DeviceGone):
        run(_pulled(), seed=1)


async def _pulled() -> str:
    one = wire(Gm65())
    asyncio.get_running_loop().call_later(3, one.unplug)
    return await which({"one": one.open})
