"""Which adapters drive a counter's displays, by the protocols its settings name."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from drivers.display import profile
from terminal.counter.ports import Clock, Display, Printer, unwatched
from terminal.peripherals.artwork import Artwork, receipt_fits
from terminal.peripherals.browser_display import BrowserDisplay
from terminal.peripherals.display import CodeDisplay
from terminal.peripherals.place import CounterTable, Place
from terminal.peripherals.sweep import Sweep

if TYPE_CHECKING:
    from terminal.peripherals.fallback_display import Glassware
    from terminal.peripherals.panel_display import PanelDisplay, Wording

OWN: Final = "countertop"
HURRY_MS: Final = 2000  # between two questions under a code: four unanswered ones more make 2.6 s


def build_displays(
    counter: CounterTable,
    clock: Clock,
    artwork: Artwork,
    wording: "Callable[[], Wording]",
    sweep: Sweep | None,
    printer: Printer | None,
    jobs: dict[str, Callable[[], Awaitable[None]]],
) -> tuple[Display | None, Callable[[int], None]]:
    """The counter's one display, or all of them behind one port; and who must hear of paired pages.

    Args:
        wording: made for paper and for others' displays.
        printer: of this counter, for a code on paper.
        jobs: gets those that keep the displays open.

    Raises:
        BadSettings: ``config_port_unknown``, ``config_value_wrong``.
    """
    tables = [(table, "") for table in (counter.display,) if table is not None]
    tables += [(table, f"displays[{at}]") for at, table in enumerate(counter.displays)]
    if not tables:
        return None, unwatched
    places = [Place(counter.id, "display", table, clock, sweep, key) for table, key in tables]
    hurry = len(places) > 1  # somebody stands ready to take over
    built = [_display(place, artwork, wording, printer, hurry=hurry) for place in places]
    browsers = [display for display in built if isinstance(display, BrowserDisplay)]
    if len(browsers) > 1:
        raise places[-1].wrong("port", "one browser: stands for every paired page")
    watched = browsers[0].watched if browsers else unwatched
    jobs["display"] = built[0].run
    if len(built) == 1:
        return built[0], watched
    jobs |= {f"display {number}": display.run for number, display in enumerate(built[1:], 2)}
    from terminal.peripherals.fallback_display import FallbackDisplay  # with the first counter that has two

    together = FallbackDisplay(built)
    jobs["displays"] = together.run
    return together, watched


def _display(
    place: Place, artwork: Artwork, wording: "Callable[[], Wording]", printer: Printer | None, *, hurry: bool
) -> "Glassware":
    match place.table.port:
        case "browser:":  # a paired page at /c/<counter>/display, bound by its pairing
            return BrowserDisplay("browser:", place.clock)
        case "printer:":
            if printer is None:
                raise place.wrong("port", "this counter has no printer")
            from terminal.peripherals.paper_display import PaperDisplay

            return PaperDisplay("printer:", printer, wording())
        case _:
            return _device(place, artwork, wording, hurry=hurry)


def _device(
    place: Place, artwork: Artwork, wording: "Callable[[], Wording]", *, hurry: bool
) -> "CodeDisplay | PanelDisplay":
    if place.protocol.name == OWN:
        return _own(place, artwork, hurry=hurry)
    from terminal.peripherals.build_panel import build_panel  # others' displays: loaded with the first of them

    return build_panel(place, wording())


def _own(place: Place, artwork: Artwork, *, hurry: bool) -> CodeDisplay:
    shape, table = place.profile(profile.load), place.table
    if hurry:
        shape = replace(shape, keep_alive_ms=min(shape.keep_alive_ms, HURRY_MS))
    return CodeDisplay(
        table.port,
        place.opener(shape.baud, shape.flow, dtr=shape.dtr),
        place.clock,
        profile=shape,
        serial=table.serial,
        captions=artwork.tiles,
        fits=receipt_fits,
        sweep=place.sweep,
    )
