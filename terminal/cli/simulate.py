"""countertop simulate: more of the simulation than the suite runs, or one seed step by step."""

import subprocess
from pathlib import Path
from typing import Annotated, Final

import typer

from terminal.cli.words import USAGE, give_up

SALES_A_SEED: Final = 25  # on average


def simulate(
    seed: Annotated[int, typer.Option(help="The first seed; equal seeds give equal worlds.")] = 1,
    sales: Annotated[int, typer.Option(help="About how many sales; a seed has 20 to 30.")] = 1,
    trace: Annotated[bool, typer.Option("--trace", help="Print every step of the one seed.")] = False,
    jobs: Annotated[int, typer.Option(help="Processes; 0 takes one a core.")] = 0,
    connector: Annotated[str, typer.Option(help="With --fault: a cell of lab run rails.")] = "",
    fault: Annotated[str, typer.Option(help="Only this fault, with this connector.")] = "",
) -> None:
    """Simulate whole shops with every fault there is, and judge them by the bank's own books."""
    from terminal.simulation.mass import Tally, mass_run, run_seeds
    from terminal.simulation.run import Outcome
    from terminal.simulation.run import simulate as one

    if connector or fault:
        _cell(connector, fault, seed, trace=trace)
        return

    def told(outcome: Outcome) -> None:
        print(f"seed {outcome.seed}, commit {_commit()}, step {outcome.steps}: {outcome.blame}")
        print("\n".join(outcome.last))
        print(f"again: countertop simulate --seed {outcome.seed} --trace")

    count = max(1, -(-sales // SALES_A_SEED))
    if trace or count == 1:
        outcome = one(seed, show=print) if trace else run_seeds([seed])[0]
        if outcome.blame:
            told(outcome)
            raise typer.Exit(1)
        print(f"seed {seed}: {outcome.sales} sales, {outcome.steps} steps, trace {outcome.digest}")
        return

    def progress(tally: Tally) -> None:
        print(f"\r{tally.sales} sales, {len(tally.broken)} broken", end="", flush=True)

    tally = mass_run(range(seed, seed + count), jobs=jobs, on_done=progress)
    print("\r" + tally.line())
    for kind, times in sorted(tally.counts.items()):
        print(f"  {times:8d} {kind}")
    for outcome in tally.broken:
        told(outcome)
    raise typer.Exit(bool(tally.broken))


def _cell(connector: str, fault: str, seed: int, *, trace: bool) -> None:
    from terminal.simulation.rails_run import cells, play

    cell = next((x for x in cells() if (x.connector, x.row.slug) == (connector, fault)), None)
    if cell is None or cell.why_not:
        give_up(f"{fault!r} with {connector!r} is not played: {cell.why_not if cell else 'no such cell'}.", USAGE)
    played = play(cell, seed, print if trace else None)
    happened = "" if played.fired else ", the fault never happened"
    print(f"seed {seed}: {played.sales} sales{happened}; {played.blame or 'right'}")
    raise typer.Exit(bool(played.blame))


def _commit() -> str:
    """Of the working copy, where there is one."""
    try:
        said = subprocess.run(
            ["git", "rev-parse", "--short", "HEAD"],  # noqa: S607  # a person's own git
            cwd=Path(__file__).parent, capture_output=True, text=True, timeout=5, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return "unknown"
    return said.stdout.strip() or "unknown"
