"""Opens an amount line of the settings: a serial port, or a TCP port on which the till connects."""

import asyncio
import contextlib
import logging
from contextlib import AsyncExitStack
from typing import Final

from drivers.errors import DeviceError
from drivers.transport import OpenTransport, Transport
from terminal.pos.amount_line import AmountLine, Pipe
from terminal.pos.amount_lines import Rules
from terminal.pos.peers import Peers
from terminal.settings import AmountLineTable
from terminal.wiring.door_lines import listen_raw, port_of
from terminal.wiring.door_parts import DoorParts, keep_with
from terminal.wiring.open_hw_proxy import peers_of

log = logging.getLogger(__name__)
AGAIN_S: Final = 2.0  # between two tries to open the port
WRITE_S: Final = 5.0
READ_MAX: Final = 1024


class SerialPipe:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def read(self) -> bytes:
        try:
            return await self._transport.read()
        except DeviceError as error:
            raise ConnectionError(str(error)) from error

    async def write(self, data: bytes) -> None:
        try:
            await self._transport.write(data)
        except DeviceError as error:
            raise ConnectionError(str(error)) from error

    def sound(self) -> None:
        self._transport.frame_seen()


class TcpPipe:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def read(self) -> bytes:
        return await self._reader.read(READ_MAX)

    async def write(self, data: bytes) -> None:
        self._writer.write(data)
        try:
            async with asyncio.timeout(WRITE_S):
                await self._writer.drain()
        except TimeoutError:
            raise ConnectionError("the till takes no more") from None

    def sound(self) -> None:
        """TCP makes no noise."""


class LineServer:
    """One till at a time: a new connection takes the old one's place, which may be dead without knowing it."""

    def __init__(self, door: AmountLine, peers: Peers) -> None:
        self._door, self._peers = door, peers
        self._now: asyncio.Task[None] | None = None

    async def come(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self._peers.admits(writer.get_extra_info("peername")[0]):
            writer.transport.abort()
            return
        while self._now is not None and not self._now.done():  # another may have come while the old one ended
            await self.end()
        mine = self._now = asyncio.create_task(self._door.serve(TcpPipe(reader, writer)))
        try:
            await asyncio.wait({mine})
            if not mine.cancelled() and (error := mine.exception()):
                log.error("the amount line failed", exc_info=error)
        finally:
            writer.transport.abort()

    async def end(self) -> None:
        if self._now is not None and not self._now.done():
            self._now.cancel()
            await asyncio.wait({self._now})


async def open_amount_line(stack: AsyncExitStack, parts: DoorParts) -> str:
    """Returns the binding, or host:port. Raises BadSettings."""
    table = parts.loaded.settings.doors[parts.name]
    assert isinstance(table, AmountLineTable), parts.name
    rules = Rules(parts.desk.currency, table.prefix, table.suffix, table.minor, table.answers)
    door = AmountLine(parts.desk, rules, lambda: parts.entropy.bytes(12).hex(), unpaid_s=table.unpaid_s)
    await keep_with(stack, parts, "watch", door.watch)
    if not table.line:
        serving = LineServer(door, peers_of(parts.name, table.peers))
        return await listen_raw(stack, table, serving.come, serving.end, limit=READ_MAX)
    open_port = port_of(parts.name, table)
    await keep_with(stack, parts, "line", lambda: _serve_port(door, open_port))
    return table.line


async def _serve_port(door: AmountLine, open_port: OpenTransport) -> None:
    """For ever: the cable may be pulled and come back."""
    while True:
        with contextlib.suppress(DeviceError):
            transport = await open_port()
            try:
                pipe: Pipe = SerialPipe(transport)
                await door.serve(pipe)
            finally:
                await transport.close()
        await asyncio.sleep(AGAIN_S)
