"""The till's own tests: a whole counter a test, no hardware, no account, no waiting."""

import pytest
from pos import ASK, GOODS, NOTHING, Till

from terminal.client import Order
from terminal.testing import assert_receipt


@pytest.fixture
def till(counter, tmp_path):
    return Till(counter.client, tmp_path / "keys.json")


def test_a_paid_sale_prints_and_says_what_was_paid(till, phone, printer, speaker):
    phone.will("pay", after_s=3)
    assert till.sell("A-1", 2850) == GOODS
    assert_receipt(printer, paid="28.50", order_no="A-1", copy=False)
    assert "twenty-eight yuan" in speaker.said[-1]


def test_a_refused_customer_may_try_again_and_leave(till, phone, scanner, bank):
    sale = till.client.open_sale(Order("1", 1200, order_no="A-2"))
    scanner.scan(phone.code("no-funds"))
    assert till.client.sale(sale.id).word == "not_paid"
    assert till.give_up("A-2") == NOTHING
    assert bank.kept_minor == 0


def test_nobody_pays_for_a_minute_of_virtual_time(till, clock, bank):
    begun_s = clock.now_s
    assert till.sell("A-3", 2850, patience_s=60) == ASK
    assert 60 <= clock.now_s - begun_s < 90
    assert till.give_up("A-3") == NOTHING
    assert bank.kept_minor == 0


@pytest.mark.counter(faults=["paper-out"])
def test_no_paper_delays_a_receipt_and_never_a_payment(till, counter, phone, printer):
    phone.will("pay")
    assert till.sell("A-4", 2850) == GOODS
    assert not printer.slips
    counter.heal()
    counter.until(lambda: printer.slips)
    assert_receipt(printer, paid="28.50", order_no="A-4")


def test_a_lost_answer_is_asked_again_under_the_same_key_and_charged_once(till, counter, phone, bank):
    till.client.tries = 1
    counter.lose_answers(1)
    assert till.sell("A-5", 2850) == ASK
    key = till.keys["A-5"]
    phone.pay()  # the sale stands, though the till has never heard of it
    assert till.sell("A-5", 2850) == GOODS
    assert till.keys["A-5"] == key
    assert bank.kept_minor == 2850


@pytest.mark.counter(faults=["answer-lost-after-debit"], seed=7)
def test_a_bank_that_falls_silent_is_never_asked_for_the_money_twice(counter, scanner, phone, bank):
    sale = counter.sell(1200, code=False)
    scanner.scan(phone.code())
    assert (sale.word, bank.fired("answer-lost-after-debit")) == ("checking", 1)
    counter.until(lambda: sale.word == "paid", limit_s=120)
    assert [len(each) for each in bank.taken.values()] == [1]


def test_money_goes_back_with_the_owners_pin(till, counter, phone, printer, bank):
    phone.will("pay")
    till.sell("A-6", 2850)
    assert till.give_back("A-6", "one cup spilt", minor=850, approver=counter.owner)
    counter.until(lambda: len(printer.slips) == 2)
    assert_receipt(printer, refunded="8.50", order_no="A-6")
    assert bank.kept_minor == 2000
