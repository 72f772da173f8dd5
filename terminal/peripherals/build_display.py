"""Which adapter drives a counter's display, by the protocol its settings name."""

from collections.abc import Callable
from functools import partial
from typing import Final, Literal, Protocol, TypeVar

from drivers.display import profile
from drivers.display.bonrix import BonrixPanel, BonrixProfile
from drivers.display.dgus import DgusPanel, DgusProfile
from drivers.display.nextion import NextionPanel, NextionProfile
from drivers.display.panel import Panel
from drivers.display.pole import PolePanel, PoleProfile
from drivers.display.profile import load_panel
from drivers.transport import Transport
from terminal.peripherals.artwork import Artwork
from terminal.peripherals.browser_display import BrowserDisplay
from terminal.peripherals.display import CodeDisplay
from terminal.peripherals.panel_display import PanelDisplay, Wording
from terminal.peripherals.place import Place

P = TypeVar("P", bound="_Line")
BROWSER: Final = "browser:"  # a paired page at /c/<counter>/display, bound by its pairing


class _Line(Protocol):
    """What every panel's profile says of its line."""

    @property
    def baud(self) -> int: ...
    @property
    def flow(self) -> Literal["none", "xonxoff", "rtscts"]: ...
    @property
    def dtr(self) -> bool: ...


def build_display(place: Place, artwork: Artwork, wording: Wording) -> CodeDisplay | PanelDisplay | BrowserDisplay:
    """Raises BadSettings."""
    serial = place.table.serial
    if place.table.port == BROWSER:
        return BrowserDisplay(BROWSER, place.clock)
    match place.protocol.name:
        case "bonrix":
            _no_number(place)
            return _panel(place, wording, BonrixProfile, BonrixPanel)
        case "nextion":
            return _panel(place, wording, NextionProfile, partial(NextionPanel, serial=serial))
        case "dgus":
            return _panel(place, wording, DgusProfile, partial(DgusPanel, serial=serial))
        case "cd5220" | "escpos-vfd" | "led8n":
            _no_number(place)
            return _panel(place, wording, PoleProfile, PolePanel, shows_codes=False)
        case _:
            return _own(place, artwork)


def _own(place: Place, artwork: Artwork) -> CodeDisplay:
    shape, table = place.profile(profile.load), place.table
    return CodeDisplay(
        table.port,
        place.opener(shape.baud, shape.flow, dtr=shape.dtr),
        place.clock,
        profile=shape,
        serial=table.serial,
        captions=artwork.tiles,
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
