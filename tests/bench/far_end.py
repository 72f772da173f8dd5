"""The far ends of the serial cables, with the clock of a real wire: a byte takes ten bit times, one after another.

A pseudo-terminal moves bytes at once, so when something is lit is worked out: the wire is free again when
everything before it has passed. Nothing is painted here, or painting would be what is measured.
"""

import asyncio
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from drivers.display.cobs import Decoder
from drivers.display.messages import Type
from firmware_stubs.cables import PtyCable
from firmware_stubs.display_drawing import Panel
from firmware_stubs.display_firmware import Display
from firmware_stubs.wire import Stub
from tests.bench.timing import now_s, within

BAUD: Final = 115200
SLIP_BEGINS: Final = b"\x1b@"  # ESC @, before anything a slip holds; state queries begin with DLE
SLIP_ENDS: Final = b"\x1dV"  # GS V, the cut; up to it another ESC @ only takes styles back
WAIT_S: Final = 20.0
CALM_S: Final = 0.08  # captions are drawn beside the loop and follow their code within this time
_SCREENS: Final = frozenset({Type.SHOW_QR, Type.SHOW_RESULT, Type.SHOW_IDLE})


def wire_s(count: int) -> float:
    return count * 10 / BAUD


@dataclass(frozen=True, slots=True)
class Frame:
    """A screen's frame: when it reached the plug, when a real wire would have passed it, its bytes on the wire."""

    came_s: float
    lit_s: float
    size: int


class GlasslessDisplay(Stub):
    """The display's own firmware on a panel that shows nothing."""

    def __init__(self, serial: str) -> None:
        self._firmware, self._asleep = Display(Panel(), 1, serial), True

    def receive(self, data: bytes, now_ms: int) -> bytes:
        return self.tick(now_ms) + bytes(self._firmware.receive(data, now_ms))

    def tick(self, now_ms: int) -> bytes:
        hello = bytes(self._firmware.start(now_ms)) if self._asleep else b""
        self._asleep = False
        return hello + bytes(self._firmware.tick(now_ms))

    def due(self, now_ms: int) -> int | None:
        return now_ms if self._asleep else self._firmware.due()


class PaperlessPrinter(Stub):
    """Answers as an Epson TM-T88 that is well: DLE EOT, GS r 1, GS ( H (ESC/POS command reference)."""

    _ASKED: Final = re.compile(rb"\x10\x04[\x01-\x04]|\x1dr\x01|\x1d\(H\x06\x0000([0-9]{4})", re.DOTALL)

    def receive(self, data: bytes, now_ms: int) -> bytes:
        said = b""
        for asked in self._ASKED.finditer(data):
            if asked[0][0] == 0x10:
                said += b"\x12"
            else:
                said += b"\x37\x22" + asked[1] + b"\0" if asked[1] else b"\0"
        return said

    def tick(self, now_ms: int) -> bytes:
        return b""


class DisplayEnd:
    def __init__(self, link: Path, serial: str) -> None:
        self.cable, self._name = PtyCable(GlasslessDisplay(serial), link), f"display {serial}"
        self.cable.tap = self._tap
        self.last: dict[Type, Frame] = {}
        self.count: dict[Type, int] = dict.fromkeys(_SCREENS, 0)
        self.newest: Type | None = None
        self.heard_s = 0.0
        self.free_s = 0.0  # when the wire to the display is free again
        self._decoder, self._news = Decoder(), asyncio.Event()

    def _tap(self, who: str, data: bytes) -> None:
        if who != "host":
            return
        self.heard_s = now_s()
        self.free_s = max(self.heard_s, self.free_s) + wire_s(len(data))
        for frame in self._decoder.feed(data):
            if frame.type in _SCREENS:
                self.newest = Type(frame.type)
                self.last[self.newest] = Frame(self.heard_s, self.free_s, len(frame.to_bytes()))
                self.count[self.newest] += 1
                self._news.set()

    async def after(self, kind: Type, count: int) -> Frame:
        """Wait until more than ``count`` of a kind came; returns the newest. Raises Silent, as all waits here."""
        async with within(WAIT_S, f"{kind.name} at {self._name}"):
            while self.count[kind] <= count:
                self._news.clear()
                await self._news.wait()
        return self.last[kind]

    async def idle(self) -> None:
        """Until the glass shows no customer anything, and the wire is quiet."""
        async with within(WAIT_S, f"an idle screen at {self._name}"):
            while self.newest is not Type.SHOW_IDLE:
                self._news.clear()
                await self._news.wait()
        await self.quiet()

    async def quiet(self) -> None:
        """Until a real wire would have passed everything, captions too, and nothing more came for a moment."""
        async with within(WAIT_S, f"a quiet wire at {self._name}"):
            while (wait_s := max(self.free_s, self.heard_s) + CALM_S - now_s()) > 0:  # noqa: ASYNC110  # its time
                await asyncio.sleep(wait_s)


class PrinterEnd:
    def __init__(self, link: Path) -> None:
        self.cable = PtyCable(PaperlessPrinter(), link)
        self.cable.tap = self._tap
        self.began_s: list[float] = []  # first byte of each slip
        self.heard_s = 0.0
        self._news = asyncio.Event()
        self._inside, self._last = False, b""

    def _tap(self, who: str, data: bytes) -> None:
        if who != "host":
            return
        self.heard_s = now_s()
        if data.startswith(SLIP_BEGINS) and not self._inside:
            self.began_s.append(self.heard_s)
            self._inside = True
            self._news.set()
        if SLIP_ENDS in self._last + data:  # a cut may come in two parts
            self._inside = False
        self._last = data[-1:]

    async def quiet(self) -> None:
        """Until nothing came for a moment: the slip is out and its end is in the journal."""
        async with within(WAIT_S, f"the end of a slip at {self.cable.link}"):
            while (wait_s := self.heard_s + CALM_S - now_s()) > 0:  # noqa: ASYNC110  # the far end's time
                await asyncio.sleep(wait_s)

    async def slip_after(self, count: int) -> float:
        """When the next slip's first byte came."""
        async with within(WAIT_S, f"a slip at {self.cable.link}"):
            while len(self.began_s) <= count:
                self._news.clear()
                await self._news.wait()
        return self.began_s[count]
