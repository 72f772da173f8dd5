"""Answers for which nobody waits are read together; who waits for one is not held back."""

import asyncio
import contextlib
import os
import resource
import selectors
import socket
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import pytest

from drivers import gathering
from drivers.descriptor_pipe import DescriptorPipe
from drivers.display.driver import CounterDisplay, DisplayState
from drivers.errors import DeviceError, DeviceGone, DeviceRefused
from drivers.limits import Limits
from firmware_stubs.display import DisplayStub
from tests.watchdog import watched

WATCHDOG_S = 30.0
SALE: ContextVar[str] = ContextVar("sale", default="")


class Selector(selectors.DefaultSelector):
    """The loop's own, which counts its turns."""

    turns = 0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self.turns += 1
        return super().select(timeout)


class Loop(asyncio.SelectorEventLoop):
    """Its time can stand, at most as long as the watchdog waits: no timer rings, whatever this machine does."""

    _stood_s: float | None = None

    def time(self) -> float:
        now_s = super().time()
        if self._stood_s is None or now_s - self._stood_s > WATCHDOG_S:
            return now_s
        return self._stood_s

    @contextlib.contextmanager
    def standing(self) -> Iterator[None]:
        self._stood_s = super().time()
        try:
            yield
        finally:
            self._stood_s = None


@contextlib.contextmanager
def time_stands() -> Iterator[None]:
    """A pause ends only because somebody ends it, and nobody's answer is late."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, Loop)
    with loop.standing():
        yield


def play(story: Callable[[Selector], Coroutine[Any, Any, None]], *, stands: bool = False) -> None:
    """``stands``: time does, from begin to end."""
    counting = Selector()
    with asyncio.Runner(loop_factory=lambda: Loop(counting)) as runner:

        async def guarded() -> None:
            with watched(WATCHDOG_S), time_stands() if stands else contextlib.nullcontext():
                await story(counting)

        runner.run(guarded())


class Line:
    """A display behind a socket: what is sent is there at once, and nobody answers before he is told to."""

    def __init__(self) -> None:
        ours, self.far = socket.socketpair()
        ours.setblocking(False)
        self.far.setblocking(False)
        self.stub = DisplayStub()
        self.pipe = DescriptorPipe(ours.detach(), name="line", baud=115200)
        self.display = CounterDisplay(self.pipe)
        self.states = list[DisplayState | None]()

    def answer(self) -> None:
        with contextlib.suppress(BlockingIOError):
            self.far.send(self.stub.receive(self.far.recv(4096), 0))

    @contextlib.contextmanager
    def answering(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        loop.add_reader(self.far, self.answer)
        try:
            yield
        finally:
            loop.remove_reader(self.far)


@contextlib.asynccontextmanager
async def lines(count: int) -> AsyncIterator[list[Line]]:
    """Greeted and watched."""
    made = [Line() for _ in range(count)]
    watching = list[asyncio.Future[Any]]()
    for line in made:
        with line.answering():
            await line.display.hello()
        watching.append(asyncio.ensure_future(line.display.watch()))
    await asyncio.sleep(0)
    try:
        yield made
    finally:
        for each in watching:
            each.cancel()
        await asyncio.gather(*watching, return_exceptions=True)
        for line in made:
            await line.pipe.close()
            line.far.close()


async def until(true: Callable[[], bool]) -> None:
    while not true():  # noqa: ASYNC110  # what is waited for is a call by the loop
        await asyncio.sleep(0)


def test_answers_of_a_round_at_rest_are_read_in_one_turn_of_the_loop() -> None:
    async def story(selector: Selector) -> None:
        turns = list[int]()
        async with lines(30) as asked:
            with time_stands():  # else the pause may be over before the last has answered
                for line in asked:
                    assert line.display.glance(lambda state: turns.append(selector.turns if state else 0))
                for line in asked:
                    line.answer()
                    await asyncio.sleep(0)
                assert turns == []
            await until(lambda: len(turns) == len(asked))
        assert len(set(turns)) == 1, turns
        assert turns[0] > 0

    play(story)


def test_who_shows_something_is_answered_while_others_answers_would_wait() -> None:
    async def story(_selector: Selector) -> None:
        async with lines(3) as (resting, same, busy):
            for line in (resting, same):
                assert line.display.glance(line.states.append)
                line.answer()
            await asyncio.sleep(0)
            assert not resting.states
            with busy.answering():
                await busy.display.show_idle(5)
            assert resting.states[0] is not None, "and all the others are read with it"
            assert resting.display.glance(resting.states.append)
            resting.answer()
            assert same.display.glance(same.states.append)
            same.answer()
            with same.answering():
                await same.display.show_idle(6)
            assert same.states[-1] is not None, "who waits for the line does not wait for the pause either"

    play(story, stands=True)


def test_while_somebody_waits_for_an_answer_no_pause_begins() -> None:
    async def story(_selector: Selector) -> None:
        async with lines(2) as (resting, busy):
            showing = asyncio.ensure_future(busy.display.show_idle(5))
            await asyncio.sleep(0)
            assert resting.display.glance(resting.states.append)
            resting.answer()
            busy.answer()
            await showing
            await until(lambda: bool(resting.states))
            assert resting.states[0] is not None

    play(story, stands=True)


def test_l1_a_port_unplugged_in_the_pause_tells_of_itself_after_it_and_leaves_no_busy_loop() -> None:
    async def story(selector: Selector) -> None:
        ended = list[DeviceError]()
        async with lines(2) as (pulled, other):
            pulled.pipe.on_end(ended.append)
            assert other.display.glance(other.states.append)
            pulled.far.close()
            other.answer()
            await until(lambda: bool(ended) and bool(other.states))
            assert isinstance(ended[0], DeviceGone)
            assert other.states[0] is not None
            await asyncio.sleep(0)
            before = selector.turns
            await asyncio.sleep(0.01)
            assert selector.turns - before < 20

    play(story)


def descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def test_i21_ports_closed_in_the_pause_leave_nothing_behind_and_the_next_are_heard() -> None:
    async def story(_selector: Selector) -> None:
        before = descriptors()
        async with lines(2) as made:
            for line in made:
                assert line.display.glance(line.states.append)
                line.answer()
            for line in made:
                await line.pipe.close()
        assert descriptors() == before
        assert not any(line.states for line in made)
        async with lines(1) as (line,):
            assert line.display.glance(line.states.append)
            line.answer()
            with gathering.shared():
                await until(lambda: bool(line.states))
        assert descriptors() == before

    play(story, stands=True)


def heard(gather: gathering.Gathering, say: Callable[[], object]) -> socket.socket:
    """A socket with something to read, watched; ``say`` is called when it is read."""
    ours, far = socket.socketpair()
    ours.setblocking(False)
    far.send(b"x")
    far.close()

    def readable() -> None:
        ours.recv(16)
        gather.leave(ours.fileno())
        ours.close()
        say()

    gather.watch(ours.fileno(), readable)
    return ours


def test_d10_a_port_whose_reader_fails_is_told_to_the_loop_and_harms_no_other() -> None:
    async def story(_selector: Selector) -> None:
        gather, said, bugs = gathering.Gathering(), list[str](), list[object]()
        asyncio.get_running_loop().set_exception_handler(lambda _loop, told: bugs.append(told["exception"]))
        heard(gather, lambda: said.append("first"))
        heard(gather, lambda: 1 // 0)
        heard(gather, lambda: said.append("last"))
        gather.asked()
        await until(lambda: len(said) == 2)
        assert [type(bug) for bug in bugs] == [ZeroDivisionError]

    play(story)


def test_more_than_a_turn_may_read_come_in_the_turns_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "MANY", 4)

    async def story(selector: Selector) -> None:
        gather, turns = gathering.Gathering(), list[int]()
        for _ in range(10):
            heard(gather, lambda: turns.append(selector.turns))
        gather.asked()
        await until(lambda: len(turns) == 10)
        assert [turns.count(turn) for turn in sorted(set(turns))] == [4, 4, 2]

    play(story)


def test_what_is_read_has_not_the_context_of_the_sale_that_ended_the_pause() -> None:
    async def story(_selector: Selector) -> None:
        gather, sales = gathering.Gathering(), list[str]()
        SALE.set("one")
        heard(gather, lambda: sales.append(SALE.get()))
        gather.asked()
        with gather:
            await until(lambda: bool(sales))
        assert sales == [""]

    play(story, stands=True)


def test_l7_an_answer_that_came_in_time_is_no_late_one_because_the_loop_was_busy() -> None:
    async def story(_selector: Selector) -> None:
        gather, limits, told = gathering.Gathering(), Limits(), list[str]()

        def late() -> None:
            told.append("late")

        def answered() -> None:
            limits.end(late)
            told.append("answered")

        heard(gather, answered)
        gather.asked()
        limits.begin(late, 2 * gathering.PAUSE_S)
        time.sleep(3 * gathering.PAUSE_S)  # noqa: ASYNC251  # the loop's thread has other work for so long
        await until(lambda: bool(told))
        assert told == ["answered"]

    play(story)


async def drowned(line: Line, *, pieces: int) -> None:
    for _ in range(pieces):
        line.far.send(b"\xaa" * 4096)
        await asyncio.sleep(0)


def test_l6_a_flood_on_a_port_that_is_listened_to_ends_it_alone() -> None:
    async def story(_selector: Selector) -> None:
        ended = list[DeviceError]()
        async with lines(2) as (flooded, other):
            flooded.pipe.on_end(ended.append)
            while not ended:
                with contextlib.suppress(BlockingIOError):
                    flooded.far.send(b"\xaa" * 4096)
                await asyncio.sleep(0)
            assert isinstance(ended[0], DeviceRefused)
            assert flooded.pipe.quarantined
            with pytest.raises(BlockingIOError):  # nothing of what still comes is read: the line fills up
                await drowned(flooded, pieces=1000)
            assert other.display.glance(other.states.append)
            other.answer()
            await until(lambda: bool(other.states))
            assert other.states[0] is not None

    play(story)


def test_i21_a_port_above_descriptor_1023_is_heard() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(2048, hard)), hard))

    async def story(_selector: Selector) -> None:
        with contextlib.ExitStack() as stack:
            for _ in range(1100):
                stack.callback(os.close, os.open("/dev/null", os.O_RDONLY))
            async with lines(1) as (line,):
                assert line.far.fileno() > 1023
                assert line.display.glance(line.states.append)
                line.answer()
                await until(lambda: bool(line.states))
                assert line.states[0] is not None

    try:
        play(story)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_without_epoll_the_loop_watches_every_port_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "POSSIBLE", False)

    async def story(selector: Selector) -> None:
        async with lines(1) as (line,):
            assert line.display.glance(line.states.append)
            line.answer()
            await until(lambda: bool(line.states))
            assert line.states[0] is not None
            assert any("DescriptorPipe" in repr(key.data) for key in selector.get_map().values())

    play(story)
