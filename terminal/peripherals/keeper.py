"""Keeps one device open: finds it, greets it, watches it, opens it again. One log line a change of state (L1)."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final, Generic, TypeVar

from drivers.errors import DeviceError, DeviceGone, DeviceRefused
from drivers.transport import OpenTransport, Transport
from terminal.counter.ports import Clock, Health, HealthState
from terminal.errors import PeripheralFailed

log = logging.getLogger(__name__)
D = TypeVar("D")
BACK_OFF_S: Final = (0.5, 1.0, 2.0, 5.0)


class Keeper(Generic[D]):
    """Run ``run`` in a task.

    Args:
        role: display, scanner, printer or speaker; names the registry's slugs (``printer_gone``).
        greet: makes the driver of a freshly opened pipe and proves that it is the device we expect.
        watch: returns never; raises the DeviceError that ends this connection.
    """

    def __init__(
        self,
        role: str,
        where: str,
        open_: OpenTransport,
        clock: Clock,
        *,
        greet: Callable[[Transport], Awaitable[D]],
        watch: Callable[[D], Awaitable[None]],
    ) -> None:
        self.role, self.where = role, where
        self._open, self._clock, self._greet, self._watch = open_, clock, greet, watch
        self._device: D | None = None
        self._state, self._reason = HealthState.CANNOT_TELL, ""
        self._checked_ns = clock.mono_ns()
        self.detail: dict[str, str] = {"port": where}
        self.on_back: Callable[[], None] = lambda: None

    @property
    def device(self) -> D:
        """Raises PeripheralFailed while there is none."""
        if self._device is None:
            raise PeripheralFailed(self._reason or f"{self.role}_gone", port=self.where)
        return self._device

    def health(self) -> Health:
        return Health(self._state, self._reason, self._checked_ns, dict(self.detail))

    def well(self, *, cannot_tell: bool = False) -> None:
        """The device answered just now, or took bytes and can say no more."""
        self._mark(HealthState.CANNOT_TELL if cannot_tell else HealthState.OK, "")

    def ill(self, reason: str) -> None:
        self._mark(HealthState.FAULT, reason)

    def _mark(self, state: HealthState, reason: str) -> None:
        if (state, reason) != (self._state, self._reason):
            log.info("%s at %s: %s %s", self.role, self.where, state.value, reason)
        self._state, self._reason, self._checked_ns = state, reason, self._clock.mono_ns()

    def failed(self, error: DeviceError) -> PeripheralFailed:
        """Our word for what the device did, noted in its health."""
        reason = self._slug(error)
        self.ill(reason)
        return PeripheralFailed(reason, port=self.where)

    def _slug(self, error: DeviceError) -> str:
        if isinstance(error, DeviceRefused):
            self.detail["advice"] = str(error)
            return "display_wrong_device" if self.role == "display" else "device_refused"
        return f"{self.role}_gone" if isinstance(error, DeviceGone) else f"{self.role}_no_answer"

    async def run(self) -> None:
        failures = 0
        while True:
            try:
                transport = await self._open()
            except DeviceError as error:
                self.failed(error)
                await asyncio.sleep(BACK_OFF_S[min(failures, len(BACK_OFF_S) - 1)])
                failures += 1
                continue
            try:
                self._device = await self._serve(transport)
                failures = 0
                await self._watch(self._device)
            except DeviceError as error:
                self.failed(error)
            finally:
                self._device = None
                await transport.close()
            await asyncio.sleep(BACK_OFF_S[min(failures, len(BACK_OFF_S) - 1)])
            failures += 1

    async def _serve(self, transport: Transport) -> D:
        device = await self._greet(transport)
        self._device = device
        self.well()
        self.on_back()
        return device
