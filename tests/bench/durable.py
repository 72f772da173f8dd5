"""Goal 4: durable events per second. Ours is the product's journal as it is: chained, indexed, one writer thread.

The peer does what aiosqlite does: one thread owns the connection, every event is a commit of its own. Beside each
cell one fdatasync of 256 bytes is measured on the same disk.
"""

import asyncio
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import apsw

from terminal.chance import Chance
from terminal.journal.keys import JournalKeys
from terminal.journal.records import Identity
from terminal.journal.sqlite import SqliteJournal
from terminal.payments.event import Actor, Ledger, NewEvent
from terminal.system import SystemClock, SystemEntropy
from tests.bench.peers import number_from
from tests.bench.slow_disk import DELAY_S, slow_disk
from tests.bench.table import Figure
from tests.bench.timing import ROUNDS, fdatasyncs, hottest, p50

SHOP: Final = Identity("bench", "shop", Ledger.TEST)
KEYS: Final = JournalKeys.make(Chance("bench"))
ACTOR: Final = Actor("system", "bench")
PAYLOAD: Final = "x" * 200  # with the envelope about 250 bytes, an event of a sale without its index
PEER_WAITING: Final = 16
EACH_S: Final = 0.7


def open_at(path: Path, vfs: str = "") -> SqliteJournal:
    clock, entropy = SystemClock(), SystemEntropy()
    return SqliteJournal.open(path, identity=SHOP, clock=clock, entropy=entropy, keys=KEYS, vfs=vfs)


def measure(python: Path | None = None) -> Iterator[Figure]:
    """``python``: an interpreter that has aiosqlite; without one its way is imitated and called so."""
    with tempfile.TemporaryDirectory(prefix="countertop-bench-") as name:
        folder = Path(name)
        ours: dict[int, list[tuple[float, float]]] = {1: [], PEER_WAITING: [], 64: []}
        peer, syncs = [], []
        for turn in range(ROUNDS):
            syncs.append(p50(fdatasyncs(folder)))
            path = folder / f"alone-{turn}.db"
            peer.append(_aiosqlite(python, path) if python else asyncio.run(_each_alone(path)))
            for waiting, taken in ours.items():
                taken.append(asyncio.run(_grouped(folder / f"ours-{turn}-{waiting}.db", waiting)))
        why = hottest(lambda: asyncio.run(_inline(folder / "profile.db")), count=8)
        best, alone, sync = p50(rate for rate, _ in ours[64]), p50(peer), p50(syncs)
        peer_name = "aiosqlite" if python else "sqlite3 in a thread, as aiosqlite"
        peer_name += f", a commit an event, {PEER_WAITING} waiting"
        why.insert(0, f"{1e6 / best:.0f} µs an event; one fdatasync takes {sync * 1e6:.0f} µs on this disk")
        yield Figure(4, "events made durable, 64 waiting", best, "/s", peer_name, alone, least=15, why=why)
        for waiting in (1, PEER_WAITING):
            middle = p50(latency for _, latency in ours[waiting]) * 1e3
            what = f"append p50, {waiting} waiting"
            yield Figure(4, what, middle, "ms", "one fdatasync beside", sync * 1e3, most=3, why=why)
        with slow_disk("bench-sd-card") as disk:
            rate, latency = asyncio.run(_grouped(folder / "slow.db", 64, vfs=disk.name))
            slow = asyncio.run(_each_alone(folder / "slow-alone.db", vfs=disk.name))
        card = f"{DELAY_S * 1e3:.0f} ms more a sync (simulated SD card)"
        yield Figure(4, f"events/s, 64 waiting, {card}", rate, "/s", "a commit an event", slow, least=15, why=why)
        limit = DELAY_S + sync
        yield Figure(
            4,
            f"append p50, 64 waiting, {card}",
            latency * 1e3,
            "ms",
            "one such sync",
            limit * 1e3,
            most=1.2,
            why=why,
        )


def _aiosqlite(python: Path, path: Path) -> float:
    return number_from(python, "aiosqlite_commits.py", str(path), str(PEER_WAITING), str(EACH_S))


def _event(number: int) -> NewEvent:
    body = {"note": PAYLOAD, "number": number}
    return NewEvent("counter:1", "sale_noted", f"sale-{number}", ACTOR, body)


async def _grouped(path: Path, waiting: int, vfs: str = "") -> tuple[float, float]:
    """Events a second and the middle wait in seconds, with so many callers that each wait for their own."""
    taken: list[float] = []
    async with open_at(path, vfs) as journal:
        end_s = time.perf_counter() + EACH_S

        async def caller(number: int) -> None:
            while (began := time.perf_counter()) < end_s:
                await journal.append([_event(number)])
                taken.append(time.perf_counter() - began)

        began = time.perf_counter()
        await asyncio.gather(*(caller(number) for number in range(waiting)))
        return len(taken) / (time.perf_counter() - began), p50(taken)


async def _inline(path: Path) -> None:
    """The same work in one thread, for the profile: groups of 64."""
    clock, entropy = SystemClock(), SystemEntropy()
    async with SqliteJournal.open(
        path, identity=SHOP, clock=clock, entropy=entropy, keys=KEYS, inline=True
    ) as journal:
        for _ in range(60):
            await asyncio.gather(*(journal.append([_event(number)]) for number in range(64)))


async def _each_alone(path: Path, vfs: str = "") -> float:
    """apsw for the slow disk, which is its VFS; else the standard library's module, which aiosqlite wraps."""
    loop, pool = asyncio.get_running_loop(), ThreadPoolExecutor(1)

    def connect() -> sqlite3.Connection | apsw.Connection:
        if vfs:
            return apsw.Connection(str(path), vfs=vfs)
        return sqlite3.connect(path, check_same_thread=False, isolation_level=None)

    connection = await loop.run_in_executor(pool, connect)
    for statement in (
        "PRAGMA journal_mode = WAL",
        "PRAGMA synchronous = FULL",
        "CREATE TABLE event (number INTEGER PRIMARY KEY, subject TEXT, body TEXT)",
    ):
        await loop.run_in_executor(pool, connection.execute, statement)
    end_s, count = time.perf_counter() + EACH_S, 0

    def insert(number: int) -> None:
        connection.execute("INSERT INTO event (subject, body) VALUES (?, ?)", (f"sale-{number}", PAYLOAD))

    async def caller(number: int) -> None:
        nonlocal count
        while time.perf_counter() < end_s:
            await loop.run_in_executor(pool, insert, number)
            count += 1

    began = time.perf_counter()
    await asyncio.gather(*(caller(number) for number in range(PEER_WAITING)))
    rate = count / (time.perf_counter() - began)
    await loop.run_in_executor(pool, connection.close)
    pool.shutdown()
    return rate
