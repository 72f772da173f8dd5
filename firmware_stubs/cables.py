"""Cables that another process can open: a pseudo-terminal with a name of its own, a TCP port on loopback."""

import asyncio
import contextlib
import os
import pty
import tty
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from firmware_stubs.wire import Cable, Stub

_READ_MAX: Final = 4096


class PtyCable(Cable):
    """A stub behind a pseudo-terminal that ``link`` points to.

    Plugging makes a new terminal and moves the link, as udev does when a device comes back under another
    name; unplugging closes it, so that the host sees a hang-up, and removes the link.
    """

    def __init__(self, stub: Stub, link: Path) -> None:
        super().__init__(stub, name=str(link))
        self.link = link
        self._master = self._slave = -1

    async def plug(self) -> None:
        """Also swaps nothing and harms nothing when it is plugged in already."""
        if self.plugged:
            return
        self._master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        beside = self.link.with_name(f".{self.link.name}.new")
        with contextlib.suppress(FileNotFoundError):
            beside.unlink()
        beside.symlink_to(os.ttyname(self._slave))
        beside.replace(self.link)
        self.plugged = True
        asyncio.get_running_loop().add_reader(self._master, self._readable)
        self.poke()

    async def unplug(self) -> None:
        if not self.plugged:
            return
        self.plugged = False
        self._stop_ticking()
        asyncio.get_running_loop().remove_reader(self._master)
        with contextlib.suppress(FileNotFoundError):
            self.link.unlink()
        os.close(self._master)
        os.close(self._slave)

    async def swap(self, other: "PtyCable") -> None:
        """Two plugs end in each other's sockets."""
        for cable in (self, other):
            await cable.unplug()
        self.stub, other.stub = other.stub, self.stub
        for cable in (self, other):
            await cable.plug()

    def stall(self, stalled: bool = True) -> None:
        """The device stops taking bytes, or goes on; the kernel still keeps some 20 KiB for it."""
        loop = asyncio.get_running_loop()
        if self.plugged and stalled:
            loop.remove_reader(self._master)
        elif self.plugged:
            loop.add_reader(self._master, self._readable)

    def send(self, data: bytes) -> None:
        """Bytes from nowhere: noise, a flood, XOFF (``b"\\x13"``)."""
        self._arrive(data)

    @contextlib.contextmanager
    def flooding(self, noise: bytes) -> Iterator[None]:
        """Bytes from nowhere as fast as the host takes them: an adapter on USB has no baud rate.

        Args:
            noise: sent again and again, at least one byte.
        """
        loop, master = asyncio.get_running_loop(), self._master

        def more() -> None:
            with contextlib.suppress(OSError):  # the host closed its end
                os.write(master, noise)

        loop.add_writer(master, more)
        try:
            yield
        finally:
            loop.remove_writer(master)

    def _readable(self) -> None:
        try:
            data = os.read(self._master, _READ_MAX)
        except OSError:
            return
        self._hear(data)

    def _deliver(self, data: bytes) -> None:
        if not self.plugged:
            return
        try:
            taken = os.write(self._master, data)
        except OSError:  # nobody reads and the kernel's buffer is full
            taken = 0
        self.dropped += len(data) - taken


class TcpCable(Cable):
    """A stub behind a TCP port on loopback, as a serial-to-network box; one host at a time."""

    def __init__(self, stub: Stub, *, name: str = "tcp") -> None:
        super().__init__(stub, name=name)
        self.port = 0
        self._server: asyncio.Server | None = None
        self._host: asyncio.StreamWriter | None = None
        self._serving: set[asyncio.Task[None]] = set()

    async def plug(self) -> None:
        """Listen; the first time on a free port, later on the same ``port``."""
        if not self.plugged:
            self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
            self.port = self._server.sockets[0].getsockname()[1]
            self.plugged = True

    async def unplug(self) -> None:
        self.plugged = False
        self._stop_ticking()
        if self._server:
            self._server.close()
            self._server = None
        if self._host:
            self._host.transport.abort()
            self._host = None
        while self._serving:  # they have lost their host: nothing of them outlives the plug
            await asyncio.wait(self._serving)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._serving.add(task)
        try:
            if self.plugged and not self._host:
                await self._talk(reader, writer)
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()
        finally:
            self._serving.discard(task)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._host = writer
        self.poke()
        try:
            while data := await reader.read(_READ_MAX):
                self._hear(data)
        except ConnectionError:
            pass  # the host went away in its own manner
        finally:
            if self._host is writer:
                self._host = None

    def _deliver(self, data: bytes) -> None:
        if self._host is None or self._host.transport.get_write_buffer_size() > _READ_MAX:
            self.dropped += len(data)
        else:
            self._host.write(data)
