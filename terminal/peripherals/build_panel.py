"""Which adapter drives a display that is not our own, by the protocol its settings name."""

from collections.abc import Callable
from functools import partial
from typing import Literal, Protocol, TypeVar

from drivers.display.bonrix import BonrixPanel, BonrixProfile
from drivers.display.dgus import DgusPanel, DgusProfile
from drivers.display.mertech import MertechPanel, MertechProfile
from drivers.display.nextion import NextionPanel, NextionProfile
from drivers.display.panel import Panel
from drivers.display.pole import PolePanel, PoleProfile
from drivers.display.profile import load_panel
from drivers.transport import Transport
from terminal.peripherals.panel_display import PanelDisplay, Wording
from terminal.peripherals.place import Place

P = TypeVar("P", bound="_Line")


class _Line(Protocol):
    """What every panel's profile says of its line."""

    @property
    def baud(self) -> int: ...
    @property
    def flow(self) -> Literal["none", "xonxoff", "rtscts"]: ...
    @property
    def dtr(self) -> bool: ...


def build_panel(place: Place, wording: Wording) -> PanelDisplay:
    """Raises BadSettings: ``config_value_wrong``."""
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
        case name:
            assert name in ("cd5220", "escpos-vfd", "led8n"), name
            _no_number(place)
            return _panel(place, wording, PoleProfile, PolePanel, shows_codes=False)


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
