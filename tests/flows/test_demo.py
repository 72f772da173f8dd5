"""``countertop demo`` as people run it: processes, signals, ports and files, all real."""

import asyncio
import os
import signal
import stat
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from terminal.busy_ports import listeners
from terminal.lab.demo_settings import Places, Ports
from terminal.lab.service_process import ServiceProcess
from tests.flows.ports import claim

WATCHDOG_S = 60.0  # ten times what it takes; a limit for a hang, not a measurement


class Run:
    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.said = ""

    async def until(self, words: str) -> str:
        """Read its output up to a line with these words."""
        assert self.process.stdout is not None
        async with asyncio.timeout(WATCHDOG_S):
            while line := (await self.process.stdout.readline()).decode():
                self.said += line
                if words in line:
                    return line
        raise AssertionError(f"it ended without saying {words!r}:\n{self.said}")

    async def end(self, number: signal.Signals = signal.SIGINT) -> int:
        self.process.send_signal(number)
        assert self.process.stdout is not None
        async with asyncio.timeout(WATCHDOG_S):
            self.said += (await self.process.stdout.read()).decode()
            return await self.process.wait()


@asynccontextmanager
async def demo(state: Path, ports: Ports, *more: str) -> AsyncIterator[Run]:
    async with demo_command("--state", str(state), "--ports", str(ports.service), *more) as run:
        yield run


@asynccontextmanager
async def demo_command(*words: str) -> AsyncIterator[Run]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", "from terminal.cli import main; main()", "demo", *words),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, "COLUMNS": "160"},
        limit=1 << 20,
    )
    run = Run(process)
    try:
        yield run
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()


def processes_of(state: Path) -> list[str]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and int(entry.name) != os.getpid():
            try:
                words = (entry / "cmdline").read_text(errors="replace")
            except OSError:
                continue
            if str(state) in words:
                found.append(words.replace("\0", " "))
    return found


async def lab_call(
    places: Places, ports: Ports, method: str, path: str, body: dict[str, Any] | None = None
) -> Any:
    key = (places.lab / "lab-key").read_text().strip()
    url = f"http://127.0.0.1:{ports.lab}/lab/{path}"
    async with (
        aiohttp.ClientSession(headers={"Authorization": f"Bearer {key}"}) as session,
        session.request(method, url, json=body) as answer,
    ):
        assert answer.status == 200, await answer.text()
        return await answer.json()


async def eventually(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(WATCHDOG_S):
        while True:
            if holds():
                return
            await asyncio.sleep(0.02)


@pytest.mark.row(143, 152)
async def test_the_demo_sells_survives_a_killed_service_ends_clean_and_goes_on_with_the_same_journal(
    tmp_path: Path,
) -> None:
    places, ports = Places(tmp_path / "demo"), Ports(claim())
    async with demo(places.root, ports) as run:
        await run.until("Ctrl-C ends everything")
        assert "Paid: ¥28.50" in run.said
        assert "二十八元五角" in run.said  # said once by the simulated speaker
        assert "0001" in run.said
        assert "attempt_moved" in run.said  # its timeline

        async with demo(tmp_path / "other", ports) as second:  # the same ports again
            await second.until("Stop that program, or choose another block")
            assert await second.process.wait() == 5
            assert "terminal.sandbox" in second.said
            assert not (tmp_path / "other").exists()

        service = ServiceProcess(places.state)
        before = service.pid()
        await lab_call(places, ports, "POST", "faults", {"slug": "kill-mid-sale", "params": {"when": "now"}})
        again = await run.until("started again")
        assert "service was killed (SIGKILL)" in again
        await eventually(lambda: service.told().get("pid", before) != before)

        assert await run.end(signal.SIGINT) == 0
        assert "Everything is stopped" in run.said
    assert processes_of(places.root) == []
    assert listeners(ports.named()) == {}

    async with demo(places.root, ports, "--once") as run:
        await run.until("Everything is stopped")
        assert await run.process.wait() == 0
        assert "0002" in run.said
    assert processes_of(places.root) == []


@pytest.mark.slow  # a whole round with a real bank's waits takes a minute; on virtual time in test_roadshow.py
async def test_the_roadshow_plays_its_round_ends_clean_and_says_that_nothing_went_wrong(tmp_path: Path) -> None:
    places, ports = Places(tmp_path / "demo"), Ports(claim())
    more = ("--once", "--pace", "0", "--state", str(places.root), "--ports", str(ports.service))
    async with demo_command("playlist", "fair", *more) as run:
        async with asyncio.timeout(10 * WATCHDOG_S):
            assert await run.process.wait() == 0
        await run.until("Everything is stopped")
    assert "no money moves" in run.said
    assert "6/6" in run.said
    assert processes_of(places.root) == []


@pytest.mark.slow  # four seconds of a start; make test-long
async def test_sigterm_in_the_middle_of_the_start_leaves_no_process_and_secrets_are_nobody_elses(
    tmp_path: Path,
) -> None:
    places, ports = Places(tmp_path / "demo"), Ports(claim())
    async with demo(places.root, ports) as run:
        await run.until("Everything is simulated")
        await eventually(places.config.exists)
        assert await run.end(signal.SIGTERM) == 0
    assert processes_of(places.root) == []
    for path in (places.config, places.root / "secrets.toml"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    assert stat.S_IMODE(places.root.stat().st_mode) == 0o700
