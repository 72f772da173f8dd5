"""Rows as CSV, JSON or XLSX, written while they are made: memory does not grow with the number of rows.

What tills and people typed is text in every program that opens the file: in CSV a leading apostrophe keeps a cell
that looks like a formula from being one (OWASP, "CSV Injection"); in XLSX it is stored as a string.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, BinaryIO, Final

import msgspec

Value = str | int
Rows = Iterable[Sequence[Sequence[Value]]]  # pages of rows, each in the columns' order

BOM: Final = "\ufeff"  # some spreadsheets take a file without it for another encoding
FORMULA: Final = (
    *("=", "+", "-", "@", "\t", "\r", "\n", "\0"),
    *("＝", "＋", "－", "＠"),
)  # the wide ones are typed in Chinese
AMOUNTS: Final = frozenset({"amount"})  # ours, digits and a point: numbers also where they are negative
WIDE: Final = 26  # characters of a usual column
SHEET_ROWS: Final = 1_000_000  # of one sheet; the format has room for 1,048,576


def guarded(text: str) -> str:
    """Text that no spreadsheet takes for a formula."""
    return "'" + text if text.startswith(FORMULA) else text


def csv_pages(columns: Sequence[str], pages: Rows, *, bom: bool = False) -> Iterator[bytes]:
    """RFC 4180: CRLF, quotes doubled, UTF-8; the first line names the columns."""
    plain = [name in AMOUNTS for name in columns]
    yield (BOM * bom + _lines([columns])).encode()
    for page in pages:
        safe = [
            [
                guarded(each) if isinstance(each, str) and not number else each
                for each, number in zip(row, plain, strict=True)
            ]
            for row in page
        ]
        if safe:
            yield _lines(safe).encode()


def _lines(rows: Sequence[Sequence[Value]]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\r\n").writerows(rows)
    return buffer.getvalue()


def json_pages(columns: Sequence[str], pages: Rows) -> Iterator[bytes]:
    """``{"rows": [{column: value, …}, …]}``."""
    encode = msgspec.json.Encoder().encode
    yield b'{"rows":['
    first = True
    for page in pages:
        if page:
            told = b",".join(encode(dict(zip(columns, row, strict=True))) for row in page)
            yield told if first else b"," + told
            first = False
    yield b"]}\n"


class _Sheets:
    """A book of sheets with the columns' names on top; a full one is followed by another."""

    def __init__(self, book: Any, columns: Sequence[str], title: str, full: int) -> None:
        self._book, self._columns, self._title, self._full = book, columns, title, full
        self._bold = book.add_format({"bold": True})
        self._formats = [book.add_format({"num_format": f"0.{'0' * n}" if n else "0"}) for n in range(5)]
        self.count = 0
        self._sheet = self._new()

    def _new(self) -> Any:
        more = f" {self.count // self._full + 1}" if self.count else ""
        sheet = self._book.add_worksheet(self._title[:24] + more)
        sheet.set_column(0, len(self._columns) - 1, WIDE)
        sheet.freeze_panes(1, 0)
        for at, name in enumerate(self._columns):
            sheet.write_string(0, at, name, self._bold)
        return sheet

    def add(self, row: Sequence[Value]) -> None:
        if self.count and self.count % self._full == 0:
            self._sheet = self._new()
        line = self.count % self._full + 1
        self.count += 1
        for at, value in enumerate(row):
            if isinstance(value, int):
                self._sheet.write_number(line, at, value)
            elif self._columns[at] in AMOUNTS and value:
                places = len(value.partition(".")[2])
                self._sheet.write_number(line, at, Decimal(value), self._formats[places])
            else:
                self._sheet.write_string(line, at, value)


def write_xlsx(
    file: BinaryIO, columns: Sequence[str], pages: Rows, *, title: str, made: datetime, full: int = SHEET_ROWS
) -> int:
    """Sheets of ``full`` rows below the columns' names; returns how many rows. ``made`` is the file's own date.

    Source: ECMA-376, Office Open XML, SpreadsheetML: cells of type string hold no formula.
    """
    import xlsxwriter

    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(file, options)
    book.set_properties({"title": title, "created": made})
    sheets = _Sheets(book, columns, title, full)
    for page in pages:
        for row in page:
            sheets.add(row)
    book.close()
    return sheets.count
