"""Goal 4 on PostgreSQL: durable events per second with one grouping writer, beside a pool of 16 connections.

Both on one server of this run, everything synced. The pool commits each event by itself, as a service without
group commit would; ours also chains every event, enforces claims and keeps its view.
"""

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Final

import asyncpg

from terminal.chance import Chance
from terminal.journal.keys import JournalKeys
from terminal.journal.postgres.place import Place
from terminal.journal.postgres.store import PostgresJournal
from terminal.journal.records import Identity
from terminal.payments.event import Actor, Ledger, NewEvent
from terminal.system import SystemClock, SystemEntropy
from tests.bench.table import Figure
from tests.bench.timing import ROUNDS, fdatasyncs, p50
from tests.postgres import Server, own_server

SHOP: Final = Identity("bench", "shop", Ledger.TEST)
KEYS: Final = JournalKeys.make(Chance("bench"))
PAYLOAD: Final = "x" * 200
POOL: Final = 16
WAITING: Final = (1, 16, 64)
EACH_S: Final = 1.0
_TABLE: Final = "CREATE TABLE event (number bigserial PRIMARY KEY, subject text NOT NULL, body text NOT NULL)"
Taken = tuple[float, float]  # events a second, middle wait in seconds


def measure() -> Iterator[Figure]:
    with own_server(memory=False) as server, tempfile.TemporaryDirectory(prefix="countertop-bench-") as name:
        ours: dict[int, list[Taken]] = {each: [] for each in WAITING}
        pool: dict[int, list[Taken]] = {each: [] for each in WAITING}
        syncs = []
        for turn in range(ROUNDS):
            syncs.append(p50(fdatasyncs(Path(name))))
            for waiting in WAITING:
                pool[waiting].append(asyncio.run(_pool(server.place(), waiting)))
                ours[waiting].append(asyncio.run(_ours(server, Path(name) / f"{turn}-{waiting}.db", waiting)))
        peer = f"asyncpg, a pool of {POOL} connections, a commit an event"
        for waiting in WAITING:
            mine, theirs = (p50(rate for rate, _ in each[waiting]) for each in (ours, pool))
            what = f"PostgreSQL: events made durable, {waiting} waiting"
            yield Figure(4, what, mine, "/s", peer, theirs, least=5 if waiting == 64 else None)
        for waiting in WAITING:
            middle = p50(wait for _, wait in ours[waiting]) * 1e3
            what = f"PostgreSQL: append p50, {waiting} waiting"
            yield Figure(4, what, middle, "ms", "one fdatasync beside", p50(syncs) * 1e3)


async def _ours(server: Server, view: Path, waiting: int) -> Taken:
    async with await PostgresJournal.open(
        server.place(),
        view,
        identity=SHOP,
        clock=SystemClock(),
        entropy=SystemEntropy(),
        keys=KEYS,
        counters=("1",),
    ) as journal:

        async def one(number: int) -> None:
            body = {"note": PAYLOAD, "number": number}
            await journal.append(
                [NewEvent("counter:1", "sale_noted", f"sale-{number}", Actor("system", "b"), body)]
            )

        return await _for_a_while(one, waiting)


async def _pool(place: Place, waiting: int) -> Taken:
    one = await place.connect()
    await one.execute(f'CREATE SCHEMA "{place.schema}"')
    await one.execute(_TABLE)
    await one.close()
    settings = {"search_path": place.schema, "synchronous_commit": "on"}
    async with asyncpg.create_pool(
        host=place.host, user=place.user, database=place.database, min_size=POOL, max_size=POOL,
        server_settings=settings,
    ) as pool:  # fmt: skip

        async def insert(number: int) -> None:
            await pool.execute("INSERT INTO event (subject, body) VALUES ($1, $2)", f"sale-{number}", PAYLOAD)

        return await _for_a_while(insert, waiting)


async def _for_a_while(one: Callable[[int], Awaitable[None]], waiting: int) -> Taken:
    taken: list[float] = []
    await asyncio.gather(*(one(number) for number in range(waiting)))  # statements are planned before it counts
    end_s = time.perf_counter() + EACH_S

    async def caller(number: int) -> None:
        while (began := time.perf_counter()) < end_s:
            await one(number)
            taken.append(time.perf_counter() - began)

    began = time.perf_counter()
    await asyncio.gather(*(caller(number) for number in range(waiting)))
    return len(taken) / (time.perf_counter() - began), p50(taken)
