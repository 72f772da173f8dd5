import stat
from pathlib import Path

import pytest

from terminal.chance import Chance
from terminal.errors import BadSettings
from terminal.journal.keys import PRIVATE, PUBLIC, JournalKeys
from terminal.journal.sqlite import SqliteJournal
from tests.unit.journal.world import SHOP, TickingClock, event


def test_s40_keys_are_made_once_private_and_stay_the_same(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    made = JournalKeys.open(folder, Chance(1), create=True)
    again = JournalKeys.open(folder, Chance(2), create=True)
    assert (again.chain, again.personal, again.public_pem()) == (made.chain, made.personal, made.public_pem())
    assert stat.S_IMODE((folder / PRIVATE).stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert (folder / PUBLIC).read_bytes() == made.public_pem()
    assert sorted(each.name for each in folder.iterdir()) == [PRIVATE, PUBLIC]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o777])
def test_s40_a_key_file_others_may_read_is_refused_with_the_fix(tmp_path: Path, mode: int) -> None:
    JournalKeys.open(tmp_path, Chance(1), create=True)
    (tmp_path / PRIVATE).chmod(mode)
    with pytest.raises(BadSettings) as raised:
        JournalKeys.open(tmp_path, Chance(1), create=True)
    assert raised.value.slug == "key_file_readable"
    assert raised.value.facts["fix"] == f"chmod 600 {tmp_path / PRIVATE}"


def test_missing_keys_of_an_existing_journal_are_never_made_anew(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="key_file_missing"):
        JournalKeys.open(tmp_path, Chance(1), create=False)


def test_f4_a_link_in_place_of_the_key_file_is_refused(tmp_path: Path) -> None:
    JournalKeys.open(tmp_path / "real", Chance(1), create=True)
    (tmp_path / PRIVATE).symlink_to(tmp_path / "real" / PRIVATE)
    with pytest.raises(BadSettings, match="key_file_not_ours"):
        JournalKeys.load(tmp_path)


@pytest.mark.parametrize(
    "damage", [b"", b"{}", b"\xff\xfe", b'{"version":1,"chain":{"current":"a","keys":{"a":"00"}}}']
)
def test_a_damaged_key_file_says_so_and_shows_nothing_of_it(tmp_path: Path, damage: bytes) -> None:
    JournalKeys.open(tmp_path, Chance(1), create=True)
    (tmp_path / PRIVATE).write_bytes(damage)
    with pytest.raises(BadSettings) as raised:
        JournalKeys.load(tmp_path)
    assert (raised.value.slug, set(raised.value.facts)) == ("key_file_damaged", {"path"})


def test_a_key_that_does_not_fit_its_id_is_damage(tmp_path: Path) -> None:
    keys = JournalKeys.open(tmp_path, Chance(1), create=True)
    text = (tmp_path / PRIVATE).read_text()
    (tmp_path / PRIVATE).write_text(text.replace(keys.chain[keys.chain_id].hex(), "11" * 32))
    with pytest.raises(BadSettings, match="key_file_damaged"):
        JournalKeys.load(tmp_path)


def test_s44_a_printed_key_ring_shows_ids_only() -> None:
    keys = JournalKeys.make(Chance(1))
    assert keys.chain[keys.chain_id].hex() not in repr(keys)
    assert repr(keys) == f"JournalKeys(chain={keys.chain_id}, personal={keys.personal_id})"


async def test_s51_rows_of_an_older_chain_key_stay_readable_after_rotation(tmp_path: Path) -> None:
    old, fresh = JournalKeys.make(Chance("old")), JournalKeys.make(Chance("fresh"))
    rotated = JournalKeys(
        {**old.chain, **fresh.chain},
        fresh.chain_id,
        {**old.personal, **fresh.personal},
        fresh.personal_id,
        old.signer,
    )
    for keys in (old, rotated):
        async with SqliteJournal.open(
            tmp_path / "j.db", identity=SHOP, clock=TickingClock(), entropy=Chance(1), keys=keys, inline=True
        ) as journal:
            await journal.append([event(personal={"phone": "1"})])
            assert (await journal.verify_all()).sound
            assert journal.personal(1) == {"phone": "1"}
