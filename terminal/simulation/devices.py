"""A counter's four devices as firmware stubs on wires: they outlive the service's process, as real ones do."""

from collections.abc import Callable
from typing import Final

from drivers.display.profile import DisplayProfile
from drivers.errors import DeviceGone, DeviceTimeout
from drivers.printer import profile as printers
from drivers.scanner import profile as scanners
from drivers.speaker import profile as speakers
from firmware_stubs.display import DisplayStub
from firmware_stubs.paper import text_view
from firmware_stubs.printer import PrinterStub
from firmware_stubs.scanner import Gm65
from firmware_stubs.speaker import Syn6288
from firmware_stubs.wire import Stub, Wire
from terminal.counter.ports import Devices
from terminal.help.catalogue import Catalogue
from terminal.peripherals.artwork import Artwork
from terminal.peripherals.display import CodeDisplay, no_captions
from terminal.peripherals.painters import GLASS_FONTS, PAPER_FONTS, Painter
from terminal.peripherals.phrases import phrase
from terminal.peripherals.printer import SlipPrinter
from terminal.peripherals.scanner import CodeScanner
from terminal.peripherals.speaker import TalkingSpeaker
from terminal.peripherals.sweep import Sweeper
from terminal.virtual_time import VirtualClock

ROLES: Final = ("display", "scanner", "printer", "speaker")


class SimulatedCounter:
    """Hand ``devices`` to a World; what the shop sees and hears stays here from life to life.

    Args:
        name: makes the display's serial number, so that two counters' displays differ.
        captions: draw amounts and words on the glass too; mass runs do without.
        bind_display: the display is known by its serial number; another one is refused (L2).
        printer_profile: one of the printer profiles; the simulated printer has its paper and abilities.
    """

    def __init__(
        self,
        name: str = "1",
        *,
        language: str = "zh-CN",
        captions: bool = False,
        bind_display: bool = False,
        printer_profile: str = "epson-serial",
        glass: tuple[int, int] = (240, 320),
        sweep: bool = True,
    ) -> None:
        self.name, self.language, self.captions = name, language, captions
        self._sweep = sweep
        self._serial = f"SIM-{name}" if bind_display else ""
        self._model = printers.load(printer_profile)
        self.display = DisplayStub(width=glass[0], height=glass[1], serial=f"SIM-{name}")
        self.scanner = Gm65()
        self.printer = PrinterStub(
            width_dots=self._model.width_dots,
            charset=self._model.chinese,
            native_qr=self._model.qr == "native",
            cutter=bool(self._model.cut),
        )
        self.speaker = Syn6288()
        stubs: dict[str, Stub] = {
            "display": self.display,
            "scanner": self.scanner,
            "printer": self.printer,
            "speaker": self.speaker,
        }
        self.wires = {
            role: Wire(stub, name=f"{name}/{role}", gone=DeviceGone, late=DeviceTimeout)
            for role, stub in stubs.items()
        }

    def devices(self) -> Devices:
        """Fresh adapters on the same wires: what a process that starts finds. Call it on the virtual loop."""
        clock, wires = VirtualClock(), self.wires
        sweep = Sweeper().counter(self.name) if self._sweep else None
        catalogue = Catalogue.load(self.language)
        artwork = Artwork(catalogue.text, catalogue.money, paint=Painter(*GLASS_FONTS))
        display = CodeDisplay(
            wires["display"].name,
            wires["display"].open,
            clock,
            profile=DisplayProfile(),
            serial=self._serial,
            captions=artwork.tiles if self.captions else no_captions,
            sweep=sweep,
        )
        reader = scanners.load_profile("gm65")
        scanner = CodeScanner(wires["scanner"].name, wires["scanner"].open, clock, profile=reader, sweep=sweep)
        paint, port = Painter(*PAPER_FONTS), wires["printer"]
        printer = SlipPrinter(port.name, port.open, clock, profile=self._model, paint=paint, sweep=sweep)
        voice, port = speakers.load_profile("syn6288"), wires["speaker"]
        speaker = TalkingSpeaker(port.name, port.open, clock, profile=voice, phrase=phrase, sweep=sweep)
        jobs = {"display": display.run, "scanner": scanner.run, "printer": printer.run, "speaker": speaker.run}
        return Devices(display, scanner, printer, speaker, jobs)

    # --- what the shop sees and hears ---------------------------------------------------------------------

    @property
    def screen(self) -> str:
        return ("blank", "code", "text", "result", "idle")[self.display.screen]

    @property
    def glass_code(self) -> tuple[int, int]:
        """(screen id, CRC-32 of the packed modules) of the code now lit; (0, 0): none is."""
        if self.display.screen != 1:
            return 0, 0
        return self.display.id, self.display.shown_crc32

    @property
    def paper(self) -> list[list[str]]:
        """Every slip cut or torn off, as lines of text, oldest first."""
        return [text_view(slip, self.printer.head.width_dots) for slip in self.printer.slips]

    @property
    def hanging(self) -> list[str]:
        return text_view(self.printer.hanging, self.printer.head.width_dots)

    @property
    def transcript(self) -> list[str]:
        """Everything the speaker began to say, oldest first."""
        return [said.text for said in self.speaker.transcript]

    # --- what people and fate do --------------------------------------------------------------------------

    def scan(self, text: str) -> None:
        self.scanner.scan(text)
        self.wires["scanner"].poke()

    def unplug(self, role: str) -> None:
        self.wires[role].unplug()

    def replug(self, role: str) -> None:
        self.wires[role].plug()

    def swap(self, other: "SimulatedCounter", role: str = "display") -> None:
        """Two plugs end in each other's sockets."""
        mine, theirs = self.wires[role], other.wires[role]
        for wire in (mine, theirs):
            wire.unplug()
        mine.stub, theirs.stub = theirs.stub, mine.stub
        for wire in (mine, theirs):
            wire.plug()

    def fault(self, name: str, *, after_bytes: int = 0) -> None:
        """One of ``faults()`` by name. Raises KeyError.

        Args:
            after_bytes: for ``paper-out``: the paper ends when so many more bytes were printed.
        """
        if name == "paper-out" and after_bytes:
            self.printer.byte_budget = after_bytes
            return
        self.faults()[name]()

    def faults(self) -> dict[str, Callable[[], None]]:
        """What can be done to this counter alone, and how it is mended."""
        acts: dict[str, Callable[[], None]] = {
            "reboot-display": lambda: self._then(self.display.restart, "display"),
            "mute-display": lambda: setattr(self.display, "mute", True),
            "unmute-display": lambda: setattr(self.display, "mute", False),
            "lying-display": lambda: setattr(self.display, "lies", True),
            "mute-scanner": lambda: setattr(self.scanner, "mute", True),
            "unmute-scanner": lambda: setattr(self.scanner, "mute", False),
            "paper-out": lambda: self._then(self.printer.paper_ends, "printer"),
            "load-paper": lambda: self._then(self.printer.load_paper, "printer"),
            "open-cover": lambda: self._then(self.printer.open_cover, "printer"),
            "close-cover": lambda: self._then(self.printer.close_cover, "printer"),
            "mute-printer": lambda: setattr(self.printer, "mute", True),
            "unmute-printer": lambda: setattr(self.printer, "mute", False),
            "reboot-printer": lambda: self._then(self.printer.power_cycle, "printer"),
            "mute-speaker": lambda: setattr(self.speaker, "mute", True),
            "dead-speaker": lambda: setattr(self.speaker, "dead", True),
            "hang-speaker": lambda: setattr(self.speaker, "hang", True),
        }
        for role in ROLES:
            acts[f"unplug-{role}"] = lambda role=role: self.unplug(role)  # type: ignore[misc]  # its own role
            acts[f"replug-{role}"] = lambda role=role: self.replug(role)  # type: ignore[misc]  # its own role
        return acts

    def _then(self, act: Callable[[], None], role: str) -> None:
        act()
        self.wires[role].poke()
