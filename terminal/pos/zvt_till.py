"""What one ZVT till did and was told, over all its connections; which sale a command means.

ZVT names no payment before it is done: a till that lost its line asks for its last receipt, or begins again.
So the same amount again joins the sale that is live, or hears the result of the one it never heard of.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from terminal.counter.ports import Clock
from terminal.errors import NotFound
from terminal.payments.money import Money
from terminal.payments.refund import RefundState
from terminal.payments.sale import Refund, Sale
from terminal.pos.desk import Desk, Outcome, Request, Takings, going_back, not_told, outcome
from terminal.pos.followed import Followed
from terminal.pos.zvt_answers import Code, Told, Wanted, receipt_no

HEARD_MAX: Final = 256
RECENT: Final = 20  # sales of the counter among which the till's last one is looked for after a restart
TEXTS: Final = {
    Code.AGAIN: "CHECKING WITH BANK. KEEP THE GOODS, ASK AGAIN",
    Code.CANCELLED: "NOT PAID, NOTHING CHARGED",
    Code.NO_REVERSAL: "REFUND REFUSED BY THE BANK",
}
ACCEPTED: Final = "REFUND ACCEPTED, NOT DONE YET"


@dataclass(frozen=True, slots=True)
class Waits:
    """Seconds. ``sale_s``: for the customer, then the code is closed with proof; ``refund_s``: for the bank;
    ``again_s``: how long a result that nobody heard answers the same amount."""

    sale_s: float = 110.0
    refund_s: float = 20.0
    again_s: float = 120.0


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a command that moves money. ``sale``: the one a receipt can be printed of."""

    told: Told
    sale: Sale | None
    key: str  # what is heard once the till has acknowledged it


class ZvtTill:
    """``local`` turns wall time into the shop's own; ``new_id`` gives a name never used before."""

    def __init__(
        self,
        desk: Desk,
        clock: Clock,
        new_id: Callable[[], str],
        local: Callable[[int], datetime],
        day_begins_ms: Callable[[int], int],
        terminal_id: str = "00000001",
        waits: Waits | None = None,
    ) -> None:
        self.desk, self.terminal_id, self.waits = desk, terminal_id, waits or Waits()
        self._clock, self._new_id, self._local, self._day_begins_ms = clock, new_id, local, day_begins_ms
        self.config = 0  # of the last registration
        self._unheard: str | None = None  # the sale whose result the till has not acknowledged; None: look for it
        self._last = ("", "")  # sale and refund of the last command that moved money
        self._heard: OrderedDict[str, None] = OrderedDict()
        self.followed = Followed(desk, self.waits.sale_s)

    # --- sales --------------------------------------------------------------------------------------------

    def busy_with_another(self, wanted: Wanted) -> bool:
        live = self.desk.live_sale()
        return live is not None and not self._same(live, wanted.minor)

    def _same(self, sale: Sale, minor: int | None) -> bool:
        return self.desk.mine(sale.id) and sale.amount.minor == minor

    async def open(self, minor: int) -> Sale:
        """The sale that is live with this amount, one whose result was not heard, or a new one."""
        live = self.desk.live_sale()
        if live is not None and self._same(live, minor):
            sale = live
        elif (untold := self._answers(minor)) is not None:
            sale = untold
        else:
            sale = await self._begin(minor)
        self._unheard, self._last = sale.id, (sale.id, "")
        self.followed.follow(sale.id)
        return sale

    async def _begin(self, minor: int) -> Sale:
        try:
            return await self.followed.open(Request(Money(minor, self.desk.currency), f"zvt-{self._new_id()}"))
        except asyncio.CancelledError:  # the line ended while it was recorded: only the journal knows the newest
            self._unheard, self._last = None, ("", "")
            raise

    def _answers(self, minor: int) -> Sale | None:
        """Paid a moment ago while nobody listened, or we fell over: the till asks for the same money again."""
        if self._unheard is None:
            newest = self._newest()
            self._unheard = newest.id if newest is not None else ""
        if not self._unheard:
            return None
        sale = self.desk.sale(self._unheard)
        if not (self.desk.unheard(sale) or not_told(sale)):
            return None  # a person has seen to it
        young = self._clock.wall_ms() - sale.ended_ms <= self.waits.again_s * 1000
        kept = outcome(sale) is Outcome.PAID and not going_back(sale)
        return sale if kept and sale.amount.minor == minor and young else None

    def last(self) -> Result | None:
        """What became of the last command that moved money; None when there was none."""
        sale_id, refund_id = self._last
        if not sale_id:
            newest = self._newest()
            return self.result_of(newest) if newest else None
        sale = self.desk.sale(sale_id)
        return self.refund_result(sale, sale.refund(refund_id)) if refund_id else self.result_of(sale)

    def _newest(self) -> Sale | None:
        return next(iter(self.desk.recent(RECENT)), None)

    def result_of(self, sale: Sale) -> Result:
        match outcome(sale):
            case Outcome.PAID:
                paid = next(each for each in sale.attempts if each.pays)
                text = f"CHECK CODE {self.desk.check_code(sale)}  REF {paid.provider_txn or paid.id}"
                return Result(
                    self._told(Code.OK, sale, name=paid.wallet or paid.provider, text=text), sale, sale.id
                )
            case Outcome.NOT_PAID:
                code = Code.CANCELLED
            case _:
                code = Code.AGAIN
        return Result(self._told(code, sale, text=TEXTS[code]), sale, sale.id)

    def nothing(self, code: Code) -> Told:
        """For a command that began nothing."""
        at = self._local(self._clock.wall_ms())
        return Told(code, 0, self.desk.currency, 0, at, self.terminal_id)

    def _told(self, code: Code, sale: Sale, *, minor: int | None = None, name: str = "", text: str = "") -> Told:
        at = self._local(sale.ended_ms or self._clock.wall_ms())
        amount = sale.amount.minor if minor is None else minor
        return Told(code, amount, sale.amount.currency, sale.no, at, self.terminal_id, name, text)

    async def heard(self, result: Result) -> None:
        """The till acknowledged a final result; one that is still being checked is none."""
        if result.told.code is Code.AGAIN:
            return
        self._heard[result.key] = None
        if len(self._heard) > HEARD_MAX:
            self._heard.popitem(last=False)
        if result.key == self._unheard:
            self._unheard = ""
        if result.sale is not None:
            await self.followed.heard(result.sale.id)

    # --- money back ---------------------------------------------------------------------------------------

    async def reverse(self, wanted: Wanted) -> Result | Code:
        """All of a sale, by its receipt number."""
        sale = await self._numbered(wanted.receipt)
        if sale is None or outcome(sale) is not Outcome.PAID or wanted.minor not in {None, sale.amount.minor}:
            return Code.NO_REVERSAL
        failed = sum(each.state is RefundState.FAILED for each in sale.refunds)
        key = f"zvt-void-{sale.id}-{failed}"
        known = self.desk.refund_of(key)
        if known and known[1].id in self._heard:
            return Code.REVERSED_BEFORE
        return await self._give_back(sale, None, "till_reversal", key)

    async def refund(self, wanted: Wanted) -> Result | Code:
        """A part of a sale, by its receipt number: without one nobody knows whom to pay."""
        sale = await self._numbered(wanted.receipt)
        if sale is None or outcome(sale) is not Outcome.PAID:
            return Code.NO_REVERSAL
        if (first := next((each for each in sale.refunds if self._repeats(each, wanted.minor)), None)) is not None:
            return await self._follow_back(sale, first)  # whatever others gave back since: it is this one
        key = f"zvt-back-{sale.id}-{len(sale.refunds)}"
        return await self._give_back(sale, wanted.minor, "till_refund", key)

    def _repeats(self, refund: Refund, minor: int | None) -> bool:
        """Asked for by this till, the same amount again, and nobody heard of the first."""
        young = self._clock.wall_ms() - refund.since_ms <= self.waits.again_s * 1000
        asked = self.desk.asked(refund) and refund.amount.minor == minor
        return asked and refund.id not in self._heard and young

    async def _give_back(self, sale: Sale, minor: int | None, why: str, key: str) -> Result:
        return await self._follow_back(*await self.desk.refund(sale.id, minor, why, key))

    async def _follow_back(self, sale: Sale, refund: Refund) -> Result:
        self._last = (sale.id, refund.id)
        refund = await self.desk.refunded(sale.id, refund.id, self.waits.refund_s)
        return self.refund_result(self.desk.sale(sale.id), refund)

    def refund_result(self, sale: Sale, refund: Refund) -> Result:
        """Accepted is not done, and is said to be so; only a definite refusal is one."""
        if refund.state is RefundState.FAILED:
            text = TEXTS[Code.NO_REVERSAL]
            told = self._told(Code.NO_REVERSAL, sale, minor=refund.amount.minor, text=text)
        else:
            text = "REFUNDED" if refund.state is RefundState.REFUNDED else ACCEPTED
            told = self._told(Code.OK, sale, minor=refund.amount.minor, text=text)
        return Result(told, None, refund.id)

    async def _numbered(self, receipt: int | None) -> Sale | None:
        if not receipt:
            return None
        try:
            return await self.desk.numbered(lambda no: receipt_no(no) == receipt)
        except NotFound:
            return None

    # --- the day ------------------------------------------------------------------------------------------

    async def takings(self) -> Takings:
        return await self.desk.takings(self._day_begins_ms(self._clock.wall_ms()))
