"""A paired browser as the display port: the page draws what the counter wants; here is known whether one looks."""

from collections.abc import Callable

from terminal.counter.ports import Clock, Health, HealthState, Screen
from terminal.errors import PeripheralFailed
from terminal.peripherals.sweep import never


class BrowserDisplay:
    """Shown means: a paired page follows this counter, so it was told. What its screen shows nobody can know."""

    shows_codes = True
    shows_tests = False  # the page draws the counter's own screen

    def __init__(self, where: str, clock: Clock) -> None:
        self._where, self._clock = where, clock
        self._pages = 0
        self._again: Callable[[], None] = lambda: None

    async def draws_receipt(self, _link: str) -> bool:
        return bool(self._pages)

    def watched(self, pages: int) -> None:
        """So many paired pages follow this counter now."""
        before, self._pages = self._pages, pages
        if bool(before) != bool(pages):
            self._again()

    async def run(self) -> None:
        """Nothing to keep open: pages come by themselves."""
        await never()

    async def show(self, screen: Screen) -> None:  # noqa: ARG002  # the page reads the counter's own screen
        if not self._pages:
            raise PeripheralFailed("display_gone", port=self._where)

    def on_back(self, again: Callable[[], None]) -> None:
        self._again = again

    def health(self) -> Health:
        state = HealthState.CANNOT_TELL if self._pages else HealthState.FAULT
        detail = {"port": self._where, "model": f"browser pages: {self._pages}", "proof": "cannot tell"}
        now_ns = self._clock.mono_ns()  # a page that leaves is missed at once: this is never old
        return Health(state, "" if self._pages else "display_gone", now_ns, detail)
