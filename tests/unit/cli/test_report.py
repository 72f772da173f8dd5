"""``countertop report`` beside no service: everything is read from the journal, nothing is sealed."""

import asyncio
import csv
import io
import json
from pathlib import Path

import pytest

from terminal.app import open_journal
from terminal.payments.event import Actor, NewEvent
from terminal.settings import load
from terminal.system import SystemClock, SystemEntropy
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
