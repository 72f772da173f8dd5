"""Calls that may hang, in threads of their own: a port that stands still holds up nobody else (L8).

Not in the loop's own pool: that has a handful of threads, and payments wait there to be signed. Behind a dying hub
the opening of every port stands still, and the kernel keeps who closes a port until its last byte is out.

Source: Linux kernel, drivers/tty/tty_port.c (tty_port_close_start: closing_wait, 30 s); include/linux/usb.h
(USB_CTRL_SET_TIMEOUT, 5 s); drivers/hid/usbhid/hid-core.c (usbhid_open waits 50 ms).
"""

import asyncio
import logging
import os
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from threading import Lock, Thread
from typing import Any, Final, Generic, Literal, TypeVar

from drivers.errors import DeviceError, DeviceTimeout

log = logging.getLogger(__name__)
T = TypeVar("T")
CLOSE_S: Final = 1.5
CREW: Final = 8  # calls at a time; a thousand ports are opened at a start
HUNG_MAX: Final = 64  # slow ones: more than hubs usually have ports, a fourth of the threads the service may have
SLOW_S: Final = 0.25  # a call that takes longer no longer counts among those


def not_needed(_value: object) -> None:
    """Most calls leave nothing behind."""


async def in_own_thread(
    port: str, work: Callable[[], T], *, within_s: float, unwanted: Callable[[T], object] = not_needed
) -> T:
    """Run ``work``, which blocks.

    Args:
        port: whose call it is. A port's calls follow one another: what hangs for ever hangs in one thread.
        work: raises DeviceError, OSError or ValueError, if anything.
        unwanted: takes what came when nobody waited for it any more, in a thread too.

    Raises:
        DeviceTimeout: it has not come back, or an earlier call of this port has not.
        What ``work`` raises.
    """
    try:
        async with asyncio.timeout(within_s):
            return await _in_turn(port, work, unwanted)
    except TimeoutError:
        raise DeviceTimeout(
            f"{port}: the system's own call for this port does not come back; unplug the device, or the hub it "
            "hangs on, and plug it in again"
        ) from None


async def close_in_own_thread(port: str, descriptor: int) -> None:
    """Bounded: the kernel keeps who closes a port until its last byte is out, for half a minute if need be.

    Whoever gives up waiting, the port is closed when its turn comes, or it stays locked and is nobody's.
    """
    await asyncio.wait({asyncio.ensure_future(_in_turn(port, partial(_close, descriptor)))}, timeout=CLOSE_S)


def _close(descriptor: int) -> None:
    with suppress(OSError):  # whatever Linux says, the descriptor is closed
        os.close(descriptor)


async def _in_turn(port: str, work: Callable[[], T], unwanted: Callable[[T], object] = not_needed) -> T:
    await _turn(port)
    return await _Call(port, work, unwanted).value()


class _Call(Generic[T]):
    """In its port's turn, which it gives back when it has come back."""

    def __init__(self, port: str, work: Callable[[], T], unwanted: Callable[[T], object]) -> None:
        self.state: Literal["waiting", "begun", "hangs", "over"] = "waiting"  # the crew's
        self._port, self._work, self._unwanted = port, work, unwanted
        self._loop = asyncio.get_running_loop()
        self._came: asyncio.Future[T] = self._loop.create_future()

    async def value(self) -> T:
        taken, self._looks = False, self._loop.call_later(SLOW_S, self._look)
        try:
            _crew.take(self)
            value = await self._came
            taken = True
            return value
        finally:
            self._looks.cancel()
            if not taken:
                self._give_up()

    def _give_up(self) -> None:
        if _crew.forget(self):
            _free(self._port)
        if self._came.done() and not self._came.cancelled() and not self._came.exception():
            self._drop(self._came.result())  # it came in the very turn in which its waiter was cancelled

    def run(self) -> None:
        """In a thread of the crew."""
        try:
            tell = partial(self._arrived, self._work())
        except (DeviceError, OSError, ValueError) as error:
            tell = partial(self._failed, error)
        finally:
            _free(self._port)
        try:
            self._loop.call_soon_threadsafe(tell)
        except RuntimeError:  # the loop has ended meanwhile
            tell()

    def _look(self) -> None:
        _crew.go_on_without(self)
        if self.state in ("waiting", "begun"):
            _crew.send_for_help()
            self._looks = self._loop.call_later(SLOW_S, self._look)

    def _arrived(self, value: T) -> None:
        if self._came.done() or self._loop.is_closed():
            self._drop(value)
        else:
            self._came.set_result(value)

    def _failed(self, error: Exception) -> None:
        if not self._came.done() and not self._loop.is_closed():
            self._came.set_exception(error)

    def _drop(self, value: T) -> None:
        """In a thread: the kernel may keep who closes a port."""
        try:
            Thread(target=self._let_go, args=(value,), name="port", daemon=True).start()
        except RuntimeError:  # the machine has no thread to give
            if self._loop.is_closed():
                self._let_go(value)  # in a thread of the crew already
            else:
                self._loop.call_later(SLOW_S, self._drop, value)

    def _let_go(self, value: T) -> None:
        try:
            self._unwanted(value)
        except Exception as error:  # noqa: BLE001  # a thread's edge: nobody waits for it
            said = str(error) or type(error).__name__
            log.warning("%s: what came too late for anybody could not be let go of: %s", self._port, said)


class _Crew:
    """Threads that stay as long as there is something to do: at most CREW, and one more for each that hangs.

    Of these at most HUNG_MAX: beyond that ports wait for each other, and what signs payments gets its threads.
    """

    def __init__(self) -> None:
        self._lock: Final = Lock()
        self._calls: Final[deque[_Call[Any]]] = deque()
        self._at_work = self._hung = 0

    def take(self, call: _Call[Any]) -> None:
        with self._lock:
            self._calls.append(call)
        self.send_for_help()

    def go_on_without(self, call: _Call[Any]) -> None:
        """It is slow: who is at it no longer counts, and goes home afterwards."""
        with self._lock:
            if call.state != "begun" or self._hung == HUNG_MAX:
                return
            call.state = "hangs"
            self._at_work -= 1
            self._hung += 1
        self.send_for_help()

    def forget(self, call: _Call[Any]) -> bool:
        """Nobody waits for it any more. Whether it had not begun, and never will."""
        self.go_on_without(call)
        with self._lock:
            if call.state != "waiting":
                return False
            call.state = "over"
            self._calls.remove(call)
            return True

    def send_for_help(self) -> None:
        """Nobody comes while the machine has no thread to give: who waits sends again."""
        with self._lock:
            if not self._calls or self._at_work >= CREW:
                return
            self._at_work += 1
        try:
            Thread(target=self._run, name="port", daemon=True).start()
        except RuntimeError:
            with self._lock:
                self._at_work -= 1

    def _run(self) -> None:
        while call := self._next():
            sound = hung = False
            try:
                call.run()
                sound = True
            finally:
                with self._lock:
                    hung, call.state = call.state == "hangs", "over"
                    self._hung -= hung
                    self._at_work -= not (sound or hung)  # a bug ends this thread, and only this
            if hung:
                return

    def _next(self) -> _Call[Any] | None:
        with self._lock:
            if not self._calls:
                self._at_work -= 1
                return None
            call = self._calls.popleft()
            call.state = "begun"
            return call


_crew: Final = _Crew()

# --- one call of a port at a time, in whatever thread ----------------------------------------------------------

_lock: Final = Lock()
_waiting: Final[dict[str, list[Callable[[], object]]]] = {}  # port with a call under way -> who is told of its end


async def _turn(port: str) -> None:
    """Returns when this port's next call is ours."""
    loop = asyncio.get_running_loop()
    while True:
        free: asyncio.Future[None] = loop.create_future()
        with _lock:
            if port not in _waiting:
                _waiting[port] = []
                return
            tell = partial(loop.call_soon_threadsafe, _done, free)
            _waiting[port].append(tell)
        try:
            await free
        finally:
            with _lock, suppress(KeyError, ValueError):  # told: no longer among those who wait
                _waiting[port].remove(tell)


def _free(port: str) -> None:
    with _lock:
        waiting = _waiting.pop(port)
    for tell in waiting:
        with suppress(RuntimeError):  # that loop has ended meanwhile
            tell()


def _done(free: "asyncio.Future[None]") -> None:
    if not free.done():
        free.set_result(None)
