"""Whose sale a line of the log is about follows a task and what it starts, and ends with its block."""

import asyncio
import contextvars

from terminal.log_context import about, now_about


async def test_ids_are_those_of_the_task_and_of_what_it_starts() -> None:
    async def look() -> dict[str, str]:
        await asyncio.sleep(0)
        return dict(now_about())

    with about(sale="S1", counter="1"):
        with about(attempt="A1", counter=""):
            inner = asyncio.create_task(look())
        outer = asyncio.create_task(look())
    other = asyncio.create_task(look())
    assert await inner == {"sale": "S1", "counter": "1", "attempt": "A1"}
    assert await outer == {"sale": "S1", "counter": "1"}
    assert await other == {}
    assert now_about() == {}


async def test_work_that_is_thrown_away_from_elsewhere_ends_in_silence() -> None:
    """A process that is killed leaves its tasks to the collector, which closes them in whatever runs then."""

    async def work() -> None:
        with about(sale="left"):
            await asyncio.sleep(1)

    left = work()
    contextvars.copy_context().run(left.send, None)
    left.close()
    assert now_about() == {}
