"""aiosqlite, one commit per event, so many callers: events a second. Runs in the peers' environment.

Arguments: database file, callers, seconds.
"""

import asyncio
import sys
import time

import aiosqlite  # type: ignore[import-not-found]  # in the peers' environment


async def main(path: str, waiting: int, seconds: float) -> None:
    async with aiosqlite.connect(path) as connection:
        await connection.execute("PRAGMA journal_mode = WAL")
        await connection.execute("PRAGMA synchronous = FULL")
        await connection.execute("CREATE TABLE event (number INTEGER PRIMARY KEY, subject TEXT, body TEXT)")
        count, end_s = 0, time.perf_counter() + seconds
        turn = asyncio.Lock()  # else one caller's commit carries another's insert: a group nobody asked for

        async def caller() -> None:
            nonlocal count
            while time.perf_counter() < end_s:
                values = (f"sale-{count}", "x" * 200)
                async with turn:
                    await connection.execute("INSERT INTO event (subject, body) VALUES (?, ?)", values)
                    await connection.commit()
                count += 1

        began = time.perf_counter()
        await asyncio.gather(*(caller() for _ in range(waiting)))
        sys.stdout.write(f"{count / (time.perf_counter() - began)}\n")


asyncio.run(main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3])))
