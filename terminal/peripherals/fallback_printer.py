"""Several printers on one counter as one: the first that can prints, the next takes over (row 44).

A slip is whole on one printer: what may have touched paper on the first is never finished on the second. The
counter's rule decides then: a definite fault gives a whole COPY, else a person is asked once.
"""

from collections.abc import Sequence

from terminal.counter.ports import Health, HealthState, Printed, PrintStopped, Release, Slip
from terminal.peripherals.keeper import first, together
from terminal.peripherals.printer import SlipPrinter


class FallbackPrinter:
    def __init__(self, printers: Sequence[SlipPrinter]) -> None:
        assert printers, "none is None"
        self._printers = printers

    async def run(self) -> None:
        await together(*(printer.run() for printer in self._printers))

    def foresee(self) -> Release | None:
        """Of the one that prints next; another one that takes over asks in its own turn."""
        return self._in_order()[0].foresee()

    async def print(self, slip: Slip) -> Printed:
        """On the first that is well; the next gets the same slip only while no byte may be on paper."""
        stopped: PrintStopped | None = None
        for printer in self._in_order():
            try:
                return await printer.print(slip)
            except PrintStopped as error:
                if error.touched:
                    raise
                stopped = stopped or error
        assert stopped is not None
        raise stopped

    async def ready(self) -> None:
        """When any of them says that it can print."""
        await first(*(printer.ready() for printer in self._printers))

    def health(self) -> Health:
        """Of the one that prints next; that of the first where none can."""
        chosen = self._in_order()[0]
        health = chosen.health()
        if chosen is self._printers[0]:
            return health
        return Health(
            health.state,
            health.reason,
            health.checked_mono_ns,
            {**health.detail, "instead_of": self._printers[0].health().detail["port"]},
        )

    async def open_drawer(self) -> None:
        await self._printers[0].open_drawer()  # the drawer hangs on one of them

    def _in_order(self) -> list[SlipPrinter]:
        """As the settings name them, those with a fault last."""
        return sorted(self._printers, key=lambda printer: printer.health().state is HealthState.FAULT)
