"""Drives one attempt from its intent to a proven end, whatever the provider, the line or the power do.

One task an attempt. Each round looks at the durable state and does what that state asks for; a nudge
(notification, cancel, scan, "check again") ends a wait early. Waits are monotonic and a restart only
lengthens them (I17). The two directions are in push.py and pull.py.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from terminal.counter.book import Book
from terminal.counter.ports import Order, Provider
from terminal.payments.attempt import Signal, State
from terminal.payments.decide import hear, swept
from terminal.payments.event import Actor
from terminal.payments.evidence import Account, Mismatch, judge, judge_of
from terminal.payments.exceptions import open_mismatch, window_over
from terminal.payments.fact import Facts
from terminal.payments.notice import (
    Answer,
    CodeReady,
    Notice,
    NotSent,
    NotThere,
    Paying,
    Refusal,
    Refused,
    Told,
    Unclear,
    tells,
)
from terminal.payments.profile import Timings
from terminal.payments.sale import Attempt, Sale
from terminal.payments.sale_parts import needs_sweep

ENGINE: Final = Actor("system", "engine")
RESENDS: Final = 2
RESEND_PAUSE_S: Final = 1.0
RESEND_WITHIN_S: Final = 5.0
STUBBORN_S: Final = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0)  # then LONG_PAUSE_S
LONG_PAUSE_S: Final = 300.0

OnCode = Callable[[Sale, Attempt, str], None]


@dataclass(frozen=True, slots=True)
class Job:
    """What a driver works on.

    Args:
        code: the customer's scanned code, memory only (S42); after a restart there is none.
        on_code: shows a payload on the glass.
        fresh: this process made the attempt; otherwise something may have left before it started.
    """

    book: Book
    provider: Provider
    account: Account
    sale: str
    attempt: str
    describe: str
    notify_url: str
    on_code: OnCode
    code: str = field(default="", repr=False)
    fresh: bool = True
    check_again_s: float = 2.0


def order_of(sale: Sale, attempt: Attempt, describe: str, notify_url: str) -> Order:
    """The same parameters every time: a repeated order number must repeat them exactly."""
    return Order(
        order_no=attempt.id,
        amount=attempt.amount,
        description=describe,
        counter=sale.counter,
        expires_ms=attempt.expires_ms,
        notify_url=notify_url,
    )


class AttemptDriver:
    def __init__(self, job: Job) -> None:
        self._job = job
        self._nudged = asyncio.Event()
        sale = job.book.sale(job.sale)
        self._give_up = bool(sale.cancel_why) or sale.switching  # also when it was decided before a restart
        self._asking: asyncio.Timeout | None = None
        self._started_s = self._now_s()
        self._sent_s = self._now_s()
        self._asked_s = float("-inf")
        self._missing_s: float | None = None  # when "not found" was first heard
        self._tries = 0
        self._unanswered = True  # a close or reverse of ours that may have been done

    # what others call

    def nudge(self) -> None:
        """Ask soon: something happened."""
        self._nudged.set()

    def give_up(self) -> None:
        """Close or reverse with proof: somebody cancelled, or a scan takes over."""
        self._give_up = True
        self._nudged.set()
        if self._asking is not None:
            asking, self._asking = self._asking, None
            if not asking.expired():
                asking.reschedule(0)  # an answer that may never come must not hold up the proof

    async def run(self) -> None:
        """Returns when the attempt has ended and nothing is left to ask."""
        while await self._round():
            pass
        if self._in(State.MANUAL):
            await self._query()  # nothing can be taken back any more, but proven money can be refunded
        if needs_sweep(self._attempt):
            await self._look_after()

    async def _round(self) -> bool:
        raise AssertionError("each direction has its own")

    # time

    def _now_s(self) -> float:
        return self._job.book.clock.mono_ns() / 1e9

    @property
    def _timings(self) -> Timings:
        return self._job.provider.profile.timings

    async def _pause(self, seconds: float) -> None:
        """Wait, or less when nudged."""
        if seconds > 0:
            try:
                async with asyncio.timeout(seconds):
                    await self._nudged.wait()
            except TimeoutError:
                pass
        self._nudged.clear()

    def _stubborn_s(self) -> float:
        pause = STUBBORN_S[self._tries] if self._tries < len(STUBBORN_S) else LONG_PAUSE_S
        self._tries += 1
        return pause

    async def _remind(self) -> None:
        """A shop that is switched off every night never sees the provider's time end: a person is told (I4).

        By the provider's calendar, which no restart shortens. Ours may be years off: nothing else follows (I17).
        """
        job, attempt = self._job, self._attempt
        if job.fresh or any(each.id == f"{attempt.id}:window_over" for each in self._sale.exceptions):
            return
        now_ms = job.book.clock.wall_ms() + int(job.provider.clock_offset_s * 1000)
        if attempt.live and now_ms - attempt.started_ms > self._timings.reverse_window_s * 1000:
            await self._commit(lambda sale, at_ms: window_over(sale, sale.attempt(attempt.id), at_ms))

    # state

    @property
    def _sale(self) -> Sale:
        return self._job.book.sale(self._job.sale)

    @property
    def _attempt(self) -> Attempt:
        return self._sale.attempt(self._job.attempt)

    async def _commit(self, decide: Callable[[Sale, int], Facts]) -> None:
        book = self._job.book

        def with_sale(sale: Sale | None) -> Facts:
            assert sale is not None
            return decide(sale, book.clock.wall_ms())

        await book.commit(self._job.sale, with_sale, ENGINE)

    async def _hear(
        self, signal: Signal, *, evidence: Notice | None = None, why: str = "", payload: str = ""
    ) -> None:
        await self._commit(
            lambda sale, at_ms: hear(
                sale,
                self._job.attempt,
                signal,
                at_ms=at_ms,
                evidence=evidence,
                why=why,
                payload=payload,
            )
        )

    def _matches(self, notice: Notice) -> bool:
        return judge(notice, self._attempt, self._job.account) is Signal.SUCCESS

    async def _hear_notice(self, notice: Notice) -> Signal | Mismatch:
        """Judge verified evidence against this attempt and make durable what follows from it."""
        verdicts: list[Signal | Mismatch] = []

        def decide(sale: Sale, at_ms: int) -> Facts:
            verdict = judge_of(sale, self._job.attempt, notice, self._job.account)
            verdicts.append(verdict)
            if isinstance(verdict, Mismatch):
                return open_mismatch(sale, sale.attempt(self._job.attempt), verdict.field, notice, at_ms=at_ms)
            return hear(sale, self._job.attempt, verdict, at_ms=at_ms, evidence=notice)

        await self._commit(decide)
        return verdicts[-1]

    # asking

    def _order(self) -> Order:
        return order_of(self._sale, self._attempt, self._job.describe, self._job.notify_url)

    async def _query(self, *, within_s: float | None = None) -> Answer:
        """Ask once and hear the answer. "Not found" is believed late and twice (3.1).

        ``within_s``: how long the answer is of use; giving up ends such a wait too.
        """
        self._asked_s = self._now_s()
        if within_s is None or self._give_up:
            answer = await self._job.provider.query(self._job.attempt)
        else:
            answer = await self._query_within(within_s)
        match answer:
            case Told(notice, others):
                self._missing_s = None
                for each in (notice, *others):
                    await self._hear_notice(each)
            case Paying():
                await self._hear(Signal.PAYING)
            case NotThere():
                await self._hear(Signal.NOT_FOUND_BELIEVED if self._believed() else Signal.NOT_FOUND)
            case _:
                pass  # nothing learned: the last truth stands (row 32)
        return answer

    async def _query_within(self, seconds: float) -> Answer:
        try:
            async with asyncio.timeout(seconds) as self._asking:
                return await self._job.provider.query(self._job.attempt)
        except TimeoutError:
            return Unclear("not_waited_for")
        finally:
            self._asking = None

    def _believed(self) -> bool:
        now = self._now_s()
        if self._missing_s is None:
            self._missing_s = now
            return False
        return (
            now - self._sent_s >= self._timings.not_found_after_s
            and now - self._missing_s >= self._timings.not_found_gap_s
        )

    async def _hear_start(self, answer: Answer) -> None:
        """The answer to order or pay: what it means for the attempt."""
        match answer:
            case CodeReady(payload):
                if self._in(State.ORDERING) and not self._give_up:
                    self._job.on_code(self._sale, self._attempt, payload)
                    await asyncio.sleep(0)  # its bytes leave for the glass before the journal is given more work
                await self._hear(Signal.CODE_READY, payload=payload)
            case Told(notice):
                if isinstance(await self._hear_notice(notice), Mismatch):
                    await self._hear(Signal.UNCLEAR, why="mismatch")
            case Paying():
                await self._hear(Signal.PAYING)
            case Refused(Refusal.ORDER_PAID | Refusal.ORDER_NO_USED as why):
                await self._hear(Signal.UNCLEAR, why=why.value)  # a query tells what is there
            case Refused(why, text):
                await self._hear(Signal.REFUSED, why=f"{why.value}: {text}" if text else why.value)
            case NotSent(why):
                self._tries += 1
                late = self._now_s() - self._started_s > RESEND_WITHIN_S
                spent = self._tries > RESENDS or late or self._give_up
                await self._hear(Signal.NOT_SENT_FINAL if spent else Signal.NOT_SENT, why=why)
            case Unclear(why):
                await self._hear(Signal.UNCLEAR, why=why)
            case _:
                await self._hear(Signal.UNCLEAR, why="not_expected")

    async def _hear_refusal(self, why: Refusal) -> None:
        """Close or reverse was refused because the order has ended there already."""
        if why in {Refusal.ORDER_CLOSED, Refusal.ORDER_REVERSED}:
            await self._hear(Signal.CLOSED_THERE, why=why.value)

    def _in(self, *states: State) -> bool:
        return self._attempt.state in states

    # after the end

    async def _look_after(self) -> None:
        """What no signal of ours brings about any more may still happen at the bank."""
        if not self._in(State.PAID):
            await self._sweep()
        elif self._unanswered:
            await self._look()  # what we sent to end the order may have given the money back (I7)
        await self._commit(lambda _sale, at_ms: swept(self._job.attempt, at_ms=at_ms))

    async def _sweep(self) -> None:
        """Money may have been in flight when the order ended unpaid: look again for a day.

        A counter that is switched off every night would never see that day end: after a start the looks that
        are overdue by the provider's calendar become one, at once.
        """
        begun_s = self._now_s()
        if not self._job.fresh:
            await self._look()
            begun_s = self._now_s() - self._ended_for_s()  # by the provider's clock, which that answer told
        for after_s in self._timings.sweep_after_close_s:
            while not self._attempt.captured and (left_s := begun_s + after_s - self._now_s()) > 0:
                await self._pause(left_s)
                await self._look()  # a nudge brings one more look and shortens no wait

    def _ended_for_s(self) -> float:
        """Our own clock may have been years off, then or now: it ended neither before the provider's expiry nor
        after the provider's window (I17)."""
        attempt, clock = self._attempt, self._job.book.clock
        now_ms = clock.wall_ms() + int(self._job.provider.clock_offset_s * 1000)
        latest_ms = attempt.expires_ms + int(self._timings.reverse_window_s * 1000)
        return max(now_ms - min(max(attempt.ended_ms, attempt.expires_ms), latest_ms), 0) / 1000

    async def _look(self) -> None:
        """Ask until the provider says something: silence proves nothing. The bill knows in the end.

        Nor does "not found" or "not paid yet" of what it has said was paid: it lags behind itself.
        """
        self._tries, begun_s = 0, self._now_s()
        was_paid = self._in(State.PAID)
        while not tells(await self._query_in_turn(), was_paid=was_paid):
            if self._now_s() - begun_s >= self._timings.reverse_window_s:
                return
            await self._pause(self._stubborn_s())

    async def _query_in_turn(self) -> Answer:
        """One ended order of a provider is asked about at a time: after a start, hundreds at once would have taken
        its pace from those that a customer waits for (I22)."""
        async with self._job.book.looks[self._attempt.provider]:
            return await self._query()
