"""The processes that play seeds side by side."""

import signal
import subprocess
import sys
import time
from pathlib import Path

WATCHDOG_S = 30.0
STARTER = """
import os, time
from terminal.simulation.mass import processes

if __name__ == "__main__":
    with processes(1) as pool:
        print(pool.submit(os.getpid).result(), flush=True)
        time.sleep(60)
"""


def there(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_worker_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    script = tmp_path / "starter.py"
    script.write_text(STARTER)
    with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True) as starter:
        assert starter.stdout is not None
        worker = int(starter.stdout.readline())
        assert there(worker)
        starter.send_signal(signal.SIGKILL)
    until = time.monotonic() + WATCHDOG_S
    while there(worker):
        assert time.monotonic() < until, "it waits for work that nobody will bring"
        time.sleep(0.02)
