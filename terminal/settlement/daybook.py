"""The day book: one row for each proven amount that came or went, in the journal's order, for the accountant.

Rows are made while the journal is read, page by page, so a year takes no more memory than a day.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import date
from typing import Final, Protocol

from terminal.payments.event import Ledger, Summary
from terminal.payments.money import Money
from terminal.settlement.business_day import ShopTime
from terminal.settlement.stretch import Pages, events, span
from terminal.settlement.totals import Fold, Line, Movement

_ZS: Final = 100  # read at once


@dataclass(frozen=True, slots=True)
class Row:
    """Columns in their order, which stays; new ones come at the end. docs/reports.md tells accountants the same.

    Args:
        number: of the journal's event.
        z: the Z that covers it; 0: not sealed yet.
        kind: a ``Line``; ``amount_minor`` is negative where money went, or left that line.
        bank_no: the provider's own number of the payment or refund.
        cashier: who gave it back, or who opened the sale, ``kind:id``.
    """

    number: int
    at: str
    day: str
    z: int
    counter: str
    sale_no: int
    sale: str
    kind: str
    channel: str
    wallet: str
    attempt: str
    refund: str
    bank_no: str
    currency: str
    amount_minor: int
    amount: str
    cashier: str
    fee_rule: str
    paid_at: str
    order_no: str
    reference: str
    title: str
    ledger: str


COLUMNS: Final = tuple(field.name for field in fields(Row))


class Shelf(Pages, Protocol):
    """A journal to read, with its lists."""

    def list(
        self, kind: str, *, counter: str = "", before: int | None = None, limit: int = 20, search: str = ""
    ) -> tuple[Summary, ...]: ...


class DayBook:
    """``counter``: only this one; empty is all of them."""

    def __init__(self, journal: Shelf, shop: ShopTime, *, ledger: Ledger, counter: str = "") -> None:
        self._journal, self._shop, self._ledger, self._counter = journal, shop, ledger, counter

    def of_days(self, first: date, last: date) -> Iterator[list[Row]]:
        """Rows of these business days, both included, by the wall clock of their events; a list for each page."""
        begin, end = self._shop.bounds(first)[0], self._shop.bounds(last)[1]
        for rows in self.of_numbers(*span(self._journal, begin, end)):
            yield [row for row in rows if first.isoformat() <= row.day <= last.isoformat()]

    def of_numbers(self, first: int, last: int) -> Iterator[list[Row]]:
        """Rows of the events ``first`` to ``last``, such as those of a Z; together they are its totals."""
        fold = Fold(self._journal.of_subject, ledger=self._ledger, counter=self._counter)
        seals = self._seals(first)
        for batch in events(self._journal, first, last):
            found = []
            for event in batch:
                while seals and seals[-1][0] < event.number:
                    seals.pop()
                told = fold.take(event)
                found += [self._row(each, seals[-1][1] if seals else 0) for each in (told[2] if told else ())]
            yield found

    def _seals(self, first: int) -> list[tuple[int, int]]:
        """Newest first, each Z that covers something from ``first`` on: its last event, its own number."""
        found: list[tuple[int, int]] = []
        before: int | None = None
        while rows := self._journal.list("z_report", before=before, limit=_ZS):
            for row in rows:
                if row.body["last"] < first:
                    return found
                found.append((row.body["last"], row.body["n"]))
            before = rows[-1].first_number
        return found

    def _row(self, moved: Movement, z: int) -> Row:
        event, sale, attempt, refund = moved.event, moved.sale, moved.attempt, moved.refund
        currency = attempt.amount.currency
        minor = -moved.change.minor if moved.line is Line.REFUNDED else moved.change.minor
        return Row(
            number=event.number,
            at=self._shop.local(event.wall_ms).isoformat(timespec="milliseconds"),
            day=self._shop.business_day(event.wall_ms).isoformat(),
            z=z,
            counter=sale.counter,
            sale_no=sale.no,
            sale=sale.id,
            kind=moved.line.value,
            channel=attempt.provider,
            wallet=attempt.wallet,
            attempt=attempt.id,
            refund=refund.id if refund else "",
            bank_no=refund.provider_refund if refund else attempt.provider_txn,
            currency=currency,
            amount_minor=minor,
            amount=Money(minor, currency).plain(),
            cashier=moved.cashier,
            fee_rule=str((moved.fee_rule or {}).get("id", "")),
            paid_at=attempt.paid_at,
            order_no=sale.order_no,
            reference=sale.reference,
            title=sale.title,
            ledger=event.ledger.value,
        )
