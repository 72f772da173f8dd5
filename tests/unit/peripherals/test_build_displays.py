"""From settings to displays: one or several on a counter, each by its protocol's name and profile."""

from typing import Any

import pytest

from drivers.catalogue import of_role
from firmware_stubs.display_pole import PoleStub
from terminal.counter.ports import HealthState
from terminal.errors import BadSettings
from terminal.help.catalogue import Catalogue
from terminal.peripherals.build import build_devices
from terminal.peripherals.display import CodeDisplay
from terminal.peripherals.fallback_display import FallbackDisplay
from terminal.peripherals.panel_display import PanelDisplay
from terminal.settings import CounterTable, DeviceTable, PrinterTable
from terminal.virtual_time import VirtualClock, run
from tests.devices.conformance.display import PANELS
from tests.devices.wires import wire

WORDS = Catalogue.load("en")
LINK = "link:/dev/x"


def build(**counter: Any) -> Any:
    async def on_the_loop() -> Any:
        table = CounterTable(id="1", **counter)
        return build_devices(table, clock=VirtualClock(), words=WORDS.text, money=WORDS.money)

    return run(on_the_loop(), seed=1)


def draws_codes(name: str) -> bool:
    """What the driver says of itself."""

    async def on_the_loop() -> bool:
        return PANELS[name](wire(PoleStub())).shows_codes

    return run(on_the_loop(), seed=1)


@pytest.mark.row(41, 48, 49)
def test_every_display_of_the_catalogue_is_built_with_every_profile_of_its_own() -> None:
    for protocol in of_role("display"):
        for profile in ("", *protocol.profiles):
            table = DeviceTable(port=LINK, driver=protocol.name, profile=profile)
            display = build(display=table).display
            assert isinstance(display, CodeDisplay | PanelDisplay)
            assert display.shows_codes == (protocol.name == "countertop" or draws_codes(protocol.name)), protocol


def test_bad_input_a_number_is_refused_by_every_display_that_tells_none() -> None:
    """A binding that nobody checks must not look as if it were kept."""
    silent = [each.name for each in of_role("display") if each.name not in ("countertop", "nextion", "dgus")]
    for name in silent:
        with pytest.raises(BadSettings, match="tells no number"):
            build(display=DeviceTable(port=LINK, driver=name, serial="A1"))


@pytest.mark.row(49)
def test_several_displays_are_one_port_with_a_job_for_each_in_their_order() -> None:
    tables = tuple(
        DeviceTable(port=f"{LINK}{number}", driver=name) for number, name in enumerate(("nextion", "cd5220"))
    )
    devices = build(display=DeviceTable(port="usb-serial:A1"), displays=tables)
    assert isinstance(devices.display, FallbackDisplay)
    assert list(devices.jobs) == ["display", "display 2", "display 3", "displays"]
    health = devices.health()["display"]
    assert (health.state, health.detail["port"]) == (HealthState.CANNOT_TELL, "usb-serial:A1")
    assert health.detail["display 3"] == "link:/dev/x1 cannot_tell"


def test_a_list_of_one_is_that_display() -> None:
    devices = build(displays=(DeviceTable(port=LINK, driver="bonrix"),))
    assert isinstance(devices.display, PanelDisplay)
    assert list(devices.jobs) == ["display"]


def test_a_code_on_paper_needs_a_printer() -> None:
    paper = DeviceTable(port="printer:")
    devices = build(displays=(DeviceTable(port=LINK), paper), printer=PrinterTable(port="link:/dev/p"))
    assert list(devices.jobs) == ["printer", "display", "display 2", "displays"]
    with pytest.raises(BadSettings) as caught:
        build(displays=(DeviceTable(port=LINK), paper))
    assert caught.value.facts["why"] == "this counter has no printer"


@pytest.mark.parametrize(
    ("table", "key", "why"),
    [
        ({"driver": "cd5220", "profile": "escpos-vfd"}, "profile", "no display profile 'escpos-vfd'"),
        ({"driver": "nextion", "profile": "cd5220"}, "profile", "no display profile 'cd5220'"),
        ({"driver": "countertop", "profile": "nextion"}, "profile", "no display profile 'nextion'"),
        ({"driver": "bonrix", "serial": "A1"}, "serial", "tells no number"),
        ({"driver": "hologram"}, "driver", "is none of countertop, bonrix"),
    ],
)
def test_bad_input_a_wrong_table_is_told_with_its_place(table: dict[str, Any], key: str, why: str) -> None:
    with pytest.raises(BadSettings) as caught:
        build(displays=(DeviceTable(port=LINK), DeviceTable(port=LINK, **table)))
    assert caught.value.slug == "config_value_wrong"
    assert caught.value.facts["key"] == f"counters.1.displays[1].{key}"
    assert why in str(caught.value.facts["why"])
