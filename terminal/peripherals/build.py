"""Devices of a counter from its settings: bindings and profiles become adapters; nothing is opened yet.

What no counter has, a shop's memory does not hold: adapters and drivers are loaded with the first of a kind.
"""

from collections.abc import Awaitable, Callable, Collection, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from drivers.device_protocol import Role
from terminal.counter.ports import Clock, Devices, Display, Printer, Utterance, unwatched
from terminal.peripherals.artwork import Artwork, MoneyText, Words
from terminal.peripherals.painters import GLASS_FONTS, Sign, no_sign, shared_painter
from terminal.peripherals.phrases import phrase as usual_phrase
from terminal.peripherals.place import CounterTable, Place, PrinterTable, ScannerTable
from terminal.peripherals.sweep import Sweep

if TYPE_CHECKING:
    from terminal.peripherals.fallback_printer import FallbackPrinter
    from terminal.peripherals.loudness import VolumeTable
    from terminal.peripherals.panel_display import Wording
    from terminal.peripherals.printer import SlipPrinter
    from terminal.peripherals.scanner import CodeScanner
    from terminal.peripherals.speaker import TalkingSpeaker

_NOTHING_SHOWN: Final[tuple[Display | None, Callable[[int], None]]] = (None, unwatched)


def build_devices(
    counter: CounterTable,
    *,
    clock: Clock,
    words: Words,
    money: MoneyText,
    title: str = "",
    phrase: Callable[[Utterance], str] = usual_phrase,
    sweep: Sweep | None = None,
    zone: str = "UTC",
    folder: Path = Path(),
    only: Role | None = None,
    paper: Printer | None = None,
    held: Collection[str] | None = None,
    sign: Sign = no_sign,
    drawn: Path | None = None,
) -> Devices:
    """What the settings name for this counter, with the jobs that keep each open.

    Args:
        words, money: texts and amounts in the customer display's language.
        title: the shop's name where a screen brings none.
        phrase: what the speaker says.
        sweep: this counter's health rounds (L1); None: nobody asks idle devices.
        zone, folder, sign: for the speaker's quiet hours; where files without a folder are; the bank's sign.
        drawn: where words stay as dots.
        held: bindings that printers and scanners do not open now; None: it never happens.
        only: this role and no other, with ``paper``, where this counter's receipts are printed.

    Raises BadSettings: ``config_port_unknown``, ``config_value_wrong``.
    """
    scanner = printer = speaker = None
    shown, jobs = _NOTHING_SHOWN, dict[str, Callable[[], Awaitable[None]]]()
    if (table := counter.scanner) is not None and only in (None, "scanner"):
        scanner = _scanner(Place(counter.id, "scanner", table, clock, sweep, held=held), table)
        jobs["scanner"] = scanner.run
    papers = [(table, "") for table in (counter.printer,) if table is not None]
    papers += [(table, f"printers[{at}]") for at, table in enumerate(counter.printers)]
    if papers and only in (None, "printer"):
        places = [(Place(counter.id, "printer", table, clock, sweep, key, held), table) for table, key in papers]
        printer = _printer(places, folder, sign)
        jobs["printer"] = printer.run
    if (counter.display is not None or counter.displays) and only in (None, "display"):
        artwork = Artwork(words, money, title=title, paint=shared_painter(*GLASS_FONTS), sign=sign, kept=drawn)
        wording, codes_on = partial(_wording, words, money, title), (printer or paper) if papers else None
        shown = _displays(counter, clock, artwork, wording, sweep, codes_on, jobs)
    if (spoken := counter.speaker) is not None and only in (None, "speaker"):
        speaker = _speaker(Place(counter.id, "speaker", spoken, clock, sweep), phrase, spoken, zone)
        jobs["speaker"] = speaker.run
    return Devices(shown[0], scanner, printer, speaker, jobs, shown[1])


def _scanner(place: Place, table: ScannerTable) -> "CodeScanner":
    from terminal.peripherals.build_scanner import build_scanner

    return build_scanner(place, table)


def _printer(
    places: Sequence[tuple[Place, PrinterTable]], folder: Path, sign: Sign
) -> "SlipPrinter | FallbackPrinter":
    from terminal.peripherals.build_printer import build_printer

    return build_printer(places, folder, sign)


def _speaker(
    place: Place, phrase: Callable[[Utterance], str], volume: "VolumeTable", zone: str
) -> "TalkingSpeaker":
    from terminal.peripherals.build_speaker import build_speaker

    return build_speaker(place, phrase, volume, zone)


def _wording(words: Words, money: MoneyText, title: str) -> "Wording":
    from terminal.peripherals.panel_display import Wording

    return Wording(words, money, title=title)


def _displays(
    counter: CounterTable,
    clock: Clock,
    artwork: Artwork,
    wording: "Callable[[], Wording]",
    sweep: Sweep | None,
    printer: Printer | None,
    jobs: dict[str, Callable[[], Awaitable[None]]],
) -> tuple[Display | None, Callable[[int], None]]:
    from terminal.peripherals.build_display import build_displays

    return build_displays(counter, clock, artwork, wording, sweep, printer, jobs)
