"""From settings to adapters: bindings, profiles and drivers that do not exist are named, nothing is opened."""

import subprocess
import sys
from typing import Any

import msgspec
import pytest

from terminal.errors import BadSettings
from terminal.help.catalogue import Catalogue
from terminal.peripherals.build import build_devices
from terminal.peripherals.display import CodeDisplay
from terminal.settings import CounterTable, DeviceTable, SpeakerTable
from terminal.virtual_time import VirtualClock, run

WORDS = Catalogue.load("en")


def build(**devices: Any) -> Any:
    async def on_the_loop() -> Any:
        kinds = {"speaker": SpeakerTable}
        tables: Any = {role: kinds.get(role, DeviceTable)(**table) for role, table in devices.items()}
        counter = CounterTable(id="1", **tables)
        return build_devices(counter, clock=VirtualClock(), words=WORDS.text, money=WORDS.money)

    return run(on_the_loop(), seed=1)


def test_a_counter_without_devices_has_none_and_no_jobs() -> None:
    devices = build()
    assert (devices.health(), dict(devices.jobs)) == ({}, {})


def test_every_kind_of_binding_and_the_usual_profiles() -> None:
    devices = build(
        display={"port": "usb-serial:A100", "serial": "A1"},
        scanner={"port": "usb-path:1.2", "driver": "line"},
        printer={"port": "tcp:127.0.0.1:9100", "profile": "generic-58"},
        speaker={"port": "link:/dev/speaker", "baud": 115200},
    )
    assert set(devices.jobs) == {"display", "scanner", "printer", "speaker"}
    assert isinstance(devices.display, CodeDisplay)
    assert {health.state.value for health in devices.health().values()} == {"cannot_tell"}
    assert devices.health()["display"].detail == {"port": "usb-serial:A100"}


@pytest.mark.parametrize(
    "port", ["", "/dev/ttyUSB0", "ttyUSB0", "usb:1", "tcp:host", "tcp:host:0", "link:relative"]
)
def test_bad_input_a_port_that_is_no_binding_is_told_with_its_name(port: str) -> None:
    with pytest.raises(BadSettings) as caught:
        build(printer={"port": port})
    assert (caught.value.slug, caught.value.facts) == ("config_port_unknown", {"port": port})


@pytest.mark.parametrize("role", ["display", "scanner", "printer", "speaker"])
@pytest.mark.parametrize("name", ["nothing-like-it", "../../etc/passwd", "GM65\n", "."])
def test_bad_input_an_unknown_profile_is_told_with_its_place(role: str, name: str) -> None:
    with pytest.raises(BadSettings) as caught:
        build(**{role: {"port": "link:/dev/x", "profile": name}})
    assert caught.value.slug == "config_value_wrong"
    assert caught.value.facts["key"] == f"counters.1.{role}.profile"


def test_bad_input_an_unknown_driver_is_told_with_those_that_exist() -> None:
    with pytest.raises(BadSettings) as caught:
        build(scanner={"port": "link:/dev/x", "driver": "laser"})
    assert caught.value.facts["why"].startswith("'laser' is none of gm65, line, ")


def test_a_device_table_has_what_the_builder_reads() -> None:
    table = DeviceTable(port="link:/dev/x")
    assert msgspec.structs.asdict(table).keys() >= {"port", "driver", "profile", "baud", "flow", "serial"}


def test_building_imports_no_heavy_library() -> None:
    program = "import sys, terminal.peripherals.build; print('PIL' in sys.modules, 'qrcode' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


def test_the_words_passed_in_are_asked_for_nothing_while_building() -> None:
    def refuse(key: str) -> str:
        raise AssertionError(key)

    async def on_the_loop() -> None:
        counter = CounterTable(id="1", display=DeviceTable(port="link:/dev/x"))
        build_devices(counter, clock=VirtualClock(), words=refuse, money=WORDS.money)

    run(on_the_loop(), seed=1)
