"""A wire to the database that can be cut at a given piece, in either direction, or wholly, and mended again."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from terminal.journal.postgres.place import Place

Way = Literal["up", "down"]  # to the server, from the server


@dataclass
class Cut:
    """The ``piece``-th piece on its way is lost, or half of it; its connection ends."""

    way: Way
    piece: int
    half: bool = False


class Wire:
    """``place`` leads through it. What is planned concerns every connection but the ``spared`` one, by its number.

    Args:
        plan: cuts, one after the other; the next counts from the one before.
    """

    def __init__(self, place: Place, folder: Path) -> None:
        self._real = Path(place.host) / ".s.PGSQL.5432"
        self.place = replace(place, host=str(folder))
        self.plan: deque[Cut] = deque()
        self.cut = asyncio.Event()  # something was, or fell silent
        self.spared = 1  # the second connection of a journal is its hold's
        self.silent_after = 0  # so many pieces to the server it falls silent, and nothing is cut; 0: never
        self.down = self.deaf = False  # nobody answers; or what is sent is swallowed, as behind a dead router
        self._count = 0
        self.ended = False
        self._open: set[asyncio.StreamWriter] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number, self._count = self._count, self._count + 1
        if self.down:
            writer.close()
            return
        server_reader, server_writer = await asyncio.open_unix_connection(str(self._real))
        ends = {writer, server_writer}
        self._open |= ends
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._carry("up", number, reader, server_writer, ends))
                group.create_task(self._carry("down", number, server_reader, writer, ends))
        except asyncio.CancelledError:
            if not self.ended:
                raise
        finally:
            self._open -= ends
            for each in ends:
                each.transport.abort()

    async def _carry(
        self,
        way: Way,
        number: int,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        ends: set[asyncio.StreamWriter],
    ) -> None:
        with suppress(OSError):
            while data := await reader.read(1 << 16):
                if self.deaf:
                    continue
                if way == "up" and self.silent_after:
                    self.silent_after -= 1
                    self.deaf = not self.silent_after
                    if self.deaf:
                        self.cut.set()
                if cut := self._lost(way, number):
                    if cut.half:
                        writer.write(data[: len(data) // 2])
                        await writer.drain()
                    self.cut.set()
                    break
                writer.write(data)
                await writer.drain()
        for each in ends:
            each.close()

    def _lost(self, way: Way, number: int) -> Cut | None:
        if not self.plan or self.plan[0].way != way or number == self.spared:
            return None
        self.plan[0].piece -= 1
        return self.plan.popleft() if self.plan[0].piece < 0 else None

    def sever(self) -> None:
        """Every connection ends now."""
        for each in list(self._open):
            each.transport.abort()


@asynccontextmanager
async def wired(place: Place, folder: Path) -> AsyncIterator[Wire]:
    wire = Wire(place, folder)
    server = await asyncio.start_unix_server(wire.serve, str(folder / ".s.PGSQL.5432"))
    try:
        yield wire
    finally:
        wire.ended = True
        server.close()
        wire.sever()
        await asyncio.sleep(0)
