"""How much who may give back alone, and all together in a day: asked by pages and every other door (S36, S38).

What is allowed is counted in the journal before the refund is sent and never given back: a limit that a failed
refund moves is none.
"""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from terminal.counter.ports import Clock, Journal
from terminal.errors import Conflict
from terminal.payments.event import Actor, NewEvent
from terminal.payments.money import Money
from terminal.people.roles import Action, Principal, RefundPolicy, decide_refund

ALONE: Final = "refund_allowed_alone"
COUNTED: Final = "refund_counted"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class RefundRights:
    """``zone``: IANA name of the shop's own; it says which day it is, never what becomes of money."""

    def __init__(self, store: str, *, journal: Journal, clock: Clock, zone: str, policy: RefundPolicy) -> None:
        self._stream, self._journal, self._clock = f"store:{store}", journal, clock
        self._zone, self._policy = zone, policy
        self._turn = asyncio.Lock()

    async def alone(self, who: Principal, amount_minor: int, *, by_pin: bool, approver: bool = False) -> bool:
        """Whether ``who`` needs nobody else for this; a yes is durable and uses up the day's allowance.

        Args:
            by_pin: an owner holds refunds back, nobody gives any alone.
            approver: somebody who may is there anyway; only an approver's own act needs no other name then.

        Raises:
            NotAllowed: as ``decide_refund``.
        """
        async with self._turn:
            subject = f"refunds:{who.actor}:{self._day()}"
            verdict = decide_refund(
                RefundPolicy() if by_pin else self._policy,
                who,
                amount_minor=amount_minor,
                today_minor=self._sum(subject, ALONE),
                now_ns=self._clock.mono_ns(),
            )
            if verdict != "allowed" or approver:
                return False
            if not who.may(Action.APPROVE_REFUND):
                body: dict[str, Any] = {"amount_minor": amount_minor, "day": self._day()}
                await self._journal.append([NewEvent(self._stream, ALONE, subject, who.actor, body)])
            return True

    @property
    def day_limit(self) -> int:
        """The most that all refunds of a day may be together, smallest unit; 0: no limit."""
        return self._policy.day_minor

    async def count(self, actor: Actor, amount: Money) -> None:
        """Raises Conflict("refund_day_limit")."""
        if not self.day_limit:
            return
        async with self._turn:
            subject = f"refunds:all:{self._day()}"
            if self._sum(subject, COUNTED) + amount.minor > self.day_limit:
                raise Conflict("refund_day_limit", limit=Money(self.day_limit, amount.currency).plain())
            body: dict[str, Any] = {"amount_minor": amount.minor, "day": self._day()}
            await self._journal.append([NewEvent(self._stream, COUNTED, subject, actor, body)])

    def _day(self) -> str:
        here = (_EPOCH + timedelta(milliseconds=self._clock.wall_ms())).astimezone(ZoneInfo(self._zone))
        return here.date().isoformat()

    def _sum(self, subject: str, kind: str) -> int:
        """From the journal, so a restart forgets nothing."""
        return sum(each.body["amount_minor"] for each in self._journal.of_subject(subject) if each.type == kind)
