"""Paid here and in no bill: looked for once the bill of its day and the one after it have both been read.

A payment just before the provider's midnight stands in the next file, so one file alone proves nothing.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from terminal.counter.ports import Journal
from terminal.settlement import local as known
from terminal.settlement.differences import Difference, Kind
from terminal.settlement.local import Local, Standing
from terminal.settlement.matching import day_begins_ms
from terminal.settlement.ports import BillChannel, SettledViews

DAY: Final = timedelta(days=1)
LOOK_BACK: Final = 3  # days that a sale may stand open before its money is proven
PAGE: Final = 1_000  # rows the views answer with at most
SPLIT_MS: Final = 1_000  # no stretch is cut shorter
_DONE: Final = frozenset({"paid", "part_paid"})


@dataclass(frozen=True, slots=True)
class Absent:
    """A payment or refund that is done here. ``sure``: two bills lack it, else the next one decides."""

    local: Local
    what: str  # payment or refund
    sure: bool


def bill_key(channel: str, kind: str, day: date) -> str:
    return f"{channel}/{kind}/{day.isoformat()}"


def days_decided(journal: Journal, channel: str, kind: str, day: date) -> tuple[date, ...]:
    """Days whose own bill and the next are known, now that the bill of ``day`` is."""
    before = journal.claimed("bill_day", bill_key(channel, kind, day - DAY))
    after = journal.claimed("bill_day", bill_key(channel, kind, day + DAY))
    return (*((day - DAY,) if before else ()), *((day,) if after else ()))


async def absent_on(
    journal: Journal, views: SettledViews, channel: BillChannel, day: date, *, sure: bool
) -> AsyncIterator[Absent | None]:
    """What this journal has of that day and no bill; None now and then, so that others may go on.

    A payment is of the day its money was proven: that, and not when its sale began, says which bills can have it.
    """
    from_ms, until_ms = day_begins_ms(day, channel), day_begins_ms(day + DAY, channel)
    for begun in (day - back * DAY for back in range(LOOK_BACK, -1, -1)):
        after = 0
        bounds = (day_begins_ms(begun, channel), day_begins_ms(begun + DAY, channel))
        while page := views.unsettled_sales(*bounds, after=after):
            after = page[-1].first_number
            for row in page:
                ours = channel.is_called(row.body.get("channel", channel.name))
                if row.body["state"] in _DONE and ours and row.last_ms >= from_ms:
                    for each in _payments(journal, views, channel, row.subject, from_ms, until_ms):
                        yield Absent(each, "payment", sure)
            yield None
    for sale_id in _with_refunds(views, from_ms, until_ms):
        for each in _refunds(journal, views, channel, sale_id, from_ms, until_ms):
            yield Absent(each, "refund", sure)
        yield None


def _payments(
    journal: Journal, views: SettledViews, channel: BillChannel, sale_id: str, from_ms: int, until_ms: int
) -> list[Local]:
    events = journal.of_subject(sale_id)
    sale = known.sale_of(events)
    if sale is None:
        return []
    settled = views.settlements([each.id for each in sale.attempts])
    found = [known.payment(sale, each.id) for each in sale.attempts if each.id not in settled]
    paid = (each for each in found if each and each.standing is Standing.PAID and channel.is_called(each.channel))
    return [each for each in paid if from_ms <= known.proven_ms(events, each.id) < until_ms]


def _with_refunds(views: SettledViews, from_ms: int, until_ms: int) -> list[str]:
    """All of them: an answer that is full is asked for again in halves."""
    found = views.sales_with_refunds(from_ms, until_ms)
    if len(found) < PAGE or until_ms - from_ms <= SPLIT_MS:
        return list(found)
    middle = (from_ms + until_ms) // 2
    halves = (*_with_refunds(views, from_ms, middle), *_with_refunds(views, middle, until_ms))
    return list(dict.fromkeys(halves))


def _refunds(
    journal: Journal, views: SettledViews, channel: BillChannel, sale_id: str, from_ms: int, until_ms: int
) -> list[Local]:
    """Refunds that ended, or are under way, by what was heard of them in this stretch."""
    events = journal.of_subject(sale_id)
    sale = known.sale_of(events)
    if sale is None:
        return []
    heard = {
        each.body["refund"]
        for each in events
        if each.type == "refund_moved" and from_ms <= each.wall_ms < until_ms
    }
    real = [each.id for each in sale.refunds if each.id in heard and each.way == "refund"]
    settled = views.settlements(real)
    found = [known.refund(sale, each) for each in real if each not in settled]
    wanted = {Standing.PAID, Standing.OPEN}
    return [each for each in found if each and each.standing in wanted and channel.is_called(each.channel)]


def missing_there(absent: Absent, channel: BillChannel, day: date, asked: str = "") -> Difference:
    """``asked``: what the provider said when it was asked again, a word of ``Trade``; empty: nothing."""
    local = absent.local
    return Difference(
        kind=Kind.MISSING_THERE,
        channel=channel.name,
        key=local.id,
        day=day.isoformat(),
        currency=local.amount.currency,
        here_minor=local.amount.minor,
        sale=local.sale,
        attempt=local.id,
        facts={"number": local.id, "no": local.no, "what": absent.what, "asked": asked},
    )
