"""Keeps the demo's processes alive, and ends them all: nothing is left behind, however it ends."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

STOP_S: Final = 4.0  # SIGTERM, then so long until SIGKILL
QUICK_S: Final = 3.0  # a process that lives no longer has a lasting trouble
QUICK_MAX: Final = 3
BY_OTHERS: Final = (-signal.SIGKILL, -signal.SIGTERM)  # a fault of the lab's, or a person: no trouble of its own
TAIL_LINES: Final = 12
LEASH: Final = "terminal.cli.leash"


class CannotRun(Exception):
    """A process ends again and again; the text has the end of its log."""


class Child:
    """One supervised process. Its output goes to ``log``, which is cut when it starts."""

    def __init__(self, name: str, command: Sequence[str], log: Path) -> None:
        self.name, self.command, self.log = name, tuple(command), log
        self.starts = self._quick = 0
        self._process: asyncio.subprocess.Process | None = None
        self._started_s = 0.0

    @property
    def pid(self) -> int:
        return self._process.pid if self._process is not None else 0

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.returncode is None

    async def start(self) -> None:
        """In a session of its own: Ctrl-C reaches the demo alone, which then ends things in order.

        Its standard input is a leash: it ends when this process does, however that ends.
        """
        self.log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(
            self.log, os.O_WRONLY | os.O_CREAT | (os.O_TRUNC if not self.starts else os.O_APPEND), 0o600
        )
        try:
            self._process = await asyncio.create_subprocess_exec(
                *self.command,
                stdin=asyncio.subprocess.PIPE,
                stdout=descriptor,
                stderr=descriptor,
                start_new_session=True,
            )
        finally:
            os.close(descriptor)
        self.starts += 1
        self._started_s = asyncio.get_running_loop().time()

    async def ended(self) -> int:
        """Wait for its end; how it ended, negative for a signal."""
        assert self._process is not None
        return await self._process.wait()

    def quick(self) -> None:
        """Note how long it lived. Raises CannotRun after QUICK_MAX short lives in a row."""
        lived_s = asyncio.get_running_loop().time() - self._started_s
        self._quick = self._quick + 1 if lived_s < QUICK_S else 0
        if self._quick >= QUICK_MAX:
            raise CannotRun(self.last_words())

    def last_words(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        return "\n".join([f"{self.name} does not stay up; the end of {self.log}:", *lines[-TAIL_LINES:]])

    def send(self, number: signal.Signals) -> None:
        if self.running and self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(number)

    async def stop(self) -> None:
        """Ask, wait, insist."""
        self.send(signal.SIGTERM)
        try:
            async with asyncio.timeout(STOP_S):
                await self._gone()
        except TimeoutError:
            self.send(signal.SIGKILL)
            await self._gone()

    async def _gone(self) -> None:
        if self._process is not None:
            await self._process.wait()


class Supervisor:
    """Args:
    say: how a restart is told to people.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self.children: list[Child] = []

    async def start(self, name: str, command: Sequence[str], log: Path) -> Child:
        child = Child(name, command, log)
        self.children.append(child)
        await child.start()
        return child

    async def keep(self, child: Child) -> None:
        """Start it again whenever it ends. Raises CannotRun."""
        while True:
            code = await child.ended()
            how = f"was killed ({signal.Signals(-code).name})" if code < 0 else f"ended with {code}"
            if code not in BY_OTHERS:
                child.quick()
            await child.start()
            self._say(f"{child.name} {how}; started again as process {child.pid}")

    async def stop(self) -> None:
        """All of them, the last started first; the whole takes at most STOP_S and a moment."""
        await asyncio.gather(*(child.stop() for child in reversed(self.children)))


def python(module: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", LEASH, str(STOP_S), module, *arguments]


def countertop(*arguments: str) -> list[str]:
    return python("countertop", *arguments)
