"""Cables between a simulated device and whoever drives it: in memory, a pseudo-terminal, TCP.

A stub is behaviour over given time, a cable moves its bytes: neither knows the other's job. Nothing here
reads a clock but the running loop's, so an in-memory wire works in virtual time.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from itertools import cycle
from typing import Any, Final, Protocol, Self

from firmware_stubs.held_back import HeldBack

INPUT_MAX: Final = 4096  # bytes kept for a reader who does not read; the rest is dropped and counted


class Stub(Protocol):
    """A simulated device: bytes in, bytes out, over time it is given. Subclass it, or match it by shape.

    ``now_ms`` never goes backwards; its origin means nothing. A stub keeps no task, thread, clock or
    randomness of its own. When a person acts on it (a trigger pressed, paper put in), its method stores what
    the device will say and the cable's ``poke()`` sends it.
    """

    def receive(self, data: bytes, now_ms: int) -> bytes:
        """Take bytes from the host in any split; return what the device says at once, often nothing."""
        ...

    def tick(self, now_ms: int) -> bytes:
        """Let time pass up to ``now_ms``; return what the device says by itself."""
        ...

    def due(self, now_ms: int) -> int | None:  # noqa: ARG002 - the default has no plans
        """When the next ``tick`` is wanted, in the same milliseconds; None (what a subclass inherits) for
        none until bytes or a poke arrive."""
        return None


Filter = Callable[[bytes], bytes]


def unchanged(data: bytes) -> bytes:
    return data


class Cable(ABC):
    """A stub, its time and the faults of its line; each kind of cable adds how bytes reach the host.

    All faults are attributes and may be changed while it runs: ``noise`` (put in front of every answer),
    ``drop_answers`` (so many are lost), ``delay_s`` (every answer comes so much later), ``to_device`` and
    ``to_host`` (change passing bytes, called once per write or answer), ``paced`` (10 bit times a byte).
    Assign ``stub`` to swap devices. ``tap`` is told every byte that passes: ``tap("host" | "device", data)``.
    """

    def __init__(self, stub: Stub, *, name: str, baud: int = 115200) -> None:
        self.stub = stub
        self.noise, self.drop_answers, self.delay_s = b"", 0, 0.0
        self.to_device: Filter = unchanged
        self.to_host: Filter = unchanged
        self.paced = False
        self.plugged = False
        self.dropped = 0  # bytes for the host that found no room
        self.tap: Callable[[str, bytes], None] | None = None
        self._name, self._baud = name, baud
        self._line_free_s = 0.0
        self._timer: asyncio.TimerHandle | None = None

    @property
    def name(self) -> str:
        return self._name

    @property
    def baud(self) -> int:
        return self._baud

    def now_ms(self) -> int:
        return round(asyncio.get_running_loop().time() * 1000)

    def poke(self) -> None:
        """Let the device say what it has to say now, and plan its next tick."""
        if self.plugged:
            self._say(self.stub.tick(self.now_ms()))

    def _hear(self, data: bytes) -> None:
        """Bytes of the host reach the device."""
        if self.tap:
            self.tap("host", data)
        data = self.to_device(data)
        if data:
            self._say(self.stub.receive(data, self.now_ms()))

    def _say(self, answer: bytes) -> None:
        """Send the device's bytes on their way, through the faults."""
        self._plan()
        if not answer:
            return
        if self.drop_answers > 0:
            self.drop_answers -= 1
            return
        data = self.to_host(self.noise + answer)
        delay_s = self._travel_s(len(data))
        if delay_s > 0:
            asyncio.get_running_loop().call_later(delay_s, self._arrive, data)
        else:
            self._arrive(data)

    def _travel_s(self, count: int) -> float:
        if not self.paced:
            return self.delay_s
        now_s = asyncio.get_running_loop().time()
        self._line_free_s = max(now_s + self.delay_s, self._line_free_s) + count * 10 / self._baud
        return self._line_free_s - now_s

    def _arrive(self, data: bytes) -> None:
        if self.tap and data:
            self.tap("device", data)
        self._deliver(data)

    @abstractmethod
    def _deliver(self, data: bytes) -> None:
        """Hand bytes to the host; what finds no room is counted in ``dropped``."""

    def _plan(self) -> None:
        """Keep one timer for the device's next tick; none while it plans nothing."""
        self._stop_ticking()
        now_ms = self.now_ms()
        due_ms = self.stub.due(now_ms)
        if due_ms is not None and self.plugged:
            wait_s = max(1, due_ms - now_ms) / 1000
            self._timer = asyncio.get_running_loop().call_later(wait_s, self._tick)

    def _stop_ticking(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None

    def _tick(self) -> None:
        self._timer = None
        self.poke()


class Wire(Cable):
    """An in-memory cable; the host's end has the shape of the drivers' Transport.

    Args:
        stub: the device at the far end.
        gone: raised when the cable is cut or unplugged (pass the drivers' DeviceGone).
        late: raised when the device takes no bytes before the deadline (pass DeviceTimeout).
        noise, drop_answers, delay_s, to_device, to_host: see Cable.
        chunk: sizes of the pieces a read returns, in turn; one number for all; 0 leaves pieces as they come.
        cut_after: the cable is cut after so many bytes to the device.
        replug_after_s: a cut cable can be opened again after this time; None: only after ``plug()``.
        stall_after: the device takes so many bytes and then none until ``stalled`` is set to False.
        echo: a half-duplex adapter: what the host writes comes back to it.
        flood: garbage that arrives when the cable is opened.
        paced: bytes take 10 bit times each, in both directions; otherwise none.
    """

    def __init__(
        self,
        stub: Stub,
        *,
        name: str = "wire",
        baud: int = 115200,
        gone: type[Exception] = ConnectionResetError,
        late: type[Exception] = TimeoutError,
        noise: bytes = b"",
        chunk: int | Sequence[int] = 0,
        drop_answers: int = 0,
        delay_s: float = 0.0,
        cut_after: int | None = None,
        replug_after_s: float | None = None,
        stall_after: int | None = None,
        echo: bool = False,
        flood: bytes = b"",
        to_device: Filter = unchanged,
        to_host: Filter = unchanged,
        paced: bool = False,
    ) -> None:
        super().__init__(stub, name=name, baud=baud)
        self.noise, self.drop_answers, self.delay_s = noise, drop_answers, delay_s
        self.to_device, self.to_host = to_device, to_host
        self.cut_after, self.replug_after_s, self.stall_after = cut_after, replug_after_s, stall_after
        self.echo, self.flood, self.paced = echo, flood, paced
        self.stalled = stall_after == 0
        self.plugged = True
        self.written = 0  # bytes the device took
        self.frames_seen = 0
        self._gone, self._late = gone, late
        self._chunks = cycle((chunk,) if isinstance(chunk, int) else tuple(chunk))
        self._open = True
        self._input = bytearray()
        self._sent_s = 0.0  # when what the host has handed over so far is through
        self._rest: HeldBack | None = None  # what the host holds back, until it sends anything else
        self._reader: asyncio.Future[None] | None = None
        self._tell_end: Callable[[Any], None] | None = None
        self._hear_host: Callable[[bytes], None] | None = None
        self._deliver(flood)

    # --- the host's end -----------------------------------------------------------------------------------

    async def open(self) -> Self:
        """Open the cable afresh: an OpenTransport. Raises ``gone`` while it is unplugged."""
        if not self.plugged:
            raise self._gone(f"{self._name}: nothing is plugged in")
        self._open, self._tell_end, self._hear_host = True, None, None
        self._input.clear()
        self._deliver(self.flood)
        self.poke()
        return self

    async def read(self) -> bytes:
        while not self._input:
            self._check()
            self._plan()
            self._reader = asyncio.get_running_loop().create_future()
            try:
                await self._reader
            finally:
                self._reader = None
        return self._piece()

    def listen(self, hear: Callable[[bytes], None] | None) -> None:
        self._hear_host = hear
        self._plan()
        self._wake()

    async def write(self, data: bytes, *, deadline_s: float = 2.0) -> None:
        self._check()
        self._settle()
        if self.paced:
            await asyncio.sleep(self._through_s(data))
            self._check()
        self._pass(data)
        if self.stalled:
            await asyncio.sleep(deadline_s)
            raise self._late(f"{self._name}: the device took no bytes for {deadline_s} s")
        self._check()

    def put(self, data: bytes) -> bool:
        self._check()
        self._settle()
        if self.stalled:
            return False
        self._send(data)
        return not self.stalled

    def put_ahead(self, head: bytes, rest: bytes) -> Callable[[], bool] | None:
        if not (self.put(head) if head else not self.stalled and not self._input) or not self._open:
            return None
        self._settle()
        self._rest = HeldBack(rest, self._has_room, self._travels, asks=not head)
        return self._rest

    async def discard_input(self) -> bytes:
        data = bytes(self._input)
        self._input.clear()
        return data

    def frame_seen(self) -> None:
        self.frames_seen += 1

    def on_end(self, tell: Callable[[Any], None]) -> None:
        self._tell_end = tell

    async def close(self) -> None:
        self._end()

    # --- the world's end ----------------------------------------------------------------------------------

    def unplug(self) -> None:
        """Pull the cable: a waiting reader and every later call fail with ``gone``."""
        self.plugged = False
        self._end()
        if self._tell_end:
            self._tell_end(self._gone(f"{self._name}: unplugged"))
        if self.replug_after_s is not None:
            asyncio.get_running_loop().call_later(self.replug_after_s, self.plug)

    def plug(self) -> None:
        """Put the cable back; the host has to open it again."""
        self.plugged = True

    def _end(self) -> None:
        self._open = False
        if self._rest is not None:
            self._rest.was_let_go()
            self._rest = None
        self._stop_ticking()
        self._wake()

    def _check(self) -> None:
        if not self._open:
            raise self._gone(f"{self._name}: unplugged" if not self.plugged else f"{self._name}: closed")

    def _has_room(self, data: bytes) -> bool:
        return not self.stalled and (self.stall_after is None or self.written + len(data) <= self.stall_after)

    def _travels(self, rest: HeldBack) -> None:
        if rest is self._rest:
            self._settle()

    def _settle(self) -> None:
        """Before anything else is sent: what was held back goes first if it was let go, else never."""
        rest, self._rest = self._rest, None
        if rest is not None and rest.was_let_go():
            self._send(rest.data)

    def _send(self, data: bytes) -> None:
        if self.paced:
            asyncio.get_running_loop().call_later(self._through_s(data), self._pass, data)
        else:
            self._pass(data)

    def _through_s(self, data: bytes) -> float:
        """How long until the device has it, behind what was handed over before."""
        now_s = asyncio.get_running_loop().time()
        self._sent_s = max(now_s, self._sent_s) + len(data) * 10 / self._baud
        return self._sent_s - now_s

    def _pass(self, data: bytes) -> None:
        """On to the device, as far as it takes them and the cable holds."""
        if not self._open:
            return
        taken = self._takes(data)
        self.written += len(taken)
        if self.echo:
            self._arrive(taken)
        self._hear(taken)
        if self.cut_after is not None and self.written >= self.cut_after:
            self.cut_after = None
            self.unplug()

    def _takes(self, data: bytes) -> bytes:
        """What the device takes of ``data`` before it stalls or the cable is cut."""
        room = len(data)
        if self.stalled:
            room = 0
        elif self.stall_after is not None and self.written + room > self.stall_after:
            room = self.stall_after - self.written
            self.stalled, self.stall_after = True, None
        if self.cut_after is not None:
            room = min(room, self.cut_after - self.written)
        return data[:room]

    def _deliver(self, data: bytes) -> None:
        if not self._open:
            return
        if data and self._rest is not None and self._rest.asks:
            self._rest.was_let_go()
        room = max(0, INPUT_MAX - len(self._input))
        self.dropped += max(0, len(data) - room)
        self._input += data[:room]
        if self._input:
            self._wake()

    def _wake(self) -> None:
        if self._reader and not self._reader.done():
            self._reader.set_result(None)
        if self._hear_host:
            asyncio.get_running_loop().call_soon(self._tell_host)

    def _tell_host(self) -> None:
        """Not within the host's own call, as no real line does."""
        while self._hear_host and self._input:
            self._hear_host(self._piece())
        if self._hear_host and not self._open:
            self._hear_host(b"")

    def _piece(self) -> bytes:
        size = next(self._chunks) or len(self._input)
        data = bytes(self._input[:size])
        del self._input[:size]
        return data
