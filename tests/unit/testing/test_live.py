"""How the process behind ``live_counter`` is started and heard."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from terminal.testing.live import READY, Process, ready

WATCHDOG_S = 30
TALKS = f"""
import sys
print({READY!r}, flush=True)
for line in range(20_000):
    print("service was killed (SIGKILL); started again as process", line)
"""


@contextmanager
def started(program: str, log: Path) -> Iterator[Process]:
    with log.open("wb") as out, subprocess.Popen([sys.executable, "-c", program], stdout=out) as process:
        yield process


def test_a_counter_that_says_a_lot_is_never_stopped_by_what_nobody_reads(tmp_path: Path) -> None:
    with started(TALKS, tmp_path / "log") as process:
        assert ready(process, tmp_path / "log", WATCHDOG_S)
        assert process.wait(WATCHDOG_S) == 0


def test_one_that_ends_or_stays_silent_is_not_waited_for(tmp_path: Path) -> None:
    with started("print('the port is taken by another program')", tmp_path / "log") as process:
        assert not ready(process, tmp_path / "log", WATCHDOG_S)
    with started("import time; time.sleep(600)", tmp_path / "log") as process:
        assert not ready(process, tmp_path / "log", 0)
        process.kill()
