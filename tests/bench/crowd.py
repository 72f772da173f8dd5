"""Goal 7: a thousand counters in one process cost a sale nothing. Open loop: customers come when they come.

Two services run beside each other and are loaded in turn: a shop with as many counters as RATE needs, and one
with COUNTERS. People pay one after another, so one counter cannot take RATE of them: FEW are busy in both shops.
"""

import asyncio
import math
import os
import random
import shutil
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from drivers.display.messages import Type
from tests.bench.far_end import BAUD, DisplayEnd
from tests.bench.shop import Acquirer, Lit, Shop, Till, one_sale
from tests.bench.table import Figure, missing
from tests.bench.timing import cpu_of, now_s, p50, p99, rss_mb

RATE: Final = float(os.environ.get("RATE") or 33)  # a thousand counters with a customer each half minute
COUNTERS: Final = int(os.environ.get("COUNTERS") or 1000)
FEW: Final = max(8, math.ceil(RATE / 4))
ROUNDS: Final = 15  # some 750 sales of each kind: of fewer, two or three decide the p99
TURN_S: Final = 1.5
WARM_S: Final = 1.0
AFTER_S: Final = 0.5  # the last slips of a turn
RESULT_S: Final = 6.0  # "paid" leaves the glass after five seconds, then the idle screen is painted
PAINT_S: Final = 60.0
REST_S: Final = 10.0
STEP_S: Final = 1.0
RESTS: Final = 0.02  # of a core
ANSWER_S: Final = 30.0
WHY_MAX: Final = 300
A_SECOND: Final = 150  # counters asked for their code; a till's key may ask 200 times a second (S28)
HANGS_S: Final = 1.8  # so long before the others' sales: it is given up, closed and opened again among them
FLOOD_S: Final = 0.01  # between two handfuls of noise
NOISE: Final = 4096  # bytes of a handful on USB
SEED: Final = 7
PTYS: Final = Path("/proc/sys/kernel/pty")


@dataclass(slots=True)
class Turns:
    """What customers met in all turns of one kind."""

    sales: list[Lit] = field(default_factory=list)
    cpu_s: list[float] = field(default_factory=list)  # a sale, by turn
    posted: dict[str, float] = field(default_factory=dict)

    @property
    def code_ms(self) -> list[float]:
        return [(each.code.came_s - each.asked_s) * 1e3 for each in self.sales]

    @property
    def notify_ms(self) -> list[float]:
        return [(each.paid.came_s - self.posted[each.order]) * 1e3 for each in self.sales]


@dataclass(slots=True)
class Crowd:
    few: Turns = field(default_factory=Turns)
    many: Turns = field(default_factory=Turns)
    spread: Turns = field(default_factory=Turns)  # over all counters, each back to its idle screen
    hung: Turns = field(default_factory=Turns)
    flooded: Turns = field(default_factory=Turns)
    drowned: Turns = field(default_factory=Turns)
    few_mb: float = 0.0
    many_mb: float = 0.0
    answered: int = 0
    unanswered: Counter[str] = field(default_factory=Counter)  # why


async def run(folder: Path, empty: Path, bank: Acquirer) -> list[Figure]:
    """``empty``: a state that never saw a sale; both shops begin with a copy."""
    free = int((PTYS / "max").read_text()) - int((PTYS / "nr").read_text())
    if free < COUNTERS + 3 * FEW + 50:
        reason = f"this machine has only {free} pseudo-terminals left (kernel.pty.max)"
        return [missing(7, f"{COUNTERS} counters with a display each", reason)]
    crowd = Crowd()
    async with AsyncExitStack() as stack:
        few, at_few = await stack.enter_async_context(_open(folder / "few", empty, bank, FEW))
        many, at_many = await stack.enter_async_context(_open(folder / "many", empty, bank, COUNTERS))
        await rested(at_many)
        crowd.few_mb, crowd.many_mb = rss_mb(at_few.pid), rss_mb(at_many.pid)
        busy = [str(number) for number in range(1, FEW + 1)]
        for shop, till in ((few, at_few), (many, at_many)):
            await load(shop, till, busy, Turns(), ROUNDS, seconds=WARM_S)  # its bank's connections are open now
        for turn in range(ROUNDS):
            victim, drowning = str(FEW + 1 + turn), str(FEW + 1 + ROUNDS + turn)
            kinds: list[tuple[Shop, Till, Turns, AbstractAsyncContextManager[None]]] = [
                (few, at_few, crowd.few, nullcontext()),
                (many, at_many, crowd.many, nullcontext()),
                (many, at_many, crowd.hung, _hung(many, at_many, victim)),
                (many, at_many, crowd.flooded, _flood(many.displays[victim])),
                (many, at_many, crowd.drowned, _drown(many.displays[drowning])),
            ]
            for shop, till, turns, trouble in kinds[turn:] + kinds[:turn]:  # none is always the first of a shop
                async with trouble:
                    await load(shop, till, busy, turns, turn)
        await load(many, at_many, list(many.displays)[FEW + 2 * ROUNDS :], crowd.spread, ROUNDS, after_s=RESULT_S)
        crowd.answered, crowd.unanswered = await _answers(many, at_many)
    return figures(crowd)


@asynccontextmanager
async def _open(folder: Path, empty: Path, bank: Acquirer, count: int) -> AsyncIterator[tuple[Shop, Till]]:
    """A shop with a display at each counter and printers at the busy ones, all painted."""
    shutil.copytree(empty, folder / "state")  # makes the folder above it too
    shop = Shop(folder, folder / "state", bank)
    await shop.plug(count, printers=FEW)
    shop.write(count)
    try:
        async with shop.serve() as till:
            await painted(shop, PAINT_S)
            yield shop, till
    finally:
        await shop.unplug()


async def painted(shop: Shop, within_s: float) -> int:
    """Wait until every display shows something; how many do."""
    end_s = now_s() + within_s
    while (count := sum(each.newest is not None for each in shop.displays.values())) < len(shop.displays):
        if now_s() > end_s:
            break
        await asyncio.sleep(0.2)
    return count


async def rested(till: Till) -> None:
    """Captions are drawn one after another, a thousand times."""
    end_s = now_s() + REST_S
    while now_s() < end_s:
        cpu = cpu_of(till.pid)
        await asyncio.sleep(STEP_S)
        if cpu_of(till.pid) - cpu < RESTS * STEP_S:
            return


async def load(
    shop: Shop, till: Till, lanes: Sequence[str], turns: Turns, seed: int, *,
    rate: float = RATE, seconds: float = TURN_S, after_s: float = AFTER_S,
) -> None:  # fmt: skip
    """Customers by chance, ``rate`` a second, each to the counter that is free for longest."""
    free: asyncio.Queue[str] = asyncio.Queue()
    for lane in lanes:
        free.put_nowait(lane)
    chance, cpu, began_s = random.Random(SEED + seed), cpu_of(till.pid), now_s()

    async def customer(lane: str) -> Lit:
        try:
            return await one_sale(shop, till, lane, calm=False)
        finally:
            free.put_nowait(lane)

    async with asyncio.TaskGroup() as group:
        customers = []
        at_s = began_s
        while (at_s := at_s + chance.expovariate(rate)) < began_s + seconds:
            await asyncio.sleep(max(0.0, at_s - now_s()))
            customers.append(group.create_task(customer(await free.get())))
    await asyncio.sleep(after_s)
    turns.cpu_s.append((cpu_of(till.pid) - cpu) / len(customers))
    made = [each.result() for each in customers]
    turns.sales += made
    turns.posted |= (await shop.bank.times([each.order for each in made])).posted


@asynccontextmanager
async def _hung(shop: Shop, till: Till, counter: str) -> AsyncIterator[None]:
    """A display that takes no byte any more while a customer waits for its code."""
    cable = shop.displays[counter].cable
    cable.stall()
    try:
        await till.open_sale(counter)
        await asyncio.sleep(HANGS_S)
        yield
    finally:
        cable.stall(False)


@asynccontextmanager
async def _flood(display: DisplayEnd) -> AsyncIterator[None]:
    """A display that sends noise as fast as its wire can."""
    chance = random.Random(SEED)

    async def noise() -> None:
        while True:
            display.cable.send(chance.randbytes(int(BAUD / 10 * FLOOD_S)))
            await asyncio.sleep(FLOOD_S)

    flood = asyncio.create_task(noise())
    try:
        yield
    finally:
        flood.cancel()
        await asyncio.wait({flood})


@asynccontextmanager
async def _drown(display: DisplayEnd) -> AsyncIterator[None]:
    """A display on USB that sends noise as fast as it is read; quarantined after 64 KB, again and again (L6)."""
    with display.cable.flooding(random.Random(SEED).randbytes(NOISE)):
        yield


async def _answers(shop: Shop, till: Till) -> tuple[int, Counter[str]]:
    """A sale at every counter that was not busy; how many counters lit a code of their own, ever, and why not."""
    rest = [name for name, display in shop.displays.items() if not display.count[Type.SHOW_QR]]

    async def one(place: int, counter: str) -> None:
        await asyncio.sleep(place / A_SECOND)
        await till.open_sale(counter)
        await shop.displays[counter].after(Type.SHOW_QR, 0)

    tasks = [asyncio.create_task(one(place, counter)) for place, counter in enumerate(rest)]
    await asyncio.wait(tasks, timeout=ANSWER_S)
    for task in tasks:
        task.cancel()
    ends = await asyncio.gather(*tasks, return_exceptions=True)
    why = Counter(f"{type(each).__name__} {each}" for each in ends if each is not None)
    why["without a code: " + " ".join(name for name in rest if not shop.displays[name].count[Type.SHOW_QR])] += 1
    return sum(display.count[Type.SHOW_QR] > 0 for display in shop.displays.values()), why


# --- figures ---------------------------------------------------------------------------------------------------


def figures(crowd: Crowd) -> list[Figure]:
    few, many, spread = crowd.few, crowd.many, crowd.spread
    at, alone = f"{RATE:g} sales/s", f"{FEW} counters"
    told = [
        f"{name}: {len(each.sales)} sales, code p50 {p50(each.code_ms):.1f} p99 {p99(each.code_ms):.1f} ms, "
        f"notified p50 {p50(each.notify_ms):.1f} p99 {p99(each.notify_ms):.1f} ms, "
        f"CPU {p50(each.cpu_s) * 1e3:.1f} ms a sale"
        for name, each in (
            (alone, few),
            (f"{COUNTERS} counters, {FEW} of them busy", many),
            (f"{COUNTERS} counters, sales spread over all", spread),
            ("with a hung display", crowd.hung),
            ("with a flooding display", crowd.flooded),
            ("with a display that floods on USB", crowd.drowned),
        )
    ]
    idle = [*told, "spread: each counter also falls back to its idle screen, which is painted with its captions"]
    extra_kb = (crowd.many_mb - crowd.few_mb) * 1e3 / (COUNTERS - FEW)
    mine, theirs = p50(many.cpu_s) * 1e3, p50(few.cpu_s) * 1e3
    far = p50(spread.cpu_s) * 1e3
    busy = f"{COUNTERS} counters, {FEW} busy, {at}"
    memory = f"memory of an idle counter with its display ({crowd.few_mb:.0f} → {crowd.many_mb:.0f} MB)"
    made = [
        Figure(7, f"CPU of a sale, {busy}", mine, "ms", alone, theirs, most=1.15, why=told),
        Figure(
            7, f"CPU of a sale and its idle screen, spread over {COUNTERS}", far, "ms", alone, theirs, why=idle
        ),
        _p99("notification → “paid” at the plug, p99, " + busy, many, alone, few, 1.5, told),
        Figure(7, memory, extra_kb, "KB", "limit", 32, most=1, why=told),
        Figure(
            7,
            "counters that lit a code of their own",
            crowd.answered,
            "",
            "all",
            COUNTERS,
            least=1,
            why=[f"{count} times {why}"[:WHY_MAX] for why, count in crowd.unanswered.most_common(3)],
        ),
    ]
    for what, turns in (
        ("one display hangs in a sale", crowd.hung),
        (f"one display floods, {BAUD / 1e4:.1f} KB/s", crowd.flooded),
        ("one display floods on USB", crowd.drowned),
    ):
        made.append(_p99(f"the others' “paid”, p99, {what}", turns, "without", many, 1.2, told))
    return made


def _p99(what: str, ours: Turns, name: str, beside: Turns, most: float, why: list[str]) -> Figure:
    return Figure(7, what, p99(ours.notify_ms), "ms", name, p99(beside.notify_ms), most=most, why=why)
