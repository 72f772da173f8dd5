"""A receipt printer as the printer port: the receipt's lines in the driver's words, faults in ours."""

import asyncio
from typing import Final

from drivers import qr
from drivers.errors import DeviceError
from drivers.printer import document
from drivers.printer.bitmap import Paint
from drivers.printer.driver import EscPosPrinter, Outcome, PrintFault
from drivers.printer.profile import PrinterProfile
from drivers.transport import OpenTransport, Transport
from terminal.counter.ports import Clock, Health, Printed, PrintStopped, Slip
from terminal.errors import PeripheralFailed
from terminal.payments.receipt import Blank, Code, Line, Receipt, Row, Rule
from terminal.peripherals.keeper import Keeper

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
GONE_POLL_S: Final = 1.0


class SlipPrinter:
    """Args:
    sweep_s: how often an idle printer's state is asked; None: only when it is used.
    """

    def __init__(
        self,
        where: str,
        open_: OpenTransport,
        clock: Clock,
        *,
        profile: PrinterProfile,
        paint: Paint | None = None,
        sweep_s: float | None = 5.0,
    ) -> None:
        self._profile, self._paint, self._sweep_s = profile, paint, sweep_s
        self.keeper = Keeper("printer", where, open_, clock, greet=self._greet, watch=self._watch)
        self._back = asyncio.Event()
        self.keeper.on_back = self._back.set

    async def run(self) -> None:
        await self.keeper.run()

    def health(self) -> Health:
        return self.keeper.health()

    async def print(self, slip: Slip) -> Printed:
        try:
            device = self.keeper.device
        except PeripheralFailed as failed:
            raise PrintStopped(failed.slug, touched=False, definite=False) from failed
        try:
            outcome = await device.print(as_document(slip.receipt, self._profile), f"{slip.job}/{slip.copy}")
        except PrintFault as fault:
            reason = _REASONS.get(fault.reason, "printer_no_answer")
            self.keeper.ill(reason)
            raise PrintStopped(reason, touched=fault.touched, definite=fault.definite) from fault
        self.keeper.well(cannot_tell=outcome is Outcome.SENT)
        return _OUTCOMES[outcome]

    async def ready(self) -> None:
        while True:
            self._back.clear()
            try:
                device = self.keeper.device
                await device.ready()
                self.keeper.well()
                return
            except (PeripheralFailed, DeviceError):
                await self._back_or_pause()

    async def _back_or_pause(self) -> None:
        try:
            async with asyncio.timeout(GONE_POLL_S):
                await self._back.wait()
        except TimeoutError:
            pass

    async def _greet(self, transport: Transport) -> EscPosPrinter:
        device = EscPosPrinter(transport, self._profile, paint=self._paint)
        self.keeper.detail["model"] = self._profile.name
        await self._look(device)
        return device

    async def _watch(self, device: EscPosPrinter) -> None:
        while True:
            await asyncio.sleep(self._sweep_s or 3600.0)
            if self._sweep_s:
                await self._look(device)

    async def _look(self, device: EscPosPrinter) -> None:
        """Its state in its own words; one that says nothing is "cannot tell", never "online" (row 46)."""
        status = await device.status()
        if not status.known:
            self.keeper.well(cannot_tell=True)
        elif status.fault:
            self.keeper.ill(_REASONS.get(str(status.fault), "printer_offline"))
        else:
            self.keeper.well()


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
