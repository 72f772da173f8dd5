"""A serial scanner as the scanner port. A scan is for now: none waits for the next sale (C5)."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Final

from drivers.errors import DeviceError
from drivers.scanner.driver import Scanner
from drivers.scanner.line import Refusal
from drivers.scanner.profile import ScannerProfile
from drivers.transport import OpenTransport, Transport
from terminal.counter.ports import Clock, Health, Scan
from terminal.errors import PeripheralFailed
from terminal.peripherals.keeper import Keeper, first, together
from terminal.peripherals.sweep import Sweep, never

QUEUE: Final = 8
REARM_S: Final = 4.0  # a triggered scanner stops by itself after some 5 s, and after each code
FRESH_S: Final = 2.0  # a scan nobody took for so long was for something else
RUBBISH: Final = 2  # so many in a row that are no codes are told: one may be noise on the line


class CodeScanner:
    """``sweep``: when a scanner that takes commands is asked whether it is there; None: never."""

    def __init__(
        self,
        where: str,
        open_: OpenTransport,
        clock: Clock,
        *,
        profile: ScannerProfile,
        sweep: Sweep | None = None,
    ) -> None:
        self._profile, self._clock, self._sweep = profile, clock, sweep
        self.keeper = Keeper("scanner", where, open_, clock, self._serve)
        self._scans: asyncio.Queue[Scan] = asyncio.Queue(QUEUE)
        self.dropped = 0  # scans nobody took in time
        self._read = asyncio.Event()
        self._rubbish = 0  # what came since the last code and was none
        self._trouble = ""  # why its scans are no codes, once that is known

    async def run(self) -> None:
        await self.keeper.run()

    def health(self) -> Health:
        return self.keeper.health()

    async def scans(self) -> AsyncIterator[Scan]:
        while True:
            scan = await self._scans.get()
            if self._clock.mono_ns() - scan.mono_ns <= FRESH_S * 1e9:
                yield scan
            else:
                self.dropped += 1

    async def feedback(self, good: bool) -> None:
        """Never raises for what a device does: a beep that is not heard changes nothing."""
        try:
            await self.keeper.device.feedback(good)
        except PeripheralFailed:
            return
        except DeviceError as error:
            self.keeper.failed(error)

    async def _serve(self, transport: Transport, ready: Callable[[Scanner], None]) -> None:
        device = Scanner(transport, self._profile)
        self._rubbish, self._trouble = 0, ""
        await together(device.run(), self._use(device, ready))

    async def _use(self, device: Scanner, ready: Callable[[Scanner], None]) -> None:
        who = await device.hello()
        self.keeper.detail |= {"model": who.title, "firmware": who.software}
        self.keeper.well(cannot_tell=not who.known)
        ready(device)
        device.on_refused = self._refused  # before, noise would be a state that the end of the greeting takes back
        jobs = [self._take(device), self._ask_around(device)]
        await together(*jobs, *([self._trigger(device)] if device.triggered else []))

    async def _take(self, device: Scanner) -> None:
        async for scanned in device.scans():
            if self._sweep:
                self._sweep.used()
            self._rubbish, self._trouble = 0, ""
            self.keeper.well()
            self._read.set()
            if self._scans.full():
                self._scans.get_nowait()
                self.dropped += 1
            self._scans.put_nowait(Scan(scanned.text, self._clock.mono_ns()))

    def _refused(self, refusal: Refusal) -> None:
        self._rubbish += 1
        if self._rubbish >= RUBBISH:
            self._trouble = "scanner_no_end" if refusal is Refusal.INCOMPLETE else "scanner_garbled"
            self._there()

    def _there(self) -> None:
        """It speaks; whether it can be used is another question."""
        if self._trouble:
            self.keeper.unsure(self._trouble)
        else:
            self.keeper.well()

    async def _trigger(self, device: Scanner) -> None:
        """For ever, also without a sale: a code shown too early is told, not met by a dark scanner (C5)."""
        while True:
            self._read.clear()
            async with device.armed():
                await first(self._read.wait(), asyncio.sleep(REARM_S))

    async def _ask_around(self, device: Scanner) -> None:
        while self._sweep and device.asks:
            await self._sweep.due()
            if await device.alive():
                self._there()
        await never()  # a scanner that cannot be asked: its port tells when it goes
