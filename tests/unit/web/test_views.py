"""What doors show of a sale, where it is not simply a field."""

from terminal.payments import decide
from terminal.payments.attempt import Signal
from terminal.web.views import sale_view
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
