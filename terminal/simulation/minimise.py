"""The smallest shop in which a seed still goes wrong the same way: fewer troubles, fewer sales, fewer counters."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from terminal.simulation.run import Outcome, simulate
from terminal.simulation.swarm import Swarm, draw

RUNS_MAX: Final = 400
Try = Callable[[Swarm], Outcome]


@dataclass(frozen=True, slots=True)
class Case:
    """A seed's shop cut down. ``kinds``: the troubles that are left of those the seed draws."""

    seed: int
    sales: int
    counters: int
    kinds: tuple[str, ...]

    def swarm(self) -> Swarm:
        drawn = draw(self.seed, sales=self.sales)
        rates = {kind: rate for kind, rate in drawn.rates.items() if kind in self.kinds}
        return replace(drawn, counters=self.counters, rates=rates)

    def toml(self, name: str) -> str:
        """As it is kept in ``tests/simulation/cases.toml``."""
        kinds = ", ".join(f'"{kind}"' for kind in self.kinds)
        return (
            f'[[cases]]\nname = "{name}"\nseed = {self.seed}\nsales = {self.sales}\ncounters = {self.counters}\n'
            f"kinds = [{kinds}]\n"
        )


def minimise(seed: int, *, play: Callable[[Case], Outcome] | None = None) -> tuple[Case, Outcome] | None:
    """The case and how it ends; None: this seed is right.

    Args:
        play: how a case is tried; by default with the product as it is.
    """
    play = play or (lambda case: simulate(case.seed, swarm=case.swarm()))
    swarm = draw(seed)
    case = Case(seed, swarm.sales, swarm.counters, tuple(swarm.rates))
    first = play(case)
    if not first.blame:
        return None
    search = _Search(play, first.blame.partition(":")[0], case, first)
    for _ in range(3):  # with fewer troubles fewer sales may do, and the other way round
        before = search.case
        search.drop_kinds()
        search.drop_sales()
        search.drop_counters()
        if search.case == before:
            break
    return search.case, search.outcome


class _Search:
    def __init__(self, play: Callable[[Case], Outcome], invariant: str, case: Case, outcome: Outcome) -> None:
        self._play, self._invariant = play, invariant
        self.case, self.outcome, self._runs = case, outcome, 0

    def _holds(self, case: Case) -> bool:
        """Whether it still goes wrong the same way; then it is the case from now on."""
        if self._runs >= RUNS_MAX:
            return False
        self._runs += 1
        outcome = self._play(case)
        if outcome.blame.partition(":")[0] != self._invariant:
            return False
        self.case, self.outcome = case, outcome
        return True

    def drop_kinds(self) -> None:
        """Halves first, then quarters, at last one by one."""
        size = max(1, len(self.case.kinds) // 2)
        while True:
            for part in _parts(self.case.kinds, size):
                self._holds(replace(self.case, kinds=tuple(x for x in self.case.kinds if x not in part)))
            if size == 1:
                return
            size //= 2

    def drop_sales(self) -> None:
        """Bisected; a smaller shop need not fail, so the last one that did stands."""
        low, high = 0, self.case.sales
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if self._holds(replace(self.case, sales=middle)) else (middle, high)

    def drop_counters(self) -> None:
        for counters in range(1, self.case.counters):
            if self._holds(replace(self.case, counters=counters)):
                return


def _parts(kinds: tuple[str, ...], size: int) -> Iterator[frozenset[str]]:
    for start in range(0, len(kinds), size):
        yield frozenset(kinds[start : start + size])
