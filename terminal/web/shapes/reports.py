"""Reports as the API takes and shows them. ``n`` is how many, ``minor`` their sum in smallest units."""

from typing import Annotated, Literal

import msgspec

from terminal.settlement.fees import FeeSums
from terminal.settlement.totals import TAKEN, ChannelSums, Line, Sum, Totals
from terminal.settlement.z_report import OpenSale, Report
from terminal.web.shapes.form import Approver, Form, Name, Number
from terminal.web.shapes.sales import SaleRow

Day = Annotated[str, msgspec.Meta(pattern=r"^([0-9]{4}-[0-9]{2}-[0-9]{2})?$", description="A business day.")]
Counter = Annotated[str, msgspec.Meta(max_length=64, description="Only this one; empty is all of them.")]


class ReportQuery(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    counter: Counter = ""


class NewZ(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``day`` empty: today's. ``empty``: also when nothing happened. ``print_at``: a counter with a printer.

    ``approver``: somebody who may close the day, where the caller may not.
    """

    day: Day = ""
    empty: bool = False
    print_at: Counter = ""
    approver: Approver | None = None


class NewReportPrint(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The counter whose printer it is."""

    counter: Name


class ZQuery(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``before`` is the cursor of the last row seen."""

    before: Number | None = None


class DaysQuery(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``first`` and ``last`` are business days, both included; without ``last`` one day, without both today."""

    first: Day = ""
    last: Day = ""


class DayBookQuery(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Days as in the fee report, or ``z``: the rows of one Z. ``bom``: a mark before the CSV for spreadsheets."""

    first: Day = ""
    last: Day = ""
    z: Number = 0
    counter: Counter = ""
    format: Literal["json", "csv"] = "json"
    bom: Literal["no", "yes"] = "no"


class SumView(msgspec.Struct, frozen=True):
    n: int
    minor: int


class ChannelView(msgspec.Struct, frozen=True):
    """One wallet at one channel. ``lines``: paid, late, excess, doubt, refunded, claimed, where there are any."""

    channel: str
    wallet: str
    lines: dict[str, SumView]
    held_minor: int


class PartView(msgspec.Struct, frozen=True):
    """A counter, a cashier (``kind:id``; ``label`` is the name) or an hour ("14") with its lines."""

    name: str
    label: str
    lines: dict[str, SumView]


class CurrencyView(msgspec.Struct, frozen=True):
    """All sums in one currency. Taken less refunded is held, for each channel and together.

    ``sales``: opened, paid, cancelled, expired. ``notes``: attached, kept, exception_… where there are any.
    """

    currency: str
    taken: SumView
    refunded: SumView
    claimed: SumView
    held_minor: int
    sales: dict[str, SumView]
    notes: dict[str, SumView]
    channels: list[ChannelView]
    counters: list[PartView]
    cashiers: list[PartView]
    hours: list[PartView]


class OpenSaleView(msgspec.Struct, frozen=True):
    """``waits_for``: kinds of what a person must see, "refund" while one is under way."""

    id: str
    no: int
    counter: str
    amount_minor: int
    currency: str
    word: str
    parked: bool
    opened_ms: int
    waits_for: list[str]


class HeadView(msgspec.Struct, frozen=True):
    """Where a counter's chain stood: position and hash of its last event."""

    counter: str
    position: int
    hash: str


class ReportView(msgspec.Struct, frozen=True):
    """An X (``n`` is 0) or a Z. It covers the journal's events ``first`` to ``last``.

    ``unsealed``: of an X, ended days that have no Z yet. ``open_n`` sales are carried over, at most 200 named.
    ``anchor``: of a Z, what its paper says of the journal; ``countertop journal verify --anchor`` takes it.
    """

    n: int
    day: str
    days: list[str]
    first: int
    last: int
    at_ms: int
    since_ms: int
    ledger: str
    counter: str
    by: str
    zone: str
    cut_off: str
    currencies: list[CurrencyView]
    open: list[OpenSaleView]
    open_n: int
    heads: list[HeadView]
    unsealed: list[str]
    anchor: str = ""


class ZRow(msgspec.Struct, frozen=True):
    """``cursor`` is what ``before`` takes."""

    n: int
    day: str
    at_ms: int
    cursor: int


class ZList(msgspec.Struct, frozen=True):
    """Newest first; ``next`` is the ``before`` of the next page, null at the end."""

    reports: list[ZRow]
    next: int | None


class FeeView(msgspec.Struct, frozen=True):
    """One channel under one price. Fees are thousandths of the smallest unit, of the ``settled_n`` in a bill.

    ``alert``: ``wrong_n`` of them are not the agreed fee by more than rounding.
    """

    channel: str
    currency: str
    rule: str
    holiday: bool
    agreed: str
    charged: str
    n: int
    moved_minor: int
    settled_n: int
    settle_minor: int
    expected_milli: int
    charged_milli: int
    wrong_n: int
    alert: bool


class FeeList(msgspec.Struct, frozen=True):
    first: str
    last: str
    fees: list[FeeView]


class TodayView(msgspec.Struct, frozen=True):
    """The newest twenty sales and the business day's totals so far; null for who may not see them."""

    day: str
    sales: list[SaleRow]
    totals: list[CurrencyView] | None


def _sum(told: Sum) -> SumView:
    return SumView(told.n, told.minor)


def _channel(channel: ChannelSums) -> ChannelView:
    lines = {line.value: _sum(told) for line, told in channel.lines.items()}
    return ChannelView(channel.channel, channel.wallet, lines, channel.held_minor)


def _parts(totals: Totals, margin: str, currency: str, labels: dict[str, str]) -> list[PartView]:
    found: dict[str, dict[str, SumView]] = {}
    for (here, name, line), told in sorted(totals.margins[margin].items()):
        if here == currency:
            found.setdefault(name, {})[line] = _sum(told)
    return [PartView(name, labels.get(name, ""), lines) for name, lines in found.items()]


def cashiers(totals: Totals) -> set[str]:
    """Everybody a report names, ``kind:id``."""
    return {key[1] for key in totals.margins["cashiers"]}


def currency_views(totals: Totals, labels: dict[str, str]) -> list[CurrencyView]:
    """``labels``: names of cashiers by ``kind:id``."""
    return [_currency(totals, currency, labels) for currency in totals.currencies()]


def _currency(totals: Totals, currency: str, labels: dict[str, str]) -> CurrencyView:
    taken = Sum()
    for line in TAKEN:
        taken = taken.plus(totals.line(line, currency))
    states = ("opened", "paid", "cancelled", "expired")
    return CurrencyView(
        currency=currency,
        taken=_sum(taken),
        refunded=_sum(totals.line(Line.REFUNDED, currency)),
        claimed=_sum(totals.line(Line.CLAIMED, currency)),
        held_minor=totals.held_minor(currency),
        sales={state: _sum(totals.sales(state, currency)) for state in states},
        notes={key[1]: _sum(told) for key, told in sorted(totals.margins["notes"].items()) if key[0] == currency},
        channels=[_channel(each) for each in totals.channels(currency)],
        counters=_parts(totals, "counters", currency, {}),
        cashiers=_parts(totals, "cashiers", currency, labels),
        hours=_parts(totals, "hours", currency, {}),
    )


def _open_sale(sale: OpenSale) -> OpenSaleView:
    return OpenSaleView(
        sale.id, sale.no, sale.counter, sale.amount_minor, sale.currency,
        sale.word, sale.parked, sale.opened_ms, list(sale.waits_for),
    )  # fmt: skip


def report_view(
    report: Report, *, zone: str, cut_off: str, labels: dict[str, str], unsealed: list[str] | None = None
) -> ReportView:
    heads = sorted(report.heads.items())
    return ReportView(
        n=report.n,
        day=report.day.isoformat(),
        days=[each.isoformat() for each in report.days],
        first=report.first,
        last=report.last,
        at_ms=report.at_ms,
        since_ms=report.since_ms,
        ledger=report.ledger.value,
        counter=report.counter,
        by=report.by,
        zone=zone,
        cut_off=cut_off,
        currencies=currency_views(report.totals, labels),
        open=[_open_sale(each) for each in report.open],
        open_n=report.open_n,
        heads=[HeadView(stream.partition(":")[2], each.position, each.hash) for stream, each in heads],
        unsealed=unsealed or [],
        anchor=f"{report.anchor.place} {report.anchor.groups}" if report.n else "",
    )


def fee_view(sums: FeeSums) -> FeeView:
    return FeeView(
        channel=sums.channel,
        currency=sums.currency,
        rule=sums.rule.id if sums.rule else "",
        holiday=sums.holiday,
        agreed=sums.agreed,
        charged=sums.charged,
        n=sums.n,
        moved_minor=sums.moved_minor,
        settled_n=sums.settled_n,
        settle_minor=sums.settle_minor,
        expected_milli=sums.expected_milli,
        charged_milli=sums.charged_milli,
        wrong_n=sums.wrong_n,
        alert=sums.alert,
    )
