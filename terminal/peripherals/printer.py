"""A receipt printer as the printer port: the receipt's lines in the driver's words, faults in ours."""

import asyncio
from collections.abc import Callable
from typing import Final, NamedTuple

from drivers import qr
from drivers.errors import DeviceError, DeviceGone
from drivers.printer import document
from drivers.printer.bitmap import Paint
from drivers.printer.driver import EscPosPrinter, Outcome, PrintFault
from drivers.printer.escpos import render
from drivers.printer.profile import PrinterProfile
from drivers.transport import OpenTransport, Transport
from terminal.counter.ports import Clock, Health, Printed, PrintStopped, Release, Slip
from terminal.errors import PeripheralFailed
from terminal.payments.receipt import Blank, Code, Line, Receipt, Row, Rule
from terminal.peripherals.keeper import Keeper
from terminal.peripherals.painters import Sign, no_sign
from terminal.peripherals.sweep import Sweep, never

_OUTCOMES: Final = {
    Outcome.CONFIRMED: Printed.CONFIRMED,
    Outcome.PROCESSED: Printed.PROCESSED,
    Outcome.SENT: Printed.SENT,
}
_REASONS: Final = {
    "paper_out": "printer_paper_out",
    "cover_open": "printer_cover_open",
    "cutter_jam": "printer_cutter",
    "offline": "printer_offline",
    "no_answer": "printer_no_answer",
    "gone": "printer_gone",
}
LOGO_DOTS: Final = 240  # high at most: three centimetres of paper for every slip
GONE_POLL_S: Final = 1.0
AGAIN_S: Final = (0.0, 1.0, 5.0, 30.0)  # before a printer that failed so often counts as ready again


class SlipPrinter:
    """Args:
    paint: draws what the printer has no letters for.
    sweep: when an idle printer's state is asked; None: only when it is used.
    logo: the shop's sign, above every slip; without one ``sign``, the bank's, as it is then.
    family: the driver of its dialect.
    """

    def __init__(
        self,
        where: str,
        open_: OpenTransport,
        clock: Clock,
        *,
        profile: PrinterProfile,
        paint: Paint | None = None,
        sweep: Sweep | None = None,
        logo: document.Picture | None = None,
        sign: Sign = no_sign,
        family: type[EscPosPrinter] = EscPosPrinter,
    ) -> None:
        self._logo: document.Document = (logo,) if logo else ()
        self._sign = sign
        self._family = family
        self._profile, self._paint, self._sweep = profile, paint, sweep
        self.keeper = Keeper("printer", where, open_, clock, self._serve)
        self._back = asyncio.Event()
        self.keeper.on_change = self._back.set
        self._failures = 0  # prints in a row that stopped

    async def run(self) -> None:
        await self.keeper.run()

    def health(self) -> Health:
        return self.keeper.health()

    def foresee(self) -> Release | None:
        try:
            return self.keeper.if_there.foresee()
        except PeripheralFailed:
            return None

    async def print(self, slip: Slip) -> Printed:
        if self._sweep:
            self._sweep.used()
        try:
            device = self.keeper.device
        except PeripheralFailed as failed:
            raise PrintStopped(failed.slug, touched=False, definite=False) from failed
        try:
            outcome = await device.print(self._paper(slip.receipt), f"{slip.job}/{slip.copy}")
        except PrintFault as fault:
            self._failures += 1
            raise PrintStopped(self._told(fault), touched=fault.touched, definite=fault.definite) from fault
        self._failures = 0
        self.keeper.well(cannot_tell=outcome is Outcome.SENT)
        return _OUTCOMES[outcome]

    def _paper(self, receipt: Receipt) -> document.Document:
        return (*self._head(), *as_document(receipt, self._profile))

    def _head(self) -> document.Document:
        if self._logo or (dots := self._sign(self._profile.width_dots, LOGO_DOTS)) is None:
            return self._logo
        return (document.Picture(dots.width, dots.rows),)

    def _told(self, fault: PrintFault) -> str:
        if fault.reason == "gone":
            return self.keeper.failed(DeviceGone(f"{self.keeper.where}: gone while it printed")).slug
        reason = _REASONS.get(fault.reason, "printer_no_answer")
        self.keeper.ill(reason)
        return reason

    async def open_drawer(self) -> None:
        """Pulse the cash drawer; nothing that is printed can (S61). Raises PeripheralFailed."""
        device = self.keeper.device
        try:
            await device.open_drawer()
        except DeviceError as error:
            raise self.keeper.failed(error) from error

    async def ready(self) -> None:
        """A printer that cannot tell is taken at its word, but waited for longer each time it fails."""
        if self._failures:
            await asyncio.sleep(AGAIN_S[min(self._failures, len(AGAIN_S)) - 1])
        while True:
            self._back.clear()
            try:
                await self.keeper.device.ready()
            except PeripheralFailed:
                await self._back_or_pause()
            except DeviceError as error:
                self.keeper.failed(error)
                await self._back_or_pause()
            else:
                return

    async def _back_or_pause(self) -> None:
        try:
            async with asyncio.timeout(GONE_POLL_S):
                await self._back.wait()
        except TimeoutError:
            pass

    async def _serve(self, transport: Transport, ready: Callable[[EscPosPrinter], None]) -> None:
        device = self._family(transport, self._profile, paint=self._paint)
        await self._look(device)
        self.keeper.detail["model"] = self._profile.name
        ready(device)
        while self._sweep:
            await self._sweep.due()
            await self._look(device)
        await never()

    async def _look(self, device: EscPosPrinter) -> None:
        """Its state in its own words; one that says nothing is "cannot tell", never "online" (row 46)."""
        status = await device.status()
        self.keeper.detail["paper"] = status.paper.value
        if status.fault:
            self.keeper.ill(_REASONS.get(status.fault, "printer_offline"))
        else:
            self.keeper.well(cannot_tell=not status.known)


class Printable(NamedTuple):
    """A slip's bytes and the paper they were made for: what a preview needs."""

    data: bytes
    width_dots: int
    charset: str
    native_qr: bool


def printable(receipt: Receipt, profile: PrinterProfile, paint: Paint | None = None) -> Printable:
    """Exactly the bytes that ``SlipPrinter.print`` sends, its questions left out."""
    slip = render(as_document(receipt, profile), profile, paint)
    return Printable(b"".join(slip.chunks), profile.width_dots, profile.chinese, profile.qr == "native")


def as_document(receipt: Receipt, profile: PrinterProfile) -> document.Document:
    """The receipt in the driver's types; codes get modules only where the printer cannot draw them itself."""
    return tuple(_line(line, profile) for line in receipt)


def _line(line: Line, profile: PrinterProfile) -> document.Line:
    match line:
        case Row():
            return document.Row(line.left, line.right, line.align, line.size, line.bold)
        case Rule():
            return document.Rule()
        case Blank():
            return document.Blank(line.lines)
        case Code():
            if profile.qr == "native":
                return document.Code(line.text)
            code = qr.encode(line.text)
            return document.Code(line.text, document.Modules(code.size, code.packed))
