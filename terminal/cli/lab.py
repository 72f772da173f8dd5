"""``countertop lab run NAME`` and ``lab list``: faults by name, played headless on virtual time and judged."""

import logging
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.table import Table

from terminal.cli.words import REFUSED, USAGE, console, give_up, language, put, sentences
from terminal.lab.faults import FaultUnknown, catalogue, find

if TYPE_CHECKING:
    from terminal.simulation.lab_run import Verdict

lab = typer.Typer(no_args_is_help=True, help="Play faults by name on a simulated counter.")
MEMORY: Final = Path("/dev/shm")  # noqa: S108  # a private folder is made in it
RAILS: Final = "rails"
FIRST_PORT: Final = 1024
_SEEDS: Final = re.compile(r"([0-9]{1,9})(?:\.\.([0-9]{1,9}))?")
_DULL: Final = ("STATE", "TILE", "busy?", "status", "quiet", "command", "answer")
_SIGNS: Final = {"out": "→", "in": "←"}


@lab.command("list")
def list_faults(as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False) -> None:
    """Every fault and scenario, with what the till must do."""
    rows = catalogue().values()
    if as_json:
        put([{"slug": each.slug, "layer": each.layer, "ids": each.ids, "params": each.params,
              "expected": each.expected(language())} for each in rows])  # fmt: skip
        return
    table = Table("name", "where", "ids", "what must happen", box=None)
    for each in rows:
        table.add_row(each.slug, each.layer, " ".join(each.ids), each.expected(language()))
    console.print(table)


@lab.command("serve")
def serve_lab(
    headless: Annotated[
        bool, typer.Option("--headless", help="For programs: no page addresses are shown.")
    ] = False,
    port: Annotated[
        int, typer.Option(min=0, max=65_000, help="First of the ports: service, +1, +10 bank, +20 lab; 0: any.")
    ] = 0,
    seed: Annotated[str, typer.Option(help="The same seed, the same payment codes on the phone.")] = "",
    state: Annotated[
        Path | None, typer.Option(help="Where everything is kept; else a folder that goes with the run.")
    ] = None,
    ready: Annotated[
        Path | None, typer.Option(help="Written when it is ready; else STATE/lab-ready.json.")
    ] = None,
    with_parent: Annotated[bool, typer.Option("--with-parent", help="End when the caller ends.")] = False,
    currency: Annotated[str, typer.Option(help="The till's: CNY, EUR or INR.")] = "CNY",
    as_json: Annotated[bool, typer.Option("--json", help="One document when ready, for machines.")] = False,
) -> None:
    """A simulated bank, counter and service in one command, for a POS under test. Ends with Ctrl-C or SIGTERM."""
    import asyncio

    from terminal.cli.demo_settings import CURRENCIES
    from terminal.cli.lab_serve import LabServe

    if currency not in CURRENCIES:
        give_up(f"{currency!r} is no currency of the lab; it has {', '.join(CURRENCIES)}.", USAGE)
    if 0 < port < FIRST_PORT:
        give_up(f"Ports below {FIRST_PORT} are the system's own; 0 takes free ones.", USAGE)
    with sentences(as_json=as_json):
        serving = LabServe(state, port=port, seed=seed, as_json=as_json, currency=currency, pages=not headless)
        raise typer.Exit(asyncio.run(serving.run(with_parent=with_parent, ready=ready)))


@lab.command("run")
def run_fault(
    name: Annotated[str, typer.Argument(help="A fault or scenario of `countertop lab list`, or rails for all.")],
    seed: Annotated[str, typer.Option(metavar="N|A..B", help="The same seed gives the same run.")] = "1",
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="The verdict only.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
    connector: Annotated[str, typer.Option(help="With rails: this one only.")] = "",
    each: Annotated[int, typer.Option(min=0, help="With rails: seeds a cell; 0 takes one in fifty.")] = 0,
    jobs: Annotated[int, typer.Option(min=0, help="With rails: processes; 0 takes one a core.")] = 0,
) -> None:
    """Play one fault: a sale, the trouble, days later the audit. Ends with 0 only if the oracle agrees.

    With rails: every fault with every connector, and the table of how each ended.
    """
    if name == RAILS:
        from terminal.cli.lab_rails import run_rails

        run_rails(seeds_named(seed), connector=connector, each=each, jobs=jobs, as_json=as_json)
        return
    _run_one(name, seeds_named(seed)[0], quiet=quiet, as_json=as_json)


def seeds_named(text: str) -> range:
    """``7``, or ``1..200`` with both ends."""
    match = _SEEDS.fullmatch(text)
    if match is None or int(match[2] or match[1]) < int(match[1]):
        give_up(f"{text!r} is no seed; 7 is one, 1..200 are two hundred.", USAGE)
    return range(int(match[1]), int(match[2] or match[1]) + 1)


def _run_one(name: str, seed: int, *, quiet: bool, as_json: bool) -> None:
    try:
        find(name)
    except FaultUnknown as unknown:
        give_up(f"{unknown}.", USAGE)
    from terminal.simulation.lab_run import lab_run

    logging.disable(logging.CRITICAL)  # what the service logs here is the fault, and stands in the timeline
    try:
        place = MEMORY if MEMORY.is_dir() else None
        with tempfile.TemporaryDirectory(prefix="countertop-lab-", dir=place) as folder:
            verdict = lab_run(name, Path(folder), seed=seed)
    finally:
        logging.disable(logging.NOTSET)
    if as_json:
        put({"agrees": verdict.agrees, "verdict": verdict})
    else:
        _show(verdict, quiet=quiet)
    if not verdict.agrees:
        raise typer.Exit(REFUSED)


def _show(verdict: "Verdict", *, quiet: bool) -> None:
    if not quiet:
        _timeline(verdict)
    fault = find(verdict.name)
    console.print(f"[bold]{verdict.name}[/] {' '.join(fault.ids)}: {fault.expected(language())}", highlight=False)
    for said in verdict.said:
        console.print(f"  said     “{said}”", highlight=False, markup=False)
    console.print(
        f"  sale     {verdict.ends}; the bank took the money {verdict.captured} ×; {len(verdict.slips)} slips; "
        f"{verdict.virtual_s:.0f} s of virtual time, seed {verdict.seed}",
        highlight=False,
    )
    if not verdict.fired:
        console.print("[bold red]The fault never happened[/]: this run proves nothing.")
    for wrong in verdict.wrong:
        console.print(f"[bold red]wrong[/]    {wrong}", highlight=False)
    if verdict.agrees:
        console.print("[bold green]The oracle agrees[/]: money, glass, paper and voice are as they must be.")


def _timeline(verdict: "Verdict") -> None:
    table = Table("s", "where", "", "what", box=None, pad_edge=False)
    start_ms = verdict.lines[0].at_ms if verdict.lines else 0
    for line in verdict.lines:
        if line.text and not line.text.startswith(_DULL):
            text = line.text.replace("[", r"\[")
            at = f"{(line.at_ms - start_ms) / 1000:.3f}"
            table.add_row(at, line.place, _SIGNS.get(line.way, ""), text)
    console.print(table)
