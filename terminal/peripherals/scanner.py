"""A serial scanner as the scanner port. Scans beyond a short queue are dropped, none waits for the next sale (C5)."""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

from drivers.errors import DeviceError
from drivers.scanner.driver import Scanner
from drivers.scanner.profile import ScannerProfile
from drivers.transport import OpenTransport, Transport
from terminal.counter.ports import Clock, Health, Scan
from terminal.peripherals.keeper import Keeper

QUEUE: Final = 8


class CodeScanner:
    def __init__(self, where: str, open_: OpenTransport, clock: Clock, *, profile: ScannerProfile) -> None:
        self._profile, self._clock = profile, clock
        self.keeper = Keeper("scanner", where, open_, clock, greet=self._greet, watch=self._watch)
        self._scans: asyncio.Queue[Scan] = asyncio.Queue(QUEUE)

    async def run(self) -> None:
        await self.keeper.run()

    def health(self) -> Health:
        return self.keeper.health()

    async def scans(self) -> AsyncIterator[Scan]:
        while True:
            yield await self._scans.get()

    async def feedback(self, good: bool) -> None:
        try:
            await self.keeper.device.feedback(good)
        except DeviceError as error:
            self.keeper.failed(error)

    async def _greet(self, transport: Transport) -> Scanner:
        """A module that can be asked is asked; its reader must run meanwhile, so a task of its own is used."""
        device = Scanner(transport, self._profile)
        self._reading = asyncio.ensure_future(device.run())
        try:
            who = await device.hello()
        except BaseException:
            self._reading.cancel()
            raise
        self.keeper.detail |= {"model": who.title, "firmware": who.software}
        return device

    async def _watch(self, device: Scanner) -> None:
        try:
            async for scanned in device.scans():
                self.keeper.well()
                if not self._scans.full():
                    self._scans.put_nowait(Scan(scanned.text, self._clock.mono_ns()))
        finally:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)
