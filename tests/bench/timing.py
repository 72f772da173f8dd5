"""Clocks, limits, and the middle of noisy numbers. Everything compared is measured in turns, round by round."""

import asyncio
import cProfile
import os
import pstats
import statistics
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, Self

ROUNDS: Final = 3
Run = Callable[[], object]


class Silent(Exception):
    """What the run waited for did not come, so there is nothing to measure; the text says what."""


@asynccontextmanager
async def within(limit_s: float, what: str) -> AsyncIterator[None]:
    """Raises Silent: ``what`` is not over by then."""
    try:
        async with asyncio.timeout(limit_s):
            yield
    except TimeoutError:
        raise Silent(f"waited {limit_s:g} s in vain for {what}") from None


def now_s() -> float:
    """The clock asyncio uses; the same in every process of this machine."""
    return time.monotonic()


def p50(values: Iterable[float]) -> float:
    return statistics.median(values)


def p99(values: Iterable[float]) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]


def geometric(values: Iterable[float]) -> float:
    return statistics.geometric_mean(values)


def interleaved(runs: Mapping[str, Run], *, rounds: int, times: int = 1) -> dict[str, list[float]]:
    """Seconds per call by name: every round runs each of them ``times`` times, so that noise hits all alike."""
    taken: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            began = time.perf_counter()
            for _ in range(times):
                run()
            taken[name].append((time.perf_counter() - began) / times)
    return taken


def cpu_of(pid: int) -> float:
    """Seconds of CPU a process and its threads, dead ones too, have used (clock_getcpuclockid(3))."""
    return time.clock_gettime((~pid << 3) | 2)


def rss_mb(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def wakeups(pid: int) -> int:
    """Voluntary context switches of all threads so far."""
    count = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        for line in (task / "status").read_text().splitlines():
            if line.startswith("voluntary_ctxt_switches:"):
                count += int(line.split()[1])
    return count


class SyncFile:
    """A file beside the journal to measure the disk's own part by; open it as a context manager."""

    def __init__(self, folder: Path, size: int = 256) -> None:
        self._path, self._data, self._descriptor = folder / "fdatasync", b"x" * size, -1

    def __enter__(self) -> Self:
        self._descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)
        self._path.unlink()

    def sync_s(self) -> float:
        """Seconds of appending ``size`` bytes and fdatasync."""
        began = time.perf_counter()
        os.write(self._descriptor, self._data)
        os.fdatasync(self._descriptor)
        return time.perf_counter() - began


def fdatasyncs(folder: Path, count: int = 60) -> list[float]:
    """So many syncs one after another, which is quicker than one after a rest: see ``SyncFile``."""
    with SyncFile(folder) as file:
        return [file.sync_s() for _ in range(count)]


def hottest(run: Run, *, count: int = 6) -> list[str]:
    """Where a call spends its time: own time by function."""
    profile = cProfile.Profile()
    profile.runcall(run)
    return top(pstats.Stats(profile), count)


def top(stats: pstats.Stats, count: int) -> list[str]:
    rows: Sequence[tuple[tuple[str, int, str], tuple[int, int, float, float, object]]] = sorted(
        stats.stats.items(),  # type: ignore[attr-defined]  # pstats' documented table
        key=lambda row: -row[1][2],
    )
    whole = sum(row[1][2] for row in rows) or 1.0
    lines = []
    for (file, line, name), (calls, _, own, _, _) in rows[:count]:
        where = f"{'/'.join(Path(file).parts[-3:])}:{line} " if line else ""
        lines.append(f"{own / whole:4.0%} own time  {where}{name}, {calls} calls")
    return lines
