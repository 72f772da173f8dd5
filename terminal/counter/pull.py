"""The customer's code, scanned: pay once, ask until it is known, else reverse with proof."""

import asyncio
from typing import Final

from terminal.counter.engine import RESEND_PAUSE_S, AttemptDriver, Job
from terminal.payments.attempt import Signal, State
from terminal.payments.notice import (
    Accepted,
    NotSent,
    NotThere,
    Paying,
    Refusal,
    Refused,
    Told,
    Trade,
    Unclear,
)

LOOK_MIN_S: Final = 0.5  # nearer to a reverse than this its own answer tells as much


class PullDriver(AttemptDriver):
    def __init__(self, job: Job) -> None:
        super().__init__(job)
        self._first = True
        self._over_s = self._started_s + self._timings.pull_total_s
        self._reverse_after_s = 0.0
        self._unanswered = not job.fresh

    async def _round(self) -> bool:
        match self._attempt.state:
            case State.INTENT:
                await self._pay()
            case State.SENT:
                await self._hear(Signal.RESTART)
            case State.WAITING | State.UNKNOWN:
                await self._ask()
            case State.REVERSING | State.REVERSE_UNKNOWN:
                await self._reverse()
            case _:
                return False
        return True

    async def _pay(self) -> None:
        if not self._job.code:
            await self._hear(Signal.RESTART)
            return
        if self._give_up:
            await self._hear(Signal.GIVE_UP, why="cancelled")
            return
        self._sent_s = self._now_s()
        async with asyncio.TaskGroup() as both:  # the intent is durable; "sent" need not delay the customer
            both.create_task(self._hear(Signal.COMMITTED))
            paying = both.create_task(self._job.provider.pay(self._order(), self._job.code))
        answer = paying.result()
        await self._hear_start(answer)
        if isinstance(answer, NotSent):
            await self._pause(RESEND_PAUSE_S)

    async def _ask(self) -> None:
        now = self._now_s()
        rhythm = self._timings.pull_first_query_s if self._first else self._timings.pull_query_s
        wait = 0.0 if self._first and not self._job.fresh else rhythm
        if not self._give_up:
            await self._pause(min(wait, max(self._over_s - now, 0.0)))
        self._first = False
        while (soon := self._asked_s + self._job.check_again_s - self._now_s()) > 0 and not self._give_up:
            await self._pause(soon)  # however often somebody presses "check again"
        if not self._in(State.WAITING, State.UNKNOWN):
            return
        last = self._give_up
        await self._query(within_s=max(self._over_s - self._now_s(), 0.0) + self._timings.answer_s)
        if self._in(State.WAITING, State.UNKNOWN) and (last or self._now_s() >= self._over_s):
            await self._hear(Signal.GIVE_UP, why="cancelled" if last else "time_over")

    async def _reverse(self) -> None:
        """The durable decision stands: reverse, not before the provider allows, until proven."""
        if self._first and not self._job.fresh:
            self._first = False
            await self._query()  # whatever it says is news to this process (I22)
            return
        now = self._now_s()
        due_s = max(self._sent_s + self._timings.reverse_not_before_s, self._reverse_after_s)
        if due_s > now:
            await self._pause(due_s - now)
            await self._look_before(due_s)
            return
        missing = self._attempt.state is State.REVERSE_UNKNOWN and isinstance(await self._query(), NotThere)
        if not self._in(State.REVERSING, State.REVERSE_UNKNOWN):
            return
        await self._hear_reverse(missing=missing)
        if not self._in(State.REVERSING, State.REVERSE_UNKNOWN):
            return
        if self._now_s() - self._started_s >= self._timings.reverse_window_s:
            await self._hear(Signal.WINDOW_OVER)
            return
        await self._remind()
        self._reverse_after_s = self._now_s() + self._stubborn_s()

    async def _look_before(self, due_s: float) -> None:
        """ "Check again" pressed while the next reverse waits for its time: asked at once, which delays nothing.

        That the customer is still typing a password undoes no decision: only a refused reverse may say so (3.1).
        """
        while (soon := min(self._asked_s + self._job.check_again_s, due_s) - self._now_s()) > 0:
            await self._pause(soon)
        left_s = due_s - self._now_s()
        if left_s < LOOK_MIN_S or not self._in(State.REVERSING, State.REVERSE_UNKNOWN):
            return
        self._asked_s = self._now_s()
        answer = await self._query_within(left_s)
        if isinstance(answer, Told) and answer.notice.trade is not Trade.PAYING:
            await self._hear_notice(answer.notice)

    def _never_arrived(self) -> bool:
        """A scanned code lives a minute: a pay request still queued after two can take nothing any more."""
        return self._now_s() - self._sent_s >= self._timings.pull_never_arrived_s

    async def _hear_reverse(self, *, missing: bool) -> None:
        """``missing``: a query just said that the provider knows no such order."""
        self._unanswered = True
        answer = await self._job.provider.reverse(self._job.attempt)
        self._unanswered = isinstance(answer, Unclear)
        match answer:
            case NotThere() if missing and self._never_arrived():
                await self._hear(Signal.CLOSED_THERE, why="never_arrived")
            case Accepted():
                await self._hear(Signal.REVERSE_OK)
            case Paying():
                await self._hear(Signal.PAYING)
                self._over_s = self._now_s() + self._timings.reverse_again_paying_s
                self._give_up = False
            case Refused(Refusal.NOT_REVERSIBLE | Refusal.ORDER_PAID):
                await self._prove_irreversible()
            case Refused(why):
                await self._hear_refusal(why)
                if self._in(State.REVERSING):
                    await self._hear(Signal.UNCLEAR, why=why.value)
            case Told(notice) if notice.trade is not Trade.PAID:
                await self._hear_notice(notice)
            case _:
                await self._hear(Signal.UNCLEAR)

    async def _prove_irreversible(self) -> None:
        """ "Already paid" in a refusal is no evidence: a query that matches in every field is (I2)."""
        answer = await self._job.provider.query(self._job.attempt)
        if isinstance(answer, Told) and answer.notice.trade is Trade.PAID and self._matches(answer.notice):
            await self._hear(Signal.NOT_REVERSIBLE, evidence=answer.notice)
        else:
            await self._hear(Signal.UNCLEAR, why="not_reversible_unproven")
