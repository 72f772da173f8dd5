import asyncio
import os
import shutil
import stat
import sys
from pathlib import Path

import apsw
import pytest

from terminal.errors import JournalError, Unavailable
from terminal.journal.checkpoints import Checkpoints
from terminal.journal.place import side
from terminal.journal.reader import Reader
from terminal.journal.records import Identity, Row
from terminal.journal.schema import MIGRATIONS, PRAGMAS, connect
from terminal.journal.start import resume
from terminal.journal.verify import verify
from terminal.payments.event import Ledger
from tests.unit.journal.disks import Gate, disk, full, io_error
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


async def test_group_commit_shares_one_sync_among_all_who_waited(tmp_path: Path) -> None:
    with disk("count") as shim:
        async with open_at(tmp_path / "j.db", vfs="count") as journal:
            before, synced = journal.commits, shim.syncs
            await asyncio.gather(*(journal.append([event(f"s{n}")]) for n in range(64)))
            assert (journal.commits - before, shim.syncs - synced) == (1, 1)


async def test_appends_that_come_while_a_commit_runs_share_the_next(tmp_path: Path) -> None:
    gate = Gate()
    with disk("gate") as shim:
        async with open_at(tmp_path / "j.db", vfs="gate", inline=False) as journal:
            before = journal.commits
            shim.on_sync = gate
            first = asyncio.create_task(journal.append([event()]))
            assert await asyncio.to_thread(gate.reached.wait, 30)
            rest = [asyncio.create_task(journal.append([event(f"s{n}")])) for n in range(63)]
            await asyncio.sleep(0)
            gate.opened.set()
            await asyncio.gather(first, *rest)
            assert journal.commits - before == 2


async def test_d6_a_slow_disk_stops_neither_the_loop_nor_reads_and_tells_nobody_early(tmp_path: Path) -> None:
    gate = Gate()
    with disk("slow") as shim:
        async with open_at(tmp_path / "j.db", vfs="slow", inline=False) as journal:
            await journal.append([event("old", index={"claims": [["order", "o", "old"]]})])
            shim.on_sync = gate
            waiting = asyncio.create_task(journal.append([event("new")]))
            assert await asyncio.to_thread(gate.reached.wait, 30)
            assert journal.claimed("order", "o") == "old"
            assert (journal.last_number(), journal.of_subject("new"), waiting.done()) == (1, (), False)
            gate.opened.set()
            await waiting
            assert journal.last_number() == 2


async def test_i21_the_queue_is_bounded(tmp_path: Path) -> None:
    async with open_at(tmp_path / "j.db", queue_max=2) as journal:
        some = [asyncio.create_task(journal.append([event(f"s{n}")])) for n in range(3)]
        ended = await asyncio.gather(*some, return_exceptions=True)
        assert isinstance(ended[2], Unavailable)
        assert ended[2].slug == "journal_busy"
        assert journal.last_number() == 2
        await journal.append([event("later")])


@pytest.mark.parametrize("inline", [True, False])
async def test_d5_a_failed_sync_is_an_unknown_commit_and_the_end_of_the_store(
    tmp_path: Path, inline: bool
) -> None:
    path = tmp_path / "j.db"
    with disk("eio") as shim:
        journal = open_at(path, vfs="eio", inline=inline)
        await journal.append([event("told")])
        shim.on_sync = io_error
        with pytest.raises(JournalError, match="commit_unknown"):
            await journal.append([event("unknown")])
        shim.on_sync = lambda: None  # a second sync would claim success
        with pytest.raises(JournalError, match="journal_stopped"):
            await journal.append([event("late")])
        assert journal.dead is not None
        assert journal.dead.slug == "commit_unknown"
        await journal.close()
    assert side(path, ".suspect").exists()
    async with open_at(path) as journal:
        subjects = [each.subject for each in journal.after(0)]
        assert subjects in (["told"], ["told", "unknown"]), "the disk decides, and nothing told is missing"
        assert not side(path, ".suspect").exists()
        assert side(path, ".damaged-1").exists()
        await journal.append([event("next")])
        assert (await journal.verify_all()).sound


async def test_everybody_in_the_group_of_an_unknown_commit_is_told_so_and_the_queue_is_told_no(
    tmp_path: Path,
) -> None:
    gate = Gate()
    with disk("group") as shim:
        journal = open_at(tmp_path / "j.db", vfs="group", inline=False)
        await journal.append([event()])

        def fails() -> None:
            gate()
            io_error()

        shim.on_sync = fails
        first = asyncio.create_task(journal.append([event("in-group")]))
        assert await asyncio.to_thread(gate.reached.wait, 30)
        late = asyncio.create_task(journal.append([event("queued")]))
        await asyncio.sleep(0)
        gate.opened.set()
        told = await asyncio.gather(first, late, return_exceptions=True)
        assert [getattr(each, "slug", "") for each in told] == ["commit_unknown", "journal_stopped"]
        await journal.close()


@pytest.mark.parametrize("inline", [True, False])
async def test_d4_a_full_disk_stops_money_and_a_fresh_start_goes_on(tmp_path: Path, inline: bool) -> None:
    path = tmp_path / "j.db"
    with disk("full") as shim:
        journal = open_at(path, vfs="full", inline=inline)
        await journal.append([event("told")])
        shim.on_write = full
        with pytest.raises(JournalError, match="disk_full"):
            await journal.append([event("lost")])
        assert journal.dead is not None
        await journal.close()
    assert not side(path, ".suspect").exists(), "a full disk damaged nothing"
    async with open_at(path) as journal:
        assert [each.subject for each in journal.after(0)] == ["told"]


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
        with pytest.raises(JournalError, match="journal_locked"):
            await journal.append([event("refused")])
        await other.communicate(b"")
        assert journal.dead is None
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


async def test_the_database_itself_refuses_change_and_deletion(tmp_path: Path) -> None:
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


@pytest.mark.parametrize("point", ["before_commit", "after_commit"])
@pytest.mark.parametrize("inline", [True, False])
async def test_d1_a_fault_point_may_raise_what_a_disk_would(tmp_path: Path, point: str, inline: bool) -> None:
    armed = False

    def fault(here: str) -> None:
        if armed and here == point:
            raise OSError(5, "Input/output error")

    journal = open_at(tmp_path / "j.db", fault=fault, inline=inline)
    await journal.append([event("told")])
    armed = True
    with pytest.raises(JournalError, match="commit_unknown"):
        await journal.append([event("unknown")])
    await journal.close()
    async with open_at(tmp_path / "j.db") as journal:
        found = [each.subject for each in journal.after(0)]
        assert found == (["told"] if point == "before_commit" else ["told", "unknown"])


async def test_abandoned_in_a_simulation_it_leaves_what_a_killed_process_leaves(tmp_path: Path) -> None:
    journal = open_at(tmp_path / "j.db")
    await journal.append([event("told")])
    never = asyncio.create_task(journal.append([event("queued")]))
    await asyncio.sleep(0)
    journal.abandon()
    with pytest.raises(JournalError):
        await never
    assert side(tmp_path / "j.db", "-wal").stat().st_size > 0
    async with open_at(tmp_path / "j.db") as journal:
        assert [each.subject for each in journal.after(0)] == ["told"]


async def test_a_hung_disk_bounds_the_close_and_it_may_be_tried_again(tmp_path: Path) -> None:
    gate = Gate()
    with disk("hung") as shim:
        journal = open_at(tmp_path / "j.db", vfs="hung", inline=False, close_s=0.01)
        shim.on_sync = gate
        waiting = asyncio.create_task(journal.append([event()]))
        assert await asyncio.to_thread(gate.reached.wait, 30)
        with pytest.raises(JournalError, match="journal_close_timeout"):
            await journal.close()
        gate.opened.set()
        assert (await waiting)[0].number == 1
        journal._close_s = 30
        await journal.close()
    open_at(tmp_path / "j.db").abandon()


async def test_pr9_what_was_erased_is_in_no_file(tmp_path: Path) -> None:
    journal = open_at(tmp_path / "j.db")
    await journal.append([event(personal={"phone": "13800138000"})])
    hidden: bytes = journal._reader.connection.execute("SELECT hidden FROM personal").get
    journal.abandon()  # SQLite must not have a file open that we read
    assert is_in_a_file(tmp_path, hidden)
    journal = open_at(tmp_path / "j.db")
    assert await journal.erase("sale-1") == 1
    journal.abandon()
    assert not is_in_a_file(tmp_path, hidden)


def is_in_a_file(folder: Path, data: bytes) -> bool:
    return any(data in each.read_bytes() for each in folder.iterdir())


async def test_checkpoints_that_cannot_be_written_are_told_when_asked_and_stop_no_money(tmp_path: Path) -> None:
    medium = tmp_path / "medium"
    medium.mkdir()
    journal = open_at(tmp_path / "j.db", checkpoints=medium / "signed")
    shutil.move(medium, tmp_path / "unplugged")
    for _ in range(11):
        await journal.append([event(f"s{n}") for n in range(100)])
    with pytest.raises(FileNotFoundError):
        await journal.checkpoint()
    shutil.move(tmp_path / "unplugged", medium)
    assert (await journal.checkpoint()).number == 1100
    await journal.close()
    assert verify(tmp_path / "j.db", KEYS, checkpoints=medium / "signed").events == 1100


async def test_the_write_ahead_log_stays_bounded(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    async with open_at(path) as journal:
        for n in range(120):
            await journal.append([event(f"s{n}-{m}", note="x" * 2000) for m in range(20)])
        assert side(path, "-wal").stat().st_size < 3 * 4096 * 1000
        assert path.stat().st_size > 4096 * 1000
    assert not side(path, "-wal").exists(), "a clean end leaves one file"


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
