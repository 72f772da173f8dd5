"""Which adapter drives a counter's scanner, by the protocol its settings name."""

from drivers.scanner import profile as scanners
from terminal.peripherals.place import Place
from terminal.peripherals.scanner import CodeScanner


def build_scanner(place: Place) -> CodeScanner:
    """Raises BadSettings."""
    reader = place.profile(scanners.load_profile)
    open_ = place.opener(reader.baud)
    return CodeScanner(place.table.port, open_, place.clock, profile=reader, sweep=place.sweep)
