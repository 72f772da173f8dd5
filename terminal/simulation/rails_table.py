"""How the outcomes of ``lab run rails`` are written: in short for a terminal, as a page of the documentation.

``python -m terminal.simulation.rails_table`` plays the seeds 1 to 200 and prints the page.
"""

import os
import sys
from collections.abc import Sequence
from itertools import groupby
from typing import Final

from terminal.simulation.rails_run import Outcome, play_all

SEEDS: Final = range(1, 201)
HEAD: Final = """# Every fault with every connector

`make rails` wrote this page with what `countertop lab run rails --seed 1..200` plays: simulated shops on virtual
time, judged by an oracle that reads the bank's own books and shares no code with connectors and states. A number
says how many sales ended right under that fault; a dash says why the fault cannot happen there. Faults of devices,
clocks and bills are played with all devices of a counter, one sale a seed; the others with sales of every kind,
cancels, refunds and restarts. Each cell plays 4 of the seeds, more while its fault has not happened yet;
`--each 200` plays them all. One cell again, step by step:
`countertop simulate --seed N --connector NAME --fault FAULT --trace`.
"""


def short(outcome: Outcome) -> str:
    if outcome.cell.why_not:
        return f"– {outcome.cell.why_not}"
    return f"{_sales(outcome)}" if outcome.right else "WRONG"


def legend(outcomes: Sequence[Outcome]) -> str:
    tried = [each for each in outcomes if not each.cell.why_not]
    right = sum(each.right for each in tried)
    worlds, sales = sum(len(each.played) for each in tried), sum(map(_sales, tried))
    rest = len(outcomes) - len(tried)
    return f"{right} of {len(tried)} cells right, {rest} not applicable; {worlds} worlds, {sales} sales"


def page(outcomes: Sequence[Outcome]) -> str:
    names = list(dict.fromkeys(each.cell.connector for each in outcomes))
    lines = [HEAD, f"{legend(outcomes)}.", "", f"| fault | layer | {' | '.join(names)} |"]
    lines.append("| --- | --- |" + " --- |" * len(names))
    for row, found in groupby(outcomes, key=lambda each: each.cell.row):
        lines.append(f"| {row.slug} | {row.layer} | {' | '.join(map(short, found))} |")
    return "\n".join(lines) + "\n"


def _sales(outcome: Outcome) -> int:
    return sum(each.sales for each in outcome.played)


def main() -> int:
    outcomes = list(play_all(SEEDS, jobs=os.cpu_count() or 1))
    sys.stdout.write(page(outcomes))
    wrong = [each for each in outcomes if not each.right]
    for each in wrong:
        sys.stderr.write(f"{each.cell.row.slug} with {each.cell.connector}: {each.words}\n")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
