"""A scanner driver with its pump running on an in-memory cable, in virtual time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from drivers.scanner.driver import Scanner
from drivers.scanner.profile import load_profile
from firmware_stubs.scanner import LineScanner
from firmware_stubs.wire import Wire
from tests.devices.wires import wire

CODE = "134567890123456789"
OTHER = "284567890123456789"


class Counter:
    """A scanner with its pump running and everything it yields kept."""

    def __init__(self, cable: Wire, scanner: Scanner) -> None:
        self.cable, self.scanner = cable, scanner
        self.texts: list[str] = []

    def scan(self, code: str | bytes, **how: Any) -> None:
        """A code is held before the window."""
        stub = self.cable.stub
        assert isinstance(stub, LineScanner)
        stub.scan(code, **how)
        self.cable.poke()

    async def collect(self) -> None:
        async for scanned in self.scanner.scans():
            self.texts.append(scanned.text)


@asynccontextmanager
async def running(
    stub: LineScanner, profile: str = "line", *, double_fire_s: float | None = None, **faults: Any
) -> AsyncIterator[Counter]:
    cable = wire(stub, **faults)
    counter = Counter(cable, Scanner(cable, load_profile(profile), double_fire_s=double_fire_s))
    tasks = [asyncio.create_task(counter.scanner.run()), asyncio.create_task(counter.collect())]
    try:
        yield counter
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
