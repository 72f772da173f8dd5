"""Which adapter drives a counter's display, by the protocol its settings name."""

from drivers.display import profile as displays
from terminal.peripherals.artwork import Artwork
from terminal.peripherals.display import CodeDisplay
from terminal.peripherals.place import Place


def build_display(place: Place, artwork: Artwork) -> CodeDisplay:
    """Raises BadSettings."""
    shape, table = place.profile(displays.load), place.table
    return CodeDisplay(
        table.port,
        place.opener(shape.baud, shape.flow, dtr=shape.dtr),
        place.clock,
        profile=shape,
        serial=table.serial,
        captions=artwork.tiles,
        sweep=place.sweep,
    )
