"""Serial transports beside each other: ours, the bare descriptor below it, pyserial in a thread a port.

One process echoes on pseudo-terminals; 16 bytes go there, 16 come back. CPU is this process's own; a pty has no
line speed, so only ratios mean something. The decision this measures: docs/decisions/0003-serial-transport.md.
"""

import asyncio
import os
import pty
import select
import signal
import threading
import time
import tty
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, Final

import serial

from drivers.serial_port import open_serial
from tests.bench.table import Figure
from tests.bench.timing import p50, p99

PORTS: Final = (1, 10, 100)
TRIPS: Final = {1: 600, 10: 100, 100: 20}  # of each port and round
ROUNDS: Final = 3
FRAME: Final = bytes(range(16))
Run = Callable[[list[str], int], list[float]]


def measure() -> list[Figure]:
    """What a port costs: told beside the bare descriptor, which no code can beat; no goal judges it."""
    ways: dict[str, Run] = {"bare descriptor": _bare, "ours": _ours, "pyserial, a thread a port": _threads}
    made: list[Figure] = []
    for count in PORTS:
        with _echoes(count) as paths:
            times: dict[str, list[float]] = {name: [] for name in ways}
            cpu: dict[str, list[float]] = {name: [] for name in ways}
            for _ in range(ROUNDS):
                for name, run in ways.items():
                    began = time.process_time()
                    taken = run(paths, TRIPS[count])
                    cpu[name].append((time.process_time() - began) / len(taken))
                    times[name] += taken
        floor = p50(cpu["bare descriptor"])
        for name in ways:
            middle, worst = p50(times[name]) * 1e6, p99(times[name]) * 1e6
            what = f"{count} port{'s' if count > 1 else ''}, {name}: CPU of a round trip"
            why = [f"p50 {middle:.0f} us, p99 {worst:.0f} us, CPU {p50(cpu[name]) * 1e6:.0f} us"]
            beside = None if name == "bare descriptor" else floor * 1e6
            made.append(Figure(7, what, p50(cpu[name]) * 1e6, "us", "bare descriptor", beside, why=why))
    return made


def _bare(paths: list[str], trips: int) -> list[float]:
    return asyncio.run(_all(paths, trips, _bare_port))


def _ours(paths: list[str], trips: int) -> list[float]:
    return asyncio.run(_all(paths, trips, _our_port))


async def _all(
    paths: list[str], trips: int, one: Callable[[str, int], Coroutine[Any, Any, list[float]]]
) -> list[float]:
    return [time for times in await asyncio.gather(*(one(path, trips) for path in paths)) for time in times]


async def _bare_port(path: str, trips: int) -> list[float]:
    loop = asyncio.get_running_loop()
    descriptor = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    tty.setraw(descriptor)
    got = bytearray()
    arrived: asyncio.Future[None] | None = None

    def readable() -> None:
        got.extend(os.read(descriptor, 4096))
        if arrived and not arrived.done() and len(got) >= len(FRAME):
            arrived.set_result(None)

    loop.add_reader(descriptor, readable)
    taken = []
    for _ in range(trips):
        began = time.perf_counter()
        got.clear()
        arrived = loop.create_future()
        os.write(descriptor, FRAME)
        await arrived
        taken.append(time.perf_counter() - began)
    loop.remove_reader(descriptor)
    os.close(descriptor)
    return taken


async def _our_port(path: str, trips: int) -> list[float]:
    port = await open_serial(path)
    taken = []
    for _ in range(trips):
        began = time.perf_counter()
        await port.write(FRAME)
        got = 0
        while got < len(FRAME):
            got += len(await port.read())
        port.frame_seen()
        taken.append(time.perf_counter() - began)
    await port.close()
    return taken


def _threads(paths: list[str], trips: int) -> list[float]:
    taken: list[float] = []

    def one(path: str) -> None:
        mine = []
        with serial.Serial(path, 115200, timeout=5) as port:
            for _ in range(trips):
                began = time.perf_counter()
                port.write(FRAME)
                port.read(len(FRAME))
                mine.append(time.perf_counter() - began)
        taken.extend(mine)

    workers = [threading.Thread(target=one, args=(path,)) for path in paths]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return taken


@contextmanager
def _echoes(count: int) -> Iterator[list[str]]:
    """So many ports whose far ends one child process echoes; it ends with the block."""
    ends = [pty.openpty() for _ in range(count)]
    for _, slave in ends:
        tty.setraw(slave)
    child = os.fork()
    if child == 0:
        _echo([master for master, _ in ends])
    try:
        yield [os.ttyname(slave) for _, slave in ends]
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        for master, slave in ends:
            os.close(master)
            os.close(slave)


def _echo(masters: list[int]) -> None:
    poll = select.epoll()
    for master in masters:
        poll.register(master, select.EPOLLIN)
    while True:
        for descriptor, _ in poll.poll():
            os.write(descriptor, os.read(descriptor, 4096))
