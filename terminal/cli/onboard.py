"""``countertop onboard``: a whole visit by script on the simulated counter, and what visits cost."""

import asyncio
import logging
import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from terminal.cli.client import URL, api
from terminal.cli.onboard_accept import accept
from terminal.cli.prepare import begin_files, tell_proposal
from terminal.cli.verify import read
from terminal.cli.words import REFUSED, USAGE, console, errors, give_up, put, sentences
from terminal.visit.script import read_script
from terminal.whole_file import write_whole

onboard = typer.Typer(
    invoke_without_command=True, help="The visit that sets a shop up: try it, prepare it, accept it, count it."
)
KeyFile = Annotated[Path | None, typer.Option(envvar="COUNTERTOP_KEY_FILE", help="API key file.")]
AsJson = Annotated[bool, typer.Option("--json", help="For machines.")]
onboard.command()(accept)
MEMORY = Path("/dev/shm")  # noqa: S108  # a private folder is made in it


@onboard.callback()
def visit(
    context: typer.Context,
    script: Annotated[
        Path | None, typer.Option(help="A visit written down; played on the simulated counter.")
    ] = None,
    answers: Annotated[Path | None, typer.Option(help="Six answers as JSON: which preset they propose.")] = None,
    prepare: Annotated[Path | None, typer.Option(help="Begin a shop's files in this folder.")] = None,
    currency: Annotated[str, typer.Option(help="With --answers or --prepare: the shop's money.")] = "CNY",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="With --answers: print only.")] = False,
    out: Annotated[Path, typer.Option(help="Where its sealed record goes.")] = Path("acceptance.json"),
    as_json: AsJson = False,
) -> None:
    """Play a visit on the simulated counter: every step through the service's own API, in simulated minutes.

    With --answers FILE print the preset that they propose; with --prepare FOLDER begin the shop's files.
    """
    if context.invoked_subcommand is not None:
        return
    if script is not None:
        _play(script, out, as_json=as_json)
    elif prepare is not None:
        with sentences(as_json=as_json):
            begin_files(prepare, answers, currency)
    elif answers is not None and dry_run:
        with sentences(as_json=as_json):
            tell_proposal(answers, currency, as_json=as_json)
    elif answers is not None:
        give_up("--answers goes with --dry-run, or with --prepare FOLDER.", USAGE)
    else:
        give_up("Say --script FILE; the real visit is on the page /setup/visit.", USAGE)


def _play(script: Path, out: Path, *, as_json: bool) -> None:
    from terminal.simulation.visit_lab import NotAsWanted
    from terminal.simulation.visit_play import play
    from terminal.virtual_time import run

    with sentences(as_json=as_json):
        planned = read_script(read(script))
    logging.disable(logging.CRITICAL)  # the fault round's own lines
    try:
        place = str(MEMORY) if MEMORY.is_dir() else None
        with tempfile.TemporaryDirectory(prefix="countertop-visit-", dir=place) as folder:
            played = run(play(planned, Path(folder)), seed=planned.seed)
    except NotAsWanted as why:
        give_up(f"The visit did not pass. {why}", REFUSED)
    finally:
        logging.disable(logging.NOTSET)
    try:
        write_whole(out, played.record, 0o600)
    except OSError as error:
        give_up(f"{out}: {error.strerror}", REFUSED)
    if as_json:
        put({"record": str(out), "key": played.key, "seconds": played.seconds, "steps": played.steps})
        return
    for step, result in played.steps.items():
        console.print(f"{result:>8}  {step}", highlight=False)
    console.print(f"{played.seconds} simulated seconds. Sealed by {played.key}", highlight=False)
    console.print(f"{out}: check it anywhere with: countertop verify {out}", highlight=False, soft_wrap=True)


@onboard.command()
def report(
    last: Annotated[bool, typer.Option("--last", help="Only the newest visit.")] = False,
    url: Annotated[str, typer.Option(envvar="COUNTERTOP_URL", help="Where the service answers.")] = URL,
    key_file: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """Seconds of every step, what failed, and how many shops needed a second visit."""

    async def ask() -> Any:
        async with api(url, key_file) as service:
            return await service.get("/visits")

    with sentences(as_json=as_json):
        told = asyncio.run(ask())
    rows = told["visits"][:1] if last else told["visits"]
    if as_json:
        put({**told, "visits": rows})
        return
    if not rows:
        errors.print("No visit yet.")
        return
    for each in rows:
        console.print(f"{each['visit']}  {each['state']}  {each['seconds']} s", highlight=False)
        table = Table(box=None, show_header=False)
        for step, seconds in each["steps"].items():
            word = "failed" if step in each["failed"] else "left out" if step in each["left_out"] else ""
            table.add_row("", step, f"{seconds} s", word)
        console.print(table)
    console.print(f"{told['accepted']} accepted, {told['second_percent']} % with a second visit", highlight=False)
