"""A frame in two parts on real descriptors: its end comes from another thread, or never, and goes nowhere else."""

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from threading import Barrier, Thread

import pytest

from drivers.descriptor_pipe import DescriptorPipe
from drivers.display.cobs import Decoder, Frame
from drivers.display.driver import CounterDisplay, Result, Screen
from drivers.display.messages import Type
from drivers.display.profile import DisplayProfile
from drivers.errors import DeviceError, DeviceGone
from drivers.serial_port import open_serial
from drivers.transport import SendRest
from firmware_stubs.cables import PtyCable
from firmware_stubs.display import DisplayStub
from firmware_stubs.printer import PrinterStub
from terminal.virtual_time import run
from tests.devices.wires import wire
from tests.unit.firmware_stubs.test_display import matrix
from tests.watchdog import watched

WATCHDOG_S = 20.0
VERSION, MODULES = matrix("weixin://wxpay/bizpayurl?pr=abcdefg00")
PAID = (7, Result.PAID, "28.50")


@pytest.fixture(autouse=True)
async def watchdog() -> AsyncIterator[None]:
    with watched(WATCHDOG_S):
        yield


class Line:
    """The host's pipe on one end of a socket; what arrives is read at ``far``."""

    def __init__(self) -> None:
        ours, self.far = socket.socketpair()
        ours.setblocking(False)
        self.far.setblocking(False)
        self.descriptor = ours.detach()
        self.pipe = DescriptorPipe(self.descriptor, name="line", baud=115200)

    def arrived(self) -> bytes:
        with contextlib.suppress(BlockingIOError):
            return self.far.recv(1 << 20)
        return b""

    def fill(self) -> None:
        """Until the kernel takes no more: not by the pipe's own hand."""
        with contextlib.suppress(BlockingIOError):
            while True:
                os.write(self.descriptor, bytes(4096))


@pytest.fixture
async def line() -> AsyncIterator[Line]:
    line = Line()
    yield line
    await line.pipe.close()
    line.far.close()


async def test_the_rest_follows_once_from_another_thread(line: Line) -> None:
    send_rest = line.pipe.put_ahead(b"head,", b"rest")
    assert send_rest is not None
    assert line.arrived() == b"head,"
    assert [await asyncio.to_thread(send_rest) for _ in range(3)] == [True] * 3
    assert line.arrived() == b"rest"
    assert line.pipe.put(b"more")
    assert send_rest(), "what was sent stays sent"
    assert line.arrived() == b"more"


async def sends(line: Line, how: str, data: bytes) -> None:
    if how == "write":
        await line.pipe.write(data)
    elif how == "put":
        assert line.pipe.put(data)
    else:
        assert line.pipe.put_ahead(data, b"") is not None


@pytest.mark.parametrize("other", ["write", "put", "put_ahead"])
async def test_whatever_else_is_written_takes_the_rest_back_first(line: Line, other: str) -> None:
    send_rest = line.pipe.put_ahead(b"head,", b"rest")
    assert send_rest is not None
    await sends(line, other, b"other")
    assert [send_rest(), await asyncio.to_thread(send_rest)] == [False, False]
    assert line.arrived() == b"head,other"


async def test_two_threads_and_the_loop_at_once_send_the_rest_once_or_never(line: Line) -> None:
    for _ in range(50):
        send_rest = line.pipe.put_ahead(b"head,", b"rest,")
        assert send_rest is not None
        start, told = Barrier(3), list[bool]()

        def sends(start: Barrier = start, send=send_rest, told: list[bool] = told) -> None:  # type: ignore[no-untyped-def]
            start.wait()
            told.append(send())

        threads = [Thread(target=sends) for _ in range(2)]
        for each in threads:
            each.start()
        start.wait()
        assert line.pipe.put(b"other,")
        for each in threads:
            each.join()
        assert told in ([True, True], [False, False])
        assert line.arrived() == (b"head,rest,other," if told[0] else b"head,other,")


ENDS = ["closed", "unplugged", "flooded", "unplugged, found by a write"]


@pytest.mark.parametrize("how", ENDS)
async def test_i2_l8_when_its_pipe_has_ended_nothing_goes_to_whoever_has_the_descriptor_then(
    line: Line, how: str, tmp_path: Path
) -> None:
    send_rest = line.pipe.put_ahead(b"head,", b"rest")
    assert send_rest is not None
    if how == "flooded":
        for _ in range(1 << 6):
            line.far.send(b"\xa5" * 2048)
            await asyncio.sleep(0)
            await line.pipe.discard_input()
    elif how != "closed":
        line.far.close()
        if how == "unplugged":
            with pytest.raises(DeviceGone):
                await line.pipe.read()
        else:
            with pytest.raises(DeviceError):
                line.pipe.put(b"x")
    if how != "closed":
        assert not send_rest(), "it has ended, closed or not"
    with (tmp_path / "journal").open("wb") as journal:
        await line.pipe.close()
        os.dup2(journal.fileno(), line.descriptor)
        assert not send_rest()
        assert not await asyncio.to_thread(send_rest)
        os.close(line.descriptor)
    assert (tmp_path / "journal").read_bytes() == b""


async def test_l8_a_line_that_is_full_by_then_takes_no_rest_and_no_second_try_of_it(line: Line) -> None:
    send_rest = line.pipe.put_ahead(b"head,", b"rest")
    assert send_rest is not None
    line.fill()
    assert not send_rest()
    while line.arrived():
        pass
    assert not send_rest()
    assert line.pipe.put(b"whole")
    assert line.arrived() == b"whole"


async def test_l8_a_rest_of_which_the_line_takes_the_first_is_not_sent_and_not_gone_on_with(line: Line) -> None:
    send_rest = line.pipe.put_ahead(b"head,", bytes(1 << 24))
    assert send_rest is not None
    assert not send_rest()
    while line.arrived():
        pass
    assert not send_rest()
    assert line.arrived() == b""


async def test_nothing_is_put_ahead_where_the_line_is_full_or_somebody_writes(line: Line) -> None:
    line.fill()
    assert line.pipe.put_ahead(b"head,", b"rest") is None
    writing = asyncio.create_task(line.pipe.write(b"waits its turn", deadline_s=WATCHDOG_S))
    await asyncio.sleep(0)
    while line.arrived():
        pass
    assert line.pipe.put_ahead(b"head,", b"rest") is None
    await writing
    assert line.arrived() == b"waits its turn"
    await line.pipe.close()
    with pytest.raises(DeviceGone):
        line.pipe.put_ahead(b"head,", b"rest")


# --- a question of which nothing was begun ----------------------------------------------------------------------


async def test_a_question_is_asked_whole_once_from_another_thread(line: Line) -> None:
    ask = line.pipe.put_ahead(b"", b"state?")
    assert ask is not None
    assert line.arrived() == b""
    assert [await asyncio.to_thread(ask) for _ in range(3)] == [True] * 3
    assert line.arrived() == b"state?"
    line.far.send(b"well")
    assert await line.pipe.read() == b"well"
    assert ask(), "what was asked stays asked"


@pytest.mark.parametrize("other", ["write", "put", "put_ahead", "question"])
async def test_whatever_else_is_written_takes_a_question_back(line: Line, other: str) -> None:
    ask, data = line.pipe.put_ahead(b"", b"state?"), b"" if other == "question" else b"other"
    assert ask is not None
    await sends(line, other, data)
    assert not ask()
    assert line.arrived() == data


@pytest.mark.parametrize("seen", ["by the loop", "by the kernel", "read meanwhile"])
async def test_p4_nothing_is_asked_behind_what_arrived_unasked(line: Line, seen: str) -> None:
    ask = line.pipe.put_ahead(b"", b"state?")
    assert ask is not None
    line.far.send(b"stale")
    if seen == "by the loop":
        await asyncio.sleep(0.01)
    elif seen == "read meanwhile":
        assert await line.pipe.read() == b"stale"
    assert not ask()
    assert line.arrived() == b""
    if seen != "read meanwhile":
        await asyncio.sleep(0.01)
        assert line.pipe.put_ahead(b"", b"state?") is None, "it lies there"
        assert await line.pipe.discard_input() == b"stale"
    assert line.pipe.put_ahead(b"", b"state?") is not None


async def test_the_end_of_a_frame_follows_its_beginning_whatever_arrives(line: Line) -> None:
    line.far.send(b"key")
    send_rest = line.pipe.put_ahead(b"head,", b"rest")
    assert send_rest is not None
    assert await line.pipe.read() == b"key"
    line.far.send(b"key")
    assert send_rest()
    assert line.arrived() == b"head,rest"


async def test_no_question_waits_where_somebody_writes_or_the_pipe_has_ended(line: Line) -> None:
    line.fill()
    writing = asyncio.create_task(line.pipe.write(b"waits its turn", deadline_s=WATCHDOG_S))
    await asyncio.sleep(0)
    assert line.pipe.put_ahead(b"", b"state?") is None
    while line.arrived():
        pass
    await writing
    ask = line.pipe.put_ahead(b"", b"state?")
    assert ask is not None
    line.fill()
    assert not ask(), "the line is full"
    await line.pipe.close()
    assert line.pipe.put_ahead(b"", b"state?") is None


def test_on_a_wire_a_question_is_kept_as_on_a_line() -> None:
    async def story() -> None:
        stub = PrinterStub()
        cable = wire(stub)
        first = cable.put_ahead(b"", b"\x10\x04\x01")
        assert first is not None
        second = cable.put_ahead(b"", b"\x10\x04\x01")
        assert second is not None
        assert (first(), second(), second()) == (False, True, True)
        assert await cable.read() == b"\x12"
        assert bytes(stub.received) == b"\x10\x04\x01"
        third = cable.put_ahead(b"", b"\x10\x04\x01")
        assert third is not None
        await cable.write(b"\x10\x04\x04")
        assert not third()
        assert cable.put_ahead(b"", b"\x10\x04\x01") is None, "an answer lies unread"
        await cable.discard_input()
        fourth = cable.put_ahead(b"", b"\x10\x04\x01")
        assert fourth is not None
        stub.power_cycle()
        cable.poke()  # it says so
        assert not fourth()
        await cable.discard_input()
        cable.stalled = True
        assert cable.put_ahead(b"", b"\x10\x04\x01") is None
        cable.stalled = False
        fifth = cable.put_ahead(b"", b"\x10\x04\x01")
        assert fifth is not None
        await cable.close()
        assert not fifth()
        assert cable.put_ahead(b"", b"\x10\x04\x01") is None
        assert bytes(stub.received) == b"\x10\x04\x01\x10\x04\x04"

    run(story(), seed=1)


class Watched:
    """The counter's display behind a pseudo-terminal, greeted and watched, with a code on it."""

    def __init__(self, cable: PtyCable, stub: DisplayStub, display: CounterDisplay) -> None:
        self.cable, self.stub, self.display = cable, stub, display
        self.heard, self.frames = 0, list[Frame]()  # bytes and whole frames that came to the device since
        decoder = Decoder()

        def tap(who: str, data: bytes) -> None:
            if who == "host":
                self.heard += len(data)
                self.frames.extend(decoder.feed(data))

        cable.tap = tap

    async def until_heard(self, count: int) -> None:
        while self.heard < count:  # noqa: ASYNC110  # the kernel hands it over when it gets round to it
            await asyncio.sleep(0.001)


@pytest.fixture
async def lit(tmp_path: Path) -> AsyncIterator[Watched]:
    stub = DisplayStub()
    cable = PtyCable(stub, tmp_path / "port")
    await cable.plug()
    port = await open_serial(str(cable.link))
    display = CounterDisplay(port, profile=DisplayProfile(answer_ms=10_000))  # a busy machine loses no frame
    await display.hello()
    await display.show_qr(7, 60, VERSION, MODULES)
    watching = asyncio.ensure_future(display.watch())
    await asyncio.sleep(0)
    yield Watched(cable, stub, display)
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    await port.close()
    await cable.unplug()


HEAD = 16  # bytes before the CRC: delimiter, a byte of stuffing, header, id, result, text


@pytest.mark.row(49)
async def test_i2_behind_a_terminal_nothing_is_lit_before_the_end_comes_from_the_other_thread(
    lit: Watched,
) -> None:
    painted = lit.stub.painted
    release = lit.display.foresee_result(*PAID)
    assert release is not None
    await lit.until_heard(HEAD)
    assert (lit.stub.screen, lit.stub.painted, lit.heard) == (Screen.CODE, painted, HEAD)
    assert await asyncio.to_thread(release)
    await lit.until_heard(HEAD + 1)
    await lit.display.show_result(*PAID)
    assert (lit.stub.screen, [each.type for each in lit.frames]) == (Screen.RESULT, [Type.SHOW_RESULT])


@pytest.mark.parametrize("released", [False, True])
async def test_i2_behind_a_terminal_it_waits_for_the_answer_to_what_was_asked_before(
    lit: Watched, released: bool
) -> None:
    asking = asyncio.ensure_future(lit.display.state())
    await asyncio.sleep(0)
    release = lit.display.foresee_result(*PAID)
    assert release is not None
    told: list[bool] = []
    thread = Thread(target=lambda: told.append(release()))
    thread.start()
    thread.join()  # the loop stands still meanwhile, so there is no answer yet
    assert told == [False]
    assert (await asking).screen == Screen.CODE
    assert lit.stub.screen == Screen.CODE
    assert not released or await asyncio.to_thread(release)
    await lit.display.show_result(*PAID)
    asked, shown = lit.frames
    assert (asked.type, shown.type, shown.seq) == (Type.STATE, Type.SHOW_RESULT, asked.seq + 1)
    assert lit.heard == len(asked.to_bytes()) + len(shown.to_bytes())
    assert lit.stub.screen == Screen.RESULT


async def test_i2_behind_a_terminal_a_release_in_the_moment_another_question_begins_or_is_answered(
    lit: Watched,
) -> None:
    """Lit before the question or not at all, and then by who asks for it: once, whoever is quicker."""
    shown = (Screen.CODE, 7)
    for number in range(100, 120):
        lit.frames.clear()
        start, told = Barrier(2), list[bool]()
        asked_before = number % 2 == 0
        asking = asyncio.ensure_future(lit.display.state()) if asked_before else None
        await asyncio.sleep(0)
        release = lit.display.foresee_result(number, *PAID[1:])
        assert release is not None

        def sends(start: Barrier = start, send: SendRest = release, told: list[bool] = told) -> None:
            start.wait()
            told.append(send())

        thread = Thread(target=sends)
        thread.start()
        start.wait()
        state = await (asking or lit.display.state())
        thread.join()
        lit_before = told[0] and not asked_before
        assert (state.screen, state.id) == ((Screen.RESULT, number) if lit_before else shown)
        await lit.display.show_result(number, *PAID[1:])
        types = [each.type for each in lit.frames]
        if lit_before:
            assert types == [Type.SHOW_RESULT, Type.STATE, Type.SHOW_RESULT]
        else:
            assert types == [Type.STATE, Type.SHOW_RESULT]
        shown = (Screen.RESULT, number)
        assert (lit.stub.screen, lit.stub.id) == shown


async def test_i2_behind_a_terminal_another_screen_takes_it_back(lit: Watched) -> None:
    release = lit.display.foresee_result(*PAID)
    assert release is not None
    await lit.until_heard(HEAD)
    await lit.display.show_idle(1)
    assert not await asyncio.to_thread(release)
    await lit.display.ping()
    assert lit.stub.screen == Screen.IDLE
    assert [each.type for each in lit.frames] == [Type.SHOW_IDLE, Type.PING]


async def test_i2_behind_a_terminal_a_cable_pulled_between_the_two_takes_it_back(lit: Watched) -> None:
    release = lit.display.foresee_result(*PAID)
    assert release is not None
    await lit.until_heard(HEAD)
    await lit.cable.unplug()
    with pytest.raises(DeviceGone):
        await lit.display.show_result(*PAID)
    assert not await asyncio.to_thread(release)
    assert lit.stub.screen == Screen.CODE


async def test_on_a_wire_in_memory_too_the_end_may_come_from_another_thread() -> None:
    stub = DisplayStub()
    cable = wire(stub)
    display = CounterDisplay(cable)
    await display.hello()
    watching = asyncio.ensure_future(display.watch())
    await asyncio.sleep(0)
    for back in (False, True):
        release = display.foresee_result(*PAID)
        assert release is not None
        if back:
            await display.clear()
        assert await asyncio.to_thread(release) is not back
        await display.ping()
        assert stub.screen == (Screen.BLANK if back else Screen.RESULT)
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)


def test_on_a_wire_whose_loop_is_over_an_end_goes_nowhere() -> None:
    async def story() -> object:
        return wire(DisplayStub()).put_ahead(b"\0head", b"rest\0")

    release = asyncio.run(story())
    assert callable(release)
    assert not release()
