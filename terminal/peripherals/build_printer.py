"""Which adapter drives a counter's receipt printer, by the protocol its settings name."""

from typing import Final

from drivers.printer import profile as printers
from terminal.peripherals.painters import PAPER_FONTS, shared_painter
from terminal.peripherals.place import Place
from terminal.peripherals.printer import SlipPrinter

PRINTER_BAUD: Final = 115200


def build_printer(place: Place) -> SlipPrinter:
    """Raises BadSettings."""
    model, open_ = place.profile(printers.load), place.opener(PRINTER_BAUD)
    paint = shared_painter(*PAPER_FONTS)
    return SlipPrinter(place.table.port, open_, place.clock, profile=model, paint=paint, sweep=place.sweep)
