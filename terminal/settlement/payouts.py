"""Does it add up, and did it come? Payments less refunds less fees of the bills is what the provider pays out.

A payout is of whole days in a row that no other payout was for. Which days it was for is kept, so that the money
of a day that never comes is missed, and a payout that comes twice is one too many.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from hashlib import sha256
from typing import Any, Final

from terminal.counter.ports import Journal
from terminal.payments.bill import LineKind, LineState
from terminal.payments.fees import MILLI
from terminal.settlement.absent import bill_key
from terminal.settlement.differences import Difference, Fix, Kind
from terminal.settlement.ports import BillHead, SettledViews
from terminal.settlement.spool import Spool

RUN_MAX: Final = 16  # days that one payout may be for: a weekend and the longest holidays
MISSED_MAX: Final = 31  # days back that money is missed
WAITING_MAX: Final = 100  # payouts whose days' bills were not there yet


@dataclass(frozen=True, slots=True)
class Payout:
    """One payout as a file told it. ``days``: it is for these, newest first; none: nobody knows yet."""

    key: str
    on: date
    minor: int
    days: tuple[date, ...] = ()


def net_milli(sums: Mapping[str, int]) -> int:
    """Of a bill's sums, in thousandths of the smallest unit."""
    paid, back = sums.get("payment_minor", 0), sums.get("refund_minor", 0)
    return (paid - back) * MILLI - sums.get("fee_milli", 0)


def payout_name(file: BillHead, key: str) -> str:
    """The subject of a payout's events."""
    return "payout:" + sha256(f"{file.channel.name}\0{file.kind}\0{key}".encode()).hexdigest()[:26]


def payout_source(channel: str, kind: str, account: str) -> str:
    """Where payouts are told: the first of them says since when they are missed there."""
    return f"{channel}/{kind}/{account}"[:128]


def day_name(file: BillHead, day: date) -> str:
    """A day's money as this source of payouts tells of it: the balance and the bank each tell the same payout."""
    return f"{file.channel.name}/{file.kind}/{day.isoformat()}"


@dataclass(slots=True)
class Payouts:
    """Of one file: the balance's movements, or a bank's statement.

    Args:
        day: the file's last one; ``span``: it is of several days, so its payouts are of their own.
    """

    journal: Journal
    views: SettledViews
    file: BillHead
    day: date
    spool: Spool
    span: bool = False
    _nets: dict[date, int | None] = field(default_factory=dict)
    _unknown: list[Payout] = field(default_factory=list)  # whose days' bills are not there yet
    _now: dict[date, str] = field(default_factory=dict)  # what this run gave to which payout

    @property
    def source(self) -> str:
        end = self.spool.end
        return payout_source(self.file.channel.name, self.file.kind, end.account if end else "")

    def differences(self) -> Iterator[Difference | Payout]:
        """What differs, and every payout that was found its days, in an order in which they can be written."""
        yield from self._balance()
        for payout in (*self._waiting(), *self._told()):
            yield from self._judge(payout)
        yield from self._missed()

    def _balance(self) -> Iterator[Difference]:
        """The balance moved by what the trade bill of the same day says."""
        if self.file.kind != "funds" or self.span:
            return
        trade = self._sums(self.day)
        if trade is not None:
            here, there = net_milli(trade), net_milli(self.spool.sums)
            fees = self.spool.sums.get("fee_count", 0)
            if abs(here - there) > MILLI + fees * MILLI // 2:  # the balance's fees are rounded one by one
                yield self._differs(self.day, self.day.isoformat(), here // MILLI, there // MILLI)

    def _told(self) -> Iterator[Payout]:
        if not self.spool.sums.get(f"{LineKind.PAYOUT.value}_count"):
            return
        for line in (each for chunk in self.spool.chunks() for each in chunk):
            if line.kind is LineKind.PAYOUT and line.state is LineState.DONE:
                own = self.file.kind != "funds" or self.span
                on = date.fromisoformat(line.at[:10]) if own else self.day
                key = line.provider_txn or line.entry_id or f"{self.day.isoformat()}/{line.line}"
                yield Payout(key, on, line.settle_minor)

    def _waiting(self) -> list[Payout]:
        """Those that came before the bills of their days."""
        rows = self.journal.list("payout", limit=WAITING_MAX, search=f"open {self.file.channel.name}")
        mine = (row.body for row in rows if row.body["about"] == self.file.kind and row.body["state"] == "open")
        found = [Payout(row["key"], date.fromisoformat(row["on"]), row["minor"]) for row in mine]
        return sorted(found, key=lambda each: each.on)

    def _judge(self, payout: Payout) -> Iterator[Difference | Payout]:
        known = list(self._known(payout.on))
        if not known:
            self._unknown.append(payout)
            yield payout
            return
        free = [(day, net) for day, net in known if self._paid_by(day) in {None, payout.key}]
        days = _in_a_row(free, payout.minor)
        if days is None:
            newest = free[0] if free else None
            yield self._differs(payout.on, payout.key, newest[1] if newest else 0, payout.minor)
            days = (newest[0],) if newest else known[0][:1]
        elif late := self._late(days, payout):
            yield late
        self._now |= dict.fromkeys(days, payout.key)
        yield replace(payout, days=days)

    def _late(self, days: Sequence[date], payout: Payout) -> Difference | None:
        """It came, and after the day it was due."""
        for day in reversed(days):
            if (self._net(day) or 0) > 0 and (due := self._due(day)) and due < payout.on:
                return self._missing(day, due, there=payout.minor, came=payout.on.isoformat())
        return None

    def _missed(self) -> Iterator[Difference]:
        """Days whose money was due by the end of this file; where payouts are never seen, nothing is missed."""
        first = self.journal.claimed("payout_first", self.source)
        for back in range(1, MISSED_MAX + 1):
            day = self.day - timedelta(days=back)
            due = self._due(day)
            if first is None or due is None or day.isoformat() < first:
                return
            came = self._paid_by(day) or any(day < each.on for each in self._unknown)
            if due <= self.day and (self._net(day) or 0) > 1 and not came:
                yield self._missing(day, due)

    def _due(self, day: date) -> date | None:
        rule = self.file.channel.payout
        return rule.due(day, at_bank=self.file.kind == "statement") if rule else None

    def _missing(self, day: date, due: date, there: int | None = None, came: str = "") -> Difference:
        told = self._differs(day, day.isoformat(), self._net(day) or 0, there)
        facts: dict[str, str | int] = {"number": day.isoformat(), "due": due.isoformat(), "came": came}
        return replace(told, kind=Kind.PAYOUT_LATE, facts=facts, fix=Fix.ACCEPT if came else None)

    def _differs(self, day: date, key: str, here: int, there: int | None) -> Difference:
        channel, told = self.file.channel, day.isoformat()
        currency = channel.currencies[0]
        return Difference(Kind.PAYOUT, channel.name, key, told, currency, here, there, facts={"number": key})

    def _paid_by(self, day: date) -> str | None:
        return self._now.get(day) or self.journal.claimed("payout_day", day_name(self.file, day))

    def _known(self, on: date) -> Iterator[tuple[date, int]]:
        """The days before with their nets, the newest first, up to the first one whose bill is not known."""
        for back in range(1, RUN_MAX + 1):
            day = on - timedelta(days=back)
            if (net := self._net(day)) is None:
                return
            yield day, net

    def _net(self, day: date) -> int | None:
        """Whole smallest units."""
        if day not in self._nets:
            sums = self._sums(day)
            self._nets[day] = None if sums is None else net_milli(sums) // MILLI
        return self._nets[day]

    def _sums(self, day: date) -> Mapping[str, int] | None:
        key = bill_key(self.file.channel.name, "trade", day)
        row = self.views.standings("bill_day", [key]).get(key)
        if row is None:
            return None
        found: Mapping[str, Any] = row.body["sums"]
        return {name: value for name, value in found.items() if isinstance(value, int)}


def _in_a_row(free: Sequence[tuple[date, int]], paid_out: int) -> tuple[date, ...] | None:
    """The fewest days in a row that make it, give or take the fees' rounding."""
    for length in range(1, len(free) + 1):
        for first in range(len(free) - length + 1):
            some = free[first : first + length]
            if abs(sum(net for _day, net in some) - paid_out) <= 1:
                return tuple(day for day, _net in some)
    return None
