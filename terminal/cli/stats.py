"""``countertop stats latency``: how long sales took until they were paid, from the journal, beside the service."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.table import Table

from terminal.cli.journal import DEMO, Config
from terminal.cli.words import console, put, sentences
from terminal.journal.reader import Reader
from terminal.observe.stages import Stage, green_ms, stages
from terminal.settings import load
from terminal.wiring.stores import reading_path

PAGE: Final = 200
NAMES: Final = ("green", "bank_code", "glass", "customer", "proof", "checking", "voice", "paper")

stats = typer.Typer(no_args_is_help=True, help="Figures of this counter.")


@stats.callback()
def _group() -> None:
    """Figures from the journal."""


@stats.command()
def latency(
    config: Config = DEMO,
    sales: Annotated[int, typer.Option(min=1, max=20_000, help="The newest paid sales that are looked at.")] = 500,
    counter: Annotated[str, typer.Option(help="Of this counter alone.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Time to green, and where it went: the middle one, and the one that 95 of 100 do not reach."""
    with sentences(as_json=as_json):
        found = figures(told(reading_path(load(config)), sales, counter))
    if as_json:
        put(found)
        return
    table = Table("from a sale's opening" if found else "no paid sale yet", "sales", "p50 s", "p95 s", box=None)
    for name, row in found.items():
        table.add_row(name, str(row["sales"]), f"{row['p50_ms'] / 1000:.3f}", f"{row['p95_ms'] / 1000:.3f}")
    console.print(table)


def told(path: Path, most: int, counter: str) -> Iterator[tuple[int, list[Stage]]]:
    """Time to green and the pieces of the newest paid sales, newest first. Raises JournalError."""
    if not path.exists():
        return
    reader, before, seen = Reader.at(path), None, 0
    try:
        while seen < most and (page := reader.list("sale", counter=counter, before=before, limit=PAGE)):
            before = page[-1].first_number
            for row in page:
                if seen == most or row.body.get("state") != "paid":
                    continue
                events = reader.of_subject(row.subject)
                green = green_ms(events)
                if green is not None:
                    seen += 1
                    yield green, stages(events)
    finally:
        reader.close()


def figures(sales: Iterator[tuple[int, list[Stage]]]) -> dict[str, dict[str, int]]:
    """By piece: how many sales had it, its median and its 95th percentile in milliseconds."""
    seen: dict[str, list[int]] = {name: [] for name in NAMES}
    for green, pieces in sales:
        seen["green"].append(green)
        for each in pieces:
            seen[each.name].append(each.took_ms)
    return {
        name: {"sales": len(took), "p50_ms": _of(took, 50), "p95_ms": _of(took, 95)}
        for name, took in seen.items()
        if took
    }


def _of(values: Sequence[int], percent: int) -> int:
    """The nearest rank: a value that was really measured."""
    ranked = sorted(values)
    return ranked[max(-(-len(ranked) * percent // 100) - 1, 0)]
