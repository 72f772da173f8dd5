"""Which adapter drives a counter's scanner, by the protocol its settings name."""

from dataclasses import replace

from drivers.scanner import profile as scanners
from terminal.peripherals.place import Place, ScannerTable
from terminal.peripherals.scanner import CodeScanner


def build_scanner(place: Place, table: ScannerTable) -> CodeScanner:
    """Raises BadSettings."""
    reader = place.profile(scanners.load_profile)
    if place.table.driver not in ("", reader.protocol):
        raise place.wrong("profile", f"{reader.name!r} is for the driver {reader.protocol!r}")
    if place.table.port.startswith("evdev:") != (reader.protocol == "evdev"):
        raise place.wrong("port", "evdev: is for the driver 'evdev', and only for it")
    if table.same_code_s is not None:
        reader = replace(reader, double_fire_s=table.same_code_s)
    open_ = place.opener(reader.baud)
    return CodeScanner(place.table.port, open_, place.clock, profile=reader, sweep=place.sweep)
