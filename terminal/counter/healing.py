"""What a bill proves, heard by the engine: doubts end, late money is found, nothing unmatched is believed (I13).

Satisfies ``terminal.settlement.ports.Evidence``. Beside a stopped service a book alone does it, without asking.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from terminal.counter.book import Book, here
from terminal.counter.ports import Provider
from terminal.payments.attempt import Signal
from terminal.payments.decide import hear
from terminal.payments.event import Actor
from terminal.payments.evidence import Account, Mismatch, judge_of, judge_refund
from terminal.payments.exceptions import open_mismatch, refund_mismatch
from terminal.payments.fact import Facts
from terminal.payments.notice import Notice, RefundNotice, Told
from terminal.payments.refunding import hear_refund
from terminal.payments.sale import Sale

log = logging.getLogger(__name__)
BILL: Final = Actor("system", "bill")
_BY_BILL: Final = {Signal.SUCCESS: Signal.BILL_PAID, Signal.CLOSED_THERE: Signal.BILL_CLOSED}


def _nobody(_counter: str, _number: str) -> None:
    """No driver is running."""


def _itself(name: str) -> str | None:
    """No channel was ever renamed."""
    return name


def _offline(_channel: str) -> Provider | None:
    """Nobody can be asked."""
    return None


@dataclass(frozen=True, slots=True)
class BillEvidence:
    """``account`` of a channel's name; ``named``: the settings' channel that an attempt or a difference names;
    ``nudge`` wakes who drives an attempt or a refund of that counter."""

    book: Book
    account: Callable[[str], Account]
    nudge: Callable[[str, str], None] = _nobody
    provider: Callable[[str], Provider | None] = _offline
    named: Callable[[str], str | None] = _itself

    async def take(self, channel: str, notice: Notice | RefundNotice) -> None:
        """Durable on return. What is not ours in one field opens an exception and moves nothing (B6)."""
        if isinstance(notice, RefundNotice):
            await self._refund(channel, notice)
        else:
            await self._payment(channel, notice, by_bill=True)

    async def ask(self, channel: str, order_no: str) -> str:
        """The provider's word about an order whose end is known here; heard like any answer."""
        provider = self.provider(channel)
        if provider is None:
            return ""
        answer = await provider.query(order_no)
        if not isinstance(answer, Told):
            return ""
        for each in (answer.notice, *answer.others):
            await self._payment(channel, each, by_bill=False)
        return answer.notice.trade.value

    async def _payment(self, channel: str, notice: Notice, *, by_bill: bool) -> None:
        sale_id = self.book.feed.claimed("order", notice.order_no)
        if sale_id is None:
            return
        account = self.account(channel)

        def decide(current: Sale | None) -> Facts:
            sale, at_ms = here(current), self.book.clock.wall_ms()
            attempt = sale.attempt(notice.order_no)
            verdict = judge_of(sale, attempt.id, notice, account)
            if self.named(attempt.provider) != self.named(channel):
                verdict = Mismatch("channel")  # another bank's word about this one's order (I14)
            if isinstance(verdict, Mismatch):
                log.error("the bill's line for %s: the %s is not ours", notice.order_no, verdict.field)
                return open_mismatch(sale, attempt, verdict.field, notice, at_ms=at_ms)
            signal = _BY_BILL.get(verdict, verdict) if by_bill else verdict
            return hear(sale, notice.order_no, signal, at_ms=at_ms, evidence=notice)

        sale = await self.book.commit(sale_id, decide, BILL)
        self.nudge(sale.counter, notice.order_no)

    async def _refund(self, channel: str, notice: RefundNotice) -> None:
        sale_id = self.book.feed.claimed("refund", notice.refund_no)
        if sale_id is None:
            return
        account = self.account(channel)

        def decide(current: Sale | None) -> Facts:
            sale, at_ms = here(current), self.book.clock.wall_ms()
            refund = sale.refund(notice.refund_no)
            verdict = judge_refund(notice, refund, account)
            if self.named(sale.attempt(refund.attempt).provider) != self.named(channel):
                verdict = Mismatch("channel")
            if isinstance(verdict, Mismatch):
                return refund_mismatch(sale, refund, verdict.field, at_ms)
            given = notice.provider_refund
            return hear_refund(sale, notice.refund_no, verdict, at_ms=at_ms, provider_refund=given)

        sale = await self.book.commit(sale_id, decide, BILL)
        self.nudge(sale.counter, notice.refund_no)
