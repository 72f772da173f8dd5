"""The receipt printer as the last display of a counter: a code on paper when no glass can show it."""

from collections.abc import Callable
from typing import Final

from terminal.counter.ports import CodeScreen, Health, HealthState, Printer, PrintStopped, Screen, Slip
from terminal.errors import PeripheralFailed
from terminal.payments.receipt import Blank, Code, Receipt, Row
from terminal.peripherals.panel_display import Wording
from terminal.peripherals.sweep import never

TRIES: Final = 2  # per code: a printer in trouble must not print half codes all day


class PaperDisplay:
    """Each code comes out once. Paper cannot be taken down: the bank's order behind it is closed like any other's.

    Args:
        printer: of this counter; it takes one slip at a time, receipts among them.
    """

    shows_codes = shows_tests = True

    def __init__(self, where: str, printer: Printer, wording: Wording) -> None:
        self._where, self._printer, self._wording = where, printer, wording
        self._code, self._tries, self._out = 0, 0, False

    async def run(self) -> None:
        """The printer is kept open by its own job."""
        await never()

    async def show(self, screen: Screen) -> None:
        """Raises PeripheralFailed with the printer's own reason."""
        if not isinstance(screen, CodeScreen):
            return
        if screen.id != self._code:
            self._code, self._tries, self._out = screen.id, 0, False
        if self._out:
            return
        if self._tries >= TRIES:
            raise PeripheralFailed("printer_no_answer", port=self._where)
        try:
            await self._printer.print(Slip(f"code-{screen.id}-{self._tries}", self._slip(screen), 0))
        except PrintStopped as stopped:
            self._tries += stopped.touched
            raise PeripheralFailed(stopped.reason, port=self._where) from stopped
        self._out = True

    def _slip(self, screen: CodeScreen) -> Receipt:
        words = self._wording.said(screen)
        marks = (Row(words.test, align="center", bold=True),) if words.test else ()
        return (
            Row(words.title, align="center", bold=True),
            *marks,
            Row(words.amount, align="center", size=2, bold=True),
            Blank(),
            Code(screen.payload),
            Blank(),
            Row(words.words, align="center"),
            *marks,
        )

    def on_back(self, again: Callable[[], None]) -> None:
        """A printer tells nobody that it is back; whoever wants the code asks again."""

    def health(self) -> Health:
        printer = self._printer.health()
        detail = {"port": self._where, "proof": "cannot tell"}
        faulty = printer.state is HealthState.FAULT
        return Health(
            HealthState.FAULT if faulty else HealthState.CANNOT_TELL,
            printer.reason,
            printer.checked_mono_ns,
            detail,
        )
