"""A connection that breaks while something is recorded: it stands once, or not at all, and is told as it is."""

import asyncio
from pathlib import Path

import pytest

from terminal.errors import JournalError
from terminal.journal.postgres.hold import Pace
from terminal.journal.postgres.place import Place
from terminal.journal.postgres.store import PostgresJournal
from tests.unit.journal.postgres.wire import Cut, Way, Wire, wired
from tests.unit.journal.world import event, open_in

HASTY = Pace(poll_s=0.1)  # the product's own lease: a machine that is busy for a second loses no counter
TURNS = 12


async def append_until_cut(journal: PostgresJournal, wire: Wire, name: str) -> list[str]:
    """Groups of two until everything planned has happened; returns what was told to be recorded."""
    told: list[str] = []
    for turn in range(TURNS):
        if not wire.plan:
            return told
        subjects = [f"{name}-{turn}-{each}" for each in range(2)]
        index = {"claims": [["order", subjects[0], "x"]]}
        first = event(subjects[0], index=index, personal={"phone": "1"})
        await asyncio.gather(
            journal.append([first, event(subjects[0], kind="code_shown")]), journal.append([event(subjects[1])])
        )
        told += [subjects[0], subjects[0], subjects[1]]
    raise AssertionError("the wire was never cut")


@pytest.mark.parametrize("way", ["up", "down"])
async def test_d5_an_append_cut_off_at_any_piece_is_recorded_exactly_once(
    place: Place, short: Path, tmp_path: Path, way: Way
) -> None:
    """At the sending and at its answer; and then again at every piece of the way back to the database."""
    plans = [[Cut(way, 0, half)] for half in (False, True)]
    plans += [[Cut("down", 0), Cut(way, piece, piece % 2 == 1)] for piece in range(10)]
    async with wired(place, short) as wire, await open_in(wire.place, tmp_path / "v.db") as journal:
        told: list[str] = []
        for number, plan in enumerate(plans):
            wire.plan.extend(plan)
            told += await append_until_cut(journal, wire, str(number))
        assert [each.subject for each in journal.after(0, limit=1000)] == told
        assert (await journal.verify_all()).sound


async def test_d5_a_session_that_the_server_ends_is_no_end_of_the_store(place: Place, tmp_path: Path) -> None:
    killer = await place.connect()
    async with await open_in(place, tmp_path / "v.db") as journal:
        for number in range(4):
            writing = journal._writer._connection
            assert writing is not None
            ended = killer.execute("SELECT pg_terminate_backend($1)", writing.get_server_pid())
            await asyncio.gather(journal.append([event(f"s{number}")]), ended)
        assert [each.subject for each in journal.after(0)] == ["s0", "s1", "s2", "s3"]
        assert (await journal.verify_all()).sound
    await killer.close()


async def test_i20_a_database_that_stays_away_is_an_unknown_commit_and_the_end_of_the_store(
    place: Place, short: Path, tmp_path: Path
) -> None:
    async with wired(place, short) as wire:
        journal = await open_in(wire.place, tmp_path / "v.db", pace=HASTY)
        await journal.append([event("told")])
        wire.plan.append(Cut("down", 0))
        wire.down = True
        unknown = asyncio.create_task(journal.append([event("unknown")]))
        await wire.cut.wait()
        late = asyncio.create_task(journal.append([event("queued")]))
        await asyncio.sleep(0)
        wire.sever()
        ended = await asyncio.gather(unknown, late, return_exceptions=True)
        assert [getattr(each, "slug", each) for each in ended] == ["commit_unknown", "journal_stopped"]
        assert (await journal.failure()).slug == "database_lost"
        with pytest.raises(JournalError, match="journal_stopped"):
            await journal.append([event("later")])
        await journal.close()
    async with await open_in(place, tmp_path / "v.db") as journal:
        assert [each.subject for each in journal.after(0)] == ["told", "unknown"], "the database decides"
