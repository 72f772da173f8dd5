"""Runs adapters as the service does, on virtual time, and waits for what should become true."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from terminal.counter.glass import Glass
from terminal.counter.ports import Health, HealthState
from terminal.counter.tasks import Tasks
from terminal.virtual_time import run

Job = Callable[[], Awaitable[None]]


def play(story: Coroutine[Any, Any, None]) -> None:
    run(story, seed=1)


def now_s() -> float:
    return asyncio.get_running_loop().time()


async def until(holds: Callable[[], bool], limit_s: float) -> float:
    """Wait for it in steps of 10 ms; returns how long it took. Fails after ``limit_s``."""
    began_s = now_s()
    while not holds():
        assert now_s() - began_s < limit_s, f"not within {limit_s} s"
        await asyncio.sleep(0.01)
    return now_s() - began_s


async def well(health: Callable[[], Health], limit_s: float = 5.0) -> float:
    return await until(
        lambda: health().state is not HealthState.FAULT and bool(health().detail.get("model")), limit_s
    )


@asynccontextmanager
async def running(*jobs: Job) -> AsyncIterator[None]:
    """The jobs run inside; behind it nothing of them is left."""
    before = asyncio.all_tasks()
    tasks = [asyncio.ensure_future(job()) for job in jobs]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert asyncio.all_tasks() == before, "a task was left behind"


def painting(glass: Glass) -> Job:
    """What makes a counter's device show what is wanted, as the service starts it."""

    async def run() -> None:
        tasks = Tasks()
        async with asyncio.TaskGroup() as group:
            tasks.within(group)
            glass.begin(tasks.start)
            await asyncio.Event().wait()

    return run
