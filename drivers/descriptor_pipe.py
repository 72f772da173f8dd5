"""A Transport over an open non-blocking descriptor: what a serial port and a TCP socket have in common.

The loop watches the bare descriptor: no select() (pyserial's fails above descriptor 1023), no thread, no
wake-up while nothing arrives, and a hang-up is seen at once instead of by polling.
"""

import asyncio
import fcntl
import os
import sys
import termios
from collections.abc import Awaitable, Callable, Coroutine
from threading import Lock
from typing import Any, Final

from drivers import gathering
from drivers.errors import DeviceError, DeviceGone, DeviceTimeout
from drivers.inbox import INPUT_MAX, Inbox
from drivers.transport import SendRest


def nothing_to_do(_descriptor: int) -> None:
    """Most pipes need nothing before they are reset or closed."""


async def close_here(descriptor: int) -> None:
    """For what never blocks: sockets."""
    os.close(descriptor)


class _Rest:
    """Bytes whose beginning is on the line: sent or taken back, whichever comes first, from whatever thread.

    The lock is held while they are written, so that whoever takes them back may use the line, or close the
    descriptor and let it become another file's. ``asks``: not sent behind anything that arrived.
    """

    __slots__ = ("_data", "_descriptor", "_lock", "_sent", "asks")

    def __init__(self, descriptor: int, data: bytes, *, asks: bool) -> None:
        self._descriptor, self._data, self.asks = descriptor, data, asks
        self._lock = Lock()
        self._sent: bool | None = None  # None: neither sent nor taken back

    def __call__(self) -> bool:
        with self._lock:
            if self._sent is None:
                try:
                    quiet = not self.asks or not _unread(self._descriptor)
                    self._sent = quiet and os.write(self._descriptor, self._data) == len(self._data)
                except OSError:  # full, or unplugged: whoever uses the line next hears why
                    self._sent = False
            return self._sent

    def take_back(self) -> None:
        with self._lock:
            if self._sent is None:
                self._sent = False


def _unread(descriptor: int) -> int:
    """Bytes the kernel holds for us."""
    return int.from_bytes(fcntl.ioctl(descriptor, termios.FIONREAD, bytes(4)), sys.byteorder)


class DescriptorPipe:
    """Owns ``descriptor`` until ``close``; create it on the running loop.

    ``reset``, ``release`` and ``let_go`` are given the descriptor.

    Args:
        descriptor: open, non-blocking, of this pipe only.
        name: port path or ``host:port``, for logs and sentences.
        baud: line speed in bit/s.
        reset: drops unsent output after a stalled write; does not block and does not fail.
        release: undoes what opening set, before the descriptor is closed; likewise.
        let_go: closes the descriptor; bounded in time and does not fail.
    """

    __slots__ = (
        "_baud",
        "_closed",
        "_descriptor",
        "_gathering",
        "_inbox",
        "_let_go",
        "_loop",
        "_name",
        "_release",
        "_reset",
        "_rest",
        "_turn",
        "_writer",
    )

    def __init__(
        self,
        descriptor: int,
        *,
        name: str,
        baud: int,
        reset: Callable[[int], None] = nothing_to_do,
        release: Callable[[int], None] = nothing_to_do,
        let_go: Callable[[int], Awaitable[None]] = close_here,
    ) -> None:
        self._descriptor, self._name, self._baud = descriptor, name, baud
        self._reset, self._release, self._let_go = reset, release, let_go
        self._loop: Final = asyncio.get_running_loop()
        self._inbox: Final = Inbox(name)
        self._turn: Final = asyncio.Lock()
        self._writer: asyncio.Future[None] | None = None
        self._rest: _Rest | None = None  # of what was put ahead, until anything else is
        self._closed = False
        self._gathering: gathering.Gathering | None = None  # while somebody listens
        self._watch()

    @property
    def name(self) -> str:
        return self._name

    @property
    def baud(self) -> int:
        return self._baud

    @property
    def dropped(self) -> int:
        """Bytes that arrived while nobody read and the input was full."""
        return self._inbox.dropped

    @property
    def quarantined(self) -> bool:
        """Garbage only arrived; the port is no longer watched (L6)."""
        return self._inbox.quarantined

    def read(self) -> Coroutine[Any, Any, bytes]:
        return self._inbox.get()

    def listen(self, hear: Callable[[bytes], None] | None) -> None:
        if not self._inbox.ended:  # else the descriptor may be another port's by now
            self._unwatch()
            self._gathering = gathering.shared() if hear is not None and gathering.POSSIBLE else None
            self._watch()
        self._inbox.listen(hear)

    def put(self, data: bytes) -> bool:
        return not self._turn.locked() and self._put(data) == len(data)

    def put_ahead(self, head: bytes, rest: bytes) -> SendRest | None:
        if not (self.put(head) if head else self._quiet()):
            return None
        self._take_back()
        self._rest = _Rest(self._descriptor, rest, asks=not head)
        return self._rest

    def _quiet(self) -> bool:
        return not (self._inbox.ended or self._inbox.unread or self._turn.locked())

    async def write(self, data: bytes, *, deadline_s: float = 2.0) -> None:
        async with self._turn:
            taken = self._put(data)
            if taken == len(data):
                return
            rest = data[taken:]
            try:
                async with asyncio.timeout(deadline_s):
                    while rest:
                        await self._writable()
                        rest = rest[self._put(rest) :]
            except TimeoutError:
                if self._closed:  # in this very turn: the descriptor is somebody else's by now
                    raise DeviceGone(f"{self._name}: closed") from None
                self._reset(self._descriptor)
                taken = len(data) - len(rest)
                raise DeviceTimeout(
                    f"{self._name}: took only {taken} of {len(data)} bytes in {deadline_s} s; "
                    "is it switched on, and is its flow control set as here?"
                ) from None

    async def discard_input(self) -> bytes:
        if not self._inbox.ended:
            self._readable()  # what the kernel holds is old too
        return self._inbox.take()

    def frame_seen(self) -> None:
        self._inbox.frame_seen()

    def on_end(self, tell: Callable[[DeviceError], None]) -> None:
        self._inbox.on_end(tell)

    async def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        self._end(DeviceGone(f"{self._name}: closed"))
        self._reset(self._descriptor)
        self._release(self._descriptor)
        await self._let_go(self._descriptor)

    # --- the loop's side ----------------------------------------------------------------------------------

    def _watch(self) -> None:
        if self._inbox.ended:
            return
        if self._gathering is None:
            self._loop.add_reader(self._descriptor, self._readable)
        else:
            self._gathering.watch(self._descriptor, self._readable)

    def _unwatch(self) -> None:
        if self._gathering is None:
            self._loop.remove_reader(self._descriptor)
        else:
            self._gathering.leave(self._descriptor)

    def _readable(self) -> None:
        if self._rest is not None and self._rest.asks:
            self._take_back()  # first: what is read here is in nobody's count any more
        try:
            data = os.read(self._descriptor, INPUT_MAX)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:  # EIO: a USB adapter was pulled; ECONNRESET on TCP
            self._end(DeviceGone(f"{self._name}: unplugged ({error.strerror})"))
            return
        if not data:
            self._nothing_read()
            return
        self._inbox.put(data)
        if self._inbox.quarantined:
            self._unwatch()
            self._take_back()

    def _nothing_read(self) -> None:
        """The end of the stream: nobody is at the other side any more."""
        self._end(DeviceGone(f"{self._name}: unplugged or switched off"))

    def _put(self, data: bytes) -> int:
        """Bytes the kernel took, 0 when it is full."""
        if self._inbox.ended:
            raise self._inbox.ended
        self._take_back()
        try:
            return os.write(self._descriptor, data)
        except (BlockingIOError, InterruptedError):
            return 0
        except OSError as error:
            self._end(DeviceGone(f"{self._name}: unplugged ({error.strerror})"))
            raise DeviceGone(f"{self._name}: unplugged while writing ({error.strerror})") from error

    def _take_back(self) -> None:
        if self._rest is not None:
            self._rest.take_back()
            self._rest = None

    async def _writable(self) -> None:
        self._writer = self._loop.create_future()
        self._loop.add_writer(self._descriptor, self._let_write)
        try:
            await self._writer
        finally:
            self._writer = None
            if not self._closed:
                self._loop.remove_writer(self._descriptor)

    def _let_write(self) -> None:
        if self._writer and not self._writer.done():
            self._writer.set_result(None)

    def _end(self, error: DeviceGone) -> None:
        """Stop watching: a hung-up descriptor is readable for ever and would keep the loop busy."""
        self._unwatch()
        self._take_back()
        self._loop.remove_writer(self._descriptor)
        self._inbox.end(error)
        self._let_write()
