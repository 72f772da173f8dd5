import shutil
from pathlib import Path

import apsw
import pytest

from terminal.errors import JournalError
from terminal.journal.place import side
from terminal.journal.recover import COPY, SUSPECT, VERIFIED, accept, mark_suspect
from terminal.journal.verify import verify
from tests.unit.journal.world import KEYS, TickingClock, event, open_at, summary


async def crashed(path: Path) -> None:
    """Three entries, the last two only in the write-ahead log, and the marker of an I/O error."""
    async with open_at(path) as journal:
        await journal.append([event("s1", index={"summary": summary()})])
    journal = open_at(path)
    await journal.append([event("s2", index={"claims": [["order", "o", "s2"]]})])
    await journal.append([event("s3", index={"summary": summary()})])
    journal.abandon()
    mark_suspect(path, "commit_unknown")


async def is_whole(path: Path) -> None:
    async with open_at(path) as journal:
        assert [each.subject for each in journal.after(0)] == ["s1", "s2", "s3"]
        assert journal.claimed("order", "o") == "s2"
        assert (await journal.append([event("s4")]))[0].number == 4
        assert (await journal.verify_all()).sound
    assert not side(path, SUSPECT).exists()


async def test_d5_after_an_io_error_the_start_goes_on_with_a_verified_copy(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    await crashed(path)
    inode = path.stat().st_ino
    await is_whole(path)
    assert path.stat().st_ino != inode
    assert side(path, ".damaged-1").stat().st_ino == inode


async def test_d3_killed_while_copying_it_copies_again(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    await crashed(path)
    side(path, COPY).write_bytes(b"half a copy")
    await is_whole(path)


@pytest.mark.parametrize("moved", [[], ["-wal"], ["-wal", "-shm"], ["-wal", "-shm", ""]])
async def test_d3_killed_anywhere_in_the_exchange_it_finishes_it(tmp_path: Path, moved: list[str]) -> None:
    path, twin = tmp_path / "j.db", tmp_path / "twin.db"
    await crashed(path)
    for ending in ("", "-wal"):
        shutil.copy(side(path, ending), side(twin, ending))
    whole = apsw.Connection(str(twin))
    whole.execute("VACUUM INTO ?", (str(side(path, VERIFIED)),))
    whole.close()
    for ending in moved:
        if side(path, ending).exists():
            side(path, ending).rename(side(side(path, ".damaged-1"), ending))
    await is_whole(path)


async def test_a_damaged_log_is_not_copied_into_the_future(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    await crashed(path)
    connection = apsw.Connection(str(path))
    connection.execute("DROP TRIGGER event_no_update")
    connection.execute("UPDATE event SET subject = 'x' WHERE number = 2")
    connection.close()
    with pytest.raises(JournalError, match="journal_salvage_failed"):
        open_at(path)
    assert side(path, SUSPECT).exists(), "it stays closed"


async def test_views_that_the_fault_damaged_are_made_again(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    await crashed(path)
    connection = apsw.Connection(str(path))
    connection.execute("DELETE FROM claim")
    connection.close()
    await is_whole(path)


async def test_s43_an_accepted_older_copy_goes_on_and_the_loss_is_on_record(tmp_path: Path) -> None:
    path, old = tmp_path / "j.db", tmp_path / "old.db"
    async with open_at(path) as journal:
        await journal.append([event("s1")])
    shutil.copy(path, old)
    async with open_at(path) as journal:
        await journal.append([event("lost")])
    shutil.copy(old, path)
    with pytest.raises(JournalError, match="journal_rolled_back"):
        open_at(path)
    assert accept(path, KEYS, TickingClock()) == 1
    async with open_at(path) as journal:
        await journal.append([event("s2")])
    assert verify(path, KEYS).sound
    *_earlier, restored, closed = side(path, ".checkpoints").read_bytes().splitlines()
    assert (b'"restored"' in restored, b'"close"' in closed) == (True, True)


async def test_a_copy_that_is_no_prefix_of_what_was_signed_is_not_accepted(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    async with open_at(path) as journal:
        await journal.append([event("s1"), event("s2")])
    connection = apsw.Connection(str(path))
    (trigger,) = (connection.execute("SELECT sql FROM sqlite_schema WHERE name = 'event_no_update'").get,)
    connection.execute("DROP TRIGGER event_no_update")
    connection.execute("UPDATE event SET subject = 'x' WHERE number = 2")
    connection.execute(trigger)
    connection.close()
    with pytest.raises(JournalError, match="journal_damaged"):
        accept(path, KEYS, TickingClock())
