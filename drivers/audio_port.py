"""The sound output of this computer as a pipe: each write is one whole WAV file, played by a program as it comes.

The program reads the file from its input; its exit status is one byte to read behind it. It never outlives the
deadline of its write: a player that hangs is killed (V1).
"""

import asyncio
import contextlib
import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from drivers.errors import DeviceError, DeviceGone, DeviceTimeout
from drivers.inbox import Inbox

_DEVICE: Final = re.compile(r"[A-Za-z0-9@_.:,=+][A-Za-z0-9@_.:,=+-]{0,127}")
KILLED: Final = 255  # the exit status of a player that ended by a signal
REAP_S: Final = 2.0
POLL_S: Final = 0.02


class AudioPort:
    def __init__(self, name: str, command: Sequence[str]) -> None:
        self.name = name
        self.baud = 1_000_000_000  # a pipe: its bytes take no time
        self._command = tuple(command)
        self._process: asyncio.subprocess.Process | None = None
        self._statuses: Final = Inbox(name)
        self._hushed = False

    async def write(self, data: bytes, *, deadline_s: float = 2.0) -> None:
        """Play ``data`` to its end; empty: stop what is being played.

        Raises DeviceTimeout: the player was still at it and was killed; DeviceGone: there is no such program.
        """
        if self._statuses.ended is not None:
            raise self._statuses.ended
        if not data:
            self._hushed = True
            self._kill()
            return
        self._hushed = False
        try:
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
            )
        except OSError as error:
            raise self._end(DeviceGone(f"{self.name}: {self._command[0]} cannot be started: {error}")) from None
        process = self._process
        if self._hushed:  # while it was being started
            self._kill()
        try:
            async with asyncio.timeout(deadline_s):
                await self._feed(process, data)
                await _gone(process)
        except TimeoutError:
            raise DeviceTimeout(f"{self.name}: still playing after {deadline_s:.1f} s") from None
        finally:
            await self._reap(process)
        status = process.returncode
        self._statuses.put(bytes((KILLED if status is None or status < 0 else status,)))

    def put(self, data: bytes) -> bool:  # noqa: ARG002  # a sound takes its time, even the shortest
        return False

    def put_ahead(self, head: bytes, rest: bytes) -> None:
        """A sound is played whole."""

    async def read(self) -> bytes:
        return await self._statuses.get()

    def listen(self, hear: Callable[[bytes], None] | None) -> None:
        self._statuses.listen(hear)

    async def discard_input(self) -> bytes:
        return self._statuses.take()

    def frame_seen(self) -> None:
        self._statuses.frame_seen()

    def on_end(self, tell: Callable[[DeviceError], None]) -> None:
        self._statuses.on_end(tell)

    async def close(self) -> None:
        self._end(DeviceGone(f"{self.name}: closed"))
        self._kill()

    def _end(self, error: DeviceError) -> DeviceError:
        self._statuses.end(error)
        return error

    async def _feed(self, process: asyncio.subprocess.Process, data: bytes) -> None:
        """A player that ends early leaves the rest unread: its status says what that means."""
        assert process.stdin
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            process.stdin.write(data)
            await process.stdin.drain()
        process.stdin.close()

    def _kill(self) -> None:
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()

    async def _reap(self, process: asyncio.subprocess.Process) -> None:
        """No player is left behind, whatever ended the write."""
        if process.returncode is None:
            self._kill()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(REAP_S):
                    await _gone(process)
        self._process = None


async def _gone(process: asyncio.subprocess.Process) -> None:
    """Wait for the player's status; the caller limits it.

    Not by ``process.wait``: on Python 3.11 that can wait for ever for one that was killed while its input closed.
    """
    while process.returncode is None:  # noqa: ASYNC110  # there is nothing else to wait for
        await asyncio.sleep(POLL_S)


def audio_command(binding: str, command: Sequence[str]) -> list[str]:
    """The player's command line for ``audio:DEVICE``. Raises ValueError: not such a binding."""
    kind, _, device = binding.partition(":")
    if kind != "audio" or not _DEVICE.fullmatch(device):
        raise ValueError(f"{binding!r} names no sound output: use audio:NAME, such as audio:default")
    return [word.replace("{device}", device) for word in command]


async def open_audio(binding: str, command: Sequence[str]) -> AudioPort:
    """Raises DeviceGone: the player is not installed. ValueError as ``audio_command``."""
    words = audio_command(binding, command)
    folders = [""] if "/" in words[0] else os.get_exec_path()
    if not any(os.access(Path(folder) / words[0], os.X_OK) for folder in folders):
        raise DeviceGone(f"{binding}: the program {words[0]} is not installed")
    return AudioPort(binding, words)
