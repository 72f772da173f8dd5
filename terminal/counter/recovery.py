"""After any start: every doubt is asked about again, what was owed is owed, nothing is said twice (I22)."""

import logging
from contextlib import suppress
from typing import Final

from terminal.counter.book import here
from terminal.counter.excess import Excess
from terminal.counter.feed import Feed
from terminal.counter.floor import Floor
from terminal.counter.remainder import Remainder
from terminal.counter.report_paper import ReportPaper
from terminal.counter.settings import House
from terminal.counter.tax import KIND as TAX
from terminal.errors import Unavailable
from terminal.payments.attempt import NOT_PAID, Signal
from terminal.payments.decide import hear
from terminal.payments.event import Actor, NewEvent
from terminal.payments.exceptions import channel_gone
from terminal.payments.fact import Facts
from terminal.payments.refund import REFUND_ENDED, RefundSignal, RefundState
from terminal.payments.refunding import hear_refund
from terminal.payments.sale import Attempt, Refund, Sale
from terminal.payments.sale_parts import needs_sweep

log = logging.getLogger(__name__)
RECOVERY: Final = Actor("system", "recovery")
STARTS_TOGETHER: Final = 20


async def recover(floor: Floor, excess: Excess, remainder: Remainder, report_paper: ReportPaper) -> None:
    """Bring back every unfinished sale; returns when all of them have a driver again."""
    house, feed = floor.house, floor.feed
    for lane in floor.lanes.values():
        if newest := feed.list("sale", counter=lane.id, limit=1):
            lane.last_no, lane.last_sale = newest[0].body["no"], newest[0].subject
    await _started(feed, house)
    serves = floor.parts.serves
    owing = [each for each in feed.owed() if serves(each.counter)]  # now: what is owed below is news, this is not
    unfinished = [x for x in feed.unfinished() if x.body["kind"] == "sale" and serves(x.counter)]
    for each in unfinished:
        await _bring_back(floor, excess, remainder, floor.book.sale(each.subject))
    for owed in owing:
        lane = floor.adopt(owed.counter)
        if owed.kind == "voice":
            lane.voice.owe_stale(owed)
        elif owed.kind == "report":
            report_paper.recover(owed)
        elif owed.kind == TAX:
            floor.tax.owe(owed)
        else:
            await floor.tax.after_restart(owed)
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


async def _bring_back(floor: Floor, excess: Excess, remainder: Remainder, sale: Sale) -> None:
    lane = floor.adopt(sale.counter)
    for attempt in sale.attempts:
        if attempt.live:
            sale = await _restart(floor, sale, attempt)
        known = attempt.state in NOT_PAID and not floor.channel(attempt.provider)  # its looks wait for the channel
        if attempt.live or (needs_sweep(attempt) and not known):
            await _drive(floor, sale, attempt)
    for refund in sale.refunds:
        if refund.state in REFUND_ENDED | {RefundState.MANUAL}:
            continue
        await _restart_refund(floor, sale, refund)
        if not await _gone(floor, sale, sale.attempt(refund.attempt), refund):
            floor.drive_refund(sale, refund.id)
    sale = floor.book.sale(sale.id)
    excess.changed(sale)
    remainder.changed(sale)
    if not sale.ended:
        floor.watches.changed(None, sale)
        lane.changed(None, sale)


async def _drive(floor: Floor, sale: Sale, attempt: Attempt) -> None:
    if not await _gone(floor, sale, attempt):
        floor.drive(sale, attempt.id, fresh=False)


async def _gone(floor: Floor, sale: Sale, attempt: Attempt, refund: Refund | None = None) -> bool:
    """Whether its channel left the settings: then nobody can be asked, and a person must see that (I4)."""
    if floor.channel(attempt.provider):
        return False
    log.error("sale %s: its channel %s left the settings; its result stays open", sale.id, attempt.provider)
    at_ms = floor.parts.clock.wall_ms()
    await floor.book.commit(sale.id, lambda now: channel_gone(here(now), attempt, refund, at_ms=at_ms), RECOVERY)
    return True


async def _restart(floor: Floor, sale: Sale, attempt: Attempt) -> Sale:
    """It may have left before the power went: query first, never resend blindly (3.1)."""
    at_ms = floor.parts.clock.wall_ms()

    def decide(now: Sale | None) -> Facts:
        assert now is not None
        return hear(now, attempt.id, Signal.RESTART, at_ms=at_ms)

    return await floor.book.commit(sale.id, decide, RECOVERY)


async def _restart_refund(floor: Floor, sale: Sale, refund: Refund) -> None:
    at_ms = floor.parts.clock.wall_ms()

    def decide(now: Sale | None) -> Facts:
        assert now is not None
        return hear_refund(now, refund.id, RefundSignal.RESTART, at_ms=at_ms)

    await floor.book.commit(sale.id, decide, RECOVERY)
