"""``python -m tests.bench``. N=payments of the oldest journal, PEERS=1 with LNbits and python-escpos beside ours.

GOALS=4,5 runs only those. The table is printed, the figures are kept in .bench/last.json.
"""

import asyncio
import os
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.markup import escape

from tests.bench import (
    codes,
    crowd,
    durable,
    fanout,
    growth,
    idle,
    lag,
    library,
    paper,
    ports,
    postgres,
    rails,
    reconcile,
    sales,
    start,
)
from tests.bench.history import Pattern
from tests.bench.peers import PeerMissing, environment, number_from
from tests.bench.peers.lnbits import Lnbits, running
from tests.bench.shop import ROOT, Acquirer, NotStarted, Shop, acquirer, many_files, reason
from tests.bench.table import Figure, missing, save, show
from tests.bench.timing import Silent, now_s

N: Final = 1_000_000
OUT: Final = ROOT / ".bench"
MB_A_PAYMENT: Final = 0.0105  # of disk, copies of the smaller histories and the write-ahead log included


class Bench:
    def __init__(self, console: Console, payments: int, wanted: set[int]) -> None:
        self._console, self._payments, self._wanted = console, payments, wanted
        self._lines = min(payments, reconcile.LINES)
        self._began_s = now_s()
        self.figures: list[Figure] = []
        self._python: Path | None = None  # of the peers
        self._no_peer = "LNbits: run with PEERS=1"
        self._lnbits_s: float | None = None
        self._spread: list[Figure] = []

    def wants(self, *goals: int) -> bool:
        return not self._wanted or bool(self._wanted & set(goals))

    def say(self, what: str) -> None:
        self._console.print(f"[dim]{now_s() - self._began_s:5.0f} s[/dim] {what}", highlight=False)

    def begin(self, what: str) -> None:
        """Say what is measured next. What the last goal wrote goes to the disk first: the kernel would do that
        half a minute later, and a sync of somebody else's then takes up to 0.15 s."""
        os.sync()
        self.say(what)

    def take(self, goal: int, what: str, measure: Callable[[], Iterable[Figure]]) -> None:
        if self.wants(goal):
            self.begin(what)
            self.figures += measure()

    def with_peers(self) -> None:
        self.say("peers: the environment of LNbits, aiosqlite and python-escpos")
        try:
            self._python = environment()
        except PeerMissing as missing_:
            self._no_peer = f"LNbits could not be installed: {missing_}"

    def run(self, folder: Path) -> None:
        self.take(5, "QR codes", codes.measure)
        self.take(7, "serial ports", ports.measure)
        self.take(4, "journal", lambda: durable.measure(self._python))
        self.take(4, "journal in PostgreSQL", postgres.measure)
        self.take(12, "a payment's cryptography, payment codes", rails.measure)
        self.take(11, f"a bill of {self._lines:,} lines", lambda: reconcile.measure(self._lines, folder))
        self.take(13, "whole sales on virtual time", library.measure)
        if self.wants(14):
            self.begin("events to many listeners")
            self._spread = asyncio.run(fanout.measure(folder))
            self.figures += self._spread
        self.take(6, "receipts", lambda: paper.measure(self._escpos_ms()))
        if self.wants(1, 2, 3, 6, 7, 8, 9, 10, 14):
            asyncio.run(self._services(folder))

    def _escpos_ms(self) -> float | None:
        return number_from(self._python, "escpos_code.py", codes.PAYLOADS["wechat"]) if self._python else None

    async def _services(self, folder: Path) -> None:
        state, empty = folder / "state", folder / "empty"
        async with acquirer(folder / "bank", state) as bank:
            shop = Shop(folder, state, bank)
            await shop.plug(sales.COUNTERS)
            shop.write(sales.COUNTERS)
            async with shop.serve() as till:
                self.begin("the service starts; it keeps what is made once: its certificate, words as dots")
                await crowd.painted(shop, crowd.PAINT_S)
                await crowd.rested(till)
            shutil.copytree(state, empty)
            if self.wants(1, 2, 3, 6, 8, 9, 14):
                try:
                    await self._sales_beside(shop, folder / "lnbits")
                except PeerMissing as missing_:
                    self._no_peer = f"LNbits did not run: {missing_}"
                    await self._sales(shop, None)
            if self.wants(8, 9):
                await self._old(shop, folder, empty)
            await shop.unplug()
            if self.wants(7):
                self.begin(f"{crowd.FEW} and {crowd.COUNTERS} counters, {crowd.RATE:g} sales a second")
                self.figures += await crowd.run(folder / "crowd", empty, bank)
            if self.wants(10):
                await self._idle(folder, empty, bank)

    async def _sales_beside(self, shop: Shop, folder: Path) -> None:
        if self._python is None:
            await self._sales(shop, None)
            return
        self.say("LNbits starts")
        async with running(folder) as lnbits:
            self._lnbits_s = lnbits.first_s
            await self._sales(shop, lnbits)
            if self.wants(14):
                self.say("events of LNbits to many listeners")
                self.figures += await fanout.beside(lnbits, self._spread)
            if self.wants(10):
                self.figures += await idle.beside(lnbits)

    async def _sales(self, shop: Shop, lnbits: Lnbits | None) -> None:
        self.begin("sales, one at a time and eight at once")
        courses = await sales.run(shop, lnbits, self._no_peer)
        found = sales.figures(courses)
        if sales.misses(found):
            await sales.profile(shop, courses)
            found = sales.figures(courses)
        self.figures += [each for each in found if self.wants(each.goal)]

    async def _old(self, shop: Shop, folder: Path, empty: Path) -> None:
        free_mb, needed_mb = shutil.disk_usage(folder).free / 1e6, self._payments * MB_A_PAYMENT
        if free_mb < needed_mb:
            reason = f"{needed_mb / 1e3:.0f} GB of disk are needed, {free_mb / 1e3:.0f} are free"
            self.figures.append(missing(8, "growth", reason))
            return
        journal = shop.state / growth.JOURNAL
        pattern = await asyncio.to_thread(Pattern.read, journal, sales.pattern_sale(journal))
        self.say(f"histories of {', '.join(f'{count:,}' for count in growth.sizes(self._payments))} payments")
        ages = await asyncio.to_thread(growth.build, empty, pattern, self._payments, folder)
        self.begin(f"made in {ages.built_s:.0f} s; questions to each")
        await asyncio.to_thread(growth.ask, ages, pattern)
        self.figures += growth.figures(ages) if self.wants(8) else []
        self.begin("cold starts")
        states = {"empty": empty, f"{self._payments:,} payments": ages.last.folder}
        starts = await start.run(shop, states)
        self.figures += [
            each for each in start.figures(starts, self._lnbits_s, self._no_peer) if self.wants(each.goal)
        ]

    async def _idle(self, folder: Path, empty: Path, bank: Acquirer) -> None:
        self.begin(f"{idle.COUNTERS} idle counters")
        place = folder / "idle"
        place.mkdir()
        shop = Shop(place, empty, bank)
        self.figures += await idle.run(shop)
        self.begin("the loop's lag while it sells")
        loaded = folder / "lag"
        shutil.copytree(empty, loaded / "state")
        self.figures += await lag.run(Shop(loaded, loaded / "state", bank))


def main() -> int:
    console = Console(width=None if sys.stdout.isatty() else 160)
    wanted = {int(goal) for goal in os.environ.get("GOALS", "").split(",") if goal}
    payments = max(int(os.environ.get("N") or N), growth.FIRST)
    many_files()
    OUT.mkdir(exist_ok=True)
    bench = Bench(console, payments, wanted)
    if os.environ.get("PEERS", "") not in {"", "0"}:
        bench.with_peers()
    began_s, load = time.time(), os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="run-", dir=OUT) as folder:
        try:
            bench.run(Path(folder))
        except (NotStarted, Silent, ExceptionGroup) as error:
            why = reason(error)
            if why is None:
                raise
            word = "not started" if isinstance(why, NotStarted) else "not measured"
            console.print(f"[bold red]{word}:[/bold red] {escape(str(why))}", highlight=False)
            return 1
    machine = f"{os.cpu_count()} cores, Python {platform.python_version()}, load {load:.1f} at the start"
    about = f"{machine}, {time.time() - began_s:.0f} s"
    show(bench.figures, console, f"countertop bench: {about}, N={payments:,}")
    save(bench.figures, OUT / "last.json", machine=about, payments=payments, at=int(began_s))
    missed = sum(each.verdict == "MISS" for each in bench.figures)
    console.print(f"{missed} of {len(bench.figures)} figures miss their goal; figures: {OUT / 'last.json'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
