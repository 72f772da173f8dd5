"""Which adapter drives a counter's scanner, by the protocol its settings name."""

from drivers.scanner import profile as scanners
from terminal.peripherals.place import Place
from terminal.peripherals.scanner import CodeScanner


def build_scanner(place: Place) -> CodeScanner:
    """Raises BadSettings."""
    reader = place.profile(scanners.load_profile)
    if place.table.driver not in ("", reader.protocol):
        raise place.wrong("profile", f"{reader.name!r} is for the driver {reader.protocol!r}")
    if place.table.port.startswith("evdev:") != (reader.protocol == "evdev"):
        raise place.wrong("port", "evdev: is for the driver 'evdev', and only for it")
    open_ = place.opener(reader.baud)
    return CodeScanner(place.table.port, open_, place.clock, profile=reader, sweep=place.sweep)
