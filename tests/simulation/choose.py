"""Which seeds the suite plays: the fewest seconds in which every fault fires and every move is taken often enough.

``python -m tests.simulation.choose`` plays all of ``ALL`` (a minute) and writes the list for ``test_mass.py``.
Needed when the simulation changed so much that the chosen seeds no longer see everything: the test says so.
"""

import sys
import time
from collections import Counter
from collections.abc import Mapping

from terminal.simulation.mass import run_seeds
from tests.simulation.test_mass import ALL, WANTED

SPARE = (
    1.0  # of what is wanted; the suite asks for half, so that a small change of the program asks for no other list
)


def chosen(played: Mapping[int, tuple[float, Mapping[str, int]]], wanted: Mapping[str, float]) -> list[int]:
    """Greedily: next is the seed that brings most of what is still wanted, a second. ``played``: cost, counts."""
    have: Counter[str] = Counter()
    taken: list[int] = []
    while True:
        gain = {seed: _gain(counts, have, wanted) / cost for seed, (cost, counts) in played.items()}
        best = max((seed for seed in gain if seed not in taken), key=gain.__getitem__, default=None)
        if best is None or not gain[best]:
            return sorted(taken)
        taken.append(best)
        have.update(played[best][1])


def _gain(counts: Mapping[str, int], have: Counter[str], wanted: Mapping[str, float]) -> float:
    lacks = ((name, times - have[name], times) for name, times in wanted.items() if have[name] < times)
    return sum(min(counts.get(name, 0), lack) / times for name, lack, times in lacks)


def main() -> None:
    played = {}
    for seed in ALL:
        begun = time.process_time()
        (outcome,) = run_seeds([seed])
        played[seed] = (time.process_time() - begun, outcome.counts)
    seeds = chosen(played, {name: SPARE * times for name, times in WANTED.items()})
    sys.stdout.write(f"{len(seeds)} seeds, {sum(played[each][0] for each in seeds):.0f} s\n{seeds}\n")


if __name__ == "__main__":
    main()
