"""How a device is kept open, whatever it does: found again, never hammered, never leaked, never silent."""

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from itertools import pairwise

import pytest

from drivers.errors import DeviceError, DeviceGone, DeviceRefused, DeviceTimeout, Garbage, PortBusy, PortForbidden
from drivers.transport import Transport
from firmware_stubs.speaker import Syn6288
from terminal.counter.ports import HealthState
from terminal.errors import PeripheralFailed
from terminal.peripherals.errands import Errands
from terminal.peripherals.keeper import CLOSE_S, Keeper
from terminal.simulation.devices import SimulatedCounter
from terminal.virtual_time import VirtualClock
from tests.devices.peripheral_rig import now_s, play, running, until, well
from tests.devices.wires import wire


async def forever(_transport: Transport, ready: Callable[[str], None]) -> None:
    ready("device")
    await asyncio.Event().wait()


@pytest.mark.row(41, 58)
@pytest.mark.parametrize("role", ["display", "scanner", "printer", "speaker"])
def test_l1_an_idle_device_is_missed_within_5_s_and_back_within_3(role: str) -> None:
    async def story() -> None:
        counter = SimulatedCounter()
        devices = counter.devices()
        async with running(*devices.jobs.values()):

            def health() -> HealthState:
                return devices.health()[role].state

            await until(lambda: health() is HealthState.OK, 3)
            await asyncio.sleep(30)
            counter.unplug(role)
            await until(lambda: health() is HealthState.FAULT, 5.5)
            assert devices.health()[role].reason == f"{role}_gone"
            await asyncio.sleep(120)
            counter.replug(role)
            await until(lambda: health() is HealthState.OK, 3)

    play(story())


def test_l1_a_missing_device_is_looked_for_every_second_and_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> None:
        looks: list[float] = []

        async def nothing() -> Transport:
            looks.append(now_s())
            raise DeviceGone("nothing is plugged in")

        keeper = Keeper[str]("speaker", "here", nothing, VirtualClock(), forever)
        async with running(keeper.run):
            await asyncio.sleep(600)
        assert 590 <= len(looks) <= 601
        assert keeper.health().reason == "speaker_gone"

    with caplog.at_level(logging.INFO):
        play(story())
    assert [record.getMessage() for record in caplog.records] == ["speaker at here: speaker_gone"]


def test_l12_an_open_that_is_refused_is_tried_ever_less_often_and_says_why() -> None:
    async def story() -> None:
        tries: list[float] = []

        async def busy() -> Transport:
            tries.append(now_s())
            raise PortBusy("port busy: stop ModemManager")

        keeper = Keeper[str]("display", "here", busy, VirtualClock(), forever)
        async with running(keeper.run):
            await asyncio.sleep(20)
        pauses = [round(later - earlier, 3) for earlier, later in pairwise(tries)]
        assert pauses[:5] == [0.5, 1.0, 2.0, 5.0, 5.0]
        assert "ModemManager" in keeper.health().detail["advice"]
        with pytest.raises(PeripheralFailed):
            _ = keeper.device

    play(story())


@pytest.mark.row(41, 45)
@pytest.mark.parametrize("role", ["display", "scanner", "printer", "speaker"])
@pytest.mark.parametrize(
    ("kind", "slug"),
    [
        (PortBusy, "device_port_busy"),
        (PortForbidden, "device_port_forbidden"),
        (Garbage, "device_garbage"),
        (DeviceRefused, "device_refused"),
    ],
)
def test_l6_l12_why_a_port_is_of_no_use_is_named_and_is_no_swapped_cable(
    role: str, kind: type[DeviceRefused], slug: str
) -> None:
    async def story() -> None:
        async def refused() -> Transport:
            raise kind("here: no use")

        keeper = Keeper[str](role, "here", refused, VirtualClock(), forever)
        async with running(keeper.run):
            await until(lambda: keeper.health().reason == slug, 1)
            assert keeper.health().detail["advice"] == "here: no use"

    play(story())


def test_a_device_that_fails_as_soon_as_it_is_greeted_is_not_hammered() -> None:
    async def story() -> None:
        opened = 0

        async def serve(_transport: Transport, ready: Callable[[str], None]) -> None:
            nonlocal opened
            opened += 1
            ready("device")
            await asyncio.sleep(0.1)
            raise DeviceTimeout("silent again")

        keeper = Keeper[str]("speaker", "here", wire(Syn6288()).open, VirtualClock(), serve)
        async with running(keeper.run):
            await asyncio.sleep(60)
        assert opened <= 15

    play(story())


def test_l6_a_device_that_comes_and_goes_is_logged_a_few_times_and_again_when_it_stays(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def story() -> None:
        well = False

        async def serve(_transport: Transport, ready: Callable[[str], None]) -> None:
            ready("device")
            keeper.well()
            await (asyncio.Event().wait() if well else asyncio.sleep(0.1))
            raise DeviceRefused("64 KiB arrived and none of it made sense")

        keeper = Keeper[str]("speaker", "here", wire(Syn6288()).open, VirtualClock(), serve)
        async with running(keeper.run):
            await asyncio.sleep(3600)
            well = True
            await asyncio.sleep(3600)
        assert keeper.health().state is HealthState.OK

    with caplog.at_level(logging.INFO):
        play(story())
    ok, refused = "speaker at here: ok", "speaker at here: device_refused"
    restless = f"{refused}; it comes and goes, and is told again when it stays"
    assert [record.getMessage() for record in caplog.records] == [ok, refused] * 3 + [restless, ok]


def test_l8_a_port_that_does_not_close_is_left_behind_in_bounded_time() -> None:
    class Stuck:
        name, baud = "stuck", 9600

        def on_end(self, tell: Callable[[DeviceError], None]) -> None:
            pass

        async def close(self) -> None:
            await asyncio.Event().wait()

    async def story() -> None:
        opened: list[float] = []

        async def open_() -> Transport:
            opened.append(now_s())
            return Stuck()  # type: ignore[return-value]  # only its end matters here

        async def serve(_transport: Transport, _ready: Callable[[str], None]) -> None:
            raise DeviceTimeout("silent")

        keeper = Keeper[str]("speaker", "here", open_, VirtualClock(), serve)
        async with running(keeper.run):
            await asyncio.sleep(4)
        assert opened[1] - opened[0] <= CLOSE_S + 0.6

    play(story())


def test_a_bug_in_a_driver_is_heard_and_leaves_nothing_open() -> None:
    async def story() -> None:
        cable = wire(Syn6288())

        async def serve(_transport: Transport, ready: Callable[[str], None]) -> None:
            ready("device")
            raise ZeroDivisionError

        keeper = Keeper[str]("speaker", "here", cable.open, VirtualClock(), serve)
        with pytest.raises(ZeroDivisionError):
            await keeper.run()
        assert keeper.health().state is HealthState.FAULT
        with pytest.raises(DeviceGone):
            await cable.read()

    play(story())


def test_l1_a_port_that_tells_its_end_while_the_greeting_finds_out_too_is_closed_in_peace() -> None:
    """Who finds out is the connection's own task: ended a second time, it would leave the port open."""

    class Slow:
        name, baud = "slow", 9600
        closed = 0

        def on_end(self, tell: Callable[[DeviceError], None]) -> None:
            self.tell = tell

        async def close(self) -> None:
            await asyncio.sleep(CLOSE_S / 2)
            Slow.closed += 1

    async def story() -> None:
        ports: list[Slow] = []

        async def open_() -> Transport:
            ports.append(Slow())
            return ports[-1]  # type: ignore[return-value]  # only its end matters here

        async def serve(_transport: Transport, _ready: Callable[[str], None]) -> None:
            ports[-1].tell(DeviceGone("unplugged"))
            raise DeviceGone("unplugged while writing")

        keeper = Keeper[str]("display", "here", open_, VirtualClock(), serve)
        async with running(keeper.run):
            await asyncio.sleep(10)
            task = next(each for each in asyncio.all_tasks() if each is not asyncio.current_task())
            assert task.cancelling() == 0
        assert Slow.closed >= 4
        assert keeper.health().reason == "display_gone"

    play(story())


def test_a_connection_that_somebody_else_found_broken_ends_and_leaves_nobody_cancelled() -> None:
    async def story() -> None:
        ends: list[str] = []

        def served(times: int) -> bool:
            return len(ends) == times

        async def serve(_transport: Transport, ready: Callable[[str], None]) -> None:
            ready("device")
            keeper.well()
            try:
                await asyncio.Event().wait()
            finally:
                ends.append("served")

        keeper = Keeper[str]("speaker", "here", wire(Syn6288()).open, VirtualClock(), serve)
        async with running(keeper.run):
            for _ in range(3):
                await until(lambda: keeper.health().state is HealthState.OK, 10)
                over = len(ends)
                keeper.failed(DeviceTimeout("no answer"))
                keeper.failed(DeviceTimeout("no answer to the next either"))
                await until(partial(served, over + 1), 1)
                assert all(task.cancelling() == 0 for task in asyncio.all_tasks())
        assert len(ends) == 3

    play(story())


def test_d10_errands_run_while_there_is_something_to_do_and_none_outlives_its_connection() -> None:
    async def story() -> None:
        told: list[BaseException] = []
        errands, done = Errands(told.append), asyncio.Event()

        async def short() -> None:
            done.set()

        async def fails() -> None:
            raise DeviceGone("unplugged")

        before = asyncio.all_tasks()
        errands.start("short", short)
        errands.start("fails", fails)
        errands.start("long", asyncio.Event().wait)  # type: ignore[arg-type]  # what it returns is nobody's
        await done.wait()
        await until(lambda: len(asyncio.all_tasks() - before) == 1, 1)
        assert [str(error) for error in told] == ["unplugged"]
        await errands.end()
        assert asyncio.all_tasks() == before
        errands.start("late", short)
        assert asyncio.all_tasks() == before, "after the end nothing begins"

    play(story())


def test_d10_stopping_in_the_middle_of_a_greeting_leaves_no_task() -> None:
    async def story() -> None:
        counter = SimulatedCounter()
        for fault in ("mute-display", "mute-scanner", "mute-printer", "mute-speaker"):
            counter.fault(fault)
        devices = counter.devices()
        async with running(*devices.jobs.values()):
            await asyncio.sleep(0.2)

    play(story())


def test_l6_garbage_on_one_port_quarantines_it_and_no_other() -> None:
    async def story() -> None:
        counter = SimulatedCounter()
        devices = counter.devices()
        assert devices.display is not None
        async with running(*devices.jobs.values()):
            await well(devices.display.health)
            counter.wires["scanner"].noise = b"\xff" * 4000
            for _ in range(20):
                counter.scan("x" * 40)
                await asyncio.sleep(0.1)
            await well(devices.display.health)

    play(story())
