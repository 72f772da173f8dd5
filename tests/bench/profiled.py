"""The service under cProfile: ``python -m tests.bench.profiled OUT serve --config …``; SIGUSR1 starts the profile.

The clock is the CPU time of the loop's thread, so waiting costs nothing; start-up and other threads are left out.
"""

import cProfile
import pstats
import signal
import sys
import time
from pathlib import Path

from tests.bench.timing import top


def own_time(stats: Path, sales: int, count: int = 12) -> list[str]:
    """Functions of the loop's thread by own time, and the whole of a sale."""
    read = pstats.Stats(str(stats))
    whole: float = read.total_tt  # type: ignore[attr-defined]  # seconds of everything
    return [
        f"{whole / sales * 1e3:.1f} ms of the loop a sale, under cProfile; own time by part, then by function:",
        ", ".join(f"{part} {share:.0%}" for part, share in _parts(read)[:14]),
        *top(read, count),
    ]


def _parts(read: pstats.Stats) -> list[tuple[str, float]]:
    """Shares of own time: our folders, other packages; a built-in's time is its callers'."""
    own: dict[str, float] = {}
    for (file, _, _), (_, _, tottime, _, callers) in read.stats.items():  # type: ignore[attr-defined]  # its table
        if not callers or file != "~":
            own[_part(file)] = own.get(_part(file), 0.0) + tottime
            continue
        for (caller, _, _), (_, _, spent, _) in callers.items():
            own[_part(caller)] = own.get(_part(caller), 0.0) + spent
    whole = sum(own.values()) or 1.0
    return sorted(((part, spent / whole) for part, spent in own.items()), key=lambda each: -each[1])


def _part(file: str) -> str:
    parts = Path(file).parts
    for root in ("terminal", "drivers"):
        if root in parts:
            return "/".join(parts[parts.index(root) : -1])
    return parts[parts.index("site-packages") + 1] if "site-packages" in parts else f"python {Path(file).stem}"


def main() -> None:
    out = sys.argv.pop(1)
    from terminal.cli import main as countertop

    profile = cProfile.Profile(time.thread_time)
    signal.signal(signal.SIGUSR1, lambda *_: profile.enable())
    try:
        countertop()
    finally:
        profile.disable()
        profile.dump_stats(out)


if __name__ == "__main__":
    main()
