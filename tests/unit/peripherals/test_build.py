"""From settings to adapters: bindings, profiles and drivers that do not exist are named, nothing is opened."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
from PIL import Image

from drivers.raster import picture
from terminal.errors import BadSettings
from terminal.help.catalogue import Catalogue
from terminal.peripherals.build import build_devices
from terminal.peripherals.display import CodeDisplay
from terminal.peripherals.fallback_printer import FallbackPrinter
from terminal.peripherals.printer import SlipPrinter
from terminal.settings import CounterTable, DeviceTable, PrinterTable, ScannerTable, SpeakerTable
from terminal.virtual_time import VirtualClock, run

WORDS = Catalogue.load("en")


def build(**devices: Any) -> Any:
    async def on_the_loop() -> Any:
        kinds = {"speaker": SpeakerTable, "printer": PrinterTable, "scanner": ScannerTable}
        further = tuple(PrinterTable(**table) for table in devices.pop("printers", ()))
        tables: Any = {role: kinds.get(role, DeviceTable)(**table) for role, table in devices.items()}
        counter = CounterTable(id="1", printers=further, **tables)
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
    assert str(caught.value.facts["why"]).startswith("'laser' is none of gm65, line, ")


@pytest.mark.parametrize(
    ("table", "key"),
    [
        ({"port": "link:/dev/x", "driver": "ssi", "profile": "gm65"}, "profile"),
        ({"port": "link:/dev/x", "driver": "evdev"}, "port"),
        ({"port": "evdev:/dev/input/by-id/usb-a-event-kbd", "driver": "gm65"}, "port"),
    ],
)
def test_bad_input_scanner_settings_that_contradict_each_other(table: dict[str, str], key: str) -> None:
    with pytest.raises(BadSettings) as caught:
        build(scanner=table)
    assert caught.value.facts["key"] == f"counters.1.scanner.{key}"


@pytest.mark.parametrize("driver", ["gm65", "line", "gmssi", "ssi", "hon", "nls", "m3y"])
def test_every_scanner_driver_is_built_by_its_name(driver: str) -> None:
    assert build(scanner={"port": "link:/dev/x", "driver": driver}).scanner is not None


def test_a_scanner_that_types_is_bound_by_its_input_device() -> None:
    devices = build(scanner={"port": "evdev:/dev/input/by-id/usb-a-event-kbd", "driver": "evdev"})
    assert set(devices.jobs) == {"scanner"}


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


@pytest.mark.row(44)
def test_further_printers_stand_behind_the_first() -> None:
    devices = build(
        printer={"port": "usb-printer:TM-T20"},
        printers=({"port": "usb-serial:B", "driver": "star"}, {"port": "link:/dev/p", "profile": "generic-58"}),
    )
    assert isinstance(devices.printer, FallbackPrinter)
    assert set(devices.jobs) == {"printer"}
    with pytest.raises(BadSettings) as caught:
        build(printers=({"port": "usb-serial:B", "driver": "star", "profile": "generic-80"},))
    assert caught.value.facts["key"] == "counters.1.printers[0].profile"


@pytest.mark.row(59)
def test_a_sign_is_read_at_once_and_made_to_fit(tmp_path: Path) -> None:
    Image.new("RGBA", (1200, 600), (0, 0, 0, 255)).save(tmp_path / "sign.png")
    Image.new("RGBA", (8, 8), (0, 0, 0, 0)).save(tmp_path / "clear.png")
    (tmp_path / "text.png").write_text("no picture")
    assert isinstance(
        build(printer={"port": "tcp:h:9100", "logo": str(tmp_path / "sign.png")}).printer, SlipPrinter
    )
    dots = picture(tmp_path / "sign.png", 576, 240)
    assert (dots.width, len(dots.rows)) == (480, 240)
    assert set(dots.rows) == {(1 << 480) - 1}, "black is ink"
    assert set(picture(tmp_path / "clear.png", 576, 240).rows) == {0}, "clear is paper"
    for name in ("text.png", "none.png"):
        with pytest.raises(BadSettings) as caught:
            build(printer={"port": "tcp:h:9100", "logo": str(tmp_path / name)})
        assert caught.value.facts["key"] == "counters.1.printer.logo"
