"""Reports as files for accountants: stable columns, safe to open in a spreadsheet, never over another file.

The columns stand in docs/reports.md; they keep their names and their order, new ones come at the end.
"""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, Final, Literal

from terminal.cli.words import USAGE, give_up
from terminal.payments.fees import whole_units
from terminal.payments.money import Money
from terminal.settlement.export import Rows, csv_pages, json_pages, write_xlsx
from terminal.system import SystemClock
from terminal.whole_file import new_whole

Format = Literal["text", "csv", "json", "xlsx"]
TOTALS: Final = (
    *("report", "n", "day", "counter", "first", "last", "currency", "channel", "wallet"),
    *("line", "count", "amount_minor", "amount", "ledger"),
)
FEES: Final = (
    *("first", "last", "channel", "currency", "rule", "holiday", "agreed", "charged", "payments", "in_bills"),
    *(
        "moved_minor",
        "settled_minor",
        "expected_milli",
        "charged_milli",
        "expected",
        "charged_fee",
        "wrong",
        "alert",
    ),
)


def totals_rows(told: Mapping[str, Any]) -> list[tuple[str | int, ...]]:
    """An X or Z as the API tells it: a row for each line of a channel, then ``taken``, ``refunded``, ``held``."""
    head = ("z" if told["n"] else "x", told["n"], told["day"], told["counter"], told["first"], told["last"])
    rows: list[tuple[str | int, ...]] = []
    for each in told["currencies"] or ():
        currency = each["currency"]

        def row(channel: str, wallet: str, line: str, n: int, minor: int, currency: str = currency) -> None:
            plain = Money(minor, currency).plain()
            rows.append((*head, currency, channel, wallet, line, n, minor, plain, told["ledger"]))

        for channel in each["channels"]:
            for line, sums in channel["lines"].items():
                row(channel["channel"], channel["wallet"], line, sums["n"], sums["minor"])
        for line in ("taken", "refunded"):
            row("", "", line, each[line]["n"], each[line]["minor"])
        row("", "", "held", 0, each["held_minor"])
    return rows


def fees_rows(told: Mapping[str, Any]) -> list[tuple[str | int, ...]]:
    """A row for each channel and price; ``expected`` and ``charged_fee`` are rounded half up to whole units."""
    return [
        (
            *(told["first"], told["last"], each["channel"], each["currency"], each["rule"]),
            *("yes" if each["holiday"] else "no", each["agreed"], each["charged"], each["n"], each["settled_n"]),
            *(each["moved_minor"], each["settle_minor"], each["expected_milli"], each["charged_milli"]),
            *(_plain(each["expected_milli"], each["currency"]), _plain(each["charged_milli"], each["currency"])),
            *(each["wrong_n"], "yes" if each["alert"] else "no"),
        )
        for each in told["fees"]
    ]


def _plain(milli: int, currency: str) -> str:
    return Money(whole_units(milli), currency).plain()


def refuse_taken(out: Path | None) -> None:
    """Ends the command where the file exists."""
    if out is not None and os.path.lexists(out):
        give_up(f"{out} exists already; nothing was done. Choose another name.")


def chosen(form: Format, out: Path | None) -> Format:
    """The format asked for, else the one the file's name ends with. Ends the command where they do not fit."""
    if form == "text" and out is not None:
        ends: dict[str, Format] = {".csv": "csv", ".json": "json", ".xlsx": "xlsx"}
        if out.suffix.lower() not in ends:
            give_up(f"In which format? {out.name} does not say it: add --format csv, json or xlsx.", USAGE)
        form = ends[out.suffix.lower()]
    if form == "xlsx" and out is None:
        give_up("A spreadsheet needs a file: add --out NAME.xlsx", USAGE)
    return form


def put_rows(
    out: Path | None, form: Format, columns: Sequence[str], pages: Rows, *, title: str, bom: bool = False
) -> None:
    """To a new file, or to standard output. Ends the command where the file cannot be made."""

    def write(file: BinaryIO) -> None:
        if form == "xlsx":
            made = datetime.fromtimestamp(SystemClock().wall_ms() // 1000, UTC)
            write_xlsx(file, columns, pages, title=title, made=made)
            return
        for chunk in csv_pages(columns, pages, bom=bom) if form == "csv" else json_pages(columns, pages):
            file.write(chunk)

    put_file(out, write)


def put_file(out: Path | None, write: Callable[[BinaryIO], None]) -> None:
    """``write`` gets a new file, or standard output without a name."""
    if out is None:
        write(sys.stdout.buffer)
        sys.stdout.buffer.flush()
        return
    try:
        with new_whole(out, 0o600) as file:
            write(file)
    except FileExistsError:
        give_up(f"{out} exists already; nothing was written. Choose another name.")
    except OSError as error:
        give_up(f"{out} could not be written ({error.strerror}). Choose another place.")
