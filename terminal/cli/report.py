"""``countertop report x | z | fees | daybook | today``: from the running service, or from the journal alone.

Beside a service that does not run everything can be read; a Z is sealed by the service only.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple
from datetime import date
from pathlib import Path
from typing import Annotated, Any, BinaryIO, Final

import msgspec
import typer
from rich.table import Table

from terminal.cli.client import URL, Api, api
from terminal.cli.report_files import (
    FEES,
    TOTALS,
    Format,
    chosen,
    fees_rows,
    put_file,
    put_rows,
    refuse_taken,
    totals_rows,
)
from terminal.cli.words import REFUSED, console, language, put, sentences
from terminal.counter.ports import Ticket
from terminal.errors import BadSettings, InvalidRequest, JournalError, Unavailable
from terminal.help.catalogue import Catalogue
from terminal.journal.reader import Reader
from terminal.journal.settled import SettledReader
from terminal.payments.event import Event, Ledger, NewEvent
from terminal.payments.money import Money
from terminal.settings import Loaded, load
from terminal.settlement.business_day import ShopTime
from terminal.settlement.daybook import COLUMNS, DayBook
from terminal.settlement.export import Rows
from terminal.settlement.fees import fees_of_days
from terminal.settlement.z_report import Report, Reports
from terminal.system import SystemClock, SystemIds
from terminal.web.shapes.reports import FeeList, TodayView, currency_views, fee_view, report_view
from terminal.web.shapes.sales import sale_row
from terminal.wiring.stores import reading_path

report = typer.Typer(no_args_is_help=True, help="X and Z reports, fees, the day book, today.")
DEMO: Final = Path(".demo/countertop.toml")
Config = Annotated[Path, typer.Option(help="The settings file, for reading while no service runs.")]
Url = Annotated[str, typer.Option(envvar="COUNTERTOP_URL", help="Where the service answers.")]
KeyFile = Annotated[Path | None, typer.Option(envvar="COUNTERTOP_KEY_FILE", help="API key file.")]
Json = Annotated[bool, typer.Option("--json", help="For machines.")]
Counter = Annotated[str, typer.Option(help="Only this counter.")]
Day = Annotated[str, typer.Option(help="A business day such as 2026-11-21; today without it.")]
_FEES: Final = ("channel", "rule", "agreed", "charged", "settled_n", "n", "wrong_n")
Form = Annotated[Format, typer.Option("--format", help="text, csv, json or xlsx; by the file's name without it.")]
Out = Annotated[Path | None, typer.Option("-o", "--out", help="File to make; standard output else.")]
Bom = Annotated[bool, typer.Option(help="A mark before the CSV for spreadsheets.")]


class _Shelf(Reader):
    """A journal that is only read."""

    async def append(self, _events: Sequence[NewEvent], *, ticket: Ticket | None = None) -> tuple[Event, ...]:  # noqa: ARG002  # the port's
        raise Unavailable("service_not_running", url=URL)


class Offline:
    """The API's answers from the journal's file."""

    def __init__(self, loaded: Loaded, shelf: _Shelf) -> None:
        shop, self.shelf = loaded.settings.shop, shelf
        self.shop, self.cut_off = ShopTime.of(shop.zone, shop.cut_off), shop.cut_off
        self.ledger = Ledger.TEST if loaded.settings.mode == "test" else Ledger.LIVE
        self.reports = Reports(shelf, SystemClock(), self.shop, store=shop.store, ledger=self.ledger)

    def view(self, found: Report) -> Any:
        told = report_view(found, zone=self.shop.zone.key, cut_off=self.cut_off, labels={})
        return msgspec.to_builtins(told)

    async def x(self, counter: str) -> Any:
        return self.view(await self.reports.x(counter))

    async def z(self, number: int) -> Any:
        return self.view(self.reports.z(number or self.reports.last().n))

    async def today(self, counter: str) -> Any:
        rows = [sale_row(row) for row in self.shelf.list("sale", counter=counter, limit=20)]
        totals = currency_views(await self.reports.today_totals(counter), {})
        return msgspec.to_builtins(TodayView(self.reports.today().isoformat(), rows, totals))

    async def fees(self, first: date, last: date) -> Any:
        settled = SettledReader(self.shelf)
        lines = await fees_of_days(self.shelf, self.shop, first, last, ledger=self.ledger, settled=settled)
        told = FeeList(first.isoformat(), last.isoformat(), [fee_view(each) for each in lines])
        return msgspec.to_builtins(told)

    def daybook(self, first: date, last: date, z: int, counter: str) -> Rows:
        book = DayBook(self.shelf, self.shop, ledger=self.ledger, counter=counter)
        if z:
            sealed = self.reports.z(z)
            return ([astuple(row) for row in page] for page in book.of_numbers(sealed.first, sealed.last))
        return ([astuple(row) for row in page] for page in book.of_days(first, last))


@contextmanager
def _offline(config: Path) -> Iterator[Offline]:
    """Raises Problems, JournalError("journal_missing")."""
    loaded = load(config)
    path = reading_path(loaded)
    if not path.exists():
        raise JournalError("journal_missing", path=str(path))
    shelf = _Shelf(Reader.at(path).connection)
    try:
        yield Offline(loaded, shelf)
    finally:
        shelf.close()


def _told(
    config: Path,
    url: str,
    key_file: Path | None,
    ask: Callable[[Api], Awaitable[Any]],
    read: Callable[[Offline], Awaitable[Any]],
) -> Any:
    """From the service; from the file where none runs or no key is at hand."""

    async def asked() -> Any:
        async with api(url, key_file) as service:
            return await ask(service)

    try:
        return asyncio.run(asked())
    except (Unavailable, BadSettings) as error:
        if error.slug not in {"service_not_running", "api_key_file_missing"} or not config.exists():
            raise
    with _offline(config) as offline:
        return asyncio.run(_await(read(offline)))


async def _await(found: Awaitable[Any]) -> Any:
    return await found


@report.command()
def x(
    counter: Counter = "",
    form: Form = "text",
    out: Out = None,
    bom: Bom = False,
    config: Config = DEMO,
    url: Url = URL,
    key_file: KeyFile = None,
    as_json: Json = False,
) -> None:
    """What was taken since the last Z; seals nothing."""
    form = chosen(form, out)
    with sentences(as_json=as_json):
        told = _told(
            config, url, key_file,
            lambda service: service.get("/reports/x", counter=counter), lambda offline: offline.x(counter),
        )  # fmt: skip
        _show(told, form, out, bom=bom, as_json=as_json)


@report.command()
def z(
    number: Annotated[int, typer.Option("--number", "-n", min=1, help="Show this one, seal nothing.")] = 0,
    day: Day = "",
    empty: Annotated[bool, typer.Option(help="Also when nothing happened.")] = False,
    print_at: Annotated[str, typer.Option(help="A counter whose printer prints it.")] = "",
    person: Annotated[str, typer.Option(help="Id of who closes the day; the PIN is asked for.")] = "",
    form: Form = "text",
    out: Out = None,
    bom: Bom = False,
    config: Config = DEMO,
    url: Url = URL,
    key_file: KeyFile = None,
    as_json: Json = False,
) -> None:
    """Close a business day, or show the Z with --number."""
    form = chosen(form, out)
    refuse_taken(out)  # before a day is closed, not after it
    with sentences(as_json=as_json):
        if number:
            told = _told(
                config, url, key_file,
                lambda service: service.get(f"/reports/z/{number}"), lambda offline: offline.z(number),
            )  # fmt: skip
        else:
            body: dict[str, Any] = {"day": day, "empty": empty, "print_at": print_at}
            if person:
                pin = typer.prompt("PIN", hide_input=True, err=True)
                body["approver"] = {"person": person, "pin": pin}
            told = asyncio.run(_seal(url, key_file, body))
        _show(told, form, out, bom=bom, as_json=as_json)


async def _seal(url: str, key_file: Path | None, body: dict[str, Any]) -> Any:
    async with api(url, key_file) as service:
        return await service.post("/reports/z", body, key=SystemIds().ulid())


@report.command()
def today(
    counter: Counter = "", config: Config = DEMO, url: Url = URL, key_file: KeyFile = None, as_json: Json = False
) -> None:
    """The newest sales and the business day so far."""
    with sentences(as_json=as_json):
        told = _told(
            config, url, key_file,
            lambda service: service.get("/reports/today", counter=counter), lambda offline: offline.today(counter),
        )  # fmt: skip
        if as_json:
            put(told)
            return
        words = Catalogue.load(language())
        for sale in told["sales"]:
            amount = words.money(Money(sale["amount_minor"], sale["currency"]))
            console.print(f"{sale['no']:04}  {amount}  {words.text('state.' + sale['word'])}", highlight=False)
        _sums(told["totals"] or [], words)


@report.command()
def fees(
    day: Day = "",
    last: Annotated[str, typer.Option(help="The last day, where --day is the first.")] = "",
    form: Form = "text",
    out: Out = None,
    bom: Bom = False,
    config: Config = DEMO,
    url: Url = URL,
    key_file: KeyFile = None,
    as_json: Json = False,
) -> None:
    """Agreed and charged fees by channel; exits with 1 when one is over the tolerance."""
    form = chosen(form, out)
    with sentences(as_json=as_json):
        told = _told(
            config, url, key_file,
            lambda service: service.get("/reports/fees", first=day, last=last),
            lambda offline: offline.fees(*_days(offline.shop, day, last)),
        )  # fmt: skip
        if as_json:
            put(told)
        elif form != "text":
            put_rows(out, form, FEES, [fees_rows(told)], title="Fees", bom=bom)
        else:
            table = Table("channel", "rule", "agreed", "charged", "settled", "of", "wrong", box=None)
            for each in told["fees"]:
                cells = [each[name] for name in _FEES]
                table.add_row(*map(str, cells), style="red" if each["alert"] else "")
            console.print(table)
        if any(each["alert"] for each in told["fees"]):
            raise typer.Exit(REFUSED)


@report.command()
def daybook(
    day: Day = "",
    last: Annotated[str, typer.Option(help="The last day, where --day is the first.")] = "",
    z: Annotated[int, typer.Option(min=0, help="The rows of this Z instead of a day's.")] = 0,
    counter: Counter = "",
    form: Annotated[Format, typer.Option("--format", help="text, csv, json or xlsx.")] = "csv",
    out: Out = None,
    bom: Bom = False,
    config: Config = DEMO,
) -> None:
    """One row for each proven amount, for the accountant, read beside the running service."""
    if form == "xlsx":
        chosen(form, out)
    with sentences(), _offline(config) as offline:
        pages = offline.daybook(*_days(offline.shop, day, last), z, counter)
        if form == "text":
            put_file(out, lambda file: _lines(file, pages))
        else:
            put_rows(out, form, COLUMNS, pages, title="Day book", bom=bom)


def _lines(file: BinaryIO, pages: Rows) -> None:
    for page in pages:
        file.writelines(("  ".join(map(str, row[:8])) + f"  {row[15]}\n").encode() for row in page)


def _days(shop: ShopTime, first: str, last: str) -> tuple[date, date]:
    """Raises InvalidRequest("field_wrong")."""
    try:
        begin = date.fromisoformat(first) if first else shop.business_day(SystemClock().wall_ms())
        return begin, date.fromisoformat(last) if last else begin
    except ValueError:
        raise InvalidRequest("field_wrong", field="day") from None


def _show(told: Any, form: Format, out: Path | None, *, bom: bool, as_json: bool) -> None:
    if as_json:
        put(told)
        return
    if form != "text":
        put_rows(out, form, TOTALS, [totals_rows(told)], title="Z report" if told["n"] else "X report", bom=bom)
        return
    words = Catalogue.load(language())
    title = words.text("report.z_title", n=told["n"]) if told["n"] else words.text("report.x_title")
    console.print(f"[bold]{title}[/]  {words.text('report.day')} {told['day']}", highlight=False)
    _sums(told["currencies"], words)
    if told["open_n"]:
        console.print(words.text("report.open", n=told["open_n"]), highlight=False)
    for day in told["unsealed"]:
        console.print(f"{words.text('report.not_sealed')}: {day}", highlight=False)
    if told["n"]:
        console.print(f"{words.text('report.events')} {told['first']}-{told['last']}", highlight=False)
        console.print(f"{words.text('report.anchor')} {told['anchor']}", highlight=False)


def _sums(currencies: list[dict[str, Any]], words: Catalogue) -> None:
    table = Table("", "", "", box=None, show_header=False)
    for each in currencies:

        def money(minor: int, currency: str = each["currency"]) -> str:
            return words.money(Money(minor, currency))

        for channel in each["channels"]:
            for line, told in channel["lines"].items():
                name = words.text(f"report.{line}")
                table.add_row(
                    channel["wallet"] or channel["channel"], f"{name} ({told['n']})", money(told["minor"])
                )
        for name in ("taken", "refunded"):
            table.add_row("", f"{words.text(f'report.{name}')} ({each[name]['n']})", money(each[name]["minor"]))
        table.add_row("", words.text("report.held"), money(each["held_minor"]), style="bold")
    console.print(table if currencies else words.text("report.nothing"))
