import asyncio
import os
import stat
import sys
from pathlib import Path

import apsw
import pytest

from terminal.counter.ports import Ticket
from terminal.errors import JournalError
from terminal.journal.checkpoints import Checkpoints
from terminal.journal.place import side
from terminal.journal.reader import Reader
from terminal.journal.records import Identity, Row
from terminal.journal.schema import MIGRATIONS, PRAGMAS, connect
from terminal.journal.sqlite import WAL_PAGES
from terminal.journal.start import resume
from terminal.payments.event import Ledger
from tests.unit.journal.world import KEYS, event, open_at, summary


async def test_pragmas_are_what_the_open_file_answers(tmp_path: Path) -> None:
    async with open_at(tmp_path / "j.db") as journal:
        connection = journal._committer.connection
        answers = {name: connection.execute(f"PRAGMA {name}").get for name in PRAGMAS}
        assert answers == PRAGMAS
        assert (answers["journal_mode"], answers["synchronous"]) == ("wal", 2)
        assert not connection.execute("PRAGMA mmap_size").get


async def test_files_are_private(tmp_path: Path) -> None:
    async with open_at(tmp_path / "state" / "j.db") as journal:
        await journal.append([event()])
        for each in (tmp_path / "state").iterdir():
            assert stat.S_IMODE(each.stat().st_mode) == 0o600, each
        assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o700


LIMITED = """
import asyncio, resource, sys
from pathlib import Path
from terminal.errors import JournalError
from tests.unit.journal.world import event, open_at

async def main() -> None:
    journal = open_at(Path(sys.argv[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
    try:
        for n in range(1000):
            await journal.append([event(f"s{n}", note="x" * 1000)])
            print(n, flush=True)
    except JournalError as error:
        print(error.slug, flush=True)

asyncio.run(main())
"""


async def test_d4_a_real_write_beyond_the_limit_loses_nothing_that_was_told(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", LIMITED, str(path), stdout=asyncio.subprocess.PIPE
    )
    out, _none = await asyncio.wait_for(child.communicate(), timeout=60)
    *told, slug = out.decode().split()
    assert slug == "disk_full"
    assert told
    async with open_at(path) as journal:
        assert journal.last_number() >= len(told)
        assert (await journal.verify_all()).sound


async def test_d7_a_second_instance_is_refused_with_the_first_ones_pid(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    async with open_at(path) as journal:
        with pytest.raises(JournalError) as raised:
            open_at(path)
        assert (raised.value.slug, raised.value.facts["pid"]) == ("journal_in_use", os.getpid())
        await journal.append([event()])
    async with open_at(path) as journal:
        assert journal.last_number() == 1


HOLDER = """
import sqlite3, sys
other = sqlite3.connect(sys.argv[1], isolation_level=None)
other.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()
"""


async def test_d7_a_stranger_who_holds_the_write_lock_is_an_error_not_a_wait_for_ever(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    async with open_at(path) as journal:
        journal._committer.connection.set_busy_timeout(1)
        await journal.append([event()])
        pipe = asyncio.subprocess.PIPE
        other = await asyncio.create_subprocess_exec(
            sys.executable, "-c", HOLDER, str(path), stdin=pipe, stdout=pipe
        )
        assert other.stdout is not None
        assert await asyncio.wait_for(other.stdout.readline(), timeout=60) == b"held\n"
        asked: list[str] = []
        refused = Ticket(meanwhile=(lambda: asked.append("of nothing"),))
        with pytest.raises(JournalError, match="journal_locked"):
            await journal.append([event("refused")], ticket=refused)
        assert asked == []
        await other.communicate(b"")
        assert journal.dead is None
        with pytest.raises(JournalError, match="journal_locked"):  # decided on what never happened
            await journal.append([event("behind it")], ticket=Ticket(refused))
        await journal.append([event("later")])
        assert [each.subject for each in journal.after(0)] == ["sale-1", "later"]


async def test_f5_a_database_newer_than_the_program_is_refused_untouched(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    async with open_at(path) as journal:
        await journal.append([event()])
    newer = len(MIGRATIONS) + 1
    set_version(path, newer)
    before = path.read_bytes()
    with pytest.raises(JournalError) as raised:
        open_at(path)
    assert (raised.value.slug, raised.value.facts) == ("journal_newer", {"found": newer, "known": newer - 1})
    assert path.read_bytes() == before
    set_version(path, newer - 1)
    async with open_at(path) as journal:
        assert journal.last_number() == 1


def set_version(path: Path, version: int) -> None:
    connection = apsw.Connection(str(path))
    connection.execute(f"PRAGMA user_version = {version}")
    connection.close()


@pytest.mark.parametrize("point", ["before_migration", "after_migration"])
async def test_d3_a_kill_in_the_first_migration_leaves_nothing_half(tmp_path: Path, point: str) -> None:
    def kill(here: str) -> None:
        if here == point:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        open_at(tmp_path / "j.db", fault=kill)
    async with open_at(tmp_path / "j.db") as journal:
        await journal.append([event()])


@pytest.mark.parametrize(
    "other",
    [
        Identity("m-2", "s-1", Ledger.TEST),
        Identity("m-1", "s-2", Ledger.TEST),
        Identity("m-1", "s-1", Ledger.LIVE),
    ],
)
async def test_i25_f1_a_journal_of_another_shop_or_ledger_is_refused(tmp_path: Path, other: Identity) -> None:
    async with open_at(tmp_path / "j.db") as journal:
        await journal.append([event()])
    with pytest.raises(JournalError, match="journal_other_shop"):
        open_at(tmp_path / "j.db", identity=other)


def test_f2_what_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    path.write_bytes(b"this is a letter, not a database\n" * 200)
    with pytest.raises(JournalError, match="journal_corrupt"):
        open_at(path)
    assert path.read_bytes().startswith(b"this is a letter")


@pytest.mark.parametrize("link", ["symlink_to", "hardlink_to"])
async def test_a_linked_database_is_refused(tmp_path: Path, link: str) -> None:
    async with open_at(tmp_path / "j.db"):
        pass
    getattr(tmp_path / "other.db", link)(tmp_path / "j.db")
    with pytest.raises(JournalError, match="why=link"):
        open_at(tmp_path / "other.db")


async def test_s51_the_database_itself_refuses_change_and_deletion(tmp_path: Path) -> None:
    async with open_at(tmp_path / "j.db") as journal:
        await journal.append([event(), event()])
        connection, rest = journal._committer.connection, ", ".join(Row._fields[3:])
        for sql in (
            "UPDATE event SET body = '{}' WHERE number = 1",
            "DELETE FROM event WHERE number = 2",
            "INSERT OR REPLACE INTO event SELECT * FROM event WHERE number = 1",
            f"INSERT INTO event SELECT 4, stream, 3, {rest} FROM event WHERE number = 1",
            f"INSERT INTO event SELECT 3, stream, 4, {rest} FROM event WHERE number = 1",
        ):
            with pytest.raises(apsw.ConstraintError):
                connection.execute(sql)


async def test_the_write_ahead_log_stays_bounded(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    async with open_at(path) as journal:
        for n in range(120):
            await journal.append([event(f"s{n}-{m}", note="x" * 2000) for m in range(20)])
        assert side(path, "-wal").stat().st_size < 3 * 4096 * 1000
        assert journal._committer.pages < WAL_PAGES, "and is not tidied after each append from then on"
        assert path.stat().st_size > 4096 * 1000
    assert not side(path, "-wal").exists(), "a clean end leaves one file"


async def test_i22_the_write_ahead_log_stays_bounded_where_every_day_ends_with_a_power_cut(tmp_path: Path) -> None:
    """A start reads all of it: what earlier lives left in it counts."""
    path = tmp_path / "j.db"
    for life in range(8):
        journal = open_at(path)
        for n in range(10):
            await journal.append([event(f"s{life}-{n}-{m}", note="x" * 2000) for m in range(60)])
        assert journal._committer.pages < WAL_PAGES
        journal.abandon()
    assert side(path, "-wal").stat().st_size < 3 * 4096 * 1000


@pytest.mark.no_cover  # many rounds through lines that others measure
async def test_i22_the_start_does_not_read_the_whole_log(tmp_path: Path) -> None:
    """Counted in steps of SQLite's machine, which depend on no clock: ten times the rows, the same start."""
    steps = [await start_steps(tmp_path / f"{count}.db", count) for count in (1_000, 10_000)]
    assert steps[1] <= steps[0] * 1.2, steps


async def start_steps(path: Path, count: int) -> int:
    async with open_at(path) as journal:
        for start in range(0, count, 100):
            subjects = range(start, start + 100)
            views = [summary(final=n % (count // 10) != 0) for n in subjects]
            await journal.append(
                [event(f"s{n}", stream=f"counter:{n % 5}", index={"summary": views[n - start]}) for n in subjects]
            )
    work = 0

    def tick() -> bool:
        nonlocal work
        work += 1
        return False

    connection = connect(path, read_only=True)
    connection.set_progress_handler(tick, 1)
    signed = Checkpoints(side(path, ".checkpoints"), KEYS.signer).last
    assert signed is not None
    assert resume(connection, KEYS, signed.database, signed).number == count
    assert len(Reader(connection).unfinished()) == 10
    connection.close()
    return work
