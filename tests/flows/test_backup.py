"""A shop is saved while it sells and comes back on another machine, or is refused whole (S43, S52)."""

import asyncio
import os
import re
from pathlib import Path

import pytest

from terminal.brand.shelf import BrandShelf, read_brand
from terminal.cli.backup import VISITS_MAX
from terminal.journal.checkpoints import read_checkpoints
from terminal.journal.keys import JournalKeys
from terminal.settings import load
from terminal.system import SystemClock, SystemEntropy
from terminal.visit.keys import open_key
from terminal.wiring.stores import open_journal
from tests.flows.cli_rig import Ended, Place, command, countertop
from tests.unit.journal.world import event
from tests.unit.test_given_file import piped

PHRASE = "five words on a paper"


def sell(place: Place, names: list[str], beside: list[Ended] | None = None, to: Path | None = None) -> None:
    """Events of a service that has the journal open; with ``to`` a backup is made meanwhile."""

    async def write() -> None:
        async with open_journal(load(place.config), SystemClock(), SystemEntropy()) as journal:
            for name in names:
                await journal.append([event(name)])
            if beside is not None and to is not None:
                beside.append(await asyncio.to_thread(saved, place, to))

    asyncio.run(write())


def saved(place: Place, to: Path, *words: str) -> Ended:
    return command("backup", "--to", to, "--config", place.config, *words)


def restored(file: Path, folder: Path, phrase: Path) -> Ended:
    return command(
        "restore", file, "--config", folder / "countertop.toml", "--state", folder / "state",
        "--passphrase-file", phrase,
    )  # fmt: skip


@pytest.fixture
def phrase(tmp_path: Path) -> Path:
    file = tmp_path / "phrase"
    file.write_text(PHRASE + "\n")
    return file


@pytest.fixture
def place(tmp_path: Path) -> Place:
    made = Place(tmp_path / "shop")
    made.folder.mkdir()
    made.example()
    secrets = made.folder / "secrets.toml"
    secrets.write_text(secrets.read_text() + f'[backup]\npassphrase = "{PHRASE}"\n')
    return made


@pytest.fixture
def to(tmp_path: Path) -> Path:
    folder = tmp_path / "stick"
    folder.mkdir()
    return folder


def files(folder: Path) -> dict[str, bytes]:
    return {str(each.relative_to(folder)): each.read_bytes() for each in folder.rglob("*") if each.is_file()}


def test_s43_saved_while_it_sells_and_back_on_another_machine(
    place: Place, to: Path, phrase: Path, tmp_path: Path
) -> None:
    told: list[Ended] = []
    (place.state / "visits").mkdir(parents=True)
    (place.state / "visits" / "01KAK3V5M2Q8ZP6T4W9XN7B1CD.json").write_bytes(b"sealed")
    for n in range(VISITS_MAX):
        (place.state / "visits" / f"pack-{n}.json").write_bytes(b"another shop's")
    BrandShelf(place.state).keep(read_brand("demo-bank"))
    open_key(place.state / "visit-keys", SystemEntropy())  # made once: its fingerprint stands on the shop's sheet
    sell(place, ["sale-1"])
    for name in ("visit.key", "visit.pub"):
        (place.state / "visit-keys" / name).rename(place.state / "keys" / name)
    sell(place, ["sale-2"], told, to)
    assert told[0].code == 0, told[0].err
    (file,) = to.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    assert PHRASE.encode() not in file.read_bytes()
    assert b"sale-1" not in file.read_bytes()
    other = Place(tmp_path / "other")
    ended = restored(file, other.folder, phrase)
    assert ended.code == 0, ended.err
    assert "2 events" in ended.out
    named = {name for name in files(place.folder) if name.startswith("keys/")}
    assert named
    record = "state/visits/01KAK3V5M2Q8ZP6T4W9XN7B1CD.json"
    kept = ("state/keys/visit.key", "state/keys/visit.pub", record, "state/brand.toml")
    for name in ("countertop.toml", "secrets.toml", *kept, *named):
        assert (other.folder / name).read_bytes() == (place.folder / name).read_bytes()
        assert (other.folder / name).stat().st_mode & 0o077 == 0
    sell(other, ["sale-3"])
    assert command("journal", "verify", "--config", other.config).code == 0
    keys = JournalKeys.load(other.state / "keys")
    kinds = [
        each.kind for each in read_checkpoints(other.state / "journal.db.checkpoints", keys.signer.public_key())
    ]
    assert "restored" in kinds, "a copy that came back says so for ever"


def test_nothing_that_is_there_is_written_over(place: Place, to: Path, phrase: Path) -> None:
    sell(place, ["sale-1"])
    assert saved(place, to).code == 0
    before = files(place.folder)
    ended = restored(next(to.iterdir()), place.folder, phrase)
    assert (ended.code, ended.codes) == (4, ["J-37"])
    assert files(place.folder) == before


@pytest.mark.parametrize(
    ("spoil", "code"), [("end", "J-34"), ("middle", "J-33"), ("phrase", "J-33"), ("head", "J-32")]
)
def test_s43_what_is_spoilt_restores_nothing(
    place: Place, to: Path, phrase: Path, tmp_path: Path, spoil: str, code: str
) -> None:
    sell(place, ["sale-1"])
    assert saved(place, to).code == 0
    (file,) = to.iterdir()
    data = bytearray(file.read_bytes())
    if spoil == "end":
        del data[-5:]
    elif spoil == "phrase":
        phrase.write_text("five words on a napkin")
    else:
        data[5 if spoil == "head" else len(data) // 3] ^= 1
    file.write_bytes(data)
    ended = restored(file, tmp_path / "other", phrase)
    assert (ended.code, ended.codes) == (4, [code])
    assert not (tmp_path / "other").exists()


def test_the_newest_stay_and_other_files_are_nobodys_business(place: Place, to: Path) -> None:
    sell(place, ["sale-1"])
    shop = load(place.config).settings.shop
    others = {"photos.zip", f"countertop-{shop.merchant}-{shop.store}-2-20200101T000000Z-1.ctbackup"}
    for name in others:
        (to / name).write_text("another shop's")
    for _ in range(4):
        assert saved(place, to, "--keep", "2").code == 0
    names = {each.name for each in to.iterdir()}
    assert len(names) == 4
    assert others < names
    for made in names - others:  # by a clock that stood years ahead
        (to / made).rename(to / re.sub(r"-20\d\d", "-2099", made))
    assert saved(place, to, "--keep", "2").code == 0
    assert any("-2099" not in each.name for each in to.iterdir() if each.name not in others), "the newest stays"


def test_a_passphrase_that_is_short_or_missing_is_told_before_anything_is_written(place: Place, to: Path) -> None:
    sell(place, ["sale-1"])
    secrets = place.folder / "secrets.toml"
    sound = secrets.read_text()
    secrets.write_text(sound.replace(PHRASE, "short"))
    assert saved(place, to).codes == ["C-74"]
    secrets.write_text(sound.replace("[backup]", "[other]"))
    assert saved(place, to).codes == ["C-28"]
    assert list(to.iterdir()) == []


def test_a_passphrase_file_that_is_none_is_told_with_what_to_do(place: Place, to: Path, tmp_path: Path) -> None:
    sell(place, ["sale-1"])
    assert saved(place, to).code == 0
    (file,), bad = to.iterdir(), tmp_path / "bad"
    bad.mkdir()
    (bad / "folder").mkdir()
    (bad / "latin").write_bytes("cinco palavras em um papel é".encode("latin-1"))
    (bad / "endless").write_bytes(b"a" * 4097)
    told = {
        "none": "No such file or directory", "folder": "Is a directory",
        "latin": "not UTF-8", "endless": "no line in 4096 bytes",
    }  # fmt: skip
    for name, why in told.items():
        for ended in (
            saved(place, to, "--passphrase-file", str(bad / name)),
            restored(file, tmp_path / "new", bad / name),
        ):
            assert (ended.code, ended.codes) == (3, ["C-156"])
            assert f"{bad / name} ({why})" in ended.err
            assert "first line is the passphrase" in ended.err
    assert list(to.iterdir()) == [file]
    assert not (tmp_path / "new").exists()


def test_a_passphrase_file_is_read_as_editors_write_it_and_an_empty_one_is_too_short(
    place: Place, to: Path, tmp_path: Path
) -> None:
    sell(place, ["sale-1"])
    assert saved(place, to).code == 0
    (file,), text = to.iterdir(), tmp_path / "text"
    text.write_bytes(b"")
    assert restored(file, tmp_path / "new", text).codes == ["C-74"]
    text.write_bytes(b"\xef\xbb\xbf" + PHRASE.encode() + b"\r\nkept in the safe \xe9\n")
    assert restored(file, tmp_path / "new", text).code == 0
    pipe, end = piped(text.read_bytes(), ended=False)  # who writes it may stay: the first line is all of it
    assert restored(file, tmp_path / "newer", pipe).code == 0
    os.close(end)
    os.close(int(pipe.name))


async def test_d4_a_disk_that_fills_up_leaves_no_half_backup(place: Place, to: Path) -> None:
    await asyncio.to_thread(sell, place, ["sale-1"])
    ended = await countertop("backup", "--to", to, "--config", place.config, file_bytes=40_000)
    assert (ended.code, files(to)) == (4, {}), ended.err
