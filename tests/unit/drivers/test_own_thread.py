"""Calls on ports that hang, end late or fail: whoever asked is told in time, and nobody else notices (L8)."""

import asyncio
import logging
import os
import threading
from collections.abc import AsyncIterator
from threading import Event

import pytest

from drivers import own_thread
from drivers.errors import DeviceRefused, DeviceTimeout
from drivers.own_thread import CREW, HUNG_MAX, close_in_own_thread, in_own_thread
from tests.watchdog import watched

WATCHDOG_S = 30.0
SOON_S = 0.02  # a limit that is meant to pass


class Stuck:
    """A call that comes back when it is let go."""

    def __init__(self) -> None:
        self.count = 0
        self.begun, self.go = Event(), Event()

    def __call__(self) -> str:
        self.count += 1
        self.begun.set()
        self.go.wait(WATCHDOG_S)
        return "late"


@pytest.fixture(autouse=True)
async def watchdog() -> AsyncIterator[None]:
    with watched(WATCHDOG_S):
        yield


async def hanging(port: str) -> Stuck:
    """A call of this port that has begun, and for which nobody waits any more."""
    stuck = Stuck()
    waiting = asyncio.create_task(in_own_thread(port, stuck, within_s=WATCHDOG_S))
    await asyncio.get_running_loop().run_in_executor(None, stuck.begun.wait, WATCHDOG_S)
    waiting.cancel()
    await asyncio.wait({waiting})
    return stuck


async def opened(port: str) -> str:
    return await in_own_thread(port, lambda: "open", within_s=WATCHDOG_S)


async def test_l8_a_hub_full_of_ports_that_hang_holds_up_no_other_port_and_nobody_elses_work() -> None:
    stuck = Stuck()
    hub = [f"hub {number}" for number in range(CREW + 1)]
    waiting = [asyncio.create_task(in_own_thread(port, stuck, within_s=WATCHDOG_S)) for port in hub]
    assert await opened("another") == "open"
    assert await asyncio.get_running_loop().run_in_executor(None, lambda: "signed") == "signed"
    assert not any(each.done() for each in waiting)
    stuck.go.set()
    assert await asyncio.gather(*waiting) == ["late"] * len(hub)


async def test_l8_a_call_that_never_got_its_turn_is_told_in_time_and_its_port_is_free() -> None:
    stuck = Stuck()
    hub = [f"hub {number}" for number in range(3 * CREW)]
    waits = [in_own_thread(port, stuck, within_s=SOON_S) for port in hub]
    told = await asyncio.gather(*waits, return_exceptions=True)
    assert {type(each) for each in told} == {DeviceTimeout}
    stuck.go.set()
    assert [await opened(port) for port in hub] == ["open"] * len(hub)


async def test_l8_what_hangs_for_ever_hangs_in_one_thread_however_often_it_is_tried() -> None:
    stuck = await hanging("dead")
    for _ in range(3):
        with pytest.raises(DeviceTimeout, match="plug it in again"):
            await in_own_thread("dead", stuck, within_s=SOON_S)
    assert stuck.count == 1
    next_one = asyncio.create_task(opened("dead"))
    stuck.go.set()
    assert await next_one == "open"


async def test_i21_a_port_that_hangs_for_weeks_keeps_nothing_of_each_try() -> None:
    stuck = await hanging("dead for weeks")
    for _ in range(3):
        with pytest.raises(DeviceTimeout):
            await in_own_thread("dead for weeks", stuck, within_s=SOON_S)
    assert own_thread._waiting["dead for weeks"] == []
    stuck.go.set()


async def test_l8_a_port_is_closed_however_late_its_turn_comes_and_whoever_gave_up() -> None:
    stuck, ended = await hanging("hub"), asyncio.Event()
    ours, others = os.pipe()
    asyncio.get_running_loop().add_reader(ours, ended.set)  # told of the end: nothing is ever written
    closing = asyncio.create_task(close_in_own_thread("hub", others))
    await asyncio.sleep(0)
    closing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await closing
    stuck.go.set()
    await asyncio.wait_for(ended.wait(), WATCHDOG_S)
    asyncio.get_running_loop().remove_reader(ours)
    os.close(ours)


async def test_i21_a_thousand_ports_that_hang_leave_the_machine_threads_for_payments() -> None:
    stuck, before = Stuck(), threading.active_count()
    hub = [f"dead {number}" for number in range(HUNG_MAX + 4 * CREW)]
    for at in range(0, len(hub), CREW):
        waits = [in_own_thread(port, stuck, within_s=SOON_S) for port in hub[at : at + CREW]]
        told = await asyncio.gather(*waits, return_exceptions=True)
        assert {type(each) for each in told} == {DeviceTimeout}
    assert threading.active_count() - before <= HUNG_MAX + CREW
    stuck.go.set()
    assert await asyncio.gather(*map(opened, hub)) == ["open"] * len(hub)


async def test_d10_a_machine_out_of_threads_opens_ports_again_when_it_has_some() -> None:
    usual = threading.stack_size(1 << 46)  # bytes: no thread can be made
    try:
        waiting = [asyncio.create_task(opened(f"starved {number}")) for number in range(CREW + 1)]
        await asyncio.wait(waiting, timeout=SOON_S)
    finally:
        threading.stack_size(usual)
    assert await asyncio.gather(*waiting) == ["open"] * len(waiting)


@pytest.mark.parametrize("cancelled", [False, True])
async def test_what_comes_when_nobody_waits_any_more_is_let_go_of(cancelled: bool) -> None:
    stuck, loop = Stuck(), asyncio.get_running_loop()
    closed: asyncio.Queue[str] = asyncio.Queue()

    def close(value: str) -> None:
        loop.call_soon_threadsafe(closed.put_nowait, value)

    limit_s = WATCHDOG_S if cancelled else SOON_S
    waiting = asyncio.create_task(in_own_thread("slow", stuck, within_s=limit_s, unwanted=close))
    if cancelled:
        await loop.run_in_executor(None, stuck.begun.wait, WATCHDOG_S)
        waiting.cancel()
    with pytest.raises(asyncio.CancelledError if cancelled else DeviceTimeout):
        await waiting
    stuck.go.set()
    assert await closed.get() == "late"


class Told(logging.Handler):
    """The next line of the log, to be awaited."""

    def __init__(self) -> None:
        super().__init__()
        self.line: asyncio.Future[logging.LogRecord] = asyncio.get_running_loop().create_future()

    def emit(self, record: logging.LogRecord) -> None:
        self.line.get_loop().call_soon_threadsafe(self.line.set_result, record)


async def test_l8_what_cannot_be_let_go_of_is_one_line_of_the_log_and_no_trace() -> None:
    stuck, told, log = Stuck(), Told(), logging.getLogger("drivers.own_thread")

    def refuse(_value: str) -> None:
        raise ValueError("it is another's by now")

    with pytest.raises(DeviceTimeout):
        await in_own_thread("refusing", stuck, within_s=SOON_S, unwanted=refuse)
    log.addHandler(told)
    try:
        stuck.go.set()
        line = await told.line
    finally:
        log.removeHandler(told)
    assert line.getMessage() == (
        "refusing: what came too late for anybody could not be let go of: it is another's by now"
    )
    assert (line.levelname, line.exc_info) == ("WARNING", None)


async def test_d10_what_comes_while_the_machine_has_no_thread_is_let_go_of_when_it_has_one() -> None:
    stuck, loop = Stuck(), asyncio.get_running_loop()
    closed: asyncio.Queue[str] = asyncio.Queue()

    def close(value: str) -> None:
        loop.call_soon_threadsafe(closed.put_nowait, value)

    waiting = asyncio.create_task(in_own_thread("full", stuck, within_s=WATCHDOG_S, unwanted=close))
    await loop.run_in_executor(None, stuck.begun.wait, WATCHDOG_S)
    waiting.cancel()
    await asyncio.wait({waiting})
    usual = threading.stack_size(1 << 46)  # bytes: no thread can be made
    try:
        stuck.go.set()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(closed.get(), SOON_S)
    finally:
        threading.stack_size(usual)
    assert await closed.get() == "late"


def test_what_comes_after_the_loops_end_is_let_go_of() -> None:
    stuck, closed = Stuck(), Event()

    async def give_up() -> None:
        with pytest.raises(DeviceTimeout):
            await in_own_thread("slower", stuck, within_s=SOON_S, unwanted=lambda _: closed.set())

    asyncio.run(give_up())
    stuck.go.set()
    assert closed.wait(WATCHDOG_S)


async def test_what_the_call_raises_comes_to_whoever_asked_and_the_port_is_free() -> None:
    def refuse() -> str:
        raise DeviceRefused("not ours")

    with pytest.raises(DeviceRefused, match="not ours"):
        await in_own_thread("ours", refuse, within_s=WATCHDOG_S)
    assert await opened("ours") == "open"
