"""The conversation with a printer: bytes out with a deadline, replies sorted as they come."""

import asyncio
from collections.abc import Callable
from typing import Final, Protocol

from drivers.errors import DeviceTimeout
from drivers.printer.status import POWERED_ON, Automatic, Block, Counted, Flow, InTurn, RealTime, Reply
from drivers.transport import Transport

WRITE_BYTES: Final = 128  # an XOFF promises room for as many; seen between writes
WRITE_S: Final = 2.0  # beyond the time the bytes need on the line (L8)
XOFF_S: Final = 2.0  # how long the printer may hold us off before it counts as stalled
TORN_S: Final = 0.1  # an automatic status unfinished for so long is forgotten
TICK_S: Final = 0.001
IN_TURN_TOP: Final = 0x10  # an answer in turn has paper bits only; other values are noise
KEPT_MAX: Final = 64


class Sorter(Protocol):
    """Tells a printer's replies apart; ``strange`` counts the bytes that are none."""

    strange: int

    @property
    def partial(self) -> bool: ...

    def reset(self) -> None: ...

    def feed(self, data: bytes) -> list[Reply]: ...


class Link:
    """Replies arrive in ``real_time``, ``blocks``, ``automatic``; answers in turn count ``owed`` down."""

    def __init__(self, transport: Transport, sorter: Sorter) -> None:
        self.transport = transport
        self.real_time: list[int] = []
        self.blocks: list[bytes] = []
        self.automatic = b""
        self.automatic_count = 0
        self.owed = 0  # answers in turn that were asked for and did not come yet
        self.restarted = False  # it said that its power came back: what it had not printed is lost
        self._held_off = False
        self._demux = sorter
        self._counted: int | None = None
        self._line_free_s = 0.0
        self._unasked = 0  # what looks like an answer in turn, with bits that none has

    @property
    def strange(self) -> int:
        """Bytes that no printer says: more than a few between question and answer are another device's."""
        return self._demux.strange + self._unasked

    def backlog_s(self) -> float:
        """Seconds the line still needs for what was handed over."""
        return max(0.0, self._line_free_s - asyncio.get_running_loop().time())

    async def hear(self) -> None:
        """Sort what arrived while nobody read."""
        self._take(await self.transport.discard_input())

    async def send(self, data: bytes, *, urgent: bool = False) -> None:
        """Hand over every byte. ``urgent``: real-time queries, which go out even against XOFF.

        Raises:
            DeviceTimeout: the printer took no bytes; part of ``data`` may have arrived.
            DeviceGone: the pipe closed.
        """
        loop = asyncio.get_running_loop()
        for start in range(0, len(data), WRITE_BYTES):
            await self.hear()
            if self._held_off and not urgent and not await self.collect(lambda: not self._held_off, XOFF_S):
                raise DeviceTimeout(f"{self.transport.name}: held off by XOFF for {XOFF_S} s")
            part = data[start : start + WRITE_BYTES]
            wire_s = len(part) * 10 / self.transport.baud
            deadline_s = WRITE_S + self.backlog_s() + wire_s
            await self.transport.write(part, deadline_s=deadline_s)
            self._line_free_s = max(self._line_free_s, loop.time()) + wire_s

    async def collect(self, done: Callable[[], bool], limit_s: float) -> bool:
        """Read replies until ``done()`` or ``limit_s`` after the line is free. Raises DeviceGone."""
        loop = asyncio.get_running_loop()
        end_s = loop.time() + self.backlog_s() + limit_s
        while not done():
            left_s = end_s - loop.time()
            if left_s < TICK_S:  # below what a timer can tell apart
                return False
            try:
                async with asyncio.timeout(min(left_s, TORN_S) if self._demux.partial else left_s):
                    data = await self.transport.read()
            except TimeoutError:
                self._demux.reset()
            else:
                self._take(data)
        return True

    def _take(self, data: bytes) -> None:
        before = self.strange
        replies = self._demux.feed(data)
        self._unasked += sum(isinstance(reply, InTurn) and reply.value >= IN_TURN_TOP for reply in replies)
        if replies and self.strange == before:
            self.transport.frame_seen()
        for reply in replies:
            match reply:
                case RealTime(value):
                    self.real_time = [*self.real_time[-KEPT_MAX:], value]
                case Block(block) if block == POWERED_ON:
                    self.restarted = True
                case Block(block):
                    self.blocks = [*self.blocks[-KEPT_MAX:], block]
                case Automatic(automatic):
                    self.automatic, self.automatic_count = automatic, self.automatic_count + 1
                case InTurn(value) if value < IN_TURN_TOP:
                    self.owed = max(0, self.owed - 1)
                case Counted(count, most):
                    self._count(count, most)
                case Flow(ready):
                    self._held_off = not ready

    def _count(self, count: int, most: int) -> None:
        """Answers in turn that are counted by the printer; a count that fell is a printer's that restarted."""
        done = (count - (count if self._counted is None else self._counted)) % most
        self._counted = count
        if done > self.owed:
            self.restarted = True
        else:
            self.owed -= done
