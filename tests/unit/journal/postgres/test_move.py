"""A journal moves from its file into the database: the same events and hashes, whatever happens on the way."""

from pathlib import Path

import apsw
import pytest

from terminal.errors import Conflict, JournalError
from terminal.journal.place import side
from terminal.journal.postgres.move import Moved, move
from terminal.journal.postgres.place import Place
from terminal.journal.records import Identity
from terminal.payments.event import Event, Ledger, NewEvent
from tests.unit.journal.world import KEYS, SHOP, debt, event, open_at, open_in, summary


def sale(number: int) -> NewEvent:
    claims, owes = [["order", f"o{number}", f"s{number}"]], [debt(f"d{number}")]
    personal = {} if number % 50 else {"phone": "1"}
    return event(f"s{number}", personal=personal, index={"claims": claims, "owes": owes, "summary": summary()})


async def filled(path: Path, count: int) -> tuple[Event, ...]:
    async with open_at(path) as journal:
        for start in range(0, count, 200):
            await journal.append([sale(number) for number in range(start, min(start + 200, count))])
        return journal.after(0, limit=10_000)


async def moved(place: Place, path: Path, **more: object) -> Moved:
    identity = more.pop("identity", SHOP)
    assert isinstance(identity, Identity)
    return await move(path, side(path, ".checkpoints"), place, identity, KEYS, **more)  # type: ignore[arg-type]  # the test's own


class Killed(Exception):
    """As if the power had gone."""


async def test_d3_a_move_that_was_killed_goes_on_and_the_service_with_it(place: Place, tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    told = await filled(path, 1200)

    def kill(_done: int, _of: int) -> None:
        raise Killed

    for _page in range(2):
        with pytest.raises(Killed):
            await moved(place, path, step=kill)
        with pytest.raises(JournalError, match="journal_half_moved"):
            await open_in(place, tmp_path / "v.db")
    done = await moved(place, path)
    assert (done.events, done.kept, path.exists()) == (1200, tmp_path / "journal.db.moved", False)
    async with await open_in(place, tmp_path / "v.db", checkpoints=side(path, ".checkpoints")) as journal:
        assert journal.after(0, limit=10_000) == told
        assert len(journal.owed()) == 1200
        assert journal.personal(51) == {"phone": "1"}
        with pytest.raises(Conflict, match="key_taken"):
            await journal.append([event(index={"claims": [["order", "o7", "x"]]})])
        await journal.append([event()])
        assert (await journal.verify_all()).sound


async def test_a_file_that_moved_is_not_gone_on_with_by_mistake(place: Place, tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    await filled(path, 3)
    await moved(place, path)
    with pytest.raises(JournalError, match="journal_rolled_back"):
        open_at(path)


async def test_a_move_that_was_whole_but_for_the_name_ends_and_nothing_is_written_twice(
    place: Place, tmp_path: Path
) -> None:
    path = tmp_path / "journal.db"
    await filled(path, 3)
    kept = (await moved(place, path)).kept
    path.unlink(missing_ok=True)
    kept.rename(path)
    assert (await moved(place, path)).events == 3


async def test_another_journal_in_the_database_is_left_alone(place: Place, tmp_path: Path) -> None:
    async with await open_in(place, tmp_path / "v.db") as journal:
        await journal.append([event("theirs")])
    await filled(tmp_path / "journal.db", 3)
    with pytest.raises(JournalError, match="journal_not_empty"):
        await moved(place, tmp_path / "journal.db")
    async with await open_in(place, tmp_path / "v.db") as journal:
        assert [each.subject for each in journal.after(0)] == ["theirs"]


async def test_a_running_service_another_shop_and_a_damaged_file_are_refused_before_anything_is_written(
    place: Place, tmp_path: Path
) -> None:
    path = tmp_path / "journal.db"
    await filled(path, 3)
    running = open_at(path)
    with pytest.raises(JournalError, match="journal_in_use"):
        await moved(place, path)
    await running.close()
    with pytest.raises(JournalError, match="journal_other_shop"):
        await moved(place, path, identity=Identity("m-1", "s-1", Ledger.LIVE))
    damaged = apsw.Connection(str(path))
    damaged.execute("DROP TRIGGER event_no_update")
    damaged.execute("UPDATE event SET subject = 'x' WHERE number = 2")
    damaged.close()
    with pytest.raises(JournalError, match="journal_damaged"):
        await moved(place, path)
    connection = await place.connect()
    assert await connection.fetchval("SELECT to_regclass('event')") is None
    await connection.close()
