"""``countertop journal``: what it says of a sound record, of a changed one, and of none."""

import asyncio
import os
import shutil
from pathlib import Path

import apsw
import msgspec
import pytest

from terminal.payments.event import Actor, Ledger
from terminal.settings import load
from terminal.settlement.business_day import ShopTime
from terminal.settlement.z_report import Reports
from terminal.system import SystemClock, SystemEntropy
from terminal.wiring.stores import open_journal
from tests.flows.cli_rig import EXAMPLE, Ended, Place, command
from tests.unit.journal.world import event
from tests.unit.test_given_file import piped

COUNT = 30


def record(place: Place) -> None:
    async def write() -> None:
        async with open_journal(load(place.config), SystemClock(), SystemEntropy()) as journal:
            for number in range(COUNT):
                await journal.append([event(f"sale-{number}", kind="note", note="[red]茶[/] tea")])

    asyncio.run(write())


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = Place(tmp_path_factory.mktemp("recorded"))
    made.example()
    record(made)
    return made.folder


@pytest.fixture
def place(recorded: Path, tmp_path: Path) -> Place:
    shutil.copytree(recorded, tmp_path / "shop")
    return Place(tmp_path / "shop")


def journal(place: Place, *words: str | Path) -> Ended:
    return command("journal", words[0], "--config", place.config, *words[1:])


def tamper(place: Place) -> None:
    """As somebody with the file would: the rule against changes off, one amount other, the rule on again."""
    connection = apsw.Connection(str(place.state / "journal.db"))
    rule = connection.execute("SELECT sql FROM sqlite_schema WHERE name = 'event_no_update'").get
    connection.execute("DROP TRIGGER event_no_update")
    connection.execute("UPDATE event SET body = replace(body, 'tea', 'sea') WHERE number = 17")
    connection.execute(str(rule))
    connection.close()


def test_a_sound_journal_is_told_with_its_count(place: Place) -> None:
    assert journal(place, "verify") == Ended(0, f"Sound: {COUNT} events, every one of them in its chain.\n", "")
    told = msgspec.json.decode(journal(place, "verify", "--json").out)
    assert (told["sound"], told["events"]) == (True, COUNT)


def test_d5_a_changed_row_is_named_with_exit_4_and_the_service_does_not_start_on_it(place: Place) -> None:
    tamper(place)
    said = journal(place, "verify")
    assert (said.code, said.out) == (4, "")
    assert said.err.startswith("Not sound: event 17: ")
    told = journal(place, "verify", "--json")
    assert told.code == 4
    document = msgspec.json.decode(told.out)
    assert (document["sound"], document["first_bad"]) == (False, 17)
    started = command("serve", "--config", place.config)
    assert (started.code, started.codes) == (4, ["J-03"])
    assert "number 17" in started.err


def test_tail_shows_the_newest_and_text_as_it_is(place: Place) -> None:
    said = journal(place, "tail", "-n", "3")
    assert said.code == 0
    assert [f"sale-{COUNT - back}" in said.out for back in (1, 2, 3, 4)] == [True, True, True, False]
    told = msgspec.json.decode(journal(place, "tail", "-n", "2", "--json").out)
    assert [each["number"] for each in told] == [COUNT - 1, COUNT]
    assert told[0]["body"]["note"] == "[red]茶[/] tea"


@pytest.mark.row(127)
def test_s52_an_anchor_from_paper_is_typed_or_a_file_of_them_and_finds_a_cut_journal(
    place: Place, tmp_path: Path
) -> None:
    older, printed = tmp_path / "older", list[str]()
    shutil.copytree(place.folder, older)

    async def seal() -> None:
        async with open_journal(load(place.config), SystemClock(), SystemEntropy()) as journal:
            shop = ShopTime.of("Asia/Shanghai", "04:00")
            reports = Reports(journal, SystemClock(), shop, store="s-01", ledger=Ledger.LIVE)
            anchor = (await reports.seal(actor=Actor("person", "owner"), empty=True)).anchor
            printed.extend([f"{anchor.place} {anchor.groups.lower()}", anchor.text])

    asyncio.run(seal())
    typed, scanned = printed
    sound = journal(place, "verify", "--anchor", typed)
    assert (sound.code, f"The anchor of Z 1 fits, up to event {COUNT}.\n" in sound.out) == (0, True)
    papers = tmp_path / "papers.txt"
    papers.write_text(f"# what hangs in the office\n\n{scanned}  # Monday\n")
    assert journal(place, "verify", "--anchor", papers).code == 0
    pipe, end = piped(papers.read_bytes())
    assert journal(place, "verify", "--anchor", pipe).code == 0
    os.close(end)
    assert journal(Place(older), "verify").code == 0, "whole by itself"
    cut = journal(Place(older), "verify", "--anchor", papers)
    assert (cut.code, cut.err.startswith(f"Not sound: event {COUNT + 1}: anchor the Z 1")) == (4, True), cut.err
    mistyped = journal(place, "verify", "--anchor", typed.replace(typed[-1], "7" if typed[-1] != "7" else "6"))
    assert (mistyped.code, mistyped.codes) == (1, ["J-38"])
    papers.write_text("# nothing yet\n")
    assert journal(place, "verify", "--anchor", papers).code == 2


@pytest.mark.parametrize("count", ["0", "-3", "10001", "some"])
def test_tail_of_no_number_is_a_usage_error(place: Place, count: str) -> None:
    assert journal(place, "tail", "-n", count).code == 2


def test_export_writes_a_line_an_event_and_never_over_a_file(place: Place, tmp_path: Path) -> None:
    out = tmp_path / "export.jsonl"
    assert journal(place, "export", "-o", out, "--after", "10").code == 0
    lines = [msgspec.json.decode(line) for line in out.read_bytes().splitlines()]
    assert [each["number"] for each in lines] == list(range(11, COUNT + 1))
    again = journal(place, "export", "-o", out)
    assert again.code == 2
    assert f"{out} exists already; nothing was written." in again.err
    assert len(out.read_bytes().splitlines()) == COUNT - 10
    assert journal(place, "export").out.count("\n") == COUNT


@pytest.mark.parametrize("name", ["none/export.jsonl", "."])
def test_export_to_a_place_that_is_none_says_so(place: Place, tmp_path: Path, name: str) -> None:
    said = journal(place, "export", "-o", tmp_path / name)
    assert said.code == 2
    assert "nothing was written" in said.err


@pytest.mark.parametrize("word", ["verify", "tail", "export"])
def test_no_journal_yet_is_told_and_none_is_made(tmp_path: Path, word: str) -> None:
    place = Place(tmp_path)
    place.example()
    said = journal(place, word)
    assert (said.code, said.codes) == (4, ["J-20"])
    assert str(place.state / "journal.db") in said.err
    assert not place.state.exists()


def test_without_its_keys_a_journal_proves_nothing(place: Place) -> None:
    (place.state / "keys" / "journal.key").unlink()
    said = journal(place, "verify")
    assert (said.code, said.codes) == (3, ["C-08"])


def test_a_file_that_is_no_database_is_told_and_left_alone(place: Place) -> None:
    (place.state / "journal.db").write_bytes(b"no database " * 400)
    for word in ("verify", "tail"):
        said = journal(place, word)
        assert (said.code, said.codes) == (4, ["J-04"])
    assert (place.state / "journal.db").read_bytes().startswith(b"no database")


def test_an_export_is_checked_elsewhere_with_what_is_published(place: Place, tmp_path: Path) -> None:
    out = tmp_path / "export.jsonl"
    assert journal(place, "export", "-o", out).code == 0
    key = place.state / "keys" / "journal.pub"
    published = ("--checkpoints", place.state / "journal.db.checkpoints", "--key", key)
    said = command("journal", "check", out, *published)
    assert (said.code, said.out) == (0, f"Sound: {COUNT} events, covered by signed checkpoints.\n")
    out.write_bytes(out.read_bytes().replace(b"tea", b"sea", 1))
    said = command("journal", "check", out, *published)
    assert said.code == 4
    assert said.err.startswith("Not sound: event ")
    assert command("journal", "check", out, *published[:3], out).code == 2


def test_an_export_and_what_is_published_are_checked_as_they_come_through_pipes(
    place: Place, tmp_path: Path
) -> None:
    out, key = tmp_path / "export.jsonl", place.state / "keys" / "journal.pub"
    assert journal(place, "export", "-o", out).code == 0
    handed = [piped(each.read_bytes()) for each in (out, place.state / "journal.db.checkpoints", key)]
    copy, signed, public = (path for path, _ in handed)
    said = command("journal", "check", copy, "--checkpoints", signed, "--key", public)
    assert (said.code, said.out) == (0, f"Sound: {COUNT} events, covered by signed checkpoints.\n"), said
    for _, end in handed:
        os.close(end)


@pytest.mark.parametrize("bad", ["copy", "checkpoints"])
def test_bad_input_a_check_of_what_is_no_file_ends_in_words(place: Place, tmp_path: Path, bad: str) -> None:
    pipe, zeros, endless = tmp_path / "pipe", Path("/dev/zero"), tmp_path / "endless"
    os.mkfifo(pipe)
    with endless.open("wb") as long:
        long.truncate(1 << 40)  # takes no room on the disk
    whys = {pipe: "nobody writes to", zeros: "neither a plain file nor a pipe"}
    for file, why in (whys | ({endless: "no line in"} if bad == "copy" else {})).items():
        handed = {"copy": EXAMPLE, "checkpoints": place.state / "journal.db.checkpoints"} | {bad: file}
        key = place.state / "keys" / "journal.pub"
        said = command("journal", "check", handed["copy"], "--checkpoints", handed["checkpoints"], "--key", key)
        assert (said.code, f"{file} cannot be read" in said.err, why in said.err) == (2, True, True), said


@pytest.mark.parametrize("signed", [None, b"", b"no checkpoint at all"])
def test_i18_a_copy_of_which_no_checkpoint_proves_anything_is_never_called_sound(
    place: Place, tmp_path: Path, signed: bytes | None
) -> None:
    out, lines = tmp_path / "export.jsonl", tmp_path / "elsewhere"
    assert journal(place, "export", "-o", out).code == 0
    if signed is not None:
        lines.write_bytes(signed)
    key = place.state / "keys" / "journal.pub"
    said = command("journal", "check", out, "--checkpoints", lines, "--key", key)
    assert (said.code, said.out) == (2, "")
    assert str(lines) in said.err
    assert "journal.db.checkpoints" in said.err


def test_a_key_without_an_end_is_no_key(place: Place, tmp_path: Path) -> None:
    out, endless = tmp_path / "export.jsonl", tmp_path / "endless"
    assert journal(place, "export", "-o", out).code == 0
    with endless.open("wb") as file:
        file.truncate(1 << 40)  # takes no room on the disk
    said = command(
        "journal", "check", out, "--checkpoints", place.state / "journal.db.checkpoints", "--key", endless
    )
    assert (said.code, said.err.startswith(f"{endless} is no public key.")) == (2, True)


def test_i19_tail_and_export_tell_no_hash_of_a_pin(place: Place) -> None:
    canary = "$argon2id$canary"

    async def write() -> None:
        async with open_journal(load(place.config), SystemClock(), SystemEntropy()) as open_:
            await open_.append([event("p", stream="people:s-1", kind="pin_set", pin=canary)])

    asyncio.run(write())
    for said in (journal(place, "tail", "--json"), journal(place, "export")):
        assert said.code == 0
        assert "pin_set" in said.out
        assert "canary" not in said.out
