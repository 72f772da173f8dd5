"""Our code on the glass, the customer pays it: order, show, ask, close with proof."""

from typing import Final

from terminal.counter.engine import RESEND_PAUSE_S, AttemptDriver, Job
from terminal.payments.attempt import Signal, State
from terminal.payments.notice import Accepted, NotSent, NotThere, Refused, Unclear

ORDER_AGAIN_S: Final = 2.0
LAPSED_S: Final = 30.0  # past the provider's own expiry: a payment on the way then is told by a query
SLOWER_MIN_S: Final = 1.0  # a provider that asks us to be slower is asked again after its own word, within these
SLOWER_MAX_S: Final = 2.0


class PushDriver(AttemptDriver):
    def __init__(self, job: Job) -> None:
        super().__init__(job)
        self._shown_s: float | None = None
        self._unclear = not job.fresh  # an order may exist there that we have not heard of

    def _believed(self) -> bool:
        """Where an order hides until somebody scans it, "not found" proves nothing while its code lives."""
        timings = self._timings
        alive = self._now_s() - self._started_s < timings.code_life_s + timings.expiry_extra_s + LAPSED_S
        return super()._believed() and not (alive and self._job.provider.profile.hidden_until_scanned)

    async def _round(self) -> bool:
        match self._attempt.state:
            case State.ORDERING:
                await self._place()
            case State.SHOWN | State.WAITING:
                await self._watch()
            case State.CLOSING:
                await self._close()
            case _:
                return False
        return True

    def _life_over(self) -> bool:
        return self._now_s() - self._started_s >= self._timings.code_life_s

    async def _place(self) -> None:
        if self._give_up or self._life_over():
            await self._hear(Signal.GIVE_UP, why="cancelled" if self._give_up else "no_code_in_time")
            return
        if self._unclear and not await self._place_again():
            return
        answer = await self._job.provider.order(self._order())
        again_s = RESEND_PAUSE_S
        if isinstance(answer, Unclear) and answer.why == "rate_limited" and not self._unclear:
            # turned away before it was worked on, and the same number makes the same order: nothing exists there
            again_s = min(max(answer.retry_after_s or 0.0, SLOWER_MIN_S), SLOWER_MAX_S)
            answer = NotSent(answer.why)
        await self._hear_start(answer)
        if self._in(State.ORDERING):
            self._unclear = self._unclear or not isinstance(answer, NotSent)
            await self._pause(ORDER_AGAIN_S if self._unclear else again_s)

    async def _place_again(self) -> bool:
        """An order may exist: look first; True when the same order may be placed again."""
        answer = await self._query()
        if not self._in(State.ORDERING):
            return False
        if isinstance(answer, NotThere) and (wait_s := self._missing_too_short_s()) > 0:
            await self._pause(wait_s)
            return False
        if not self._job.provider.profile.create_idempotent:
            await self._hear(Signal.GIVE_UP, why="order_not_repeatable")
            return False
        return True

    def _missing_too_short_s(self) -> float:
        """ "Not found" twice, this far apart: then the same order number may be used again."""
        return (self._missing_s or self._now_s()) + self._timings.not_found_gap_s - self._now_s()

    async def _watch(self) -> None:
        """Ask by the profile's rhythm until somebody paid, gave up or the code's life is over."""
        now = self._now_s()
        if self._shown_s is None:
            self._shown_s = now
            self._asked_s = now - (0.0 if self._job.fresh else 1e9)
        life_left = self._shown_s + self._timings.code_life_s - now
        if self._give_up or life_left <= 0:
            await self._hear(Signal.GIVE_UP, why="cancelled" if self._give_up else "time_over")
            return
        await self._pause(min(life_left, self._asked_s + self._rhythm_s() - now))
        if self._give_up or not self._in(State.SHOWN, State.WAITING):
            return
        if self._now_s() >= self._asked_s + min(self._job.check_again_s, self._rhythm_s()):  # as it was waited for
            life_left = self._shown_s + self._timings.code_life_s - self._now_s()
            await self._query(within_s=max(life_left, 0.0))

    def _rhythm_s(self) -> float:
        timings = self._timings
        if self._attempt.state is State.WAITING:
            return timings.acted_query_s
        shown_for = self._now_s() - (self._shown_s or 0.0)
        if shown_for < timings.push_first_query_s:
            return timings.push_first_query_s
        return timings.push_query_s if shown_for < timings.push_query_fast_for_s else timings.push_query_slow_s

    async def _close(self) -> None:
        """The code is off the glass. Ask, close, ask again: "nothing charged" or "already paid", proven."""
        await self._query()
        if not self._in(State.CLOSING):
            return
        answer = await self._job.provider.close(self._job.attempt)
        if isinstance(answer, Refused):
            await self._hear_refusal(answer.why)
        if not self._in(State.CLOSING):
            return
        await self._query()  # a payment may have slipped in before the close
        if not self._in(State.CLOSING):
            return
        if isinstance(answer, Accepted):
            await self._hear(Signal.CLOSE_OK)
            return
        if self._now_s() - self._started_s >= self._timings.reverse_window_s:
            await self._hear(Signal.WINDOW_OVER)
            return
        await self._remind()
        again_s = self._now_s() + self._stubborn_s()
        await self._pause(again_s - self._now_s())
        while (soon := min(self._asked_s + self._job.check_again_s, again_s) - self._now_s()) > 0:
            if not self._in(State.CLOSING):
                return
            await self._pause(soon)  # however often somebody presses "check again"
