"""What the customer's glass shows, as every door tells it."""

import msgspec

from terminal.counter.ports import CodeScreen, IdleScreen, ResultScreen, ScanScreen, Screen
from terminal.payments.lines import Entered
from terminal.payments.sale import Sale
from terminal.web.shapes.lines import LineView, line_views


class EnteredView(msgspec.Struct, frozen=True):
    """Goods are being entered, nothing is asked for yet: the newest line (taken off: below zero) and the sum."""

    name: str
    line_minor: int
    total_minor: int
    currency: str


class ScreenView(msgspec.Struct, frozen=True):
    """What the customer's glass shows. ``payload`` only for a code.

    ``kind``: code, result or idle; where the customer's own code pays: scan (they show it), scanned (the bank is
    asked) or acting (they finish on their phone).
    """

    kind: str
    title: str
    test: bool
    payload: str = ""
    result: str = ""
    amount_minor: int = 0
    currency: str = ""
    check_code: str = ""  # of a paid result: compare with the receipt
    receipt: str = ""  # of a paid result: the address of its receipt, where customers are shown one
    lines: list[LineView] = []  # of a code that asks for a whole sale: what it is for
    entered: EnteredView | None = None  # of an idle screen alone


def screen_view(screen: Screen, sale: Sale | None = None) -> ScreenView:
    match screen:
        case CodeScreen():
            return ScreenView(
                "code",
                screen.title,
                screen.test,
                payload=screen.payload,
                amount_minor=screen.amount.minor,
                currency=screen.amount.currency,
                lines=line_views(sale) if sale and sale.amount == screen.amount else [],
            )
        case ResultScreen():
            return ScreenView(
                "result",
                "",
                screen.test,
                result=screen.result,
                amount_minor=screen.amount.minor,
                currency=screen.amount.currency,
                check_code=screen.text,
                receipt=screen.receipt,
            )
        case ScanScreen(now=now, amount=amount):
            return ScreenView(now, screen.title, screen.test, amount_minor=amount.minor, currency=amount.currency)
        case IdleScreen():
            return ScreenView("idle", screen.title, screen.test, entered=_entered(screen.entered))


def _entered(goods: Entered | None) -> EnteredView | None:
    return EnteredView(goods.name, goods.amount.minor, goods.total.minor, goods.total.currency) if goods else None
