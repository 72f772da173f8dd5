"""What the customer's display shows: computed from the sale, painted by one task a counter, latest wins (I10)."""

import asyncio
import logging
import zlib
from collections.abc import Awaitable, Callable
from typing import Final

from terminal.counter.ports import CodeScreen, Display, IdleScreen, ResultScreen, Screen
from terminal.counter.settings import CounterSettings, House, Limits
from terminal.errors import PeripheralFailed
from terminal.payments.attempt import State
from terminal.payments.sale import Attempt, Sale, SaleState

log = logging.getLogger(__name__)
AGAIN_S: Final = (0.5, 1.0, 2.0, 5.0)
Shown = Callable[[Screen], Awaitable[None]]


def glass_id(attempt_id: str) -> int:
    """A display's 32-bit id for an attempt's code."""
    return zlib.crc32(attempt_id.encode())


class Glass:
    """The wanted screen of one counter and the task that makes the device show it.

    ``screen`` is also what a browser display and the till draw, so all of them agree.
    """

    def __init__(
        self, counter: CounterSettings, house: House, display: Display | None, limits: Limits, on_shown: Shown
    ) -> None:
        self._counter, self._house, self._display = counter, house, display
        self._limits, self._on_shown = limits, on_shown
        self._changed = asyncio.Event()
        self.screen: Screen = self._idle()
        self.failing = ""  # slug of why the device does not show it
        self.on_change: Callable[[], None] = lambda: None

    def _idle(self) -> IdleScreen:
        return IdleScreen(self._counter.title or self._house.title, self._house.test)

    def want(self, screen: Screen) -> None:
        if screen == self.screen:
            return
        self.screen = screen
        self._changed.set()
        self.on_change()

    def clear(self) -> None:
        self.want(self._idle())

    def show_code(self, attempt: Attempt, payload: str, life_s: float) -> None:
        self.want(
            CodeScreen(
                id=glass_id(attempt.id),
                payload=payload,
                amount=attempt.amount,
                ttl_s=int(life_s),
                test=self._house.test,
                title=self._counter.title or self._house.title,
            )
        )

    def follow(self, sale: Sale) -> None:
        """Show what this sale's state asks for. A code comes down on everything but waiting (I10)."""
        attempt = sale.last_attempt
        if attempt is None or sale.parked:
            self.clear()
            return
        if attempt.state in {State.SHOWN, State.WAITING} and attempt.direction == "push" and not sale.cancel_why:
            return  # its code is on the glass already
        if isinstance(self.screen, CodeScreen) or sale.word in {"checking", "paid", "not_paid"}:
            self._result(sale, attempt)

    def _result(self, sale: Sale, attempt: Attempt) -> None:
        match sale.word:
            case "paid":
                result = "paid"
            case "checking" | "person":
                result = "checking"
            case "not_paid":
                result = "cancelled" if sale.state is SaleState.CANCELLED else "not_paid"
            case _:
                self.clear()
                return
        self.want(
            ResultScreen(
                id=glass_id(attempt.id),
                result=result,  # type: ignore[arg-type]  # one of the four words above
                amount=attempt.amount,
                text="",
                test=self._house.test,
                ttl_s=int(self._limits.result_on_glass_s) if sale.ended else 0,
            )
        )

    async def run(self) -> None:
        """Paint, repaint on change, fall back to idle when a result has been seen long enough."""
        failures = 0
        while True:
            self._changed.clear()
            screen = self.screen
            ok = await self._paint(screen)
            failures = 0 if ok else failures + 1
            wait: float | None = None
            if not ok:
                wait = AGAIN_S[min(failures, len(AGAIN_S)) - 1]
            elif isinstance(screen, ResultScreen) and screen.ttl_s:
                wait = float(screen.ttl_s)
            if await self._unchanged_for(wait) and ok:
                self.clear()

    async def _unchanged_for(self, seconds: float | None) -> bool:
        try:
            async with asyncio.timeout(seconds):
                await self._changed.wait()
        except TimeoutError:
            return True
        return False

    async def _paint(self, screen: Screen) -> bool:
        if self._display is not None:
            try:
                await self._display.show(screen)
            except PeripheralFailed as error:
                if error.slug != self.failing:
                    log.warning("display of counter %s: %s", self._counter.id, error)
                    self.failing = error.slug
                    self.on_change()
                return False
            if self.failing:
                log.info("display of counter %s shows again", self._counter.id)
                self.failing = ""
                self.on_change()
        await self._on_shown(screen)
        return True
