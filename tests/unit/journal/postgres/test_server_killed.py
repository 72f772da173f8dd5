"""The database itself is killed: what was told is there when it is back. One that syncs nothing is refused."""

import asyncio
from pathlib import Path

import pytest

from terminal.errors import JournalError
from terminal.journal.postgres.hold import Pace
from tests.postgres import own_server
from tests.unit.journal.world import event, open_in

PATIENT = Pace(lease_s=25.0, idle_s=30.0)  # so long as a slow machine may take to start a server again


@pytest.mark.slow  # a server's start after a crash takes seconds
async def test_d1_the_server_is_killed_while_it_commits_and_nothing_told_is_lost(tmp_path: Path) -> None:
    with own_server() as server:
        place = server.place()
        async with await open_in(place, tmp_path / "v.db", pace=PATIENT) as journal:
            told: list[str] = []

            async def sell(number: int) -> None:
                (done,) = await journal.append([event(f"s{number}")])
                told.append(done.subject)

            sales = [asyncio.create_task(sell(number)) for number in range(40)]
            await sales[0]
            more = [asyncio.create_task(sell(number)) for number in range(40, 400)]
            await asyncio.to_thread(server.kill)
            await asyncio.to_thread(server.start)
            await asyncio.gather(*sales, *more)
            assert sorted(each.subject for each in journal.after(0, limit=1000)) == sorted(told)
            assert len(told) == 400
            assert (await journal.verify_all()).sound
        await asyncio.to_thread(server.stop)
        for name in ("fsync", "full_page_writes"):
            await asyncio.to_thread(server.start, f"-c {name}=off")
            with pytest.raises(JournalError, match=f"journal_pragma.*{name}"):
                await open_in(place, tmp_path / "v.db")
            await asyncio.to_thread(server.stop)
        await asyncio.to_thread(server.start)
