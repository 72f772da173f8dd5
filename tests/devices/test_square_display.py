"""A glass nearly as wide as high: what is left below a code carries the mark of a test and the amount (I25)."""

import asyncio

import pytest
from PIL import Image

from drivers import qr
from firmware_stubs.display import DisplayStub
from terminal.counter.ports import CodeScreen
from terminal.lab.camera import GLASS_DOT_MM, read
from terminal.payments.money import Money
from terminal.peripherals.display import CodeDisplay
from terminal.simulation.devices import SimulatedCounter
from tests.devices.peripheral_rig import play, running, until, well
from tests.qr_seen import texts_in

SIDE = 240  # pixels of the panel that boards.py knows
AMOUNT = Money(2850, "CNY")
QUIET = 4  # modules


def payload(version: int) -> str:
    """As long as that version holds, as a bank would write it."""
    return "weixin://wxpay/bizpayurl?pr=".ljust(400, "a")[: qr.capacity(version, "M")]


def shown(text: str, *, test: bool, program: str = "", again: bool = False) -> DisplayStub:
    """The glass a while after the code, with all that stands beside it.

    ``program``: another firmware is on it, which ``again`` replaces by its own.
    """
    counter = SimulatedCounter(captions=True, glass=(SIDE, SIDE))

    async def story() -> None:
        counter.display.flash(program)
        display = counter.devices().display
        assert isinstance(display, CodeDisplay)
        async with running(display.run):
            await well(display.health)
            assert ("firmware" in display.health().detail.get("words", "")) is bool(program)
            await display.show(CodeScreen(7, text, AMOUNT, 120, test, "老王"))
            await asyncio.sleep(1)
            assert counter.display.screen == 1
            if again:
                counter.display.flash()
                counter.wires["display"].poke()
                await until(lambda: "words" not in display.health().detail, 10)
                await well(display.health)
                await display.show(CodeScreen(8, text, AMOUNT, 120, test, "老王"))
                await asyncio.sleep(1)

    play(story())
    return counter.display


def rows_of(stub: DisplayStub) -> list[bytes]:
    width, height, pixels = stub.glass()
    return [pixels[at : at + width] for at in range(0, width * height, width)]


def dark(rows: list[bytes], left: int, right: int) -> float:
    return sum(row[left:right].count(0) for row in rows) / (len(rows) * (right - left))


@pytest.mark.row(25)
@pytest.mark.parametrize("version", range(1, 14))
def test_i25_a_square_glass_says_test_below_every_code_and_a_camera_reads_it(version: int) -> None:
    text = payload(version)
    assert qr.version_for(text, level="M") == version
    stub, scale = shown(text, test=True), SIDE // (17 + 4 * version + 2 * QUIET)
    below = (17 + 4 * version + 2 * QUIET) * scale
    rows = rows_of(stub)
    assert read(SIDE, SIDE, stub.glass()[2], GLASS_DOT_MM).text == text
    first = next(at for at, row in enumerate(rows) if 0 in row)
    assert first == QUIET * scale, "modules as large as the glass has room for, the quiet zone whole"
    assert not any(0 in row for row in rows[below - QUIET * scale : below])
    mark, letters = dark(rows[below:], 0, 60), {bytes(row[:60]) for row in rows[below:]}
    assert 0.4 < mark < 0.98, "white letters on black"
    assert len(letters) > 4
    assert (0.02 < dark(rows[below:], 80, SIDE) < 0.5) is (SIDE - below >= 12), "the amount, where it has room"


@pytest.mark.parametrize("version", [2, 3, 8, 9])
def test_a_square_glass_says_the_amount_below_a_code_and_no_test_where_there_is_none(version: int) -> None:
    stub = shown(payload(version), test=False)
    below = (25 + 4 * version) * (SIDE // (25 + 4 * version))
    strip = rows_of(stub)[below:]
    assert texts_in(Image.frombytes("L", (SIDE, SIDE), stub.glass()[2])) == [payload(version)]
    ink = dark(strip, 0, SIDE)
    assert (0.02 < ink < 0.4) is (len(strip) >= 12)


def test_i25_an_older_displays_square_glass_keeps_its_code_and_its_health_says_what_is_missing() -> None:
    """It takes nothing in the square of a code: asked to, it would refuse and be opened anew for ever."""
    stub = shown(payload(3), test=True, program="older")
    assert stub.screen == 1
    assert texts_in(Image.frombytes("L", (SIDE, SIDE), stub.glass()[2])) == [payload(3)]
    assert dark(rows_of(stub)[222:], 0, SIDE) == 0
    flashed = shown(payload(3), test=True, program="older", again=True)
    assert dark(rows_of(flashed)[222:], 0, 60) > 0.4
