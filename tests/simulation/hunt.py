"""``make mutants``: in which seed each planted mistake is seen, as a table; exit 1 when one is not."""

import logging
import sys
from dataclasses import dataclass
from typing import Final

from terminal.simulation.run import simulate
from terminal.simulation.swarm import draw
from tests.simulation.mutants import MUTANTS, SWARMS

SEEDS: Final = range(1, 61)  # the published limit is 2,000; all are seen far sooner


@dataclass(frozen=True, slots=True)
class Hunt:
    """How the search for one mistake ended; ``blame`` is empty when no seed saw it."""

    name: str
    seeds: int
    sales: int
    blame: str

    @property
    def named(self) -> bool:
        """By an invariant that it breaks, not by another accident."""
        return self.blame.partition(":")[0] in MUTANTS[self.name][1]

    @property
    def line(self) -> str:
        word = "caught" if self.named else "MISSED"
        return f"{word:6} {self.name:38} seed {self.seeds:3}, {self.sales:5} sales: {self.blame[:80]}"


def hunt(name: str) -> Hunt:
    """Seed after seed until the oracle says something."""
    outfit, _ = MUTANTS[name]
    sales = 0
    for seed in SEEDS:
        drawn = draw(seed)
        outcome = simulate(seed, outfit=outfit, swarm=SWARMS[name](drawn) if name in SWARMS else drawn)
        sales += outcome.sales
        if outcome.blame:
            return Hunt(name, seed, sales, outcome.blame)
    return Hunt(name, len(SEEDS), sales, "")


def main() -> int:
    logging.disable(logging.CRITICAL)
    missed = 0
    for name in MUTANTS:
        found = hunt(name)
        missed += not found.named
        sys.stdout.write(found.line + "\n")
        sys.stdout.flush()
    sys.stdout.write(f"mutants: {len(MUTANTS) - missed} of {len(MUTANTS)} caught\n")
    return bool(missed)


if __name__ == "__main__":
    sys.exit(main())
