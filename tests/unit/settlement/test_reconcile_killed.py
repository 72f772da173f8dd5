"""A run that dies between two appends leaves nothing wrong: run again, it ends as if it had never died."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from terminal.counter.ports import Ticket
from terminal.payments.bill import BillLine
from terminal.payments.event import Event, NewEvent
from terminal.settlement.reconcile import Reconciler
from terminal.settlement.record import open_differences
from tests.unit.settlement.shop import DAY, Shop


class Killed(BaseException):
    pass


class Mortal:
    """The journal of a process that dies before its n-th append."""

    def __init__(self, shop: Shop, appends: int) -> None:
        self._feed, self._left = shop.feed, appends
        self.claimed, self.of_subject, self.after = shop.feed.claimed, shop.feed.of_subject, shop.feed.after
        self.last_number, self.unfinished = shop.feed.last_number, shop.feed.unfinished
        self.list, self.owed = shop.feed.list, shop.feed.owed

    async def append(self, events: Sequence[NewEvent], *, ticket: Ticket | None = None) -> tuple[Event, ...]:
        if self._left == 0:
            raise Killed
        self._left -= 1
        return await self._feed.append(events, ticket=ticket)


async def _planted(shop: Shop) -> list[BillLine]:
    orders = await shop.day(DAY, 300, seed="killed")
    lines = [shop.line(each) for each in orders]
    strangers = [replace(each, order_no=f"X{n}", provider_txn="") for n, each in enumerate(lines[:70])]
    return [*lines, *strangers, lines[0]]


@pytest.mark.row(110)
@pytest.mark.parametrize("appends", range(4))
async def test_i5_killed_between_two_appends_it_ends_the_same_when_run_again(shop: Shop, appends: int) -> None:
    lines = await _planted(shop)
    whole = shop.reconciler
    shop.reconciler = Reconciler(Mortal(shop, appends), shop.journal.settled, shop.clock, "s-1", shop.asked)
    with pytest.raises(Killed):
        await shop.take(lines)
    shop.reconciler = whole
    report = await shop.take(lines)
    assert (report.repeated, report.matched, report.found) == (False, 300, 71)
    assert len(open_differences(shop.feed)) == 71
    assert len(shop.journal.settled.settled_on("2026-11-20", limit=1_000)) == 300
    settled = [each for each in shop.feed.of_subject("settled:wechatpay") if each.type == "settled"]
    assert sum(each.body["rows"] for each in settled) == 300
    assert (await shop.take(lines)).repeated
