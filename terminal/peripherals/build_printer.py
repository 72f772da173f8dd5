"""Which adapter drives a counter's receipt printers, by the protocol their settings name."""

from collections.abc import Sequence
from pathlib import Path

from drivers import catalogue
from drivers.printer import profile as printers
from drivers.printer.document import Picture
from drivers.printer.driver import EscPosPrinter
from drivers.printer.profile import PrinterProfile
from terminal.peripherals.fallback_printer import FallbackPrinter
from terminal.peripherals.painters import PAPER_FONTS, Sign, no_sign, shared_painter
from terminal.peripherals.place import PRINTER_BAUD, Place, PrinterTable
from terminal.peripherals.printer import LOGO_DOTS, SlipPrinter


def build_printer(
    places: Sequence[tuple[Place, PrinterTable]], folder: Path, sign: Sign = no_sign
) -> SlipPrinter | FallbackPrinter:
    """The counter's one printer, or all of them behind one port. ``folder`` holds logos. Raises BadSettings."""
    built = [_printer(place, table, folder, sign) for place, table in places]
    return built[0] if len(built) == 1 else FallbackPrinter(built)


def _printer(place: Place, table: PrinterTable, folder: Path, sign: Sign) -> SlipPrinter:
    model, open_ = place.profile(printers.load), place.opener(PRINTER_BAUD)
    if place.table.driver and model.name not in place.protocol.profiles:
        raise place.wrong("profile", f"{model.name!r} is no profile of the driver {place.protocol.name!r}")
    return SlipPrinter(
        place.table.port,
        open_,
        place.clock,
        profile=model,
        paint=shared_painter(*PAPER_FONTS),
        sweep=place.sweep,
        logo=_logo(place, table, model, folder),
        sign=sign,
        family=_family(model),
    )


def _family(model: PrinterProfile) -> type[EscPosPrinter]:
    star = next(each for each in catalogue.of_role("printer") if each.name == "star")
    if model.name not in star.profiles:
        return EscPosPrinter
    from drivers.printer.star import StarPrinter

    return StarPrinter


def _logo(place: Place, table: PrinterTable, model: PrinterProfile, folder: Path) -> Picture | None:
    """The shop's sign as dots, read once. Raises BadSettings."""
    if not table.logo:
        return None
    from drivers.raster import picture

    try:
        dots = picture(folder / table.logo, model.width_dots, LOGO_DOTS)
    except (OSError, ValueError) as error:
        raise place.wrong("logo", f"{table.logo!r} is no picture that can be read ({error})") from None
    return Picture(dots.width, dots.rows)
