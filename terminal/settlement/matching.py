"""One line of a bill against what the journal knows: what is settled, what differs, what is only told. Pure.

The order number is ours and unique for ever, so it decides first; the provider's number where a line has no other.
Refunds of another day, shifts by the provider's midnight and fees within rounding are no differences.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache
from typing import Final, NamedTuple

from terminal.payments.bill import BillLine, LineKind, LineState
from terminal.payments.fees import FeeRule, fee_differs
from terminal.payments.settled import Settlement
from terminal.settlement.differences import Difference, Fix, Kind, Note, short
from terminal.settlement.local import Local, Standing
from terminal.settlement.ports import BillChannel

_EPOCH: Final = date(1970, 1, 1)
_DAY_MS: Final = 86_400_000
_DAYS: Final = 64  # of one run: a bill has lines of few days
_SIDES: Final[Mapping[bool, Kind]] = {True: Kind.OVER, False: Kind.SHORT}
SPAN: Final = ".."  # between the days of a batch that is a file of several days


@dataclass(frozen=True, slots=True)
class FeeGap:
    """One line whose fee is not the agreed one; many of them are one difference."""

    rule: FeeRule
    settle_minor: int
    charged_milli: int
    expected_milli: int
    holiday: bool


class Outcome(NamedTuple):
    """``evidence``: the engine hears of the line first, then it is judged again."""

    settled: bool = False
    difference: Difference | None = None
    notes: tuple[Note, ...] = ()
    evidence: bool = False
    gap: FeeGap | None = None


class Seen(NamedTuple):
    """What is known about a line beside the line.

    Args:
        day: of the bill, or the line's own in a statement.
        before: how its id was settled earlier; ``again``: it stood in this file before.
        heard: the engine has had it as evidence.
        span: the file tells of several days, as a portal's month does; such files and those of days overlap.
    """

    channel: BillChannel
    day: str
    local: Local | None
    before: Settlement | None = None
    again: bool = False
    heard: bool = False
    span: bool = False


_SETTLED: Final = Outcome(settled=True)  # nearly every line of a true bill


def own_key(line: BillLine) -> str:
    """What a line is about for people and for a difference: our number, else the bank's."""
    return _number_of(line) or f"line {line.line}"


def _number_of(line: BillLine) -> str:
    ours = line.refund_no if line.kind is LineKind.REFUND else line.order_no
    theirs = line.provider_refund if line.kind is LineKind.REFUND else line.provider_txn
    return ours or theirs or line.entry_id


def judge(line: BillLine, seen: Seen) -> Outcome:
    """What follows from a PAYMENT or REFUND line."""
    wrong = _foreign(line, seen)
    if wrong is not None:
        return Outcome(difference=wrong)
    return _refund(line, seen) if line.kind is LineKind.REFUND else _payment(line, seen)


def _foreign(line: BillLine, seen: Seen) -> Difference | None:
    """Of another account, another currency, or an order we had at another bank: never believed."""
    channel, local = seen.channel, seen.local
    if line.merchant_id and line.merchant_id != channel.account.merchant_id:
        return _difference(Kind.WRONG_ACCOUNT, line, seen, account=short(line.merchant_id))
    currency = local.amount.currency if local else ""
    if line.currency not in channel.currencies or (currency and currency != line.currency):
        return _difference(Kind.WRONG_CURRENCY, line, seen, found=short(line.currency))
    if local and not channel.is_called(local.channel):
        return _difference(Kind.WRONG_ACCOUNT, line, seen, account=short(local.channel))
    return None


def _payment(line: BillLine, seen: Seen) -> Outcome:
    local = seen.local
    if line.state is LineState.REVOKED:
        return _revoked(line, seen)
    if line.state is not LineState.DONE:
        failed = local is not None and local.standing is Standing.PAID
        return Outcome(difference=_status(line, seen)) if failed else Outcome(notes=(Note.IGNORED,))
    if local is None:
        return Outcome(difference=_difference(Kind.MISSING_HERE, line, seen))
    if seen.again or (seen.before and _elsewhere(seen.before, seen)):
        return _twice(line, seen, local)
    if local.amount.minor != line.gross_minor:
        return Outcome(settled=True, difference=_unequal(line, seen, local))
    if local.standing is Standing.VOIDED:
        return Outcome(settled=True, difference=_status(line, seen))
    if local.standing is not Standing.PAID and not local.captured and not seen.heard:
        return Outcome(evidence=True)
    if local.standing is Standing.OPEN and not local.captured:
        return Outcome(settled=True, difference=_status(line, seen))
    if local.standing is not Standing.PAID and not local.returned:
        return Outcome(settled=True, difference=_late(line, seen, local))
    notes, gap = _told(seen, local), _gap(line, seen, local)
    return Outcome(settled=True, notes=notes, gap=gap) if notes or gap else _SETTLED


def _revoked(line: BillLine, seen: Seen) -> Outcome:
    """Paid and taken back by a reverse: ours if we say so too, else somebody must look."""
    local = seen.local
    if local is None:
        return Outcome(notes=(Note.REVOKED,))
    if local.standing is Standing.OPEN and not seen.heard:
        return Outcome(evidence=True)
    if local.standing is Standing.PAID:
        return Outcome(difference=_status(line, seen))
    return Outcome(notes=(Note.HEALED if seen.heard else Note.REVOKED,))


def _refund(line: BillLine, seen: Seen) -> Outcome:
    local = seen.local
    if line.state is LineState.PENDING:
        waits = local is not None and local.standing is Standing.OPEN
        return Outcome(notes=(Note.REFUND_PENDING if waits else Note.IGNORED,))
    if line.state is not LineState.DONE:
        claims = local is not None and local.standing is Standing.PAID
        return Outcome(difference=_status(line, seen)) if claims else Outcome(notes=(Note.IGNORED,))
    if local is None:
        return Outcome(difference=_difference(Kind.MISSING_HERE, line, seen))
    if seen.again or (seen.before and _elsewhere(seen.before, seen)):
        return _twice(line, seen, local)
    if local.amount.minor != line.gross_minor:
        return Outcome(settled=True, difference=_unequal(line, seen, local))
    if local.standing is not Standing.PAID:
        if not seen.heard:
            return Outcome(evidence=True)
        return Outcome(settled=True, difference=_status(line, seen))
    notes = [Note.HEALED] if seen.heard else []
    if day_of(local.at_ms, seen.channel) != seen.day:
        notes.append(Note.REFUND_OTHER_DAY)
    return Outcome(settled=True, notes=tuple(notes), gap=_gap(line, seen, local))


def _elsewhere(before: Settlement, seen: Seen) -> bool:
    """Settled by another file, not by an earlier copy of this day's nor by one of many days."""
    overlap = seen.span or SPAN in before.batch
    return before.channel != seen.channel.name or (before.day != seen.day and not overlap)


def _told(seen: Seen, local: Local) -> tuple[Note, ...]:
    shifted = abs(_number(seen.day) - _day_number(local.at_ms, seen.channel)) == 1
    if not (shifted or seen.heard):
        return ()
    return (*((Note.HEALED,) if seen.heard else ()), *((Note.CUTOFF,) if shifted else ()))


def _twice(line: BillLine, seen: Seen, local: Local) -> Outcome:
    """Counted once. Another number of the provider's is another payment: the engine hears of it (B11)."""
    other = line.kind is LineKind.PAYMENT and bool(
        line.provider_txn and local.txn and line.provider_txn != local.txn
    )
    if other and not seen.heard:
        return Outcome(evidence=True)
    key = f"{own_key(line)}/{line.provider_txn or line.provider_refund or line.line}"
    fix = Fix.REFUND if other else Fix.ACCEPT
    first = seen.before.day if seen.before else seen.day
    return Outcome(difference=_difference(Kind.DUPLICATE, line, seen, key=key, fix=fix, first=first))


def not_taken_back_here(line: BillLine, seen: Seen) -> Difference:
    """A reverse of a payment of an earlier file, which this journal calls paid."""
    assert seen.local is not None, "a payment of ours"
    told = replace(line, state=LineState.REVOKED)
    return replace(_status(told, seen), key=seen.local.id)


def partly_taken_back(line: BillLine, seen: Seen) -> Difference:
    """A part went back without a number of ours: from the bank's own pages, and this journal does not know it."""
    number = line.provider_refund or line.entry_id or f"{seen.day}/line {line.line}"
    found = _difference(Kind.MISSING_HERE, line, seen._replace(local=None), key=f"{line.order_no}/{number}")
    known = seen.local
    return replace(found, sale=known.sale, facts={**found.facts, "no": known.no}) if known else found


def _unequal(line: BillLine, seen: Seen, local: Local) -> Difference:
    return _difference(_SIDES[line.gross_minor > local.amount.minor], line, seen)


def _status(line: BillLine, seen: Seen) -> Difference:
    standing = seen.local.standing.value if seen.local else ""
    return _difference(Kind.STATUS, line, seen, there=line.state.value, here=standing)


def _late(line: BillLine, seen: Seen, local: Local) -> Difference:
    return _difference(Kind.LATE, line, seen, fix=Fix.REFUND if local.sale_paid else Fix.ATTACH)


def _difference(
    kind: Kind, line: BillLine, seen: Seen, *, key: str = "", fix: Fix | None = None, **facts: str | int
) -> Difference:
    local = seen.local
    told: dict[str, str | int] = {
        "number": short(own_key(line)),
        "line": line.line,
        "what": line.kind.value,
        **facts,
    }
    key = key or _number_of(line) or f"{seen.day}/line {line.line}"  # a line's place says nothing without its day
    if local:
        told["no"] = local.no
    return Difference(
        kind=kind,
        channel=seen.channel.name,
        key=key,
        day=seen.day,
        currency=line.currency,
        here_minor=local.amount.minor if local else None,
        there_minor=line.gross_minor,
        sale=local.sale if local else "",
        attempt=local.id if local else "",
        fix=fix,
        facts=told,
    )


def _gap(line: BillLine, seen: Seen, local: Local) -> FeeGap | None:
    """The agreed fee of the day the bank has the payment on, within one smallest unit (rows 116, 117)."""
    rule = local.rule or seen.channel.rule
    if rule is None:
        return None
    back = line.kind is LineKind.REFUND
    day = _date(_day_number(local.at_ms, seen.channel)) if back else _read_date(line.at[:10])
    expected = rule.expected_fee(-line.settle_minor if back else line.settle_minor, day)
    if not fee_differs(line.fee_milli, expected) and (not back or seen.channel.fee_returned != "no"):
        return None
    accepted = [expected]
    if back and seen.channel.fee_returned != "yes":
        accepted = [0] if seen.channel.fee_returned == "no" else [expected, 0]
    if not all(fee_differs(line.fee_milli, each) for each in accepted):
        return None
    return FeeGap(rule, line.settle_minor, line.fee_milli, accepted[0], rule.holiday(day))


def day_of(wall_ms: int, channel: BillChannel) -> str:
    """The provider's settlement day of an instant."""
    return _date(_day_number(wall_ms, channel)).isoformat()


def day_begins_ms(day: date, channel: BillChannel) -> int:
    return (day - _EPOCH).days * _DAY_MS - channel.offset_min * 60_000


def _day_number(wall_ms: int, channel: BillChannel) -> int:
    return (wall_ms + channel.offset_min * 60_000) // _DAY_MS


@lru_cache(_DAYS)
def _date(number: int) -> date:
    return _EPOCH + timedelta(days=number)


@lru_cache(_DAYS)
def _number(day: str) -> int:
    return (_read_date(day) - _EPOCH).days


@lru_cache(_DAYS)
def _read_date(day: str) -> date:
    return date.fromisoformat(day)
