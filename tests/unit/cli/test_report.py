"""``countertop report`` beside no service: everything is read from the journal, nothing is sealed."""

import asyncio
import csv
import io
import json
import shutil
import zipfile
from pathlib import Path

import pytest

from terminal.cli.report_files import FEES
from terminal.payments.anchor import Anchor
from terminal.payments.event import Actor, Ledger, NewEvent
from terminal.settings import load
from terminal.settlement.business_day import ShopTime
from terminal.settlement.z_report import Reports
from terminal.system import SystemClock, SystemEntropy
from terminal.whole_file import new_whole
from terminal.wiring.stores import open_journal
from tests.flows.cli_rig import Ended, Place, command
from tests.unit.settlement.books import Books

NOWHERE = "http://127.0.0.1:9"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    made = Place(tmp_path_factory.mktemp("reported"))
    made.example()
    books = Books()
    books.paid("s1", 2850)
    books.paid("s2", 150)
    books.refund("s2", "s2-a", 50)

    async def write() -> None:
        async with open_journal(load(made.config), SystemClock(), SystemEntropy()) as journal:
            for each in books.log:
                actor = Actor("person", each.actor.partition(":")[2])
                await journal.append([NewEvent(each.stream, each.type, each.subject, actor, each.body)])

    asyncio.run(write())
    return made


def report(place: Place, *words: str | Path) -> Ended:
    asked = () if words[0] == "daybook" else ("--url", NOWHERE)
    return command("report", words[0], "--config", place.config, *asked, *words[1:])


@pytest.mark.row(107, 112)
def test_x_and_today_are_read_from_the_journal(place: Place) -> None:
    told = json.loads(report(place, "x", "--json").out)
    [sums] = told["currencies"]
    assert (told["n"], sums["taken"], sums["held_minor"]) == (0, {"n": 2, "minor": 3000}, 2950)
    today = report(place, "today")
    assert today.code == 0
    assert [line.split()[0] for line in today.out.splitlines()[:2]] == ["0002", "0001"]
    assert "29.50" in today.out


@pytest.mark.row(127)
def test_s52_a_sealed_z_is_told_with_its_anchor_and_the_journal_fits_it(place: Place, tmp_path: Path) -> None:
    own = Place(tmp_path / "own")
    shutil.copytree(place.folder, own.folder)

    async def seal() -> Anchor:
        async with open_journal(load(own.config), SystemClock(), SystemEntropy()) as journal:
            shop = ShopTime.of("Asia/Shanghai", "00:00")
            reports = Reports(journal, SystemClock(), shop, store="s-01", ledger=Ledger.LIVE)
            return (await reports.seal(actor=Actor("person", "owner"), empty=True)).anchor

    anchor = asyncio.run(seal())
    told = report(own, "z", "--number", "1")
    [line] = [line for line in told.out.splitlines() if line.startswith("Anchor ")]
    assert line == f"Anchor {anchor.place} {anchor.groups}"
    assert json.loads(report(own, "z", "--number", "1", "--json").out)["anchor"] == line.removeprefix("Anchor ")
    asked = "journal", "verify", "--config", own.config, "--anchor", line.removeprefix("Anchor ")
    assert command(*asked).code == 0


@pytest.mark.row(107)
def test_a_z_is_sealed_by_the_service_only(place: Place) -> None:
    told = report(place, "z")
    assert told.code != 0
    assert report(place, "z", "--number", "1").code == 1


@pytest.mark.row(114)
def test_the_day_book_goes_to_a_new_file_or_to_standard_output(place: Place, tmp_path: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(report(place, "daybook").out, newline="")))
    assert [(row["kind"], row["amount"]) for row in rows] == [
        ("paid", "28.50"),
        ("paid", "1.50"),
        ("refunded", "-0.50"),
    ]
    out = tmp_path / "book.json"
    assert report(place, "daybook", "--format", "json", "--out", out).code == 0
    assert [row["amount_minor"] for row in json.loads(out.read_text())["rows"]] == [2850, 150, -50]
    again = report(place, "daybook", "--out", out)
    assert (again.code, "exists already" in again.err) == (2, True)
    assert report(place, "daybook", "--format", "xlsx").code == 2
    assert report(place, "daybook", "--day", "21.11.2026").code == 1


@pytest.mark.row(117)
def test_fees_are_told_by_channel(place: Place) -> None:
    [line] = json.loads(report(place, "fees", "--json").out)["fees"]
    assert (line["channel"], line["n"], line["settled_n"], line["alert"]) == ("wechatpay", 3, 0, False)


@pytest.mark.row(107, 114)
def test_an_x_is_a_table_whose_lines_add_up_in_every_format(place: Place, tmp_path: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(report(place, "x", "--format", "csv").out, newline="")))
    told = {(row["channel"], row["line"]): (row["count"], row["amount_minor"], row["amount"]) for row in rows}
    assert told["wechatpay", "paid"] == ("2", "3000", "30.00")
    assert told["", "held"] == ("0", "2950", "29.50")
    assert told["", "refunded"] == ("1", "50", "0.50")
    assert {(row["report"], row["n"], row["currency"]) for row in rows} == {("x", "0", "CNY")}
    out = tmp_path / "x.json"
    assert report(place, "x", "--out", out).code == 0, "the name says the format"
    assert [row["line"] for row in json.loads(out.read_text())["rows"]] == [row["line"] for row in rows]
    assert out.stat().st_mode & 0o777 == 0o600
    book = tmp_path / "x.xlsx"
    assert report(place, "x", "--out", book).code == 0
    assert zipfile.is_zipfile(book)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["x.json", "x.xlsx"], "nothing half made is left"


@pytest.mark.row(114, 117)
def test_fees_are_a_table_too(place: Place) -> None:
    [row] = csv.DictReader(io.StringIO(report(place, "fees", "--format", "csv").out, newline=""))
    assert tuple(row) == FEES
    assert (row["channel"], row["payments"], row["in_bills"], row["charged_fee"]) == (
        "wechatpay",
        "3",
        "0",
        "0.00",
    )


def test_f4_a_file_is_never_taken_over_not_even_through_a_link(place: Place, tmp_path: Path) -> None:
    kept, link = tmp_path / "kept.csv", tmp_path / "link.csv"
    kept.write_text("mine")
    link.symlink_to(tmp_path / "elsewhere.csv")
    for out in (kept, link):
        for words in (("x",), ("fees",), ("daybook",), ("z", "--number", "1")):
            told = report(place, *words, "--out", out)
            assert told.code != 0, words
            assert "exists already" in told.err or words[0] == "z", told
    assert kept.read_text() == "mine"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["kept.csv", "link.csv"]
    nowhere = report(place, "x", "--out", kept / "x.csv")
    assert (nowhere.code, "could not be written" in nowhere.err) == (2, True)
    assert report(place, "x", "--out", tmp_path / "report").code == 2, "no format, no guess"


def test_f4_what_was_begun_and_failed_leaves_no_file(tmp_path: Path) -> None:
    out = tmp_path / "book.csv"

    def breaks() -> None:
        with new_whole(out, 0o600) as file:
            file.write(b"half")
            raise RuntimeError("the rows ended early")

    def second() -> None:
        with new_whole(out, 0o600) as file:
            file.write(b"ours")
            out.write_bytes(b"somebody was quicker")

    with pytest.raises(RuntimeError):
        breaks()
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(FileExistsError):
        second()
    assert out.read_bytes() == b"somebody was quicker"
