"""What arrived from a device and nobody has read yet: bounded, and it knows a flood."""

import asyncio
from collections.abc import Callable
from typing import Final

from drivers.errors import DeviceError, Garbage

INPUT_MAX: Final = 4096  # bytes; a device that talks to a deaf host loses the rest
FLOOD_MAX: Final = 65536  # bytes without a sound frame: garbage, not a device of ours


class Inbox:
    """The reading half of every transport. One reader at a time."""

    __slots__ = (
        "_buffer",
        "_ended",
        "_hear",
        "_name",
        "_reader",
        "_since_frame",
        "_tell",
        "dropped",
        "quarantined",
    )

    def __init__(self, name: str) -> None:
        self.dropped = 0  # bytes that found the inbox full
        self.quarantined = False
        self._name = name
        self._buffer = bytearray()
        self._since_frame = 0
        self._ended: DeviceError | None = None
        self._reader: asyncio.Future[None] | None = None
        self._tell: Callable[[DeviceError], None] | None = None
        self._hear: Callable[[bytes], None] | None = None

    def put(self, data: bytes) -> None:
        """Hand it to who listens, or keep what there is room for and wake the reader.

        A flood ends the pipe: see ``quarantined``.
        """
        self._since_frame += len(data)
        if self._since_frame <= FLOOD_MAX:
            self._take_in(data)
        else:
            self.quarantined = True
            self._buffer.clear()
            self.end(
                Garbage(
                    f"{self._name}: {FLOOD_MAX // 1024} KiB arrived and none of it made sense; "
                    "check the baud rate, the cable and which device is plugged in here"
                )
            )

    def _take_in(self, data: bytes) -> None:
        if self._hear is not None:
            self._hear(data)
            return
        room = INPUT_MAX - len(self._buffer)
        self._buffer += data[:room]
        self.dropped += max(0, len(data) - room)
        self._wake()

    def end(self, error: DeviceError) -> None:
        """Nothing more will arrive; readers get the rest, then ``error``. The first reason stays."""
        first, self._ended = self._ended is None, self._ended or error
        self._wake()
        if first and self._hear:
            self._hear(b"")
        if first and self._tell:
            self._tell(self._ended)

    def on_end(self, tell: Callable[[DeviceError], None]) -> None:
        self._tell = tell
        if self._ended:
            tell(self._ended)

    def listen(self, hear: Callable[[bytes], None] | None) -> None:
        assert self._reader is None, "somebody reads already"
        self._hear = hear
        if hear is not None and self._buffer:
            hear(self.take())
        if hear is not None and self._ended:
            hear(b"")

    @property
    def ended(self) -> DeviceError | None:
        return self._ended

    @property
    def unread(self) -> int:
        return len(self._buffer)

    async def get(self) -> bytes:
        """All bytes that arrived, at least one. Raises the error given to ``end`` once there are none."""
        assert self._reader is None, "two readers on one port would share the bytes between them"
        while not self._buffer:
            if self._ended:
                raise self._ended
            self._reader = asyncio.get_running_loop().create_future()
            try:
                await self._reader
            finally:
                self._reader = None
        return self.take()

    def take(self) -> bytes:
        data = bytes(self._buffer)
        self._buffer.clear()
        return data

    def frame_seen(self) -> None:
        self._since_frame = 0

    def _wake(self) -> None:
        if self._reader and not self._reader.done():
            self._reader.set_result(None)
