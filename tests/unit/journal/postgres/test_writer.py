"""What the database answers, and what follows from it for those who wait."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import asyncpg
import pytest

from terminal.errors import JournalError, Unavailable
from terminal.journal.place import side
from terminal.journal.postgres.place import Place
from tests.unit.journal.world import debt, event, open_in


def failing(times: int, error: BaseException, point: str = "before_commit") -> Callable[[str], None]:
    left = [times]

    def fault(here: str) -> None:
        if here == point and left[0]:
            left[0] -= 1
            raise error

    return fault


async def test_group_commit_shares_one_statement_among_all_who_waited(place: Place, tmp_path: Path) -> None:
    async with await open_in(place, tmp_path / "v.db") as journal:
        before = journal.commits
        await asyncio.gather(*(journal.append([event(f"s{n}")]) for n in range(64)))
        assert journal.commits - before == 1


@pytest.mark.parametrize("error", [asyncpg.DeadlockDetectedError("40P01"), asyncpg.SerializationError("40001")])
async def test_a_statement_that_was_rolled_back_for_another_is_sent_again(
    place: Place, tmp_path: Path, error: BaseException
) -> None:
    async with await open_in(place, tmp_path / "v.db", fault=failing(3, error)) as journal:
        (done,) = await journal.append([event()])
        assert (done.number, journal.last_number()) == (1, 1)


@pytest.mark.parametrize(
    ("error", "slug"),
    [
        (asyncpg.DiskFullError("no space"), "disk_full"),
        (asyncpg.UniqueViolationError("event_pkey"), "journal_corrupt"),
        (asyncpg.InsufficientPrivilegeError("INSERT"), "journal_broken"),
        (asyncpg.DeadlockDetectedError("for ever"), "journal_broken"),
    ],
)
async def test_i20_a_database_that_cannot_take_it_says_so_and_is_the_end_of_the_store(
    place: Place, tmp_path: Path, error: BaseException, slug: str
) -> None:
    journal = await open_in(place, tmp_path / "v.db", fault=failing(1000, error))
    with pytest.raises(JournalError, match=slug):
        await journal.append([event()])
    assert journal.dead is not None
    assert journal.dead.slug == slug
    with pytest.raises(JournalError, match="journal_stopped"):
        await journal.rebuild_views()
    await journal.close()
    async with await open_in(place, tmp_path / "v.db") as again:
        assert again.last_number() == 0


class Crash(Exception):
    """A bug, or a simulated kill."""


async def test_d11_a_crash_at_the_commit_is_told_to_all_and_never_gone_on_from(
    place: Place, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    journal = await open_in(place, tmp_path / "v.db", fault=failing(1, Crash(), "after_commit"))
    told = await asyncio.gather(*(journal.append([event(f"s{n}")]) for n in range(3)), return_exceptions=True)
    assert {getattr(each, "slug", "") for each in told} == {"commit_unknown"}
    with pytest.raises(JournalError, match="journal_stopped"):
        await journal.append([event()])
    await journal.close()  # by then its writer has told the log
    assert [each.exc_info[0] for each in caplog.records if each.exc_info] == [Crash]
    async with await open_in(place, tmp_path / "v.db") as again:
        assert [each.subject for each in again.after(0)] == ["s0", "s1", "s2"], "the database decides"


async def test_i21_the_queue_is_bounded(place: Place, tmp_path: Path) -> None:
    async with await open_in(place, tmp_path / "v.db", queue_max=2) as journal:
        some = [asyncio.create_task(journal.append([event(f"s{n}")])) for n in range(3)]
        ended = await asyncio.gather(*some, return_exceptions=True)
        assert [each.slug for each in ended if isinstance(each, Unavailable)] == ["journal_busy"]
        assert journal.last_number() == 2


async def test_d5_a_view_that_cannot_follow_ends_the_store_and_is_made_again(place: Place, tmp_path: Path) -> None:
    journal = await open_in(place, tmp_path / "v.db")
    journal._view.connection.execute("DROP TABLE owed")
    with pytest.raises(JournalError, match="journal_broken"):
        await journal.append([event(index={"owes": [debt("receipt")]})])
    await journal.close()
    assert side(tmp_path / "v.db", ".suspect").exists()
    async with await open_in(place, tmp_path / "v.db") as again:
        assert [each.id for each in again.owed()] == ["receipt"], "it was in the database all the same"


async def test_d5_a_view_that_cannot_be_read_stops_money_too(place: Place, tmp_path: Path) -> None:
    journal = await open_in(place, tmp_path / "v.db")
    journal._view.connection.execute("DROP TABLE owed")
    with pytest.raises(JournalError, match="journal_broken"):
        journal.owed()
    assert (await journal.failure()).slug == "journal_broken"
    await journal.close()


async def test_i18_a_log_that_goes_back_under_a_running_service_ends_it(place: Place, tmp_path: Path) -> None:
    journal = await open_in(place, tmp_path / "v.db")
    await journal.append([event("s0"), event("s1")])
    connection = await place.connect()
    await connection.execute("SET session_replication_role = replica")
    await connection.execute("DELETE FROM event WHERE number = 2; UPDATE log SET number = 1")
    with pytest.raises(JournalError, match="journal_rolled_back"):
        await journal.append([event("s2")])
    await connection.close()
    await journal.close()


async def test_text_that_postgresql_cannot_hold_is_stopped_before_it_and_hurts_nobody(
    place: Place, tmp_path: Path
) -> None:
    async with await open_in(place, tmp_path / "v.db") as journal:
        for wrong in (event("a\0b"), event(index={"claims": [["order", "a\0b", "x"]]})):
            with pytest.raises(AssertionError):
                await journal.append([event(), wrong])
        (good,) = await journal.append([event(note="a\0b")])
        assert (good.number, journal.of_subject("sale-1")[0].body["note"]) == (1, "a\0b")
