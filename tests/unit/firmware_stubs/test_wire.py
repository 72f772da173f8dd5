"""The in-memory cable: its time is the loop's, its faults are what they say."""

import asyncio

import pytest

from firmware_stubs.wire import INPUT_MAX, Stub, Wire
from terminal.virtual_time import run


class Clock(Stub):
    """Answers in capitals, and strikes every ten seconds after the first word."""

    def __init__(self) -> None:
        self.next_ms: int | None = None
        self.heard = b""

    def receive(self, data: bytes, now_ms: int) -> bytes:
        self.next_ms = self.next_ms or now_ms + 10_000
        self.heard += data
        return data.upper()

    def tick(self, now_ms: int) -> bytes:
        if self.next_ms is None or now_ms < self.next_ms:
            return b""
        self.next_ms += 10_000
        return b"dong"

    def due(self, now_ms: int) -> int | None:
        return self.next_ms


def test_a_stub_is_ticked_when_it_is_due_and_not_before() -> None:
    async def story() -> None:
        wire, loop = Wire(Clock()), asyncio.get_running_loop()
        await asyncio.sleep(100)
        await wire.write(b"go")
        assert await wire.read() == b"GO"
        assert (await wire.read(), loop.time()) == (b"dong", 110.0)
        assert (await wire.read(), loop.time()) == (b"dong", 120.0)
        await wire.close()

    run(story(), seed=1)


def test_bytes_take_their_time_on_a_paced_wire() -> None:
    async def story() -> None:
        wire = Wire(Clock(), baud=9600, paced=True)
        await wire.write(bytes(96))
        await wire.read()
        assert asyncio.get_running_loop().time() == pytest.approx(0.2)
        await wire.close()

    run(story(), seed=1)


def test_faults_are_arguments() -> None:
    async def story() -> None:
        wire = Wire(Clock(), noise=b"~", chunk=(1, 2), drop_answers=1)
        await wire.write(b"lost")
        await wire.write(b"abcd")
        assert [await wire.read() for _ in range(4)] == [b"~", b"AB", b"C", b"D"]
        wire.delay_s = 3.0
        await wire.write(b"x")
        assert await wire.read() == b"~"
        assert asyncio.get_running_loop().time() == 3.0
        await wire.close()

    run(story(), seed=1)


def test_a_cut_wire_fails_until_it_is_plugged_and_opened_again() -> None:
    async def story() -> None:
        stub = Clock()
        wire = Wire(stub, cut_after=3, replug_after_s=5.0)
        with pytest.raises(ConnectionResetError):
            await wire.write(b"abcdef")
        assert stub.heard == b"abc"
        with pytest.raises(ConnectionResetError):
            await wire.open()
        await asyncio.sleep(5.1)
        await (await wire.open()).write(b"x")
        assert stub.heard == b"abcx"
        await wire.close()
        with pytest.raises(ConnectionResetError):
            await wire.write(b"y")

    run(story(), seed=1)


def test_a_stalled_wire_takes_the_whole_deadline() -> None:
    async def story() -> None:
        stub = Clock()
        wire = Wire(stub, stall_after=2)
        with pytest.raises(TimeoutError):
            await wire.write(b"abc", deadline_s=1.5)
        assert (stub.heard, asyncio.get_running_loop().time()) == (b"ab", 1.5)
        await wire.close()

    run(story(), seed=1)


def test_l6_a_flood_is_bounded() -> None:
    async def story() -> None:
        wire = Wire(Clock(), flood=bytes(INPUT_MAX + 10))
        assert wire.dropped == 10
        assert len(await wire.discard_input()) == INPUT_MAX

    run(story(), seed=1)


def test_a_tap_hears_both_sides() -> None:
    async def story() -> None:
        heard: list[tuple[str, bytes]] = []
        wire = Wire(Clock(), echo=True)
        wire.tap = lambda who, data: heard.append((who, data))
        await wire.write(b"ab")
        assert heard == [("device", b"ab"), ("host", b"ab"), ("device", b"AB")]
        await wire.close()

    run(story(), seed=1)
