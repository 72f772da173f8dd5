"""countertop simulate: more of the simulation than the suite runs, or one seed step by step."""

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from terminal.cli.words import USAGE, give_up

if TYPE_CHECKING:
    from collections import Counter

    from terminal.simulation.run import Outcome

SALES_A_SEED: Final = 25  # on average


def simulate(
    seed: Annotated[int, typer.Option(help="The first seed; equal seeds give equal worlds.")] = 1,
    sales: Annotated[int, typer.Option(help="About how many sales; a seed has 20 to 30.")] = 1,
    trace: Annotated[bool, typer.Option("--trace", help="Print every step of the one seed.")] = False,
    jobs: Annotated[int, typer.Option(help="Processes; 0 takes one a core.")] = 0,
    connector: Annotated[str, typer.Option(help="With --fault: a cell of lab run rails.")] = "",
    fault: Annotated[str, typer.Option(help="Only this fault, with this connector.")] = "",
    minimise: Annotated[
        bool, typer.Option("--minimise", help="The smallest shop in which the seed fails.")
    ] = False,
    coverage: Annotated[
        bool, typer.Option("--coverage", help="Every fault and every row, with its count.")
    ] = False,
) -> None:
    """Simulate whole shops with every fault there is, and judge them by the bank's own books."""
    from terminal.simulation.mass import Tally, mass_run, run_seeds
    from terminal.simulation.run import simulate as one
    from terminal.system import SystemClock

    if connector or fault:
        _cell(connector, fault, seed, trace=trace)
        return

    if minimise:
        _minimise(seed)
        return

    count = max(1, -(-sales // SALES_A_SEED))
    if trace or count == 1:
        outcome = one(seed, show=print) if trace else run_seeds([seed])[0]
        if outcome.blame:
            _tell(outcome)
            raise typer.Exit(1)
        print(f"seed {seed}: {outcome.sales} sales, {outcome.steps} steps, trace {outcome.digest}")
        return

    def progress(tally: Tally) -> None:
        print(f"\r{tally.sales} sales, {len(tally.broken)} broken", end="", flush=True)

    clock = SystemClock()
    began_ns = clock.mono_ns()
    tally = mass_run(range(seed, seed + count), jobs=jobs, on_done=progress)
    taken_s = (clock.mono_ns() - began_ns) / 1e9
    print(f"\r{tally.line()}")
    print(f"{tally.sales / taken_s:.0f} sales/s over {taken_s:.0f} s")
    short = _covered(tally.counts, tally.sales, whole=coverage)
    for outcome in tally.broken:
        _tell(outcome)
    raise typer.Exit(bool(tally.broken or short))


def _tell(outcome: "Outcome") -> None:
    print(f"seed {outcome.seed}, commit {_commit()}, step {outcome.steps}: {outcome.blame}")
    print("\n".join(outcome.last))
    print(f"again: countertop simulate --seed {outcome.seed} --trace; smaller: --minimise in place of --trace")


def _covered(counts: "Counter[str]", sales: int, *, whole: bool) -> bool:
    """Tell what was met too seldom; whether anything was."""
    from terminal.simulation.coverage import COUNTED_FROM, lines, seldom_fired, seldom_taken

    if whole:
        print("\n".join(lines(counts, sales)))
    if sales < COUNTED_FROM:
        print(f"coverage is judged from {COUNTED_FROM} sales on")
        return False
    seldom = {**seldom_fired(counts, sales), **seldom_taken(counts, sales)}
    for name, times in seldom.items():
        print(f"TOO SELDOM: {name}: {times} times")
    if not seldom:
        print(
            "coverage: every fault and every expected row of the attempt's tables often enough (--coverage lists)"
        )
    return bool(seldom)


def _minimise(seed: int) -> None:
    import logging

    from terminal.simulation.minimise import minimise

    logging.disable(logging.CRITICAL)
    try:
        found = minimise(seed)
    finally:
        logging.disable(logging.NOTSET)
    if found is None:
        print(f"seed {seed} is right")
        return
    case, outcome = found
    _tell(outcome)
    print(case.toml(outcome.blame.partition(":")[0]))
    raise typer.Exit(1)


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
