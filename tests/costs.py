"""What a run cost: processor seconds of every test, its processes included, by suite and by test.

Seconds of the processor, not of the clock: they are the same beside another worker. Processes a test starts count
where they end, so a browser or a demo that several tests share stands with the last of them.
"""

import resource
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

PROPERTY: Final = "cpu_s"
DEAREST: Final = 15
BUDGET_S: Final = {  # as in docs/for-developers.md, where it is explained
    "tests": 20,
    "tests/devices": 20,
    "tests/firmware": 8,
    "tests/flows": 150,
    "tests/flows/browser": 45,
    "tests/simulation": 25,
    "tests/unit": 100,
}


def used_s() -> float:
    """Of this process and of its processes that ended."""
    counted = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in counted)


def suite_of(nodeid: str) -> str:
    """The longest name of the budget that the test's folder begins with."""
    folder = nodeid.partition("::")[0].rpartition("/")[0]
    return max((name for name in BUDGET_S if f"{folder}/".startswith(f"{name}/")), key=len, default=folder)


@dataclass
class Costs:
    """Adds up, per test, what its report brings from a worker."""

    cpu_s: dict[str, float] = field(default_factory=dict)
    clock_s: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))

    def add(self, nodeid: str, cpu_s: float, clock_s: float) -> None:
        self.clock_s[nodeid] += clock_s
        self.cpu_s[nodeid] = self.cpu_s.get(nodeid, 0.0) + cpu_s

    def lines(self) -> Iterator[str]:
        suites: defaultdict[str, list[str]] = defaultdict(list)
        for nodeid in self.cpu_s:
            suites[suite_of(nodeid)].append(nodeid)
        yield "suite                 tests   cpu s  budget  clock s (waiting included)"
        for suite, tests in sorted(suites.items()):
            cpu_s = sum(self.cpu_s[each] for each in tests)
            clock_s = sum(self.clock_s[each] for each in tests)
            budget_s = BUDGET_S.get(suite, 0)
            over = "  over its budget" if cpu_s > budget_s else ""
            yield f"{suite:21} {len(tests):5} {cpu_s:7.1f} {budget_s:7} {clock_s:8.1f}{over}"
        yield f"the {DEAREST} dearest tests, cpu s:"
        dearest = sorted(self.cpu_s.items(), key=lambda pair: -pair[1])
        yield from (f"{cpu_s:7.1f}  {nodeid}" for nodeid, cpu_s in dearest[:DEAREST])
