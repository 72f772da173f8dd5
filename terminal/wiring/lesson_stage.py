"""The other side of the counter over a service and its simulated bank: at a real till, or simulated."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, Protocol

from terminal.counter.service import Service
from terminal.errors import TerminalError
from terminal.payments.event import Actor
from terminal.sandbox.engine import CustomerCannot, Engine
from terminal.training.lesson import Play
from terminal.training.stage import Till

CLEAR_S: Final = 5.0  # a sale that does not end within this is parked
CODE_S: Final = 10.0  # until the till shows its code
STAGE: Final = Actor("system", "lesson")


class Paper(Protocol):
    """Who takes the paper out of a printer that is simulated."""

    def take_paper(self, *, midway: bool) -> None: ...

    def refill(self) -> None: ...


@dataclass(frozen=True, slots=True)
class ServiceStage:
    """Satisfies ``Stage``.

    Args:
        worked: told after each act of the customer's, so that a simulated bank posts at once.
        paper: by counter; a real printer's lid is opened by the trainee.
        broken: faults of the bank, which all counters share, with the counters whose lessons want them now.
    """

    service: Service
    bank: Engine
    now_ms: Callable[[], int]
    worked: Callable[[], None] = lambda: None
    paper: Callable[[str], Paper | None] = lambda _counter: None
    broken: dict[str, set[str]] = field(default_factory=dict)

    @property
    def scans(self) -> bool:
        return any(each.profile.pull for each in self.service.providers().values())

    def till(self, sale: str) -> Till:
        if not sale:
            return Till()
        now = self.service.book.sale(sale)
        return Till(now.word, now.paid_minor)

    async def play(self, counter: str, play: Play) -> str:
        match play.do:
            case "pays":
                await self._pay(counter)
            case "refuses":
                await self._pay(counter, refuses=True)
            case "shows_code":
                return self.bank.new_customer_code(self.now_ms())
            case "break":
                self._break(counter, play)
            case "heal":
                self._heal(counter)
            case "paper_out" | "paper_back":
                if (paper := self.paper(counter)) is not None:
                    paper.take_paper(midway=False) if play.do == "paper_out" else paper.refill()
        return ""

    async def clear(self, counter: str) -> None:
        self._heal(counter)
        if (paper := self.paper(counter)) is not None:
            paper.refill()
        lane = self.service.lane(counter)
        if lane.current is None:
            return
        with suppress(TerminalError, TimeoutError):
            async with asyncio.timeout(CLEAR_S):
                await self.service.checkout.cancel(lane.current, why="lesson", actor=STAGE)
        if lane.current is not None:
            with suppress(TerminalError):
                await self.service.checkout.park(lane.current, actor=STAGE)

    def _heal(self, counter: str) -> None:
        """What this counter's lesson broke, unless another's wants it too."""
        for fault, counters in list(self.broken.items()):
            counters.discard(counter)
            if not counters:
                del self.broken[fault]
                self.bank.faults.clear(fault)

    def _break(self, counter: str, play: Play) -> None:
        params: dict[str, int | str] = {"call": play.call} if play.call else {}
        if play.fault in ("answer-lost-after-debit", "timeout-before-debit"):
            params["how"] = "cut"  # a lost line is noticed at once: nobody practises waiting for a time-out
        self.bank.set_fault(play.fault, self.now_ms(), count=play.count, params=params)
        self.broken.setdefault(play.fault, set()).add(counter)

    async def _pay(self, counter: str, *, refuses: bool = False) -> None:
        """What the glass shows is paid; with nothing on it there is nothing to pay."""
        sale = self.service.lane(counter).current
        if sale is None:
            return
        if not await self.service.until(sale, lambda now: bool(now.attempts[-1].payload) or now.ended, CODE_S):
            return
        attempt = self.service.book.sale(sale).last_attempt
        if attempt is None:
            return
        with suppress(CustomerCannot):
            if refuses:
                self.bank.customer_refuses(attempt.id, self.now_ms())
            else:
                self.bank.customer_pays(attempt.id, self.now_ms())
        self.worked()
