"""``countertop statement import | check``: a bank's statement, handed to the service or looked at beside it."""

import asyncio
import hashlib
import io
from pathlib import Path
from typing import Annotated, Final

import typer

from terminal.banks.statements.amounts import told
from terminal.bills.statement_folder import DONE, FILE_MAX, Source, mapping_of, reader_of
from terminal.bills.statement_folder import REFUSED as REFUSED_FOLDER
from terminal.bills.statement_intake import promised
from terminal.cli.journal import DEMO, Config
from terminal.cli.words import REFUSED, UNAVAILABLE, USAGE, console, give_up, sentences
from terminal.errors import BadSettings
from terminal.given_file import read_handed
from terminal.journal.reader import Reader
from terminal.payments.bill import BillEnd, BillLine, BillRefused, LineKind
from terminal.payments.reference import Given, order_of
from terminal.settings import Loaded, load
from terminal.settings.channel_tables import AnyBankTable
from terminal.wiring.stores import reading_path

statement = typer.Typer(no_args_is_help=True, help="Statements of a bank without an API.")
Which = Annotated[str, typer.Option(help="The channel; needed when several have statements.")]
File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="As the bank gave it: camt, MT940, CSV.")]
LOOK_S: Final = 0.25
WAIT_S: Final = 30.0


@statement.command("import")
def import_(
    file: File,
    channel: Which = "",
    config: Config = DEMO,
    wait: Annotated[float, typer.Option(min=0, max=600, help="Seconds to wait for the service.")] = WAIT_S,
) -> None:
    """Put a copy into the channel's folder and tell what the service makes of it."""
    with sentences():
        loaded = load(config)
        folder = loaded.path(_table(loaded, channel)[1].statement_folder)
        data = _handed(file)
        name = f"{hashlib.sha256(data).hexdigest()[:8]}-{file.name}"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        before = _reports(folder, name)
        draft = folder / f"{name}.part"
        draft.write_bytes(data)
        draft.rename(folder / name)
        report = asyncio.run(_report(folder, name, before, wait))
    if report is None:
        give_up(f"It lies in {folder}; the service is not running and takes it at its next start.", UNAVAILABLE)
    console.print(report.read_text("utf-8").strip(), markup=False, highlight=False, soft_wrap=True)
    if report.parent.name == REFUSED_FOLDER:
        raise typer.Exit(REFUSED)


@statement.command()
def check(file: File, channel: Which = "", config: Config = DEMO) -> None:
    """Read a file and match it against the journal; nothing is imported, the service may run or not."""
    with sentences():
        loaded = load(config)
        name, table = _table(loaded, channel)
        path = reading_path(loaded)
        reader = Reader.at(path) if path.exists() else None
        try:
            for line in _looked_at(file, loaded, table, name, reader):
                console.print(line, markup=False, highlight=False, soft_wrap=True)
        finally:
            if reader is not None:
                reader.close()


def _handed(file: Path) -> bytes:
    """Raises BillRefused("bill_too_large")."""
    try:
        data = read_handed(file, FILE_MAX + 1)
    except OSError as error:
        give_up(f"{file}: {error.strerror}", USAGE)
    if len(data) > FILE_MAX:
        raise BillRefused("bill_too_large", limit=FILE_MAX)
    return data


def _table(loaded: Loaded, channel: str) -> tuple[str, AnyBankTable]:
    """Raises BadSettings("setting_unusable")."""
    tables = {name: each for name, each in loaded.settings.channels.items() if isinstance(each, AnyBankTable)}
    if channel:
        tables = {name: each for name, each in tables.items() if name == channel}
    if len(tables) != 1:
        why = "name one with --channel" if tables else "no channel has statements"
        raise BadSettings("setting_unusable", field="channels", why=why)
    return next(iter(tables.items()))


def _reports(folder: Path, name: str) -> set[Path]:
    return {each for part in (DONE, REFUSED_FOLDER) for each in (folder / part).glob(f"*{name}.txt")}


async def _report(folder: Path, name: str, before: set[Path], wait_s: float) -> Path | None:
    """The text the service writes once it has the file; None: nobody took it in time."""
    for _ in range(1 + int(wait_s / LOOK_S)):
        if new := _reports(folder, name) - before:
            return new.pop()
        await asyncio.sleep(LOOK_S)
    return None


def _looked_at(file: Path, loaded: Loaded, table: AnyBankTable, name: str, reader: Reader | None) -> list[str]:
    words, matched, left = list[str](), 0, 0
    format_, lines = reader_of(Source(io.BytesIO(_handed(file)), file.name), mapping_of(loaded, table))
    for line in lines:
        if isinstance(line, BillEnd):
            end = line
        elif line.kind is LineKind.PAYMENT:
            order = _order(line, name, reader)
            matched, left = matched + (order != ""), left + (order == "")
            what = f"is for {order}" if order else "names no order of ours"
            words.append(f"line {line.line}: {told(line.gross_minor, line.currency)} {what}")
    head = f"{format_}, account {end.account or '-'}: {end.lines} lines, its sums hold; "
    return [f"{head}{matched} credits matched, {left} not", *words]


def _order(line: BillLine, channel: str, reader: Reader | None) -> str:
    if reader is None:
        return ""
    named = order_of(line.references, lambda key: promised(reader.claimed, channel, key))
    return named.order_no if isinstance(named, Given) else ""
