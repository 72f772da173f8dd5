"""What a shop took, gave back and holds: folded from the journal, event by event, integers of the smallest unit.

Every event of a sale is a difference: what the sale amounts to after it, less what it amounted to before. So a
report over any stretch of the journal is a sum of differences, two stretches add up to the longer one, and all of
them together are what the sales say, one by one. Nothing is counted that was not proven: an attempt whose end is
unknown adds nothing to "paid".
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any, Final, NamedTuple, Self

from terminal.payments.attempt import Flag
from terminal.payments.event import Event, Ledger
from terminal.payments.refund import RefundState
from terminal.payments.sale import Attempt, Refund, Sale, evolve
from terminal.settlement.business_day import ShopTime

History = Callable[[str], Sequence[Event]]  # a subject's events, oldest first


class Line(StrEnum):
    """Where a proven amount stands. Taken is all but ``refunded`` and ``claimed``; held is taken less refunded."""

    PAID = "paid"
    LATE = "late"  # proven after the sale had ended unpaid: a person attaches it or gives it back
    EXCESS = "excess"  # beside another payment of the same share, or captured twice
    DOUBT = "doubt"  # proven, but being taken back: not paid yet, not given back yet
    REFUNDED = "refunded"
    CLAIMED = "claimed"  # somebody's word without the bank's: no money of ours until it is proven


TAKEN: Final = (Line.PAID, Line.LATE, Line.EXCESS, Line.DOUBT)


class Item(NamedTuple):
    """One amount of a sale. ``detail``: the refund's id, or the exception's of a second capture."""

    line: Line
    attempt: str
    detail: str = ""


def items(sale: Sale) -> dict[Item, int]:
    """Everything proven about a sale, in smallest units."""
    found: dict[Item, int] = {}
    settled: set[int] = set()  # shares that an attempt pays
    for attempt in sale.attempts:
        line = _line(sale, attempt, settled)
        if line is not None:
            found[Item(line, attempt.id)] = attempt.amount.minor
        if line in {Line.PAID, Line.CLAIMED}:
            settled.add(attempt.share)
    for exception in sale.exceptions:
        if exception.id.startswith(f"{exception.attempt}:excess:"):
            found[Item(Line.EXCESS, exception.attempt, exception.id)] = exception.amount_minor
    for refund in sale.refunds:
        if refund.state is RefundState.REFUNDED:
            found[Item(Line.REFUNDED, refund.attempt, refund.id)] = refund.amount.minor
    return found


def _line(sale: Sale, attempt: Attempt, settled: set[int]) -> Line | None:
    beside = attempt.share in settled or any(x.id == f"{attempt.id}:excess" for x in sale.exceptions)
    if attempt.pays and not beside:
        return Line.PAID if attempt.captured else Line.CLAIMED
    if not attempt.captured:
        return None
    if attempt.live:
        return Line.DOUBT
    return Line.EXCESS if beside or sale.share_paid(attempt.share) else Line.LATE


class Sum(NamedTuple):
    """``n`` of them, together ``minor`` smallest units."""

    n: int = 0
    minor: int = 0

    def plus(self, other: "Sum") -> "Sum":
        return Sum(self.n + other.n, self.minor + other.minor)


Names = tuple[str, ...]
MARGINS: Final[Mapping[str, Names]] = {
    "wallets": ("currency", "channel", "wallet", "line"),
    "counters": ("currency", "counter", "line"),
    "cashiers": ("currency", "cashier", "line"),
    "hours": ("currency", "hour", "line"),
    "sales": ("currency", "counter", "state"),
    "notes": ("currency", "what"),
}


@dataclass(frozen=True, slots=True)
class ChannelSums:
    """What one wallet at one channel amounts to."""

    currency: str
    channel: str
    wallet: str
    lines: Mapping[Line, Sum]

    def of(self, line: Line) -> Sum:
        return self.lines.get(line, Sum())

    @property
    def taken_minor(self) -> int:
        return sum(self.of(line).minor for line in TAKEN)

    @property
    def held_minor(self) -> int:
        return self.taken_minor - self.of(Line.REFUNDED).minor


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums by the names of MARGINS; each margin adds up to the same. A sum of nothing has no row."""

    margins: Mapping[str, Mapping[Names, Sum]] = field(default_factory=lambda: {name: {} for name in MARGINS})

    def plus(self, other: "Totals") -> "Totals":
        added = {name: dict(rows) for name, rows in self.margins.items()}
        for name, rows in other.margins.items():
            for key, more in rows.items():
                add(added[name], key, more)
        return Totals(added)

    @property
    def empty(self) -> bool:
        return not any(self.margins.values())

    def line(self, line: Line, currency: str) -> Sum:
        rows = self.margins["wallets"].items()
        return _all(more for key, more in rows if key[0] == currency and key[-1] == line)

    def sales(self, state: str, currency: str) -> Sum:
        """``state``: opened, paid, cancelled or expired."""
        return _all(more for key, more in self.margins["sales"].items() if (key[0], key[-1]) == (currency, state))

    def noted(self, what: str, currency: str) -> Sum:
        """``attached``: late money that pays its sale; ``kept``: by an owner; ``exception_<kind>``: opened."""
        return self.margins["notes"].get((currency, what), Sum())

    def currencies(self) -> list[str]:
        return sorted({key[0] for rows in self.margins.values() for key in rows})

    def channels(self, currency: str) -> list[ChannelSums]:
        """One for each wallet, by channel and wallet."""
        found: dict[tuple[str, str], dict[Line, Sum]] = {}
        for (here, channel, wallet, line), more in sorted(self.margins["wallets"].items()):
            if here == currency:
                found.setdefault((channel, wallet), {})[Line(line)] = more
        return [ChannelSums(currency, *names, lines) for names, lines in found.items()]

    def held_minor(self, currency: str) -> int:
        return sum(each.held_minor for each in self.channels(currency))

    def fields(self) -> dict[str, list[list[str | int]]]:
        """For an event's body: rows of the margin's names, then count and smallest units."""
        return {name: [[*key, *more] for key, more in sorted(rows.items())] for name, rows in self.margins.items()}

    @classmethod
    def from_fields(cls, fields: Mapping[str, Sequence[Sequence[Any]]]) -> Self:
        return cls({name: {tuple(row[:-2]): Sum(*row[-2:]) for row in fields.get(name, ())} for name in MARGINS})


def add(rows: dict[Names, Sum], key: Names, more: Sum) -> None:
    now = rows.get(key, Sum()).plus(more)
    if now == Sum():
        rows.pop(key, None)
    else:
        rows[key] = now


def _all(sums: Iterable[Sum]) -> Sum:
    total = Sum()
    for each in sums:
        total = total.plus(each)
    return total


@dataclass(frozen=True, slots=True)
class Movement:
    """One amount that came to a line, or left it (negative), by one event.

    ``cashier``: who gave it back, or else who opened the sale, ``kind:id``. ``fee_rule``: as stored at the sale.
    """

    event: Event
    sale: Sale
    line: Line
    attempt: Attempt
    refund: Refund | None
    change: Sum
    cashier: str
    fee_rule: Mapping[str, Any] | None


MATTERS: Final = frozenset(  # the types of events that can move an amount or a sale
    {
        *("sale_opened", "sale_moved", "attempt_started", "attempt_moved", "evidence_noted", "override_made"),
        *("refund_started", "refund_moved", "exception_opened", "exception_closed"),
    }
)


@dataclass(slots=True)
class _Known:
    sale: Sale
    opener: str
    rules: dict[str, Mapping[str, Any]] = field(default_factory=dict)  # by attempt


class Fold:
    """Takes events in the journal's order and says what each one moves.

    It holds the sales that are under way; one that was begun before is read back from ``history``, once, so the
    work grows with the events taken and with nothing else.

    Args:
        ledger: whose sales count; training and test money stays out of a live shop's totals.
        counter: only this one; empty is all of them.
    """

    def __init__(self, history: History, *, ledger: Ledger, counter: str = "") -> None:
        self._history, self._ledger, self._counter = history, ledger, counter
        self._known: dict[str, _Known] = {}

    def take(self, event: Event) -> tuple[Sale | None, Sale, list[Movement]] | None:
        """The event's sale before and after it, and what moved; None: it says nothing about a sale that counts."""
        if event.ledger is not self._ledger or (self._counter and event.counter != self._counter):
            return None
        known = self._known.get(event.subject)
        if known is None:
            if event.type not in MATTERS or not event.counter:
                return None
            known = None if event.type == "sale_opened" else self._read(event)
        before = known.sale if known else None
        if before is None and event.type != "sale_opened":
            return None
        known = _after(known, event)
        self._known[event.subject] = known
        moved = _movements(event, before, known)
        if known.sale.final:
            del self._known[event.subject]
        return before, known.sale, moved

    def _read(self, event: Event) -> _Known | None:
        known: _Known | None = None
        for earlier in self._history(event.subject):
            if earlier.number < event.number and (known or earlier.type == "sale_opened"):
                known = _after(known, earlier)
        return known


def _after(known: _Known | None, event: Event) -> _Known:
    sale = evolve(known.sale if known else None, event.type, event.body)
    if known is None:
        return _Known(sale, event.actor)
    known.sale = sale
    if event.type == "attempt_started" and (rule := event.body.get("fee_rule")):
        known.rules[event.body["attempt"]] = rule
    return known


def _movements(event: Event, before: Sale | None, known: _Known) -> list[Movement]:
    sale = known.sale
    if event.type not in MATTERS:
        return []
    old, new = items(before) if before else {}, items(sale)
    found: list[Movement] = []
    for item in sorted(old.keys() | new.keys()):
        change = Sum((item in new) - (item in old), new.get(item, 0) - old.get(item, 0))
        if change != Sum():
            refund = next((each for each in sale.refunds if each.id == item.detail), None)
            side = sale if item in new or before is None else before  # what left, left its wallet of that time
            attempt = side.attempt(item.attempt)
            cashier = refund.actor if refund else known.opener
            rule = known.rules.get(attempt.id)
            found.append(Movement(event, sale, item.line, attempt, refund, change, cashier, rule))
    return found


class Tally:
    """Running totals of the events it was given. ``days``: business days on which something moved."""

    def __init__(self, shop: ShopTime) -> None:
        self._shop = shop
        self._rows: dict[str, dict[Names, Sum]] = {name: {} for name in MARGINS}
        self.days: set[date] = set()

    def take(self, event: Event, before: Sale | None, after: Sale, moved: Sequence[Movement], day: date) -> None:
        if event.type not in MATTERS:
            return
        currency, counter = after.amount.currency, after.counter
        rows = self._rows
        for each in moved:
            line = each.line.value
            wallet = each.attempt.wallet or each.attempt.provider
            add(rows["wallets"], (currency, each.attempt.provider, wallet, line), each.change)
            add(rows["counters"], (currency, counter, line), each.change)
            add(rows["cashiers"], (currency, each.cashier, line), each.change)
            add(rows["hours"], (currency, f"{self._shop.local(event.wall_ms).hour:02}", line), each.change)
        changed = bool(moved)
        for state, change in _difference(_states(before), _states(after)):
            add(rows["sales"], (currency, counter, state), change)
            changed = True
        for what, change in _difference(_notes(before), _notes(after)):
            add(rows["notes"], (currency, what), change)
            changed = True
        if changed:
            self.days.add(day)

    def totals(self) -> Totals:
        return Totals({name: dict(rows) for name, rows in self._rows.items()})


def _states(sale: Sale | None) -> dict[str, Sum]:
    if sale is None:
        return {}
    one = Sum(1, sale.amount.minor)
    return {"opened": one, **({sale.state.value: one} if sale.ended else {})}


def _notes(sale: Sale | None) -> dict[str, Sum]:
    found: dict[str, Sum] = {}

    def count(what: str, minor: int) -> None:
        found[what] = found.get(what, Sum()).plus(Sum(1, minor))

    for attempt in sale.attempts if sale else ():
        if attempt.attached:
            count("attached", attempt.amount.minor)
        if Flag.ACCEPTED in attempt.flags:
            count("kept", attempt.amount.minor)
    for exception in sale.exceptions if sale else ():
        count(f"exception_{exception.kind}", exception.amount_minor)
    return found


def _difference(before: Mapping[str, Sum], after: Mapping[str, Sum]) -> list[tuple[str, Sum]]:
    found = []
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name, Sum()), after.get(name, Sum())
        if old != new:
            found.append((name, Sum(new.n - old.n, new.minor - old.minor)))
    return found
