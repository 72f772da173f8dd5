"""What is seen and heard at a simulated counter: glass and paper through the camera, the speaker by ear.

``ByItself`` plays the person of a device test: what a test shows or prints is held before the scanner, and what a
test says is typed. It knows a test by its code, so a customer's codes are left alone.
"""

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from firmware_stubs.display import DisplayStub
from firmware_stubs.paper import StubSlip, text_view
from firmware_stubs.printer import PrinterStub
from terminal.lab.camera import GLASS_DOT_MM, PAPER_DOT_MM, USUAL, Conditions, Reading, read
from terminal.lab.qr_reader import NotReadable, read_picture
from terminal.lab.stand import Stand

TEST_MARK: Final = "CT-PROOF-"
DARK_PERCENT: Final = 10  # of the backlight: a glass dimmer than this nobody reads
LOOK_S: Final = 0.1
CODE: Final = 1  # of the display's screens
_DIGITS: Final[tuple[str | tuple[str, ...], ...]] = (
    "零一二三四五六七八九",
    ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
    ("zero", "um", "dois", "três", "quatro", "cinco", "seis", "sete", "oito", "nove"),
)


@dataclass(slots=True)
class Eye:
    """``glass`` and ``paper`` say how each comes to the camera; spoil them to see a test fail."""

    glass: Conditions = field(default_factory=lambda: USUAL)
    paper: Conditions = field(default_factory=lambda: USUAL)

    def see_glass(self, display: DisplayStub) -> Reading:
        """Tens of milliseconds. Raises NotReadable."""
        if display.brightness < DARK_PERCENT:
            raise NotReadable("the glass is too dark")
        width, height, grey = display.glass()
        if grey == grey[:1] * len(grey):
            raise NotReadable("nothing is shown")
        return read(width, height, grey, GLASS_DOT_MM, self.glass)

    def see_slip(self, printer: PrinterStub) -> Reading:
        """The newest slip, cut or still hanging. Raises NotReadable."""
        slip = printer.slips[-1] if printer.slips else printer.hanging
        return self.see_paper(slip, printer.head.width_dots)

    def see_paper(self, slip: StubSlip, width_dots: int) -> Reading:
        from terminal.lab.paper_picture import slip_picture

        picture = slip_picture(slip, width_dots)
        return read(picture.width, picture.height, picture.tobytes(), PAPER_DOT_MM, self.paper)


def digits_heard(text: str) -> str:
    """Four digits or more said one after the other, in whichever language; empty when other words were said."""
    for names in _DIGITS:
        sounds = text if isinstance(names, str) else re.findall(r"\w+", text.casefold())
        said = "".join(str(names.index(sound)) if sound in names else " " for sound in sounds)
        if found := re.search(r"\d{4,}", said):
            return found[0]
    return ""


class ByItself:
    """A hand with eyes and ears at one stand, before the things that stand there, wherever their plugs end.

    ``type_digits`` is what it does with digits it heard, if anything.
    """

    def __init__(self, stand: Stand, eye: Eye, type_digits: Callable[[str], None] | None = None) -> None:
        self._stand, self._eye, self._type = stand, eye, type_digits
        self._display, self._printer, self._speaker = stand.display, stand.printer, stand.speaker
        self._shown, self._slips, self._said = 0, len(self._printer.slips), len(self._speaker.transcript)
        self.last = ""  # what it did last, or why it could not

    async def run(self) -> None:
        """For ever."""
        while True:
            await asyncio.sleep(LOOK_S)
            await self.look()

    async def look(self) -> None:
        """Do what a test asks for now, if it is new."""
        display, printer = self._display, self._printer
        if display.screen == CODE and display.id != self._shown:
            self._shown = display.id
            if not self._is_for_a_customer():
                await self._hold(lambda: self._eye.see_glass(display))
        if self._slips != (count := len(printer.slips)):
            self._slips = count
            lines = text_view(printer.slips[-1], printer.head.width_dots) if count else ()
            if any(TEST_MARK in line for line in lines):
                await self._hold(lambda: self._eye.see_slip(printer))
        self._listen()

    def _is_for_a_customer(self) -> bool:
        """By the cheap reader, so that the camera is not asked for every customer's code; in doubt it is asked."""
        try:
            return not read_picture(*self._display.glass()).startswith(TEST_MARK)
        except NotReadable:
            return False

    async def _hold(self, see: Callable[[], Reading]) -> None:
        try:
            reading = await asyncio.to_thread(see)
        except NotReadable as why:
            self.last = f"the scanner reads nothing: {why}"
            self._stand.timeline.add("scanner", "", self.last)
            return
        self.last = f"the scanner sees {reading.text}, contrast {reading.contrast:.0%}, quiet {reading.quiet:g}"
        self._stand.timeline.add("scanner", "", self.last)
        self._stand.scan(reading.text)

    def _listen(self) -> None:
        for said in self._speaker.transcript[self._said :]:
            if not said.whole:
                return  # let it finish
            self._said += 1
            if (digits := digits_heard(said.text)) and self._type is not None:
                self.last = f"hears {digits}"
                self._type(digits)
