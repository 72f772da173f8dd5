"""The customer display through its adapter: proven, captioned, kept alive, repainted, refused."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from io import BytesIO

import pytest
from PIL import Image

from drivers.display.cobs import ACK_WANTED, Frame
from drivers.display.messages import Type
from drivers.display.tiles import Tile
from firmware_stubs.display import DisplayStub
from firmware_stubs.printer import PrinterStub
from terminal.counter.ports import CodeScreen, HealthState, IdleScreen, ResultScreen, Screen
from terminal.errors import PeripheralFailed
from terminal.payments.money import Money
from terminal.peripherals.artwork import receipt_code, receipt_fits
from terminal.peripherals.display import CodeDisplay
from terminal.simulation.devices import SimulatedCounter
from terminal.virtual_time import VirtualClock
from tests.devices.peripheral_rig import now_s, play, running, until, well
from tests.devices.wires import wire
from tests.qr_seen import texts_in

PAYLOAD = "weixin://wxpay/bizpayurl?pr=abcdefg00"
AMOUNT = Money(2850, "CNY")
CODE = CodeScreen(7, PAYLOAD, AMOUNT, 120, True, "老王")
PAID = ResultScreen(7, "paid", AMOUNT, "", True)
LINK = "https://192.168.1.20:7643/r/01J8ZQ4Y7N3M5K2B6C9D0E1F2GABCDEFGHIJ234567"
IDLE = IdleScreen("老王", True)


def read_back(stub: DisplayStub) -> list[str]:
    width, height, pixels = stub.glass()
    return texts_in(Image.frombytes("L", (width, height), pixels))


@pytest.mark.row(41, 49)
@pytest.mark.parametrize("glass", [(240, 320), (320, 240), (480, 320)])
def test_i25_a_code_with_amount_words_and_test_mark_reads_on_every_shape_of_glass(glass: tuple[int, int]) -> None:
    async def story() -> None:
        counter = SimulatedCounter(captions=True, glass=glass)
        display = counter.devices().display
        assert isinstance(display, CodeDisplay)
        async with running(display.run):
            await well(display.health)
            await display.show(CODE)
            assert read_back(counter.display) == [PAYLOAD]
            bare = counter.display.painted
            await asyncio.sleep(1)
            assert counter.display.painted > bare
            assert read_back(counter.display) == [PAYLOAD]
            width, height, pixels = counter.display.glass()
            beside = [
                pixels[y * width + x]
                for y in range(height)
                for x in range(width)
                if x >= min(glass) or y >= min(glass)
            ]
            assert 0.05 < beside.count(0) / len(beside) < 0.6
            for screen in (PAID, IDLE):
                await display.show(screen)
                plain = counter.display.png()
                await asyncio.sleep(1)
                assert counter.display.png() != plain

    play(story())


@pytest.mark.row(66)
@pytest.mark.parametrize("glass", [(240, 320), (320, 240), (240, 240), (480, 320)])
def test_a_receipts_code_reads_from_the_middle_of_a_paid_glass_and_from_no_other(glass: tuple[int, int]) -> None:
    async def story() -> None:
        counter = SimulatedCounter(captions=True, glass=glass)
        display = counter.devices().display
        assert isinstance(display, CodeDisplay)
        async with running(display.run):
            await well(display.health)
            await display.show(replace(PAID, receipt=LINK, text="7KQ2"))
            await until(lambda: read_back(counter.display) == [LINK], 5)
            assert len({*counter.display.glass()[2]}) > 2, "the colour of paid stands around it"
            await display.show(replace(CODE, id=8))
            await asyncio.sleep(1)
            assert read_back(counter.display) == [PAYLOAD]
            await display.show(replace(PAID, id=9))
            await asyncio.sleep(1)
            assert read_back(counter.display) == []

    play(story())


def test_a_glass_too_small_for_a_camera_shows_no_receipts_code() -> None:
    assert [*receipt_code(LINK, 160, 128)] == []


@pytest.mark.row(66)
def test_i9_only_a_glass_that_draws_the_code_says_that_it_takes_the_papers_place() -> None:
    async def story() -> None:
        big = CodeDisplay("x", wire(DisplayStub()).open, VirtualClock(), fits=receipt_fits)
        blank = CodeDisplay("x", wire(DisplayStub()).open, VirtualClock())
        assert not await big.draws_receipt(LINK), "nobody has told its size yet"
        too_long = "https://" + "long-name." * 60 + "/r/" + "A" * 42
        async with running(big.run, blank.run):
            await well(big.health)
            await well(blank.health)
            assert not await big.draws_receipt(LINK), "it could, and nobody has told it to"
            for link, fits in ((LINK, True), (too_long, False)):
                for display in (big, blank):
                    await display.show(replace(PAID, receipt=link))
                assert await big.draws_receipt(link) is fits
                assert not await blank.draws_receipt(link), "it paints nothing beside its sign"
            assert not await big.draws_receipt(LINK), "another one stands there"

    play(story())


@pytest.mark.row(66)
def test_i9_the_code_stands_there_once_its_tiles_are_taken_and_not_where_they_ended_before() -> None:
    async def slow(screen: Screen, width: int, height: int) -> AsyncIterator[Tile]:
        for row in range(5):
            await asyncio.sleep(0.1)
            yield Tile(0, 240 + row, 8, 1, b"\xff", on_screen_colour=isinstance(screen, ResultScreen))

    async def story() -> None:
        cable = wire(DisplayStub())
        display = CodeDisplay("x", cable.open, VirtualClock(), captions=slow, fits=receipt_fits)

        async def shown() -> "asyncio.Future[bool]":
            await display.show(replace(PAID, receipt=LINK))
            drawn = asyncio.ensure_future(display.draws_receipt(LINK))
            await asyncio.sleep(0.25)
            assert not drawn.done()
            return drawn

        async with running(display.run):
            await well(display.health)
            assert await (await shown()) is True
            assert await display.draws_receipt(LINK), "it still stands there"
            cable.unplug()
            await until(lambda: display.health().state is HealthState.FAULT, 1)
            assert not await display.draws_receipt(LINK), "nobody knows what a display shows that is gone"
            cable.plug()
            await until(lambda: display.health().state is HealthState.OK, 5)
            superseded = await shown()
            await display.show(CODE)
            assert await superseded is False
            unplugged = await shown()
            cable.unplug()
            assert await unplugged is False

    play(story())


def test_the_code_is_lit_before_any_caption_and_a_newer_screen_ends_them() -> None:
    async def slow(screen: Screen, width: int, height: int) -> AsyncIterator[Tile]:
        for row in range(8):
            await asyncio.sleep(0.1)
            yield Tile(0, 240 + row, 8, 1, b"\xff", on_screen_colour=isinstance(screen, ResultScreen))

    async def story() -> None:
        cable, seen = wire(DisplayStub()), list[int]()
        cable.tap = lambda who, data: seen.append(data[3]) if who == "host" else None
        display = CodeDisplay("x", cable.open, VirtualClock(), captions=slow)
        async with running(display.run):
            await well(display.health)
            await display.show(CODE)
            assert Type.TILE not in seen
            await asyncio.sleep(0.35)
            assert seen.count(Type.TILE) == 3
            await display.show(PAID)
            await asyncio.sleep(2)
            assert seen.count(Type.TILE) == 3 + 8
            assert display.health().state is HealthState.OK

    play(story())


def test_captions_that_cannot_be_drawn_cost_no_code() -> None:
    async def broken(_screen: Screen, _width: int, _height: int) -> AsyncIterator[Tile]:
        raise OSError("no such font")
        yield

    async def story() -> None:
        stub = DisplayStub()
        display = CodeDisplay("x", wire(stub).open, VirtualClock(), captions=broken)
        async with running(display.run):
            await well(display.health)
            await display.show(CODE)
            await asyncio.sleep(1)
            await display.show(CODE)
            assert (read_back(stub), display.health().state) == ([PAYLOAD], HealthState.OK)

    play(story())


def test_l1_a_cable_pulled_while_writing_is_told_within_a_second() -> None:
    async def story() -> None:
        cable = wire(DisplayStub(), cut_after=260)
        display, back = CodeDisplay("x", cable.open, VirtualClock()), list[float]()
        display.on_back(lambda: back.append(now_s()))
        async with running(display.run):
            await well(display.health)
            began_s = now_s()
            await display.show(CODE)
            with pytest.raises(PeripheralFailed) as failed:
                await display.show(CodeScreen(8, "another code, and so another picture", AMOUNT, 60, True))
            assert failed.value.slug == "display_gone"
            assert now_s() - began_s < 1
            cable.plug()
            await until(lambda: len(back) >= 3, 3)

    play(story())


def test_l7_a_mute_display_is_marked_down_and_asked_again() -> None:
    async def story() -> None:
        stub = DisplayStub()
        cable, back = wire(stub), list[float]()
        display = CodeDisplay("x", cable.open, VirtualClock())
        display.on_back(lambda: back.append(now_s()))
        async with running(display.run):
            await well(display.health)
            stub.mute = True
            began_s = now_s()
            with pytest.raises(PeripheralFailed) as failed:
                await display.show(CODE)
            assert (failed.value.slug, now_s() - began_s < 4) == ("display_no_answer", True)
            assert display.health().reason == "display_no_answer"
            stub.mute = False
            await until(lambda: len(back) >= 3, 8)
            await display.show(CODE)
            assert stub.id == CODE.id

    play(story())


def test_l8_a_display_that_takes_no_bytes_fails_within_its_limits() -> None:
    async def story() -> None:
        cable = wire(DisplayStub())
        display = CodeDisplay("x", cable.open, VirtualClock())
        async with running(display.run):
            await well(display.health)
            cable.stalled = True
            began_s = now_s()
            with pytest.raises(PeripheralFailed):
                await display.show(CODE)
            assert now_s() - began_s < 4

    play(story())


def test_l9_a_display_that_restarts_is_greeted_again_and_wants_its_screen() -> None:
    async def story() -> None:
        stub = DisplayStub()
        cable, back = wire(stub), list[float]()
        display = CodeDisplay("x", cable.open, VirtualClock())
        display.on_back(lambda: back.append(now_s()))
        async with running(display.run):
            await well(display.health)
            await display.show(CODE)
            stub.restart()
            cable.poke()
            await until(lambda: len(back) >= 3, 3)
            assert stub.screen == 0
            await display.show(CODE)
            assert read_back(stub) == [PAYLOAD]

    play(story())


def test_i10_a_screen_that_is_not_what_was_shown_is_asked_for_again() -> None:
    async def story() -> None:
        stub, back = DisplayStub(), list[float]()
        cable = wire(stub)
        display = CodeDisplay("x", cable.open, VirtualClock())
        display.on_back(lambda: back.append(now_s()))
        async with running(display.run):
            await well(display.health)
            await display.show(CODE)
            stub.receive(Frame(Type.CLEAR, 200, b"", ACK_WANTED).to_bytes(), cable.now_ms())
            assert stub.screen == 0
            await until(lambda: len(back) == 2, 5.5)

    play(story())


@pytest.mark.row(49)
def test_l10_a_printer_on_the_displays_port_is_named_and_shown_nothing() -> None:
    async def story() -> None:
        printer = PrinterStub()
        cable = wire(printer)
        display = CodeDisplay("x", cable.open, VirtualClock())
        async with running(display.run):
            await until(lambda: display.health().state is HealthState.FAULT, 10)
            assert display.health().reason == "display_wrong_device"
            assert "a receipt printer" in display.health().detail["advice"]
            with pytest.raises(PeripheralFailed) as failed:
                await display.show(CODE)
            assert failed.value.slug == "display_wrong_device"
            assert printer.slips == []

    play(story())


def test_l2_two_swapped_displays_show_nothing_and_come_back_when_put_right() -> None:
    async def story() -> None:
        one, two = SimulatedCounter("1", bind_display=True), SimulatedCounter("2", bind_display=True)
        displays = [counter.devices().display for counter in (one, two)]
        first, second = displays
        assert isinstance(first, CodeDisplay)
        assert isinstance(second, CodeDisplay)
        async with running(first.run, second.run):
            await well(first.health)
            await first.show(CODE)
            one.swap(two)
            await until(lambda: first.health().reason == second.health().reason == "display_wrong_device", 10)
            for display in (first, second):
                with pytest.raises(PeripheralFailed):
                    await display.show(CODE)
            assert two.display.screen == 0
            one.swap(two)
            await until(lambda: first.health().state is second.health().state is HealthState.OK, 8)

    play(story())


def test_a_code_stays_lit_while_the_service_lives_and_goes_dark_when_it_does_not() -> None:
    async def story() -> None:
        stub = DisplayStub()
        display = CodeDisplay("x", wire(stub).open, VirtualClock())
        async with running(display.run):
            await well(display.health)
            await display.show(CODE)
            await asyncio.sleep(100)
            assert stub.screen == 1
            flashed = stub.painted
            await asyncio.sleep(10)
            assert stub.painted == flashed
        await asyncio.sleep(16)
        stub.tick(round(now_s() * 1000))
        assert stub.screen == 0

    play(story())


def test_l11_a_display_that_lies_is_refused_and_stays_marked() -> None:
    async def story() -> None:
        stub = DisplayStub()
        display = CodeDisplay("x", wire(stub).open, VirtualClock())
        async with running(display.run):
            await well(display.health)
            await display.show(CODE)
            stub.lies = True
            with pytest.raises(PeripheralFailed) as failed:
                await display.show(CodeScreen(8, "other", AMOUNT, 60, True))
            assert failed.value.slug == "display_lies"
            await asyncio.sleep(20)
            assert display.health().reason == "display_lies"

    play(story())


def test_the_glass_is_a_picture_people_can_open() -> None:
    picture = Image.open(BytesIO(DisplayStub().png()))
    assert picture.size == (240, 320)
