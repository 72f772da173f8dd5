"""Keys of the journal change; what was written stays provable and readable, and a kill changes nothing of that."""

import asyncio
from pathlib import Path

import pytest

from terminal.chance import Chance
from terminal.errors import BadSettings, JournalError
from terminal.journal.keys import KEYS_MAX, PRIVATE, JournalKeys
from terminal.journal.reader import Reader
from terminal.journal.rotate import rotate
from terminal.journal.verify import verify
from tests.unit.journal.world import event, open_at


class Killed(BaseException):
    """The process is gone at this point."""


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    JournalKeys.open(tmp_path / "keys", Chance("first"), create=True)
    path = tmp_path / "journal.db"
    write(path, "13800000001")
    return path


def write(path: Path, phone: str) -> None:
    async def one() -> None:
        async with open_at(path, keys=JournalKeys.load(path.parent / "keys")) as opened:
            await opened.append([event(personal={"phone": phone})])

    asyncio.run(one())


def read(path: Path) -> tuple[list[str], list[str], list[str]]:
    """Chain key and personal key of every row, and what the personal values say."""
    keys, reader = JournalKeys.load(path.parent / "keys"), Reader.at(path)
    try:
        chain = [row.key_id for row in reader.every()]
        personal = [row[0] for row in reader.rows("SELECT key_id FROM personal ORDER BY number")]
        clear = [reader.personal(number, keys)["phone"] for number in range(1, len(chain) + 1)]
    finally:
        reader.close()
    assert verify(path, keys).sound
    return chain, personal, clear


def test_s17_s41_old_rows_verify_and_stay_readable_new_rows_use_the_new_keys(journal: Path) -> None:
    folder = journal.parent / "keys"
    old = JournalKeys.load(folder)
    told = rotate(journal, folder, Chance("second"), rehearse=False)
    write(journal, "13800000002")
    new = JournalKeys.load(folder)
    assert read(journal) == (
        [old.chain_id, new.chain_id],
        [old.personal_id, new.personal_id],
        ["13800000001", "13800000002"],
    )
    assert (told.events, told.chain_before, told.chain_id) == (1, old.chain_id, new.chain_id)
    assert (told.personal_before, told.personal_id) == (old.personal_id, new.personal_id)
    assert old.chain_id != new.chain_id
    assert old.personal_id != new.personal_id
    assert new.public_pem() == old.public_pem(), "papers and others hold its published half"
    assert (folder / PRIVATE).stat().st_mode & 0o777 == 0o600
    with pytest.raises(KeyError):
        old.mac(new.chain_id, b"")


def test_s17_s41_a_rehearsal_does_everything_and_changes_nothing(journal: Path) -> None:
    folder = journal.parent / "keys"
    before = {each.name: each.read_bytes() for each in folder.iterdir()}
    assert rotate(journal, folder, Chance("second"), rehearse=True).events == 1
    assert {each.name: each.read_bytes() for each in folder.iterdir()} == before


@pytest.mark.parametrize("point", ["verified", "drafted", "taken_up"])
def test_s17_s41_killed_half_way_the_journal_opens_and_it_is_run_again(journal: Path, point: str) -> None:
    folder = journal.parent / "keys"
    old = JournalKeys.load(folder)

    def kill(reached: str) -> None:
        if reached == point:
            raise Killed

    with pytest.raises(Killed):
        rotate(journal, folder, Chance("second"), rehearse=False, fault=kill)
    write(journal, "13800000002")
    between = JournalKeys.load(folder)
    assert (between.chain_id == old.chain_id) is (point != "taken_up")
    rotate(journal, folder, Chance("third"), rehearse=False)
    write(journal, "13800000003")
    chain, personal, clear = read(journal)
    assert chain[0] == old.chain_id
    assert chain[1] == between.chain_id
    assert chain[2] not in chain[:2]
    assert len(set(personal)) == len(set(chain))
    assert clear == ["13800000001", "13800000002", "13800000003"]
    assert sorted(each.name for each in folder.iterdir()) == ["journal.key", "journal.pub"]


def test_s17_a_running_service_keeps_its_keys(journal: Path) -> None:
    async def refused() -> None:
        async with open_at(journal, keys=JournalKeys.load(journal.parent / "keys")):
            with pytest.raises(JournalError, match="journal_in_use"):
                rotate(journal, journal.parent / "keys", Chance("second"), rehearse=False)

    before = (journal.parent / "keys" / PRIVATE).read_bytes()
    asyncio.run(refused())
    assert (journal.parent / "keys" / PRIVATE).read_bytes() == before


def test_s17_s53_no_new_keys_for_a_journal_that_does_not_verify(journal: Path) -> None:
    folder = journal.parent / "keys"
    (folder / PRIVATE).unlink()
    JournalKeys.make(Chance("somebody else's")).save(folder)
    before = (folder / PRIVATE).read_bytes()
    with pytest.raises(JournalError):
        rotate(journal, folder, Chance("second"), rehearse=False)
    assert (folder / PRIVATE).read_bytes() == before


def test_there_is_no_journal_or_no_more_room(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="journal_missing"):
        rotate(tmp_path / "journal.db", tmp_path, Chance(1), rehearse=False)
    keys, chance = JournalKeys.make(Chance(1)), Chance(2)
    for _ in range(KEYS_MAX - 1):
        keys = keys.renewed(chance)
    keys.save(tmp_path)
    assert len(JournalKeys.load(tmp_path).chain) == KEYS_MAX, "a full ring can be read"
    with pytest.raises(BadSettings, match="key_ring_full"):
        keys.renewed(chance)
