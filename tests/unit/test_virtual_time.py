"""The virtual-time loop: order by seed, time by timers, nothing by the machine."""

import asyncio
import hashlib
from pathlib import Path

import pytest

from terminal.virtual_time import (
    START_WALL_MS,
    Deadlock,
    VirtualClock,
    VirtualEntropy,
    VirtualIds,
    VirtualLoop,
    run,
)


async def trace() -> str:
    """Twelve tasks meet at queues, locks and timers; the hash of the order in which they came by."""
    seen: list[str] = []
    lock = asyncio.Lock()

    async def walker(name: int) -> None:
        for step in range(4):
            await asyncio.sleep(0 if step % 2 else 0.01)
            async with lock:
                seen.append(f"{name}.{step}@{asyncio.get_running_loop().time()}")

    async with asyncio.TaskGroup() as group:
        for name in range(12):
            group.create_task(walker(name))
    return hashlib.sha256("|".join(seen).encode()).hexdigest()


def test_one_seed_repeats_its_order_and_seeds_differ() -> None:
    traces = [run(trace(), seed=seed) for seed in range(20)]
    assert traces == [run(trace(), seed=seed) for seed in range(20)]
    assert len(set(traces)) == 20


def test_a_minute_passes_on_the_virtual_clock_only() -> None:
    async def story() -> tuple[float, int, int]:
        loop, clock = asyncio.get_running_loop(), VirtualClock()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(60):
                await asyncio.Event().wait()
        return loop.time(), clock.mono_ns(), clock.wall_ms()

    assert run(story(), seed=1) == (60.0, 60_000_000_000, START_WALL_MS + 60_000)


def test_a_week_and_a_year_of_timers_end() -> None:
    async def story() -> float:
        await asyncio.sleep(7 * 86400)
        await asyncio.sleep(366 * 86400)
        for _ in range(1000):
            await asyncio.sleep(0.001)
        return asyncio.get_running_loop().time()

    assert run(story(), seed=1) == pytest.approx(373 * 86400 + 1)


@pytest.mark.parametrize("seed", range(10))
def test_timers_fire_in_the_order_of_their_times(seed: int) -> None:
    async def story() -> list[float]:
        fired: list[float] = []
        loop = asyncio.get_running_loop()
        for delay in (5.0, 0.25, 60.0, 1.0, 3600.0, 0.001, 30.0):
            loop.call_later(delay, fired.append, delay)
        await asyncio.sleep(4000)
        return fired

    assert run(story(), seed=seed) == [0.001, 0.25, 1.0, 5.0, 30.0, 60.0, 3600.0]


def test_a_deadlock_is_found_at_once_and_says_who_waits_where() -> None:
    async def waits_for_ever() -> None:
        await asyncio.get_running_loop().create_future()

    async def story() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(waits_for_ever(), name="till-7")

    with pytest.raises(Deadlock, match=r"till-7 at test_virtual_time.py:\d+ .*waits_for_ever"):
        run(story(), seed=1)


@pytest.mark.no_cover  # many rounds through lines that others measure
def test_code_that_spins_without_time_is_found() -> None:
    async def story() -> None:
        while True:  # noqa: ASYNC110  # the very bug to be found
            await asyncio.sleep(0)

    with pytest.raises(Deadlock, match="time stands still"):
        run(story(), seed=1)


def test_a_task_group_cancels_its_tasks_in_a_repeatable_order() -> None:
    async def story() -> list[int]:
        ended: list[int] = []

        async def member(name: int) -> None:
            try:
                await asyncio.sleep(100)
            finally:
                ended.append(name)

        async def fails() -> None:
            await asyncio.sleep(1)
            raise ValueError

        async def everybody() -> None:
            async with asyncio.TaskGroup() as group:
                for name in range(30):
                    group.create_task(member(name))
                group.create_task(fails())

        with pytest.raises(ExceptionGroup):
            await everybody()
        return ended

    orders = [run(story(), seed=3) for _ in range(5)]
    assert all(order == orders[0] for order in orders)
    assert sorted(orders[0]) == list(range(30))


def test_tasks_hash_by_number_and_are_named_alike_in_every_world() -> None:
    async def story() -> list[tuple[int, str]]:
        tasks = [asyncio.create_task(asyncio.sleep(0)) for _ in range(3)]
        done, _ = await asyncio.wait(tasks)
        return [(hash(task), task.get_name()) for task in done]

    first = run(story(), seed=1)
    assert first == run(story(), seed=1)
    assert sorted(first) == [(2, "task-2"), (3, "task-3"), (4, "task-4")]


def test_executors_run_inline_but_never_before_the_caller_waits() -> None:
    async def story() -> list[str]:
        seen: list[str] = []
        loop = asyncio.get_running_loop()
        future = loop.run_in_executor(None, lambda: seen.append("worked"))
        seen.append("asked")
        await future
        assert await asyncio.to_thread(len, "four") == 4
        with pytest.raises(ZeroDivisionError):
            await loop.run_in_executor(None, divmod, 1, 0)
        return seen

    assert run(story(), seed=1) == ["asked", "worked"]


def test_work_cancelled_before_its_turn_is_not_done() -> None:
    async def story() -> list[str]:
        seen: list[str] = []
        asyncio.get_running_loop().run_in_executor(None, seen.append, "worked").cancel()
        await asyncio.sleep(1)
        return seen

    assert run(story(), seed=1) == []


def test_what_is_left_behind_is_cancelled_and_awaited() -> None:
    ended: list[str] = []

    async def straggler() -> None:
        try:
            await asyncio.sleep(1e6)
        finally:
            await asyncio.sleep(5)
            ended.append("closed properly")

    async def story() -> None:
        task = asyncio.create_task(straggler())
        await asyncio.sleep(1)
        assert not task.done()

    run(story(), seed=1)
    assert ended == ["closed properly"]


def test_a_cancelled_task_sees_it_at_its_await() -> None:
    async def story() -> float:
        task = asyncio.create_task(asyncio.sleep(100))
        await asyncio.sleep(3)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return asyncio.get_running_loop().time()

    assert run(story(), seed=1) == 3.0


def test_d8_the_wall_jumps_and_no_wait_notices() -> None:
    async def story() -> tuple[int, int]:
        clock = VirtualClock()
        wait = asyncio.create_task(asyncio.sleep(10))
        clock.jump_wall(-10 * 365 * 86_400_000)
        before = clock.mono_ns()
        await wait
        return clock.mono_ns() - before, clock.wall_ms() - START_WALL_MS

    assert run(story(), seed=1) == (10_000_000_000, 10_000 - 10 * 365 * 86_400_000)


def test_d9_a_sleeping_machine_wakes_with_all_its_timers_over() -> None:
    async def story() -> tuple[list[str], float]:
        seen: list[str] = []
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        for delay, name in ((10, "ten seconds"), (3600, "an hour")):
            loop.call_later(delay, seen.append, name)
        loop.skip(8 * 3600)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return seen, loop.time()

    assert run(story(), seed=1) == (["ten seconds", "an hour"], 28800.0)


def test_descriptors_are_refused(tmp_path: Path) -> None:
    async def story() -> None:
        with (tmp_path / "file").open("w") as file:
            asyncio.get_running_loop().add_reader(file, print)

    with pytest.raises(RuntimeError, match="no sockets, pipes or ports"):
        run(story(), seed=1)


def test_entropy_and_ids_repeat_by_seed() -> None:
    async def story(seed: int) -> tuple[bytes, str]:
        return VirtualEntropy(seed).bytes(33), VirtualIds(VirtualClock(), seed).ulid()

    first, again, other = (run(story(seed), seed=0) for seed in (5, 5, 6))
    assert first == again
    assert first[0] != other[0]
    assert first[1] != other[1]
    assert len(first[0]) == 33
    assert VirtualEntropy(5).bytes(16) != VirtualEntropy(5, "other").bytes(16)
