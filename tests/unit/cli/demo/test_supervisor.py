"""Children of the demo end with it, however it ends. Real processes, small ones; only their own ids are killed."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from terminal.cli.demo.supervisor import PAUSES_S, CannotRun, Supervisor

WATCHDOG_S = 30.0
PARENT = """
import asyncio, sys
from pathlib import Path
from terminal.cli.demo.supervisor import LEASH, Supervisor

async def main():
    supervisor = Supervisor(print)
    command = [sys.executable, "-m", LEASH, sys.argv[1], "small_child", *sys.argv[3:]]
    child = await supervisor.start("child", command, Path(sys.argv[2]))
    print(child.pid, flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""
CHILD = """
import signal, sys
from pathlib import Path

def ended(*_):
    print("ends in order", flush=True)
    if sys.argv[1:] != ["stubborn"]:
        sys.exit(0)

signal.signal(signal.SIGTERM, ended)
print("runs", sys.argv[1:], flush=True)
while True:
    signal.pause()
"""


async def eventually(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(WATCHDOG_S):
        while True:
            if holds():
                return
            await asyncio.sleep(0.01)


def says(log: Path, words: str) -> bool:
    return log.exists() and words in log.read_text()


def gone(pid: int) -> bool:
    """An orphan is somebody else's child: whether it is there is all we can ask. A zombie has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return True


@pytest.mark.parametrize("words", [[], ["stubborn"]])
async def test_a_killed_parent_takes_its_child_with_it(tmp_path: Path, words: list[str]) -> None:
    (tmp_path / "small_child.py").write_text(CHILD)
    log = tmp_path / "child.log"
    parent = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", PARENT, "0.2", str(log), *words),
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])},
    )
    assert parent.stdout is not None
    async with asyncio.timeout(WATCHDOG_S):
        child = int(await parent.stdout.readline())
    try:
        await eventually(lambda: says(log, f"runs {words}"))
        parent.kill()
        await parent.wait()
        await eventually(lambda: says(log, "ends in order"))
        await eventually(lambda: gone(child))
    finally:
        if parent.returncode is None:
            parent.kill()
            await parent.wait()
        if not gone(child):
            os.kill(child, signal.SIGKILL)


async def test_a_service_that_tests_kill_again_and_again_is_started_again_every_time(tmp_path: Path) -> None:
    """Three deaths of its own within seconds are a lasting trouble; what somebody did to it is none."""
    told: list[str] = []
    supervisor = Supervisor(told.append, quick_s=3600.0)  # whatever the machine is busy with, these are short
    sleeps = [sys.executable, "-c", "import time; time.sleep(600)"]
    child = await supervisor.start("service", sleeps, tmp_path / "a")
    keeping = asyncio.create_task(supervisor.keep(child))

    def restarted(times: int) -> Callable[[], bool]:
        return lambda: len(told) == times or keeping.done()

    try:
        for count in range(1, 6):
            child.send(signal.SIGKILL)
            await eventually(restarted(count))
        assert not keeping.done()
        assert child.running
        assert "was killed (SIGKILL)" in told[-1]
    finally:
        keeping.cancel()
        await supervisor.stop()

    broken = await supervisor.start("service", [sys.executable, "-c", "raise SystemExit(3)"], tmp_path / "b")
    with pytest.raises(CannotRun, match="does not stay up"):
        async with asyncio.timeout(WATCHDOG_S):
            await supervisor.keep(broken)


async def test_what_is_killed_again_and_again_waits_ever_longer_and_is_not_given_up(tmp_path: Path) -> None:
    """The kernel that is short of memory kills with SIGKILL too: starts at once would keep the machine so."""
    told: list[str] = []
    supervisor = Supervisor(told.append, pauses_s=(0.0, 3600.0), quick_s=3600.0)
    sleeps = [sys.executable, "-c", "import time; time.sleep(600)"]
    child = await supervisor.start("service", sleeps, tmp_path / "a")
    keeping = asyncio.create_task(supervisor.keep(child))
    try:
        child.send(signal.SIGKILL)
        await eventually(lambda: len(told) == 1)
        child.send(signal.SIGKILL)
        await eventually(lambda: len(told) == 2)
        assert told[-1] == "service was killed (SIGKILL) again and again; it starts again in 3600 s"
        assert (child.running, child.starts, keeping.done()) == (False, 2, False)
    finally:
        keeping.cancel()
        await supervisor.stop()


def test_the_pauses_grow_and_no_test_that_kills_again_and_again_waits_long() -> None:
    assert list(PAUSES_S) == sorted(PAUSES_S)
    assert (PAUSES_S[0], PAUSES_S[-1]) == (0.0, 3.0)
