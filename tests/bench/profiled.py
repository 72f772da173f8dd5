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
        f"{whole / sales * 1e3:.1f} ms of the loop a sale, under cProfile; own time by function:",
        *top(read, count),
    ]


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
