"""One counter's devices for two: its real sales, and training. Only one of them has them at a time (row 102).

Who does not have them is told nothing wrong: its screens are painted when the devices come back, what it would say
stands on its screens, its slips wait as before a printer without paper, and no scan reaches it.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Final, Generic, TypeVar

from terminal.counter.ports import (
    Devices,
    Display,
    ForeseeingGlass,
    ForeseeingPrinter,
    Health,
    Played,
    Printed,
    Printer,
    PrintStopped,
    ReceiptGlass,
    Release,
    Scan,
    Scanner,
    Screen,
    Slip,
    Speaker,
    Start,
    Utterance,
)
from terminal.peripherals.cut import Cut, CutShort

AWAY: Final = "training_has_devices"


class Shared:
    """``real`` opens and keeps the ports; ``training`` only uses them, while ``lend`` says so."""

    __slots__ = ("_devices", "_real", "_training", "real")

    def __init__(self, devices: Devices) -> None:
        self._devices = devices
        self._real, self._training = Turn(has=True), Turn(has=False)
        self.real = self._face(self._real)
        if devices.display is not None:
            devices.display.on_back(self._again)

    @property
    def training(self) -> Devices:
        """Made when somebody practises: a chain's thousand counters hardly ever do."""
        return self._face(self._training)

    @property
    def lent(self) -> bool:
        return self._training.has

    def lend(self, lent: bool) -> None:
        self._real.give(not lent)
        self._training.give(lent)

    def _face(self, turn: "Turn") -> Devices:
        devices = self._devices
        display, scanner = devices.display, devices.scanner
        printer, speaker = devices.printer, devices.speaker
        real = turn is self._real
        return Devices(
            None if display is None else DisplayFace(display, turn),
            None if scanner is None else ScannerFace(scanner, turn),
            None if printer is None else PrinterFace(printer, turn),
            None if speaker is None else SpeakerFace(speaker, turn),
            jobs=devices.jobs if real else {},
            watched=self._real_watched if real else self._training_watched,
            fitted=self._real_fitted if real else self._training_fitted,
        )

    def _real_watched(self, pages: int) -> None:
        self._watched(self._real, pages)

    def _training_watched(self, pages: int) -> None:
        self._watched(self._training, pages)

    def _watched(self, turn: "Turn", pages: int) -> None:
        turn.pages = pages
        self._devices.watched(self._real.pages + self._training.pages)

    def _real_fitted(self, start: Start, scanner_there: Callable[[], None]) -> None:
        self._real.scanner_there = scanner_there
        self._devices.fitted(start, self._scanner_there)

    def _training_fitted(self, _start: Start, scanner_there: Callable[[], None]) -> None:
        self._training.scanner_there = scanner_there

    def _again(self) -> None:
        """The device lost its screen: whoever has it paints."""
        (self._training if self.lent else self._real).again()

    def _scanner_there(self) -> None:
        self._real.scanner_there()
        self._training.scanner_there()


class Turn:
    """Whether one of the two has the devices now."""

    __slots__ = ("_given", "again", "cut", "has", "pages", "scanner_there")

    def __init__(self, *, has: bool) -> None:
        self.has = has
        self._given: asyncio.Event | None = None  # made by whoever waits
        self.cut = Cut()
        self.again: Callable[[], None] = _nothing  # paint what is wanted
        self.scanner_there: Callable[[], None] = _nothing  # there is something to follow
        self.pages = 0  # paired ones that follow this one's display

    def give(self, has: bool) -> None:
        self.has = has
        if has:
            if self._given is not None:
                self._given.set()
                self._given = None
            self.again()
        else:
            self.cut.cut()

    async def mine(self) -> None:
        while not self.has:
            self._given = self._given or asyncio.Event()
            await self._given.wait()


def _nothing() -> None:
    """Nobody wants to hear of it yet."""


P = TypeVar("P", Display, Scanner, Printer, Speaker)


class Face(Generic[P]):
    """A device as one of the two sees it; false where nothing stands."""

    __slots__ = ("_device", "_turn")

    def __init__(self, device: P, turn: Turn) -> None:
        self._device: P = device
        self._turn = turn

    def __bool__(self) -> bool:
        return bool(self._device)

    def health(self) -> Health:
        return self._device.health()


class DisplayFace(Face[Display]):
    __slots__ = ("_foreseeing",)

    def __init__(self, device: Display, turn: Turn) -> None:
        super().__init__(device, turn)
        self._foreseeing = device if isinstance(device, ForeseeingGlass) else None

    @property
    def shows_codes(self) -> bool:
        return bool(getattr(self._device, "shows_codes", False))

    async def draws_receipt(self, link: str) -> bool:
        """Never of a screen that was not painted because the other one has the devices."""
        display = self._device
        return self._turn.has and isinstance(display, ReceiptGlass) and await display.draws_receipt(link)

    def foresee(self, screen: Screen) -> Release | None:
        return self._foreseeing.foresee(screen) if self._turn.has and self._foreseeing is not None else None

    async def show(self, screen: Screen) -> None:
        if self._turn.has:
            await self._device.show(screen)

    def on_back(self, again: Callable[[], None]) -> None:
        self._turn.again = again


class SpeakerFace(Face[Speaker]):
    __slots__ = ()

    async def say(self, utterance: Utterance) -> Played:
        return await self._device.say(utterance) if self._turn.has else Played.QUIET


class PrinterFace(Face[Printer]):
    __slots__ = ("_foreseeing",)

    def __init__(self, device: Printer, turn: Turn) -> None:
        super().__init__(device, turn)
        self._foreseeing = device if isinstance(device, ForeseeingPrinter) else None

    def foresee(self) -> Release | None:
        return self._foreseeing.foresee() if self._turn.has and self._foreseeing is not None else None

    async def print(self, slip: Slip) -> Printed:
        if not self._turn.has:
            raise PrintStopped(AWAY, touched=False, definite=True)
        return await self._device.print(slip)

    async def ready(self) -> None:
        await self._turn.mine()
        await self._device.ready()


class ScannerFace(Face[Scanner]):
    __slots__ = ()

    async def scans(self) -> AsyncIterator[Scan]:
        """Ends when nothing stands there any more."""
        while self._device:
            await self._turn.mine()
            reads = aiter(self._device.scans())
            try:
                while True:
                    yield await self._turn.cut.during(anext(reads))
            except CutShort:
                continue
            except StopAsyncIteration:
                return

    async def feedback(self, good: bool) -> None:
        if self._turn.has:
            await self._device.feedback(good)
