"""Which adapters drive a counter's displays, by the protocols its settings name."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from typing import Final, Literal, Protocol, TypeVar

from drivers.display import profile
from drivers.display.bonrix import BonrixPanel, BonrixProfile
from drivers.display.dgus import DgusPanel, DgusProfile
from drivers.display.mertech import MertechPanel, MertechProfile
from drivers.display.nextion import NextionPanel, NextionProfile
from drivers.display.panel import Panel
from drivers.display.pole import PolePanel, PoleProfile
from drivers.display.profile import load_panel
from drivers.transport import Transport
from terminal.counter.ports import Clock, Display, Printer, unwatched
from terminal.peripherals.artwork import Artwork, receipt_fits
from terminal.peripherals.browser_display import BrowserDisplay
from terminal.peripherals.display import CodeDisplay
from terminal.peripherals.fallback_display import FallbackDisplay, Glassware
from terminal.peripherals.panel_display import PanelDisplay, Wording
from terminal.peripherals.paper_display import PaperDisplay
from terminal.peripherals.place import CounterTable, Place
from terminal.peripherals.sweep import Sweep

P = TypeVar("P", bound="_Line")
HURRY_MS: Final = 2000  # between two questions under a code: four unanswered ones more make 2.6 s


class _Line(Protocol):
    """What every panel's profile says of its line."""

    @property
    def baud(self) -> int: ...
    @property
    def flow(self) -> Literal["none", "xonxoff", "rtscts"]: ...
    @property
    def dtr(self) -> bool: ...


def build_displays(
    counter: CounterTable,
    clock: Clock,
    artwork: Artwork,
    wording: Wording,
    sweep: Sweep | None,
    printer: Printer | None,
    jobs: dict[str, Callable[[], Awaitable[None]]],
) -> tuple[Display | None, Callable[[int], None]]:
    """The counter's one display, or all of them behind one port; and who must hear of paired pages.

    Args:
        printer: of this counter, for a code on paper.
        jobs: gets those that keep the displays open.

    Raises:
        BadSettings: ``config_port_unknown``, ``config_value_wrong``.
    """
    tables = [(table, "") for table in (counter.display,) if table is not None]
    tables += [(table, f"displays[{at}]") for at, table in enumerate(counter.displays)]
    if not tables:
        return None, unwatched
    places = [Place(counter.id, "display", table, clock, sweep, key) for table, key in tables]
    hurry = len(places) > 1  # somebody stands ready to take over
    built = [_display(place, artwork, wording, printer, hurry=hurry) for place in places]
    browsers = [display for display in built if isinstance(display, BrowserDisplay)]
    if len(browsers) > 1:
        raise places[-1].wrong("port", "one browser: stands for every paired page")
    watched = browsers[0].watched if browsers else unwatched
    jobs["display"] = built[0].run
    if len(built) == 1:
        return built[0], watched
    jobs |= {f"display {number}": display.run for number, display in enumerate(built[1:], 2)}
    together = FallbackDisplay(built)
    jobs["displays"] = together.run
    return together, watched


def _display(
    place: Place, artwork: Artwork, wording: Wording, printer: Printer | None, *, hurry: bool
) -> Glassware:
    match place.table.port:
        case "browser:":  # a paired page at /c/<counter>/display, bound by its pairing
            return BrowserDisplay("browser:", place.clock)
        case "printer:":
            if printer is None:
                raise place.wrong("port", "this counter has no printer")
            return PaperDisplay("printer:", printer, wording)
        case _:
            return _device(place, artwork, wording, hurry=hurry)


def _device(place: Place, artwork: Artwork, wording: Wording, *, hurry: bool) -> CodeDisplay | PanelDisplay:
    serial = place.table.serial
    match place.protocol.name:
        case "bonrix":
            _no_number(place)
            return _panel(place, wording, BonrixProfile, BonrixPanel)
        case "mertech":
            _no_number(place)
            return _panel(place, wording, MertechProfile, MertechPanel)
        case "nextion":
            return _panel(place, wording, NextionProfile, partial(NextionPanel, serial=serial))
        case "dgus":
            return _panel(place, wording, DgusProfile, partial(DgusPanel, serial=serial))
        case "cd5220" | "escpos-vfd" | "led8n":
            _no_number(place)
            return _panel(place, wording, PoleProfile, PolePanel, shows_codes=False)
        case _:
            return _own(place, artwork, hurry=hurry)


def _own(place: Place, artwork: Artwork, *, hurry: bool) -> CodeDisplay:
    shape, table = place.profile(profile.load), place.table
    if hurry:
        shape = replace(shape, keep_alive_ms=min(shape.keep_alive_ms, HURRY_MS))
    return CodeDisplay(
        table.port,
        place.opener(shape.baud, shape.flow, dtr=shape.dtr),
        place.clock,
        profile=shape,
        serial=table.serial,
        captions=artwork.tiles,
        fits=receipt_fits,
        sweep=place.sweep,
    )


def _panel(
    place: Place,
    wording: Wording,
    shape: type[P],
    make: Callable[[Transport, P], Panel],
    *,
    shows_codes: bool = True,
) -> PanelDisplay:
    def load(name: str) -> P:
        loaded = load_panel(shape, name)
        if isinstance(loaded, PoleProfile) and loaded.dialect != place.protocol.name:
            raise ValueError(f"{name} is of another protocol")
        return loaded

    line = place.profile(load)
    return PanelDisplay(
        place.table.port,
        place.opener(line.baud, line.flow, dtr=line.dtr),
        place.clock,
        make=lambda transport: make(transport, line),
        wording=wording,
        shows_codes=shows_codes,
        sweep=place.sweep,
    )


def _no_number(place: Place) -> None:
    """A binding by number must not look as if it were kept."""
    if place.table.serial:
        raise place.wrong("serial", "this kind of display tells no number; bind it by usb-serial or usb-path")
