"""The counter display as a simulated device: its own firmware, and a glass of pixels to look at.

The glass keeps a byte a pixel and counts what is painted, so that a test sees a flash as well as a picture.
"""

import struct
import zlib
from typing import Final

from firmware_stubs.display_drawing import AMBER, BLACK, GREEN, GREY, RED, WHITE, Panel
from firmware_stubs.display_firmware import OK, Display
from firmware_stubs.wire import Stub

# Red, green, blue of the panel's colours, as the glass shows them.
COLOURS: Final = {
    WHITE: (255, 255, 255),
    BLACK: (0, 0, 0),
    GREEN: (0, 120, 60),
    RED: (190, 20, 30),
    AMBER: (170, 100, 0),
    GREY: (90, 90, 90),
}
_GREY_LEVELS: Final = bytes(
    sum(COLOURS[value]) // 3 if value in COLOURS else 0 for value in range(256)
)  # index -> brightness
_DOTS: Final = tuple(bytes(byte >> (7 - bit) & 1 for bit in range(8)) for byte in range(256))


class Glass(Panel):
    """``pixels`` holds a colour index per pixel, row by row. ``painted`` counts operations on them."""

    def __init__(self, width: int = 240, height: int = 320) -> None:
        self._native = (width, height)
        self.width, self.height = width, height
        self.pixels = bytearray([BLACK]) * (width * height)
        self.painted = 0
        self.brightness = 100
        self.beeps: list[int] = []

    def fill(self, x: int, y: int, width: int, height: int, colour: int) -> None:
        self.painted += 1
        if width == self.width:
            self.pixels[y * width : (y + height) * width] = bytes((colour,)) * (width * height)
            return
        row = bytes((colour,)) * width
        for at in range(y * self.width + x, (y + height) * self.width + x, self.width):
            self.pixels[at : at + width] = row

    def blit(self, x: int, y: int, width: int, bits: bytes, times: int, ink: int, paper: int) -> None:
        self.painted += 1
        colours = bytes((paper, ink)) + bytes(254)
        row = b"".join([_DOTS[byte] for byte in bits])[:width].translate(colours)
        for at in range(y * self.width + x, (y + times) * self.width + x, self.width):
            self.pixels[at : at + width] = row

    def backlight(self, percent: int) -> None:
        self.brightness = percent

    def beep(self, pattern: int) -> None:
        self.beeps = [*self.beeps[-15:], pattern]

    def rotate(self, quarters: int) -> None:
        """Pixels stay as a person sees them: upright, so only the shape of the glass changes."""
        self.width, self.height = self._native if quarters % 2 == 0 else self._native[::-1]
        self.pixels = bytearray([BLACK]) * (self.width * self.height)


class LyingDisplay(Display):
    """The firmware with a fault to switch on."""

    lies = False
    program = ""  # another one was flashed: "older", "other" (speaks protocol 2), "broken" (greets with nonsense)

    def obey(self, kind: int, payload: bytes, now_ms: int) -> int:
        if self.lies:
            return OK
        status = super().obey(kind, payload, now_ms)
        if self.program == "older":
            self._free_y = min(self.panel.width, self.panel.height)  # nothing in a code's whole square
        return status

    def _hello(self) -> bytes:
        told = super()._hello()
        if self.program == "older":
            no_strip = bytes((told[10] & ~16, *told[11:]))
            return told[:10] + no_strip.replace(b"countertop-display 1.0 ", b"countertop-display 0.9 ")
        if self.program == "other":
            return b"\x02" + told[1:]
        return b"\xff\xff" if self.program == "broken" else told


class DisplayStub(Stub):
    """What hangs on the display's cable, with the faults of a real one.

    Attributes a test or the lab may set: ``mute`` (it hears and says nothing), ``lies`` (it says "done" and
    does nothing, so that an old picture stays: L11).
    """

    def __init__(self, *, width: int = 240, height: int = 320, serial: str = "SIM0001", boot_id: int = 1) -> None:
        self.mute = False
        self._glass = Glass(width, height)
        self._serial = serial
        self._display = LyingDisplay(self._glass, boot_id, serial)
        self._unsaid = b""
        self._asleep = True

    # --- the cable's side ---------------------------------------------------------------------------------

    def receive(self, data: bytes, now_ms: int) -> bytes:
        greeting = self._wake(now_ms)
        if self.mute:
            return b""
        return greeting + self._display.receive(data, now_ms)

    def tick(self, now_ms: int) -> bytes:
        said = self._wake(now_ms) + self._display.tick(now_ms)
        return b"" if self.mute else said

    def due(self, now_ms: int) -> int | None:
        return now_ms if self._asleep or self._unsaid else self._display.due()

    def _wake(self, now_ms: int) -> bytes:
        said, self._unsaid = self._unsaid, b""
        if self._asleep:
            self._asleep = False
            said = self._display.start(now_ms) + said
        return said

    @property
    def lies(self) -> bool:
        return self._display.lies

    @lies.setter
    def lies(self, value: bool) -> None:
        self._display.lies = value

    # --- what people and faults do ------------------------------------------------------------------------

    def restart(self) -> None:
        """Power came back: another boot id, a dark glass, a HELLO with the next tick (``cable.poke()``)."""
        program = self._display.program
        self._display = LyingDisplay(self._glass, self._display.boot_id + 1, self._serial)
        self._display.program = program
        self._glass.rotate(0)
        self._unsaid, self._asleep = b"", True

    def flash(self, program: str = "") -> None:
        """Write another program into it, "older", "other" or "broken"; "" is its own. It starts afresh."""
        self.restart()
        self._display.program = program

    def press(self, kind: int = 1, value: int = 0) -> None:
        """A button or a touch; goes out with the next tick."""
        self._unsaid += self._display.event(kind, value)

    # --- what a person sees -------------------------------------------------------------------------------

    @property
    def screen(self) -> int:
        """0 blank, 1 code, 2 text, 3 result, 4 idle."""
        return self._display.screen

    @property
    def id(self) -> int:
        return self._display.id

    @property
    def shown_crc32(self) -> int:
        return self._display.shown_crc

    @property
    def text(self) -> str:
        """What the last text or result said; letters on the glass are drawn by the host as tiles."""
        return self._display.text.decode("utf-8", "replace")

    @property
    def painted(self) -> int:
        """Operations on the glass so far: an unchanged number is a picture that did not flash."""
        return self._glass.painted

    @property
    def brightness(self) -> int:
        return self._glass.brightness

    @property
    def beeps(self) -> list[int]:
        """The last 16 patterns."""
        return self._glass.beeps

    def glass(self) -> tuple[int, int, bytes]:
        """Width, height, and one brightness byte (0 dark to 255) per pixel, row by row."""
        return self._glass.width, self._glass.height, bytes(self._glass.pixels).translate(_GREY_LEVELS)

    def png(self) -> bytes:
        """The glass in colour."""
        palette = b"".join(bytes(COLOURS[index]) for index in sorted(COLOURS))
        return png(self._glass.width, self._glass.height, bytes(self._glass.pixels), palette)


def png(width: int, height: int, pixels: bytes, palette: bytes = b"") -> bytes:
    """A PNG of one byte per pixel: grey levels, or indices into ``palette`` (3 bytes a colour).

    Source: W3C, Portable Network Graphics (PNG) Specification, sections 5 and 11.2.
    """
    head = struct.pack(">IIBBBBB", width, height, 8, 3 if palette else 0, 0, 0, 0)
    rows = b"".join(b"\0" + pixels[at : at + width] for at in range(0, width * height, width))
    chunks = [(b"IHDR", head), (b"PLTE", palette), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks if data or kind == b"IEND")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
