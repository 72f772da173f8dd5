"""X and Z on paper, line by line, in words handed in. Pure: the same report, the same paper.

``words`` holds the catalogue's ``report.*`` and ``receipt.*`` texts.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from terminal.payments.event import Ledger
from terminal.payments.money import Money
from terminal.payments.receipt import Blank, Code, Line, Receipt, Row, Rule
from terminal.payments.slip import MoneyText, Shop, Words
from terminal.settlement.totals import ChannelSums, Sum, Totals
from terminal.settlement.totals import Line as Where
from terminal.settlement.z_report import OpenSale, Report

OPEN_SHOWN: Final = 20  # the page and the journal have all of them
_ORDER: Final = (Where.PAID, Where.LATE, Where.EXCESS, Where.DOUBT)
_GROUP: Final = 16  # characters of a hash on one line: narrow paper has room for three times as many


@dataclass(frozen=True, slots=True)
class Say:
    """How things are said on this paper.

    Args:
        when: an instant in the shop's zone.
        method: a channel's or wallet's name for people.
        name: an actor's, such as ``person:01J…``.
    """

    words: Words
    money: MoneyText
    when: Callable[[int], str]
    method: Callable[[str], str]
    name: Callable[[str], str]

    def word(self, key: str, **facts: object) -> str:
        return self.words[key].format(**facts)


def report_slip(report: Report, shop: Shop, say: Say) -> Receipt:
    """The whole report. Cash and the drawer's expected amount are in none of its sums."""
    body: list[Line] = [*_head(report, shop, say), *_sales(report, say)]
    for currency in report.totals.currencies():
        body += _money(report.totals, currency, say)
    body += [*_cashiers(report.totals, say), *_open(report, say), *_seal(report, say)]
    if report.ledger is Ledger.LIVE:
        return tuple(body)
    mark = Row(say.word(f"receipt.{report.ledger}"), align="center", size=2, bold=True)
    return (mark, Blank(), *body, Blank(), mark)


def _head(report: Report, shop: Shop, say: Say) -> list[Line]:
    title = say.word("report.z_title", n=report.n) if report.n else say.word("report.x_title")
    lines: list[Line] = [Row(shop.name, align="center", size=2, bold=True)]
    lines += [Row(each, align="center") for each in shop.lines]
    lines += [Row(title, align="center", size=2, bold=True), Rule()]
    since = [Row(say.word("report.since"), say.when(report.since_ms))] if report.since_ms else []
    counter = [Row(say.word("receipt.counter"), report.counter)] if report.counter else []
    by = [Row(say.word("report.by"), say.name(report.by))] if report.by else []
    day = Row(say.word("report.day"), report.day.isoformat(), bold=True)
    return [*lines, day, *since, Row(say.word("report.until"), say.when(report.at_ms)), *counter, *by, Rule()]


def _sales(report: Report, say: Say) -> list[Line]:
    lines: list[Line] = []
    for currency in report.totals.currencies():
        for state in ("opened", "paid", "cancelled", "expired"):
            if (told := report.totals.sales(state, currency)) != Sum():
                lines.append(_sum(say, say.word(f"report.sales_{state}"), told, currency))
    return lines or [Row(say.word("report.nothing"), align="center")]


def _money(totals: Totals, currency: str, say: Say) -> list[Line]:
    lines: list[Line] = []
    for channel in totals.channels(currency):
        lines += [Rule(), *_channel(channel, say)]
    taken = _total(totals, currency, _ORDER)
    refunded = totals.line(Where.REFUNDED, currency)
    held = Money(totals.held_minor(currency), currency)
    lines += [Rule(), _sum(say, say.word("report.taken"), taken, currency)]
    lines.append(_sum(say, say.word("report.refunded"), refunded, currency, sign=-1))
    lines.append(Row(say.word("report.held"), say.money(held), size=2, bold=True))
    for what in ("attached", "kept"):
        if (told := totals.noted(what, currency)) != Sum():
            lines.append(_sum(say, say.word(f"report.{what}"), told, currency))
    if (claimed := totals.line(Where.CLAIMED, currency)) != Sum():
        lines.append(_sum(say, say.word("report.claimed"), claimed, currency))
    return lines


def _channel(channel: ChannelSums, say: Say) -> list[Line]:
    method = say.method(channel.wallet or channel.channel)
    lines: list[Line] = [Row(method, bold=True)]
    for line in _ORDER:
        if (told := channel.of(line)) != Sum():
            lines.append(_sum(say, say.word(f"report.{line.value}"), told, channel.currency))
    if (back := channel.of(Where.REFUNDED)) != Sum():
        lines.append(_sum(say, say.word("report.refunded"), back, channel.currency, sign=-1))
    return [*lines, Row(say.word("report.held"), say.money(Money(channel.held_minor, channel.currency)))]


def _total(totals: Totals, currency: str, lines: tuple[Where, ...]) -> Sum:
    found = Sum()
    for line in lines:
        found = found.plus(totals.line(line, currency))
    return found


def _sum(say: Say, name: str, told: Sum, currency: str, sign: int = 1) -> Row:
    return Row(f"{name} ({told.n})", say.money(Money(sign * told.minor, currency)))


def _cashiers(totals: Totals, say: Say) -> list[Line]:
    rows: Mapping[tuple[str, ...], Sum] = totals.margins["cashiers"]
    paid = {key: told for key, told in sorted(rows.items()) if key[-1] == Where.PAID}
    if not paid:
        return []
    named = [_sum(say, say.name(key[1]), told, key[0]) for key, told in paid.items()]
    return [Rule(), Row(say.word("report.cashiers"), bold=True), *named]


def _open(report: Report, say: Say) -> list[Line]:
    if not report.open_n:
        return []
    lines: list[Line] = [Rule(), Row(say.word("report.open", n=report.open_n), bold=True)]
    return lines + [_open_row(each, say) for each in report.open[:OPEN_SHOWN]]


def _open_row(sale: OpenSale, say: Say) -> Row:
    return Row(f"{sale.no:04} {sale.counter}", say.money(Money(sale.amount_minor, sale.currency)))


def _seal(report: Report, say: Say) -> list[Line]:
    """Where every counter's chain stood: whoever has this paper can check the journal against it (S52).

    First the anchor, which is short enough to be typed; then all of each chain's hash.
    """
    if not report.n:
        return [Rule(), Row(say.word("report.not_sealed"), align="center")]
    anchor = report.anchor
    lines: list[Line] = [Rule(), Row(say.word("report.events"), f"{report.first}-{report.last}")]
    lines += [
        Row(say.word("report.anchor"), anchor.place, bold=True),
        Row(anchor.groups, align="center", bold=True),
    ]
    lines += [Code(anchor.text), Row(say.word("report.anchor_told"), align="center")]
    for stream, head in sorted(report.heads.items()):
        lines.append(Row(say.word("report.head", counter=stream.partition(":")[2]), str(head.position)))
        lines += [Row(head.hash[at : at + _GROUP], align="center") for at in range(0, len(head.hash), _GROUP)]
    return lines
