"""Does it add up? Payments less refunds less fees of the bills is what the provider pays out."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any, Final

from terminal.payments.bill import LineKind, LineState
from terminal.payments.fees import MILLI
from terminal.settlement.absent import bill_key
from terminal.settlement.differences import Difference, Kind
from terminal.settlement.ports import BillHead, SettledViews
from terminal.settlement.spool import Spool

RUN_MAX: Final = 10  # days that one payout may be for: a weekend and holidays


def net_milli(sums: Mapping[str, int]) -> int:
    """Of a bill's sums, in thousandths of the smallest unit."""
    paid, back = sums.get("payment_minor", 0), sums.get("refund_minor", 0)
    return (paid - back) * MILLI - sums.get("fee_milli", 0)


def payout_differences(
    views: SettledViews, file: BillHead, day: date | None, spool: Spool
) -> Iterator[Difference]:
    """Of the balance's movements: against the trade bill of the same day, and each payout against whole days.

    Of a bank's statement only the payouts, each by its own day.
    """
    if file.kind not in {"funds", "statement"} or day is None:
        return
    name, currency = file.channel.name, file.channel.currencies[0]
    trade = _sums(views, name, day) if file.kind == "funds" else None
    if trade is not None:
        here, there = net_milli(trade), net_milli(spool.sums)
        fees = spool.sums.get("fee_count", 0)
        if abs(here - there) > MILLI + fees * MILLI // 2:  # the balance's fees are rounded one by one
            yield _payout(name, currency, day, day.isoformat(), here // MILLI, there // MILLI)
    if not spool.sums.get(f"{LineKind.PAYOUT.value}_count"):
        return
    known: dict[date, list[int]] = {}
    for line in (each for chunk in spool.chunks() for each in chunk):
        if line.kind is not LineKind.PAYOUT or line.state is not LineState.DONE:
            continue
        on = day if file.kind == "funds" else date.fromisoformat(line.at[:10])
        if on not in known:
            known[on] = _nets(views, name, on)
        expected = _expected(known[on], line.settle_minor) if known[on] else None
        if expected is not None:
            key = line.provider_txn or line.entry_id or f"{day.isoformat()}/{line.line}"
            yield _payout(name, currency, on, key, expected, line.settle_minor)


def _payout(name: str, currency: str, day: date, key: str, here: int, there: int) -> Difference:
    told = day.isoformat()
    return Difference(Kind.PAYOUT, name, key, told, currency, here, there, facts={"number": key})


def _sums(views: SettledViews, channel: str, day: date) -> Mapping[str, int] | None:
    key = bill_key(channel, "trade", day)
    row = views.standings("bill_day", [key]).get(key)
    if row is None:
        return None
    found: Mapping[str, Any] = row.body["sums"]
    return {name: value for name, value in found.items() if isinstance(value, int)}


def _nets(views: SettledViews, channel: str, day: date) -> list[int]:
    """Of the days before, the newest first, up to the first one whose bill is not known; whole smallest units."""
    nets: list[int] = []
    for back in range(1, RUN_MAX + 1):
        sums = _sums(views, channel, day - timedelta(days=back))
        if sums is None:
            break
        nets.append(net_milli(sums) // MILLI)
    return nets


def _expected(nets: list[int], paid_out: int) -> int | None:
    """None: some days in a row make it, give or take the fees' rounding. Else what yesterday's bill makes."""
    for first in range(len(nets)):
        total = 0
        for net in nets[first:]:
            total += net
            if abs(total - paid_out) <= 1:
                return None
    return nets[0]
