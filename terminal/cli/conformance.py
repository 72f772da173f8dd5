"""``countertop conformance``: may this connector see live money? Runs the kit, keeps results, starts new ones."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from terminal.cli.words import REFUSED, USAGE, console, give_up, put, sentences
from terminal.errors import NotFound
from terminal.settings import Loaded, load
from terminal.system import SystemClock

if TYPE_CHECKING:
    from terminal.conformance.proof import Proof
    from terminal.conformance.run import Report, Result

conformance = typer.Typer(no_args_is_help=True, help="What every connector must pass before live money.")
_NOBODY = "{name} asks nobody: statements confirm its payments, so it has no protocol to try, and needs no result."
_MARKS = {"green": "[green]green[/]", "red": "[bold red]red[/]", "not applicable": "[dim]n/a[/]"}


@conformance.command("run")
def run(
    name: Annotated[str, typer.Argument(help="A connector: ours, or that of an installed package.")],
    config: Annotated[
        Path | None, typer.Option(help="The settings file; the result is kept in its state folder.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Show the green cases too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Run the kit for one connector: a table of what is red, with its rule and page. Ends with 0 only if green.

    The result is a file, kept with --config in the state folder. Live money is refused without a green one.
    """
    from terminal import connectors
    from terminal.conformance import proof
    from terminal.conformance.run import run_kit

    with sentences(as_json=as_json):
        loaded = load(config) if config else None
        if (bench := connectors.bench_of(name)) is None:
            if connectors.asks_nobody(name):
                console.print(_NOBODY.format(name=name), highlight=False, markup=False, soft_wrap=True)
                return
            raise NotFound("connector_unknown", name=name, names=", ".join(connectors.names()))
        report = run_kit(bench())
        result = proof.proof_of(report, proof.code_of(connectors.folder_of(name)), SystemClock().wall_ms())
        kept = _keep(loaded, result)
    if as_json:
        put({"green": report.green, "kept": kept, "result": result, "cases": [_told(x) for x in report.results]})
    else:
        _show(report, every=every, kept=kept)
    if not report.green:
        raise typer.Exit(REFUSED)


def _keep(loaded: Loaded | None, result: "Proof") -> str:
    """Only a state folder that is there: the service makes it, with the rights it needs."""
    from terminal.conformance import proof

    if loaded is None or not loaded.state.is_dir():
        return ""
    try:
        return str(proof.keep(result, loaded.state / proof.FOLDER))
    except OSError as error:
        give_up(f"The result cannot be kept in {loaded.state}: {error.strerror}.", REFUSED)


def _told(result: "Result") -> dict[str, object]:
    from terminal.conformance.page import place

    case = result.case
    return {
        "case": case.name,
        "outcome": result.outcome,
        "why": result.why,
        "rule": case.rule,
        "for_money": case.why,
        "faults": case.faults,
        "page": place(case),
    }


def _show(report: "Report", *, every: bool, kept: str) -> None:
    from terminal.conformance.page import place

    table = Table("", "case", "its rule, what the connector did instead, and where it stands", box=None)
    table.columns[1].no_wrap = True
    for each in report.results:
        if each.outcome == "red":
            lines = (each.case.rule, each.case.why, f"It did: {each.why}", place(each.case))
            table.add_row(_MARKS["red"], each.case.name, escape("\n".join(lines)))
        elif every:
            why = f" ({each.why})" if each.why else ""
            table.add_row(_MARKS[each.outcome], each.case.name, escape(each.case.rule + why))
    if table.row_count:
        console.print(table)
    green, red, away = (len(report.of(each)) for each in ("green", "red", "not applicable"))
    verdict = "[green]may see live money[/]" if report.green else "[bold red]sees no live money[/]"
    console.print(f"{report.name}: {verdict}; {green} green, {red} red, {away} do not apply.", highlight=False)
    if away and not every:
        console.print("What does not apply, and why: --all", highlight=False)
    if kept:
        console.print(f"Kept in {kept}", highlight=False, markup=False, soft_wrap=True)


@conformance.command("new")
def new(
    name: Annotated[str, typer.Argument(help="Of the connector: small letters, digits and _.")],
    folder: Annotated[Path | None, typer.Option(help="Where; a folder that is not there yet.")] = None,
) -> None:
    """Start a connector: module, profile, peer, test and page in a package of their own, red at first."""
    from terminal.conformance.template import CannotStart, start

    try:
        made = start(name, folder or Path(f"countertop-{name}"))
    except CannotStart as error:
        give_up(str(error), USAGE)
    console.print(f"Made {made}:", highlight=False, markup=False, soft_wrap=True)
    for line in (f"pip install -e {made}", f"countertop conformance run {name}"):
        console.print(f"  {line}", highlight=False, markup=False, soft_wrap=True)
    console.print("It is red. The steps stand in its README.md; each red case names its rule.", highlight=False)
