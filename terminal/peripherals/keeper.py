"""Keeps one device open: finds it, greets it, watches it, opens it again. One log line a change of state (L1)."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from typing import Any, Final, Generic, TypeVar

from drivers.errors import DeviceError, DeviceGone, DeviceRefused, Garbage, PortBusy, PortForbidden, ShowsOther
from drivers.transport import OpenTransport, Transport
from terminal.counter.ports import Clock, Health, HealthState
from terminal.errors import PeripheralFailed
from terminal.peripherals.cut import Cut, CutShort
from terminal.peripherals.greetings import Greeting

log = logging.getLogger(__name__)
D = TypeVar("D")
LOOK_S: Final = 1.0  # between looks for a port that is not there
BACK_OFF_S: Final = (0.5, 1.0, 2.0, 5.0)  # after one that is there and cannot be used
STEADY_S: Final = 5.0  # a connection shorter than this counts as a failed one
AFTER_FLOOD_S: Final = 300.0  # before one that was flooded is said to stay: 64 KiB take 273 s at 2400 baud
RESTLESS: Final = 3  # such connections in a row: then its coming and going is no longer logged until it stays
CLOSE_S: Final = 2.0
_UNTIL_CUT: Final = suppress(CutShort)  # one for all: it keeps nothing, and stands open as long as a device
_REFUSALS: Final[dict[type[DeviceError], str]] = {
    PortBusy: "device_port_busy",
    PortForbidden: "device_port_forbidden",
    Garbage: "device_garbage",
    ShowsOther: "display_lies",
}

Serve = Callable[[Transport, Callable[[D], None]], Awaitable[None]]


async def together(*jobs: Coroutine[Any, Any, None] | asyncio.Future[None]) -> None:
    """Run jobs that end only by failing; the first that fails ends all, and none is left when this returns.

    Not a TaskGroup: on Python 3.11 one that fails in the same turn in which it is cancelled forgets that it was.

    Raises:
        DeviceError: when that is all that happened. Anything else is a bug and comes out first.
    """
    tasks = [asyncio.ensure_future(job) for job in jobs]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await ended(tasks)
    errors = [error for task in tasks if not task.cancelled() and (error := task.exception())]
    bugs = [error for error in errors if not isinstance(error, DeviceError)]
    raise (bugs or errors)[0]


async def first(*waits: Coroutine[Any, Any, object]) -> None:
    """Return when one of them is over; the others are dropped. For waits that hold nothing."""
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await ended(tasks)


async def ended(tasks: Sequence["asyncio.Future[Any]"]) -> None:
    """Wait for all of them, also when this is cancelled meanwhile."""
    cancelled = False
    while pending := [task for task in tasks if not task.done()]:
        try:
            await asyncio.wait(pending)
        except asyncio.CancelledError:
            cancelled = True
    if cancelled:
        raise asyncio.CancelledError


class Keeper(Generic[D]):
    """Run ``run`` in a task.

    Args:
        role: display, scanner, printer or speaker; names the registry's slugs (``printer_gone``).
        serve: one connection from greeting to end: proves that the device is the one we expect, hands its
            driver to the callback, then watches it. Ends only by raising the DeviceError that ends it.
    """

    __slots__ = (
        "_checked_ns",
        "_clock",
        "_cut",
        "_device",
        "_end",
        "_first_try",
        "_flaps",
        "_greeting",
        "_is_open",
        "_open",
        "_reason",
        "_serve",
        "_state",
        "_steady_s",
        "_tried",
        "_wanted",
        "detail",
        "on_change",
        "on_health",
        "role",
        "where",
    )

    def __init__(self, role: str, where: str, open_: OpenTransport, clock: Clock, serve: Serve[D]) -> None:
        self.role, self.where = role, where
        self.detail: dict[str, str] = {"port": where}
        self.on_change: Callable[[], None] = lambda: None  # told when the device is there and when it is gone
        self.on_health: Callable[[], None] = lambda: None  # told when its health is another
        self._open, self._clock, self._serve = open_, clock, serve
        self._device: D | None = None
        self._is_open = False  # the port; what is behind it may still be a stranger
        self._state, self._reason = HealthState.CANNOT_TELL, ""
        self._checked_ns = clock.mono_ns()
        self._cut = Cut()  # of this connection
        self._end: BaseException | None = None  # what ended this connection
        self._greeting: Greeting | None = None  # from its turn to be opened until it is greeted
        self._wanted = False  # by a customer, while it is not there
        self._flaps = 0  # connections since the last one that lasted
        self._steady_s = STEADY_S
        self._tried = False  # the first try is over: it is there, or why not is known
        self._first_try: asyncio.Event | None = None  # set then; once somebody waits for it

    @property
    def device(self) -> D:
        """Raises PeripheralFailed while there is none; then it need not wait for others to be opened."""
        if self._device is None:
            self._hurry()
        return self.if_there

    def _hurry(self) -> None:
        self._wanted = True
        if self._greeting is not None:
            self._greeting.now()

    @property
    def if_there(self) -> D:
        """Raises PeripheralFailed while there is none, and nobody is in a hurry."""
        if self._device is None:
            raise PeripheralFailed(self._reason or f"{self.role}_gone", port=self.where)
        return self._device

    async def tried(self, within_s: float) -> None:
        """When the first try since the start is over, at latest after ``within_s``; it is for a customer."""
        if self._tried:
            return
        self._hurry()
        self._first_try = self._first_try or asyncio.Event()
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                await self._first_try.wait()

    def _was_tried(self) -> None:
        self._tried = True
        if self._first_try is not None:
            self._first_try.set()

    # --- health -------------------------------------------------------------------------------------------

    def health(self) -> Health:
        return Health(self._state, self._reason, self._checked_ns, dict(self.detail))

    def well(self, *, cannot_tell: bool = False) -> None:
        """The device answered just now, or took bytes and can say no more."""
        self._mark(HealthState.CANNOT_TELL if cannot_tell else HealthState.OK, "")

    def unsure(self, reason: str) -> None:
        """It is there, and a person should know why it may be of no use."""
        self._mark(HealthState.CANNOT_TELL, reason)

    def ill(self, reason: str) -> None:
        self._mark(HealthState.FAULT, reason)

    def _mark(self, state: HealthState, reason: str) -> None:
        changed = state is not self._state or reason != self._reason
        if changed:
            self._log(state, reason)
            if state is not HealthState.FAULT:
                self.detail.pop("advice", None)
        self._state, self._reason, self._checked_ns = state, reason, self._clock.mono_ns()
        if changed:
            self.on_health()

    def _log(self, state: HealthState, reason: str) -> None:
        fault = state is HealthState.FAULT
        if self._flaps > RESTLESS or (self._flaps == RESTLESS and not fault):
            return
        then = "; it comes and goes, and is told again when it stays" if self._flaps == RESTLESS else ""
        level = logging.WARNING if fault else logging.INFO
        log.log(level, "%s at %s: %s%s", self.role, self.where, reason or state.value, then)

    def failed(self, error: DeviceError) -> PeripheralFailed:
        """Our word for what the device did, noted in its health.

        A device that went away or fell silent is opened afresh; one that refused would refuse again.
        """
        reason = self._note(error)
        if not isinstance(error, DeviceRefused):
            self.broke(error)
        return PeripheralFailed(reason, port=self.where)

    def _note(self, error: DeviceError) -> str:
        reason = self._slug(error)
        self.ill(reason)
        if isinstance(error, DeviceRefused):
            self.detail["advice"] = str(error)
        return reason

    def _slug(self, error: DeviceError) -> str:
        if isinstance(error, DeviceRefused):
            greeting = self._is_open and self._device is None  # a port that cannot be opened tells of no device
            other = "display_wrong_device" if greeting and self.role == "display" else "device_refused"
            return _REFUSALS.get(type(error), other)
        return f"{self.role}_gone" if isinstance(error, DeviceGone) else f"{self.role}_no_answer"

    # --- the connection -----------------------------------------------------------------------------------

    async def run(self) -> None:
        """For ever. A bug in a driver ends it loudly: the caller logs it and runs it again."""
        loop, failures = asyncio.get_running_loop(), 0
        while True:
            began_s = loop.time()
            error = await self._connection()
            self._note(error)
            self._was_tried()
            flooded = isinstance(error, Garbage)  # however long a slow line took for it, that is no steady device
            self._steady_s = AFTER_FLOOD_S if flooded else STEADY_S
            steady = self._device is not None and not flooded and loop.time() - began_s >= STEADY_S
            missing = self._device is None and isinstance(error, DeviceGone)
            if self._device is not None:
                self._flaps = 0 if steady else self._flaps + 1
                self._device = None
                self.on_change()
            failures = 0 if steady or missing else failures + 1
            await asyncio.sleep(LOOK_S if missing else BACK_OFF_S[min(max(failures - 1, 0), 3)])

    async def _connection(self) -> DeviceError:
        """In its turn open, serve, close; returns what ended it. ``_device`` stays set when it was greeted."""
        self._greeting = Greeting()
        self._is_open = False
        try:
            await self._greeting.begin(now=self._wanted)
            transport = await self._open()
            self._cut, self._end, self._is_open = Cut(), None, True
            transport.on_end(self.broke)
            try:
                if self._end is None:
                    with _UNTIL_CUT:
                        await self._cut.during(self._serve(transport, self._greeted))
                return self._reason_of_end()
            except DeviceError as error:
                return error
            except BaseException as bug:
                self._device = None
                if isinstance(bug, Exception):
                    self.ill(f"{self.role}_no_answer")
                raise
            finally:
                await self._close(transport)
        except DeviceError as error:
            return error
        finally:
            self._greeting_over()

    def _reason_of_end(self) -> DeviceError:
        """What ``broke`` was told; a bug comes out."""
        assert self._end is not None, "a connection ends by an error"
        if not isinstance(self._end, DeviceError):
            raise self._end
        return self._end

    def _greeted(self, device: D) -> None:
        self._device, self._wanted = device, False
        self._greeting_over()
        if self._flaps >= RESTLESS:
            asyncio.get_running_loop().call_later(self._steady_s, self._stays, device)
        self._was_tried()
        self.on_change()

    def _greeting_over(self) -> None:
        if self._greeting is not None:
            self._greeting.end()
            self._greeting = None

    def _stays(self, device: D) -> None:
        if self._device is device:
            self._flaps = 0
            self._log(self._state, self._reason)

    def broke(self, error: BaseException) -> None:
        """This connection is over. The port tells of itself that it is gone: no idle device is asked for that.

        The first reason counts. Not at once: it may be the connection's own task that found out, and is about to
        raise it.
        """
        if self._end is None:
            self._end = error
            asyncio.get_running_loop().call_soon(self._cut.cut)

    async def _close(self, transport: Transport) -> None:
        try:
            async with asyncio.timeout(CLOSE_S):
                await transport.close()
        except (TimeoutError, DeviceError) as error:
            log.warning("%s at %s: not closed cleanly: %s", self.role, self.where, type(error).__name__)
