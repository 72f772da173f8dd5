"""Fees as rows of a page: rates and amounts as the language writes them, an alert in a sentence (row 117)."""

from collections.abc import Iterable

from terminal.settlement.fees import FeeSums
from terminal.settlement.words import plural, rate
from terminal.web.pages.glance import Say
from terminal.web.shapes.reports import FeeView, fee_view

FeeRow = tuple[FeeView, str, str, str, str, str, str]


def fee_rows(sums: Iterable[FeeSums], say: Say) -> list[FeeRow]:
    """Each with its channel, agreed and charged rate, expected and charged fee, and its alert, "" without."""
    found = []
    for each in map(fee_view, sums):
        channel = say.method(each.channel)
        agreed, charged = rate(each.agreed, say.words), rate(each.charged, say.words)
        expected, taken = (
            say.money(_whole(milli), each.currency) for milli in (each.expected_milli, each.charged_milli)
        )
        alert = _alert(each, channel, agreed, charged, say)
        found.append((each, channel, agreed, charged, expected, taken, alert))
    return found


def _alert(fee: FeeView, channel: str, agreed: str, charged: str, say: Say) -> str:
    if not fee.alert:
        return ""
    variant = f"{'free_' if fee.holiday else ''}{plural(say.words.language, fee.wrong_n)}"
    return say.word(f"reports.fee_alert_{variant}", channel=channel, charged=charged, agreed=agreed, n=fee.wrong_n)


def _whole(milli: int) -> int:
    """Thousandths to whole smallest units, half up; only for this screen."""
    return (2 * milli + 1000) // 2000
