"""Ports that are heard by a call, read together: answers that nobody waits for are gathered for a moment first.

A thousand displays at rest are asked eighty at a time. Watched by the loop one by one, it sleeps and wakes between
their answers; here it looks away while they come, and then takes them in one turn.
"""

import asyncio
import select
from collections.abc import Callable
from contextvars import Context
from types import TracebackType
from typing import Final
from weakref import WeakKeyDictionary

POSSIBLE: Final = hasattr(select, "epoll")  # elsewhere the loop watches every port itself
PAUSE_S: Final = 0.02  # question and answer pass a line of 115200 baud in 4 ms; the limit of an answer is 150
MANY: Final = 128  # ports read in one turn of the loop: 2 to 3 ms


class _Ports:
    """Descriptors behind a door that the loop watches; while it is shut none of them wakes the loop.

    The door is an epoll with nothing but the ports' in it: were theirs taken off the loop's and put back, the
    kernel would go through a thousand of them for circles, 0.4 ms a time.
    """

    def __init__(self, come: Callable[[], None]) -> None:
        self.all, self._door = select.epoll(), select.epoll()
        self._door.register(self.all.fileno(), select.EPOLLIN)
        # in nobody's context: what is read later has nothing to do with the sale that has this moment's
        Context().run(asyncio.get_running_loop().add_reader, self._door.fileno(), come)

    def shut(self) -> None:
        self._door.modify(self.all.fileno(), 0)

    def open(self) -> None:
        self._door.modify(self.all.fileno(), select.EPOLLIN)

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self._door.fileno())
        self._door.close()
        self.all.close()


class Gathering:
    """``with`` it while somebody waits for an answer: until nobody does, everything is read as it comes."""

    def __init__(self) -> None:
        self._ports: _Ports | None = None  # while any is watched
        self._readable: dict[int, Callable[[], None]] = {}
        self._pause: asyncio.TimerHandle | None = None  # while the door is shut
        self._waiting = 0

    def watch(self, descriptor: int, readable: Callable[[], None]) -> None:
        """``readable`` is called whenever there is something to read, or the other side hung up, until ``leave``.

        What it raises is told to the loop; the others have their turn with the next one.
        """
        if self._ports is None:
            self._ports = _Ports(self._read)
        if descriptor not in self._readable:
            self._ports.all.register(descriptor, select.EPOLLIN)
        self._readable[descriptor] = readable

    def leave(self, descriptor: int) -> None:
        """Before it is closed; also when it is not watched."""
        if self._ports is None or self._readable.pop(descriptor, None) is None:
            return
        self._ports.all.unregister(descriptor)
        if not self._readable:
            self._look()
            self._ports.close()
            self._ports = None

    def asked(self) -> None:
        """A question went out for whose answer nobody waits: it and those after it may be answered together."""
        if self._ports is not None and self._pause is None and not self._waiting:
            self._ports.shut()
            self._pause = asyncio.get_running_loop().call_later(PAUSE_S, self._pause_over, context=Context())

    def __enter__(self) -> None:
        self._waiting += 1
        self._look()

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._waiting -= 1

    def _look(self) -> None:
        if self._ports is not None and self._pause is not None:
            self._pause.cancel()
            self._pause = None
            self._ports.open()

    def _pause_over(self) -> None:
        """Read at once: after a turn of the loop that took long, limits of answers that are here would be next."""
        self._look()
        self._read()

    def _read(self) -> None:
        """What more than ``MANY`` or one that fails leave here comes with the next turn: it is readable still."""
        assert self._ports is not None
        for descriptor, _ in self._ports.all.poll(0, MANY):
            readable = self._readable.get(descriptor)
            if readable is not None:  # else it left because of what another one said
                readable()


_OF: WeakKeyDictionary[asyncio.AbstractEventLoop, Gathering] = WeakKeyDictionary()


def shared() -> Gathering:
    """That of the running loop."""
    loop = asyncio.get_running_loop()
    if loop not in _OF:
        _OF[loop] = Gathering()
    return _OF[loop]
