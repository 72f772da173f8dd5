"""What is told over one WebSocket: frames that are the same for everybody, and how they leave.

An event is made into a frame once and its bytes go to every listener that has kept up, with no task woken for it.
"""

from collections.abc import Sequence
from typing import Final

from aiohttp import web

from terminal.payments.event import Event
from terminal.web.events import visible
from terminal.web.live.hub import Hub, Listener
from terminal.web.unheard import note_event

ROOM: Final = 8 * 1024  # bytes on their way; asyncio makes a writer wait from 64 KiB until 16 are left
AT_ONCE: Final = 64  # events


class LiveLine:
    """A listener's socket as the hub writes to it. What is not plain and quick is left to the listener's task."""

    __slots__ = ("_hub", "_listener", "_request", "_socket", "idle")

    def __init__(self, hub: Hub, request: web.Request, socket: web.WebSocketResponse, listener: Listener) -> None:
        self._hub, self._request, self._socket, self._listener = hub, request, socket, listener
        self.idle = False  # the task has told everything and waits for news

    def has_room(self, size: int) -> bool:
        """Whether so many bytes can leave now, with nothing to wait for."""
        line = self._request.transport
        return line is not None and not line.is_closing() and line.get_write_buffer_size() + size < ROOM

    def push(self, batch: Sequence[Event]) -> bool:
        """Send what follows directly on what was sent; False: nothing was sent, the task must look."""
        listener, socket = self._listener, self._socket
        if not self.idle or socket.closed or listener.news.is_set() or listener.ended.is_set():
            return False
        if batch[0].number != listener.sent + 1 or len(batch) > AT_ONCE:
            return False
        caller = listener.caller
        told = [] if listener.glass_only else [each for each in batch if visible(each, caller.principal)]
        frames, size = [], 0
        for each in told:
            frames.append(self._hub.frame(each))
            size += len(frames[-1])
            if size >= ROOM:  # however large a batch is, no more of it is put together
                return False
        line = self._request.transport
        if line is None or not self.has_room(size):
            return False
        if frames:
            line.write(b"".join(frames))
        listener.sent = batch[-1].number
        for each in told:
            note_event(self._hub.edge, caller, each)
        return True
