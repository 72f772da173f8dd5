"""Drives one refund to a definite end: sent once durable, asked after until it is known."""

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from terminal.counter.book import Book
from terminal.counter.engine import ENGINE
from terminal.counter.ports import Provider, RefundOrder
from terminal.payments.evidence import Account, Mismatch, judge_refund
from terminal.payments.fact import Fact, Facts
from terminal.payments.notice import (
    Answer,
    NotSent,
    NotThere,
    RefundNotice,
    RefundTold,
    Refused,
    Unclear,
)
from terminal.payments.refund import REFUND_ENDED, RefundSignal, RefundState
from terminal.payments.refunding import hear_refund
from terminal.payments.sale import Refund, Sale

log = logging.getLogger(__name__)
REFUND_LIFE_S: Final = 30 * 86400.0  # then a person, the bill and the provider's portal decide


class RefundDriver:
    def __init__(
        self, book: Book, provider: Provider, account: Account, sale: str, refund: str, notify_url: str
    ) -> None:
        self._book, self._provider, self._account = book, provider, account
        self._sale_id, self._id, self._notify_url = sale, refund, notify_url
        self._nudged = asyncio.Event()
        self._asked = 0

    def nudge(self) -> None:
        self._nudged.set()

    @property
    def _refund(self) -> Refund:
        return self._book.sale(self._sale_id).refund(self._id)

    async def run(self) -> None:
        begun_ns = self._book.clock.mono_ns()
        if self._refund.state is RefundState.INTENT:
            await self._send()
        while self._refund.state not in REFUND_ENDED | {RefundState.MANUAL}:
            if (self._book.clock.mono_ns() - begun_ns) / 1e9 > REFUND_LIFE_S:
                await self._hear(RefundSignal.ABNORMAL, why="no_end_in_time")
                return
            await self._pause()
            await self._ask()

    async def _pause(self) -> None:
        waits = self._provider.profile.timings.refund_queries_s
        seconds = waits[min(self._asked, len(waits) - 1)]
        self._asked += 1
        try:
            async with asyncio.timeout(seconds):
                await self._nudged.wait()
        except TimeoutError:
            pass
        self._nudged.clear()

    async def _send(self) -> None:
        """The same number and amount may be sent again: the provider treats it as the same refund."""
        sale = self._book.sale(self._sale_id)
        refund = self._refund
        paid = sale.attempt(refund.attempt)
        order = RefundOrder(
            refund.id, paid.id, refund.amount, paid.amount, refund.reason, self._notify_url, paid.provider_txn
        )
        await self._hear_answer(await self._provider.refund(order), asked=False)

    async def _ask(self) -> None:
        if self._refund.state in REFUND_ENDED:
            return
        answer = await self._provider.query_refund(self._id, self._refund.attempt)
        if isinstance(answer, NotThere):
            await self._hear(RefundSignal.NOT_FOUND)  # a doubt: a no to the repetition must not free the amount
            await self._send()
        else:
            await self._hear_answer(answer, asked=True)

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
            log.error("refund %s: the provider's %s is not ours", self._id, verdict.field)
            field = verdict.field
            await self._commit(
                lambda _sale, at_ms: (
                    Fact("refund_evidence_refused", {"refund": self._id, "field": field, "at_ms": at_ms}),
                )
            )
            await self._hear(RefundSignal.UNCLEAR, why="mismatch")
        else:
            await self._hear(verdict, provider_refund=notice.provider_refund)
        return verdict

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
