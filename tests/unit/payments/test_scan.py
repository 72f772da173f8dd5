"""Scanned codes get a name, and only a configured wallet's shape is a payment code."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.payments.scan import (
    TEXT_MAX,
    CardData,
    Classified,
    Command,
    Link,
    MerchantCode,
    OwnSlip,
    PaymentRule,
    Product,
    Unknown,
    Wallet,
    Why,
    classify,
)

WECHAT = PaymentRule("wechatpay", ("10", "11", "12", "13", "14", "15"), (18,))
ALIPAY = PaymentRule("alipay", ("25", "26", "27", "28", "29", "30"), tuple(range(16, 25)))
UNIONPAY = PaymentRule("unionpay", ("62",), (19,))
RULES = (WECHAT, ALIPAY, UNIONPAY)
CODE = "134567890123456789"
CARD = "hQVDUFYwMWEaTwegAAAAVVVVVw8SNFZ4kBI0WNGRIgESNF8="
EMV = "00020101021129370016A0000006770101110113006600000000053037645802TH5910COUNTERTOP6007BANGKOK63041234"


@pytest.mark.row(19)
@pytest.mark.parametrize(
    ("text", "named"),
    [
        (CODE, Wallet("wechatpay", CODE)),
        ("10" + "0" * 16, Wallet("wechatpay", "10" + "0" * 16)),
        ("15" + "9" * 16, Wallet("wechatpay", "15" + "9" * 16)),
        ("16" + "9" * 16, Unknown(Why.NO_WALLET)),
        ("09" + "9" * 16, Unknown(Why.NO_WALLET)),
        (CODE[:17], Unknown(Why.NO_WALLET)),
        (CODE + "0", Unknown(Why.NO_WALLET)),
        ("28" + "1" * 14, Wallet("alipay", "28" + "1" * 14)),
        ("30" + "1" * 22, Wallet("alipay", "30" + "1" * 22)),
        ("28" + "1" * 13, Unknown(Why.NO_WALLET)),
        ("28" + "1" * 23, Unknown(Why.NO_WALLET)),
        ("62" + "1" * 17, Wallet("unionpay", "62" + "1" * 17)),
        ("62" + "1" * 16, Unknown(Why.NO_WALLET)),
        ("62" + "1" * 18, Unknown(Why.NO_WALLET)),
        (f"  {CODE}\r\n", Wallet("wechatpay", CODE)),
        (f"]Q1{CODE}\r", Wallet("wechatpay", CODE)),
        (f"]C0{CODE}", Wallet("wechatpay", CODE)),
        (f"]?]Q1{CODE}", Unknown(Why.NO_MEANING)),
        (f"]Q1]Q1{CODE}", Unknown(Why.NO_MEANING)),
        ("6921168509256", Product("6921168509256")),
        ("]E06921168509256", Product("6921168509256")),
        ("96385074", Product("96385074")),
        ("036000291452", Product("036000291452")),
        ("6921168509257", Unknown(Why.NO_WALLET)),
        ("12345678", Unknown(Why.NO_WALLET)),
        (EMV, MerchantCode(EMV)),
        (EMV.replace("000201", "000202", 1), MerchantCode(EMV.replace("000201", "000202", 1))),
        ("000201" + "0" * 12, Unknown(Why.NO_WALLET)),
        ("https://qr.alipay.com/fkx0", Link("https", "https://qr.alipay.com/fkx0")),
        ("HTTP://EXAMPLE.COM/A", Link("http", "HTTP://EXAMPLE.COM/A")),
        ("weixin://wxpay/bizpayurl?pr=1", Link("weixin", "weixin://wxpay/bizpayurl?pr=1")),
        ("wxp://f2f0abc", Link("wxp", "wxp://f2f0abc")),
        ("alipays://platformapi/x", Link("alipays", "alipays://platformapi/x")),
        ("upi://pay?pa=a@b", Link("upi", "upi://pay?pa=a@b")),
        (CARD, CardData()),
        ("hQVDUFYw", CardData()),
        ("hQVDUFYwMW-_broken", CardData()),
        ("CT:S-01JD3XG6Q5T8ZV0Y3R9KQ4B7WN", OwnSlip("01JD3XG6Q5T8ZV0Y3R9KQ4B7WN")),
        ("]Q1CT:S-01JD3XG6Q5T8ZV0Y3R9KQ4B7WN\r", OwnSlip("01JD3XG6Q5T8ZV0Y3R9KQ4B7WN")),
        ("CT:S-MADE", OwnSlip("MADE")),
        ("CT:S-01jd3xg6q5t8zv0y3r9kq4b7wn", Unknown(Why.NO_MEANING)),
        ("CT:CANCEL", Command("CANCEL")),
        ("CT:AMOUNT-2850", Command("AMOUNT-2850")),
        ("CT:", Unknown(Why.NO_MEANING)),
        ("CT:-X", Unknown(Why.NO_MEANING)),
        ("CT:" + "A" * 33, Unknown(Why.NO_MEANING)),
        ("ct:cancel", Unknown(Why.NO_MEANING)),
        ("", Unknown(Why.EMPTY)),
        (" \r\n", Unknown(Why.EMPTY)),
        ("]Q1", Unknown(Why.EMPTY)),
        ("hello", Unknown(Why.NO_MEANING)),
        ("javascript:alert(1)", Unknown(Why.NO_MEANING)),
        ("12.50", Unknown(Why.NO_MEANING)),
        ("1" * (TEXT_MAX + 1), Unknown(Why.TOO_LONG)),
    ],
)
def test_c4_every_kind_of_code_has_its_name(text: str, named: Classified) -> None:
    assert classify(text, RULES) == named


@pytest.mark.parametrize(
    "text", ["１３４５６７８９０１２３４５６７８９", "١٣٤٥٦٧٨٩٠١٢٣٤٥٦٧٨٩", CODE[:-1] + "९", "收款"]
)
def test_c3_digits_of_other_scripts_are_no_digits(text: str) -> None:
    assert classify(text, RULES) == Unknown(Why.NOT_ASCII)


def test_c3_control_bytes_inside_are_no_code() -> None:
    for byte in (*range(9), 0x1B, 0x1D, 0x7F):
        assert classify(CODE[:9] + chr(byte) + CODE[9:], RULES) == Unknown(Why.NO_MEANING)


@pytest.mark.row(19)
def test_no_wallet_configured_means_no_wallet_recognised() -> None:
    assert classify(CODE, ()) == Unknown(Why.NO_WALLET)
    assert classify(CODE, [PaymentRule("x", ("13",), ())]) == Unknown(Why.NO_WALLET)


def test_the_longest_prefix_wins_then_the_channel_listed_first() -> None:
    cross_border = PaymentRule("alipayplus", ("2816",), (18, 19))
    code = "2816" + "0" * 14
    assert classify(code, (ALIPAY, cross_border)) == Wallet("alipayplus", code)
    acquirer = PaymentRule("acquirer", WECHAT.prefixes, (18,))
    assert classify(CODE, (WECHAT, acquirer)) == Wallet("wechatpay", CODE)
    assert classify(CODE, (acquirer, WECHAT)) == Wallet("acquirer", CODE)


def test_a_products_number_never_charges_even_where_a_wallet_claims_its_length() -> None:
    greedy = PaymentRule("greedy", ("69",), (13,))
    assert classify("6921168509256", [greedy]) == Product("6921168509256")


@given(st.integers(0, 10**12 - 1))
def test_one_wrong_digit_is_no_product(number: int) -> None:
    body = f"{number:012d}"
    found = [d for d in "0123456789" if isinstance(classify(body + d, ()), Product)]
    assert len(found) == 1


@given(st.text(max_size=60))
def test_any_text_gets_a_name_and_i19_only_products_commands_and_schemes_show(text: str) -> None:
    named = classify(text, RULES)
    if isinstance(named, Wallet | MerchantCode | Link):
        assert text.strip() not in repr(named)


@pytest.mark.parametrize("text", [CODE, EMV, CARD, "upi://pay?pa=secret@bank"])
def test_i19_codes_do_not_show_in_a_repr(text: str) -> None:
    assert text not in repr(classify(text, RULES))
    assert "secret" not in repr(classify(text, RULES))
