"""What stands on paper: every number a person may need, no line for what is not known, TEST first and last."""

import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.printer.profile import load
from terminal.errors import InvalidRequest
from terminal.help.catalogue import Catalogue
from terminal.payments.attempt import Signal, State
from terminal.payments.lines import SaleLine
from terminal.payments.money import Money
from terminal.payments.receipt import Blank, Code, Receipt, Row, Rule, from_json, to_json
from terminal.payments.refund import RefundSignal
from terminal.payments.scan import OwnSlip, classify
from terminal.payments.slip import Mark, Shop, check_code, refund_slip, sale_slip
from terminal.peripherals.printer import printable
from tests.unit.payments.journey import Journey, notice

SHOP = Shop("Corner Tea", ("12 Lane Road",), "S1", "c1")
GOODS = (
    SaleLine.made("Tea", 2000),
    SaleLine.made("Ham", 450, quantity_milli=2000, discount_minor=100),
    SaleLine.made("Rounding", 50),
)
KEYS = (
    "title sale_no order_no bank_no time counter method amount paid total discount customer_paid copy "
    "refund_title refund_no refunded refund_of reason test thank_you keep check reference bank_refund_no "
    "void_title voided queued_title to_refund"
)
WORDS = {f"receipt.{key}": key for key in KEYS.split()} | {
    "receipt.copy": "COPY {n}",
    "receipt.test": "TEST",
    "receipt.training": "TRAINING",
    "receipt.queued_until": "at {when}",
    "receipt.decimal_mark": ".",
}


def money(amount: Money) -> str:
    return f"{amount.currency} {amount.plain()}"


def text(receipt: Receipt) -> list[str]:
    """As a person reads it: ``left: right``, one string a row."""
    return [": ".join(filter(None, (x.left, x.right))) for x in receipt if isinstance(x, Row)]


def slip_of(sale: Journey, *, copy: int = 0, mark: Mark = "", **named: Any) -> Receipt:
    return sale_slip(
        sale.sale,
        sale.attempt,
        shop=SHOP,
        words=WORDS,
        money=money,
        when="2026-01-02 03:04:05",
        copy=copy,
        mark=mark,
        check_code="7KQ2",
        **named,
    )


def refund_slip_of(
    sale: Journey, refund: str, *, copy: int = 0, mark: Mark = "", queued_until: str = ""
) -> Receipt:
    return refund_slip(
        sale.sale,
        sale.sale.refund(refund),
        shop=SHOP,
        words=WORDS,
        money=money,
        when="2026-01-03 03:04:05",
        copy=copy,
        mark=mark,
        check_code="7KQ2",
        queued_until=queued_until,
    )


def paid(**changed: Any) -> Journey:
    sale = Journey()
    sale.shown()
    sale.hear(Signal.SUCCESS, evidence=notice("A1", **changed))
    return sale


@pytest.mark.row(59, 65)
def test_a_sale_slip_line_by_line() -> None:
    sale = paid()
    sale.sale = replace(sale.sale, order_no="POS-7", reference="BILL-7", title="2 teas")
    assert text(slip_of(sale, method="WeChat Pay")) == [
        "Corner Tea",
        "12 Lane Road",
        "title",
        "sale_no: 0001",
        "order_no: POS-7",
        "reference: BILL-7",
        "counter: S1 / c1",
        "time: 2026-01-02 03:04:05",
        "2 teas",
        "paid: CNY 28.50",
        "method: WeChat Pay",
        "bank_no",
        "T1",
        "check: 7KQ2",
        "thank_you",
        "keep",
    ]


def test_what_nobody_said_gets_no_line() -> None:
    words = [line.partition(":")[0] for line in text(slip_of(paid(provider_txn="", wallet="")))]
    assert {"order_no", "reference", "bank_no", "total", "amount", "discount", "customer_paid"}.isdisjoint(words)
    assert "method: wallet" in text(slip_of(paid(wallet="")))  # the channel's own name instead


@pytest.mark.row(65)
def test_a_wallets_own_discount_is_named_and_the_shop_still_gets_all() -> None:
    lines = text(slip_of(paid(payer_minor=2650)))
    at = lines.index("amount: CNY 28.50")
    assert lines[at : at + 4] == [
        "amount: CNY 28.50",
        "discount (wallet): CNY -2.00",
        "customer_paid: CNY 26.50",
        "paid: CNY 28.50",
    ]


@pytest.mark.row(33, 65)
def test_a_wallets_discount_on_one_of_several_payments_is_named_there() -> None:
    sale = paid(amount_minor=2000, payer_minor=1900)
    sale.start("push", share=1)
    sale.hear(Signal.SUCCESS, evidence=notice("A2", amount_minor=850, provider_txn="T2"))
    lines = text(slip_of(sale))
    told = [line for line in lines if line.startswith(("amount", "discount", "customer_paid", "paid"))]
    assert told == [
        "amount: CNY 20.00",
        "discount (wallet): CNY -1.00",
        "customer_paid: CNY 19.00",
        "customer_paid: CNY 8.50",
        "paid: CNY 28.50",
    ]


def test_a_payer_who_paid_more_gets_no_discount_line() -> None:
    lines = text(slip_of(paid(payer_minor=2900)))
    assert "customer_paid: CNY 29.00" in lines
    assert not any(line.startswith("discount") for line in lines)


def test_a_payer_amount_nobody_said_changes_nothing() -> None:
    assert slip_of(paid(payer_minor=None)) == slip_of(paid())


def test_a_share_names_the_total() -> None:
    sale = Journey(shares=(1000, 1850))
    sale.start("push", share=0)
    sale.hear(Signal.SUCCESS)
    lines = text(slip_of(sale))
    assert "total: CNY 28.50" in lines
    assert "paid: CNY 10.00" in lines


@pytest.mark.row(64)
@pytest.mark.parametrize("copy", [1, 2, 17])
def test_i9_a_copy_says_which(copy: int) -> None:
    assert f"COPY {copy}" in text(slip_of(paid(), copy=copy))
    assert not any(line.startswith("COPY") for line in text(slip_of(paid())))


@pytest.mark.row(102)
@pytest.mark.parametrize(("mark", "word"), [("test", "TEST"), ("training", "TRAINING")])
def test_i25_slips_that_move_no_money_say_so_first_and_last(mark: Mark, word: str) -> None:
    sale = paid()
    name = sale.refund(2850, RefundSignal.REFUNDED)
    for receipt in (slip_of(sale, mark=mark), refund_slip_of(sale, name, mark=mark)):
        lines = text(receipt)
        assert (lines[0], lines[-1]) == (word, word)
        assert all(isinstance(line, Row) and line.size == 2 for line in (receipt[0], receipt[-1]))
    assert word not in text(slip_of(sale)) + text(refund_slip_of(sale, name))


@pytest.mark.row(73)
def test_a_refund_slip_names_both_ids_of_both_sides() -> None:
    sale = paid()
    name = sale.refund(850, RefundSignal.REFUNDED)
    assert text(refund_slip_of(sale, name, copy=1)) == [
        "Corner Tea",
        "12 Lane Road",
        "refund_title",
        "COPY 1",
        "refund_of: 0001",
        "counter: S1 / c1",
        "time: 2026-01-03 03:04:05",
        "refunded: CNY 8.50",
        "method: wallet",
        "reason",
        "wrong size",
        "refund_no",
        "R1",
        "bank_refund_no",
        "P1",
        "bank_no",
        "T1",
        "check: 7KQ2",
    ]


@pytest.mark.row(2, 73)
def test_a_refund_of_lines_lists_them_and_one_of_an_amount_lists_none() -> None:
    sale = Journey(lines=GOODS)
    sale.shown()
    sale.hear(Signal.SUCCESS, evidence=notice("A1"))
    amount = sale.sale.amount
    name = sale.refund(GOODS[1].amount_minor, RefundSignal.REFUNDED, lines=(2,))
    said = text(refund_slip_of(sale, name))
    at = said.index("Ham")
    assert said[at : at + 4] == ["Ham", "  2 x CNY 4.50: CNY 9.00", "  discount: CNY -1.00", "refunded: CNY 8.00"]
    assert "Tea" not in said
    plain = sale.refund(amount.minor - GOODS[1].amount_minor, RefundSignal.REFUNDED)
    assert "Tea" not in text(refund_slip_of(sale, plain))


@pytest.mark.row(2, 73)
@pytest.mark.parametrize(
    ("minor", "lines", "facts"),
    [
        (800, (4,), {"n": 4}),
        (800, (2, 2), {"n": 2}),
        (801, (2,), {"lines": "8.00", "amount": "8.01"}),
        (2000, (1,), {"n": 1}),
    ],
    ids=["no such line", "the same twice", "another amount", "given back before"],
)
def test_i8_a_line_goes_back_whole_and_once(minor: int, lines: tuple[int, ...], facts: dict[str, Any]) -> None:
    sale = Journey(lines=GOODS)
    sale.shown()
    sale.hear(Signal.SUCCESS, evidence=notice("A1"))
    sale.refund(2000, RefundSignal.FAILED, lines=(1,))
    sale.refund(2000, RefundSignal.REFUNDED, lines=(1,))
    with pytest.raises(InvalidRequest, match=r"refund_line_gone|refund_lines_amount") as refused:
        sale.refund(minor, lines=lines)
    assert refused.value.facts == facts
    assert len(sale.sale.refunds) == 2


@pytest.mark.row(70, 75)
def test_a_slip_says_undone_or_waiting_and_never_that_money_went_back_when_it_did_not() -> None:
    sale = paid()
    name = sale.refund(850, RefundSignal.REFUNDED)
    waiting = text(refund_slip_of(sale, name, queued_until="2026-01-04 09:00"))
    assert (waiting[2], waiting[6:8]) == ("queued_title", ["to_refund: CNY 8.50", "at 2026-01-04 09:00"])
    assert {"refund_no", "R1", "bank_no", "T1"} <= set(waiting)
    sale.sale = replace(sale.sale, refunds=(replace(sale.sale.refund(name), way="void", provider_refund=""),))
    undone = text(refund_slip_of(sale, name))
    assert (undone[2], undone[6]) == ("void_title", "voided: CNY 8.50")
    assert {"refund_no", "R1", "bank_no", "T1"} <= set(undone)
    for lines in (waiting, undone):
        assert not any("refunded" in line or "refund_title" in line for line in lines)


def test_the_slips_code_is_one_the_till_understands() -> None:
    sale = paid()
    name = sale.refund(850, RefundSignal.REFUNDED)
    for receipt in (slip_of(sale), refund_slip_of(sale, name)):
        (code,) = [line for line in receipt if isinstance(line, Code)]
        assert classify(code.text, ()) == OwnSlip("S1")


@pytest.mark.row(63)
def test_p1_frozen_lines_come_back_from_the_journal_as_they_were() -> None:
    receipt = (*slip_of(paid(), mark="test"), Rule(), Blank(3), Row("中文", "¥", "right", 2, True))
    assert from_json(to_json(receipt)) == receipt


def test_s65_the_check_code_is_short_stable_and_bound_to_the_sale_and_a_key() -> None:
    assert check_code("01J9ZC0000000000000000000A", b"key") == check_code("01J9ZC0000000000000000000A", b"key")
    assert check_code("01J9ZC0000000000000000000A", b"key") != check_code("01J9ZC0000000000000000000B", b"key")
    assert check_code("A", b"one") != check_code("A", b"two"), "who knows the sale's id alone cannot make it"
    assert len({check_code(str(number), b"key") for number in range(500)}) > 490


@given(st.text(), st.binary())
def test_s65_no_letter_of_a_check_code_is_read_as_another(sale: str, key: bytes) -> None:
    code = check_code(sale, key)
    assert len(code) == 4
    assert set(code).isdisjoint("01ILOU")
    assert code == code.upper()


def test_nothing_on_the_slip_asks_the_attempts_state() -> None:
    """Late money attached by a person prints like any other payment."""
    late = Journey()
    late.at("push", State.CLOSED)
    late.hear(Signal.SUCCESS)
    late.close_exception("A1:paid_late", "attached")
    assert slip_of(late) == slip_of(paid())


@pytest.mark.row(137)
@pytest.mark.parametrize("language", ["en", "zh-CN", "pt-BR"])
def test_every_word_of_a_slip_is_in_the_catalogue(language: str) -> None:
    catalogue = Catalogue.load(language)
    assert set(WORDS) <= catalogue.names()
    assert catalogue.text("receipt.copy", n=2) == catalogue.section("receipt")["receipt.copy"].format(n=2)


HOSTILE = "\x1b@late\r\nTotal refunded: CNY 999.00\x1dV\x00\u202egnp.exe\u2066\x9bK" + "x" * 200


def test_s61_what_was_typed_is_one_short_line_that_can_neither_end_nor_turn_another() -> None:
    sale = paid()
    sale.refund(850, RefundSignal.COMMITTED, RefundSignal.REFUNDED, reason=HOSTILE)
    sale.sale = replace(sale.sale, order_no=HOSTILE, reference=HOSTILE, title=HOSTILE)
    rows = [each for each in (*slip_of(sale), *refund_slip_of(sale, "R1")) if isinstance(each, Row)]
    typed = [value for each in rows for value in (each.left, each.right) if "late" in value]
    assert len(typed) == 5
    for value in typed:
        assert value.startswith("@late Total refunded: CNY 999.00 V gnp.exe K")
        assert len(value) == 120
        assert not re.search(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]", value)


@pytest.mark.parametrize("profile", ["epson-serial", "generic-58", "generic-80"])
def test_s61_a_typed_reason_adds_no_command_to_the_refund_slips_bytes(profile: str) -> None:
    def slip(reason: str) -> bytes:
        sale = paid()
        sale.refund(850, RefundSignal.COMMITTED, RefundSignal.REFUNDED, reason=reason)
        return printable(refund_slip_of(sale, "R1"), load(profile)).data

    assert slip("\x1b@\x1dV\x00\x10\x14\x01\x00\x01late") == slip("@ V late")  # its letters and nothing else
