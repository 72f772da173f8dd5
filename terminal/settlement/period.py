"""Some business days in a row, each with its totals, read once and read on; and what of them is settled.

One pass over the journal for any number of days, with the same fold as every report, so a week and a month cost
no more than the month. What bills said is asked for afresh each time: it comes days later.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from terminal.payments.event import Ledger
from terminal.payments.fees import whole_units
from terminal.settlement.business_day import ShopTime
from terminal.settlement.fees import Settled
from terminal.settlement.stretch import Pages, in_turns, span
from terminal.settlement.totals import TAKEN, Fold, Line, Tally, Totals

AT_ONCE: Final = 500  # settlements asked for together


@dataclass(slots=True)
class Batch:
    """What one bill settled of a period: paid out together. Refunds are negative in ``settle_minor``."""

    day: str
    batch: str
    channel: str
    currency: str
    n: int = 0
    settle_minor: int = 0
    fee_milli: int = 0

    @property
    def fee_minor(self) -> int:
        return whole_units(self.fee_milli)


@dataclass(slots=True)
class _Day:
    tally: Tally
    subjects: dict[str, str] = field(default_factory=dict)  # attempts and refunds that moved: their currency


class Period:
    """The business days ``first`` to ``last``, both included; ``last`` may lie ahead."""

    def __init__(self, journal: Pages, shop: ShopTime, first: date, last: date, *, ledger: Ledger) -> None:
        self._journal, self._shop, self.first, self.last = journal, shop, first, last
        self._fold = Fold(journal.of_subject, ledger=ledger)
        self._days: dict[date, _Day] = {}
        self._at = -1

    async def read(self) -> None:
        """Take what the journal has by now."""
        begin, end = span(self._journal, self._shop.bounds(self.first)[0], self._shop.bounds(self.last)[1])
        if self._at < 0:
            self._at = begin - 1
        async for event in in_turns(self._journal, self._at + 1, end):
            self._at = event.number
            told = self._fold.take(event)
            day = self._shop.business_day(event.wall_ms)
            if told is None or not self.first <= day <= self.last:
                continue
            before, after, moved = told
            kept = self._days.setdefault(day, _Day(Tally(self._shop)))
            kept.tally.take(event, before, after, moved, day)
            for each in moved:
                if each.line in TAKEN or each.line is Line.REFUNDED:
                    subject = each.refund.id if each.refund else each.attempt.id
                    kept.subjects[subject] = each.attempt.amount.currency

    def totals(self, first: date, last: date) -> Totals:
        found = Totals()
        for day in sorted(self._days):
            if first <= day <= last:
                found = found.plus(self._days[day].tally.totals())
        return found

    def batches(self, first: date, last: date, settled: Settled) -> list[Batch]:
        """What bills settled of the money that moved on these days, the newest bill first."""
        subjects: dict[str, str] = {}
        for day, kept in self._days.items():
            if first <= day <= last:
                subjects |= kept.subjects
        return batches_of(subjects, settled)


def batches_of(subjects: Mapping[str, str], settled: Settled) -> list[Batch]:
    """``subjects``: ids of attempts and refunds with their currency. Newest bill first."""
    found: dict[tuple[str, str, str, str], Batch] = {}
    wanted = list(subjects)
    for at in range(0, len(wanted), AT_ONCE):
        for subject, told in settled.settlements(wanted[at : at + AT_ONCE]).items():
            key = (told.day, told.batch, told.channel, subjects[subject])
            batch = found.setdefault(key, Batch(*key))
            batch.n += 1
            batch.settle_minor += -told.settle_minor if told.kind == "refund" else told.settle_minor
            batch.fee_milli += told.fee_milli
    return [found[key] for key in sorted(found, reverse=True)]
