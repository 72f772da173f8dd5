"""Devices as the API and the set-up page see them: places at counters, ports of the machine, tests."""

from typing import Annotated

import msgspec

from terminal.web.shapes.counters import HealthView, StandInView
from terminal.web.shapes.form import Form, Text

Speed = Annotated[int, msgspec.Meta(ge=0, le=4_000_000)]
"""Of a serial line, in bit/s; 0: the profile's own."""


class NewChoice(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``port`` as the settings write it, such as usb-serial:A100; empty: nothing stands there any more.

    Empty ``driver`` and ``profile``: the role's usual ones. ``serial``: of the one display that belongs here.
    Without ``baud`` the same device at the port it has keeps its speed, and any other has its profile's.
    """

    port: Text
    driver: Text = ""
    profile: Text = ""
    serial: Text = ""
    baud: Speed | None = None


class NewTest(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``answer`` empty: begin. Else the digits that a person saw or heard in the running test."""

    answer: Annotated[str, msgspec.Meta(max_length=16)] = ""


class NewProbe(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A port of the list that nobody uses."""

    port: Text


class TestView(msgspec.Struct, frozen=True):
    """``state``: none, running, passed, failed, cannot_tell; ``reason`` is a slug of the error registry.

    ``asks``: what a running test waits for: "scan", "digits" to be typed, or nothing.
    """

    state: str = "none"
    reason: str = ""
    measured: dict[str, str] = {}
    age_s: int = 0
    asks: str = ""


class PlaceView(msgspec.Struct, frozen=True):
    """One role of a counter. Empty ``port``: nothing stands there, and ``health`` is null.

    ``chosen``: set on the page, not in the settings file. ``further``: how many more stand behind this one.
    ``stand_in``: it is out, and this one answers on a free port: POST ``/devices/{role}/stand-in`` takes it.
    ``baud``: of its line, where that is not the profile's own.
    """

    role: str
    port: str
    driver: str
    profile: str
    serial: str
    chosen: bool
    further: int
    health: HealthView | None
    test: TestView
    stand_in: StandInView | None = None
    baud: int = 0


class CounterPlaces(msgspec.Struct, frozen=True):
    """``busy``: a sale is open there, so nothing is tested now."""

    counter: str
    title: str
    busy: bool
    places: list[PlaceView]


class ProposalView(msgspec.Struct, frozen=True):
    """Who answered on a port; ``baud``: the speed of that answer, 0 where the line has none."""

    role: str
    driver: str
    profile: str
    title: str
    serial: str
    baud: int = 0


class PortView(msgspec.Struct, frozen=True):
    """``port`` is what to choose. ``used_by``: counter and role that have it. ``twins``: equal ones beside it.

    ``asked``: "" not yet, "asking", "found", "silent", "stranger", "busy"; ``says`` is the stranger's own name.
    """

    port: str
    what: str
    stable: bool
    used_by: str
    twins: list[str]
    asked: str
    says: str
    proposal: ProposalView | None


class DriverView(msgspec.Struct, frozen=True):
    role: str
    name: str
    title: str
    profiles: list[str]


class DevicesReport(msgspec.Struct, frozen=True):
    """``ports`` and ``drivers`` are empty for who may not choose devices."""

    counters: list[CounterPlaces]
    ports: list[PortView]
    drivers: list[DriverView]
