"""Which adapter drives a display that is not our own, by the protocol its settings name."""

from collections.abc import Callable
from functools import partial
from typing import Final, Literal, Protocol, TypeVar

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
_NUMBERED: Final = ("nextion", "dgus")  # at any other a binding by number would only look as if it were kept


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
    serial, name = place.table.serial, place.protocol.name
    if serial and name not in _NUMBERED:
        raise place.wrong("serial", "this kind of display tells no number; bind it by usb-serial or usb-path")
    match name:
        case "bonrix":
            return _panel(place, wording, BonrixProfile, BonrixPanel, shows_codes=BonrixPanel.shows_codes)
        case "mertech":
            return _panel(place, wording, MertechProfile, MertechPanel, shows_codes=MertechPanel.shows_codes)
        case "nextion":
            nextion = partial(NextionPanel, serial=serial)
            return _panel(place, wording, NextionProfile, nextion, shows_codes=NextionPanel.shows_codes)
        case "dgus":
            dgus = partial(DgusPanel, serial=serial)
            return _panel(place, wording, DgusProfile, dgus, shows_codes=DgusPanel.shows_codes)
        case "cd5220" | "escpos-vfd" | "led8n":
            return _panel(place, wording, PoleProfile, PolePanel, shows_codes=PolePanel.shows_codes)
        case _:
            raise AssertionError(f"nothing here builds {name}")


def _panel(
    place: Place,
    wording: Wording,
    shape: type[P],
    make: Callable[[Transport, P], Panel],
    *,
    shows_codes: bool,
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
