"""Long work beside the sales lets the loop go on, and leaves no thread behind at what is being closed."""

import asyncio
import threading

import apsw
import pytest

from terminal.journal.beside import in_bites, in_thread

LONG = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n"


async def test_whoever_is_cancelled_waits_for_the_thread_that_holds_the_connection() -> None:
    begun, may_end = threading.Event(), threading.Event()
    ended: list[bool] = []

    def work() -> None:
        begun.set()
        ended.append(may_end.wait(30))

    task = asyncio.create_task(in_thread(work))
    assert await asyncio.to_thread(begun.wait, 30)
    task.cancel()
    for _ in range(5):
        await asyncio.sleep(0)
    assert not task.done(), "the thread is still at work"
    may_end.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended == [True]


async def test_a_long_question_to_the_disk_is_broken_off_and_its_connection_closes() -> None:
    connection = apsw.Connection(":memory:")
    begun = threading.Event()

    def counting() -> bool:
        begun.set()
        return False

    connection.set_progress_handler(counting, 1000)
    task = asyncio.create_task(in_thread(lambda: connection.execute(LONG).get, connection.interrupt))
    assert await asyncio.to_thread(begun.wait, 30)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    connection.close()


async def test_bites_let_others_have_their_turn() -> None:
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    counting = asyncio.create_task(count())
    assert [each async for each in in_bites(iter(range(40)), 8)] == list(range(40))
    counting.cancel()
    assert turns >= 5
