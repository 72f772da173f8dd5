"""``make soak VIRTUAL_H=… REAL_MIN=…``: a long time at an ordinary pace; memory, files and tasks stay as they are.

Virtual hours run the whole service on virtual time with simulated devices. Real minutes run the installed one
beside two tills; its loop notes by itself how late it is.
"""

import argparse
import asyncio
import contextlib
import gc
import json
import logging
import os
import signal
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from terminal.chance import Chance
from terminal.counter.claims import Key
from terminal.payments.decide import OpenSale
from terminal.payments.event import Actor
from terminal.payments.money import Money
from terminal.sandbox.engine import CustomerCannot
from terminal.simulation.devices import SimulatedCounter
from terminal.simulation.world import Outfit, World
from terminal.virtual_time import run as run_virtually
from tests.torture.kills import owes
from tests.torture.shop import Shop, shop
from tests.torture.till import Till

RSS_MB: Final = 5.0
FDS: Final = 2
TASKS: Final = 4
LAG_MS: Final = 50.0
WARM_H: Final = 26  # caches fill, and a closed order is looked after for a day
WARM_S: Final = 60.0
EVERY_S: Final = 300  # a customer, virtually
PACE_S: Final = 1.0  # between two sales of a till, really
LOOK_S: Final = 5.0
ROOT: Final = Path(__file__).parents[2]
POS: Final = Actor("pos", "key:till")


@dataclass(slots=True)
class Soak:
    """``rss_mb``, ``fds`` and ``tasks`` in the order they were looked at, warm-up not among them."""

    name: str
    sales: int = 0
    rss_mb: list[float] = field(default_factory=list)
    fds: list[int] = field(default_factory=list)
    tasks: list[int] = field(default_factory=list)
    lag_ms: float | None = None

    def look(self, pid: int) -> None:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        self.rss_mb.append(pages * os.sysconf("SC_PAGE_SIZE") / 1e6)
        self.fds.append(sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir()))

    @property
    def grown_mb(self) -> float:
        """From the first third to the last: single looks meet a busy moment."""
        third = max(1, len(self.rss_mb) // 3)
        return _middle(self.rss_mb[-third:]) - _middle(self.rss_mb[:third])

    def wrong(self) -> list[str]:
        found = []
        if self.grown_mb > RSS_MB:
            found.append(f"{self.name}: memory grew by {self.grown_mb:.1f} MB")
        for name, counts, most in (("files", self.fds, FDS), ("tasks", self.tasks, TASKS)):
            third = max(1, len(counts) // 3)
            if counts and _middle(counts[-third:]) - _middle(counts[:third]) > most:
                found.append(f"{self.name}: open {name} grew: {counts}")
        if self.lag_ms is not None and self.lag_ms > LAG_MS:
            found.append(f"{self.name}: the loop was {self.lag_ms:.0f} ms late (p99)")
        return found

    def line(self) -> str:
        told = f"{self.name}: {self.sales} sales, memory {self.rss_mb[0]:.1f} → {self.rss_mb[-1]:.1f} MB "
        told += f"({self.grown_mb:+.1f}), files {self.fds[0]} → {self.fds[-1]}"
        if self.tasks:
            told += f", tasks {self.tasks[0]} → {self.tasks[-1]}"
        return told + ("" if self.lag_ms is None else f", loop late {self.lag_ms:.1f} ms (p99)")


def _middle(values: list[float] | list[int]) -> float:
    return float(sorted(values)[len(values) // 2])


# --- virtual -----------------------------------------------------------------------------------------------


def soak_virtually(hours: int, seed: int) -> Soak:
    with tempfile.TemporaryDirectory(prefix="countertop-soak-") as place:
        return run_virtually(_virtual(Path(place), hours, seed), seed=seed)


async def _virtual(folder: Path, hours: int, seed: int) -> Soak:
    tally = Soak(f"virtual soak of {hours} h")
    counter = SimulatedCounter("1", language="en")
    world = World(seed, folder, outfit=Outfit(devices=lambda _counter: counter.devices()))
    chance = Chance(seed).split("soak")
    await world.start()
    for hour in range(hours + WARM_H):
        for _ in range(3600 // EVERY_S):
            await _one(world, chance, tally)
            await asyncio.sleep(EVERY_S - 60)
        _forget(counter)
        if hour >= WARM_H:
            gc.collect()
            tally.look(os.getpid())
            tally.tasks.append(len(asyncio.all_tasks()))
    assert not world.service.tasks.broken, world.service.tasks.broken
    await world.close()
    return tally


async def _one(world: World, chance: Chance, tally: Soak) -> None:
    """A customer who mostly pays; a minute in all."""
    tally.sales += 1
    key = Key("till", "open", f"soak-{tally.sales}", "")
    money = Money(chance.between(1, 20_000), "CNY")
    sale = await world.call(lambda s: s.checkout.open_sale(OpenSale("1", money), actor=POS, key=key))
    await asyncio.sleep(5)
    if chance.below(10):
        with contextlib.suppress(CustomerCannot):
            world.pay(world.service.book.sale(sale.id).attempts[0].payload)
    else:
        await world.call(lambda s: s.checkout.cancel(sale.id, why="left", actor=POS))
    await asyncio.sleep(55)


def _forget(counter: SimulatedCounter) -> None:
    """The simulated world keeps all its paper for people to look at; that is not the service's memory."""
    counter.printer.slips.clear()
    counter.speaker.transcript.clear()


# --- real --------------------------------------------------------------------------------------------------


async def soak_really(folder: Path, minutes: int, seed: int) -> Soak:
    tally = Soak(f"real soak of {minutes} min")
    late = folder / "late.json"
    async with shop(folder) as place:
        place.command = (sys.executable, "-m", "tests.bench.late_loop", str(late))
        place.more = {"PYTHONPATH": str(ROOT)}
        await place.start()
        await place.ready()
        tills = [Till(place, name, Chance(seed).split(name), calm=True) for name in place.stands]
        working = [asyncio.ensure_future(_sell_on(till)) for till in tills]
        await _watch(place, minutes, tally)
        for till in tills:
            till.stop = True
        await asyncio.wait(working, timeout=60)
        while await owes(place):  # noqa: ASYNC110  # another process's work
            await asyncio.sleep(0.2)
        await place.end(signal.SIGTERM)
    tally.sales = sum(len(till.log) for till in tills)
    notes = sorted(json.loads(late.read_text()))
    tally.lag_ms = notes[len(notes) * 99 // 100] * 1e3
    return tally


async def _sell_on(till: Till) -> None:
    while not till.stop:
        await till.sell()
        await asyncio.sleep(PACE_S)


async def _watch(place: Shop, minutes: int, tally: Soak) -> None:
    assert place.process is not None
    await asyncio.sleep(WARM_S)
    place.process.send_signal(signal.SIGUSR1)  # the notes begin
    for _ in range(max(1, round(minutes * 60 / LOOK_S))):
        await asyncio.sleep(LOOK_S)
        assert place.runs, place.last_words()
        tally.look(place.process.pid)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.torture.soak", description=__doc__)
    parser.add_argument("--virtual-h", type=int, default=24)
    parser.add_argument("--real-min", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    logging.basicConfig(level=logging.ERROR)
    done: list[Soak] = []
    if asked.virtual_h:
        done.append(soak_virtually(asked.virtual_h, asked.seed))
        sys.stdout.write(done[-1].line() + "\n")
        sys.stdout.flush()
    if asked.real_min:
        with tempfile.TemporaryDirectory(prefix="countertop-soak-") as place:
            done.append(asyncio.run(soak_really(Path(place), asked.real_min, asked.seed)))
        sys.stdout.write(done[-1].line() + "\n")
    wrong = [each for soak in done for each in soak.wrong()]
    sys.stdout.write("".join(f"WRONG {each}\n" for each in wrong))
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
