import asyncio
import shutil
from pathlib import Path

import pytest

from terminal.errors import JournalError, Unavailable
from terminal.journal.place import side
from terminal.journal.verify import verify
from tests.unit.journal.disks import Gate, disk, full, io_error
from tests.unit.journal.world import KEYS, event, open_at


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
    with pytest.raises(JournalError, match="checkpoints_unusable"):
        await journal.checkpoint()
    shutil.move(tmp_path / "unplugged", medium)
    assert (await journal.checkpoint()).number == 1100
    await journal.close()
    assert verify(tmp_path / "j.db", KEYS, checkpoints=medium / "signed").events == 1100


class Crash(Exception):
    """Not a disk's failure: a bug, or a simulated kill."""


@pytest.mark.parametrize("inline", [True, False])
async def test_d11_a_crash_at_the_commit_is_told_to_all_and_never_gone_on_from(
    tmp_path: Path, inline: bool
) -> None:
    seen: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: seen.append(context["exception"]))
    armed = False

    def fault(here: str) -> None:
        if armed and here == "before_commit":
            raise Crash

    journal = open_at(tmp_path / "j.db", fault=fault, inline=inline)
    await journal.append([event("told")])
    armed = True
    told = await asyncio.gather(*(journal.append([event(f"s{n}")]) for n in range(3)), return_exceptions=True)
    assert {getattr(each, "slug", "") for each in told} <= {"commit_unknown", "journal_stopped"}
    assert [type(each) for each in seen] == ([Crash] if inline else [])
    with pytest.raises(JournalError, match="journal_stopped"):
        await journal.rebuild_views()
    await journal.close()
    async with open_at(tmp_path / "j.db") as journal:
        assert [each.subject for each in journal.after(0)] == ["told"]


@pytest.mark.parametrize("upkeep", ["erase", "rebuild_views"])
async def test_d5_upkeep_that_fails_to_commit_ends_the_store_too(tmp_path: Path, upkeep: str) -> None:
    with disk("upkeep") as shim:
        journal = open_at(tmp_path / "j.db", vfs="upkeep")
        await journal.append([event(personal={"phone": "1"}, index={"claims": [["order", "o", "v"]]})])
        shim.on_sync = io_error
        with pytest.raises(JournalError, match="commit_unknown"):
            await (journal.erase("sale-1") if upkeep == "erase" else journal.rebuild_views())
        assert journal.dead is not None
        await journal.close()
    async with open_at(tmp_path / "j.db") as journal:
        assert journal.claimed("order", "o") == "v"


async def test_d5_a_disk_that_cannot_be_read_stops_money_too(tmp_path: Path) -> None:
    with disk("unreadable") as shim:
        journal = open_at(tmp_path / "j.db", vfs="unreadable")
        for n in range(40):
            await journal.append([event(f"s{n}", note="x" * 4000)])
        shim.on_read = io_error
        with pytest.raises(JournalError, match="journal_broken"):
            journal.after(0)
        with pytest.raises(JournalError, match="journal_stopped"):
            await journal.append([event()])
        shim.on_read = lambda: None
        await journal.close()
    assert side(tmp_path / "j.db", ".suspect").exists()


async def test_d5_a_disk_that_fails_at_the_start_is_named_and_remembered(tmp_path: Path) -> None:
    async with open_at(tmp_path / "j.db") as journal:
        await journal.append([event()])
    journal = open_at(tmp_path / "j.db")
    await journal.append([event()])
    journal.abandon()
    with disk("start") as shim:
        shim.on_read = io_error
        with pytest.raises(JournalError, match="journal_broken"):
            open_at(tmp_path / "j.db", vfs="start")
    assert side(tmp_path / "j.db", ".suspect").exists()
    async with open_at(tmp_path / "j.db") as journal:
        assert journal.last_number() == 2
