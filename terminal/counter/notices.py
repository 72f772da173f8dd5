"""Notifications: verified over their raw bytes, compared with our record, durable before the bank gets its yes."""

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

from terminal.counter.floor import Floor
from terminal.counter.hint_pace import HintPace
from terminal.counter.orphans import subject_of
from terminal.counter.ports import Provider
from terminal.errors import Conflict, Hint, NotEvidence, Unavailable
from terminal.log_context import about
from terminal.payments.decide import hear
from terminal.payments.event import Actor, NewEvent
from terminal.payments.evidence import Mismatch, judge_of, judge_refund
from terminal.payments.exceptions import open_mismatch, refund_mismatch
from terminal.payments.fact import Facts
from terminal.payments.notice import Answer, Notice, RefundNotice, Told, Trade
from terminal.payments.refund import RefundSignal
from terminal.payments.refunding import hear_refund, shown_void
from terminal.payments.sale import Sale

log = logging.getLogger(__name__)
_MONEY: Final = frozenset({Trade.PAID, Trade.RETURNED})  # money came, whatever became of it


class Notices:
    def __init__(self, floor: Floor) -> None:
        self._floor = floor
        self._pace = HintPace(floor.parts.clock)
        self.repeated: Counter[str] = Counter()  # notifications that said nothing new, by channel

    async def take(self, channel: str, headers: Mapping[str, str], body: bytes) -> None:
        """Returns only when what the notice proves is durable (I6); the caller then answers yes.

        Raises:
            NotEvidence: answer no; forged ones are recorded as an alert. NotFound("channel_unknown").
        """
        channel = self._floor.channel(channel) or channel
        provider = self._floor.provider(channel)
        try:
            notice = await provider.take_notification(headers, body)
        except Hint as hint:
            await self._take_hints(channel, provider, hint.order_nos)
            return
        except NotEvidence as refused:
            await self._refused(channel, refused)
            raise
        if isinstance(notice, RefundNotice):
            await self._take_refund(channel, notice)
        else:
            await self._take_payment(channel, notice)

    async def take_verified(self, channel: str, notice: Notice) -> None:
        """Evidence whose origin was proven elsewhere: a line of the bank's own statement."""
        await self._take_payment(channel, notice)

    async def ask(self, channel: str, sale_id: str, order_no: str) -> Answer:
        """Ask about this order now; what the answer proves is durable on return, like any other evidence."""
        answer = await self._floor.provider(channel).query(order_no)
        if isinstance(answer, Told):
            for each in (answer.notice, *answer.others):
                await self._hear_payment(channel, sale_id, each)
        return answer

    async def _refused(self, channel: str, refused: NotEvidence) -> None:
        """A probe is the provider testing us; anything else that proves nothing is an alert (B5)."""
        if refused.slug == "signature_probe":
            await self._floor.floods.count(channel, "probe")
            return
        self._ask_instead(str(refused.facts.get("order_no", "")))
        if (more := await self._floor.alerts.refused(channel, refused.slug)) is not None:
            log.warning("notification for %s refused: %s (and %d before it)", channel, refused.slug, more)

    def _ask_instead(self, order_no: str) -> None:
        """Stale or repeated: no evidence, but perhaps our own clock is wrong. A query loses no money (S11)."""
        sale_id = self._floor.sale_of(order_no) if order_no else None
        if sale_id is None:
            return
        sale = self._floor.book.sale(sale_id)
        if driver := self._floor.adopt(sale.counter).drive(order_no):
            driver.nudge()

    async def _store_event(self, kind: str, subject: str, body: dict[str, Any]) -> None:
        store = self._floor.house.store
        event = NewEvent(f"store:{store}", kind, subject, Actor("provider", str(body["channel"])), body)
        await self._floor.feed.append([event])

    async def _orphan(self, channel: str, notice: Notice | RefundNotice) -> None:
        """Proven money for an order this journal does not know: never lost, always before a person (I1)."""
        log.error("verified notification for an unknown order at %s", channel)
        key = f"{channel}/{notice.evidence_id}"
        if self._floor.feed.claimed("orphan", key):
            return
        body: dict[str, Any] = {
            "channel": channel,
            "order_no": notice.order_no,
            "amount_minor": notice.amount_minor,
            "currency": notice.currency,
            "index": {
                "claims": [["orphan", key, notice.order_no]],
                "summary": {"kind": "orphan", "state": "open", "final": False, "open": False},
            },
        }
        try:
            async with self._floor.orphans.turn:
                await self._store_event("payment_orphaned", subject_of(notice.order_no), body)
        except Conflict:
            log.info("the same orphan was recorded meanwhile")
        else:
            self._floor.orphans.changed()

    async def _take_payment(self, channel: str, notice: Notice) -> None:
        floor, provider = self._floor, self._floor.provider(channel)
        sale_id = floor.sale_of(notice.order_no)
        if sale_id is None:
            if notice.trade in _MONEY:
                await self._orphan(channel, notice)
            return
        told: tuple[Notice, ...] = (notice,)
        if provider.profile.confirm_notification_by_query and notice.trade is Trade.PAID:
            told = await _confirmed(provider, notice.order_no)
        with about(sale=sale_id, attempt=notice.order_no):
            for each in told:
                await self._hear_payment(channel, sale_id, each)

    async def _hear_payment(self, channel: str, sale_id: str, notice: Notice) -> None:
        floor, provider = self._floor, self._floor.provider(channel)

        def decide(sale: Sale | None) -> Facts:
            assert sale is not None
            at_ms = floor.parts.clock.wall_ms()
            attempt = sale.attempt(notice.order_no)
            verdict = judge_of(sale, attempt.id, notice, provider.account)
            if floor.channel(attempt.provider) != channel:
                verdict = Mismatch("channel")  # another bank's word about this one's order (I14)
            if isinstance(verdict, Mismatch):
                log.error("notification for %s: the %s is not ours", notice.order_no, verdict.field)
                return open_mismatch(sale, attempt, verdict.field, notice, at_ms=at_ms)
            if voided := shown_void(sale, notice, provider.profile.void.shows):
                return hear_refund(sale, voided.id, RefundSignal.REFUNDED, at_ms=at_ms)
            facts = hear(sale, notice.order_no, verdict, at_ms=at_ms, evidence=notice)
            self.repeated[channel] += not facts and notice.source == "notification"
            return facts

        sale = await floor.book.commit(sale_id, decide, Actor("provider", channel))
        if driver := floor.adopt(sale.counter).drive(notice.order_no):
            driver.nudge()

    async def _take_hints(self, channel: str, provider: Provider, order_nos: Sequence[str]) -> None:
        """Ours first. What is not asked about now gets no yes and is told again; our own queries go on anyway."""
        ours = {each: self._floor.sale_of(each) is not None for each in order_nos}
        put_off = False
        for order_no in sorted(order_nos, key=lambda each: not ours[each]):
            if not self._pace.take(channel, order_no, ours=ours[order_no]):
                put_off = True
                await self._floor.floods.count(channel, "hint")
                continue
            try:
                await self._take_hint(channel, provider, order_no)
            except Unavailable:
                put_off = True
        if put_off:
            raise Unavailable("provider_down")

    async def _take_hint(self, channel: str, provider: Provider, order_no: str) -> None:
        """Only what the provider says when asked counts; until it says "paid", it must tell us again."""
        sale_id = self._floor.sale_of(order_no)
        answer = await provider.query(order_no)
        if isinstance(answer, Told) and answer.notice.trade in _MONEY:
            if sale_id is None:
                await self._orphan(channel, answer.notice)
                return
            for each in (answer.notice, *answer.others):
                await self._hear_payment(channel, sale_id, each)
            for refund in self._floor.book.sale(sale_id).refunds:
                if refund.attempt == order_no and (driver := self._floor.refunding.get(refund.id)):
                    driver.nudge()  # the end of a refund is told by the same words
        elif sale_id is not None:
            raise Unavailable("provider_down")

    async def _take_refund(self, channel: str, notice: RefundNotice) -> None:
        floor, provider = self._floor, self._floor.provider(channel)
        sale_id = floor.feed.claimed("refund", notice.refund_no)
        if sale_id is None:
            await self._orphan(channel, notice)
            return

        def decide(sale: Sale | None) -> Facts:
            assert sale is not None
            at_ms = floor.parts.clock.wall_ms()
            refund = sale.refund(notice.refund_no)
            verdict = judge_refund(notice, refund, provider.account)
            if floor.channel(sale.attempt(refund.attempt).provider) != channel:
                verdict = Mismatch("channel")
            if isinstance(verdict, Mismatch):
                log.error("notification for refund %s: the %s is not ours", notice.refund_no, verdict.field)
                return refund_mismatch(sale, refund, verdict.field, at_ms)
            provider_refund = notice.provider_refund
            return hear_refund(sale, notice.refund_no, verdict, at_ms=at_ms, provider_refund=provider_refund)

        await floor.book.commit(sale_id, decide, Actor("provider", channel))
        if driver := floor.refunding.get(notice.refund_no):
            driver.nudge()


async def _confirmed(provider: Provider, order_no: str) -> tuple[Notice, ...]:
    """What the provider says when asked (S13). Without an answer the notification gets no yes and comes again."""
    answer = await provider.query(order_no)
    if isinstance(answer, Told):
        return (answer.notice, *answer.others)
    raise Unavailable("provider_down")
