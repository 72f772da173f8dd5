"""Goal 10: a thousand counters that nobody uses. Wake-ups, CPU and memory of the service over some seconds."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.bench.peers.lnbits import Lnbits
from tests.bench.shop import Shop, Till
from tests.bench.table import Figure, missing
from tests.bench.timing import cpu_of, now_s, rss_mb, wakeups

COUNTERS: Final = 1000
OVER_S: Final = 10.0
SETTLE_S: Final = 8.0  # results fall back to idle after five
PAINT_S: Final = 60.0
START_S: Final = 40.0
STEP_S: Final = 2.0
_PTYS: Final = Path("/proc/sys/kernel/pty")


@dataclass(slots=True)
class Quiet:
    wakeups: float  # a second
    cpu: float  # of a core
    rss_mb: float


async def run(shop: Shop) -> list[Figure]:
    """``shop`` has no devices yet. First without any, then with a display at each counter."""
    shop.write(COUNTERS)
    async with shop.serve() as till:
        bare = await _rest(till)
    made = _figures(f"{COUNTERS} counters without devices", bare, ["no devices: the process and its imports"])
    free = int((_PTYS / "max").read_text()) - int((_PTYS / "nr").read_text())
    if free < COUNTERS + 50:
        reason = f"this machine has only {free} pseudo-terminals left (kernel.pty.max)"
        return [*made, missing(10, f"{COUNTERS} counters with a display each", reason)]
    await shop.plug(COUNTERS, printers=False)
    shop.write(COUNTERS)
    try:
        async with shop.serve() as till:
            painted = await _painted(shop)
            lit = await _rest(till)
            threads = _threads(till.pid)
    finally:
        await shop.unplug()
    why = [f"without devices {bare.wakeups:.1f}/s, {bare.cpu:.2%}, {bare.rss_mb:.0f} MB", *threads]
    what = f"displays of {COUNTERS} that were greeted and painted (descriptors above 1023)"
    made.append(Figure(10, what, painted, "", "all", COUNTERS, least=1, why=why))
    return [*made, *_figures(f"{COUNTERS} counters with a display each", lit, why)]


async def beside(lnbits: Lnbits) -> list[Figure]:
    """The peer at rest, with one account; told beside ours, judged by nobody."""
    await asyncio.sleep(SETTLE_S)
    wakes, cpu = await lnbits.idle(OVER_S)
    return [
        Figure(10, "LNbits at rest, for comparison: wake-ups", wakes, "/s"),
        Figure(10, "LNbits at rest, for comparison: CPU", cpu * 100, "% of a core"),
        Figure(10, "LNbits at rest, for comparison: memory", lnbits.rss_mb, "MB"),
    ]


async def _painted(shop: Shop) -> int:
    end_s = now_s() + PAINT_S
    while now_s() < end_s:
        count = sum(display.newest is not None for display in shop.displays.values())
        if count == len(shop.displays):
            break
        await asyncio.sleep(0.2)
    return sum(display.newest is not None for display in shop.displays.values())


async def _rest(till: Till) -> Quiet:
    """Begins when the start is over: captions are drawn one after another, a thousand times."""
    await asyncio.sleep(SETTLE_S)
    before, end_s = 0.0, now_s() + START_S
    while now_s() < end_s:
        cpu = cpu_of(till.pid)
        await asyncio.sleep(STEP_S)
        spent = cpu_of(till.pid) - cpu
        if spent < 0.01 * STEP_S or before * 0.7 < spent < before * 1.3:
            break
        before = spent
    count, cpu, began_s = wakeups(till.pid), cpu_of(till.pid), now_s()
    await asyncio.sleep(OVER_S)
    took = now_s() - began_s
    return Quiet((wakeups(till.pid) - count) / took, (cpu_of(till.pid) - cpu) / took, rss_mb(till.pid))


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


def _figures(where: str, quiet: Quiet, why: list[str]) -> list[Figure]:
    return [
        Figure(10, f"wake-ups, {where}", quiet.wakeups, "/s", "limit", 1, most=1, why=why),
        Figure(10, f"CPU, {where}", quiet.cpu * 100, "% of a core", "limit", 0.05, most=1, why=why),
        Figure(10, f"memory, {where}", quiet.rss_mb, "MB", "limit", 90, most=1, why=why),
    ]
