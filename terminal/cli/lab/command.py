"""``countertop lab``: faults and stories by name, listed, checked, and played on virtual time."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.markup import escape
from rich.table import Table

from terminal.cli.lab.play import played
from terminal.cli.words import REFUSED, USAGE, console, give_up, language, put, sentences
from terminal.help.catalogue import Catalogue
from terminal.lab.faults import Fault, FaultUnknown, catalogue
from terminal.lab.readable import telling
from terminal.lab.scenario_files import FOLDER, named, raw_of, shipped
from terminal.lab.scenario_lint import complaints
from terminal.lab.scenarios import BadScenario

if TYPE_CHECKING:
    from terminal.simulation.lab_run import Verdict

lab = typer.Typer(no_args_is_help=True, help="A simulated counter: serve it, play faults and stories by name.")
RAILS: Final = "rails"
FIRST_PORT: Final = 1024
_SEEDS: Final = re.compile(r"([0-9]{1,9})(?:\.\.([0-9]{1,9}))?")
_SIGNS: Final = {"out": "→", "in": "←"}


@lab.command("list")
def list_faults(as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False) -> None:
    """Every fault and story by name: its layer, what the till must do, what the cashier does."""
    spoken = language()
    rows = [*catalogue().values(), *(each.as_fault() for each in shipped().values())]
    if as_json:
        put([_row(each, spoken) for each in rows])
        return
    table = Table("name", "layer", "ids", "what must happen", box=None)
    for each in rows:
        table.add_row(each.slug, each.layer, " ".join(each.ids), each.expected(spoken))
    console.print(table)


def _row(fault: Fault, spoken: str) -> dict[str, Any]:
    story = shipped().get(fault.slug)
    return {
        "slug": fault.slug,
        "layer": fault.layer,
        "ids": fault.ids,
        "params": fault.params,
        "expected": fault.expected(spoken),
        "cashier": fault.cashier(spoken),
        "sees": fault.sees,
        "faults": story.faults if story else (),
        "in_the_lab": fault.on_page,
    }


@lab.command("lint")
def lint(
    files: Annotated[
        list[Path] | None, typer.Argument(help="Scenario files; none: those that are shipped.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """What is wrong with scenario files, in sentences. Ends with 0 only if nothing is."""
    told: dict[str, tuple[str, ...]] = {}
    for path in files or sorted(FOLDER.glob("*.toml")):
        try:
            told[str(path)] = complaints(raw_of(path))
        except BadScenario as bad:
            told[str(path)] = bad.complaints
        except OSError as error:
            told[str(path)] = (f"{error.strerror}.",)
    if as_json:
        put([{"file": name, "complaints": wrong} for name, wrong in told.items()])
    else:
        for name, wrong in told.items():
            for sentence in wrong or ("sound.",):
                console.print(f"{name}: {sentence}", highlight=False, markup=False, soft_wrap=True)
    if any(told.values()):
        raise typer.Exit(REFUSED)


@lab.command("replay")
def replay(
    file: Annotated[Path, typer.Argument(help="A recording of `countertop sale record`, or a support bundle.")],
    number: Annotated[int, typer.Option("--sale", min=1, max=999, help="Which of the file's sales.")] = 1,
    test: Annotated[Path | None, typer.Option(help="Write a pytest module that plays it.")] = None,
    scenario: Annotated[Path | None, typer.Option(help="Write it as a scenario file.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Play a sale that was recorded in a shop; ends with 0 if the lab's till says the same words, 1 if not."""
    from terminal.cli.lab.replay import run_replay

    raise typer.Exit(run_replay(file, number=number, test=test, scenario=scenario, as_json=as_json))


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
    virtual: Annotated[
        bool,
        typer.Option("--virtual", help="Time is a number: clock/advance moves it, and waiting costs nothing."),
    ] = False,
    lan: Annotated[
        str, typer.Option(metavar="ADDRESS", help="This machine's address where a trainer's phone may come in.")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="One document when ready, for machines.")] = False,
) -> None:
    """A simulated bank, counter and service in one command, for a POS under test. Ends with Ctrl-C or SIGTERM."""
    import asyncio

    from terminal.cli.lab.serve import LabServe
    from terminal.lab.demo_settings import CURRENCIES

    if currency not in CURRENCIES:
        give_up(f"{currency!r} is no currency of the lab; it has {', '.join(CURRENCIES)}.", USAGE)
    if 0 < port < FIRST_PORT:
        give_up(f"Ports below {FIRST_PORT} are the system's own; 0 takes free ones.", USAGE)
    if virtual and (lan or state or currency != "CNY"):
        give_up("With --virtual there is no --lan, --state or --currency: it is one process, kept nowhere.", USAGE)
    if lan and not _is_address(lan):
        give_up(f"{lan!r} is no address of one machine; write it as 192.168.1.5.", USAGE)
    if ready is not None and not ready.parent.is_dir():
        give_up(f"{ready}: there is no folder {ready.parent}.", USAGE)
    if state is not None and state.exists() and not state.is_dir():
        give_up(f"{state} is no folder.", USAGE)
    with sentences(as_json=as_json):
        serving = LabServe(
            state, port=port, seed=seed, as_json=as_json, currency=currency, pages=not headless, lan=lan
        )
        if virtual:
            raise typer.Exit(asyncio.run(serving.run_virtual(with_parent=with_parent, ready=ready)))
        raise typer.Exit(asyncio.run(serving.run(with_parent=with_parent, ready=ready)))


@lab.command("run")
def run_fault(
    name: Annotated[
        str,
        typer.Argument(
            help="A name of `countertop lab list`, a scenario file, or rails for all.", metavar="NAME|FILE"
        ),
    ],
    seed: Annotated[str, typer.Option(metavar="N|A..B", help="The same seed gives the same run.")] = "1",
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="The verdict only.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
    connector: Annotated[str, typer.Option(help="With rails: this one only.")] = "",
    each: Annotated[int, typer.Option(min=0, help="With rails: seeds a cell; 0 takes one in fifty.")] = 0,
    jobs: Annotated[int, typer.Option(min=0, help="With rails: processes; 0 takes one a core.")] = 0,
    junit: Annotated[Path | None, typer.Option(help="Write the verdicts there, as JUnit XML for CI.")] = None,
) -> None:
    """Play one fault or story: a sale, the trouble, days later the audit.

    Ends with 0 if the oracle agrees with every seed, 1 if not, 2 if there is no such name or the file is wrong.

    With rails: every fault with every connector, and the table of how each ended.
    """
    if name == RAILS:
        from terminal.cli.lab.rails import run_rails

        run_rails(seeds_named(seed), connector=connector, each=each, jobs=jobs, as_json=as_json)
        return
    _run(name, seeds_named(seed), quiet=quiet, as_json=as_json, junit=junit)


def _is_address(text: str) -> bool:
    """Of one machine: 0.0.0.0 and :: would open every network at once."""
    from ipaddress import ip_address

    try:
        return not ip_address(text).is_unspecified
    except ValueError:
        return False


def seeds_named(text: str) -> range:
    """``7``, or ``1..200`` with both ends."""
    match = _SEEDS.fullmatch(text)
    if match is None or int(match[2] or match[1]) < int(match[1]):
        give_up(f"{text!r} is no seed; 7 is one, 1..200 are two hundred.", USAGE)
    return range(int(match[1]), int(match[2] or match[1]) + 1)


def _run(name: str, seeds: range, *, quiet: bool, as_json: bool, junit: Path | None) -> None:
    try:
        what = named(name)
    except FaultUnknown as unknown:
        give_up(f"{unknown}.", USAGE)
    except BadScenario as bad:
        give_up(str(bad), USAGE)
    except OSError as error:
        give_up(f"{name}: {error.strerror}.", USAGE)
    fault = what if isinstance(what, Fault) else what.as_fault()
    if junit is not None:
        _may_write(junit)
    with sentences(as_json=as_json):
        verdicts = played(what, seeds)
    if junit is not None:
        from terminal.cli.lab.junit import report

        junit.write_bytes(report(verdicts))
    if as_json:
        told = [{"agrees": each.agrees, "verdict": each} for each in verdicts]
        put(told[0] if len(told) == 1 else told)
    else:
        for verdict in verdicts:
            _show(verdict, fault, quiet=quiet or len(verdicts) > 1)
    if not all(verdict.agrees for verdict in verdicts):
        raise typer.Exit(REFUSED)


def _may_write(path: Path) -> None:
    """Said before a run of minutes, not after it."""
    try:
        path.open("ab").close()
    except OSError as error:
        give_up(f"{path}: {error.strerror}.", USAGE)


def _show(verdict: "Verdict", fault: Fault, *, quiet: bool) -> None:
    if not quiet:
        _timeline(verdict)
    name = f"[bold]{escape(verdict.name)}[/] {' '.join(fault.ids)}"
    console.print(f"{name}: {escape(fault.expected(language()))}", highlight=False, soft_wrap=True)
    console.print(f"  cashier  {fault.cashier(language())}", highlight=False, markup=False, soft_wrap=True)
    words = Catalogue.load(language())
    till = " → ".join(words.text(f"state.{word}") for word in verdict.words)
    for line in (
        f"  till     {till}",
        *(f"  said     “{said}”" for said in verdict.said),
        f"  sale     {verdict.ends}; the bank took the money {verdict.captured} ×; {len(verdict.slips)} slips; "
        f"{verdict.virtual_s:.0f} s of virtual time, seed {verdict.seed}",
    ):
        console.print(line, highlight=False, markup=False, soft_wrap=True)
    if not verdict.fired:
        console.print("[bold red]The fault never happened[/]: this run proves nothing.")
    for wrong in verdict.wrong:
        console.print(f"[bold red]wrong[/]    {escape(wrong)}", highlight=False, soft_wrap=True)
    if verdict.agrees:
        console.print("[bold green]The oracle agrees[/]: money, glass, paper and voice are as they must be.")


def _timeline(verdict: "Verdict") -> None:
    table = Table("s", "where", "", "what", box=None, pad_edge=False)
    start_ms = verdict.lines[0].at_ms if verdict.lines else 0
    for line in verdict.lines:
        if telling(line.text):
            at = f"{(line.at_ms - start_ms) / 1000:.3f}"
            table.add_row(at, line.place, _SIGNS.get(line.way, ""), escape(line.text))
    console.print(table)
