"""The API's table, the part about devices."""

from typing import Final

from terminal.web import devices
from terminal.web.calls import Operation as Op
from terminal.web.entering import EnteredShown, NewEntered, enter_goods
from terminal.web.shapes.counters import StandInAnswer
from terminal.web.shapes.devices import DevicesReport, NewChoice, NewProbe, NewTest, PlaceView, TestView
from terminal.web.shapes.form import Done

_PLACE: Final = "/counters/{counter}/devices/{role}"
_WHERE: Final = ("counter_unknown", "device_role_unknown")

DEVICES: Final = (
    Op(
        "GET",
        "/devices",
        "list_devices",
        devices.list_devices,
        "Every counter's devices with their health and last test; for the owner also the machine's ports.",
        DevicesReport,
        problems=("not_found",),
        whole="what is plugged into this machine",
    ),
    Op(
        "POST",
        "/counters/{counter}/entered",
        "enter_goods",
        enter_goods,
        "Goods that are being entered, for the customer's display: the newest line, the sum so far. No sale yet.",
        EnteredShown,
        NewEntered,
        problems=("counter_unknown",),
    ),
    Op(
        "POST",
        "/ports/probe",
        "probe_port",
        devices.probe_port,
        "Ask in the background who is plugged in there; nothing prints, sounds or opens by it. The list tells.",
        Done,
        NewProbe,
        problems=("pin_again", "device_port_unknown", "device_port_taken"),
    ),
    Op(
        "POST",
        _PLACE,
        "choose_device",
        devices.choose_device,
        "Another device for this role, at once and after every restart; sales go on.",
        PlaceView,
        NewChoice,
        problems=(*_WHERE, "pin_again", "device_choice_wrong", "device_port_taken", "device_not_saved"),
    ),
    Op(
        "POST",
        f"{_PLACE}/stand-in",
        "stand_in",
        devices.stand_in,
        "Yes or no to another device that was plugged in for a dead one; the counter's view offers it.",
        PlaceView,
        StandInAnswer,
        problems=(*_WHERE, "stand_in_gone", "device_choice_wrong", "device_port_taken", "device_not_saved"),
    ),
    Op(
        "POST",
        f"{_PLACE}/test",
        "test_device",
        devices.test_device,
        "Begin a test of this device, or answer a running one. The list of devices tells how it ends.",
        TestView,
        NewTest,
        problems=(
            *_WHERE,
            *("device_not_fitted", "device_test_running", "device_test_busy", "device_test_not_running"),
        ),
    ),
)
