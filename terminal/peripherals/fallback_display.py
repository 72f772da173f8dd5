"""Several displays on one counter as one: the first that can carries the code, the next takes over (I10, I24)."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from terminal.counter.ports import (
    CodeScreen,
    Display,
    ForeseeingGlass,
    Health,
    HealthState,
    IdleScreen,
    ReceiptGlass,
    Release,
    Screen,
)
from terminal.errors import PeripheralFailed
from terminal.peripherals.keeper import together
from terminal.peripherals.paper_display import PaperDisplay

TAKE_OVER_S: Final = 2.5  # a glass that has not proved the code by then has lost its turn
PRINT_S: Final = 30.0  # paper takes longer, and half a slip helps nobody


class Glassware(Display, Protocol):
    """A display that says whether it can draw a code, whether also one that is no counter's own, and its job."""

    @property
    def shows_codes(self) -> bool: ...

    @property
    def shows_tests(self) -> bool: ...

    async def run(self) -> None: ...


class _Place:
    """One display, what it shall show beside the one that carries the code, and its turn."""

    def __init__(self, display: Glassware) -> None:
        self.display = display
        self._foreseeing = display if isinstance(display, ForeseeingGlass) else None
        self.wanted: Screen | None = None  # None: nothing, or ``show`` sees to it itself
        self.news = asyncio.Event()
        self.turn = asyncio.Lock()
        self.painted = asyncio.Event()  # its last try has ended
        self._proven = False

    def want(self, screen: Screen | None) -> None:
        self.wanted = screen
        self.painted.clear()
        self.news.set()

    async def paint(self, screen: Screen) -> None:
        """In its turn. Raises PeripheralFailed."""
        self._proven = False
        try:
            await self.display.show(screen)
            self._proven = True
        finally:
            if self.wanted is None or self.wanted is screen:  # else the next one is wanted already
                self.painted.set()

    def foresee(self, screen: Screen) -> Release | None:
        """Not while it is painted, or may be at any moment."""
        busy = self.wanted is not None or self.turn.locked()
        return None if busy or self._foreseeing is None else self._foreseeing.foresee(screen)

    async def draws_receipt(self, link: str) -> bool:
        """Of the screen it was last told to paint."""
        if not isinstance(self.display, ReceiptGlass):
            return False
        await self.painted.wait()
        return self._proven and await self.display.draws_receipt(link)

    async def follow(self) -> None:
        """Paint what is wanted, latest wins. What it refuses it is told again when it is back."""
        while True:
            await self.news.wait()
            self.news.clear()
            async with self.turn:
                if (screen := self.wanted) is None:
                    continue
                try:
                    await self.paint(screen)
                except PeripheralFailed:
                    continue  # its health says so; nothing waits for it


class FallbackDisplay:
    """A code stands on one glass at a time: on the first, in their order, that can show it.

    A display of words only shows the amount beside it. A glass that took over keeps its code until the sale
    goes on; the one that came back shows no code before the next. When none can, ``show`` raises and the till
    shows the code.
    """

    def __init__(self, displays: Sequence[Glassware]) -> None:
        assert displays, "none is None"
        self._places = [_Place(display) for display in displays]
        self._carrier: _Place | None = None  # the glass with the code that is on
        self._code = 0
        self._again: Callable[[], None] = lambda: None
        for place in self._places:
            place.display.on_back(self._told_by(place))

    @property
    def shows_codes(self) -> bool:
        return any(place.display.shows_codes for place in self._places)

    @property
    def shows_tests(self) -> bool:
        """Of the glass that carries the code now."""
        return self._carrier is None or self._carrier.display.shows_tests

    async def run(self) -> None:
        """What follows the code's glass; each display's own ``run`` is a job beside this one."""
        await together(*(place.follow() for place in self._places))

    def on_back(self, again: Callable[[], None]) -> None:
        self._again = again

    def health(self) -> Health:
        """OK when all are; with a fault among them the detail names each."""
        each = [place.display.health() for place in self._places]
        faults = [health for health in each if health.state is HealthState.FAULT]
        age_ns = min(health.checked_mono_ns for health in each)
        detail = dict(each[0].detail)
        for number, health in enumerate(each[1:], 2):
            state = health.reason or health.state.value
            detail[f"display {number}"] = f"{health.detail.get('port', '')} {state}".strip()
        if not faults:
            unsure = any(health.state is HealthState.CANNOT_TELL for health in each)
            return Health(HealthState.CANNOT_TELL if unsure else HealthState.OK, "", age_ns, detail)
        detail["first"] = each[0].reason or each[0].state.value
        able = any(
            place.display.shows_codes and health not in faults
            for place, health in zip(self._places, each, strict=True)
        )
        reason = "display_fallback" if able else faults[0].reason
        return Health(HealthState.FAULT, reason, age_ns, detail)

    async def draws_receipt(self, link: str) -> bool:
        """Whether one of them does that has proved its screen; those that have said so already are asked first."""
        for place in sorted(self._places, key=lambda place: not place.painted.is_set()):
            if await place.draws_receipt(link):
                return True
        return False

    def foresee(self, screen: Screen) -> Release | None:
        """On the one that ``show`` serves first, except of a code."""
        return None if isinstance(screen, CodeScreen) else (self._carrier or self._places[0]).foresee(screen)

    async def show(self, screen: Screen) -> None:
        """Return when one display proved it. Raises PeripheralFailed: none did; what the first said."""
        if isinstance(screen, CodeScreen):
            await self._show_code(screen)
        else:
            await self._show_plain(screen)

    async def _show_code(self, screen: CodeScreen) -> None:
        order = [place for place in self._places if place.display.shows_codes]
        if self._carrier is not None and screen.id == self._code:
            order.sort(key=lambda place: place is not self._carrier)  # a code that is on does not wander
        beside = IdleScreen(screen.title, screen.test, screen.training)
        failure: PeripheralFailed | None = None
        self._carrier, self._code = None, screen.id
        for place in self._places:
            if place not in order:
                place.want(screen)  # its amount; it draws no code
        for at, place in enumerate(order):
            try:
                await self._directly(place, screen)
            except PeripheralFailed as error:
                failure = failure or error
                place.want(beside)  # it may come back with what it showed last
                continue
            self._carrier = place
            for other in order[at + 1 :]:
                other.want(beside)
            return
        raise failure or PeripheralFailed(
            "display_no_codes", port=str(self._places[0].display.health().detail.get("port", ""))
        )

    async def _show_plain(self, screen: Screen) -> None:
        """The glass with the code first: that one has something to take down."""
        carrier, self._carrier = self._carrier, None
        order = sorted(self._places, key=lambda place: place is not carrier)
        for place in self._places:
            if place is not order[0]:
                place.want(screen)
        failure: PeripheralFailed | None = None
        for place in order:
            try:
                await self._directly(place, screen)
            except PeripheralFailed as error:
                failure = failure or error
                place.want(screen)
                continue
            return
        assert failure is not None
        raise failure

    async def _directly(self, place: _Place, screen: Screen) -> None:
        """Bounded: a display that hangs costs the customer two seconds and a half, once."""
        place.want(None)
        limit_s = PRINT_S if isinstance(place.display, PaperDisplay) else TAKE_OVER_S
        try:
            async with asyncio.timeout(limit_s), place.turn:
                await place.paint(screen)
        except TimeoutError:
            raise PeripheralFailed(
                "display_no_answer", port=place.display.health().detail.get("port", "")
            ) from None

    def _told_by(self, place: _Place) -> Callable[[], None]:
        """It went, came back or lost its screen."""

        def told() -> None:
            if place.wanted is not None:
                place.news.set()
            if place is self._carrier or self._carrier is None:
                self._again()

        return told
