"""What a run cost: processor seconds of every test, its processes included, by suite and by test.

Seconds of the processor, not of the clock: they are the same beside another worker. Processes a test starts count
where they end, so a browser or a demo that several tests share stands with the last of them.
"""

import json
import resource
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

PROPERTY: Final = "cpu_s"
DEAREST: Final = 15
BUDGET_S: Final = {  # as in docs/for-developers.md, where it is explained
    "tests": 25,
    "tests/devices": 20,
    "tests/firmware": 8,
    "tests/flows": 220,
    "tests/flows/browser": 65,
    "tests/simulation": 30,
    "tests/unit": 105,
}


def used_s() -> float:
    """Of this process and of its processes that ended."""
    counted = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in counted)


def suite_of(nodeid: str) -> str:
    """The longest name of the budget that the test's folder begins with."""
    folder = nodeid.partition("::")[0].rpartition("/")[0]
    return max((name for name in BUDGET_S if f"{folder}/".startswith(f"{name}/")), key=len, default=folder)


Share = tuple[int, float, float]  # of a suite: tests, processor seconds, seconds on the clock


def table(parts: Iterable[dict[str, Share]]) -> Iterator[str]:
    """What the suites used, in all these parts of a run together."""
    together: dict[str, Share] = {}
    for part in parts:
        for suite, share in part.items():
            count, cpu_s, clock_s = together.get(suite, (0, 0.0, 0.0))
            together[suite] = count + share[0], cpu_s + share[1], clock_s + share[2]
    yield "suite                 tests   cpu s  budget  clock s (waiting included)"
    for suite, (count, cpu_s, clock_s) in sorted(together.items()):
        budget_s = BUDGET_S.get(suite, 0)
        over = "  over its budget" if cpu_s > budget_s else ""
        yield f"{suite:21} {count:5} {cpu_s:7.1f} {budget_s:7} {clock_s:8.1f}{over}"


@dataclass
class Costs:
    """Adds up, per test, what its report brings from a worker."""

    cpu_s: dict[str, float] = field(default_factory=dict)
    clock_s: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))

    def add(self, nodeid: str, cpu_s: float, clock_s: float) -> None:
        self.clock_s[nodeid] += clock_s
        self.cpu_s[nodeid] = self.cpu_s.get(nodeid, 0.0) + cpu_s

    def suites(self) -> dict[str, Share]:
        found: dict[str, Share] = {}
        for nodeid, cpu_s in self.cpu_s.items():
            count, cpu_before_s, clock_s = found.get(suite_of(nodeid), (0, 0.0, 0.0))
            found[suite_of(nodeid)] = count + 1, cpu_before_s + cpu_s, clock_s + self.clock_s[nodeid]
        return found

    def lines(self) -> Iterator[str]:
        yield from table([self.suites()])
        yield f"the {DEAREST} dearest tests, cpu s:"
        dearest = sorted(self.cpu_s.items(), key=lambda pair: -pair[1])
        yield from (f"{cpu_s:7.1f}  {nodeid}" for nodeid, cpu_s in dearest[:DEAREST])


if __name__ == "__main__":  # the parts' files of one run
    told = table(json.loads(Path(each).read_text("utf-8")) for each in sys.argv[1:])
    sys.stdout.write("".join(f"{line}\n" for line in told))
