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
BY_OTHERS: Final = (-signal.SIGKILL, -signal.SIGTERM)  # a lab's fault, a person, the kernel short of memory
PAUSES_S: Final = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 2.0, 2.0, 3.0)  # after short lives that ended so
TAIL_LINES: Final = 12
LEASH: Final = "terminal.cli.demo.leash"


class CannotRun(Exception):
    """A process ends again and again; the text has the end of its log."""


class Child:
    """One supervised process. Its output goes to ``log``, which is cut when it starts; a life below ``quick_s`` is
    a short one."""

    def __init__(self, name: str, command: Sequence[str], log: Path, *, quick_s: float = QUICK_S) -> None:
        self.name, self.command, self.log, self._quick_s = name, tuple(command), log, quick_s
        self.starts = self._quick = self._cut_short = 0
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
        self._quick = self._quick + 1 if self._short() else 0
        if self._quick >= QUICK_MAX:
            raise CannotRun(self.last_words())

    def cut_short(self) -> int:
        """Note that somebody else ended it: the how many-th time in a row that it had lived only shortly."""
        self._cut_short = self._cut_short + 1 if self._short() else 0
        return self._cut_short

    def _short(self) -> bool:
        return asyncio.get_running_loop().time() - self._started_s < self._quick_s

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
    pauses_s: before the start after the first, second, … short life in a row that somebody else ended.
    """

    def __init__(
        self, say: Callable[[str], None], *, pauses_s: Sequence[float] = PAUSES_S, quick_s: float = QUICK_S
    ) -> None:
        self._say, self._pauses_s, self._quick_s = say, tuple(pauses_s), quick_s
        self.children: list[Child] = []

    async def start(self, name: str, command: Sequence[str], log: Path) -> Child:
        child = Child(name, command, log, quick_s=self._quick_s)
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
            elif pause_s := self._pause_s(child.cut_short()):
                self._say(f"{child.name} {how} again and again; it starts again in {pause_s:.0f} s")
                await asyncio.sleep(pause_s)
            await child.start()
            self._say(f"{child.name} {how}; started again as process {child.pid}")

    def _pause_s(self, times: int) -> float:
        """A person or a fault of the lab's kills a few times; a machine short of memory kills for ever."""
        return self._pauses_s[min(times, len(self._pauses_s)) - 1] if times else 0.0

    async def stop(self) -> None:
        """All of them, the last started first; the whole takes at most STOP_S and a moment."""
        await asyncio.gather(*(child.stop() for child in reversed(self.children)))


def python(module: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", LEASH, str(STOP_S), module, *arguments]


def countertop(*arguments: str) -> list[str]:
    return python("countertop", *arguments)
