"""The counter's own QR display as the display port: encode, show, prove, keep alive, repaint."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from drivers import qr
from drivers.display.driver import CounterDisplay, Result, Tile
from drivers.display.profile import DisplayProfile
from drivers.errors import DeviceError
from drivers.transport import OpenTransport, Transport
from terminal.counter.ports import Clock, CodeScreen, Health, IdleScreen, ResultScreen, Screen
from terminal.peripherals.keeper import Keeper

Captions = Callable[[Screen], Sequence[Tile]]
LEVEL: Final = "M"
IDLE_ID: Final = 1
_RESULTS: Final = {
    "paid": Result.PAID,
    "not_paid": Result.FAILED,
    "cancelled": Result.CANCELLED,
    "checking": Result.CHECKING,
    "late": Result.LATE,
}


class CodeDisplay:
    """``captions`` renders amounts and names on this side; the display needs no letters."""

    def __init__(
        self,
        where: str,
        open_: OpenTransport,
        clock: Clock,
        *,
        profile: DisplayProfile | None = None,
        captions: Captions = lambda _screen: (),
    ) -> None:
        self._profile, self._captions = profile or DisplayProfile(), captions
        self.keeper = Keeper("display", where, open_, clock, greet=self._greet, watch=self._watch)
        self._lit = asyncio.Event()  # something that must be kept alive is shown

    async def run(self) -> None:
        await self.keeper.run()

    def health(self) -> Health:
        return self.keeper.health()

    def on_back(self, again: Callable[[], None]) -> None:
        """``again`` is called when the device came (back): repaint from state (I10)."""
        self.keeper.on_back = again

    async def show(self, screen: Screen) -> None:
        device = self.keeper.device
        try:
            await self._show(device, screen)
        except DeviceError as error:
            self._lit.clear()
            raise self.keeper.failed(error) from error
        self.keeper.well()
        if isinstance(screen, IdleScreen):
            self._lit.clear()
        else:
            self._lit.set()

    async def _show(self, device: CounterDisplay, screen: Screen) -> None:
        match screen:
            case CodeScreen():
                code = qr.encode(screen.payload, level=LEVEL)
                tiles = self._captions(screen)
                await device.show_qr(screen.id, screen.ttl_s, code.version, code.packed, tiles=tiles)
            case ResultScreen():
                tiles = self._captions(screen)
                text = screen.amount.plain()
                await device.show_result(screen.id, _RESULTS[screen.result], text, tiles=tiles)
            case IdleScreen():
                await device.show_idle(IDLE_ID, tiles=self._captions(screen))

    async def _greet(self, transport: Transport) -> CounterDisplay:
        device = CounterDisplay(transport, profile=self._profile)
        hello = await device.hello()
        self.keeper.detail |= {"model": hello.firmware, "size": f"{hello.width}x{hello.height}"}
        return device

    async def _watch(self, device: CounterDisplay) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(device.watch())
                group.create_task(self._keep_alive(device))
        except BaseExceptionGroup as several:
            device_errors = several.subgroup(DeviceError)
            if device_errors is None:
                raise
            raise _first(device_errors) from None

    async def _keep_alive(self, device: CounterDisplay) -> None:
        """A lit display goes dark by itself when it hears nothing for long: a dead host leaves no stale code."""
        while True:
            await self._lit.wait()
            await asyncio.sleep(self._profile.keep_alive_ms / 1000)
            if self._lit.is_set():
                await device.state()
                self.keeper.well()


def _first(errors: BaseExceptionGroup[DeviceError]) -> BaseException:
    error: BaseException = errors
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
