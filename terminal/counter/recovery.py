"""After any start: every doubt is asked about again, what was owed is owed, nothing is said twice (I22)."""

import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from terminal.counter.book import here
from terminal.counter.feed import Feed
from terminal.counter.settings import House
from terminal.counter.tax import KIND as TAX
from terminal.errors import Unavailable
from terminal.payments.attempt import Signal
from terminal.payments.decide import hear
from terminal.payments.event import Actor, NewEvent
from terminal.payments.exceptions import channel_gone
from terminal.payments.fact import Facts
from terminal.payments.refund import REFUND_ENDED, RefundSignal, RefundState
from terminal.payments.refunding import hear_refund
from terminal.payments.sale import Attempt, Refund, Sale
from terminal.payments.sale_parts import needs_sweep

if TYPE_CHECKING:
    from terminal.counter.service import Service

log = logging.getLogger(__name__)
RECOVERY: Final = Actor("system", "recovery")
STARTS_TOGETHER: Final = 20


async def recover(service: "Service") -> None:
    """Bring back every unfinished sale; returns when all of them have a driver again."""
    house, feed = service.house, service.feed
    for lane in service.lanes.values():
        if newest := feed.list("sale", counter=lane.id, limit=1):
            lane.last_no, lane.last_sale = newest[0].body["no"], newest[0].subject
    await _started(feed, house)
    serves = service.parts.serves
    owing = [each for each in feed.owed() if serves(each.counter)]  # now: what is owed below is news, this is not
    unfinished = [x for x in feed.unfinished() if x.body["kind"] == "sale" and serves(x.counter)]
    for each in unfinished:
        await _bring_back(service, service.book.sale(each.subject))
    for owed in owing:
        lane = service.adopt(owed.counter)
        if owed.kind == "voice":
            lane.voice.owe_stale(owed)
        elif owed.kind == "report":
            service.report_paper.recover(owed)
        elif owed.kind == TAX:
            service.tax.owe(owed)
        else:
            await service.tax.after_restart(owed)
            lane.paper.recover(owed)
    if unfinished:
        log.info("recovered %d unfinished sales", len(unfinished))


async def _started(feed: Feed, house: House) -> None:
    """When the power comes back, all machines of a shop say so at the same moment."""
    said = NewEvent(f"store:{house.store}", "service_started", "service", RECOVERY, {"ledger": house.ledger.value})
    for _ in range(STARTS_TOGETHER):
        with suppress(Unavailable):
            await feed.append([said])
            return
    await feed.append([said])


async def _bring_back(service: "Service", sale: Sale) -> None:
    lane = service.adopt(sale.counter)
    for attempt in sale.attempts:
        if attempt.live:
            sale = await _restart(service, sale, attempt)
        if attempt.live or needs_sweep(attempt):
            await _drive(service, sale, attempt)
    for refund in sale.refunds:
        if refund.state in REFUND_ENDED | {RefundState.MANUAL}:
            continue
        await _restart_refund(service, sale, refund)
        if not await _gone(service, sale, sale.attempt(refund.attempt), refund):
            service.drive_refund(sale, refund.id)
    sale = service.book.sale(sale.id)
    service.excess.changed(sale)
    service.remainder.changed(sale)
    if not sale.ended:
        service.watches.changed(None, sale)
        lane.changed(None, sale)


async def _drive(service: "Service", sale: Sale, attempt: Attempt) -> None:
    if not await _gone(service, sale, attempt):
        service.drive(sale, attempt.id, fresh=False)


async def _gone(service: "Service", sale: Sale, attempt: Attempt, refund: Refund | None = None) -> bool:
    """Whether its channel left the settings: then nobody can be asked, and a person must see that (I4)."""
    if service.channel(attempt.provider):
        return False
    log.error("sale %s: its channel %s left the settings; its result stays open", sale.id, attempt.provider)
    at_ms = service.parts.clock.wall_ms()
    await service.book.commit(sale.id, lambda now: channel_gone(here(now), attempt, refund, at_ms=at_ms), RECOVERY)
    return True


async def _restart(service: "Service", sale: Sale, attempt: Attempt) -> Sale:
    """It may have left before the power went: query first, never resend blindly (3.1)."""
    at_ms = service.parts.clock.wall_ms()

    def decide(now: Sale | None) -> Facts:
        assert now is not None
        return hear(now, attempt.id, Signal.RESTART, at_ms=at_ms)

    return await service.book.commit(sale.id, decide, RECOVERY)


async def _restart_refund(service: "Service", sale: Sale, refund: Refund) -> None:
    at_ms = service.parts.clock.wall_ms()

    def decide(now: Sale | None) -> Facts:
        assert now is not None
        return hear_refund(now, refund.id, RefundSignal.RESTART, at_ms=at_ms)

    await service.book.commit(sale.id, decide, RECOVERY)
