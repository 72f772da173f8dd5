"""Drives one refund to a definite end: sent once durable, asked after until it is known.

A void reverses the order of the payment; what becomes of it is only ever believed from the order itself.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from terminal.counter.book import Book
from terminal.counter.engine import ENGINE
from terminal.counter.hours import opens_ms
from terminal.counter.ports import Clock, Provider, RefundOrder
from terminal.payments.evidence import Account, Mismatch, judge, judge_refund
from terminal.payments.exceptions import refund_mismatch
from terminal.payments.fact import Facts
from terminal.payments.money import Money
from terminal.payments.notice import (
    Accepted,
    Answer,
    Notice,
    NotSent,
    NotThere,
    RefundNotice,
    RefundTold,
    Refusal,
    Refused,
    Told,
    Trade,
    Unclear,
)
from terminal.payments.refund import REFUND_ENDED, RefundSignal, RefundState
from terminal.payments.refunding import hear_refund, queue_refund, remind, shown_void, void_refused
from terminal.payments.sale import Attempt, Refund, Sale

log = logging.getLogger(__name__)
REFUND_LIFE_S: Final = 30 * 86400.0  # then a person, the bill and the provider's portal decide
LOOK_S: Final = 600.0  # a queued refund looks at the wall clock at least so often: it may have been set
QUEUED_MAX_S: Final = 3 * 86_400.0  # no window is closed longer (hours.py), and other waits are of hours
SAME_S: Final = 2.0
_OVER: Final = REFUND_ENDED | {RefundState.MANUAL}


def _offset_ms(provider: Provider) -> int:
    """How far our clock is behind theirs; theirs is told in whole seconds, so less than two is none."""
    return round(provider.clock_offset_s * 1000) if abs(provider.clock_offset_s) >= SAME_S else 0


def bank_ms(clock: Clock, provider: Provider) -> int:
    """Wall time by the provider's clock, as far as it has told it."""
    return clock.wall_ms() + _offset_ms(provider)


def refund_due_ms(clock: Clock, provider: Provider) -> int:
    """When the provider takes the next refund, our wall time; 0 is now."""
    profile = provider.profile
    due_ms = opens_ms(profile.refund_hours, profile.refund_zone, bank_ms(clock, provider))
    return due_ms and due_ms - _offset_ms(provider)


@dataclass(frozen=True, slots=True)
class RefundJob:
    book: Book
    provider: Provider
    account: Account
    sale: str
    refund: str
    notify_url: str


class RefundDriver:
    def __init__(self, job: RefundJob) -> None:
        self._book, self._provider, self._account = job.book, job.provider, job.account
        self._sale_id, self._id, self._notify_url = job.sale, job.refund, job.notify_url
        self._nudged = asyncio.Event()
        self._asked = 0
        self._begun_ns = job.book.clock.mono_ns()

    def nudge(self) -> None:
        self._nudged.set()

    @property
    def _refund(self) -> Refund:
        return self._book.sale(self._sale_id).refund(self._id)

    @property
    def _attempt(self) -> Attempt:
        sale = self._book.sale(self._sale_id)
        return sale.attempt(sale.refund(self._id).attempt)

    async def run(self) -> None:
        while (state := self._refund.state) not in _OVER:
            if self._followed_s() > REFUND_LIFE_S:
                await self._hear(RefundSignal.ABNORMAL, why="no_end_in_time")
            elif state is RefundState.QUEUED:
                await self._until_due()
            elif state is RefundState.INTENT:
                await self._begin()
            else:
                await self._pause(self._rhythm_s())
                await self._remind()
                await self._ask()

    # waiting

    def _followed_s(self) -> float:
        """How long this process has followed it."""
        return (self._book.clock.mono_ns() - self._begun_ns) / 1e9

    def _rhythm_s(self) -> float:
        waits = self._provider.profile.timings.refund_queries_s
        seconds = waits[min(self._asked, len(waits) - 1)]
        self._asked += 1
        return seconds

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._nudged.wait()
        except TimeoutError:
            pass
        self._nudged.clear()

    async def _until_due(self) -> None:
        """Durable before its first byte leaves: from then on nobody can call it unsent (I5)."""
        left_s = (self._refund.due_ms - self._book.clock.wall_ms()) / 1000
        if 0 < left_s <= QUEUED_MAX_S:  # longer: the clock was wrong when it was queued (I17)
            await self._pause(min(left_s, LOOK_S))
            await self._remind()
        else:
            await self._hear(RefundSignal.DUE)

    async def _remind(self) -> None:
        """By the wall clock, which no restart shortens; by ours what began in its future, on a wrong one (I17)."""
        waited_s = (self._book.clock.wall_ms() - self._refund.since_ms) / 1000
        if waited_s < 0 and self._refund.state is not RefundState.QUEUED:
            waited_s = self._followed_s()
        told = any(each.id == f"{self._id}:refund_late" for each in self._book.sale(self._sale_id).exceptions)
        if not told and waited_s > self._provider.profile.timings.refund_remind_s:
            await self._commit(lambda sale, at_ms: remind(sale, self._id, at_ms=at_ms))

    # doing

    async def _begin(self) -> None:
        await (self._void() if self._refund.way == "void" else self._send())

    async def _ask(self) -> None:
        if self._refund.state in _OVER:
            return
        if self._refund.way == "void":
            await self._look()
            if self._refund.state not in _OVER:
                await self._void()
            return
        answer = await self._provider.query_refund(self._id, self._refund.attempt)
        if isinstance(answer, NotThere):
            await self._hear(RefundSignal.NOT_FOUND)  # a doubt: a no to the repetition must not free the amount
            await self._send()
        else:
            await self._hear_answer(answer, asked=True)

    async def _send(self) -> None:
        """The same number and amount may be sent again: the provider treats it as the same refund."""
        if due_ms := refund_due_ms(self._book.clock, self._provider):
            await self._queue(due_ms, "out_of_hours")
            return  # of one in doubt nothing changes: it is asked after, and sent when they are open
        sale = self._book.sale(self._sale_id)
        refund = self._refund
        paid = sale.attempt(refund.attempt)
        total = Money(paid.asked_minor or paid.amount.minor, paid.amount.currency)  # of the order, as it was made
        order = RefundOrder(
            refund.id, paid.id, refund.amount, total, refund.reason, self._notify_url, paid.provider_txn
        )
        answer = await self._provider.refund(order)
        if isinstance(answer, Refused) and refund.voided:
            await self._look()  # an answer we never saw may have undone the payment after all
        if isinstance(answer, Refused) and answer.why.value in self._provider.profile.refund_retry:
            again_ms = round(self._provider.profile.timings.refund_again_s * 1000)
            await self._queue(self._book.clock.wall_ms() + again_ms, answer.why.value)
        if self._refund.state is not RefundState.QUEUED:
            await self._hear_answer(answer, asked=False)

    async def _queue(self, due_ms: int, why: str) -> None:
        await self._commit(lambda sale, at_ms: queue_refund(sale, self._id, due_ms=due_ms, why=why, at_ms=at_ms))

    async def _void(self) -> None:
        """Asked again under the same order number until the order itself says what became of it."""
        answer = await self._provider.reverse(self._refund.attempt)
        match answer:
            case Accepted():
                await self._hear(RefundSignal.PROCESSING)
                await self._look()
            case Told(notice):
                await self._hear(RefundSignal.PROCESSING)
                await self._hear_order(notice)
            case Refused(why):
                await self._void_refused(why)
            case NotSent(why) | Unclear(why):
                await self._hear(RefundSignal.UNCLEAR, why=why)
            case _:
                await self._hear(RefundSignal.UNCLEAR, why="not_expected")

    async def _void_refused(self, why: Refusal) -> None:
        """A definite no is believed when the order is proven to be paid after it; else it stays a doubt."""
        if await self._look() in {Trade.PAID, Trade.RETURNED}:
            await self._commit(lambda sale, at_ms: void_refused(sale, self._id, why.value, at_ms=at_ms))
        else:
            await self._hear(RefundSignal.UNCLEAR, why=why.value)
        if self._refund.way == "refund" and self._refund.state is RefundState.UNKNOWN:
            await self._send()

    async def _look(self) -> Trade | None:
        """What the order itself shows, once it is ours in every field; a void that it proves has ended then."""
        answer = await self._provider.query(self._refund.attempt)
        return await self._hear_order(answer.notice) if isinstance(answer, Told) else None

    async def _hear_order(self, notice: Notice) -> Trade | None:
        verdict = judge(notice, self._attempt, self._account)
        if isinstance(verdict, Mismatch):
            await self._not_ours(verdict)
            return None
        shows = self._provider.profile.void.shows
        if shown_void(self._book.sale(self._sale_id), notice, shows) is None:
            return notice.trade
        await self._hear(RefundSignal.REFUNDED)
        return None

    # hearing

    async def _hear_answer(self, answer: Answer, *, asked: bool) -> None:
        match answer:
            case RefundTold(notice):
                await self.hear_notice(notice)
            case Refused(why, text) if not asked:
                await self._hear(RefundSignal.REFUSED, why=f"{why.value}: {text}" if text else why.value)
            case NotSent(why) | Unclear(why):
                await self._hear(RefundSignal.UNCLEAR, why=why)
            case _:
                await self._hear(RefundSignal.UNCLEAR, why="not_expected")

    async def hear_notice(self, notice: RefundNotice) -> RefundSignal | Mismatch:
        verdict = judge_refund(notice, self._refund, self._account)
        if isinstance(verdict, Mismatch):
            await self._not_ours(verdict)
            await self._hear(RefundSignal.UNCLEAR, why="mismatch")
        else:
            await self._hear(verdict, provider_refund=notice.provider_refund)
        return verdict

    async def _not_ours(self, wrong: Mismatch) -> None:
        log.error("refund %s: the provider's %s is not ours", self._id, wrong.field)
        await self._commit(lambda sale, at_ms: refund_mismatch(sale, sale.refund(self._id), wrong.field, at_ms))

    async def _hear(self, signal: RefundSignal, *, why: str = "", provider_refund: str = "") -> None:
        await self._commit(
            lambda sale, at_ms: hear_refund(
                sale, self._id, signal, at_ms=at_ms, why=why, provider_refund=provider_refund
            )
        )

    async def _commit(self, decide: Callable[[Sale, int], Facts]) -> None:
        def with_sale(sale: Sale | None) -> Facts:
            assert sale is not None
            return decide(sale, self._book.clock.wall_ms())

        await self._book.commit(self._sale_id, with_sale, ENGINE)
