"""``countertop reconcile`` beside no service: a bill from a file, in words, its exit code by what it found."""

import asyncio
import json
import os
from datetime import datetime
from pathlib import Path

import pytest

from terminal.cli.reconcile import yesterday
from terminal.settings import load
from terminal.system import SystemClock, SystemEntropy
from terminal.wiring.stores import open_journal
from tests.flows.cli_rig import Ended, Place, command
from tests.unit.banks.test_wechatpay_bill import bill, payment
from tests.unit.test_given_file import piped

NOWHERE = "http://127.0.0.1:9"
SUMS_OF_ONE = "1 10.00 0.00 0.00 0.06000 10.00 0.00"
MINE = "1900000109"  # the shipped example's merchant number


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    made = Place(tmp_path_factory.mktemp("reconciled"))
    made.example()

    async def begin() -> None:
        async with open_journal(load(made.config), SystemClock(), SystemEntropy()):
            return

    asyncio.run(begin())
    return made


def reconcile(place: Place, *words: str | Path, language: str = "en_GB") -> Ended:
    return command("reconcile", "--config", place.config, "--url", NOWHERE, *words, language=language)


def file(place: Path, merchant: str = MINE) -> Path:
    place.write_bytes(b"".join(bill(payment(商户号=merchant), summary=SUMS_OF_ONE)))
    return place


@pytest.mark.row(110)
def test_a_bill_with_a_stranger_is_told_in_words_and_by_its_exit_code(place: Place, tmp_path: Path) -> None:
    asked = ("--channel", "wechatpay", "--file", file(tmp_path / "bill.csv"))
    first = reconcile(place, *asked)
    assert (first.code, "Not in this journal" in first.out, "knows no such number" in first.out) == (1, True, True)
    again = reconcile(place, *asked, language="pt_BR")
    assert (again.code, "O extrato do banco traz" in again.out, "read before" in again.out) == (1, True, True)
    told = json.loads(reconcile(place, *asked, "--json").out)
    assert [each["kind"] for each in told["differences"]] == ["missing_here"]
    assert told["reports"][0]["repeated"] is True
    day = told["day"]["day"]
    known = reconcile(place, "--day", day)
    assert (known.code, f"{day}: 1 line without a sale" in known.out) == (1, True)


@pytest.mark.row(110)
def test_what_is_no_bill_of_ours_is_refused_with_two(place: Place, tmp_path: Path) -> None:
    other = reconcile(place, "--channel", "wechatpay", "--file", file(tmp_path / "other.csv", "1999999999"))
    assert (other.code, other.codes) == (2, ["F-40"])
    picture = tmp_path / "bill.pdf"
    picture.write_bytes(b"%PDF-1.7")
    assert reconcile(place, "--channel", "wechatpay", "--file", picture).codes == ["F-01"]
    nobody = reconcile(place, "--channel", "nobody", "--file", picture)
    assert (nobody.code, len(nobody.codes)) == (2, 1)
    assert reconcile(place, "--file", picture).code == 2, "whose bill it is has to be said"
    assert reconcile(place, "--day", "yesterday").code == 2
    assert reconcile(place, "--day", "2026-01-01").code == 2, "no bill of that day was read"


@pytest.mark.row(110)
def test_a_bill_that_comes_through_a_pipe_is_read_like_the_file(place: Place, tmp_path: Path) -> None:
    bill = file(tmp_path / "bill.csv")
    pipe, end = piped(bill.read_bytes())
    told = [
        json.loads(reconcile(place, "--channel", "wechatpay", "--json", "--file", each).out)
        for each in (bill, pipe)
    ]
    os.close(end)
    assert told[0]["reports"][0] | {"repeated": True} == told[1]["reports"][0]


def test_without_a_journal_nothing_is_made(tmp_path: Path) -> None:
    empty = Place(tmp_path)
    empty.example()
    told = reconcile(empty, "--channel", "wechatpay")
    assert (told.code, (tmp_path / "state" / "journal.db").exists()) == (4, False)


@pytest.mark.row(109)
@pytest.mark.parametrize(
    ("at", "zone", "day"),
    [
        ("2026-11-21T23:30:00+00:00", "Asia/Shanghai", "2026-11-21"),
        ("2026-11-22T01:30:00+00:00", "America/Sao_Paulo", "2026-11-20"),
        ("2026-10-25T00:30:00+00:00", "Europe/Berlin", "2026-10-24"),
    ],
)
def test_the_last_bill_is_of_the_shops_yesterday(at: str, zone: str, day: str) -> None:
    now_ms = int(datetime.fromisoformat(at).timestamp()) * 1000
    assert yesterday(now_ms, zone).isoformat() == day
