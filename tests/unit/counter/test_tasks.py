"""Jobs that come back after a failure."""

import asyncio

from terminal.counter.tasks import Tasks
from terminal.virtual_time import run


def test_d11_a_job_whose_group_failed_waits_again_like_one_that_never_did() -> None:
    """Debian 12's Python 3.11.2: a timeout in a task that stands as cancelled ends it, and nobody is told."""
    marked: list[int] = []

    async def job() -> None:
        task = asyncio.current_task()
        assert task is not None
        marked.append(task.cancelling())
        if len(marked) == 1:
            async with asyncio.TaskGroup() as group:
                group.create_task(_fails())
        try:
            async with asyncio.timeout(1):
                await asyncio.Event().wait()
        except TimeoutError:
            marked.append(-1)

    async def shop() -> None:
        tasks = Tasks()
        async with asyncio.TaskGroup() as group:
            tasks.within(group)
            tasks.start("job", job)
        assert tasks.broken == {}

    run(shop(), seed=1)
    assert marked == [0, 0, -1]


async def _fails() -> None:
    await asyncio.sleep(0)
    raise KeyError("a bug")
