"""What somebody with the database's own rights changes is found, by the row (I18)."""

import asyncio
import json
from pathlib import Path

import asyncpg
import pytest

from terminal.errors import JournalError
from terminal.journal.checkpoints import Checkpoint, read_checkpoints
from terminal.journal.place import side
from terminal.journal.postgres.place import Place
from terminal.journal.postgres.verify import LogExamination, verify_log
from terminal.journal.verify import Report
from terminal.payments.anchor import anchor_of
from tests.unit.journal.world import KEYS, event, open_in

IDLE = "BEGIN RETURN NULL; END"
CASES = [
    ("UPDATE event SET subject = 'x' WHERE number = 3", "hash", 3),
    ("UPDATE event SET body = replace(body, 'sale', 'tale') WHERE number = 2", "hash", 2),
    ("UPDATE event SET hash = hash || hash WHERE number = 4", "hash", 4),
    ("UPDATE event SET key_id = 'none' WHERE number = 4", "key", 4),
    ("DELETE FROM event WHERE number = 3", "gap", 3),
    ("UPDATE event SET position = 9 WHERE number = 5", "position", 5),
    ("DELETE FROM event WHERE number > 3", "gap", 4),
    ("DELETE FROM event WHERE number > 3; UPDATE log SET number = 3; DELETE FROM claim", "view", 2),
    ("DELETE FROM event WHERE number > 3; UPDATE log SET number = 3", "rolled_back", 4),
    ("DELETE FROM claim", "view", 2),
    ("INSERT INTO claim VALUES ('order', 'more', 'x', 2)", "view", 2),
    ("INSERT INTO claim VALUES ('order', 'more', 'x', 99)", "view", 0),
    ("UPDATE claim SET value = 'other'", "view", 2),
    ("UPDATE personal SET hidden = hidden || hidden", "personal", 1),
    ("UPDATE personal SET subject = 'x'", "personal", 1),
    ("UPDATE personal SET number = 2", "personal", 2),
    ("DROP TRIGGER event_kept ON event", "schema", 0),
    ("ALTER TABLE event DISABLE TRIGGER event_kept", "schema", 0),
    (f"CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS '{IDLE}'", "schema", 0),
    ("ALTER TABLE claim DROP CONSTRAINT claim_pkey", "schema", 0),
]  # fmt: skip


@pytest.mark.no_cover  # many rounds through the same lines
async def test_i18_every_change_by_the_owner_of_the_database_is_found_and_named(
    place: Place, tmp_path: Path
) -> None:
    view = tmp_path / "v.db"
    async with await open_in(place, view) as journal:
        await journal.append([event(personal={"phone": "1"}), event(index={"claims": [["order", "o", "sale-1"]]})])
        await journal.append([event(f"s{n}") for n in range(3)])
    signed = read_checkpoints(side(view, ".checkpoints"), KEYS.signer.public_key())
    assert await verify_log(place, KEYS, signed) == Report(5)
    connection = await place.connect()
    for statement, reason, bad in CASES:
        change = connection.transaction()
        await change.start()
        await connection.execute("SET LOCAL session_replication_role = replica")  # triggers asleep
        await connection.execute(statement)
        await connection.execute("SET LOCAL session_replication_role = origin")
        report = await _inside(connection, place, signed)
        assert (report.reason, report.first_bad) == (reason, bad), statement
        await change.rollback()
    await connection.close()


@pytest.mark.row(127)
async def test_s52_the_anchor_of_a_paper_is_held_against_the_database_too(place: Place, tmp_path: Path) -> None:
    view = tmp_path / "v.db"
    async with await open_in(place, view) as journal:
        [sold] = await journal.append([event("a", kind="note")])
        heads = {sold.stream: [sold.position, sold.hash.hex()]}
        told = {"n": 1, "last": sold.number, "heads": heads}
        await journal.append([event("z:s-1:1", stream="store:s-1", kind="z_sealed", **told)])  # type: ignore[arg-type]  # fields by name
    printed = anchor_of("s-1", 1, sold.number, {sold.stream: (sold.position, sold.hash.hex())})
    assert (await verify_log(place, KEYS, (), anchors=[printed])).sound
    tomorrows = anchor_of("s-1", 2, 9, {})
    cut = await verify_log(place, KEYS, (), anchors=[printed, tomorrows])
    assert (cut.reason, cut.first_bad) == ("anchor", 3)


async def _inside(connection: asyncpg.Connection, place: Place, signed: tuple[Checkpoint, ...]) -> Report:
    examination = LogExamination(connection, place, KEYS, signed)
    async for _page in examination.steps_inside():
        pass
    return examination.report


async def test_the_server_itself_refuses_changes_and_deletions(place: Place, tmp_path: Path) -> None:
    async with await open_in(place, tmp_path / "v.db") as journal:
        await journal.append([event(index={"claims": [["order", "o", "sale-1"]]})])
    connection = await place.connect()
    for table in ("event", "claim"):
        for statement in (
            f"UPDATE {table} SET number = 7",
            f"DELETE FROM {table}",
            f"TRUNCATE {table}",
        ):  # our own names
            with pytest.raises(Exception, match="never changed"):
                await connection.execute(statement)
    for statement in ("UPDATE log SET number = 0", "DELETE FROM log"):
        with pytest.raises(Exception, match="only grows"):
            await connection.execute(statement)
    await connection.close()


async def test_a_years_signatures_are_read_between_the_sales(place: Place, tmp_path: Path) -> None:
    view = tmp_path / "v.db"
    async with await open_in(place, view) as journal:
        for _ in range(20):
            await journal.append([event()])
            await journal.checkpoint()
        file = side(view, ".checkpoints")
        signature = json.loads(file.read_text().splitlines()[-1])["signature"]
        file.write_text(file.read_text().replace(signature, "0" * len(signature)))
        verifying = asyncio.create_task(journal.verify_all())
        await asyncio.sleep(0)
        assert not verifying.done(), "others have their turn before the last of them is reached"
        with pytest.raises(JournalError, match="checkpoints_damaged"):
            await verifying
