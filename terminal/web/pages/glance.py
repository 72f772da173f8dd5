"""What the pages of reports show, made from figures: rows of words, and pictures beside them. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from markupsafe import Markup

from terminal.help.catalogue import Catalogue
from terminal.payments.money import Money
from terminal.settlement.period import Batch, Period
from terminal.settlement.totals import TAKEN
from terminal.web.pages.plot import BARS_MAX, Bar, Picture, columns, rows
from terminal.web.shapes.reports import CurrencyView, PartView, ReportView, SumView

HOURS_LEAST: Final = 8  # columns of a day that has just begun, so that one sale is no wall
WEEK: Final = 7
_HELD: Final = ("paid", "late", "excess", "doubt", "refunded")


@dataclass(frozen=True, slots=True)
class Say:
    """How figures are said. ``method``: a channel's or wallet's name; ``when``: an instant in the shop's zone."""

    words: Catalogue
    method: Callable[[str], str]
    when: Callable[[int], str]
    cut_off_hour: int = 0

    def word(self, key: str, **facts: object) -> str:
        return self.words.text(key, **facts)

    def money(self, minor: int, currency: str) -> str:
        return self.words.money(Money(minor, currency))

    def day(self, day: date) -> str:
        return self.words.day(day.isoformat())


@dataclass(frozen=True, slots=True)
class Plot:
    """A picture and the same figures as a table: name, count, amount."""

    title: str
    head: str
    svg: Markup
    rows: list[tuple[str, int, str]]


@dataclass(frozen=True, slots=True)
class Stretch:
    """A day, a week or a month in one line, in one currency; texts ready to be read."""

    name: str
    n: int
    taken: str
    refunded: str
    held: str
    average: str
    best_hour: str
    settled_n: int
    settled: str
    fees: str
    net: str


@dataclass(frozen=True, slots=True)
class Section:
    """Lines of a report below a heading: what, how many, how much; ``strong`` marks the sum."""

    title: str
    lines: list[tuple[str, str, str, bool]]


def taken(lines: Mapping[str, SumView]) -> SumView:
    found = [lines[line.value] for line in TAKEN if line.value in lines]
    return SumView(sum(each.n for each in found), sum(each.minor for each in found))


def plots(view: CurrencyView, say: Say, *, cashiers: bool) -> list[Plot]:
    """Per hour, per wallet and, for who may see it, per cashier."""
    currency, mark = view.currency, view.currency.lower()
    made = [_hours(view, say, mark), _named("wallets", _wallets(view, say), currency, say, mark)]
    if cashiers:
        people = {each.label or each.name: taken(each.lines) for each in view.cashiers}
        made.append(_named("cashiers", people, currency, say, mark))
    return made


def _wallets(view: CurrencyView, say: Say) -> dict[str, SumView]:
    found: dict[str, SumView] = {}
    for each in view.channels:
        name, more = say.method(each.wallet or each.channel), taken(each.lines)
        before = found.get(name, SumView(0, 0))
        found[name] = SumView(before.n + more.n, before.minor + more.minor)
    return found


def _hours(view: CurrencyView, say: Say, mark: str) -> Plot:
    """Every hour between the first and the last one that took money, in the order of the business day."""
    sums = {(int(each.name) - say.cut_off_hour) % 24: taken(each.lines) for each in view.hours}
    first, last = min(sums, default=9), max(sums, default=9)
    last = min(max(last, first + HOURS_LEAST - 1), 23)
    first = max(min(first, last - HOURS_LEAST + 1), 0)
    told = [(f"{(at + say.cut_off_hour) % 24:02}", sums.get(at, SumView(0, 0))) for at in range(first, last + 1)]
    bars = [Bar(name, each.minor, say.money(each.minor, view.currency)) for name, each in told]
    title = say.word("reports.per_hour")
    best = _best(view.hours)
    desc = say.word("reports.plot_best", name=best, amount=_peak(bars)) if best else say.word("report.nothing")
    lines = [(f"{name}:00", each.n, say.money(each.minor, view.currency)) for name, each in told if each.n]
    return Plot(title, say.word("reports.hour"), columns(Picture(f"hours-{mark}", title, desc), bars), lines)


def _peak(bars: Sequence[Bar]) -> str:
    return max(bars, key=lambda bar: bar.value).told if bars else ""


def _best(hours: Sequence[PartView]) -> str:
    """The hour that took most, as ``14:00``; empty where none took anything."""
    best = max(hours, key=lambda each: taken(each.lines).minor, default=None)
    return f"{best.name}:00" if best is not None and taken(best.lines).minor > 0 else ""


def _named(what: str, sums: Mapping[str, SumView], currency: str, say: Say, mark: str) -> Plot:
    told = sorted(sums.items(), key=lambda each: (-each[1].minor, each[0]))
    bars = [Bar(name, each.minor, say.money(each.minor, currency)) for name, each in told[:BARS_MAX]]
    title = say.word(f"reports.per_{what}")
    desc = say.word("reports.plot_best", name=bars[0].name, amount=bars[0].told) if bars else ""
    picture = Picture(f"{what}-{mark}", title, desc or say.word("report.nothing"))
    lines = [(name, each.n, say.money(each.minor, currency)) for name, each in told]
    return Plot(title, say.word(f"reports.{what}"), rows(picture, bars), lines)


def stretch(name: str, view: CurrencyView, batches: Sequence[Batch], say: Say) -> Stretch:
    """Settled, fees and net are what bills say so far: never what somebody expects."""
    currency, n = view.currency, view.taken.n
    mine = [each for each in batches if each.currency == currency]
    settled, fees = sum(each.settle_minor for each in mine), sum(each.fee_minor for each in mine)
    average = (2 * view.taken.minor + n) // (2 * n) if n > 0 else 0
    return Stretch(
        name=name,
        n=n,
        taken=say.money(view.taken.minor, currency),
        refunded=say.money(view.refunded.minor, currency),
        held=say.money(view.held_minor, currency),
        average=say.money(average, currency) if n > 0 else "–",
        best_hour=_best(view.hours) or "–",
        settled_n=sum(each.n for each in mine),
        settled=say.money(settled, currency),
        fees=say.money(fees, currency),
        net=say.money(settled - fees, currency),
    )


def days_plot(period: Period, days: Sequence[date], currency: str, settled: Mapping[date, int], say: Say) -> Plot:
    """Two bars a day: taken, and of it settled (hatched)."""
    names = say.word("reports.paid"), say.word("reports.settled")
    bars, lines = [], []
    for day in days:
        found = period.totals(day, day)
        minor = sum(found.line(line, currency).minor for line in TAKEN)
        n = sum(found.line(line, currency).n for line in TAKEN)
        told, arrived = say.money(minor, currency), say.money(settled.get(day, 0), currency)
        bars.append(Bar(f"{day.day}", minor, f"{names[0]} {told}", settled.get(day, 0), f"{names[1]} {arrived}"))
        if n or settled.get(day, 0):
            lines.append((say.day(day), n, f"{told} / {arrived}"))
    title = say.word("reports.per_day")
    desc = say.word("reports.plot_days", first=say.day(days[0]), last=say.day(days[-1]))
    picture = Picture(f"days-{currency.lower()}", title, desc, names)
    return Plot(title, say.word("report.day"), columns(picture, bars), lines)


def week_of(today: date) -> date:
    """The first of the seven days that end today."""
    return today - timedelta(days=WEEK - 1)


def sections(view: ReportView, say: Say) -> list[Section]:
    """The body of an X or Z, line for line what its paper says."""
    made: list[Section] = []
    for each in view.currencies:
        made += [_sales(each, say), *_channels(each, say), _sums(each, say), *_people(each, say)]
    if view.open_n:
        lines = [
            (
                f"{sale.no:04} · {sale.counter} · {say.word(f'state.{sale.word}')}",
                "",
                say.money(sale.amount_minor, sale.currency),
                False,
            )
            for sale in view.open
        ]
        made.append(Section(say.word("report.open", n=view.open_n), lines))
    return made


def _sales(view: CurrencyView, say: Say) -> Section:
    lines = [
        _row(say.word(f"report.sales_{name}"), told, view, say) for name, told in view.sales.items() if told.n
    ]
    return Section(say.word("sales.title"), lines)


def _channels(view: CurrencyView, say: Say) -> list[Section]:
    made = []
    for each in view.channels:
        lines = [
            _row(say.word(f"report.{name}"), each.lines[name], view, say) for name in _HELD if name in each.lines
        ]
        lines.append((say.word("report.held"), "", say.money(each.held_minor, view.currency), True))
        made.append(Section(say.method(each.wallet or each.channel), lines))
    return made


def _sums(view: CurrencyView, say: Say) -> Section:
    lines = [_row(say.word("report.taken"), view.taken, view, say)]
    lines.append(_row(say.word("report.refunded"), view.refunded, view, say))
    lines.append((say.word("report.held"), "", say.money(view.held_minor, view.currency), True))
    lines += [
        _row(say.word(f"report.{name}"), view.notes[name], view, say)
        for name in ("attached", "kept")
        if name in view.notes
    ]
    if view.claimed.n:
        lines.append(_row(say.word("report.claimed"), view.claimed, view, say))
    return Section(view.currency, lines)


def _people(view: CurrencyView, say: Say) -> list[Section]:
    lines = [_row(each.label or each.name, taken(each.lines), view, say) for each in view.cashiers]
    return [Section(say.word("report.cashiers"), lines)] if lines else []


def _row(name: str, told: SumView, view: CurrencyView, say: Say) -> tuple[str, str, str, bool]:
    return name, str(told.n), say.money(told.minor, view.currency), False
