"""Many seeds on several cores, and one line that says what they proved."""

import logging
import os
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import islice
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait
from threading import Thread
from typing import Final

from terminal.simulation.run import Outcome, simulate

CHUNK: Final = 10  # seeds a worker takes at a time
TWICE_EVERY: Final = 100  # one seed in so many runs again, in another process, and must give the same bytes
AHEAD: Final = 2  # chunks a process that are handed out before they are asked for
REAL_SECONDS_MAX: Final = 600.0  # for one chunk: something hangs
_BROKEN: Final = {"I1": "lost", "I3": "double", "I2": "false paid", "I4": "unresolved"}


@dataclass
class Tally:
    """What a mass run adds up to. ``broken`` are the outcomes with blame."""

    seeds: int = 0
    sales: int = 0
    steps: int = 0
    virtual_s: float = 0.0
    twice: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    broken: list[Outcome] = field(default_factory=list)
    digest: int = 0  # of all digests, whatever their order

    def add(self, outcome: Outcome) -> None:
        self.seeds += 1
        self.sales += outcome.sales
        self.steps += outcome.steps
        self.virtual_s += outcome.virtual_s
        self.counts.update(outcome.counts)
        self.digest ^= int(outcome.digest, 16)
        if outcome.blame:
            self.broken.append(outcome)

    def wrong(self) -> dict[str, int]:
        """How many seeds broke what, by what people ask first."""
        by_name = Counter(_BROKEN.get(each.blame.partition(":")[0], "other") for each in self.broken)
        return {name: by_name[name] for name in (*_BROKEN.values(), "other")}

    def line(self) -> str:
        counts = self.counts
        cuts = counts["power_cut"]
        ends = ("kill", "kill_before_commit", "kill_after_commit", "kill_while_starting", "disk_error", "restart")
        real = counts["real keys"]
        return (
            f"simulation: {self.sales} sales in {self.seeds} seeds ({real} with real RSA, "
            f"{100 * real / max(1, self.seeds):.0f} %, the rest with MACs), "
            f"{self.virtual_s / 86400:.0f} virtual days, {self.steps} steps, "
            f"{sum(counts[each] for each in ends)} ends of the process ({cuts} with the power), "
            f"{self.twice} seeds run twice alike, "
            f"{', '.join(f'{times} {name}' for name, times in self.wrong().items())}; trace {self.digest:032x}"
        )


def run_seeds(seeds: Sequence[int]) -> list[Outcome]:
    """A worker's share, without the product's log: it says what the swarm does to it."""
    logging.disable(logging.CRITICAL)
    try:
        return [simulate(seed) for seed in seeds]
    finally:
        logging.disable(logging.NOTSET)


def mass_run(
    seeds: Sequence[int], *, jobs: int = 0, on_done: Callable[[Tally], None] = lambda _tally: None
) -> Tally:
    """Every seed once, then one in a hundred again in a fresh process, on ``jobs`` processes (0: one a core)."""
    tally, first = Tally(), {}
    for outcomes in _played(seeds, jobs or os.cpu_count() or 1):
        for outcome in outcomes:
            tally.add(outcome)
            first[outcome.seed] = outcome.digest
        on_done(tally)
    for outcomes in _played(seeds[::TWICE_EVERY], 1):
        for outcome in outcomes:
            tally.twice += 1
            if outcome.digest != first[outcome.seed]:
                tally.broken.append(replace(outcome, blame="DST: another digest the second time"))
    return tally


def _played(seeds: Sequence[int], jobs: int) -> Iterator[list[Outcome]]:
    """Chunk by chunk, in their order, on fresh processes; few wait ahead, and each has its own time."""
    ahead: deque[Future[list[Outcome]]] = deque()
    with processes(jobs) as pool:
        for chunk in _chunks(seeds):
            ahead.append(pool.submit(run_seeds, chunk))
            if len(ahead) > AHEAD * jobs:
                yield ahead.popleft().result(REAL_SECONDS_MAX)
        while ahead:
            yield ahead.popleft().result(REAL_SECONDS_MAX)


def processes(count: int) -> ProcessPoolExecutor:
    """Spawned, so that nothing of this process, such as a tracer or a log, is in them."""
    return ProcessPoolExecutor(count, mp_context=get_context("spawn"), initializer=_end_with_parent)


def _end_with_parent() -> None:
    """A worker whose starter was killed would wait for work for ever."""
    starter = parent_process()
    assert starter is not None, "workers only"

    def end() -> None:
        wait([starter.sentinel])
        os._exit(1)

    Thread(target=end, daemon=True).start()


def _chunks(seeds: Sequence[int]) -> Iterator[list[int]]:
    left = iter(seeds)
    while chunk := list(islice(left, CHUNK)):
        yield chunk
