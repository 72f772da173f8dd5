"""``countertop reconcile``: a bill against the journal, in words; by the running service, or beside none.

Exit codes: 0 everything is equal, 1 something differs, 2 the bill was refused or there is none.
"""

import asyncio
from contextlib import ExitStack
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.table import Table

from terminal.bills.files import FILE_MAX
from terminal.cli.client import URL, Api, api
from terminal.cli.reconcile_asked import Asked, Told, about_day
from terminal.cli.report import DEMO
from terminal.cli.words import REFUSED, console, exit_code, give_up, language, put, tell
from terminal.errors import BadSettings, TerminalError, Unavailable
from terminal.given_file import handed_file
from terminal.help.catalogue import Catalogue
from terminal.settings import Problems, load
from terminal.settlement.business_day import ShopTime
from terminal.settlement.words import amount
from terminal.system import SystemClock

DIFFERS: Final = 1
NO_BILL: Final = 2
_OFFLINE: Final = frozenset({"service_not_running", "api_key_file_missing"})
Config = Annotated[Path, typer.Option(help="The settings file, for when no service runs.")]
Url = Annotated[str, typer.Option(envvar="COUNTERTOP_URL", help="Where the service answers.")]
KeyFile = Annotated[Path | None, typer.Option(envvar="COUNTERTOP_KEY_FILE", help="API key file.")]


def reconcile(
    channel: Annotated[str, typer.Option(help="Whose bill; without --file: ask the bank for it now.")] = "",
    day: Annotated[str, typer.Option(help="The bill's day, such as 2026-11-21; the last one without it.")] = "",
    file: Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="A bill you have.")] = None,
    form: Annotated[
        str, typer.Option("--format", help="As the docs name it; by the file's bytes without it.")
    ] = "",
    config: Config = DEMO,
    url: Url = URL,
    key_file: KeyFile = None,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Hold a bank's bill against the journal. Without --channel: what is known of that day."""
    if file and not channel:
        give_up("Whose bill is it? Name it with --channel.")
    try:
        with ExitStack() as held:
            asked = Asked(channel, _day(day, config), _bill(file, held), form)
            told = asyncio.run(_told(asked, config if config.exists() else None, url, key_file))
    except TerminalError as error:
        for each in error.problems if isinstance(error, Problems) else (error,):
            tell(each, as_json=as_json)
        raise typer.Exit(NO_BILL if exit_code(error) == REFUSED else exit_code(error)) from None
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
    put(told) if as_json else _show(told)
    raise typer.Exit(_code(told))


def _bill(file: Path | None, held: ExitStack) -> Path | None:
    """A file that can be read more than once: what comes through a pipe is copied first."""
    try:
        return held.enter_context(handed_file(file, FILE_MAX + 1)) if file else None
    except OSError as error:
        give_up(f"{file}: {error.strerror}", NO_BILL)


def yesterday(now_ms: int, zone: str) -> date:
    """The last day that is over in the shop: its bill is there the morning after."""
    return ShopTime.of(zone).local(now_ms).date() - timedelta(days=1)


def _day(text: str, config: Path) -> date:
    """Without a text: yesterday, in the zone of the settings where they are at hand."""
    if not text:
        return yesterday(SystemClock().wall_ms(), load(config).settings.shop.zone if config.exists() else "UTC")
    try:
        return date.fromisoformat(text)
    except ValueError:
        give_up(f"{text} is no day such as 2026-11-21.")


async def _told(asked: Asked, config: Path | None, url: str, key_file: Path | None) -> Told:
    """``reports`` of what was read now, ``day`` as it stands, its open ``differences``."""
    try:
        async with api(url, key_file) as service:
            return await _by_service(service, asked)
    except (Unavailable, BadSettings) as error:
        if error.slug not in _OFFLINE or config is None:
            raise
    from terminal.cli.reconcile_beside import beside  # the whole service: only when none runs

    return await beside(load(config), asked)


# --- by the running service ---------------------------------------------------------------------------------


async def _by_service(service: Api, asked: Asked) -> Told:
    reports: list[Told] = []
    channel, day, file = asked.channel, asked.day, asked.file
    if file:
        reports.append(
            await service.upload("/bills/import", file, channel=channel, format=asked.form, name=file.name)
        )
    elif channel:
        reports += (await service.post("/bills/fetch", {"channel": channel, "day": day.isoformat()}))["reports"]
    about = about_day(reports, day)
    found = await service.get("/differences", day=about, channel=channel)
    return {
        "reports": reports,
        "day": await service.get("/settlements", day=about, channel=channel),
        "differences": found["differences"],
    }


# --- telling ------------------------------------------------------------------------------------------------


def _code(told: Told) -> int:
    read = [each for each in told["reports"] if not each["without"]]
    if (told["reports"] and not read) or (not told["reports"] and not told["day"]["bills"]):
        return NO_BILL
    return DIFFERS if told["differences"] or any(each["found"] for each in read) else 0


def _show(told: Told) -> None:
    words = Catalogue.load(language())
    table = Table("channel", "bill", "day", "lines", "matched", "differ", "", box=None)
    for each in told["reports"]:
        note = each["without"].replace("_", " ") or ("read before" if each["repeated"] else "")
        cells = (each[name] for name in ("channel", "kind", "day", "lines", "matched", "found"))
        table.add_row(*map(str, cells), note, style="red" if each["found"] else "")
    if told["reports"]:
        console.print(table)
    console.print(f"{told['day']['day']}: {told['day']['line']}", markup=False, highlight=False, soft_wrap=True)
    fresh = {each["id"]: each for report in told["reports"] for each in report["differences"]}
    for each in [*told["differences"], *(fresh[key] for key in fresh.keys() - _ids(told["differences"]))]:
        sides = f"{_side(each, 'here_minor', words)} / {_side(each, 'there_minor', words)}"
        console.print(f"[bold]{each['title']}[/]  {sides}  {each['id']}", highlight=False, soft_wrap=True)
        console.print(f"  {each['sentence']}", markup=False, highlight=False, soft_wrap=True)
        choices = ", ".join(choice["name"] for choice in each["choices"])
        console.print(f"  {each['left_alone']}", markup=False, highlight=False, soft_wrap=True, style="dim")
        if choices:
            console.print(f"  → {choices}", markup=False, highlight=False, soft_wrap=True)


def _ids(differences: list[Told]) -> set[str]:
    return {each["id"] for each in differences}


def _side(told: Told, name: str, words: Catalogue) -> str:
    return amount(told[name], told["currency"], words)
