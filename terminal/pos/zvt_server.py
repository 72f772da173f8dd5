"""Where ZVT tills come in: a TCP listener for few of them at once, or one serial line that is opened again."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from terminal.pos.peers import Peers
from terminal.pos.zvt import Session
from terminal.pos.zvt_links import Line, LinkClosed, LinkLost, SerialLink, StreamLink
from terminal.pos.zvt_till import ZvtTill

log = logging.getLogger(__name__)
SESSIONS_MAX: Final = 4  # one more, and the oldest is closed: a till that lost its line does not say so
READ_MAX: Final = 4096
WRITE_S: Final = 5.0
AGAIN_S: Final = 2.0


class SocketLine:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def read(self) -> bytes:
        try:
            data = await self._reader.read(READ_MAX)
        except OSError as error:
            raise LinkLost(type(error).__name__) from None
        if not data:
            raise LinkClosed("the till closed it")
        return data

    async def write(self, data: bytes) -> None:
        try:
            async with asyncio.timeout(WRITE_S):
                self._writer.write(data)
                await self._writer.drain()
        except OSError as error:  # a late drain is one too
            raise LinkLost(type(error).__name__) from None

    def frame_seen(self) -> None:
        """A socket carries no noise."""

    async def close(self) -> None:
        self._writer.close()
        with contextlib.suppress(OSError):
            async with asyncio.timeout(WRITE_S):
                await self._writer.wait_closed()


class ZvtListener:
    """One till's connections, newest last."""

    def __init__(self, till: ZvtTill, peers: Peers) -> None:
        self._till, self._peers = till, peers
        self._sessions: list[asyncio.Task[None]] = []

    async def come(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = SocketLine(reader, writer)
        peer = writer.get_extra_info("peername")
        if not self._peers.admits(peer[0] if peer else ""):
            log.warning("a line from %s, which is none of the peers", peer)
            await line.close()
            return
        task = asyncio.current_task()
        assert task is not None
        self._sessions.append(task)
        if len(self._sessions) > SESSIONS_MAX:
            self._sessions[0].cancel()
        try:
            await Session(StreamLink(line), self._till).run()
        except asyncio.CancelledError:  # asyncio's server would log it as a failure of ours
            log.info("a till's line was closed for a newer one, or at the end")
        finally:
            self._sessions.remove(task)

    async def end(self) -> None:
        for task in [*self._sessions]:
            task.cancel()
        if self._sessions:
            await asyncio.wait([*self._sessions], timeout=WRITE_S)


async def keep_line(open_line: Callable[[], Awaitable[Line]], till: ZvtTill) -> None:
    """Serve a serial line for ever, opened again whenever it is lost."""
    while True:
        try:
            line = await open_line()
        except LinkLost as lost:
            log.warning("a till's line cannot be opened: %s", lost)
        else:
            await Session(SerialLink(line), till).run()
        await asyncio.sleep(AGAIN_S)
