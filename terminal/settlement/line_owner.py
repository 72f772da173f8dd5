"""Whose money a line is: its order number first, then what else it carries, the most trusted first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from terminal.counter.ports import Journal
from terminal.payments.bill import BillLine, LineKind
from terminal.payments.event import Summary
from terminal.payments.settled import Settlement
from terminal.settlement import local as known_here
from terminal.settlement.local import Local
from terminal.settlement.ports import SettledViews

REFERENCES_MAX: Final = 8  # of one line
Rows = Mapping[str, Summary]


class Known(NamedTuple):
    """``sale`` is empty and ``local`` None where the journal has nothing like it."""

    kind: LineKind
    number: str = ""
    sale: str = ""
    local: Local | None = None
    before: Settlement | None = None


@dataclass(frozen=True, slots=True)
class Owners:
    journal: Journal
    views: SettledViews
    fee: str = ""  # id of the channel's own price

    def of(self, lines: Sequence[BillLine]) -> list[Known]:
        """One for each line, with few questions for all of them."""
        named = [(line, _numbers(line)) for line in lines]
        orders = {number for line, some in named if line.kind is not LineKind.REFUND for number in some}
        refunds = {number for line, some in named if line.kind is LineKind.REFUND for number in some}
        paid, back = self._rows("order", orders), self._rows("refund", refunds)
        found = [self._find(line, some, back if line.kind is LineKind.REFUND else paid) for line, some in named]
        settled = self.views.settlements([each.local.id for each in found if each.local])
        if not settled:
            return found
        return [
            each._replace(before=settled[each.local.id]) if each.local and each.local.id in settled else each
            for each in found
        ]

    def of_order(self, order_no: str) -> Local | None:
        """A payment by its order number alone."""
        row = self.views.standings("order", [order_no]).get(order_no)
        return self._read(LineKind.PAYMENT, row.subject, order_no) if row else None

    def again(self, known: Known) -> Known:
        """After the engine heard of it."""
        local = self._read(known.kind, known.sale, known.number)
        return known._replace(local=local, before=self.views.settlement(known.number))

    def _rows(self, claim: str, numbers: set[str]) -> Rows:
        return self.views.standings(claim, sorted(numbers)) if numbers else {}

    def _find(self, line: BillLine, numbers: tuple[str, ...], rows: Rows) -> Known:
        for number in numbers:
            if row := rows.get(number):
                quick = known_here.of_summary(row, number, self.fee) if line.kind is LineKind.PAYMENT else None
                return Known(line.kind, number, row.subject, quick or self._read(line.kind, row.subject, number))
        return self._by_transaction(line)

    def _by_transaction(self, line: BillLine) -> Known:
        """The provider's own number, where the line lost ours."""
        if line.kind is LineKind.PAYMENT and line.provider_txn:
            for row in self.journal.list("sale", search=line.provider_txn, limit=4):
                sale = known_here.sale_of(self.journal.of_subject(row.subject))
                for attempt in sale.attempts if sale else ():
                    if attempt.provider_txn == line.provider_txn:
                        return Known(
                            line.kind, attempt.id, row.subject, self._read(line.kind, row.subject, attempt.id)
                        )
        return Known(line.kind)

    def _read(self, kind: LineKind, sale_id: str, number: str) -> Local | None:
        events = self.journal.of_subject(sale_id)
        sale = known_here.sale_of(events)
        if sale is None:
            return None
        if kind is LineKind.REFUND:
            return known_here.refund(sale, number)
        return known_here.payment(sale, number, known_here.fee_rules(events))


def _numbers(line: BillLine) -> tuple[str, ...]:
    named = line.refund_no if line.kind is LineKind.REFUND else line.order_no
    mine = (named,) if named else ()
    return (*mine, *line.references[:REFERENCES_MAX]) if line.references else mine
