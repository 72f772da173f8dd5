"""What doors show of a sale, where it is not simply a field."""

import pytest

from terminal.counter.ports import CodeScreen, IdleScreen
from terminal.payments import decide
from terminal.payments.attempt import Signal
from terminal.payments.fact import fold
from terminal.payments.lines import Entered, SaleLine
from terminal.payments.money import Money
from terminal.web.shapes.sales import sale_view
from terminal.web.shapes.screen import EnteredView, screen_view
from tests.unit.payments.journey import Journey


def test_a_refusal_is_shown_as_its_word_without_the_bank_s_text() -> None:
    sale = Journey()
    sale.sent()
    why = "no_funds: the bank's own words"
    sale.take(decide.hear(sale.sale, sale.attempt.id, Signal.REFUSED, at_ms=3, why=why))
    assert sale_view(sale.sale, test=True).attempts[-1].why == "no_funds"


def test_switching_is_shown_from_the_scan_until_the_new_attempt() -> None:
    sale = Journey()
    sale.shown()
    assert not sale_view(sale.sale, test=True).switching
    sale.take(decide.request_switch(sale.sale, at_ms=4))
    sale.hear(Signal.GIVE_UP)
    assert sale_view(sale.sale, test=True).switching
    sale.hear(Signal.CLOSE_OK)
    sale.sent()
    assert not sale_view(sale.sale, test=True).switching


@pytest.mark.row(2)
def test_lines_stand_beside_a_code_only_where_they_are_what_it_asks_for() -> None:
    """A code for the rest of a sale, or for one share, asks for less than they add up to."""
    request = decide.OpenSale("c1", Money(2850, "CNY"), lines=(SaleLine.made("Tea", 2850),))
    sale = fold(None, decide.open_sale(request, sale="S1", no=1, at_ms=1))
    for minor, names in ((2850, ["Tea"]), (855, [])):
        screen = CodeScreen(1, "x", Money(minor, "CNY"), 60, test=True)
        assert [each.name for each in screen_view(screen, sale).lines] == names


@pytest.mark.row(2, 47)
def test_goods_being_entered_stand_on_the_idle_screen_alone() -> None:
    goods = Entered("Coupon", Money(-200, "CNY"), Money(1800, "CNY"))
    told = screen_view(IdleScreen("Tea House", test=True, entered=goods))
    assert (told.kind, told.amount_minor, told.entered) == ("idle", 0, EnteredView("Coupon", -200, 1800, "CNY"))
    assert screen_view(IdleScreen("Tea House", test=True)).entered is None
