"""A job that has a task only while there is work."""

import asyncio

import pytest

from terminal.on_demand import Alarm, Job, OnDemand, begun


class Bench:
    """Jobs as they were started; each is run by hand."""

    def __init__(self) -> None:
        self.started: list[Job] = []
        self.done: list[int] = []
        self.waiting: list[int] = []
        self.work = OnDemand(self._all)

    def start(self, name: str, job: Job) -> None:
        assert name == "all"
        self.started.append(job)

    async def _all(self) -> None:
        while self.waiting:
            each = self.waiting.pop(0)
            if each < 0:
                raise ValueError(each)
            self.done.append(each)

    def give(self, *numbers: int) -> None:
        self.waiting += numbers
        self.work.wake()


async def test_work_that_came_before_the_start_is_done_at_the_start() -> None:
    bench = Bench()
    bench.give(1)
    assert bench.started == []
    bench.work.begin(bench.start, "all")
    await bench.started[0]()
    assert (bench.done, len(bench.started)) == ([1], 1)


async def test_without_work_nothing_is_started() -> None:
    bench = Bench()
    bench.work.begin(bench.start, "all")
    assert bench.started == []


async def test_one_task_at_a_time_and_a_new_one_for_new_work() -> None:
    bench = Bench()
    bench.work.begin(bench.start, "all")
    bench.give(1)
    bench.give(2)
    assert len(bench.started) == 1
    await bench.started[0]()
    bench.give(3)
    assert len(bench.started) == 2
    await bench.started[1]()
    assert bench.done == [1, 2, 3]


async def test_a_job_that_failed_is_run_again_by_its_keeper_and_not_started_beside() -> None:
    bench = Bench()
    bench.work.begin(bench.start, "all")
    bench.give(-1, 2)
    try:
        await bench.started[0]()
    except ValueError:
        bench.give(3)
    assert len(bench.started) == 1
    await bench.started[0]()
    assert bench.done == [2, 3]


async def test_an_alarm_wakes_its_sleeper_stays_set_and_forgets_one_that_gave_up() -> None:
    alarm = Alarm()
    sleeper = asyncio.create_task(alarm.wait())
    await asyncio.sleep(0)
    assert not sleeper.done()
    alarm.set()
    alarm.set()
    await sleeper
    await alarm.wait()  # it is set: nobody sleeps
    alarm.clear()
    assert not alarm.is_set()
    gone = asyncio.create_task(alarm.wait())
    await asyncio.sleep(0)
    gone.cancel()
    await asyncio.wait({gone})
    assert alarm.sleeper is None
    alarm.set()
    assert alarm.is_set()


class Errand:
    """Waits once for ``go`` and notes how far it came."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.go: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def run(self) -> int:
        self.seen.append("first step")
        try:
            found = await self.go
        finally:
            self.seen.append("waited")
        await asyncio.sleep(0)
        return found


async def test_what_was_begun_has_made_its_first_step_and_ends_like_any_task() -> None:
    errand = Errand()
    told = begun(errand.run())
    assert errand.seen == ["first step"]
    errand.go.set_result(7)
    assert await told == 7


async def test_work_that_never_waits_is_done_when_it_was_begun() -> None:
    async def work() -> str:
        return "done"

    told = begun(work())
    assert told.done()
    assert await told == "done"


async def test_what_the_first_step_refuses_is_raised_at_once_and_the_rest_to_who_awaits() -> None:
    async def refuse() -> None:
        raise ValueError("at once")

    async def refuse_later() -> None:
        await asyncio.sleep(0)
        raise ValueError("later")

    with pytest.raises(ValueError, match="at once"):
        begun(refuse())
    told = begun(refuse_later())
    with pytest.raises(ValueError, match="later"):
        await told


async def test_what_begun_work_waits_for_fails_inside_it() -> None:
    errand = Errand()
    told = begun(errand.run())
    errand.go.set_exception(ValueError("the disk"))
    with pytest.raises(ValueError, match="the disk"):
        await told
    assert errand.seen == ["first step", "waited"]


@pytest.mark.parametrize("turns", [0, 1, 3])
async def test_who_waits_for_begun_work_and_is_cancelled_hears_so_when_it_has_ended(turns: int) -> None:
    errand = Errand()
    told = begun(errand.run())

    async def wait() -> int:
        return await told

    waiting = asyncio.create_task(wait())
    for _ in range(turns):
        await asyncio.sleep(0)
    waiting.cancel()
    for _ in range(3):
        await asyncio.sleep(0)
    assert waiting.done() == (not turns), "a task that has not begun to wait has nothing to see through"
    errand.go.set_result(7)
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert await told == 7, "it was not cut off"
    assert errand.seen == ["first step", "waited"]


async def test_begun_work_goes_on_in_the_turn_that_brings_what_it_waits_for() -> None:
    errand, turns = Errand(), list[str]()
    told = begun(errand.run())
    errand.go.set_result(7)
    asyncio.get_running_loop().call_soon(lambda: turns.append(errand.seen[-1]))
    await asyncio.sleep(0)
    assert turns == ["waited"]
    assert await told == 7
