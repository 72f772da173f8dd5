"""``countertop lab run rails``: every fault with every connector, and one table of how each ended."""

import os
from collections.abc import Sequence
from itertools import groupby

import typer
from rich.table import Table

from terminal.cli.words import REFUSED, USAGE, console, give_up, put
from terminal.simulation.rails import SHIPPED
from terminal.simulation.rails_run import Outcome, play_all
from terminal.simulation.rails_table import legend, short


def run_rails(seeds: Sequence[int], *, connector: str, each: int, jobs: int, as_json: bool) -> None:
    """Exits with 0 only when every cell is right."""
    if connector and connector not in SHIPPED:
        give_up(f"No connector is called {connector!r}; there are {', '.join(SHIPPED)}.", USAGE)
    outcomes: list[Outcome] = []
    for outcome in play_all(seeds, connector=connector, each=each, jobs=jobs or os.cpu_count() or 1):
        outcomes.append(outcome)
        if console.is_terminal and not as_json:
            console.print(f"{len(outcomes)} cells", end="\r", highlight=False)
    if as_json:
        put([{"fault": x.cell.row.slug, "layer": x.cell.row.layer, "connector": x.cell.connector, "right": x.right,
              "applies": not x.cell.why_not, "seeds": [y.seed for y in x.played], "outcome": x.words}
             for x in outcomes])  # fmt: skip
    else:
        _show(outcomes)
    if not all(each.right for each in outcomes):
        raise typer.Exit(REFUSED)


def _show(outcomes: Sequence[Outcome]) -> None:
    names = list(dict.fromkeys(each.cell.connector for each in outcomes))
    table = Table("fault", "layer", *names, box=None, pad_edge=False)
    for row, found in groupby(outcomes, key=lambda each: each.cell.row):
        table.add_row(row.slug, row.layer, *(short(each) for each in found))
    console.print(table, highlight=False)
    for each in outcomes:
        if not each.right:
            console.print(f"{each.cell.row.slug} with {each.cell.connector}: {each.words}", markup=False)
    console.print(legend(outcomes), highlight=False, markup=False)
