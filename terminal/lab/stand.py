"""One simulated counter: four devices behind cables, and what a person sees and does there.

The same stand serves the lab (real pseudo-terminals) and headless runs (wires in memory on virtual time).
"""

import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, Protocol, TypeVar, cast

from firmware_stubs.cables import PtyCable
from firmware_stubs.display import DisplayStub
from firmware_stubs.printer import PrinterStub
from firmware_stubs.scanner import Gm65, LineScanner
from firmware_stubs.speaker import Said, Syn6288
from firmware_stubs.wire import Cable
from terminal.lab.qr_reader import NotReadable, read_picture
from terminal.lab.readable import readable
from terminal.lab.timeline import Timeline

ROLES: Final = ("display", "scanner", "printer", "speaker")
SCREENS: Final = ("blank", "code", "text", "result", "idle")
SCAN_MAX: Final = 512
D = TypeVar("D")


class Plug(Protocol):
    """What pseudo-terminals and wires have in common, one awaited, the other not."""

    def plug(self) -> object: ...

    def unplug(self) -> object: ...


class Stand:
    """``double_fire`` and ``half_read`` are faults of the scanner's next shots: how many times, ms apart."""

    def __init__(self, cables: Mapping[str, Cable], timeline: Timeline) -> None:
        assert set(cables) == set(ROLES), sorted(cables)
        self.cables, self.timeline = dict(cables), timeline
        self.double_fire = 0
        self.double_fire_ms = 300
        self.half_read = 0
        for role, cable in self.cables.items():
            cable.tap = self._tap(role)

    @classmethod
    def on_terminals(cls, folder: Path, timeline: Timeline, *, boot_id: int = 1) -> "Stand":
        """Devices a service in another process can open: links ``display`` … ``speaker`` in ``folder``."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        stubs = {
            "display": DisplayStub(boot_id=boot_id),
            "scanner": Gm65(),
            "printer": PrinterStub(),
            "speaker": Syn6288(),
        }
        return cls({role: PtyCable(stub, folder / role) for role, stub in stubs.items()}, timeline)

    # --- the devices ------------------------------------------------------------------------------------

    @property
    def display(self) -> DisplayStub:
        return self._find(DisplayStub)

    @property
    def scanner(self) -> LineScanner:
        return self._find(LineScanner)

    @property
    def printer(self) -> PrinterStub:
        return self._find(PrinterStub)

    @property
    def speaker(self) -> Syn6288:
        return self._find(Syn6288)

    def _find(self, kind: type[D]) -> D:
        """By kind, not by role: plugs may have been swapped."""
        return next(cable.stub for cable in self.cables.values() if isinstance(cable.stub, kind))

    def cable_of(self, stub: object) -> Cable:
        return next(cable for cable in self.cables.values() if cable.stub is stub)

    async def plug(self, role: str = "") -> None:
        for each in [role] if role else ROLES:
            done = cast(Plug, self.cables[each]).plug()
            if inspect.isawaitable(done):
                await done

    async def unplug(self, role: str = "") -> None:
        for each in [role] if role else ROLES:
            done = cast(Plug, self.cables[each]).unplug()
            if inspect.isawaitable(done):
                await done

    async def swap(self, one: str, other: str) -> None:
        """Two plugs end in each other's sockets."""
        for role in (one, other):
            await self.unplug(role)
        first, second = self.cables[one], self.cables[other]
        first.stub, second.stub = second.stub, first.stub
        for role in (one, other):
            await self.plug(role)

    # --- people -----------------------------------------------------------------------------------------

    def scan(self, text: str) -> None:
        """A code is held before the scanner's window."""
        text = text[:SCAN_MAX]
        self.timeline.add("lab", "", f"scan {text}")
        scanner = self.scanner
        if self.half_read:
            self.half_read -= 1
            scanner.scan(text, pause_after=len(text) // 2, pause_ms=400)
        elif self.double_fire:
            self.double_fire -= 1
            scanner.scan(text, times=2, every_ms=self.double_fire_ms)
        else:
            scanner.scan(text)
        self.cable_of(scanner).poke()

    def read_glass(self) -> str:
        """What a phone held before the glass reads. Raises NotReadable."""
        display = self.display
        if display.brightness < 10:
            raise NotReadable("the glass is too dark")
        return read_picture(*display.glass())

    @property
    def screen(self) -> str:
        return SCREENS[self.display.screen]

    def heard(self) -> list[Said]:
        return list(self.speaker.transcript)

    # --- bytes ------------------------------------------------------------------------------------------

    def _tap(self, role: str) -> Callable[[str, bytes], None]:
        def hear(source: str, data: bytes) -> None:
            way = "out" if source == "host" else "in"
            self.timeline.add(role, way, readable(role, source, data), data)

        return hear
