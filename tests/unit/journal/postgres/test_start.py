"""What a start refuses: another history, a newer program's tables, a server that keeps no promises."""

from pathlib import Path

import pytest

from terminal.errors import BadSettings, JournalError
from terminal.journal.place import side
from terminal.journal.postgres.place import Place
from tests.unit.journal.world import event, open_in

ASLEEP = "SET session_replication_role = replica"  # triggers do nothing


async def written(place: Place, view: Path, count: int = 3) -> None:
    async with await open_in(place, view) as journal:
        for number in range(count):
            await journal.append([event(f"s{number}", index={"claims": [["order", f"o{number}", "x"]]})])


async def sql(place: Place, *statements: str) -> None:
    connection = await place.connect()
    for statement in statements:
        await connection.execute(statement)
    await connection.close()


async def test_i18_a_database_put_back_to_yesterday_is_refused_by_everybody_who_saw_today(
    place: Place, tmp_path: Path
) -> None:
    await written(place, tmp_path / "v.db")
    cut = "DELETE FROM event WHERE number = 3; DELETE FROM claim WHERE number = 3; UPDATE log SET number = 2"
    await sql(place, ASLEEP, cut)
    with pytest.raises(JournalError, match=r"journal_rolled_back.*shorter"):
        await open_in(place, tmp_path / "v.db")
    for ending in ("", "-wal", "-shm"):
        side(tmp_path / "v.db", ending).unlink(missing_ok=True)  # by its signed checkpoint alone too
    with pytest.raises(JournalError, match=r"journal_rolled_back.*shorter"):
        await open_in(place, tmp_path / "v.db")


async def test_i18_another_history_of_the_same_length_is_refused(place: Place, tmp_path: Path) -> None:
    await written(place, tmp_path / "v.db")
    await sql(place, ASLEEP, "UPDATE event SET hash = sha256('x') WHERE number = 3")
    with pytest.raises(JournalError, match=r"journal_rolled_back.*other_history"):
        await open_in(place, tmp_path / "v.db")


async def test_i18_a_changed_row_since_the_last_checkpoint_is_found_at_the_start(
    place: Place, tmp_path: Path
) -> None:
    one = await open_in(place, tmp_path / "1.db", counters=("1",))
    two = await open_in(place, tmp_path / "2.db", counters=("2",))
    await two.close()
    await one.append([event("s0"), event("s1")])
    await one.close()
    await sql(place, ASLEEP, "UPDATE event SET subject = 'x' WHERE number = 1")
    with pytest.raises(JournalError, match=r"journal_damaged.*number=1.*hash"):
        await open_in(place, tmp_path / "2.db", counters=("2",))


async def test_i22_a_view_that_is_gone_is_made_again_and_a_new_machine_reads_everything_once(
    place: Place, tmp_path: Path
) -> None:
    await written(place, tmp_path / "v.db")
    for ending in ("", "-wal", "-shm"):
        side(tmp_path / "v.db", ending).unlink(missing_ok=True)
    async with await open_in(place, tmp_path / "v.db") as again:
        assert [each.subject for each in again.after(0)] == ["s0", "s1", "s2"]
        assert again.claimed("order", "o2") == "x"
        assert (await again.verify_all()).sound
    async with await open_in(place, tmp_path / "new.db") as new:
        assert [each.subject for each in new.after(0)] == ["s0", "s1", "s2"]


async def test_d5_a_view_that_failed_or_was_scribbled_on_is_made_again(place: Place, tmp_path: Path) -> None:
    await written(place, tmp_path / "v.db")
    side(tmp_path / "v.db", ".suspect").write_text("a disk failed\n")
    async with await open_in(place, tmp_path / "v.db") as journal:
        assert journal.last_number() == 3
    (tmp_path / "v.db").write_bytes(b"no database " * 400)
    async with await open_in(place, tmp_path / "v.db") as journal:
        assert journal.last_number() == 3
        assert (await journal.verify_all()).sound


async def test_s52_missing_checkpoints_of_a_machine_that_had_some_are_told(place: Place, tmp_path: Path) -> None:
    await written(place, tmp_path / "v.db")
    side(tmp_path / "v.db", ".checkpoints").unlink()
    with pytest.raises(JournalError, match="checkpoints_missing"):
        await open_in(place, tmp_path / "v.db")


async def test_d3_newer_and_altered_tables_are_refused(place: Place, tmp_path: Path) -> None:
    await written(place, tmp_path / "v.db", 1)
    await sql(place, "ALTER TABLE event DISABLE TRIGGER event_kept")
    with pytest.raises(JournalError, match=r"journal_altered.*event_kept"):
        await open_in(place, tmp_path / "v.db")
    await sql(place, "INSERT INTO migration VALUES (99)")
    with pytest.raises(JournalError, match=r"journal_newer.*99"):
        await open_in(place, tmp_path / "v.db")


async def test_d7_one_folder_is_one_instance(place: Place, tmp_path: Path) -> None:
    async with await open_in(place, tmp_path / "v.db"):
        with pytest.raises(JournalError, match="journal_in_use"):
            await open_in(place, tmp_path / "v.db", counters=("7",))


async def test_d4_a_server_that_only_reads_or_does_not_know_us_is_named(place: Place, tmp_path: Path) -> None:
    await sql(
        place,
        f"CREATE ROLE {place.schema} LOGIN",
        f"ALTER ROLE {place.schema} SET default_transaction_read_only = on",
    )
    reader = Place(place.host, place.port, place.schema, place.database, place.schema)
    with pytest.raises(JournalError, match=r"journal_pragma.*transaction_read_only"):
        await open_in(reader, tmp_path / "v.db")
    stranger = Place(place.host, place.port, "nobody_here", place.database, place.schema)
    with pytest.raises(JournalError, match="database_refused"):
        await open_in(stranger, tmp_path / "v.db")
    nowhere = Place(str(tmp_path), place.port, place.user, place.database, place.schema)
    with pytest.raises(JournalError, match="database_lost"):
        await open_in(nowhere, tmp_path / "v.db")
    await sql(place, f"DROP ROLE {place.schema}")


def test_an_address_is_read_whole_and_holds_no_password() -> None:
    far = Place.parse("postgresql://shop@db.example:6432/chain", schema="s1", password="secret")
    assert (far.host, far.port, far.user, far.database, far.local) == ("db.example", 6432, "shop", "chain", False)
    assert "secret" not in repr(far)
    assert far.tls() is not None
    assert Place.parse("postgresql://shop@/chain?host=/run/postgresql").tls() is None
    for wrong in (
        "postgresql://shop:secret@db/chain",
        "mysql://shop@db/chain",
        "postgresql://shop@db",
        "postgresql://db/chain",
        "postgresql://shop@db:port/chain",
        "postgresql://shop@db/chain?sslmode=disable",
    ):
        with pytest.raises(BadSettings, match=r"config_value_wrong.*journal\.dsn"):
            Place.parse(wrong)


def test_nothing_goes_to_another_machine_without_a_verified_name(tmp_path: Path) -> None:
    context = Place("db.example", 5432, "shop", "chain").tls()
    assert context is not None
    assert context.check_hostname
    (tmp_path / "ca.pem").write_text("no certificate")
    with pytest.raises(BadSettings, match=r"journal\.ca"):
        Place("db.example", 5432, "shop", "chain", ca=tmp_path / "ca.pem").tls()
