"""The counter's own QR display as the display port: encode, show, prove, caption, keep alive, repaint."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from functools import partial
from typing import Any, Final

from drivers import qr
from drivers.display.driver import CounterDisplay, DisplayHello, DisplayState, Result, Tile
from drivers.display.driver import Screen as Glass
from drivers.display.profile import DisplayProfile
from drivers.errors import DeviceError
from drivers.transport import OpenTransport, SendRest, Transport
from terminal.counter.ports import (
    Clock,
    CodeScreen,
    Health,
    IdleScreen,
    Release,
    ResultScreen,
    ScanScreen,
    Screen,
)
from terminal.errors import PeripheralFailed
from terminal.on_demand import OnDemand
from terminal.peripherals.artwork import LEVEL
from terminal.peripherals.errands import Errands
from terminal.peripherals.keeper import Keeper
from terminal.peripherals.sweep import Sweep

log = logging.getLogger(__name__)

Captions = Callable[[Screen, int, int], AsyncIterator[Tile]]
"""(screen, width, height of the glass in pixels) -> what is painted beside the code or sign, soonest first."""

Fits = Callable[[str, int, int], bool]
"""(text of a code, width, height of the glass in pixels)"""
IDLE_ID: Final = 1
IDLE_CAPTION_S: Final = 0.4
FORESEEN_S: Final = 1.0  # captions rest so long for a result that may follow
_IDLE: Final = Glass.IDLE, IDLE_ID
_RESULTS: Final = {
    "paid": Result.PAID,
    "not_paid": Result.FAILED,
    "cancelled": Result.CANCELLED,
    "checking": Result.CHECKING,
    "late": Result.LATE,
    "unverified": Result.CHECKING,
}


async def no_captions(_screen: Screen, _width: int, _height: int) -> AsyncIterator[Tile]:
    return
    yield  # what makes this a generator


async def _nothing() -> None:
    """What a display that is not there has to do."""


def _result(screen: ResultScreen) -> tuple[int, Result, str]:
    return screen.id, _RESULTS[screen.result], screen.amount.plain()


def nothing_fits(_text: str, _width: int, _height: int) -> bool:
    return False


class CodeDisplay:
    """A code is lit and proven first; amount and words follow while the customer already scans.

    Args:
        serial: of the one display that belongs here (L2); empty takes whoever is there.
        captions: renders amounts and names on this side; the display needs no letters.
        fits: whether a receipt's code is among them on a glass of that size.
        sweep: when a display that shows nothing for a customer is asked whether it is there; None: never.
    """

    __slots__ = (
        "_asking",
        "_captioning",
        "_captions",
        "_captions_codes",
        "_device",
        "_drawn",
        "_fits",
        "_foreseen",
        "_in_vain",
        "_lit",
        "_profile",
        "_serial",
        "_shown",
        "_size",
        "_sweep",
        "_uncaptioned",
        "keeper",
    )

    shows_codes = shows_tests = True

    def __init__(
        self,
        where: str,
        open_: OpenTransport,
        clock: Clock,
        *,
        profile: DisplayProfile | None = None,
        serial: str = "",
        captions: Captions = no_captions,
        fits: Fits = nothing_fits,
        sweep: Sweep | None = None,
    ) -> None:
        self._profile, self._serial = profile or DisplayProfile(), serial
        self._captions, self._fits, self._sweep = captions, fits, sweep
        self.keeper = Keeper("display", where, open_, clock, self._serve)
        self._device: CounterDisplay  # of this connection
        self._size = (0, 0)
        self._captions_codes = True
        self._lit = False  # something is shown that the display takes down when it hears nothing
        self._shown: tuple[Glass, int] | None = None  # what it proved to show; None: nothing, or not known
        self._foreseen: tuple[Glass, int] | None = None  # what it may show before ``show`` says so
        self._in_vain: asyncio.TimerHandle | None = None  # until that is not waited for any more
        self._uncaptioned: tuple[Screen, int] | None = None
        self._drawn: tuple[str, asyncio.Future[bool]] | None = None  # a receipt's address, whether it is drawn
        self._captioning = self._asking = OnDemand(_nothing)  # of this connection

    def run(self) -> Coroutine[Any, Any, None]:
        return self.keeper.run()

    def health(self) -> Health:
        return self.keeper.health()

    def on_back(self, again: Callable[[], None]) -> None:
        """``again`` is called when the glass may show something else than it was told, or is gone (I10)."""
        self.keeper.on_change = again

    async def draws_receipt(self, link: str) -> bool:
        """Once all tiles of that screen are taken; False where the code fits on no glass of the size it told."""
        if self._drawn is None or self._drawn[0] != link or not self._fits(link, *self._size):
            return False
        return await asyncio.shield(self._drawn[1])

    def _draw_ends(self, *, drawn: bool) -> None:
        if self._drawn is not None and not self._drawn[1].done():
            self._drawn[1].set_result(drawn)
        if not drawn:
            self._drawn = None

    def foresee(self, screen: Screen) -> Release | None:
        """A result. Captions of what it takes the place of end, and go on if it is not shown after all."""
        if not isinstance(screen, ResultScreen):
            return None
        try:
            device = self.keeper.if_there
        except PeripheralFailed:
            return None
        release = device.foresee_result(*_result(screen))
        if release is not None:
            self._wait_no_more()  # for an earlier one that something else took back
            self._foreseen = Glass.RESULT, screen.id
            self._in_vain = asyncio.get_running_loop().call_later(FORESEEN_S, self._not_shown, device, release)
        return release

    def _not_shown(self, device: CounterDisplay, release: SendRest) -> None:
        """``show`` did not follow; nobody releases it from now on."""
        self._in_vain = None
        device.forget_foreseen()
        if not release():  # else it is lit: captions of what it took the place of would be painted over it
            self._foreseen = None
            self._captioning.wake()

    def _wait_no_more(self) -> None:
        if self._in_vain is not None:
            self._in_vain.cancel()
            self._in_vain = None

    def _forget(self) -> None:
        """Whatever was shown, foreseen or still to be captioned."""
        self._shown = self._foreseen = self._uncaptioned = None
        self._wait_no_more()

    async def show(self, screen: Screen) -> None:
        device = self.keeper.if_there if isinstance(screen, IdleScreen) else self.keeper.device
        self._forget()
        self._draw_ends(drawn=False)
        try:
            shown = await self._show(device, screen)
        except DeviceError as error:
            raise self.keeper.failed(error) from error
        self.keeper.well()
        self._shown, self._uncaptioned = shown, (screen, shown[1])
        link = screen.receipt if isinstance(screen, ResultScreen) else ""
        self._drawn = (link, asyncio.get_running_loop().create_future()) if link else None
        self._captioning.wake()
        self._lit = not isinstance(screen, IdleScreen)
        if self._lit:
            self._asking.wake()
            if self._sweep:
                self._sweep.used()

    async def _show(self, device: CounterDisplay, screen: Screen) -> tuple[Glass, int]:
        match screen:
            case CodeScreen():
                code = qr.encode(screen.payload, level=LEVEL)
                await device.show_qr(screen.id, min(screen.ttl_s, 0xFFFF), code.version, code.packed)
                return Glass.CODE, screen.id
            case ResultScreen():
                await device.show_result(*_result(screen))
                return Glass.RESULT, screen.id
            case ScanScreen():  # white as the idle glass, but dark when nobody is there any more to end it
                await device.show_text(screen.id, 0, ())
                return Glass.TEXT, screen.id
            case IdleScreen():
                await device.show_idle(IDLE_ID)
                return _IDLE

    async def _serve(self, transport: Transport, ready: Callable[[CounterDisplay], None]) -> None:
        device = self._device = CounterDisplay(transport, profile=self._profile, serial=self._serial)
        self._learn(await device.hello())
        errands = Errands(self.keeper.broke)
        start = errands.start
        self._captioning = OnDemand(self._caption)
        self._captioning.begin(start, "captions")
        self._asking = OnDemand(self._keep_alive)
        self._asking.begin(start, "asking")
        turn = self._round
        try:
            if self._sweep:
                self._sweep.enter(turn)
            ready(device)
            await device.watch()
        finally:
            if self._sweep:
                self._sweep.leave(turn)
            self._forget()
            self._draw_ends(drawn=False)
            await errands.end()

    def _learn(self, hello: DisplayHello) -> None:
        self._size = hello.width, hello.height
        self._forget()
        self._lit = False
        self._captions_codes = hello.captions_codes
        self.keeper.detail |= {"model": hello.firmware, "size": f"{hello.width}x{hello.height}"}
        self.keeper.detail.pop("words", None)
        if not hello.captions_codes:
            self.keeper.detail["words"] = "none beside a code: update the display's firmware"
        self.keeper.well()

    async def _caption(self) -> None:
        """Paint what belongs to the screen now shown; a newer one, also foreseen, ends it between two frames."""
        while (now := self._captioned()) is not None:
            if isinstance(now[0], IdleScreen):
                await asyncio.sleep(IDLE_CAPTION_S)  # the next customer's code goes first on the wire
            wanted = partial(self._captions_still, now)
            if not wanted():
                continue
            try:
                async for tile in self._beside(now[0]):
                    await self._device.add_tiles(now[1], [tile], wanted=wanted)
                    if not wanted():
                        break
                if wanted():
                    self._uncaptioned = None
                    self._draw_ends(drawn=True)
            except DeviceError:
                if wanted():
                    raise
                # else: it refused a tile because it shows the next screen already
            except (OSError, ImportError) as error:
                log.warning("display at %s: no captions: %s", self.keeper.where, error)
                if self._uncaptioned is now:
                    self._uncaptioned = None
                    self._draw_ends(drawn=False)

    def _captioned(self) -> tuple[Screen, int] | None:
        """What is to be captioned now: nothing while another screen is foreseen."""
        return None if self._foreseen is not None else self._uncaptioned

    def _captions_still(self, now: tuple[Screen, int]) -> bool:
        return self._captioned() is now

    def _beside(self, screen: Screen) -> AsyncIterator[Tile]:
        bare = isinstance(screen, CodeScreen) and not self._captions_codes
        return (no_captions if bare else self._captions)(screen, *self._size)

    def _round(self) -> None:
        """The shared rounds come by: a glance at one that rests; the task asks when that does not do."""
        if self._lit or not self._device.glance(self._glanced):
            self._asking.wake()

    def _glanced(self, state: DisplayState | None) -> None:
        if state is None:
            self._asking.wake()
        elif self._shown is not None:  # still what it was: nothing is shown while a question is out
            self._told(state)

    async def _keep_alive(self) -> None:
        """Ask what is shown: the display goes dark without it, and one that lost its screen gets it again."""
        while True:
            if self._lit:
                await asyncio.sleep(self._profile.keep_alive_ms / 1000)
            shown = self._shown
            state = await self._device.state()
            if shown is not None and shown is self._shown:
                self._told(state)
            if not self._lit:
                return

    def _told(self, state: DisplayState) -> None:
        self.keeper.well()
        now = state.screen, state.id
        if now not in (self._shown, self._foreseen):
            self._shown = None
            self.keeper.on_change()
