"""The display's driver on its firmware, through every fault of a serial line, in virtual time."""

import asyncio
import gc
from collections.abc import Coroutine
from typing import Any

import pytest
from PIL import Image

from drivers.display.driver import CounterDisplay, DisplayEvent, DisplayRebooted, Result, Screen, Tile
from drivers.display.profile import DisplayProfile
from drivers.errors import DeviceGone, DeviceRefused, DeviceTimeout
from firmware_stubs.display import DisplayStub
from firmware_stubs.wire import Stub, Wire
from terminal.virtual_time import run
from tests.devices.wires import wire
from tests.qr_seen import texts_in
from tests.unit.firmware_stubs.test_display import matrix

VERSION, MODULES = matrix("weixin://wxpay/bizpayurl?pr=abcdefg00")
CAPTION = Tile(20, 250, 200, 40, b"\x0f\xf0\x00\xaa\x55" * 200)


def play(story: Coroutine[Any, Any, None]) -> None:
    run(story, seed=1)


def read_back(stub: DisplayStub) -> list[str]:
    width, height, pixels = stub.glass()
    return texts_in(Image.frombytes("L", (width, height), pixels))


async def greeted(cable: Wire, **settings: Any) -> CounterDisplay:
    display = CounterDisplay(cable, **settings)
    await display.hello()
    return display


@pytest.mark.row(49)
def test_a_code_and_its_caption_reach_the_glass() -> None:
    async def story() -> None:
        stub = DisplayStub(serial="A1")
        display = CounterDisplay(wire(stub, paced=True))
        hello = await display.hello()
        assert (hello.serial, hello.width, hello.max_version) == ("A1", 240, 13)
        await display.show_qr(1001, 120, VERSION, MODULES, tiles=[CAPTION])
        assert read_back(stub) == ["weixin://wxpay/bizpayurl?pr=abcdefg00"]
        state = await display.state()
        assert (state.screen, state.id, state.ttl_left_s) == (Screen.CODE, 1001, 120)
        width, _, pixels = stub.glass()
        assert 0 in pixels[width * 250 : width * 290]
        await display.show_result(1002, Result.PAID, "28.50", tiles=[CAPTION])
        assert (stub.screen, stub.text) == (Screen.RESULT, "28.50")
        await display.clear()
        assert stub.screen == Screen.BLANK

    play(story())


def test_the_code_lights_before_its_caption_is_sent() -> None:
    async def story() -> None:
        stub, seen = DisplayStub(), []
        cable = wire(stub)
        cable.tap = lambda who, data: seen.append(data[3]) if who == "host" else None
        display = await greeted(cable)
        await display.show_qr(1, 60, VERSION, MODULES, tiles=[CAPTION])
        assert seen[:3] == [0x02, 0x10, 0x20]
        assert set(seen[3:]) == {0x16}

    play(story())


def test_the_other_screens_and_knobs() -> None:
    async def story() -> None:
        stub = DisplayStub()
        display = await greeted(wire(stub))
        await display.show_text(5, 60, ("counter 1", "中"))
        assert (stub.screen, stub.text) == (Screen.TEXT, "counter 1\n中")
        await display.show_idle(6, tiles=[CAPTION])
        assert stub.screen == Screen.IDLE
        await display.brightness(30)
        await display.beep(1)
        await display.ping()
        assert (stub.brightness, stub.beeps) == (30, [1])
        turned = await display.rotate(1)
        assert (turned.width, turned.height) == (320, 240)

    play(story())


def test_l4_one_byte_at_a_time_through_noise() -> None:
    async def story() -> None:
        stub = DisplayStub()
        display = await greeted(wire(stub, chunk=1, noise=b"\x00\xaa\xff\x00"))
        await display.show_qr(1, 60, VERSION, MODULES)
        assert stub.id == 1

    play(story())


def test_a_lost_ack_does_not_flash() -> None:
    async def story() -> None:
        stub = DisplayStub()
        cable = wire(stub)
        display = await greeted(cable)
        cable.drop_answers = 3
        before = stub.painted
        await display.show_qr(1, 60, VERSION, MODULES)
        once = stub.painted - before
        before = stub.painted
        await display.show_qr(2, 60, VERSION, MODULES)
        assert stub.painted - before == once
        before = stub.painted
        await display.show_qr(2, 60, VERSION, MODULES)
        assert stub.painted == before

    play(story())


def test_l7_a_mute_display_is_given_up_after_four_tries() -> None:
    async def story() -> None:
        stub = DisplayStub()
        cable = wire(stub)
        display = await greeted(cable)
        stub.mute = True
        with pytest.raises(DeviceTimeout, match="4 times no answer to SHOW_QR"):
            await display.show_qr(1, 60, VERSION, MODULES)
        assert asyncio.get_running_loop().time() < 4
        stub.mute = False
        await display.show_qr(2, 60, VERSION, MODULES)
        assert stub.id == 2

    play(story())


def test_l5_l7_late_answers_fit_no_question() -> None:
    async def story() -> None:
        stub = DisplayStub()
        cable = wire(stub)
        display = await greeted(cable, profile=DisplayProfile(resends=0))
        cable.delay_s = 0.4
        with pytest.raises(DeviceTimeout):
            await display.ping()
        cable.delay_s = 0.0
        await asyncio.sleep(0.3)
        await display.brightness(50)
        await display.clear()
        assert stub.brightness == 50

    play(story())


def test_l5_every_answer_twice() -> None:
    async def story() -> None:
        stub = DisplayStub()
        display = await greeted(wire(stub, to_host=lambda data: data + data))
        for number in range(1, 300):  # past the turn of the sequence number
            await display.show_qr(number, 60, VERSION, MODULES)
            assert stub.id == number

    play(story())


def test_l5_an_echoing_adapter_is_refused_with_advice() -> None:
    async def story() -> None:
        with pytest.raises(DeviceRefused, match=r"half duplex.*full-duplex"):
            await CounterDisplay(wire(DisplayStub(), echo=True)).hello()

    play(story())


@pytest.mark.no_cover  # many rounds through lines that others measure
@pytest.mark.parametrize("direction", ["to_device", "to_host"])
@pytest.mark.parametrize("every", [23, 41, 97])
def test_l3_flipped_bits_never_make_another_picture(direction: str, every: int) -> None:
    class Flips:
        passed = 0

        def __call__(self, data: bytes) -> bytes:
            out = bytearray(data)
            for at in range(len(out)):
                self.passed += 1
                if self.passed % every == 0:
                    out[at] ^= 1 << self.passed // every % 8
            return bytes(out)

    async def story() -> None:
        stub = DisplayStub()
        cable = wire(stub)
        display = await greeted(cable)
        setattr(cable, direction, Flips())
        shown = 0
        for number in range(1, 41):
            version, modules = CODES[number % 2]
            try:
                await display.show_qr(number, 60, version, modules)
            except (DeviceTimeout, DeviceRefused):
                pass
            else:
                shown += 1
                assert (stub.id, read_back(stub)) == (number, [TEXTS[number % 2]])
            assert read_back(stub) in ([], [TEXTS[0]], [TEXTS[1]])
        assert every < 97 or shown

    play(story())


TEXTS = ("even", "odd")
CODES = [matrix(text) for text in TEXTS]


def test_l9_a_reboot_is_told_and_the_code_shown_again() -> None:
    async def story() -> None:
        stub = DisplayStub()
        cable = wire(stub)
        display = await greeted(cable)
        await display.show_qr(1, 60, VERSION, MODULES)
        stub.restart()
        cable.poke()
        assert stub.screen == Screen.BLANK
        with pytest.raises(DisplayRebooted):
            await display.show_qr(1, 60, VERSION, MODULES)
        await display.hello()
        await display.show_qr(1, 60, VERSION, MODULES)
        assert stub.screen == Screen.CODE

    play(story())


def test_l9_a_reboot_whose_hello_was_lost_is_found_by_reading_back() -> None:
    async def story() -> None:
        stub = DisplayStub()
        cable = wire(stub)
        display = await greeted(cable)
        stub.restart()
        cable.drop_answers = 1
        cable.poke()
        with pytest.raises(DisplayRebooted):
            await display.state()

    play(story())


def test_l9_the_watch_tells_of_reboots_buttons_and_unplugging() -> None:
    async def story() -> None:
        stub = DisplayStub()
        events: list[DisplayEvent] = []
        cable = wire(stub)
        display = await greeted(cable, on_event=events.append)
        async with asyncio.TaskGroup() as group:
            watch = group.create_task(until(display, DisplayRebooted))
            await asyncio.sleep(0)
            await display.show_qr(1, 60, VERSION, MODULES)
            stub.press(1, 7)
            cable.poke()
            await display.ping()
            assert events == [DisplayEvent(1, 7)]
            assert not watch.done()
            stub.restart()
            cable.poke()
        await display.hello()
        async with asyncio.TaskGroup() as group:
            group.create_task(until(display, DeviceGone))
            await asyncio.sleep(3600)
            cable.unplug()

    play(story())


async def until(display: CounterDisplay, error: type[Exception]) -> None:
    with pytest.raises(error):
        await display.watch()


@pytest.mark.parametrize("cut", [1, 30, 200])
def test_l1_a_cable_pulled_inside_a_frame(cut: int) -> None:
    async def story() -> None:
        stub = DisplayStub()
        cable = wire(stub)
        display = await greeted(cable)
        cable.cut_after = cable.written + cut
        with pytest.raises(DeviceGone):
            await display.show_qr(1, 60, VERSION, MODULES, tiles=[CAPTION])
        with pytest.raises(DeviceGone):
            await cable.open()
        cable.plug()
        again = await greeted(await cable.open())
        await again.show_qr(2, 60, VERSION, MODULES)
        assert stub.id == 2

    play(story())


def test_l8_a_stalled_display_costs_two_seconds_and_no_more() -> None:
    async def story() -> None:
        stub = DisplayStub()
        cable = wire(stub)
        display = await greeted(cable)
        cable.stall_after = cable.written + 40
        start = asyncio.get_running_loop().time()
        with pytest.raises(DeviceTimeout, match="took no bytes"):
            await display.show_qr(1, 60, VERSION, MODULES)
        assert asyncio.get_running_loop().time() - start < 2.1
        cable.stalled = False
        await display.show_qr(2, 60, VERSION, MODULES)
        assert stub.id == 2

    play(story())


def test_l2_another_display_than_the_configured_one_is_refused() -> None:
    async def story() -> None:
        left = CounterDisplay(wire(DisplayStub(serial="RIGHT")), serial="LEFT")
        with pytest.raises(DeviceRefused, match=r"display RIGHT, not LEFT.*swapped"):
            await left.hello()

    play(story())


class Stranger(Stub):
    """Answers what ``knows`` says, whatever the question around it."""

    def __init__(self, knows: dict[bytes, bytes]) -> None:
        self.knows = knows

    def receive(self, data: bytes, now_ms: int) -> bytes:
        return next((said for heard, said in self.knows.items() if heard in data), b"")

    def tick(self, now_ms: int) -> bytes:
        return b""


@pytest.mark.parametrize(
    ("knows", "name"),
    [
        ({b"\x10\x04\x01": b"\x12"}, "receipt printer"),
        ({b"\x00": b"\x02\x00\x00\x01\x33\x31"}, "barcode scanner"),
        ({b"\x00": b"AT+GCAP\r"}, "ModemManager"),
        ({b"\x00": b"6901234567892\r"}, "types text"),
        ({b"\x00": b"\xa5\xa5"}, "unknown device"),
    ],
)
def test_l10_a_wrong_device_is_refused_by_name(knows: dict[bytes, bytes], name: str) -> None:
    async def story() -> None:
        with pytest.raises(DeviceRefused, match=name):
            await CounterDisplay(wire(Stranger(knows))).hello()

    play(story())


def test_answers_that_come_too_late_leave_nothing_that_only_a_look_for_garbage_would_free() -> None:
    """After a start nobody looks: three thousand bytes for each would stay for good."""

    def left() -> int:
        return sum(isinstance(each, TimeoutError) for each in gc.get_objects())

    async def story() -> None:
        stub = DisplayStub()
        display = await greeted(wire(stub), profile=DisplayProfile(resends=1))
        watch = asyncio.ensure_future(display.watch())
        await asyncio.sleep(1)
        stub.mute = True
        with pytest.raises(DeviceTimeout):
            await display.state()
        watch.cancel()

    gc.collect()
    gc.disable()
    try:
        before = left()
        play(story())
        assert left() == before
    finally:
        gc.enable()


def test_l10_a_silent_port_is_a_timeout() -> None:
    async def story() -> None:
        with pytest.raises(DeviceTimeout, match="HELLO"):
            await CounterDisplay(wire(Stranger({}))).hello()

    play(story())


def test_l11_a_display_that_lies_is_found_out() -> None:
    async def story() -> None:
        stub = DisplayStub()
        display = await greeted(wire(stub))
        await display.show_qr(1, 60, *CODES[0])
        stub.lies = True
        with pytest.raises(DeviceRefused, match="another code"):
            await display.show_qr(2, 60, *CODES[1])

    play(story())


@pytest.mark.row(20)
def test_l11_the_glass_goes_dark_by_itself_and_an_unplugged_host_leaves_no_code() -> None:
    async def story() -> None:
        stub = DisplayStub()
        cable = wire(stub)
        display = await greeted(cable)
        await display.show_qr(1, 12, VERSION, MODULES)
        await asyncio.sleep(11.9)
        assert stub.screen == Screen.CODE
        await asyncio.sleep(0.2)
        assert stub.screen == Screen.BLANK
        await display.show_qr(2, 600, VERSION, MODULES)
        for _ in range(5):
            await asyncio.sleep(10)
            assert (await display.state()).screen == Screen.CODE
        await asyncio.sleep(15.1)
        assert stub.screen == Screen.BLANK

    play(story())


def test_a_board_that_its_port_reset_is_waited_for() -> None:
    async def story() -> None:
        stub = DisplayStub()
        stub.mute = True
        display = CounterDisplay(wire(stub))
        async with asyncio.TaskGroup() as group:
            greeting = group.create_task(display.hello())
            await asyncio.sleep(1.7)
            stub.mute = False
        assert greeting.result().boot_id == 1

    play(story())


def test_a_code_too_fine_for_the_glass_is_refused_before_it_is_sent() -> None:
    async def story() -> None:
        display = await greeted(wire(DisplayStub()))
        with pytest.raises(DeviceRefused, match="version 14 is too fine"):
            await display.show_qr(1, 60, 14, bytes(667))

    play(story())


def test_a_caption_for_a_screen_that_is_gone_is_a_timeout() -> None:
    async def story() -> None:
        stub = DisplayStub()
        cable = wire(stub)
        display = await greeted(cable)

        def vanish(data: bytes) -> bytes:
            if data[3] == 0x16:
                stub.receive(bytes.fromhex("00 04 11 12 02 05 7A FA 75 E4 00"), cable.now_ms())
            return data

        cable.to_device = vanish
        with pytest.raises(DeviceTimeout, match="moved on"):
            await display.show_qr(1, 60, VERSION, MODULES, tiles=[CAPTION])

    play(story())


def test_nothing_is_shown_to_a_stranger() -> None:
    async def story() -> None:
        with pytest.raises(AssertionError, match=r"hello\(\) comes first"):
            await CounterDisplay(wire(DisplayStub())).clear()

    play(story())
