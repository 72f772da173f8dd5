"""Where one device of the settings stands, and what its table means: driver, profile, binding."""

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, Literal, Protocol, TypeVar

from drivers import catalogue
from drivers.binding import opener
from drivers.device_protocol import DeviceProtocol, Role
from drivers.errors import DeviceGone
from drivers.transport import OpenTransport, Transport
from terminal.counter.ports import Clock
from terminal.errors import BadSettings
from terminal.peripherals.sweep import Sweep

P = TypeVar("P")
Flow = Literal["none", "xonxoff", "rtscts", ""]
PRINTER_BAUD: Final = 115200
_PROFILE: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,40}")


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


class ScannerTable(DeviceTable, Protocol):
    """``same_code_s``: so long the same code is the same scan; None: the profile's own."""

    @property
    def same_code_s(self) -> float | None: ...


class SpeakerTable(DeviceTable, Protocol):
    @property
    def volume(self) -> int | None: ...
    @property
    def quiet(self) -> tuple[str, str] | None: ...
    @property
    def quiet_volume(self) -> int: ...


class PrinterTable(DeviceTable, Protocol):
    """``logo``: a picture file above every slip; empty: none."""

    @property
    def logo(self) -> str: ...


class CounterTable(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def display(self) -> DeviceTable | None: ...
    @property
    def displays(self) -> Sequence[DeviceTable]: ...
    @property
    def scanner(self) -> ScannerTable | None: ...
    @property
    def printer(self) -> PrinterTable | None: ...
    @property
    def printers(self) -> Sequence[PrinterTable]: ...
    @property
    def speaker(self) -> SpeakerTable | None: ...


@dataclass(frozen=True, slots=True)
class Place:
    """One device's table and where it stands, for errors that can be found.

    ``sweep``: the counter's health rounds; None: it is asked only when it is used. ``key``: its table's name
    where a counter has several of a kind, ``displays[0]``. ``held``: bindings not to be opened now.
    """

    counter: str
    role: Role
    table: DeviceTable
    clock: Clock
    sweep: Sweep | None = None
    key: str = ""
    held: Collection[str] | None = None

    def wrong(self, key: str, why: str) -> BadSettings:
        table = self.key or self.role
        return BadSettings("config_value_wrong", key=f"counters.{self.counter}.{table}.{key}", why=why)

    @property
    def protocol(self) -> DeviceProtocol:
        """The driver the table names; the role's usual one when it names none. Raises BadSettings."""
        known = catalogue.of_role(self.role)
        for protocol in known:
            if self.table.driver in ("", protocol.name):
                return protocol
        raise self.wrong("driver", f"{self.table.driver!r} is none of {', '.join(each.name for each in known)}")

    def profile(self, load: Callable[[str], P]) -> P:
        """The profile the table names, or the protocol's usual one. Raises BadSettings."""
        name = self.table.profile or self.protocol.profiles[0]
        try:
            if _PROFILE.fullmatch(name):
                return load(name)
        except (KeyError, FileNotFoundError, ValueError):
            pass
        raise self.wrong("profile", f"there is no {self.role} profile {name!r}")

    def opener(self, baud: int, flow: Flow = "none", *, dtr: bool = True) -> OpenTransport:
        """Opens the binding. Raises BadSettings: it is none."""
        table = self.table
        try:
            found = opener(table.port, baud=table.baud or baud, flow=table.flow or flow or "none", dtr=dtr)
        except ValueError:
            raise BadSettings("config_port_unknown", port=table.port) from None
        return found if self.held is None else partial(_unless_held, table.port, self.held, found)


async def _unless_held(port: str, held: Collection[str], open_: OpenTransport) -> Transport:
    if port in held:
        raise DeviceGone(f"{port}: it is being asked who is there")
    return await open_()
