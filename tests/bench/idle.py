"""Goal 10: a thousand counters that nobody uses, during the health rounds and between them."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.bench.crowd import PTYS, painted
from tests.bench.peers.lnbits import Lnbits
from tests.bench.shop import Shop, Till
from tests.bench.table import Figure, missing
from tests.bench.timing import cpu_of, now_s, rss_mb, wakeups

COUNTERS: Final = 1000
OVER_S: Final = 20.0  # four rounds of the health sweep, each asking a twelfth of the resting counters
STEP_S: Final = 0.5
BETWEEN: Final = 6  # steps of the quietest stretch: rounds are five seconds apart
RESTS: Final = 0.03  # of a core: a service that takes less in one step is no longer painting
CALM: Final = 4  # such steps, one after another
PAINT_S: Final = 60.0
START_S: Final = 60.0
PEER_S: Final = 10.0
SETTLE_S: Final = 8.0


@dataclass(frozen=True, slots=True)
class Quiet:
    wakeups: float  # a second
    cpu: float  # of a core


@dataclass(slots=True)
class Rest:
    whole: Quiet
    between: Quiet  # the rounds
    rss_mb: float


async def run(shop: Shop) -> list[Figure]:
    """``shop`` has no devices yet. First without any, then with a display at each counter."""
    shop.write(COUNTERS)
    async with shop.serve() as till:
        bare = await _rest(till)
    why = ["no devices: the process and its imports"]
    made = _figures(f"{COUNTERS} counters without devices", bare.whole, bare.rss_mb, why)
    free = int((PTYS / "max").read_text()) - int((PTYS / "nr").read_text())
    if free < COUNTERS + 50:
        reason = f"this machine has only {free} pseudo-terminals left (kernel.pty.max)"
        return [*made, missing(10, f"{COUNTERS} counters with a display each", reason)]
    await shop.plug(COUNTERS, printers=0)
    shop.write(COUNTERS)
    try:
        async with shop.serve() as till:
            count = await painted(shop, PAINT_S)
            lit = await _rest(till)
            threads = _threads(till.pid)
    finally:
        await shop.unplug()
    why = [
        f"each of {COUNTERS} displays is asked once a minute whether it is well: {COUNTERS / 60:.0f} questions/s, "
        f"{lit.whole.cpu / (COUNTERS / 60) * 1e6:.0f} µs of CPU each, twelve rounds a minute on one timer",
        f"without devices {bare.whole.wakeups:.1f}/s, {bare.whole.cpu:.2%}, {bare.rss_mb:.0f} MB",
        f"a display costs {(lit.rss_mb - bare.rss_mb) * 1e3 / COUNTERS:.0f} KB: its tasks, buffers and state",
        *threads,
    ]
    what = f"displays of {COUNTERS} that were greeted and painted (descriptors above 1023)"
    made.append(Figure(10, what, count, "", "all", COUNTERS, least=1, why=why))
    where = f"{COUNTERS} counters with a display each"
    made += _figures(f"{where}, health sweep on", lit.whole, lit.rss_mb, why)
    return [*made, *_figures(f"{where}, between two rounds of the sweep", lit.between, None, why)]


async def beside(lnbits: Lnbits) -> list[Figure]:
    """The peer at rest, with one account; told beside ours, judged by nobody."""
    await asyncio.sleep(SETTLE_S)
    wakes, cpu = await lnbits.idle(PEER_S)
    return [
        Figure(10, "LNbits at rest, for comparison: wake-ups", wakes, "/s"),
        Figure(10, "LNbits at rest, for comparison: CPU", cpu * 100, "% of a core"),
        Figure(10, "LNbits at rest, for comparison: memory", lnbits.rss_mb, "MB"),
    ]


async def _rest(till: Till) -> Rest:
    """Begins when the start is over and every caption is painted."""
    end_s, calm = now_s() + START_S, 0
    while calm < CALM and now_s() < end_s:
        calm = calm + 1 if (await _steps(till, 1))[0].cpu < RESTS else 0
    steps = await _steps(till, int(OVER_S / STEP_S))
    stretches = [_mean(steps[at : at + BETWEEN]) for at in range(len(steps) - BETWEEN + 1)]
    return Rest(_mean(steps), min(stretches, key=lambda each: (each.wakeups, each.cpu)), rss_mb(till.pid))


async def _steps(till: Till, count: int) -> list[Quiet]:
    found = []
    woke, cpu, then_s = wakeups(till.pid), cpu_of(till.pid), now_s()
    for _ in range(count):
        await asyncio.sleep(STEP_S)
        was, woke = woke, wakeups(till.pid)
        spent, cpu = cpu, cpu_of(till.pid)
        took, then_s = now_s() - then_s, now_s()
        found.append(Quiet((woke - was) / took, (cpu - spent) / took))
    return found


def _mean(steps: Sequence[Quiet]) -> Quiet:
    count = len(steps)
    return Quiet(sum(each.wakeups for each in steps) / count, sum(each.cpu for each in steps) / count)


def _threads(pid: int) -> list[str]:
    """Voluntary switches by thread since the start: who wakes up."""
    found: dict[str, tuple[int, int]] = {}
    for task in Path(f"/proc/{pid}/task").iterdir():
        fields = dict(line.split(":\t", 1) for line in (task / "status").read_text().splitlines() if ":\t" in line)
        count, switches = found.get(fields["Name"], (0, 0))
        found[fields["Name"]] = (count + 1, switches + int(fields["voluntary_ctxt_switches"]))
    return [
        f"{count} threads {name!r}: {switches} switches since the start"
        for name, (count, switches) in found.items()
    ]


def _figures(where: str, quiet: Quiet, memory_mb: float | None, why: list[str]) -> list[Figure]:
    made = [
        Figure(10, f"wake-ups, {where}", quiet.wakeups, "/s", "limit", 1, most=1, why=why),
        Figure(10, f"CPU, {where}", quiet.cpu * 100, "% of a core", "limit", 0.05, most=1, why=why),
    ]
    if memory_mb is not None:
        made.append(Figure(10, f"memory, {where}", memory_mb, "MB", "limit", 90, most=1, why=why))
    return made
