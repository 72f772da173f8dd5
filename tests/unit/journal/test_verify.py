import asyncio
import io
import shutil
from pathlib import Path

import apsw
import pytest

from terminal.chance import Chance
from terminal.errors import JournalError
from terminal.journal.checkpoints import Checkpoint, read_checkpoints
from terminal.journal.export import check_export, export
from terminal.journal.keys import JournalKeys
from terminal.journal.place import side
from terminal.journal.reader import Reader
from terminal.journal.sqlite import SqliteJournal
from terminal.journal.verify import Report, verify
from tests.unit.journal.world import KEYS, debt, event, open_at, summary

PUBLIC = KEYS.signer.public_key()


async def small(path: Path) -> None:
    """A journal with something in every table, and a signed end."""
    async with open_at(path) as journal:
        for n in range(1, 9):
            index = {
                "owes": [debt(f"e{n}")],
                "settles": [f"e{n - 1}"],
                "claims": [["order", f"o{n}", f"s{n}"]],
                "summary": summary(final=n > 2, search=[f"w{n}"]),
            }
            await journal.append(
                [event(f"s{n}", index=index, personal={"phone": f"1380013800{n}"}, amount_minor=n)]
            )


def tamper(path: Path, *statements: str) -> None:
    """What somebody with the file and without the keys can do."""
    connection = apsw.Connection(str(path))
    triggers = connection.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
    for name, _sql in triggers:
        connection.execute(f"DROP TRIGGER {name}")
    for statement in statements:
        connection.execute(statement)
    for _name, sql in triggers:
        connection.execute(str(sql))
    connection.close()


@pytest.mark.no_cover  # many rounds through lines that others measure
@pytest.mark.row(127)
@pytest.mark.parametrize(
    ("statement", "reason", "bad"),
    [
        ("UPDATE event SET body = replace(body, 'minor\":5', 'minor\":9') WHERE number = 5", "hash", 5),
        ("UPDATE event SET wall_ms = wall_ms + 1 WHERE number = 3", "hash", 3),
        ("UPDATE event SET actor = 'person:boss' WHERE number = 2", "hash", 2),
        ("UPDATE event SET key_id = 'other' WHERE number = 2", "key", 2),
        ("DELETE FROM event WHERE number = 4", "gap", 4),
        ("UPDATE event SET hash = zeroblob(32) WHERE number = 8", "hash", 8),
        ("UPDATE event SET stream = 'counter:2', position = 1 WHERE number = 6", "hash", 6),
        ("DELETE FROM event WHERE number > 6", "rolled_back", 7),
        ("UPDATE claim SET value = 'mine' WHERE key = 'o3'", "view", 0),
        ("DELETE FROM owed", "view", 0),
        ("UPDATE summary SET final = 1", "view", 0),
        ("DELETE FROM word WHERE word = 'w3'", "view", 0),
        ("UPDATE personal SET hidden = (SELECT min(hidden) FROM personal) WHERE number < 3", "personal", 1),
        ("UPDATE personal SET subject = 's1' WHERE number = 2", "personal", 2),
    ],
)  # fmt: skip
async def test_i18_s51_s53_verify_names_the_first_bad_entry(
    tmp_path: Path, statement: str, reason: str, bad: int
) -> None:
    path = tmp_path / "j.db"
    await small(path)
    assert verify(path, KEYS).sound
    tamper(path, statement)
    report = verify(path, KEYS)
    assert (report.sound, report.reason, report.first_bad) == (False, reason, bad)


async def test_i18_entries_swapped_in_order_are_found(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    await small(path)
    tamper(
        path,
        "CREATE TEMP TABLE kept AS SELECT number, body FROM event",
        "UPDATE event SET body = (SELECT body FROM kept WHERE number = 4) WHERE number = 3",
        "UPDATE event SET body = (SELECT body FROM kept WHERE number = 3) WHERE number = 4",
    )
    assert verify(path, KEYS).first_bad == 3


@pytest.mark.parametrize("statement", ["DROP TRIGGER event_no_delete", "DROP INDEX event_subject"])
async def test_i18_s51_a_guard_that_was_taken_away_is_found(tmp_path: Path, statement: str) -> None:
    path = tmp_path / "j.db"
    await small(path)
    connection = apsw.Connection(str(path))
    connection.execute(statement)
    connection.close()
    assert verify(path, KEYS).reason == "schema"
    with pytest.raises(JournalError, match="journal_altered"):
        open_at(path)


async def test_i18_a_cut_tail_is_refused_at_start(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    await small(path)
    tamper(path, "DELETE FROM event WHERE number > 6")
    with pytest.raises(JournalError) as raised:
        open_at(path)
    assert raised.value.slug == "journal_rolled_back"
    assert raised.value.facts == {"found": 6, "checkpoint": 8, "why": "shorter"}


async def test_s52_yesterdays_copy_is_refused_at_start_and_by_verify(tmp_path: Path) -> None:
    path, yesterday = tmp_path / "j.db", tmp_path / "yesterday.db"
    await small(path)
    shutil.copy(path, yesterday)
    async with open_at(path) as journal:
        await journal.append([event("today")])
    shutil.copy(yesterday, path)
    with pytest.raises(JournalError, match="journal_rolled_back"):
        open_at(path)
    assert verify(path, KEYS).reason == "rolled_back"


async def test_s52_a_deleted_database_is_not_quietly_begun_again(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    await small(path)
    path.unlink()
    with pytest.raises(JournalError, match="journal_rolled_back"):
        open_at(path)


async def test_s52_deleted_checkpoints_are_missed(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    await small(path)
    side(path, ".checkpoints").unlink()
    with pytest.raises(JournalError, match="checkpoints_missing"):
        open_at(path)


@pytest.mark.parametrize("number", [9, 12])
async def test_s53_the_start_verifies_what_came_after_the_last_checkpoint(tmp_path: Path, number: int) -> None:
    path = tmp_path / "j.db"
    await small(path)
    journal = open_at(path)
    await journal.append([event(f"late{n}") for n in range(6)])
    journal.abandon()
    tamper(path, f"UPDATE event SET subject = 'x' WHERE number = {number}")
    with pytest.raises(JournalError) as raised:
        open_at(path)
    assert raised.value.slug == "journal_damaged"
    assert raised.value.facts == {"number": number, "reason": "hash"}


async def test_s52_every_thousand_entries_are_signed_without_being_asked(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    journal = open_at(path)
    for _ in range(11):
        await journal.append([event(f"s{n}") for n in range(200)])
    asked = await journal.checkpoint()
    journal.abandon()
    assert asked.number == 2200
    lines = side(path, ".checkpoints").read_bytes().splitlines()
    assert [line.count(b'"regular"') for line in lines] == [0, 1, 1, 0]
    assert verify(path, KEYS).events == 2200


async def test_s52_history_rewritten_with_the_chain_key_still_does_not_fit_the_checkpoints(tmp_path: Path) -> None:
    """Somebody who has the keyed hash but not the signing key makes a whole new chain."""
    path, other = tmp_path / "j.db", tmp_path / "other.db"
    await small(path)
    async with open_at(other) as journal:
        for n in range(8):
            await journal.append([event(f"s{n}", amount_minor=999)])
    tamper(other, f"UPDATE fact SET value = '{database_id(path)}' WHERE name = 'database'")
    shutil.copy(other, path)
    with pytest.raises(JournalError, match="why=other_history"):
        open_at(path)
    report = verify(path, KEYS)
    assert (report.reason, report.first_bad) == ("checkpoint", 8)


def database_id(path: Path) -> str:
    reader = Reader.at(path)
    found: str = reader.connection.execute("SELECT value FROM fact WHERE name = 'database'").get
    reader.close()
    return found


async def test_i18_flipped_bytes_are_found_refused_or_change_nothing(tmp_path: Path) -> None:
    """Bytes of free space may flip unseen; nothing that can be read may."""
    path = tmp_path / "j.db"
    await small(path)
    whole, before = path.read_bytes(), contents(path)
    chance, found = Chance("flips"), 0
    for _ in range(250):
        place = chance.below(len(whole))
        bad = bytearray(whole)
        bad[place] ^= 1 << chance.below(8)
        path.write_bytes(bad)
        if is_found(path):
            found += 1
        else:
            assert contents(path) == before, f"byte {place} changed what is read and nobody noticed"
    assert found > 25, "the flips hit nothing"


def is_found(path: Path) -> bool:
    try:
        return not verify(path, KEYS).sound
    except JournalError:
        return True


def contents(path: Path) -> tuple[object, ...]:
    reader = Reader.at(path)
    events = reader.after(0, limit=1000)
    claims = [reader.claimed("order", f"o{n}") for n in range(10)]
    personal = [reader.personal(n, KEYS) for n in range(10)]
    listed = [reader.list("sale", search=f"w{n}") for n in range(10)]
    found = (events, claims, personal, listed, reader.unfinished(), reader.owed(), reader.list("sale"))
    reader.close()
    return found


async def test_verify_all_runs_between_other_work_and_sees_a_bad_row(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    await small(path)
    async with open_at(path, inline=False) as journal:
        checking = asyncio.create_task(journal.verify_all())
        await journal.append([event("meanwhile")])
        assert (await checking).sound
        tamper(path, "UPDATE event SET subject = 'x' WHERE number = 2")
        assert (await journal.verify_all()).first_bad == 2


async def test_an_export_is_checked_with_the_published_key_only(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    await small(path)
    async with open_at(path) as journal:
        await journal.erase("s1")
        lines, signed = exported(journal)
        assert check_export(lines, signed, PUBLIC).events == 8
        await journal.append([event("not yet signed")])
        more, _signed = exported(journal)
        assert check_export(more, signed, PUBLIC) == Report(8)
    changed = [line.replace(b'"amount_minor":5', b'"amount_minor":6') for line in lines]
    bad = check_export(changed, signed, PUBLIC)
    assert (bad.reason, bad.first_bad) == ("checkpoint", 8)
    assert check_export(lines[:5], signed, PUBLIC).reason == "rolled_back"
    assert check_export([*lines[:3], *lines[4:]], signed, PUBLIC).first_bad == 4
    assert check_export([*lines[:3], b"{}\n"], signed, PUBLIC).reason == "unreadable"
    assert not any(b"13800138" in line for line in lines), "personal data leaves only as commitments"


def exported(journal: SqliteJournal) -> tuple[list[bytes], tuple[Checkpoint, ...]]:
    out = io.BytesIO()
    export(journal._reader, out, KEYS.signer)
    checkpoints = journal._checkpoints
    return out.getvalue().splitlines(keepends=True), read_checkpoints(checkpoints.path, checkpoints.public)


async def test_i19_hashes_of_pins_and_tokens_do_not_leave_and_the_export_still_proves_its_chain(
    tmp_path: Path,
) -> None:
    pin, token = "$argon2id$v=19$canary-of-a-pin", "canary-of-a-token"
    async with open_at(tmp_path / "j.db") as journal:
        summary = {"summary": {"kind": "person", "final": True, "pin": pin}}
        await journal.append([event("before", amount_minor=5)])
        await journal.append([event("p", stream="people:s-1", kind="person_added", pin=pin, index=summary)])
        await journal.append([event("k", stream="people:s-1", kind="api_key_made", token=token, label="POS")])
        await journal.append([event("after", amount_minor=7)])
        await journal.checkpoint()
        lines, signed = exported(journal)
    assert not any(b"canary" in line for line in lines)
    assert b"POS" in lines[2]
    assert check_export(lines, signed, PUBLIC) == Report(4)
    for at, old, new in (
        (0, b'"amount_minor":5', b'"amount_minor":6'),  # before a line that was redacted
        (1, b'"person_added"', b'"person_seen"'),
        (2, b"POS", b"PIN"),
        (3, b'"amount_minor":7', b'"amount_minor":8'),
    ):
        changed = [line.replace(old, new) if number == at else line for number, line in enumerate(lines)]
        assert changed != lines
        assert not check_export(changed, signed, PUBLIC).sound, at
    other = JournalKeys.make(Chance("other")).signer.public_key()
    assert check_export(lines, signed, other).reason == "redacted"
