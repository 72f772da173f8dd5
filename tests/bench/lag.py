"""Goal 10, its second half: how late the service's loop turns to what is due, while it sells.

A loop that is late makes every other counter's screen late: what this finds is work that should be elsewhere.
"""

import json
import os
import signal
import sys
from typing import Final

from tests.bench.crowd import Turns, load, painted
from tests.bench.shop import Shop
from tests.bench.table import Figure
from tests.bench.timing import now_s, p50, p99

RATES: Final = (33.0, 100.0)  # sales a second: a thousand counters at an ordinary hour, and the goal
LANES: Final = 40
OVER_S: Final = 5.0
WARM_S: Final = 2.0
PAINT_S: Final = 20.0
GOAL_MS: Final = 10.0


async def run(shop: Shop) -> list[Figure]:
    """``shop`` has no devices yet, and none when this returns."""
    await shop.plug(LANES)
    shop.write(LANES)
    try:
        return [await _at(shop, rate) for rate in RATES]
    finally:
        await shop.unplug()


async def _at(shop: Shop, rate: float) -> Figure:
    notes, turns, lanes = shop.folder / "late.json", Turns(), list(shop.displays)
    async with shop.serve(sys.executable, "-m", "tests.bench.late_loop", str(notes)) as till:
        await painted(shop, PAINT_S)
        await load(shop, till, lanes, Turns(), 0, rate=rate, seconds=WARM_S)
        os.kill(till.pid, signal.SIGUSR1)
        began_s = now_s()
        await load(shop, till, lanes, turns, 1, rate=rate, seconds=OVER_S, after_s=0.0)
        took_s = now_s() - began_s
    return _figure(sorted(each * 1e3 for each in json.loads(notes.read_text())), turns, rate, took_s)


def _figure(late_ms: list[float], turns: Turns, rate: float, took_s: float) -> Figure:
    worst = late_ms[min(len(late_ms) - 1, int(len(late_ms) * 0.999))]
    done = len(turns.sales) / took_s
    why = [
        f"p50 {p50(late_ms):.2f}, p99 {p99(late_ms):.1f}, most {late_ms[-1]:.1f} ms of {len(late_ms)} looks",
        f"{done:.0f} sales/s were done ({rate:g} came), {p50(turns.cpu_s) * 1e3:.1f} ms of CPU each; "
        "above one core's worth customers stand in line and so does the loop",
    ]
    what = f"the loop's lag, p99.9, {rate:g} sales/s coming to {LANES} counters, {done:.0f}/s done"
    return Figure(10, what, worst, "ms", "limit", GOAL_MS, most=1, why=why)
