"""Which answer fits which question of the counter display, frame by frame (L3, L5)."""

import asyncio
from collections.abc import Callable

import pytest

from drivers.display.cobs import ACK_WANTED, RESENT, Decoder, Frame
from drivers.display.driver import CounterDisplay
from drivers.display.messages import Status, Type
from drivers.errors import DeviceRefused, DeviceTimeout
from firmware_stubs.display import DisplayStub
from tests.devices.peripheral_rig import now_s, play
from tests.devices.wires import wire
from tests.unit.firmware_stubs.test_display import matrix

VERSION, MODULES = matrix("weixin://wxpay/bizpayurl?pr=abcdefg00")


def changed(change: Callable[[Frame], Frame]) -> Callable[[bytes], bytes]:
    return lambda data: b"".join(change(frame).to_bytes() for frame in Decoder().feed(data))


OTHERS: dict[str, Callable[[Frame], Frame]] = {
    "an older number": lambda frame: frame._replace(seq=(frame.seq - 2) % 255 + 1),
    "a newer number": lambda frame: frame._replace(seq=frame.seq % 255 + 1),
    "no number": lambda frame: frame._replace(seq=0),
    "another question": lambda frame: frame._replace(payload=bytes((Type.CLEAR,)) + frame.payload[1:]),
    "a refusal of another question": lambda frame: frame._replace(payload=bytes((Type.CLEAR, Status.BUSY))),
    "an older refusal": lambda frame: frame._replace(
        seq=(frame.seq - 2) % 255 + 1, payload=bytes((frame.payload[0], Status.BUSY))
    ),
    "too short": lambda frame: frame._replace(payload=frame.payload[:1]),
    "too long": lambda frame: frame._replace(payload=frame.payload + b"\0"),
}


@pytest.mark.parametrize("other", OTHERS)
def test_l5_an_acknowledgement_of_anything_else_is_none(other: str) -> None:
    async def story() -> None:
        cable = wire(DisplayStub())
        display = CounterDisplay(cable)
        await display.hello()
        cable.to_host = changed(OTHERS[other])
        with pytest.raises(DeviceTimeout, match="4 times no answer to PING"):
            await display.ping()

    play(story())


@pytest.mark.parametrize("other", ["an older number", "no number"])
def test_l5_a_state_of_another_question_is_none(other: str) -> None:
    async def story() -> None:
        cable = wire(DisplayStub())
        display = CounterDisplay(cable)
        await display.hello()
        cable.to_host = changed(OTHERS[other])
        with pytest.raises(DeviceTimeout, match="4 times no answer to STATE"):
            await display.state()

    play(story())


def test_a_code_as_fine_as_the_glass_can_show_is_shown_and_a_finer_one_is_refused() -> None:
    async def story() -> None:
        stub = DisplayStub()
        display = CounterDisplay(wire(stub))
        finest = (await display.hello()).max_version
        side = 17 + 4 * finest
        await display.show_qr(1, 60, finest, bytes((side * side + 7) // 8))
        assert stub.id == 1
        side += 4
        with pytest.raises(DeviceRefused, match=f"version {finest + 1} is too fine"):
            await display.show_qr(2, 60, finest + 1, bytes((side * side + 7) // 8))
        assert stub.id == 1

    play(story())


def test_l3_a_frame_that_came_damaged_is_sent_again_at_once_and_marked() -> None:
    async def story() -> None:
        stub = DisplayStub()
        cable = wire(stub)
        display = CounterDisplay(cable)
        await display.hello()
        sent = list[Frame]()

        def spoil_the_first(data: bytes) -> bytes:
            sent.extend(Decoder().feed(data))
            return data if len(sent) > 1 else data[:9] + bytes((data[9] ^ 1 or 2,)) + data[10:]

        cable.to_device = spoil_the_first
        await display.show_qr(1, 60, VERSION, MODULES)
        assert now_s() < 0.1
        assert [(frame.type, frame.flags) for frame in sent[:2]] == [
            (Type.SHOW_QR, ACK_WANTED),
            (Type.SHOW_QR, ACK_WANTED | RESENT),
        ]
        assert sent[0].seq == sent[1].seq
        assert stub.id == 1

    play(story())


def test_questions_of_every_way_are_numbered_1_to_255_and_1_again() -> None:
    async def story() -> None:
        cable = wire(DisplayStub())
        display = CounterDisplay(cable)
        await display.hello()
        numbers, decoder = list[int](), Decoder()

        def note(who: str, data: bytes) -> None:
            if who == "host":
                numbers.extend(frame.seq for frame in decoder.feed(data))

        cable.tap = note
        watch = asyncio.ensure_future(display.watch())
        await asyncio.sleep(0)
        for at in range(600):
            if at % 2:
                await display.ping()
            else:
                assert display.glance(lambda _state: None)
                await asyncio.sleep(0.2)
        watch.cancel()
        await asyncio.gather(watch, return_exceptions=True)
        assert numbers == [(at + 1) % 255 + 1 for at in range(600)]

    play(story())
