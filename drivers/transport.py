"""The byte pipe every driver talks through: a serial port, a TCP socket, a wire in memory."""

from collections.abc import Awaitable, Callable
from typing import Protocol

from drivers.errors import DeviceError

SendRest = Callable[[], bool]
"""Hands over what was held back, from any thread; whether all of it is on the line. It raises nothing.

Once only, and only while nothing else went to this pipe since and it has not ended: any other write, its end and
its closing take it back. Called again, it says the same again.
"""


class Transport(Protocol):
    """An open, exclusive, non-blocking byte pipe.

    Implementations bound their input buffer (4 KiB by default, L6) and never block the loop.
    """

    @property
    def name(self) -> str:
        """Where it leads, for logs: a port path or ``host:port``."""
        ...

    @property
    def baud(self) -> int:
        """Line speed in bit/s, for time-outs that follow length (10 bits a byte)."""
        ...

    async def read(self) -> bytes:
        """Bytes that arrived, at least one. Raises DeviceGone once the pipe is closed and drained."""
        ...

    def listen(self, hear: Callable[[bytes], None] | None) -> None:
        """From now on ``hear`` is called with what arrives, and ``read`` is for nobody; None: ``read`` again.

        First with what waits to be read, perhaps at once. Called with nothing when the pipe is closed: then
        ``read`` raises why.
        """
        ...

    async def write(self, data: bytes, *, deadline_s: float = 2.0) -> None:
        """Hand over every byte, or raise DeviceTimeout (rest dropped, line reset) or DeviceGone."""
        ...

    def put(self, data: bytes) -> bool:
        """Hand over every byte now, without waiting; whether the line took them all.

        False: it took none or the first of them, or somebody's ``write`` is not done. Raises DeviceGone.
        """
        ...

    def put_ahead(self, head: bytes, rest: bytes) -> SendRest | None:
        """As ``put`` of ``head``, and ``rest`` ready to follow it; None instead of False.

        Without a head ``rest`` is a question whose answer nothing must be mistaken for: None also while anything
        lies unread, or the pipe has ended, and whatever arrives before it is sent takes it back.
        """
        ...

    async def discard_input(self) -> bytes:
        """Drop and return what arrived and nobody read."""
        ...

    def frame_seen(self) -> None:
        """The codec found a sound frame or line: what arrives is no garbage, the flood count starts again.

        After 64 KiB without this call ``read`` raises DeviceRefused: the port is quarantined until it is
        opened again (L6).
        """
        ...

    def on_end(self, tell: Callable[[DeviceError], None]) -> None:
        """``tell`` is called with the reason when the pipe ends, also while nobody reads or writes.

        So an idle device that is unplugged is missed at once, without asking it. The last one given is told;
        at once when the pipe has ended already.
        """
        ...

    async def close(self) -> None:
        """Release the pipe; bounded in time, never drains for ever."""
        ...


OpenTransport = Callable[[], Awaitable[Transport]]
"""Opens the pipe afresh. Raises DeviceGone: nothing to open; DeviceRefused: it is not ours."""
