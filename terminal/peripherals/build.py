"""Devices of a counter from its settings: bindings and profiles become adapters; nothing is opened yet."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal, Protocol, TypeVar

from drivers.binding import opener
from drivers.display import profile as displays
from drivers.printer import profile as printers
from drivers.printer.bitmap import Bitmap
from drivers.scanner import profile as scanners
from drivers.speaker import profile as speakers
from drivers.transport import OpenTransport
from terminal.counter.ports import Clock, Devices, Utterance
from terminal.errors import BadSettings
from terminal.peripherals.artwork import Artwork, MoneyText, Words
from terminal.peripherals.display import CodeDisplay
from terminal.peripherals.glyphs import FONTS
from terminal.peripherals.phrases import phrase as usual_phrase
from terminal.peripherals.printer import SlipPrinter
from terminal.peripherals.scanner import CodeScanner
from terminal.peripherals.speaker import TalkingSpeaker

P = TypeVar("P")
Flow = Literal["none", "xonxoff", "rtscts", ""]
PAPER_FONTS: Final = ("NotoSansMonoCJKsc-Common.otf", "DejaVuSansMono-Latin.ttf")
GLASS_FONTS: Final = ("DejaVuSansCondensed-Bold-Latin.ttf", "NotoSansMonoCJKsc-Common.otf")
PRINTER_BAUD: Final = 115200
_PROFILE: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,40}")
_USUAL: Final = {
    "display": {"": "countertop", "countertop": "countertop"},
    "scanner": {"": "gm65", "gm65": "gm65", "line": "line"},
    "printer": {"": "epson-serial", "escpos": "epson-serial"},
    "speaker": {"": "syn6288", "syn6288": "syn6288"},
}
"""By role and driver: the profile meant when none is named."""


class DeviceTable(Protocol):
    """One device of the settings. Empty or zero: the profile's own."""

    @property
    def port(self) -> str: ...
    @property
    def driver(self) -> str: ...
    @property
    def profile(self) -> str: ...
    @property
    def baud(self) -> int: ...
    @property
    def flow(self) -> Flow: ...
    @property
    def serial(self) -> str: ...


class CounterTable(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def display(self) -> DeviceTable | None: ...
    @property
    def scanner(self) -> DeviceTable | None: ...
    @property
    def printer(self) -> DeviceTable | None: ...
    @property
    def speaker(self) -> DeviceTable | None: ...


class Painter:
    """Fonts that come with the product, for what a device has no letters for; opened at the first letter."""

    def __init__(self, *names: str) -> None:
        self._names = names
        self._paint: Callable[[str, int, int, bool], Bitmap | None] | None = None

    def __call__(self, text: str, width: int, height: int, bold: bool) -> Bitmap | None:
        if self._paint is None:
            from drivers import raster

            self._paint = raster.Painter(*(FONTS / name for name in self._names))
        return self._paint(text, width, height, bold)


@cache
def _painter(*names: str) -> Painter:
    """One for all counters: open fonts are megabytes, and a thousand counters say the same words."""
    return Painter(*names)


@dataclass(frozen=True, slots=True)
class _Place:
    """One device's table and where it stands, for errors that can be found."""

    counter: str
    role: str
    table: DeviceTable

    def wrong(self, key: str, why: str) -> BadSettings:
        return BadSettings("config_value_wrong", key=f"counters.{self.counter}.{self.role}.{key}", why=why)

    def profile(self, load: Callable[[str], P]) -> P:
        drivers = _USUAL[self.role]
        if self.table.driver not in drivers:
            raise self.wrong("driver", f"{self.table.driver!r} is none of {', '.join(filter(None, drivers))}")
        name = self.table.profile or drivers[self.table.driver]
        try:
            if _PROFILE.fullmatch(name):
                return load(name)
        except (KeyError, FileNotFoundError, ValueError):
            pass
        raise self.wrong("profile", f"there is no {self.role} profile {name!r}")

    def opener(self, baud: int, flow: Flow = "none", *, dtr: bool = True) -> OpenTransport:
        table = self.table
        try:
            return opener(table.port, baud=table.baud or baud, flow=table.flow or flow or "none", dtr=dtr)
        except ValueError:
            raise BadSettings("config_port_unknown", port=table.port) from None


def build_devices(
    counter: CounterTable,
    *,
    clock: Clock,
    words: Words,
    money: MoneyText,
    title: str = "",
    phrase: Callable[[Utterance], str] = usual_phrase,
    sweep_s: float | None = 5.0,
) -> Devices:
    """What the settings name for this counter, with the jobs that keep each open.

    Args:
        words, money: texts and amounts in the customer display's language.
        title: the shop's name where a screen brings none.
        phrase: what the speaker says.
        sweep_s: how often an idle device is asked whether it is well (L1); None: never.

    Raises:
        BadSettings: ``config_port_unknown``, ``config_value_wrong``.
    """
    display = scanner = printer = speaker = None
    jobs: dict[str, Callable[[], Awaitable[None]]] = {}
    if (table := counter.display) is not None:
        artwork = Artwork(words, money, title=title, paint=_painter(*GLASS_FONTS))
        display = _display(_Place(counter.id, "display", table), clock, artwork, sweep_s)
        jobs["display"] = display.run
    if (table := counter.scanner) is not None:
        scanner = _scanner(_Place(counter.id, "scanner", table), clock, sweep_s)
        jobs["scanner"] = scanner.run
    if (table := counter.printer) is not None:
        printer = _printer(_Place(counter.id, "printer", table), clock, sweep_s)
        jobs["printer"] = printer.run
    if (table := counter.speaker) is not None:
        speaker = _speaker(_Place(counter.id, "speaker", table), clock, phrase, sweep_s)
        jobs["speaker"] = speaker.run
    return Devices(display, scanner, printer, speaker, jobs)


def _display(place: _Place, clock: Clock, artwork: Artwork, sweep_s: float | None) -> CodeDisplay:
    shape, table = place.profile(displays.load), place.table
    return CodeDisplay(
        table.port,
        place.opener(shape.baud, shape.flow, dtr=shape.dtr),
        clock,
        profile=shape,
        serial=table.serial,
        captions=artwork.tiles,
        sweep_s=sweep_s,
    )


def _scanner(place: _Place, clock: Clock, sweep_s: float | None) -> CodeScanner:
    reader = place.profile(scanners.load_profile)
    return CodeScanner(place.table.port, place.opener(reader.baud), clock, profile=reader, sweep_s=sweep_s)


def _printer(place: _Place, clock: Clock, sweep_s: float | None) -> SlipPrinter:
    model, open_ = place.profile(printers.load), place.opener(PRINTER_BAUD)
    return SlipPrinter(
        place.table.port, open_, clock, profile=model, paint=_painter(*PAPER_FONTS), sweep_s=sweep_s
    )


def _speaker(
    place: _Place, clock: Clock, phrase: Callable[[Utterance], str], sweep_s: float | None
) -> TalkingSpeaker:
    voice = place.profile(speakers.load_profile)
    return TalkingSpeaker(
        place.table.port, place.opener(voice.baud), clock, profile=voice, phrase=phrase, sweep_s=sweep_s
    )
