"""Fees by channel and price: what was agreed when a sale was made, and what the provider took (rows 116, 117)."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final, Protocol

from terminal.payments.event import Ledger
from terminal.payments.fees import FeeRule, fee_differs, ppm_text, rate_text
from terminal.payments.settled import Settlement
from terminal.settlement.business_day import ShopTime
from terminal.settlement.stretch import Pages, events, span
from terminal.settlement.totals import TAKEN, Fold, Line, Movement

AT_ONCE: Final = 500  # settlements asked for together


class Settled(Protocol):
    """What the bills said; each question has at most AT_ONCE subjects."""

    def settlements(self, subjects: Sequence[str], /) -> Mapping[str, Settlement]: ...


class NothingSettled:
    """A journal whose bills nobody has read."""

    def settlements(self, _subjects: Sequence[str], /) -> Mapping[str, Settlement]:
        return {}


@dataclass(slots=True)
class FeeSums:
    """One channel under one price, its fee holiday apart. Fees are thousandths of the smallest unit.

    Args:
        rule: None: no price was agreed, so nothing is judged.
        n: payments and refunds that moved, ``settled_n`` of them are in a bill.
        settle_minor: what the bill settled, refunds negative.
        expected_milli: of the settled ones; ``charged_milli`` is what the bill took.
        wrong_n: lines whose fee is not the agreed one by more than rounding.
    """

    channel: str
    currency: str
    rule: FeeRule | None
    holiday: bool
    n: int = 0
    moved_minor: int = 0
    settled_n: int = 0
    settle_minor: int = 0
    expected_milli: int = 0
    charged_milli: int = 0
    wrong_n: int = 0

    @property
    def alert(self) -> bool:
        return self.wrong_n > 0

    @property
    def agreed(self) -> str:
        if self.rule is None:
            return ""
        return "0.00 %" if self.holiday else ppm_text(self.rule.rate_ppm)

    @property
    def charged(self) -> str:
        """The rate that was really taken: ``0.38 %``."""
        return rate_text(self.charged_milli, self.settle_minor)


@dataclass(frozen=True, slots=True)
class _Piece:
    """A payment or refund on its way to its settlement."""

    subject: str
    channel: str
    currency: str
    minor: int  # negative: a refund
    rule: FeeRule | None
    day: date


Key = tuple[str, str, str, bool]


@dataclass(slots=True)
class Fees:
    """Takes movements event by event and asks for their settlements some hundred at a time.

    Args:
        rules: a channel's price where a sale has none of its own.
    """

    shop: ShopTime
    settled: Settled
    rules: Mapping[str, FeeRule] = field(default_factory=dict)
    _sums: dict[Key, FeeSums] = field(default_factory=dict)
    _waiting: list[_Piece] = field(default_factory=list)

    def take(self, moved: Sequence[Movement]) -> None:
        """The movements of one event. Money that only changed its line is no payment of its own."""
        found: dict[str, tuple[Movement, int]] = {}
        for each in moved:
            if each.line in TAKEN or each.line is Line.REFUNDED:
                subject = each.refund.id if each.refund else each.attempt.id
                minor = -each.change.minor if each.refund else each.change.minor
                found[subject] = (each, found[subject][1] + minor if subject in found else minor)
        self._waiting += [self._piece(subject, each, minor) for subject, (each, minor) in found.items() if minor]
        if len(self._waiting) >= AT_ONCE:
            self._settle()

    def _piece(self, subject: str, moved: Movement, minor: int) -> _Piece:
        channel, rule = moved.attempt.provider, moved.fee_rule
        price = FeeRule.from_fields(rule) if rule else self.rules.get(channel)
        day = self.shop.local(moved.attempt.started_ms if moved.refund else moved.event.wall_ms).date()
        return _Piece(subject, channel, moved.attempt.amount.currency, minor, price, day)

    def _settle(self) -> None:
        while self._waiting:
            pieces, self._waiting = self._waiting[:AT_ONCE], self._waiting[AT_ONCE:]
            known = self.settled.settlements([each.subject for each in pieces])
            for each in pieces:
                self._add(each, known.get(each.subject))

    def _add(self, piece: _Piece, settled: Settlement | None) -> None:
        rule = piece.rule
        # a refund brings the fee of its payment's day back, whatever the day of its own bill
        day = date.fromisoformat(settled.day) if settled and piece.minor > 0 else piece.day
        holiday = rule is not None and rule.holiday(day)
        key = (piece.channel, piece.currency, rule.id if rule else "", holiday)
        sums = self._sums.setdefault(key, FeeSums(piece.channel, piece.currency, rule, holiday))
        sums.n += 1
        sums.moved_minor += piece.minor
        if settled is None:
            return
        size = settled.settle_minor if piece.minor > 0 else -settled.settle_minor
        sums.settled_n += 1
        sums.settle_minor += size
        sums.charged_milli += settled.fee_milli
        if rule is None:
            return
        expected = rule.expected_fee(size, day)
        if size < 0 and not fee_differs(settled.fee_milli, 0):
            expected = 0  # whether a refund brings its fee back differs by provider: both are in order
        sums.expected_milli += expected
        sums.wrong_n += fee_differs(settled.fee_milli, expected)

    def lines(self) -> list[FeeSums]:
        """By channel, currency and price."""
        self._settle()
        return [self._sums[key] for key in sorted(self._sums)]


async def fees_of_days(
    journal: Pages,
    shop: ShopTime,
    first: date,
    last: date,
    *,
    ledger: Ledger,
    settled: Settled,
    rules: Mapping[str, FeeRule] | None = None,
) -> list[FeeSums]:
    """Of what moved on these business days, both included."""
    fold, fees = Fold(journal.of_subject, ledger=ledger), Fees(shop, settled, rules or {})
    begin, end = shop.bounds(first)[0], shop.bounds(last)[1]
    for batch in events(journal, *span(journal, begin, end)):
        for event in batch:
            told = fold.take(event)
            if told is not None and begin <= event.wall_ms < end:
                fees.take(told[2])
        await asyncio.sleep(0)
    return fees.lines()


def alert_line(sums: FeeSums) -> dict[str, Any]:
    """Facts of the sentence about one channel: "wechatpay: fee 0.38 % where 0.30 % was agreed, 17 lines"."""
    return {"channel": sums.channel, "charged": sums.charged, "agreed": sums.agreed, "lines": sums.wrong_n}
