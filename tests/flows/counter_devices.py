"""Devices of a counter as people meet them: what was shown, said, printed; told to fail by a test.

They stand in for hardware at the ports and live from life to life, as things on a counter do.
"""

import asyncio
from collections.abc import AsyncIterator, Callable

from terminal.counter.ports import (
    CodeScreen,
    Devices,
    Health,
    HealthState,
    IdleScreen,
    Played,
    Printed,
    PrintStopped,
    Release,
    ResultScreen,
    Scan,
    ScanScreen,
    Screen,
    Slip,
    Utterance,
)
from terminal.errors import PeripheralFailed


def now_s() -> float:
    return asyncio.get_running_loop().time()


class Device:
    """``raises``: a bug in its driver. ``hangs``: it takes the request and never answers."""

    takes_s = 0.02

    def __init__(self) -> None:
        self.raises: Exception | None = None
        self.hangs = False
        self.at_work: Callable[[str], None] = lambda _what: None

    def health(self) -> Health:
        return Health(HealthState.OK, "", 0, {})

    async def work(self, what: str) -> None:
        self.at_work(what)
        if self.raises is not None:
            raise self.raises
        await asyncio.sleep(1e6 if self.hangs else self.takes_s)


class GlassOnCounter(Device):
    def __init__(self) -> None:
        super().__init__()
        self.gone = self.refuses = False  # refuses: it says so once it has worked on a screen
        self.shows_receipts, self.draws_s = False, 0.0
        self.shows: list[tuple[float, Screen]] = []
        self._again: Callable[[], None] = lambda: None

    async def show(self, screen: Screen) -> None:
        if self.gone:
            raise PeripheralFailed("display_gone", port="counter")
        await self.work("show")
        if self.refuses:
            raise PeripheralFailed("device_refused", port="counter")
        self.shows.append((now_s(), screen))

    def on_back(self, again: Callable[[], None]) -> None:
        self._again = again

    def back(self) -> None:
        self.gone = False
        self._again()

    async def draws_receipt(self, _link: str) -> bool:
        await asyncio.sleep(self.draws_s)
        return self.shows_receipts

    @property
    def lit(self) -> Screen:
        return self.shows[-1][1]

    @property
    def words(self) -> list[str]:
        """Every screen it showed: idle, code, or the result's word."""
        return [word_of(screen) for _, screen in self.shows]


def word_of(screen: Screen) -> str:
    match screen:
        case CodeScreen():
            return "code"
        case ResultScreen(result=result):
            return result
        case ScanScreen(now=now):
            return now
        case IdleScreen():
            return "idle"


class SpeakerOnCounter(Device):
    takes_s = 1.5

    def __init__(self) -> None:
        super().__init__()
        self.began: list[tuple[float, Utterance]] = []
        self.played = Played.DONE

    async def say(self, utterance: Utterance) -> Played:
        self.began.append((now_s(), utterance))
        await self.work("say")
        return self.played

    @property
    def words(self) -> list[tuple[str, int]]:
        return [(utterance.kind, utterance.amount.minor) for _, utterance in self.began]


class PrinterOnCounter(Device):
    """``stops``: how the next printings end, one each; then they come out whole."""

    takes_s = 0.3

    def __init__(self) -> None:
        super().__init__()
        self.stops: list[PrintStopped] = []
        self.paper = asyncio.Event()
        self.paper.set()
        self.begun: list[Slip] = []
        self.whole: list[Slip] = []
        self.foreseen = 0
        self.on_asked: Callable[[], None] = lambda: None  # for its state, as the disk takes what begins a slip

    def foresee(self) -> Release | None:
        self.foreseen += 1
        return self._is_asked

    def _is_asked(self) -> None:
        self.on_asked()

    async def print(self, slip: Slip) -> Printed:
        if not self.paper.is_set():
            raise PrintStopped("printer_paper_out", touched=False, definite=True)
        self.begun.append(slip)
        await self.work("print")
        if self.stops:
            raise self.stops.pop(0)
        self.whole.append(slip)
        self.at_work("printed")
        return Printed.CONFIRMED

    async def ready(self) -> None:
        await self.paper.wait()


class ScannerOnCounter(Device):
    def __init__(self) -> None:
        super().__init__()
        self.beeps: list[bool] = []
        self._read: asyncio.Queue[Scan] = asyncio.Queue(16)

    def reads(self, text: str) -> None:
        self._read.put_nowait(Scan(text, round(now_s() * 1e9)))

    async def scans(self) -> AsyncIterator[Scan]:
        while True:
            yield await self._read.get()

    async def feedback(self, good: bool) -> None:
        self.beeps.append(good)


class OnCounter:
    """One counter's four devices."""

    def __init__(self) -> None:
        self.glass, self.speaker = GlassOnCounter(), SpeakerOnCounter()
        self.printer, self.scanner = PrinterOnCounter(), ScannerOnCounter()

    def devices(self) -> Devices:
        return Devices(self.glass, self.scanner, self.printer, self.speaker)

    def each(self) -> tuple[Device, ...]:
        return (self.glass, self.speaker, self.printer, self.scanner)
