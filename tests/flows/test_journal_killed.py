"""A writer that is killed at any instant: what it was told is there, the chain holds, nothing needs a person."""

import asyncio
import sys
from pathlib import Path

import pytest

from terminal.chance import Chance
from terminal.journal.sqlite import SqliteJournal
from tests.unit.journal.world import open_at

WRITER = """
import asyncio, os, signal, sys
from pathlib import Path
from tests.unit.journal.world import event, open_at

path, point, after = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
passed = 0

def fault(here):
    global passed
    passed += here == point
    if passed > after:
        os.kill(os.getpid(), signal.SIGKILL)

async def writer(journal, name, begin):
    for n in range(begin, begin + 10_000):
        claims = [["entry", f"{name}-{n}", "x"]]
        (told,) = await journal.append([event(f"{name}-{n}", index={"claims": claims}, note="x" * 500)])
        os.write(1, b"%d %s\\n" % (told.number, told.subject.encode()))

async def main():
    journal = open_at(path, inline=False, fault=fault)
    begin = journal.last_number()
    async with asyncio.TaskGroup() as group:
        for name in "abcd":
            group.create_task(writer(journal, name, begin))

asyncio.run(main())
"""

FROM_OUTSIDE = "any"  # no fault point: killed wherever it is


async def write_until_killed(path: Path, point: str, after: int, lines: int) -> list[str]:
    """Run the writer; it dies at its fault point, or is killed when we have read ``lines`` lines.

    Never both: a signal to a process that has just died by itself can take its exit status away from who waits.
    """
    writer = await asyncio.create_subprocess_exec(
        sys.executable, "-c", WRITER, str(path), point, str(after), stdout=asyncio.subprocess.PIPE
    )
    assert writer.stdout is not None
    told: list[str] = []
    async with asyncio.timeout(60):
        while point == FROM_OUTSIDE and len(told) < lines:
            line = await writer.stdout.readline()
            assert line, "it ended by itself"
            told.append(line.decode().strip())
        if point == FROM_OUTSIDE:
            writer.kill()
        told += (await writer.stdout.read()).decode().splitlines()
        assert await writer.wait() == -9
    return told


async def nothing_told_is_missing(journal: SqliteJournal, told: list[str]) -> None:
    for line in told:
        number, subject = line.split()
        assert [each.number for each in journal.of_subject(subject)] == [int(number)]
        assert journal.claimed("entry", subject) == "x"
    assert (await journal.verify_all()).sound


@pytest.mark.no_cover  # many rounds through lines that others measure
@pytest.mark.row(129)
async def test_d1_i1_i22_twenty_kills_lose_nothing_that_was_told(tmp_path: Path) -> None:
    path, chance = tmp_path / "journal.db", Chance("kills")
    told: list[str] = []
    points = ["before_commit", "after_commit", FROM_OUTSIDE, FROM_OUTSIDE]
    for kill in range(20):
        point = points[kill % len(points)]
        told += await write_until_killed(path, point, chance.below(12), 5 + chance.below(40))
        async with open_at(path) as journal:
            await nothing_told_is_missing(journal, told)
    assert len(told) > 100
