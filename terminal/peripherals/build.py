"""Devices of a counter from its settings: bindings and profiles become adapters; nothing is opened yet."""

from collections.abc import Awaitable, Callable, Collection
from pathlib import Path
from typing import Final

from drivers.device_protocol import Role
from terminal.counter.ports import Clock, Devices, Display, Printer, Utterance, unwatched
from terminal.peripherals.artwork import Artwork, MoneyText, Words
from terminal.peripherals.build_display import build_displays
from terminal.peripherals.build_printer import build_printer
from terminal.peripherals.build_scanner import build_scanner
from terminal.peripherals.build_speaker import build_speaker
from terminal.peripherals.painters import GLASS_FONTS, Sign, no_sign, shared_painter
from terminal.peripherals.panel_display import Wording
from terminal.peripherals.phrases import phrase as usual_phrase
from terminal.peripherals.place import CounterTable, Place
from terminal.peripherals.sweep import Sweep

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
) -> Devices:
    """What the settings name for this counter, with the jobs that keep each open.

    Args:
        words, money: texts and amounts in the customer display's language.
        title: the shop's name where a screen brings none.
        phrase: what the speaker says.
        sweep: this counter's health rounds (L1); None: nobody asks idle devices.
        zone, folder, sign: for the speaker's quiet hours; where files without a folder are; the bank's sign.
        held: bindings that printers and scanners do not open now; None: it never happens.
        only: this role and no other, with ``paper``, where this counter's receipts are printed.

    Raises BadSettings: ``config_port_unknown``, ``config_value_wrong``.
    """
    scanner = printer = speaker = None
    jobs: dict[str, Callable[[], Awaitable[None]]] = {}
    if (table := counter.scanner) is not None and only in (None, "scanner"):
        scanner = build_scanner(Place(counter.id, "scanner", table, clock, sweep, held=held))
        jobs["scanner"] = scanner.run
    papers = [(table, "") for table in (counter.printer,) if table is not None]
    papers += [(table, f"printers[{at}]") for at, table in enumerate(counter.printers)]
    if papers and only in (None, "printer"):
        places = [(Place(counter.id, "printer", table, clock, sweep, key, held), table) for table, key in papers]
        printer = build_printer(places, folder, sign)
        jobs["printer"] = printer.run
    display, watched = _NOTHING_SHOWN
    if only in (None, "display"):
        artwork = Artwork(words, money, title=title, paint=shared_painter(*GLASS_FONTS), sign=sign)
        wording = Wording(words, money, title=title)
        codes_on = (printer or paper) if papers else None
        display, watched = build_displays(counter, clock, artwork, wording, sweep, codes_on, jobs)
    if (spoken := counter.speaker) is not None and only in (None, "speaker"):
        speaker = build_speaker(Place(counter.id, "speaker", spoken, clock, sweep), phrase, spoken, zone)
        jobs["speaker"] = speaker.run
    return Devices(display, scanner, printer, speaker, jobs, watched)
