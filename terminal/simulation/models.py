"""A counter's devices as the service's ports see them, without bytes: cheap enough for every seed.

The devices live in the world, the adapters in one life of the process. What they did is told to an onlooker.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import Final, Protocol

from terminal.counter.ports import (
    Clock,
    CodeScreen,
    Devices,
    Health,
    HealthState,
    Played,
    Printed,
    PrintStopped,
    Scan,
    Screen,
    Slip,
    Utterance,
)
from terminal.errors import PeripheralFailed

PAINT_S: Final = 0.03
ANSWER_S: Final = 1.0
PRINT_S: Final = 1.0
SAY_S: Final = 1.5
SCANS_MAX: Final = 16


class Onlooker(Protocol):
    def painted(self, counter: str, payload: str, amount_minor: int) -> None: ...

    def printing(self, counter: str, receipt: str, copy: int) -> None:
        """The first byte of a slip reaches the paper."""
        ...

    def said(self, counter: str, kind: str, amount_minor: int) -> None: ...


class Props(Protocol):
    """A counter's devices as people and fate meet them, however they are made."""

    unplugged: bool

    @property
    def code(self) -> str:
        """The text of the code on the glass, empty when there is none."""
        ...

    def devices(self) -> Devices:
        """Adapters for a new life."""
        ...

    def scan(self, text: str) -> None: ...

    def unplug(self) -> None: ...

    def replug(self) -> None: ...

    def take_paper(self, *, midway: bool) -> None: ...

    def refill(self) -> None: ...

    def mute(self, *, speaker: bool, printer: bool) -> None: ...

    def heal(self) -> None: ...


class CounterModel:
    """Satisfies ``Props``."""

    def __init__(self, counter: str, clock: Clock, onlooker: Onlooker) -> None:
        self.counter, self.clock, self.onlooker = counter, clock, onlooker
        self.glass: Screen | None = None
        self._painted_ns = 0
        self.unplugged = False
        self.paper_out = self.printer_mute = self.stops_midway = False
        self.speaker_mute = False
        self.paper_is_back = asyncio.Event()
        self.again: Callable[[], None] = lambda: None  # the living adapter's: paint once more
        self._scans: deque[str] = deque(maxlen=SCANS_MAX)
        self._scanned = asyncio.Event()

    def devices(self) -> Devices:
        return Devices(GlassAdapter(self), ScannerAdapter(self), PrinterAdapter(self), SpeakerAdapter(self))

    # what a person sees and does

    @property
    def code(self) -> str:
        """The code on the glass; it takes itself down when its time is over."""
        if not isinstance(self.glass, CodeScreen):
            return ""
        over = self.clock.mono_ns() - self._painted_ns > self.glass.ttl_s * 10**9
        return "" if over else self.glass.payload

    def paint(self, screen: Screen) -> None:
        self.glass, self._painted_ns = screen, self.clock.mono_ns()
        if isinstance(screen, CodeScreen):
            self.onlooker.painted(self.counter, screen.payload, screen.amount.minor)

    def unplug(self) -> None:
        self.unplugged, self.glass = True, None

    def replug(self) -> None:
        self.unplugged = False
        self.again()

    def take_paper(self, *, midway: bool) -> None:
        self.stops_midway = midway
        self.paper_out = True
        self.paper_is_back.clear()

    def refill(self) -> None:
        self.paper_out = False
        self.paper_is_back.set()

    def mute(self, *, speaker: bool, printer: bool) -> None:
        self.speaker_mute, self.printer_mute = speaker, printer

    def heal(self) -> None:
        self.replug()
        self.refill()
        self.printer_mute = self.stops_midway = self.speaker_mute = False

    def scan(self, text: str) -> None:
        self._scans.append(text)
        self._scanned.set()

    async def next_scan(self) -> str:
        while not self._scans:
            self._scanned.clear()
            await self._scanned.wait()
        return self._scans.popleft()


class _Adapter:
    def __init__(self, device: CounterModel) -> None:
        self._device = device

    def health(self) -> Health:
        return Health(HealthState.CANNOT_TELL, "device_unknown", self._device.clock.mono_ns(), {})


class GlassAdapter(_Adapter):
    """Repaints what it was last asked for when the display comes back, but no code past its time."""

    def __init__(self, device: CounterModel) -> None:
        super().__init__(device)
        self._wanted: tuple[Screen, int] | None = None
        self.again: Callable[[], None] = lambda: None  # what asks the glass to be painted from state

    def on_back(self, again: Callable[[], None]) -> None:
        self.again = again

    async def show(self, screen: Screen) -> None:
        self._wanted = (screen, self._device.clock.mono_ns())
        if self._device.unplugged:
            await asyncio.sleep(ANSWER_S)
            raise PeripheralFailed("display_gone")
        await asyncio.sleep(PAINT_S)
        if self._device.unplugged:
            raise PeripheralFailed("display_gone")
        self._device.paint(screen)


class PrinterAdapter(_Adapter):
    async def print(self, slip: Slip) -> Printed:
        device = self._device
        if device.paper_out:
            await asyncio.sleep(0.1)
            raise PrintStopped("paper_out", touched=False, definite=True)
        device.onlooker.printing(device.counter, slip.job, slip.copy)
        await asyncio.sleep(PRINT_S)
        if device.paper_out or device.stops_midway:
            device.stops_midway = False
            raise PrintStopped("paper_out", touched=True, definite=True)
        if device.printer_mute:
            raise PrintStopped("printer_silent", touched=True, definite=False)
        return Printed.CONFIRMED

    async def ready(self) -> None:
        while self._device.paper_out:
            await self._device.paper_is_back.wait()


class SpeakerAdapter(_Adapter):
    async def say(self, utterance: Utterance) -> Played:
        device = self._device
        if device.speaker_mute:
            await asyncio.sleep(ANSWER_S)
            return Played.CANNOT_TELL
        device.onlooker.said(device.counter, utterance.kind, utterance.amount.minor)
        await asyncio.sleep(SAY_S)
        return Played.DONE


class ScannerAdapter(_Adapter):
    async def scans(self) -> AsyncIterator[Scan]:
        while True:
            yield Scan(await self._device.next_scan(), self._device.clock.mono_ns())

    async def feedback(self, good: bool) -> None: ...
