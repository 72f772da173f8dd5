"""A day of bills in one value: what was read, what matched, what differs and how much of it is still open."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from terminal.payments.event import Summary
from terminal.settlement.differences import Kind, Note


@dataclass(frozen=True, slots=True)
class BillRow:
    """One bill of the day as it was taken over; ``sums`` in smallest units, fees in thousandths of them."""

    channel: str
    kind: str  # trade, funds or statement
    lines: int
    matched: int
    read_ms: int
    sums: Mapping[str, int]
    notes: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class FeeGapTold:
    """Rates as people write them: ``0.38 %`` instead of ``0.30 %``."""

    channel: str
    charged: str
    agreed: str
    free: bool = False  # in a fee holiday


@dataclass(frozen=True, slots=True)
class DaySummary:
    """``kinds`` counts what was found of this day, ``open`` what of it still waits for a person.

    Funds bills tell the same money once more, so ``lines`` and ``matched`` are of the others.
    """

    day: str
    bills: tuple[BillRow, ...] = ()
    kinds: Mapping[Kind, int] = field(default_factory=dict)
    notes: Mapping[Note, int] = field(default_factory=dict)
    fees: tuple[FeeGapTold, ...] = ()
    open: int = 0

    @property
    def lines(self) -> int:
        return sum(each.lines for each in self.bills if each.kind != "funds")

    @property
    def matched(self) -> int:
        return sum(each.matched for each in self.bills if each.kind != "funds")

    @property
    def found(self) -> int:
        return sum(self.kinds.values())


def summary_of(day: str, bills: Iterable[Summary], differences: Iterable[Summary]) -> DaySummary:
    """From the rows of the lists; those of other days are passed over."""
    kinds: Counter[Kind] = Counter()
    fees: list[FeeGapTold] = []
    waiting = 0
    for row in differences:
        body = row.body
        if body["day"] != day:
            continue
        kind, count = Kind(body["about"]), int(body["facts"].get("more", 1))
        kinds[kind] += count
        waiting += count if body["open"] else 0
        if kind is Kind.FEE and "charged" in body["facts"]:
            facts = body["facts"]
            fees.append(FeeGapTold(body["channel"], facts["charged"], facts["agreed"], bool(facts.get("free"))))
    told = tuple(_bill(row) for row in bills if row.body["day"] == day)
    notes: Counter[Note] = Counter()
    for each in told:
        notes.update({Note(name): count for name, count in each.notes.items()})
    return DaySummary(day, told, dict(kinds), dict(notes), tuple(fees), waiting)


def _bill(row: Summary) -> BillRow:
    body: Mapping[str, Any] = row.body
    sums = {name: value for name, value in body["sums"].items() if isinstance(value, int)}
    return BillRow(
        body["channel"], body["about"], body["lines"], body["matched"], row.last_ms, sums, dict(body["notes"])
    )
