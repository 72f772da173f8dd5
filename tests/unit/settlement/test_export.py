"""What accountants open: CSV that no cell can turn into a program, JSON, and real spreadsheets."""

import csv
import io
import json
import zipfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.settlement.export import FORMULA, Value, csv_pages, guarded, json_pages, write_xlsx

COLUMNS = ("number", "title", "amount")
EVIL = [
    "=1+1",
    "+1",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "\0=1",
    "＝1+1",
    "＠SUM(A1)",
    '=HYPERLINK("http://x","y")',
    "'=1",
    "a=b",
    '"',
    "茶, \r\n",
]
SPACE = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def pages(titles: Sequence[str]) -> list[list[Sequence[Value]]]:
    return [[(n, title, "-2.50")] for n, title in enumerate(titles)]


def read_csv(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True))


@pytest.mark.row(114)
def test_s63_csv_is_rfc_4180_and_safe_to_open() -> None:
    data = b"".join(csv_pages(COLUMNS, pages(EVIL)))
    head, *rows = read_csv(data)
    assert head == list(COLUMNS)
    assert [row[1] for row in rows] == [("'" + text if text[0] in "=+-@\t\r\n\0＝＠" else text) for text in EVIL]
    assert {row[2] for row in rows} == {"-2.50"}  # a number of ours stays one
    assert data.startswith(b"number,title,amount\r\n")
    assert not data.startswith(b"\xef\xbb\xbf")


def test_csv_has_a_mark_for_its_encoding_when_asked() -> None:
    data = b"".join(csv_pages(COLUMNS, pages(["茶"]), bom=True))
    assert data.startswith(b"\xef\xbb\xbfnumber")
    assert read_csv(data)[1][1] == "茶"


@given(st.lists(st.text(alphabet=st.characters(blacklist_categories=["Cs"], blacklist_characters="\x00"))))
def test_s63_any_text_comes_back_and_none_begins_a_formula(titles: list[str]) -> None:
    rows = read_csv(b"".join(csv_pages(COLUMNS, pages(titles))))[1:]
    assert [row[1] for row in rows] == [guarded(title) for title in titles]
    assert not any(row[1].startswith(FORMULA) for row in rows)


def test_json_holds_every_column_by_name_and_the_text_as_it_is() -> None:
    data = b"".join(json_pages(COLUMNS, [[], *pages(EVIL), []]))
    rows = json.loads(data)["rows"]
    assert [row["title"] for row in rows] == EVIL
    assert rows[0] == {"number": 0, "title": "=1+1", "amount": "-2.50"}
    assert json.loads(b"".join(json_pages(COLUMNS, []))) == {"rows": []}


@pytest.mark.row(114)
def test_s63_a_spreadsheet_holds_text_as_text_and_amounts_as_numbers() -> None:
    file = io.BytesIO()
    assert write_xlsx(
        file, COLUMNS, pages(EVIL), title="Day book", made=datetime(2026, 11, 21, tzinfo=UTC)
    ) == len(EVIL)
    cells = sheet(file, 1)
    assert cells["A1"] == ("inlineStr", "number")
    assert [cells[f"B{n}"] for n in (2, 3, 5)] == [("inlineStr", text) for text in (EVIL[0], EVIL[1], EVIL[3])]
    assert (cells["C2"][0], Decimal(cells["C2"][1])) == ("", Decimal("-2.5"))
    with zipfile.ZipFile(file) as book:
        assert b"<f>" not in book.read("xl/worksheets/sheet1.xml")


def test_a_full_sheet_is_followed_by_another() -> None:
    file = io.BytesIO()
    made = datetime(2026, 11, 21, tzinfo=UTC)
    assert write_xlsx(file, COLUMNS, pages(["a", "b", "c", "d", "e"]), title="Day book", made=made, full=2) == 5
    assert [sheet(file, n).get("B3", ("", ""))[1] for n in (1, 2, 3)] == ["b", "d", ""]
    assert sheet(file, 3)["B2"] == ("inlineStr", "e")


def sheet(file: io.BytesIO, number: int) -> dict[str, tuple[str, str]]:
    """Cell -> type and value, read by nobody's library."""
    with zipfile.ZipFile(file) as book:
        tree = ElementTree.fromstring(book.read(f"xl/worksheets/sheet{number}.xml"))
    found = {}
    for cell in tree.iter(f"{SPACE}c"):
        text = "".join(part.text or "" for part in cell.iter() if part.tag in {f"{SPACE}t", f"{SPACE}v"})
        found[cell.attrib["r"]] = (cell.attrib.get("t", ""), text)
    return found


@pytest.mark.row(114)
@pytest.mark.parametrize("form", ["csv", "json"])
def test_pages_are_written_while_they_are_made(form: str) -> None:
    made = 0

    def endless() -> Iterator[list[Sequence[Value]]]:
        nonlocal made
        while True:
            made += 1
            yield [(made, "x", "1.00")] * 100

    writer = csv_pages(COLUMNS, endless()) if form == "csv" else json_pages(COLUMNS, endless())
    for _ in range(50):
        next(writer)
    assert made <= 50
